"""HTTP/2 from clients that break its rules, and requests that would smuggle another through HTTP/1.1: none reaches the origin."""

import socket

from harness import PATIENCE, GatewayTest, answer, is_sanitized, main, proxy_to, wait_until
from http2_client import PROTOCOL_ERROR, Http2Client
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame, WindowUpdateFrame

MIB = 1024 * 1024
METHOD, SCHEME, AUTHORITY, PATH = (":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/")
PLAIN = [METHOD, SCHEME, AUTHORITY, PATH]


class FaultsTest(GatewayTest):
    limits = {}

    def setUp(self):
        self.upstream = self.origin()
        self.sluice = self.gateway(proxy_to(self.upstream, limits=self.limits))

    def connect(self, **options):
        client = Http2Client(self.sluice.address(), **options)
        self.addCleanup(client.close)
        return client

    def check_refused(self, client, stream, statuses=(400,)):
        """Reset, or answered by an error; the origin saw nothing and the connection goes on."""
        response = client.response(stream)
        if response.reset is None:
            self.assertIn(response.status, statuses)
        else:
            self.assertEqual(response.reset, PROTOCOL_ERROR)
            self.assertIsNone(response.status)
        self.assertEqual(self.upstream.requests, [])

    def refuses(self, *cases, statuses=(400,)):
        client = self.connect()
        for fields in cases:
            with self.subTest(fields):
                self.check_refused(client, client.request_fields(list(fields)), statuses)
        self.assertEqual(client.get("/").status, 200)


class Heads(FaultsTest):
    def test_pseudo_fields_that_are_missing_doubled_unknown_or_late(self):
        self.refuses(
            [SCHEME, AUTHORITY, PATH], [METHOD, AUTHORITY, PATH], [METHOD, SCHEME, AUTHORITY], [METHOD, SCHEME, PATH],
            [METHOD, *PLAIN], [SCHEME, *PLAIN], [AUTHORITY, *PLAIN], [PATH, *PLAIN],
            [*PLAIN, (":status", "200")], [*PLAIN, (":unknown", "1")], [*PLAIN, (":protocol", "websocket")],
            [METHOD, SCHEME, AUTHORITY, ("x-a", "1"), PATH], [*PLAIN, ("", "empty")])

    def test_paths_that_are_none(self):
        self.refuses(*([METHOD, SCHEME, AUTHORITY, (":path", path)]
                       for path in ("", "relative", "*", "/a b", "/a\tb", "/ HTTP/1.1\r\nx: y", "/a\0", "/\x7f", "http://other/", "/a#b")))

    def test_methods_schemes_and_hosts_that_are_none(self):
        cases = []
        for place, values in ((0, ("", "G ET", "GET /x HTTP/1.1\r\na: b", "G\0")), (1, ("", "ftp", "http ", "HTTPS:")),
                              (2, ("", "a b", "a\r\nx: y", "a/b", "user@host", "a,b", "a:99999"))):
            for value in values:
                fields = list(PLAIN)
                fields[place] = (fields[place][0], value)
                cases.append(fields)
        self.refuses(*cases)

    def test_connect(self):
        self.refuses([(":method", "CONNECT"), AUTHORITY], [(":method", "CONNECT"), SCHEME, AUTHORITY, PATH],
                     [(":method", "CONNECT"), (":authority", "test:80")], statuses=(400, 405, 501))

    def test_a_host_that_differs_from_the_authority_or_is_doubled(self):
        self.refuses([*PLAIN, ("host", "other")], [*PLAIN, ("host", "test"), ("host", "test")], [*PLAIN, ("host", "")],
                     [METHOD, SCHEME, PATH, ("host", "a"), ("host", "b")], [METHOD, SCHEME, PATH, ("host", "a"), ("host", ""), ("host", "b")])

    def test_fields_of_a_connection(self):
        self.refuses(*([*PLAIN, field] for field in (
            ("connection", "close"), ("connection", "x-a"), ("keep-alive", "1"), ("proxy-connection", "close"),
            ("transfer-encoding", "chunked"), ("upgrade", "websocket"), ("te", "gzip"), ("te", "trailers, deflate"), ("te", "chunked"))))

    def test_names_and_values_with_bytes_that_no_field_holds(self):
        names = ("X-Upper", "x y", "x\ty", "x:y", "x\r\ny", "x\0y", "x\x7fy", "x\xe9", " x", "x ")
        values = ("a\r\nb: c", "a\rb", "a\nb", "a\0b", "\r\n", "a\x01b", "a\x7fb")
        self.refuses(*([*PLAIN, (name, "1")] for name in names), *([*PLAIN, ("x-a", value)] for value in values))

    def test_values_with_spaces_around_them(self):
        self.refuses([*PLAIN, ("x-a", " a")], [*PLAIN, ("x-a", "a\t")])

    def test_lengths_that_are_none_or_doubled(self):
        for length in ("-1", "+1", "1,1", "0x1", "1 1", "", "99999999999999999999"):
            client = self.connect()
            stream = client.begin("POST", "/", ("content-length", length), has_body=True)
            self.check_refused(client, stream)
        client = self.connect()
        stream = client.begin("POST", "/", ("content-length", "1"), ("content-length", "1"), has_body=True)
        self.check_refused(client, stream)

    def test_a_request_that_is_refused_with_a_body_on_its_way_leaves_no_stream(self):
        client = self.connect()
        for _ in range(40):
            stream = client.begin("POST", "/", ("host", "other"), has_body=True)
            response = client.response(stream)
            client.wait(lambda: response.reset is not None, "the reset of the rest")
        self.assertEqual(client.get("/").status, 200)
        self.assertEqual(len(self.upstream.requests), 1)


