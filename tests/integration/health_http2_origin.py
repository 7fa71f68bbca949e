"""An upstream that speaks HTTP/2 by Python's h2, plain with prior knowledge or over TLS, for health checks: each request is answered by
`serve(call)` once it is whole."""

import socket
import ssl
import threading

import http2_client  # noqa: F401 (finds the library where it is Debian's)
import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from waiting import PATIENCE


class Call:
    """A request, and how it is answered."""

    def __init__(self, peer, connection, stream, fields):
        self.peer = peer
        self.connection = connection
        self.stream = stream
        self.fields = dict(fields)
        self.body = b""

    def head(self, status, *fields, ends=False):
        self.connection.send_headers(self.stream, [(":status", str(status)), *fields], end_stream=ends)

    def answer(self, status, body=b"", fields=(), trailers=None):
        """A whole response; one without body and trailers is its head alone."""
        ends = not body and trailers is None
        self.head(status, *fields, ends=ends)
        for at in range(0, len(body), 16384):
            is_last = at + 16384 >= len(body)
            self.connection.send_data(self.stream, body[at : at + 16384], end_stream=is_last and trailers is None)
        if trailers is not None:
            self.connection.send_headers(self.stream, trailers, end_stream=True)

    def flush(self):
        """Sends what was said so far; the rest goes out when `serve` returns."""
        self.peer.sendall(self.connection.data_to_send())

    def reset(self, code):
        self.connection.reset_stream(self.stream, code)


class Http2Origin:
    """Ends with the test. With a certificate it speaks TLS and agrees on one of `protocols`; `settings` are those of its SETTINGS. With
    `answers_heads` it does not wait for bodies."""

    def __init__(self, test, serve, certificate=None, protocols=("h2",), settings=None, answers_heads=False):
        self.serve = serve
        self.settings = settings or {}
        self.answers_heads = answers_heads
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate["cert"], certificate["key"])
            self.context.set_alpn_protocols(list(protocols))
        self.calls = []
        #: Codes of the GOAWAY with which clients left, and connections that came and that ended.
        self.farewells = []
        self.accepted = 0
        self.ended = 0
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self.run, daemon=True)]
        self.threads[0].start()
        test.addCleanup(self.end)

    def end(self):
        # Only this wakes up threads that accept and read.
        for one in [self.listener, *self.sockets]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.listener.close()
        for thread in self.threads:
            thread.join(PATIENCE)

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self.talk, args=(plain,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def talk(self, plain):
        plain.settimeout(PATIENCE)
        self.sockets.add(plain)
        try:
            if self.context:
                self.sockets.discard(plain)
                plain = self.context.wrap_socket(plain, server_side=True)
                self.sockets.add(plain)
            self.speak(plain)
        except (OSError, ssl.SSLError, h2.exceptions.ProtocolError):
            pass
        finally:
            self.ended += 1
            self.sockets.discard(plain)
            plain.close()

    def speak(self, peer):
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.local_settings = h2.settings.Settings(client=False, initial_values={**connection.local_settings, **self.settings})
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        calls = {}
        while data := peer.recv(65536):
            for event in connection.receive_data(data):
                self.take(peer, connection, event, calls)
            peer.sendall(connection.data_to_send())

    def take(self, peer, connection, event, calls):
        if isinstance(event, h2.events.RequestReceived):
            calls[event.stream_id] = Call(peer, connection, event.stream_id, event.headers)
            if self.answers_heads:
                self.serve(calls[event.stream_id])
        elif isinstance(event, h2.events.DataReceived):
            calls[event.stream_id].body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.calls.append(calls[event.stream_id])
            if not self.answers_heads:
                self.serve(self.calls[-1])
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.farewells.append(event.error_code)
