"""What goes wrong at the client: gone, silent, slow, sliced, half a head, half a body, a reader that does not read."""

import signal
import socket
import threading
import time

from harness import (
    GatewayTest, SharedGatewayTest, answer, forward_all, is_wine, main, proxy_to, request_bytes, wait_until,
)

GET = request_bytes("GET", "/")
MIB = 1024 * 1024


class Trickle:
    """Sends a piece again and again while the block runs."""

    def __init__(self, client, piece, pause):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(client, piece, pause), daemon=True)

    def run(self, client, piece, pause):
        while client.try_send(piece) and not self.ended.wait(pause):
            pass

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join(30)


class Gone(GatewayTest):
    def holding(self):
        """A gateway before an origin that takes a request and never answers."""

        def hold(connection):
            connection.request()
            connection.wait_closed()

        origin = self.origin(script=[hold])
        return origin, self.gateway(proxy_to(origin))

    def upstream_is_closed(self, origin):
        wait_until(lambda: origin.connections and origin.connections[0].closed, "the upstream connection to be closed", 10)

    def test_a_client_that_leaves_while_it_waits_frees_the_upstream_connection(self):
        for leave in ("close", "reset"):
            with self.subTest(leave):
                origin, gateway = self.holding()
                client = self.client(gateway).send(GET)
                origin.wait_requests(1)
                getattr(client, leave)()
                self.upstream_is_closed(origin)

    def test_a_client_that_leaves_after_a_post_frees_the_upstream_connection(self):
        origin, gateway = self.holding()
        client = self.client(gateway).send(request_bytes("POST", "/", body=b"x" * 100000))
        origin.wait_requests(1)
        client.close()
        self.upstream_is_closed(origin)

    def test_a_client_that_leaves_in_mid_upload_frees_the_upstream_connection(self):
        for leave in ("close", "reset"):
            for framing in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
                with self.subTest(f"{leave}, {framing}"):
                    origin, gateway = self.holding()
                    client = self.client(gateway).send(request_bytes("POST", "/", [framing]) + b"3e8\r\nabc")
                    origin.wait_requests(1)
                    getattr(client, leave)()
                    self.upstream_is_closed(origin)

    def test_a_truncated_upload_is_never_complete_for_the_origin(self):
        whole = []

        def watch(connection):
            request = connection.request_head()
            connection.body_of(request)
            whole.append(request.body)

        for framing, data in (("Content-Length: 10", b"half"), ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n")):
            with self.subTest(framing):
                origin = self.origin(script=[watch])
                client = self.client(self.gateway(proxy_to(origin)))
                client.send(request_bytes("POST", "/", [framing]) + data)
                origin.wait_requests(1)
                client.close()
                self.upstream_is_closed(origin)
        self.assertEqual(whole, [])

    def test_a_client_that_leaves_in_mid_response_frees_the_upstream_connection(self):
        def endless(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")

        origin = self.origin(script=[endless])
        client = self.client(self.gateway(proxy_to(origin))).send(GET)
        client.reader.exactly(MIB)
        client.close()
        self.upstream_is_closed(origin)

    def test_a_client_that_leaves_while_the_response_pauses_frees_the_upstream_connection(self):
        def pause(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n")
            connection.wait_closed()

        origin = self.origin(script=[pause])
        client = self.client(self.gateway(proxy_to(origin))).send(GET)
        self.assertEqual(client.head().status, 200)
        client.close()
        self.upstream_is_closed(origin)

    def test_a_client_that_leaves_in_mid_head_leaves_nothing_behind(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin))
        for part in (b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n"):
            self.client(gateway).send(part).close()
        self.assertEqual(gateway.get("/").status, 200)
        wait_until(lambda: gateway.metric_sum("sluice_connections_active") == 0, "no active connection", 10)
        self.assertEqual(len(origin.requests), 1)


class AtOnce(GatewayTest):
    """What a gateway that did not run for a moment finds in one piece."""

    def setUp(self):
        super().setUp()
        if is_wine():
            self.skipTest("processes are stopped by a signal")

    def while_it_stands(self, send):
        """Sends to a gateway that has read all there was, and stands still meanwhile."""
        gateway = self.gateway(proxy_to(self.origin()))
        client = self.client(gateway)
        # The connection is known there, and waits.
        self.assertEqual(client.send(GET).response().status, 200)
        time.sleep(0.1)
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            send(client)
            time.sleep(0.1)
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        return client

    def test_urgent_data_does_not_hold_up_what_stands_behind_it(self):
        def send(client):
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
            client.sock.send(b"!", socket.MSG_OOB)
            client.send(b"\r\n")

        self.assertEqual(self.while_it_stands(send).response().status, 200)

    def test_half_a_head_that_comes_with_the_end_of_sending_ends_the_connection(self):
        def send(client):
            client.send(b"GET / HTTP/1.1\r\n")
            client.shutdown_send()

        self.assertTrue(self.while_it_stands(send).is_closed())


class TooSlow(GatewayTest):
    limits = {"head_timeout": "600ms", "body_idle": "600ms", "keepalive": "600ms"}

    def setUp(self):
        self.upstream = self.origin()
        self.sluice = self.gateway(proxy_to(self.upstream, limits=self.limits))

    def test_half_a_head_is_answered_with_408(self):
        client = self.client(self.sluice).send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        self.assertEqual(client.response().status, 408)
        self.assertTrue(client.is_closed())

    def test_a_head_that_trickles_is_answered_with_408(self):
        client = self.client(self.sluice).send(b"GET / HTTP/1.1\r\n")
        with Trickle(client, b"X: y\r\n", 0.1):
            self.assertEqual(client.response().status, 408)

    def test_a_connection_that_says_nothing_is_closed_without_a_word(self):
        self.assertTrue(self.client(self.sluice).is_closed())

    def test_an_idle_connection_is_closed_after_its_time(self):
        client = self.client(self.sluice)
        self.assertEqual(client.get("/").status, 200)
        self.assertTrue(client.is_closed())

    def test_a_body_that_stops_is_answered_with_408(self):
        for framing, part in (("Content-Length: 10", b"abc"), ("Transfer-Encoding: chunked", b"3\r\nabc\r\n")):
            with self.subTest(framing):
                client = self.client(self.sluice).send(request_bytes("POST", "/", [framing]) + part)
                self.assertEqual(client.response().status, 408)
                self.assertTrue(client.is_closed())

    def test_a_slow_body_that_makes_progress_is_not_cut(self):
        client = self.client(self.sluice).send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            client.send(b"x")
            time.sleep(0.1)
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.upstream.requests[-1].body, b"x" * 12)


class TooSlowByRate(GatewayTest):
    limits = {"min_rate": 1000, "min_rate_grace": "500ms", "head_timeout": "30s", "body_idle": "30s"}

    def drip(self, first, piece):
        """Sends a piece every 50 ms until the gateway answers; yields the status and how long it took."""
        gateway = self.gateway(proxy_to(self.origin(), limits=self.limits))
        client = self.client(gateway).send(first)
        began = time.monotonic()
        with Trickle(client, piece, 0.05):
            status = client.response().status
        return status, time.monotonic() - began

    def test_a_head_below_the_least_rate_is_answered_with_408(self):
        status, took = self.drip(b"GET / HTTP/1.1\r\n", b"X: y\r\n")
        self.assertEqual(status, 408)
        self.assertLess(took, 15)

    def test_a_body_below_the_least_rate_is_answered_with_408(self):
        status, took = self.drip(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"abcd")
        self.assertEqual(status, 408)
        self.assertLess(took, 15)


class Sliced(SharedGatewayTest):
    def test_a_request_in_single_bytes_arrives_whole(self):
        client = self.connect()
        client.send_bytewise(request_bytes("POST", "/sliced?a=b", ["X-A: b"], b"a small body"))
        self.assertEqual(client.response().status, 200)
        self.assertEqual((self.seen.target, self.seen.body), ("/sliced?a=b", b"a small body"))

    def test_a_chunked_request_in_single_bytes_arrives_whole(self):
        client = self.connect()
        client.send_bytewise(
            request_bytes("POST", "/", ["Transfer-Encoding: chunked"]) + b"3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-T: t\r\n\r\n"
        )
        self.assertEqual(client.response().status, 200)
        self.assertEqual((self.seen.body, self.seen.trailers["X-T"]), (b"abc0123456789", "t"))

    def test_a_response_read_in_small_pieces_arrives_whole(self):
        self.upstream.on("/", lambda _: answer(b"0123456789" * 200))
        client = self.connect(receive_buffer=2048).send(GET)
        client.reader.sock = OneByteSocket(client.sock)
        self.assertEqual(client.response().body, b"0123456789" * 200)


class OneByteSocket:
    """A socket that yields one byte a time."""

    def __init__(self, sock):
        self.sock = sock

    def recv(self, _):
        return self.sock.recv(1)


class SlowReaders(GatewayTest):
    def test_a_client_that_does_not_read_costs_bounded_memory(self):
        if is_wine():
            self.skipTest("memory of the process is read from /proc")
        size = 192 * MIB
        sent = []

        def pour(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            block = b"x" * MIB
            for _ in range(size // MIB):
                connection.send(block)
                sent.append(len(block))
            connection.wait_closed()

        origin = self.origin(script=[pour])
        gateway = self.gateway(proxy_to(origin))
        before = gateway.rss_bytes()
        client = self.client(gateway, receive_buffer=65536).send(GET)
        self.assertEqual(client.head().status, 200)
        stalled = self.wait_stalled(sent)
        self.assertLess(stalled, size // 2, "the origin was not held back")
        self.assertLess(gateway.peak_rss_bytes() - before, 16 * MIB)
        count = [len(client.reader.buffer)]
        client.reader.buffer.clear()
        while count[0] < size:
            count[0] += len(client.sock.recv(MIB)) or self.fail(f"the body ended after {count[0]} bytes: {gateway.log_text()}")
        self.assertLess(gateway.peak_rss_bytes() - before, 16 * MIB)

    def wait_stalled(self, sent):
        """Waits until the origin can't send any more."""
        last = [-1, time.monotonic()]

        def stalled():
            now = time.monotonic()
            if len(sent) != last[0]:
                last[:] = [len(sent), now]
            return now - last[1] > 1.0

        wait_until(stalled, "the origin to be held back")
        return sum(sent)

    def test_a_client_that_never_reads_is_cut(self):
        def pour(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            try:
                for _ in range(1000):
                    connection.send(b"x" * MIB)
            finally:
                cut.set()

        cut = threading.Event()
        origin = self.origin(script=[pour])
        gateway = self.gateway(forward_all(None, None, origin, limits={"body_idle": "700ms"}))
        self.client(gateway, receive_buffer=4096).send(GET)
        self.assertTrue(cut.wait(20), "the client that never reads still holds the upstream")

    def test_a_flood_of_pipelined_requests_without_reading_is_held_back(self):
        if is_wine():
            self.skipTest("memory of the process is read from /proc")
        origin = self.origin()
        origin.on("/", lambda _: answer(b"x" * 10000))
        gateway = self.gateway(proxy_to(origin))
        before = gateway.rss_bytes()
        client = self.client(gateway, receive_buffer=4096)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        client.sock.settimeout(2)
        with self.assertRaises(TimeoutError):
            for _ in range(200_000):
                client.sock.sendall(GET * 10)
        self.assertLess(gateway.peak_rss_bytes() - before, 16 * MIB)


if __name__ == "__main__":
    main()
