"""Clients of HTTP/2 that cost more than they are worth are cut, counted and cost no memory; those that only look so are served."""

import threading

from harness import PATIENCE, GatewayTest, answer, is_sanitized, main, proxy_to, wait_until
from http2_client import CANCEL, ENHANCE_YOUR_CALM, PROTOCOL_ERROR, Http2Client
from hyperframe.frame import (ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame, SettingsFrame,
                              WindowUpdateFrame)

MIB = 1024 * 1024
#: More of any frame than a client may send that leads to nothing.
MANY = 20000
#: A request by HPACK's static table alone; `test` is the authority.
HEAD = b"\x82\x86\x84\x41\x04test"


def request_frame(stream, *flags):
    return HeadersFrame(stream, HEAD, flags=("END_HEADERS", *flags))


def sized(kind, flags, stream, body):
    """A frame that hyperframe would not make."""
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


class FloodTest(GatewayTest):
    def setUp(self):
        self.upstream = self.origin()
        self.sluice = self.gateway(proxy_to(self.upstream))

    def connect(self, **options):
        client = Http2Client(self.sluice.address(), **options)
        self.addCleanup(client.close)
        return client


class Floods(FloodTest):
    def check_flood(self, frames, first=b"", codes=(ENHANCE_YOUR_CALM,)):
        """Three connections that are flooded with these bytes end so; the gateway has forgotten them afterwards."""
        with self.connect() as client:
            client.get("/warm")
        before = None
        for number in range(4):
            client = self.connect()
            client.ping()
            self.pour(client, first, frames)
            goaway = client.wait_goaway()
            self.assertIsNotNone(goaway, "no GOAWAY")
            self.assertIn(goaway[1], codes)
            client.close()
            # The first makes buffers that stay.
            before = before or self.sluice.rss_bytes()
        if not is_sanitized():
            self.assertLess(self.sluice.rss_bytes() - before, 4 * MIB)
        self.assertEqual(self.sluice.metric_sum("sluice_refused_total"), 4, self.sluice.metrics())
        wait_until(lambda: self.sluice.metric_sum("sluice_connections_active") == 0, "the end of the connections")
        self.assertEqual(self.connect().get("/warm").status, 200)

    def pour(self, client, first, frames):
        """Sends until the gateway will take no more, reading along."""
        client.streams = AnyStream()
        data = frames if isinstance(frames, bytes) else b"".join(frames)
        try:
            client.raw(first)
            for at in range(0, len(data), 16384):
                client.raw(data[at : at + 16384])
                client.read_some(0.0001)
                if client.goaways or client.is_closed:
                    return
        except (ConnectionResetError, BrokenPipeError):
            pass

    def test_rapid_reset(self):
        self.check_flood([request_frame(stream, "END_STREAM").serialize() + RstStreamFrame(stream, error_code=CANCEL).serialize()
                          for stream in range(1, MANY, 2)])
        self.assertLess(len(self.upstream.requests), 1500)

    def test_resets_that_the_gateway_is_made_to_send(self):
        for name, bad in (("windows", lambda stream: sized(8, 0, stream, b"\x7f\xff\xff\xff")), ("nothing", lambda stream: sized(8, 0, stream, bytes(4))),
                          ("trailers", lambda stream: HeadersFrame(stream, HEAD, flags=("END_HEADERS", "END_STREAM")).serialize()),
                          ("itself", lambda stream: sized(2, 0, stream, stream.to_bytes(4, "big") + b"\0"))):
            with self.subTest(name):
                self.setUp()
                self.check_flood([request_frame(stream).serialize() + bad(stream) for stream in range(1, MANY, 2)],
                                 codes=(ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_continuations_without_end(self):
        begin = HeadersFrame(1, HEAD, flags=()).serialize()
        for piece in (b"", b"\x82", b"\x40\x01a\x04" + b"bbbb", b"\x00\x01a\x7f\x80\x10" + b"b" * 2175):
            with self.subTest(piece[:8]):
                self.setUp()
                self.check_flood([ContinuationFrame(1, piece).serialize()] * MANY, begin, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_continuations_of_a_stream_that_is_refused(self):
        begin = HeadersFrame(1, b"\x86" + HEAD, flags=()).serialize()
        self.check_flood([ContinuationFrame(1, b"\x00\x01a\x01b").serialize()] * MANY, begin, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_heads_that_are_refused(self):
        self.check_flood([HeadersFrame(stream, b"\x82", flags=("END_HEADERS", "END_STREAM")).serialize() for stream in range(1, MANY, 2)],
                         codes=(ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_requests_beyond_the_streams_at_once(self):
        self.upstream.on("/", lambda request: request.connection.wait_closed())
        self.check_flood([request_frame(stream, "END_STREAM").serialize() for stream in range(1, MANY, 2)],
                         codes=(ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_settings(self):
        self.check_flood(SettingsFrame(0, settings={4: 70000}).serialize() * MANY)

    def test_settings_that_answer_nothing(self):
        self.check_flood(SettingsFrame(0, flags=("ACK",)).serialize() * MANY)

    def test_pings(self):
        self.check_flood(PingFrame(0, b"12345678").serialize() * MANY)

    def test_pings_that_answer_nothing(self):
        self.check_flood(PingFrame(0, b"12345678", flags=("ACK",)).serialize() * MANY)

    def test_pings_of_a_client_that_reads_nothing(self):
        client = self.connect(receive_buffer=4096)
        client.sock.settimeout(5)
        try:
            for _ in range(200):
                client.raw(PingFrame(0, b"12345678").serialize() * 1000)
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass
        wait_until(lambda: self.sluice.metric_sum("sluice_connections_active") == 0, "the end of the connection")

    def test_empty_data(self):
        self.check_flood(DataFrame(1, b"").serialize() * MANY, request_frame(1).serialize())

    def test_data_of_padding_alone(self):
        self.check_flood(sized(0, 8, 1, b"\0") * MANY, request_frame(1).serialize())

    def test_empty_data_for_a_stream_that_is_over(self):
        first = request_frame(1).serialize() + RstStreamFrame(1, error_code=CANCEL).serialize()
        self.check_flood(DataFrame(1, b"").serialize() * MANY, first, (ENHANCE_YOUR_CALM, 5))

    def test_window_updates(self):
        self.check_flood(WindowUpdateFrame(0, window_increment=1).serialize() * MANY)

    def test_window_updates_of_a_stream_that_is_over(self):
        first = request_frame(1).serialize() + RstStreamFrame(1, error_code=CANCEL).serialize()
        self.check_flood(WindowUpdateFrame(1, window_increment=1).serialize() * MANY, first)

    def test_windows_by_the_byte(self):
        """Data dribble (CVE-2019-9511): one byte of the answer for each WINDOW_UPDATE."""
        self.upstream.on("/", lambda request: answer(b"x" * MIB))
        first = SettingsFrame(0, settings={4: 0}).serialize() + request_frame(1, "END_STREAM").serialize()
        self.check_flood(WindowUpdateFrame(1, window_increment=1).serialize() * MANY, first)

    def test_priorities(self):
        self.check_flood(PriorityFrame(1, depends_on=3, stream_weight=5).serialize() * MANY)

    def test_frames_of_no_known_kind(self):
        self.check_flood(sized(0x2A, 0, 0, b"") * MANY)
        self.setUp()
        self.check_flood(sized(0xFE, 0, 1, b"x" * 100) * MANY)

    def test_fields_without_name_and_value(self):
        self.check_flood([HeadersFrame(stream, HEAD + b"\x00\x00\x00" * 5000, flags=("END_HEADERS", "END_STREAM")).serialize()
                          for stream in range(1, 2001, 2)], codes=(ENHANCE_YOUR_CALM, PROTOCOL_ERROR))

    def test_many_heads_that_do_not_end(self):
        before = self.sluice.rss_bytes()
        clients = [self.connect() for _ in range(200)]
        for client in clients:
            client.raw(HeadersFrame(1, HEAD + b"\x00\x01a\x7f\x80\x10" + b"b" * 2175, flags=()).serialize())
        self.assertEqual(self.connect().get("/").status, 200)
        if not is_sanitized():
            self.assertLess((self.sluice.rss_bytes() - before) / 200, 64 * 1024)


class AnyStream(dict):
    """Stands for what a flooding client keeps of its streams: nothing."""

    def __missing__(self, stream):
        return Forgetful()


class Forgetful:
    status = None
    is_complete = is_over = False
    reset = None
    interim = ()
    body = bytearray()
    body_bytes = 0


class LookAlikes(FloodTest):
    def test_a_client_that_gives_up_on_a_hundred_requests_at_once(self):
        for _ in range(2):
            client = self.connect()
            self.upstream.on("/held", lambda request: request.connection.wait_closed())
            client.reset(*[client.begin("GET", "/held") for _ in range(100)])
            self.assertEqual(client.get("/").status, 200)
            self.assertEqual(client.goaways, [])

    def test_a_download_with_small_windows(self):
        size = 50 * MIB
        block = b"x" * MIB

        def send(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(50):
                request.connection.send(block)
            return b""

        self.upstream.on("/", send)
        # The client answers each DATA with two WINDOW_UPDATE; frames of 4 KiB at most.
        client = self.connect(keeps_bodies=False, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 4096})
        response = client.get("/")
        self.assertEqual((response.body_bytes, response.is_complete, client.goaways), (size, True, []))

    def test_a_call_of_small_messages_with_a_ping_for_each(self):
        """As gRPC does it, which measures the connection whenever data comes."""
        count = 3000

        def send(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(count):
                request.connection.send(b"5\r\nhello\r\n")
                ready.acquire(timeout=PATIENCE)
            return b"0\r\n\r\n"

        ready = threading.Semaphore(0)
        self.upstream.on("/", send)
        client = self.connect()
        stream = client.begin("GET", "/")
        response = client.streams[stream]
        for number in range(count):
            client.wait(lambda: response.body_bytes >= 5 * (number + 1), "a message")
            client.ping()
            ready.release()
        self.assertEqual((client.response(stream).body_bytes, client.goaways), (5 * count, []))

    def test_an_upload_of_small_messages_with_pings_now_and_then(self):
        client = self.connect()
        stream = client.begin("POST", "/", has_body=True)
        for number in range(4000):
            client.send_body(stream, b"message", ends=False)
            if number % 8 == 0:
                client.ping()
        client.end_body(stream)
        self.assertEqual((client.response(stream).status, client.goaways), (200, []))
        self.assertEqual(self.upstream.requests[0].body_bytes, 7 * 4000)

    def test_a_browser_that_sets_priorities_for_each_request(self):
        client = self.connect()
        for _ in range(1500):
            stream = client.begin("GET", "/")
            client.send(PriorityFrame(stream, depends_on=0, stream_weight=5))
            self.assertEqual(client.response(stream).status, 200)
            client.streams.pop(stream)
        self.assertEqual(client.goaways, [])


if __name__ == "__main__":
    main()
