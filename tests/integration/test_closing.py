"""How a connection over HTTP/1.1 ends behind its last response: whole, and without a packet for the end alone."""

import socket
import struct

from harness import PATIENCE, GatewayTest, config, main, route, run_command

SMALL = b"the answer"
LARGE = b"0123456789abcdef" * 65536
#: Of struct tcp_info (tcp(7)).
SEGMENTS_RECEIVED_AT = 140


def segments_received(connection):
    return struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), SEGMENTS_RECEIVED_AT)[0]


class Closing(GatewayTest):
    def setUp(self):
        super().setUp()
        self.gateway_under_test = self.gateway(config([route("/small", respond={"body": SMALL.decode()}), route("/large", respond={"body": LARGE.decode()})]))

    def ask(self, path, *lines, behind=b""):
        """A connection with one request, and what else follows it."""
        connection = socket.create_connection(self.gateway_under_test.address("web"), PATIENCE)
        self.addCleanup(connection.close)
        connection.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode() + behind)
        return connection

    def read_until(self, connection, end):
        data = b""
        while not data.endswith(end):
            piece = connection.recv(65536)
            self.assertNotEqual(piece, b"", "the connection has ended before its response")
            data += piece
        return data

    def test_the_last_bytes_and_the_end_are_one_segment(self):
        if "epoll" not in run_command("version").stdout.lower():
            self.skipTest("only the sockets over epoll put both into one segment")
        kept, closed = [], []
        for _ in range(20):
            connection = self.ask("/small")
            self.read_until(connection, SMALL)
            kept.append(segments_received(connection))
            connection = self.ask("/small", "Connection: close")
            self.read_until(connection, SMALL)
            self.assertEqual(connection.recv(1), b"")
            closed.append(segments_received(connection))
        # Acknowledgements may come by themselves or not.
        self.assertEqual(min(closed), min(kept))

    def test_a_large_last_response_is_whole(self):
        connection = self.ask("/large", "Connection: close")
        self.assertTrue(self.read_until(connection, LARGE).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(connection.recv(1), b"")

    def test_what_follows_the_last_request_does_not_cost_its_response(self):
        for path, body in (("/small", SMALL), ("/large", LARGE)):
            connection = self.ask(path, "Connection: close", behind=b"\r\nGET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(self.read_until(connection, body).startswith(b"HTTP/1.1 200 "))


if __name__ == "__main__":
    main()
