"""HTTP/2 upstreams that break the rules, lie about lengths or flood: the client is told, the log says why, nothing hangs or grows."""

import threading

from harness import ConnectionEnded, is_slow, main, request_bytes
from http2_client import CANCEL, FLOW_CONTROL_ERROR
from http2_origin import Http2UpstreamTest, has_proc, says
from hyperframe.frame import (ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, PushPromiseFrame, RstStreamFrame,
                              SettingsFrame, WindowUpdateFrame)

MIB = 1024 * 1024
STATUS = (":status", "200")


class FaultsTest(Http2UpstreamTest):
    def setUp(self):
        #: Gateways, ids of requests that failed there, and what the log says of them.
        self.told = []

    def start(self, *script, **settings):
        self.upstream = self.http2_origin(*script)
        self.upstream.on("/good", says("good"))
        self.sluice = self.before(self.upstream, top={"log": {"access": "stdout"}, **settings.pop("top", {})}, **settings)

    def refused(self, respond, *words, statuses=(502,)):
        """A response that is none: 502, and the log says why, which is looked at in the end; the upstream is asked again."""
        self.upstream.otherwise = respond
        response = self.sluice.get("/bad")
        self.assertIn(response.status, statuses, response.body)
        self.told.append((self.sluice, response.headers["X-Request-Id"], words))
        self.assertEqual(self.sluice.get("/good").status, 200)

    def tearDown(self):
        for gateway, number, words in self.told:
            line = self.logged(gateway, number)
            self.assertIn('"error_side":"upstream"', line)
            self.assertRegex(line, '"error":"[^"]+"')
            for word in words:
                self.assertIn(word, line)

    def broken_off(self, respond, path="/bad"):
        """A body that is not whole may not look whole, to clients of neither version."""
        self.upstream.otherwise = respond
        client = self.client(self.sluice)
        client.send(request_bytes("GET", path))
        try:
            response = client.response()
            self.assertEqual(response.status, 502, response)
        except ConnectionEnded:
            pass
        response = self.h2(self.sluice).get(path)
        self.assertTrue(response.reset is not None or response.status == 502, response)
        self.assertEqual(self.sluice.get("/good").status, 200)


class Heads(FaultsTest):
    def test_heads_that_are_none(self):
        self.start()
        cases = {
            "no status": [("x-a", "1")],
            "two": [STATUS, STATUS],
            "letters": [(":status", "abc")],
            "short": [(":status", "20")],
            "long": [(":status", "2000")],
            "below": [(":status", "099")],
            "above": [(":status", "600")],
            "empty": [(":status", "")],
            "signed": [(":status", "+20")],
            "behind": [("x-a", "1"), STATUS],
            "of a request": [STATUS, (":path", "/")],
            "unknown": [STATUS, (":other", "1")],
            "upper case": [STATUS, ("X-Upper", "1")],
            "space": [STATUS, ("x a", "1")],
            "colon": [STATUS, ("x:a", "1")],
            "no name": [STATUS, ("", "1")],
            "crlf": [STATUS, ("x-a", "1\r\nx-b: 2")],
            "cr": [STATUS, ("x-a", "1\rx")],
            "lf": [STATUS, ("x-a", "1\nx")],
            "nul": [STATUS, ("x-a", "1\0x")],
            "crlf in a name": [STATUS, ("x-a\r\nx-b", "1")],
            "connection": [STATUS, ("connection", "close")],
            "transfer-encoding": [STATUS, ("transfer-encoding", "chunked")],
            "keep-alive": [STATUS, ("keep-alive", "5")],
            "upgrade": [STATUS, ("upgrade", "websocket")],
            "switching": [(":status", "101")],
            "lengths": [STATUS, ("content-length", "1"), ("content-length", "2")],
            "bad length": [STATUS, ("content-length", "1x")],
            "minus": [STATUS, ("content-length", "-1")],
            "huge": [STATUS, ("content-length", "99999999999999999999999")],
        }
        for name, fields in cases.items():
            with self.subTest(name):
                self.refused(lambda request: request.fields(fields, ends=True))

    def test_an_interim_response_that_ends_the_stream(self):
        self.start()
        for status in ("100", "103"):
            self.refused(lambda request: request.fields([(":status", status)], ends=True))

    def test_data_before_a_head_and_no_head_at_all(self):
        self.start()
        self.refused(lambda request: request.data(b"abc", ends=True))
        self.refused(lambda request: request.data(ends=True))

    def test_more_fields_than_there_may_be(self):
        self.start()
        self.refused(lambda request: request.head(200, *((f"x-{i}", "1") for i in range(1000)), ends=True))

    def test_larger_fields_than_there_may_be(self):
        self.start()
        self.refused(lambda request: send_in_pieces(request, 300000))

    def test_interim_responses_without_end(self):
        self.start()

        def floods(request):
            while True:
                request.head(103, ("link", "x" * 200))

        self.refused(floods)

    def test_a_head_without_end(self):
        self.start()

        def floods(request):
            connection = request.connection
            with connection.lock:
                connection.send(HeadersFrame(request.stream, connection.encoder.encode([STATUS])))
                while True:
                    connection.send(ContinuationFrame(request.stream, connection.encoder.encode([("x-a", "v" * 1000)])))

        before = self.sluice.rss_bytes() if has_proc() and not is_slow() else None
        self.refused(floods)
        if before:
            self.assertLess(self.sluice.rss_bytes() - before, 16 * MIB)

    def test_garbage_for_hpack_ends_the_connection_alone(self):
        self.start()
        self.refused(lambda request: request.send(HeadersFrame(request.stream, b"\xff\xff\xff\xff\xff\xff", flags=("END_HEADERS",))))
        self.upstream.connections[0].wait_closed()


