"""An upstream that speaks TLS: Python's own, a thread for each connection, which `serve(connection, request_head)` answers."""

import socket
import ssl
import threading

from waiting import PATIENCE


def hello(connection, head):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    return True


class TlsOrigin:
    """Ends with the test. `serve` tells whether the connection goes on."""

    def __init__(self, test, certificate, serve=hello, ask=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate["cert"], certificate["key"])
        if ask:
            self.context.load_verify_locations(ask)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.names = []
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.serve = serve
        #: Whether each handshake went on with an earlier session, heads of requests, and subjects of clients.
        self.resumed = []
        self.heads = []
        self.subjects = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.threads = [threading.Thread(target=self.run, daemon=True)]
        self.threads[0].start()
        test.addCleanup(self.end)

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def end(self):
        # Only this wakes up a thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(PATIENCE)

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.talk, args=(plain,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def talk(self, plain):
        plain.settimeout(PATIENCE)
        try:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                self.resumed.append(connection.session_reused)
                self.subjects.append(connection.getpeercert())
                goes_on = True
                while goes_on:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        piece = connection.recv(65536)
                        if not piece:
                            return
                        head += piece
                    self.heads.append(head.decode("latin-1"))
                    goes_on = self.serve(connection, self.heads[-1])
        except (OSError, ssl.SSLError):
            pass
