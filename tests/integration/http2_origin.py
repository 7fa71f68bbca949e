"""The origin of a test that speaks HTTP/2: a scripted upstream that sends exactly what it is told, frame by frame.

What it does is a function per path (`on`), called with the request in a thread of its own, or per connection (`script`, played
in the order of the connections). What no client of HTTP/2 may send is kept in `failures`, and fails the test when it ends.
"""

import os
import socket
import ssl
import threading

from harness import GatewayTest, forward_all, wait_until
from http2_client import Http2Client
from http2_origin_connection import Http2Connection
from waiting import PATIENCE
from wire_reader import ConnectionEnded


def says(text, status=200, *fields):
    """A function for `on` or `otherwise` that always answers so; the body is left out for HEAD."""
    return lambda request: request.answer(b"" if request.method == "HEAD" else text.encode(), status, *fields)


def at_once(respond):
    """It is called when the head is there, and not only when the body is."""
    respond.reads_body = False
    return respond


class Http2Origin:
    """Serves until `end`. Without a script and without `on` it answers every request with 200 and "ok"."""

    def __init__(self, script=None, port=0, context=None, settings=None):
        self.script = list(script or [])
        self.paths = {}
        self.otherwise = says("ok")
        self.settings = settings or {}
        #: For TLS.
        self.context = context
        self.keeps_bodies = self.opens_windows = True
        self.holds_window = False
        self.requests = []
        self.connections = []
        self.failures = []
        self.stopping = False
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.threads = []
        self.start(self.accept)

    def on(self, path, respond):
        self.paths[path] = respond

    def way(self, request):
        return self.paths.get(request.path.partition("?")[0], self.otherwise)

    def take(self, request):
        with self.lock:
            self.requests.append(request)

    @property
    def accepted(self):
        return len(self.connections)

    def wait_requests(self, count, path=None):
        """Waits for so many heads in all, or for that path; yields them."""
        found = lambda: [one for one in list(self.requests) if path is None or one.path == path]
        wait_until(lambda: len(found()) >= count, f"{count} requests at the origin")
        return found()

    def start(self, call, *arguments):
        thread = threading.Thread(target=call, args=arguments, daemon=True)
        with self.lock:
            self.threads = [one for one in self.threads if one.is_alive() or one.ident is None] + [thread]
        thread.start()

    def accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Http2Connection(self, sock, len(self.connections))
            self.connections.append(connection)
            self.start(self.run, self.script.pop(0) if self.script else Http2Connection.serve, connection)

    def guarded(self, call, *arguments):
        """A failed expectation is kept; that the gateway has gone is for tests that care."""
        try:
            call(*arguments)
        except (ConnectionEnded, OSError, ssl.SSLError):
            pass
        except Exception as failure:
            if not self.stopping:
                self.failures.append(f"{type(failure).__name__} at the origin: {failure}")
            return False
        return True

    def run(self, behaviour, connection):
        def talk():
            if self.context:
                connection.sock = self.context.wrap_socket(connection.sock, server_side=True)
            behaviour(connection)

        self.guarded(talk)
        with connection.changed:
            connection.is_closed = True
            connection.changed.notify_all()
        connection.close()
        connection.sock.close()

    def respond(self, request):
        if not self.guarded(self.way(request), request):
            request.connection.close()

    def end(self):
        if self.stopping:
            return
        self.stopping = True
        # Only this wakes up a thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.connections):
            connection.close()
        for thread in list(self.threads):
            thread.join(PATIENCE)


class Http2UpstreamTest(GatewayTest):
    """A gateway before origins that speak HTTP/2."""

    def http2_origin(self, *script, **options):
        origin = Http2Origin(script, **options)
        self.addCleanup(self.finish_http2, origin)
        return origin

    def finish_http2(self, origin):
        origin.end()
        self.assertEqual(origin.failures, [])

    def before(self, *origins, route=None, top=None, **settings):
        """A gateway before them; nothing is tried twice but what costs no try."""
        return self.gateway(self.settings_before(*origins, route=route, top=top, **settings))

    def settings_before(self, *origins, route=None, top=None, **settings):
        return forward_all({"protocol": "http2", "retry": {"attempts": 1}, **settings}, route, *origins, **(top or {}))

    def h2(self, gateway, **options):
        client = Http2Client(gateway.address(), **options)
        self.addCleanup(client.close)
        return client

    def active(self, gateway):
        return gateway.metric_sum("sluice_upstream_connections_active")

    def idle(self, gateway):
        return gateway.metric_sum("sluice_upstream_connections_idle")

    def settle(self, gateway):
        """No request is under way."""
        wait_until(lambda: self.active(gateway) == 0, "the end of all upstream requests")

    def logged(self, gateway, *words):
        """Waits for a line of the log, or of the access log on standard output, with all these words."""
        lines = lambda: [*gateway.log_text().splitlines(), *gateway.stdout_lines]
        return wait_until(lambda: next((one for one in lines() if all(word in one for word in words)), None), f"{words} in the log")


def has_proc():
    """Whether the gateway's memory can be read."""
    return os.path.exists("/proc/self/status")
