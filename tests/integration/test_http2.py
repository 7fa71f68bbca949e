"""HTTP/2 from clients with prior knowledge, before an origin that speaks HTTP/1.1: what goes through, both ways."""

import os
import shutil
import subprocess
import tempfile
import threading
import unittest

from harness import GatewayTest, SharedGatewayTest, answer, held, main, proxy_to, wait_until
from http2_client import Http2Client
from hyperframe.frame import ContinuationFrame, DataFrame

MIB = 1024 * 1024
BLOCK = bytes(range(256)) * 4096


class Http2Test(SharedGatewayTest):
    def connect(self, **options):
        client = Http2Client(self.sluice.address(), **options)
        self.addCleanup(client.close)
        return client


class Messages(Http2Test):
    def test_a_get_reaches_the_origin_and_its_answer_the_client(self):
        self.upstream.on("/hello", lambda request: answer(b"hi", headers=["X-Here: Yes", "Connection: keep-alive"]))
        response = self.connect().get("/hello?a=1", ("x-mine", "1"), ("user-agent", "test"))
        self.assertEqual((response.status, response.text), (200, "hi"))
        self.assertEqual(response.headers["x-here"], "Yes")
        self.assertEqual(response.headers["content-length"], "2")
        self.assertEqual((self.seen.method, self.seen.target, self.seen.version), ("GET", "/hello?a=1", "1.1"))
        self.assertEqual((self.seen.headers["x-mine"], self.seen.headers["X-Forwarded-For"]), ("1", "127.0.0.1"))
        self.assertEqual(self.seen.headers["X-Forwarded-Host"], "test")
        self.assertFalse([name for name in self.seen.headers.names() if name.startswith(":")])

    def test_head_has_the_length_and_no_body(self):
        self.upstream.on("/", lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
        response = self.connect().request("HEAD", "/")
        self.assertEqual((response.status, response.headers["content-length"], response.body), (200, "1234", b""))

    def test_204_and_304_end_with_their_head(self):
        self.upstream.on("/204", lambda request: b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n")
        self.upstream.on("/304", lambda request: b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')
        client = self.connect()
        self.assertEqual(client.get("/204").status, 204)
        response = client.get("/304")
        self.assertEqual((response.status, response.headers["etag"], response.body), (304, '"x"', b""))

    def test_a_body_with_its_length_arrives_with_it(self):
        response = self.connect().request("POST", "/", ("content-length", "4"), body=b"body")
        self.assertEqual((response.status, self.seen.body, self.seen.headers["Content-Length"]), (200, b"body", "4"))
        self.assertNotIn("Transfer-Encoding", self.seen.headers)

    def test_a_body_without_length_arrives_in_chunks(self):
        response = self.connect().request("POST", "/", body=b"body")
        self.assertEqual((response.status, self.seen.body, self.seen.is_chunked), (200, b"body", True))

    def test_a_request_that_ends_with_its_head_has_no_body(self):
        self.connect().request("POST", "/")
        self.assertNotIn("Transfer-Encoding", self.seen.headers)
        self.assertEqual(self.seen.body, b"")

    def test_a_body_of_length_zero_and_one_that_turns_out_empty(self):
        client = self.connect()
        self.assertEqual(client.request("POST", "/", ("content-length", "0"), body=b"").status, 200)
        self.assertEqual(client.request("POST", "/", body=b"").status, 200)
        self.assertEqual(self.seen.body, b"")

    def test_a_response_in_chunks_and_one_until_the_close(self):
        self.upstream.on("/chunks", lambda request: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        client = self.connect()
        response = client.get("/chunks")
        self.assertEqual((response.text, response.reset), ("abcde", None))

        def until_close(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
            return None

        self.upstream.on("/close", until_close)
        self.assertEqual(client.get("/close").text, "until the end")

    def test_trailers_of_a_request_arrive(self):
        response = self.connect().request("POST", "/", ("te", "trailers"), ("trailer", "x-sum"), body=b"abc", trailers=[("x-sum", "9")])
        self.assertEqual(response.status, 200)
        self.assertEqual((self.seen.body, self.seen.trailers.get("x-sum")), (b"abc", "9"))

    def test_trailers_without_data_end_a_request(self):
        response = self.connect().request("POST", "/", trailers=[("x-sum", "0")])
        self.assertEqual((response.status, self.seen.body, self.seen.trailers.get("x-sum")), (200, b"", "0"))

    def test_trailers_of_a_response_arrive(self):
        self.upstream.on("/", lambda request: b"HTTP/1.1 200 OK\r\nTrailer: Grpc-Status\r\nTransfer-Encoding: chunked\r\n\r\n"
                                              b"3\r\nabc\r\n0\r\nGrpc-Status: 0\r\nX-B: c d\r\n\r\n")
        response = self.connect().get("/", ("te", "trailers"))
        self.assertEqual((response.text, response.trailers.fields), ("abc", [("grpc-status", "0"), ("x-b", "c d")]))

    def test_trailers_alone_follow_an_empty_response(self):
        self.upstream.on("/", lambda request: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGrpc-Status: 5\r\n\r\n")
        response = self.connect().get("/", ("te", "trailers"))
        self.assertEqual((response.body, response.trailers.fields), (b"", [("grpc-status", "5")]))

    def test_trailers_that_say_how_or_from_whom_the_message_is_are_refused(self):
        fields = (("content-length", "3"), ("transfer-encoding", "chunked"), ("host", "evil"), ("connection", "close"), ("cookie", "a=b"),
                  ("authorization", "Basic eA=="), ("x-forwarded-for", "9.9.9.9"), ("te", "trailers"), ("x_under", "1"))
        for field in fields:
            with self.subTest(field):
                self.upstream.requests.clear()
                client = self.connect()
                response = client.request("POST", "/", body=b"abc", trailers=[field, ("x-ok", "1")])
                self.assertTrue(response.status == 400 or response.reset, response)
                self.assertFalse([one for one in self.upstream.requests if one.is_complete])
                self.assertEqual(client.get("/").status, 200)

    def test_the_crumbs_of_cookies_are_one_field_at_the_origin(self):
        self.connect().get("/", ("cookie", "a=1"), ("x-between", "1"), ("cookie", "b=2"), ("cookie", "c=3"))
        self.assertEqual(self.seen.headers.all("Cookie"), ["a=1; b=2; c=3"])

    def test_a_host_without_authority_and_both_alike_are_taken(self):
        client = self.connect()
        plain = [(":method", "GET"), (":scheme", "http"), (":path", "/")]
        self.assertEqual(client.response(client.request_fields([*plain, ("host", "one.example")])).status, 200)
        self.assertEqual(self.seen.headers["X-Forwarded-Host"], "one.example")
        self.assertEqual(client.get("/", ("host", "test")).status, 200)
        self.assertEqual(client.get("/", ("host", "TEST")).status, 200)

    def test_options_of_the_whole_server_is_answered(self):
        response = self.connect().request("OPTIONS", "*")
        self.assertEqual(response.status, 204)
        self.assertIn("GET", response.headers["allow"])

    def test_te_trailers_is_taken_and_an_unknown_method_too(self):
        client = self.connect()
        self.assertEqual(client.get("/", ("te", "trailers")).status, 200)
        self.assertEqual(client.request("PURGE", "/").status, 200)
        self.assertEqual(self.seen.method, "PURGE")

    def test_a_padded_request_with_priority_and_continuations_is_taken(self):
        client = self.connect()
        stream = client.new_stream()
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "test"), (":path", "/"), ("x-long", "v" * 300)]
        block = client.encoder.encode(fields)
        head = client.head_frame(stream, [], flags=("PADDED", "PRIORITY"))
        head.data, head.pad_length, head.stream_weight = block[:50], 7, 15
        rest = [ContinuationFrame(stream, block[50:200]), ContinuationFrame(stream, block[200:], flags=("END_HEADERS",))]
        data = DataFrame(stream, b"padded", flags=("PADDED", "END_STREAM"), pad_length=200)
        client.send(head, *rest, data)
        self.assertEqual(client.response(stream).status, 200)
        self.assertEqual((self.seen.body, self.seen.headers["x-long"]), (b"padded", "v" * 300))

    def test_a_client_whose_table_is_empty_or_large_understands(self):
        for size in (0, 65536):
            client = self.connect(settings={1: size})
            client.decoder.max_allowed_table_size = 65536
            for _ in range(3):
                self.assertEqual(client.get("/").text, "ok")

    def test_the_settings_tell_the_limits(self):
        client = self.connect()
        client.ping()
        self.assertEqual(client.peer_settings[3], 100)
        self.assertGreaterEqual(client.peer_settings[4], 65535)
        self.assertIn(6, client.peer_settings)


class Interim(Http2Test):
    def test_expect_100_continue_lets_the_origin_ask_for_the_body(self):
        def asks(request):
            request.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.connection.body_of(request)
            return answer()

        asks.reads_body = False
        self.upstream.on("/", asks)
        client = self.connect()
        stream = client.begin("POST", "/", ("expect", "100-continue"), ("content-length", "3"), has_body=True)
        found = client.streams[stream]
        client.wait(lambda: found.interim, "100 Continue")
        self.assertEqual(found.interim[0][0], 100)
        client.send_body(stream, b"abc")
        self.assertEqual(client.response(stream).status, 200)
        self.assertEqual(self.seen.body, b"abc")

    def test_early_hints_arrive_before_the_response(self):
        self.upstream.on("/", lambda request: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\n" + answer(b"then"))
        response = self.connect().get("/")
        self.assertEqual([(status, fields.fields) for status, fields in response.interim], [(103, [("link", "</a>")])])
        self.assertEqual((response.status, response.text), (200, "then"))


class ManyStreams(Http2Test):
    def test_a_hundred_requests_are_answered_in_any_order(self):
        events = [threading.Event() for _ in range(100)]
        for number, event in enumerate(events):
            self.upstream.on(f"/{number}", held(event, str(number)))
        client = self.connect()
        streams = [client.begin("GET", f"/{number}") for number in range(100)]
        self.upstream.wait_requests(100)
        for number in reversed(range(100)):
            events[number].set()
            if number % 25 == 0:
                self.assertEqual(client.response(streams[number]).text, str(number))
        for number, stream in enumerate(streams):
            self.assertEqual(client.response(stream).text, str(number))
        self.assertEqual(self.sluice.metric_sum("sluice_connections", listener="web") or 1, 1)

    def test_one_stream_that_is_reset_ends_its_upstream_alone(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.upstream.on("/other", held(go_on, "other"))

        def thinks(request):
            request.connection.wait_closed()
            return None

        self.upstream.on("/thinks", thinks)
        client = self.connect()
        other, given_up = client.begin("GET", "/other"), client.begin("GET", "/thinks")
        self.upstream.wait_requests(2)
        request = next(one for one in self.upstream.requests if one.target == "/thinks")
        client.reset(given_up)
        wait_until(lambda: request.connection.closed, "the close of the upstream connection")
        go_on.set()
        self.assertEqual(client.response(other).text, "other")
        self.assertEqual(client.get("/again").status, 200)

    def test_more_than_a_hundred_at_once_from_who_does_not_know_yet_are_refused_and_may_come_again(self):
        event = threading.Event()
        self.addCleanup(event.set)
        self.upstream.on("/held", held(event))
        client = self.connect()
        # In one piece: our SETTINGS are still on their way.
        streams = [client.new_stream() for _ in range(130)]
        fields = [(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/held")]
        client.send(*(client.head_frame(stream, fields) for stream in streams))
        for stream in streams[100:]:
            self.assertEqual(client.response(stream).reset, 7)
        event.set()
        for stream in streams[:100]:
            self.assertEqual(client.response(stream).status, 200)
        self.assertEqual(client.get("/held").status, 200)


class Large(GatewayTest):
    SIZE = 20 * MIB

    def connect(self, gateway, **options):
        client = Http2Client(gateway.address(), **options)
        self.addCleanup(client.close)
        return client

    def check_memory(self, gateway):
        if os.environ.get("SLUICE_SANITIZED") != "1":
            self.assertLess(gateway.peak_rss_bytes(), 64 * MIB)

    def test_20_mib_come_down(self):
        def send(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.SIZE)
            for _ in range(self.SIZE // len(BLOCK)):
                request.connection.send(BLOCK)
            return b""

        origin = self.origin()
        origin.on("/", send)
        gateway = self.gateway(proxy_to(origin))
        response = self.connect(gateway).get("/")
        self.assertTrue(response.is_complete)
        self.assertTrue(response.body == BLOCK * (self.SIZE // len(BLOCK)))
        self.check_memory(gateway)

    def test_20_mib_go_up_on_each_of_four_streams(self):
        taken = []

        def take(request):
            taken.append(request.body_bytes)
            return answer(b"taken")

        origin = self.origin()
        origin.on("/", take)
        gateway = self.gateway(proxy_to(origin))
        client = self.connect(gateway)
        streams = [client.begin("POST", "/", has_body=True) for _ in range(4)]
        for number in range(self.SIZE // len(BLOCK)):
            for stream in streams:
                client.send_body(stream, BLOCK, ends=number == self.SIZE // len(BLOCK) - 1)
        for stream in streams:
            self.assertEqual(client.response(stream).text, "taken")
        self.assertEqual(taken, [self.SIZE] * 4)
        self.check_memory(gateway)

    def test_an_upload_waits_for_the_origin_that_does_not_read(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def lazy(request):
            go_on.wait(30)
            request.connection.body_of(request)
            return answer(b"late")

        lazy.reads_body = False
        origin = self.origin()
        origin.on("/lazy", lazy)
        gateway = self.gateway(proxy_to(origin))
        client = self.connect(gateway)
        stream = client.begin("POST", "/lazy", has_body=True)
        sender = threading.Thread(target=client.send_body, args=(stream, BLOCK * 20), daemon=True)
        sender.start()
        other = self.connect(gateway)
        for _ in range(20):
            self.assertEqual(other.get("/").status, 200)
        self.check_memory(gateway)
        go_on.set()
        sender.join(30)
        self.assertEqual(client.response(stream).text, "late")
        self.assertEqual([one.body_bytes for one in origin.requests if one.target == "/lazy"], [20 * MIB])


@unittest.skipUnless(shutil.which("curl"), "curl is missing")
class OtherClients(Http2Test):
    def run_tool(self, *command):
        return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout

    def url(self, path):
        return "http://%s:%d%s" % (*self.sluice.address(), path)

    def test_curl_uploads_and_downloads(self):
        self.upstream.on("/echo", lambda request: answer(request.body))
        with tempfile.NamedTemporaryFile() as file:
            file.write(BLOCK)
            file.flush()
            command = ["curl", "-sS", "--http2-prior-knowledge", "-w", "%{stderr}%{http_version}"]
            out = self.run_tool(*command, "--data-binary", f"@{file.name}", self.url("/echo"))
            self.assertTrue(out == BLOCK)
            out = self.run_tool(*command, "-T", file.name, "-H", "Expect: 100-continue", self.url("/echo"))
            self.assertTrue(out == BLOCK)

    @unittest.skipUnless(shutil.which("h2load"), "h2load is missing")
    def test_h2load_gets_every_answer(self):
        out = self.run_tool("h2load", "-n", "3000", "-c", "4", "-m", "50", self.url("/")).decode()
        self.assertIn("3000 succeeded, 0 failed, 0 errored", out)

    def test_a_strict_client_finds_nothing_wrong(self):
        import h2.config
        import h2.connection
        import h2.events
        import socket

        session = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        session.initiate_connection()
        self.upstream.on("/a", lambda request: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(BLOCK[:100000]))
        head = [(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/a")]
        for stream in (1, 3, 5):
            session.send_headers(stream, head, end_stream=True)
        with socket.create_connection(self.sluice.address(), 30) as sock:
            sock.sendall(session.data_to_send())
            bodies, ended = {1: b"", 3: b"", 5: b""}, set()
            while len(ended) < 3:
                for event in session.receive_data(sock.recv(65536)):
                    if isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        session.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        ended.add(event.stream_id)
                sock.sendall(session.data_to_send())
        self.assertEqual({body == BLOCK[:100000] for body in bodies.values()}, {True})


if __name__ == "__main__":
    main()
