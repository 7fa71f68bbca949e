"""TLS by the records: what goes out together, and what does not wait for more. What comes with one `recv` was sent by one call."""

import socket
import ssl

from harness import PATIENCE, config, main, route
from test_tls import TlsTest

REQUEST = b"GET /a HTTP/1.1\r\nHost: x\r\n%s\r\n"


class Records:
    """A TLS client whose records are ours to send and to receive."""

    def __init__(self, address, context):
        self.socket = socket.create_connection(address, PATIENCE)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def shake_hands(self):
        """Up to the client's last flight, which is not sent."""
        while True:
            try:
                self.tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                self.flush()
                self.receive()

    def flush(self):
        self.socket.sendall(self.outgoing.read())

    def receive(self):
        """What comes at once, and how many records it is."""
        piece = self.socket.recv(65536)
        self.incoming.write(piece)
        count = 0
        while piece:
            piece = piece[5 + int.from_bytes(piece[3:5], "big"):]
            count += 1
        return count

    def read(self):
        """What has been received, and whether the other side has said that nothing follows."""
        data = b""
        while True:
            try:
                part = self.tls.read(65536)
            except ssl.SSLWantReadError:
                return data, False
            except ssl.SSLZeroReturnError:
                part = b""
            if not part:
                return data, True
            data += part


class RecordsTest(TlsTest):
    def start(self, version):
        gateway = self.gateway(config([route("/a", respond={"body": "the answer"})], listeners=self.listener()))
        context = self.client_context(minimum_version=version, maximum_version=version)
        client = Records(gateway.address(), context)
        self.addCleanup(client.socket.close)
        client.shake_hands()
        return client

    def ask(self, client, fields=b""):
        """A request behind what has not been sent yet; how many records come at once, and whether a goodbye is among them."""
        client.tls.write(REQUEST % fields)
        client.flush()
        records = client.receive()
        data, has_ended = client.read()
        self.assertTrue(data.endswith(b"the answer"))
        return records, has_ended

    def test_tickets_the_answer_and_the_goodbye_go_out_together(self):
        client = self.start(ssl.TLSVersion.TLSv1_3)
        self.assertEqual(self.ask(client, b"Connection: close\r\n"), (4, True))
        self.assertEqual(client.socket.recv(1), b"")

    def test_a_connection_that_goes_on_gets_no_goodbye(self):
        client = self.start(ssl.TLSVersion.TLSv1_3)
        for records in (3, 1):
            self.assertEqual(self.ask(client), (records, False))

    def test_who_asks_for_nothing_yet_gets_its_tickets_all_the_same(self):
        client = self.start(ssl.TLSVersion.TLSv1_3)
        client.flush()
        self.assertEqual(client.receive(), 2)
        self.assertEqual(client.read(), (b"", False))
        self.assertTrue(client.tls.session.has_ticket)

    def test_an_older_client_that_waits_for_the_end_of_the_handshake_gets_it(self):
        client = self.start(ssl.TLSVersion.TLSv1_2)
        self.assertEqual(self.ask(client, b"Connection: close\r\n"), (2, True))


if __name__ == "__main__":
    main()
