"""The origin of a test: a scripted upstream on a free port of the loopback interface.

It reads requests strictly: one that is malformed is kept in `failures`, and fails the test when the origin stops.
What it does is a function per path (`on`), or per connection (`script`, played in the order of the connections).
"""

import os
import socket
import threading
import time

from waiting import PATIENCE, wait_until
from wire_reader import REQUEST_LINE, ConnectionEnded, Headers, Malformed, WireReader, body_length, close_with_reset


class Request:
    """A request as it reached the origin."""

    def __init__(self, method, target, version, headers, connection):
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.connection = connection
        self.body = b""
        self.body_bytes = 0
        self.trailers = None
        self.is_chunked = False
        self.is_complete = False

    def __repr__(self):
        return f"<{self.method} {self.target} {self.headers}>"


class Connection:
    """One connection that the gateway made, as scripts see it."""

    def __init__(self, origin, sock, number):
        self.origin = origin
        self.sock = sock
        self.number = number
        self.reader = WireReader(sock)
        self.closed = False

    def request_head(self):
        """The head of the next request; None when the gateway has closed instead."""
        try:
            line = self.reader.line()
        except ConnectionEnded as ended:
            if ended.partial and not self.origin.stopping:
                raise
            self.closed = True
            return None
        match = REQUEST_LINE.match(line)
        if not match:
            raise Malformed(f"a bad request line: {line!r}")
        method, target, version = (part.decode("latin-1") for part in match.groups())
        request = Request(method, target, "1." + version, self.reader.fields(), self)
        if len(request.headers.all("Host")) != 1:
            raise Malformed(f"not exactly one Host: {request}")
        self.origin.record(request)
        return request

    def request(self, sink=None):
        """The next request with its body; None when the gateway has closed instead."""
        request = self.request_head()
        if request is not None:
            self.body_of(request, sink)
        return request

    def body_of(self, request, sink=None):
        pieces = bytearray()
        keep = sink or pieces.extend

        def count(piece):
            request.body_bytes += len(piece)
            keep(piece)

        length = body_length(request.headers)
        if length == "chunked":
            request.is_chunked = True
            request.trailers = self.reader.chunked(count)
        elif length:
            self.reader.pour(length, count)
        request.body = bytes(pieces)
        request.is_complete = True

    def send(self, data):
        self.sock.sendall(data)

    def send_slowly(self, data, pause=0.0):
        """One byte at a time; the pause makes sure that they travel apart."""
        for i in range(len(data)):
            self.send(data[i : i + 1])
            time.sleep(pause)

    def wait_closed(self, seconds=PATIENCE):
        """Waits until the gateway closes or resets this connection, dropping what it still sends."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
        except (ConnectionResetError, ConnectionAbortedError):
            pass
        self.closed = True

    def shutdown_send(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    def reset(self):
        close_with_reset(self.sock)


def says(text, status="200 OK", headers=()):
    """A function for `on` or `otherwise` that always answers so; the body is left out for HEAD."""
    return lambda request: answer(b"" if request.method == "HEAD" else text.encode(), status, headers)


def held(event, text="held"):
    """A function for `on` that answers once the event is set, and not at all when the origin stops before."""

    def respond(request):
        while not event.wait(0.05):
            if request.connection.origin.stopping:
                return None
        return answer(text.encode())

    return respond


def answer(body=b"ok", status="200 OK", headers=(), close=False):
    """A response with Content-Length as bytes."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class Origin:
    """Serves until `stop`. Without a script and without `on` it answers every request with 200 and "ok"."""

    #: Trailers of a message that has none.
    no_fields = Headers([])

    def __init__(self, script=None, family=socket.AF_INET, path=None, port=0, host=None):
        self.script = list(script or [])
        self.paths = {}
        #: Answers paths without an `on`; None for 200 and "ok".
        self.otherwise = None
        self.requests = []
        self.connections = []
        self.failures = []
        self.stopping = False
        self._lock = threading.Lock()
        self._threads = []
        self._place = None
        self._held = None
        self._listener = socket.socket(socket.AF_UNIX if path else family, socket.SOCK_STREAM)
        if path:
            self._listener.bind(path)
            self.address = "unix:" + path
        else:
            if os.name == "posix":
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            loopback = host or ("::1" if family == socket.AF_INET6 else "127.0.0.1")
            self._listener.bind((loopback, port))
            self._place = self._listener.getsockname()
            self.port = self._place[1]
            self.address = f"[{loopback}]:{self.port}" if ":" in loopback else f"{loopback}:{self.port}"
        self._listener.listen(512)
        self._start(self._accept_loop)

    def on(self, path, respond):
        """`respond(request)` yields the bytes that answer a request for this path; None closes the connection."""
        self.paths[path] = respond

    def record(self, request):
        with self._lock:
            self.requests.append(request)

    @property
    def accepted(self):
        return len(self.connections)

    def wait_requests(self, count):
        """Waits for so many request heads in all, and returns the last one."""
        wait_until(lambda: len(self.requests) >= count, f"{count} requests at the origin")
        return self.requests[-1]

    def end(self):
        """Stops, and gives the port back to the system: at the end of a test."""
        self.stop()
        if self._held is not None:
            self._held.close()

    def stop(self):
        """Whoever connects is refused from now on. Nobody else gets the port, or the gateway would reach another test's
        origin there."""
        self.stopping = True
        # A shut-down listener wakes the thread that accepts; closing alone would not.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._hold_port()
        with self._lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE)
        for connection in connections:
            connection.sock.close()

    def _hold_port(self):
        """Bound, and not listening: `restarted` may still listen there, as both allow the address to be used again."""
        if self._place is None or self._held is not None or os.name != "posix":
            return
        self._held = socket.socket(self._listener.family, socket.SOCK_STREAM)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(self._place)

    def serve_paths(self, connection):
        """The behaviour of connections without a script."""
        while (request := connection.request_head()) is not None:
            respond = self.paths.get(request.target.partition("?")[0], self.otherwise)
            if respond is None:
                connection.body_of(request)
                connection.send(answer(b"" if request.method == "HEAD" else b"ok"))
                continue
            if getattr(respond, "reads_body", True):
                connection.body_of(request)
            data = respond(request)
            if data is None:
                connection.close()
                return
            connection.send(data)

    def _start(self, call, *arguments):
        thread = threading.Thread(target=call, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept_loop(self):
        while not self.stopping:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            if sock.family != getattr(socket, "AF_UNIX", None):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                connection = Connection(self, sock, len(self.connections))
                self.connections.append(connection)
                behaviour = self.script.pop(0) if self.script else self.serve_paths
            self._start(self._run, behaviour, connection)

    def _run(self, behaviour, connection):
        try:
            behaviour(connection)
        except (ConnectionEnded, OSError):
            # The gateway gave up on this connection, or the origin stops: tests that care look at their own facts.
            connection.closed = True
        except Exception as failure:  # A failed expectation of a script, or malformed bytes.
            self.failures.append(f"{type(failure).__name__} at the origin: {failure}")
            connection.close()
