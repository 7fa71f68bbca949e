"""Backpressure to and from HTTP/2 upstreams: who is slow holds up nobody else, and the gateway keeps only a window of it."""

import threading

from harness import ConnectionEnded, is_slow, main, request_bytes, wait_until
from http2_client import CANCEL, Http2Client
from http2_origin import Http2UpstreamTest, at_once, has_proc, says
from hyperframe.frame import SettingsFrame

MIB = 1024 * 1024
#: Of a stream and of the connection, as the gateway opens them.
STREAM_WINDOW, CONNECTION_WINDOW = 256 * 1024, MIB
LARGE = (8 if is_slow() else 64) * MIB
HUGE = (8 if is_slow() else 1024) * MIB


class FlowTest(Http2UpstreamTest):
    def setUp(self):
        self.upstream = self.http2_origin()
        self.upstream.keeps_bodies = False
        self.upstream.on("/good", says("good"))

    def large(self, request, size=LARGE):
        request.head(200, ("content-length", str(size)))
        piece = b"x" * 65536
        for _ in range(size // len(piece)):
            request.data(piece)
        request.data(ends=True)

    def check_memory(self, gateway, most=24 * MIB):
        if has_proc() and not is_slow():
            self.assertLess(gateway.peak_rss_bytes() - self.rss_before, most)

    def start(self, **settings):
        gateway = self.before(self.upstream, **settings)
        self.assertEqual(gateway.get("/good").status, 200)
        self.rss_before = gateway.rss_bytes() if has_proc() and not is_slow() else 0
        return gateway


class Downloads(FlowTest):
    def test_a_gibibyte_passes_with_little_memory(self):
        self.upstream.otherwise = lambda request: self.large(request, HUGE)
        gateway = self.start()
        seen = []
        client = self.client(gateway)
        client.send(request_bytes("GET", "/large"))
        client.response(sink=lambda piece: seen.append(len(piece)))
        self.assertEqual(sum(seen), HUGE)
        with Http2Client(gateway.address(), keeps_bodies=False) as client:
            self.assertEqual(client.get("/large").body_bytes, HUGE)
        self.check_memory(gateway)
        self.assertEqual(self.upstream.accepted, 1)

    def sent(self, request):
        """How much of the response has gone out once no window is left."""
        seen = {}

        def stands():
            now, seen["last"] = request.window, request.window
            return now <= 0 or request.connection.window <= 0

        wait_until(stands, "the end of the window")
        return seen["last"]

    def test_a_client_that_does_not_read_keeps_the_window_and_others_go_on(self):
        self.upstream.otherwise = self.large
        gateway = self.start()
        slow = [self.client(gateway, receive_buffer=4096) for _ in range(3)]
        for client in slow:
            client.send(request_bytes("GET", "/large"))
        for request in self.upstream.wait_requests(3, "/large"):
            self.sent(request)
        for _ in range(5):
            self.assertEqual(gateway.get("/good").status, 200)
        with Http2Client(gateway.address()) as client:
            self.assertEqual(client.get("/good").status, 200)
        self.check_memory(gateway)
        for client in slow:
            client.close()
        for request in self.upstream.wait_requests(3, "/large"):
            self.assertEqual(request.wait_reset(), CANCEL)
        # What they had not read is not lost to the connection's window.
        client = self.client(gateway)
        client.send(request_bytes("GET", "/large"))
        seen = []
        client.response(sink=lambda piece: seen.append(len(piece)))
        self.assertEqual((sum(seen), self.upstream.accepted), (LARGE, 1))

    def test_many_clients_that_do_not_read_hold_up_nobody_on_the_same_connection(self):
        """What they have not taken is more than the connection's window."""
        self.upstream.otherwise = self.large
        self.upstream.on("/empty", lambda request: request.head(204, ends=True))
        gateway = self.start()
        slow = [self.client(gateway, receive_buffer=4096) for _ in range(8)]
        for client in slow:
            client.send(request_bytes("GET", "/large"))
        for request in self.upstream.wait_requests(8, "/large"):
            self.sent(request)
        self.assertEqual(gateway.get("/empty").status, 204)
        self.assertEqual(gateway.get("/good").body, b"good")
        self.assertEqual(self.upstream.accepted, 1)
        for client in slow:
            client.close()
        self.check_memory(gateway)

    def test_a_client_of_http_2_without_a_window_keeps_the_upstreams(self):
        self.upstream.otherwise = self.large
        gateway = self.start()
        client = self.h2(gateway, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False, keeps_bodies=False)
        stream = client.begin("GET", "/large")
        client.wait_status(stream)
        request = self.upstream.wait_requests(1, "/large")[0]
        self.sent(request)
        self.assertEqual(gateway.get("/good").status, 200)
        client.opens_windows = True
        client.open_window(stream, 65536)
        self.assertEqual(client.response(stream).body_bytes, LARGE)


class Uploads(FlowTest):
    def test_a_gibibyte_passes_with_little_memory(self):
        gateway = self.start()
        client = self.client(gateway)
        client.send(request_bytes("POST", "/large", [f"Content-Length: {HUGE}"]))
        piece = b"x" * MIB
        for _ in range(HUGE // MIB):
            client.send(piece)
        self.assertEqual(client.response().status, 200)
        with Http2Client(gateway.address()) as client:
            stream = client.begin("POST", "/large", has_body=True)
            for _ in range(HUGE // MIB):
                client.send_body(stream, piece, ends=False)
            client.end_body(stream)
            self.assertEqual(client.response(stream).status, 200)
        self.assertEqual([request.body_bytes for request in self.upstream.requests[1:]], [HUGE, HUGE])
        self.check_memory(gateway)

    def hold(self, request):
        """No window for this stream but the first."""
        request.opens_window = False
        self.taken = request
        request.wait_complete()
        request.answer()

    def test_an_upstream_that_gives_no_window_stops_that_upload_alone(self):
        self.upstream.opens_windows = False
        self.upstream.on("/held", at_once(lambda request: self.hold(request)))
        gateway = self.start()
        client = self.client(gateway)
        client.send(request_bytes("POST", "/held", [f"Content-Length: {LARGE}"]))
        sent = threading.Thread(target=lambda: [client.try_send(b"x" * 65536) for _ in range(LARGE // 65536)], daemon=True)
        sent.start()
        request, = self.upstream.wait_requests(1, "/held")
        request.wait(lambda: request.body_bytes == 65535, "the first window")
        for _ in range(5):
            self.assertEqual(gateway.get("/good").status, 200)
            self.assertEqual(self.client(gateway).post("/good", b"x" * 1000).status, 200)
        self.check_memory(gateway)
        self.assertEqual(request.body_bytes, 65535)
        request.open_window(LARGE)
        self.assertEqual(client.response().status, 200)
        sent.join()
        self.assertEqual((request.body_bytes, self.upstream.accepted), (LARGE, 1))

    def test_an_upload_that_is_taken_no_further_ends_by_the_read_timeout(self):
        self.upstream.opens_windows = False
        self.upstream.on("/held", at_once(lambda request: self.hold(request)))
        gateway = self.start(read_timeout="400ms")
        client = self.client(gateway)
        client.send(request_bytes("POST", "/held", ["Content-Length: 1000000"]))
        client.try_send(b"x" * 1000000)
        request, = self.upstream.wait_requests(1, "/held")
        self.assertEqual(request.wait_reset(), CANCEL)
        self.assertIn(client.response().status, (502, 504))
        self.assertEqual(gateway.get("/good").status, 200)

    def test_a_window_that_comes_in_small_pieces_is_used_piece_by_piece(self):
        self.upstream.settings = {"INITIAL_WINDOW_SIZE": 0}
        self.upstream.opens_windows = False

        def trickles(request):
            for _ in range(200):
                before = request.body_bytes
                request.open_window(1000)
                request.wait(lambda: request.body_bytes == before + 1000, "a piece")
            request.wait_complete()
            request.answer(b"ok")

        self.upstream.on("/small", at_once(trickles))
        gateway = self.start()
        self.assertEqual(self.client(gateway).post("/small", b"x" * 200000).status, 200)
        self.assertEqual(self.upstream.accepted, 1)

    def test_a_smaller_first_window_in_the_middle_of_an_upload(self):
        self.upstream.opens_windows = False

        def shrinks(request):
            request.wait(lambda: request.body_bytes == 65535, "the first window")
            request.connection.settings(INITIAL_WINDOW_SIZE=10)
            request.connection.ping()
            request.open_window(65525 + 1000)
            request.wait(lambda: request.body_bytes == 66535, "a piece beyond the debt")
            request.open_window(1000000)
            request.wait_complete()
            request.answer()

        self.upstream.on("/", at_once(shrinks))
        gateway = self.start()
        self.assertEqual(self.client(gateway).post("/", b"x" * 100000).status, 200)

    def test_a_slow_client_holds_up_only_itself(self):
        gateway = self.start()
        client = self.client(gateway)
        client.send(request_bytes("POST", "/slow", ["Content-Length: 1000"]) + b"x")
        request, = self.upstream.wait_requests(1, "/slow")
        for size in range(2, 20):
            client.send(b"x")
            request.wait(lambda: request.body_bytes >= size, "a byte")
            self.assertEqual(gateway.get("/good").status, 200)
        client.send(b"x" * (1000 - 19))
        self.assertEqual((client.response().status, self.upstream.accepted), (200, 1))

    def test_an_echo_larger_than_all_windows_does_not_lock_up(self):
        def echo(request):
            request.head()
            at = 0
            while not request.is_complete or at < request.body_bytes:
                request.wait(lambda: request.body_bytes > at or request.is_complete, "more of the body")
                size = request.body_bytes - at
                request.data(b"x" * size) if size else None
                at += size
            request.data(ends=True)

        self.upstream.on("/echo", at_once(echo))
        gateway = self.start()
        size = 4 * MIB
        client = self.client(gateway)
        client.send(request_bytes("POST", "/echo", [f"Content-Length: {size}"]))
        sender = threading.Thread(target=lambda: [client.try_send(b"x" * 65536) for _ in range(size // 65536)], daemon=True)
        sender.start()
        self.assertEqual(len(client.response().body), size)
        sender.join()
        self.check_memory(gateway)


if __name__ == "__main__":
    main()
