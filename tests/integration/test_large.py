"""A body of 2 GiB through a process of 64 MiB, each way. SLUICE_SKIP_LARGE=1 leaves it out."""

import os
import socket
import threading
import time
import unittest

from harness import GatewayTest, main, proxy_to, request_bytes, wait_until

MIB = 1024 * 1024
SIZE = int(os.environ.get("SLUICE_LARGE_BYTES", 2 * 1024 * MIB))
MOST_MEMORY = 64 * MIB
BLOCK = bytes(range(256)) * 4096


def drain(sock, size, buffered=0):
    """Receives `size` bytes without keeping them; the last piece is returned, which may be short."""
    space = bytearray(MIB)
    left = size - buffered
    last = 0
    while left:
        last = sock.recv_into(space, min(left, MIB))
        if last == 0:
            raise AssertionError(f"{left} bytes are missing")
        left -= last
    return bytes(space[:last])


def pour(sock, size):
    """Sends `size` bytes of the repeated block."""
    for _ in range(size // len(BLOCK)):
        sock.sendall(BLOCK)


@unittest.skipIf(os.environ.get("SLUICE_SKIP_LARGE") == "1", "SLUICE_SKIP_LARGE is set")
class LargeBodies(GatewayTest):
    def check_memory(self, gateway):
        if os.environ.get("SLUICE_SANITIZED") != "1":
            self.assertLess(gateway.peak_rss_bytes(), MOST_MEMORY)

    def check_end(self, last):
        end = last[-256:]
        self.assertEqual(end, BLOCK[-len(end):])

    def test_2_gib_come_down(self):
        def send(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            pour(connection.sock, SIZE)
            connection.wait_closed()

        gateway = self.gateway(proxy_to(self.origin(script=[send])))
        client = self.client(gateway).send(request_bytes("GET", "/"))
        began = time.monotonic()
        self.assertEqual(client.head().headers["Content-Length"], str(SIZE))
        last = drain(client.sock, SIZE, len(client.reader.buffer))
        self.check_end(last)
        print(f"down: {SIZE / MIB / (time.monotonic() - began):.0f} MiB/s, peak {gateway.peak_rss_bytes() // MIB} MiB")
        self.check_memory(gateway)

    def test_2_gib_go_up(self):
        def take(connection):
            request = connection.request_head()
            self.assertEqual(request.headers["Content-Length"], str(SIZE))
            got.append(drain(connection.sock, SIZE, len(connection.reader.buffer)))
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.wait_closed()

        got = []
        gateway = self.gateway(proxy_to(self.origin(script=[take])))
        client = self.client(gateway).send(request_bytes("POST", "/", [f"Content-Length: {SIZE}"]))
        began = time.monotonic()
        pour(client.sock, SIZE)
        self.assertEqual(client.response().status, 200)
        self.check_end(got[0])
        print(f"up: {SIZE / MIB / (time.monotonic() - began):.0f} MiB/s, peak {gateway.peak_rss_bytes() // MIB} MiB")
        self.check_memory(gateway)

    def test_both_ways_at_once_on_many_connections(self):
        size, count = 64 * MIB, 8

        def both(connection):
            connection.request_head()
            # One byte stays behind: a response that is complete ends the upload.
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (size + 1))
            sender = threading.Thread(target=pour, args=(connection.sock, size), daemon=True)
            sender.start()
            drain(connection.sock, size, len(connection.reader.buffer))
            sender.join(120)
            connection.send(b"x")
            connection.wait_closed()

        gateway = self.gateway(proxy_to(self.origin(script=[both] * count)))
        done = []

        def one(client):
            client.send(request_bytes("POST", "/", [f"Content-Length: {size}"]))
            sender = threading.Thread(target=pour, args=(client.sock, size), daemon=True)
            sender.start()
            client.head()
            drain(client.sock, size + 1, len(client.reader.buffer))
            sender.join(120)
            done.append(True)

        for _ in range(count):
            client = self.client(gateway)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MIB)
            threading.Thread(target=one, args=(client,), daemon=True).start()
        wait_until(lambda: len(done) == count, "all bodies to arrive", 120)
        self.check_memory(gateway)


if __name__ == "__main__":
    main()