class Bodies(FaultsTest):
    def test_less_data_than_the_length_tells_does_not_look_whole(self):
        client = self.connect()
        stream = client.begin("POST", "/", ("content-length", "5"), has_body=True)
        client.send_body(stream, b"abc")
        self.assertEqual(client.response(stream).reset, PROTOCOL_ERROR)
        self.assertFalse(any(request.is_complete for request in self.upstream.requests))
        self.assertEqual(client.get("/").status, 200)

    def test_more_data_than_the_length_tells_is_no_second_request(self):
        client = self.connect()
        stream = client.begin("POST", "/", ("content-length", "3"), has_body=True)
        client.send_body(stream, b"abcGET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n")
        self.assertIn(client.response(stream).reset, (PROTOCOL_ERROR, None))
        self.assertEqual(client.get("/").status, 200)
        self.assertNotIn("/smuggled", [request.target for request in self.upstream.requests])

    def test_a_length_without_a_body(self):
        client = self.connect()
        stream = client.begin("POST", "/", ("content-length", "5"))
        self.check_refused(client, stream)

    def test_chunks_in_data_stay_data(self):
        client = self.connect()
        body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
        self.assertEqual(client.request("POST", "/", body=body).status, 200)
        self.assertEqual([(request.target, request.body) for request in self.upstream.requests], [("/", body)])

    def test_bad_trailers_do_not_look_like_the_end(self):
        for trailers in ([(":path", "/")], [("x-a", "b\r\nc: d")], [("X-Upper", "1")], [("x\0", "1")]):
            with self.subTest(trailers):
                client = self.connect()
                stream = client.begin("POST", "/", has_body=True)
                client.send_body(stream, b"abc", ends=False)
                client.send(client.head_frame(stream, trailers))
                response = client.response(stream)
                self.assertEqual((response.reset, response.status), (PROTOCOL_ERROR, None))
                self.assertEqual(client.get("/").status, 200)
                self.assertFalse([one for one in self.upstream.requests if one.method == "POST" and one.is_complete])

    def test_trailers_over_the_limits_do_not_look_like_the_end(self):
        client = self.connect()
        stream = client.begin("POST", "/", has_body=True)
        client.send(client.head_frame(stream, [(f"x-{number}", "1") for number in range(200)]))
        response = client.response(stream)
        self.assertNotEqual((response.status, response.reset), (200, None))
        self.assertEqual(client.get("/").status, 200)


class Limits(FaultsTest):
    limits = {"headers": 20, "header_bytes": 8192}

    def test_too_many_fields_or_bytes_are_told_and_the_connection_goes_on(self):
        self.refuses([*PLAIN, *((f"x-{number}", "1") for number in range(30))], [*PLAIN, ("x-long", "a" * 9000)],
                     [*PLAIN, *(("x-a", "1") for _ in range(500))], statuses=(431,))

    def test_crumbs_of_cookies_count_as_fields_too(self):
        self.refuses([*PLAIN, *(("cookie", f"a{number}=b") for number in range(300))], statuses=(431,))

    def test_a_path_over_its_limit(self):
        self.refuses([METHOD, SCHEME, AUTHORITY, (":path", "/" + "a" * 17000)], statuses=(414, 431))

    def test_a_bomb_of_hpack_is_refused_without_memory(self):
        before = self.sluice.rss_bytes()
        client = self.connect()
        block = client.encoder.encode([*PLAIN, ("x-bomb", "b" * 3900)])
        # Every further byte is the same 4 KiB again, out of the dynamic table.
        bomb = block + b"\xbe" * 12000
        for _ in range(20):
            stream = client.new_stream()
            client.send(HeadersFrame(stream, bomb, flags=("END_HEADERS", "END_STREAM")))
            bomb = client.encoder.encode(PLAIN) + b"\xbe" * 12000
            self.check_refused(client, stream, (431,))
        if not is_sanitized():
            self.assertLess(self.sluice.rss_bytes() - before, 8 * MIB)