def send_in_pieces(request, size):
    """A head of so many bytes, in as many frames as it takes."""
    connection = request.connection
    with connection.lock:
        block = connection.encoder.encode([STATUS, *((f"x-{i}", "v" * 1000) for i in range(size // 1000))])
        connection.send(HeadersFrame(request.stream, block[:16384], flags=("END_STREAM",)))
        block = block[16384:]
        while block:
            connection.send(ContinuationFrame(request.stream, block[:16384], flags=("END_HEADERS",) if len(block) <= 16384 else ()))
            block = block[16384:]


class Bodies(FaultsTest):
    def test_less_than_the_length(self):
        self.start()
        self.broken_off(lambda request: (request.head(200, ("content-length", "10")), request.data(b"abc", ends=True)))
        self.broken_off(lambda request: request.head(200, ("content-length", "10"), ends=True))

    def test_more_than_the_length(self):
        self.start()
        self.broken_off(lambda request: (request.head(200, ("content-length", "2")), request.data(b"abc", ends=True)))

    def test_more_than_the_length_is_never_part_of_another_response(self):
        self.start()
        for length in (0, 2):
            self.upstream.otherwise = lambda request: (request.head(200, ("content-length", str(length))),
                                                       request.data(b"okHTTP/1.1 200 OK\r\n\r\n", ends=True))
            client = self.client(self.sluice)
            client.send(request_bytes("GET", "/bad"))
            try:
                client.response()
                client.send(request_bytes("GET", "/good"))
                self.assertEqual(client.response().body, b"good")
            except ConnectionEnded:
                pass

    def test_data_where_there_may_be_none(self):
        self.start()
        for method, status in (("HEAD", 200), ("GET", 204), ("GET", 304)):
            self.upstream.otherwise = lambda request: (request.head(status), request.data(b"abc", ends=True))
            client = self.client(self.sluice)
            client.send(request_bytes(method, "/bad"))
            try:
                response = client.response(method)
                self.assertIn((response.status, response.body), ((status, b""), (502, response.body)))
                client.send(request_bytes("GET", "/good"))
                self.assertEqual(client.response().body, b"good")
            except ConnectionEnded:
                pass
            self.assertEqual(self.sluice.get("/good").status, 200)

    def test_a_body_that_ends_with_the_connection_is_not_whole(self):
        self.start()
        self.broken_off(lambda request: (request.head(), request.data(b"abc"), request.connection.close()))
        self.broken_off(lambda request: (request.head(), request.data(b"abc"), request.connection.reset()))

    def test_trailers_that_are_none(self):
        self.start()
        for fields in ([STATUS], [("x-a", "1"), (":path", "/")], [("X-Upper", "1")], [("x-a", "1\r\nx-b: 2")], [("connection", "close")],
                       [("x-a", "\0")]):
            with self.subTest(fields):
                self.broken_off(lambda request: (request.head(), request.data(b"abc"), request.fields(fields, ends=True)))

    def test_trailers_that_do_not_end_the_stream(self):
        self.start()
        self.broken_off(lambda request: (request.head(), request.data(b"abc"), request.fields([("x-a", "1")]), request.data(ends=True)))

    def test_trailers_of_framing_are_not_passed_on(self):
        self.start()
        for name, value in (("content-length", "3"), ("transfer-encoding", "chunked"), ("host", "x"), ("set-cookie", "a=b")):
            self.upstream.otherwise = lambda request: (request.head(), request.data(b"abc"), request.fields([(name, value), ("x-sum", "1")], ends=True))
            client = self.client(self.sluice)
            client.send(request_bytes("GET", "/bad"))
            try:
                self.assertNotIn(name, client.response().trailers)
            except ConnectionEnded:
                pass

    def test_more_than_the_window_resets_the_stream(self):
        self.start()
        enough = threading.Event()

        def floods(request):
            request.head()
            # Its lock is let go in between, for the thread that reads.
            while not enough.wait(0.001):
                request.send(DataFrame(request.stream, b"x" * 16384))

        self.upstream.otherwise = floods
        before = self.sluice.rss_bytes() if has_proc() and not is_slow() else None
        client = self.client(self.sluice, receive_buffer=4096)
        client.send(request_bytes("GET", "/bad"))
        client.head()
        self.assertEqual(self.upstream.requests[0].wait_reset(), FLOW_CONTROL_ERROR)
        self.assertEqual(self.sluice.get("/good").status, 200)
        if before:
            self.assertLess(self.sluice.rss_bytes() - before, 8 * MIB)
        enough.set()
        client.close()


class Connections(FaultsTest):
    def plain(self, data, *words):
        """An upstream that answers the preface like this."""
        def script(connection):
            connection.receive()
            connection.raw(data)
            while connection.receive():
                pass

        self.start(*[script] * 2, connect_timeout="2s")
        response = self.sluice.get("/")
        self.assertIn(response.status, (502, 504))
        self.told.append((self.sluice, response.headers["X-Request-Id"], words))

    def test_a_server_of_http_1_is_named_in_the_log(self):
        self.plain(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/2")

    def test_garbage(self):
        self.plain(b"\0" * 100, "HTTP/2")
        self.plain(b"SSH-2.0-server\r\n", "HTTP/2")

    def test_a_frame_before_the_settings(self):
        self.plain(PingFrame(0, b"12345678").serialize(), "HTTP/2")

    def test_a_frame_that_is_too_long(self):
        self.plain(SettingsFrame(0).serialize() + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 1000)

    def test_settings_that_may_not_be(self):
        for settings in ({SettingsFrame.INITIAL_WINDOW_SIZE: 1 << 31}, {SettingsFrame.MAX_FRAME_SIZE: 1}, {SettingsFrame.ENABLE_PUSH: 1}):
            with self.subTest(settings):
                self.plain(SettingsFrame(0, settings=settings).serialize())

    def test_a_push_is_refused(self):
        self.start()

        def pushes(request):
            connection = request.connection
            block = connection.encoder.encode([(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/p")])
            connection.send(PushPromiseFrame(request.stream, 2, data=block, flags=("END_HEADERS",)))
            request.answer()

        self.refused(pushes)

    def test_frames_for_streams_that_never_were(self):
        self.start()
        for frame in (lambda: DataFrame(99, b"x"), lambda: RstStreamFrame(99, error_code=CANCEL), lambda: WindowUpdateFrame(99, window_increment=1)):
            self.refused(lambda request: request.connection.send(frame()))

    def test_windows_that_overflow(self):
        self.start()

        def overflows(request):
            request.open_window((1 << 31) - 1)
            request.open_window((1 << 31) - 1)

        self.refused(overflows)
        self.refused(lambda request: request.connection.send(*[WindowUpdateFrame(0, window_increment=(1 << 31) - 1)] * 2))


class Floods(FaultsTest):
    def flooded(self, make, *words):
        """The connection ends, its request is answered by 502, and the gateway's memory stays as it was."""
        def floods(request):
            data = b"".join(frame.serialize() for frame in make(request)) * 100
            while True:
                request.connection.raw(data)

        self.start()
        before = self.sluice.rss_bytes() if has_proc() and not is_slow() else None
        self.refused(floods, *words)
        self.upstream.connections[0].wait_closed()
        if before:
            self.assertLess(self.sluice.rss_bytes() - before, 8 * MIB)

    def test_pings(self):
        self.flooded(lambda request: [PingFrame(0, b"12345678")], "HTTP/2", "more frames")

    def test_settings(self):
        self.flooded(lambda request: [SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100})], "HTTP/2")

    def test_window_updates(self):
        self.flooded(lambda request: [WindowUpdateFrame(0, window_increment=1)], "HTTP/2")

    def test_priorities(self):
        self.flooded(lambda request: [PriorityFrame(request.stream, depends_on=0)], "HTTP/2")

    def test_resets_of_streams_that_are_over(self):
        self.flooded(lambda request: [RstStreamFrame(request.stream, error_code=CANCEL)], "reset")

    def test_empty_data(self):
        def floods(request):
            request.head()
            while True:
                request.connection.raw(DataFrame(request.stream, b"").serialize() * 100)

        self.start()
        self.broken_off(floods)
        self.upstream.connections[0].wait_closed()


if __name__ == "__main__":
    main()