class Frames(FaultsTest):
    def ends_with(self, code, *what):
        """Each ends its connection with this code, is counted, and leaves the gateway."""
        for data in what:
            with self.subTest(data):
                client = self.connect()
                client.ping()
                client.raw(data)
                goaway = client.wait_goaway()
                self.assertIsNotNone(goaway)
                self.assertIn(goaway[1], code)
        self.assertEqual(self.sluice.metric_sum("sluice_refused_total"), len(what))
        self.assertEqual(self.connect().get("/").status, 200)

    def test_frames_out_of_place(self):
        head = HeadersFrame(1, b"\x82\x86\x84\x41\x04test", flags=("END_STREAM",)).serialize()
        self.ends_with(
            (1, 5, 3, 6, 9),
            DataFrame(1, b"idle").serialize(), b"\0\0\x01\0\0\0\0\0\0x",  # DATA without a stream
            b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\0",  # RST_STREAM of an idle stream
            b"\0\0\x01\x09\x04\0\0\0\x01\x82",  # CONTINUATION alone
            head + b"\0\0\x08\x06\0\0\0\0\0" + b"x" * 8,  # PING inside a head
            b"\0\0\x05\x06\0\0\0\0\0" + b"x" * 5,  # PING of five bytes
            b"\0\0\x05\x04\0\0\0\0\0" + b"x" * 5,  # SETTINGS of five bytes
            b"\0\0\x04\x08\0\0\0\0\0\0\0\0\0",  # WINDOW_UPDATE by nothing
            b"\0\0\x06\x04\0\0\0\0\0\0\x04\xff\xff\xff\xff",  # a window too large
            b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\0\x01",  # frames too small
            b"\x01\x00\x00\0\0\0\0\0\x01" + b"x" * 65536,  # a frame too large
            HeadersFrame(2, b"\x82\x86\x84", flags=("END_HEADERS", "END_STREAM")).serialize(),  # an even stream
            HeadersFrame(1, b"\xff\xff\xff\xff\xff\xff", flags=("END_HEADERS", "END_STREAM")).serialize(),  # no HPACK
            b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x82",  # PUSH_PROMISE
        )

    def test_a_window_beyond_its_end(self):
        client = self.connect(opens_windows=False)
        client.send(WindowUpdateFrame(0, window_increment=2**31 - 1))
        self.assertEqual(client.wait_goaway()[1], 3)

    def test_another_preface_or_none(self):
        for data in (b"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\x08\x06\0\0\0\0\0" + b"x" * 8,
                     b"PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n"):
            with self.subTest(data), socket.create_connection(self.sluice.address(), PATIENCE) as sock:
                sock.sendall(data)
                try:
                    while sock.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
        self.assertEqual(self.connect().get("/").status, 200)


class Slow(FaultsTest):
    limits = {"body_idle": "1500ms", "head_timeout": "1s", "keepalive": "1s", "min_rate_grace": "1s"}

    def test_a_reader_whose_window_stays_shut_is_cut_and_others_go_on(self):
        self.upstream.on("/large", lambda request: answer(b"x" * MIB))
        client = self.connect(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
        stuck = client.begin("GET", "/large")
        client.wait_status(stuck)
        for _ in range(5):
            stream = client.begin("GET", "/")
            client.open_window(stream, 1000)
            self.assertEqual(client.response(stream).text, "ok")
        self.assertNotIn(client.response(stuck).reset, (None, 0))
        self.assertEqual(client.streams[stuck].body_bytes, 0)

    def test_a_reader_that_leaves_the_connection_unread_is_cut(self):
        self.upstream.on("/large", lambda request: answer(b"x" * (8 * MIB)))
        client = self.connect(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 2**31 - 1}, receive_buffer=4096)
        client.open_window(0, 2**30)
        for _ in range(4):
            client.begin("GET", "/large")
        wait_until(lambda: self.sluice.metric_sum("sluice_connections_active") == 1, "the connection to be open")
        wait_until(lambda: self.sluice.metric_sum("sluice_connections_active") == 0, "the end of the connection")

    def test_an_upload_that_stops_is_cut_and_others_go_on(self):
        client = self.connect()
        stream = client.begin("POST", "/", ("content-length", "1000"), has_body=True)
        client.send_body(stream, b"abc", ends=False)
        self.assertEqual(client.get("/").status, 200)
        response = client.response(stream)
        self.assertTrue(response.status == 408 or response.reset not in (None, 0), response)
        self.assertEqual(client.get("/").status, 200)

    def test_a_head_that_does_not_end_is_cut(self):
        client = self.connect()
        client.send(HeadersFrame(1, b"\x82\x86", flags=()))
        client.wait_goaway(10)

    def test_an_idle_connection_is_closed_with_goaway(self):
        client = self.connect()
        client.get("/")
        self.assertEqual(client.wait_goaway(10), (1, 0))


if __name__ == "__main__":
    main()
