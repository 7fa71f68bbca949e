"""Requests of every kind of client to upstreams that speak HTTP/2: what arrives there, and what comes back."""

import shutil
import ssl
import tempfile

from certificates import Authority
from harness import LOOPBACK, chunks, main, native_path, request_bytes
from http2_client import Http2Client
from http2_origin import Http2UpstreamTest, at_once


class Shared(Http2UpstreamTest):
    def setUp(self):
        self.upstream = self.http2_origin()
        self.sluice = self.before(self.upstream)

    @property
    def seen(self):
        return self.upstream.requests[-1]


class Requests(Shared):
    def test_a_request_of_http_1_arrives_with_its_pseudo_fields_and_without_the_connections(self):
        client = self.client(self.sluice, host="shop.test:81")
        response = client.request("GET", "/a/b?c=d", ["X-Mixed-Case: Yes", "Connection: keep-alive, x-hop", "X-Hop: 1", "Keep-Alive: 5"])
        self.assertEqual((response.status, response.body), (200, b"ok"))
        self.assertEqual(self.seen.pseudo, {":method": "GET", ":scheme": "http", ":authority": "shop.test:81", ":path": "/a/b?c=d"})
        self.assertEqual(self.seen.headers["x-mixed-case"], "Yes")
        for name in ("connection", "x-hop", "keep-alive", "host", "transfer-encoding", "content-length"):
            self.assertNotIn(name, self.seen.headers)

    def test_a_request_of_http_2_arrives_as_it_came(self):
        response = self.h2(self.sluice).request("OPTIONS", "/x", ("x-a", "1"), ("x-a", "2"), ("x-empty", ""))
        self.assertEqual((response.status, response.text), (200, "ok"))
        self.assertEqual((self.seen.method, self.seen.path), ("OPTIONS", "/x"))
        self.assertEqual(self.seen.headers.all("x-a"), ["1", "2"])
        self.assertEqual(self.seen.headers["x-empty"], "")

    def test_te_trailers_stays_and_no_other(self):
        self.client(self.sluice).get("/", "TE: trailers", "Connection: TE")
        self.assertEqual(self.seen.headers.get("te"), "trailers")
        self.client(self.sluice).get("/", "TE: gzip", "Connection: TE")
        self.assertNotIn("te", self.seen.headers)
        self.h2(self.sluice).get("/", ("te", "trailers"))
        self.assertEqual(self.seen.headers.get("te"), "trailers")

    def test_cookies_arrive_however_they_are_cut(self):
        self.client(self.sluice).get("/", "Cookie: a=1; b=2")
        self.assertEqual("; ".join(self.seen.headers.all("cookie")), "a=1; b=2")
        self.h2(self.sluice).get("/", ("cookie", "a=1"), ("cookie", "b=2"))
        self.assertEqual("; ".join(self.seen.headers.all("cookie")), "a=1; b=2")

    def test_forwarding_fields_tell_of_the_client(self):
        self.client(self.sluice, host="shop.test").get("/")
        self.assertEqual(self.seen.headers["x-forwarded-for"], "127.0.0.1")
        self.assertEqual((self.seen.headers["x-forwarded-proto"], self.seen.headers["x-forwarded-host"]), ("http", "shop.test"))
        self.assertIn("x-request-id", self.seen.headers)

    def test_the_host_that_a_route_sets_is_the_authority(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream, route={"host": "inner.test"})
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(upstream.requests[-1].pseudo[":authority"], "inner.test")
        gateway.reload(self.settings_before(upstream, route={"host": "endpoint"}))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(upstream.requests[-1].pseudo[":authority"], upstream.address)

    def test_a_body_with_a_length_arrives_with_it(self):
        self.client(self.sluice).post("/", b"hello")
        self.assertEqual((bytes(self.seen.body), self.seen.headers["content-length"]), (b"hello", "5"))
        self.h2(self.sluice).request("POST", "/", ("content-length", "5"), body=b"world")
        self.assertEqual((bytes(self.seen.body), self.seen.headers["content-length"]), (b"world", "5"))

    def test_an_empty_body_arrives_as_none(self):
        self.client(self.sluice).post("/", b"")
        self.assertEqual((bytes(self.seen.body), self.seen.headers.get("content-length")), (b"", "0"))
        self.h2(self.sluice).request("POST", "/", body=b"")
        self.assertEqual(bytes(self.seen.body), b"")

    def test_chunks_and_trailers_arrive_as_data_and_trailers(self):
        client = self.client(self.sluice)
        client.send(request_bytes("POST", "/", ["Transfer-Encoding: chunked", "Trailer: X-Sum"]) + chunks(b"hello", b"world", trailers=["X-Sum: 7"]))
        self.assertEqual(client.response().status, 200)
        self.assertEqual(bytes(self.seen.body), b"helloworld")
        self.assertEqual(self.seen.trailers["x-sum"], "7")
        self.assertNotIn("content-length", self.seen.headers)

    def test_trailers_without_a_body_arrive(self):
        client = self.client(self.sluice)
        client.send(request_bytes("POST", "/", ["Transfer-Encoding: chunked"]) + chunks(trailers=["X-Sum: 7"]))
        self.assertEqual(client.response().status, 200)
        self.assertEqual((bytes(self.seen.body), self.seen.trailers["x-sum"]), (b"", "7"))

    def test_trailers_of_a_client_of_http_2_arrive(self):
        response = self.h2(self.sluice).request("POST", "/", body=b"abc", trailers=[("x-sum", "7")])
        self.assertEqual(response.status, 200)
        self.assertEqual((bytes(self.seen.body), self.seen.trailers["x-sum"]), (b"abc", "7"))

    def test_large_heads_arrive_in_many_frames(self):
        value = "v" * 7000
        response = self.client(self.sluice).get("/" + "p" * 5000, *(f"X-{i}: {value}" for i in range(3)))
        self.assertEqual(response.status, 200)
        self.assertEqual([self.seen.headers[f"x-{i}"] for i in range(3)], [value] * 3)

    def test_a_client_that_expects_100_sends_after_it(self):
        client = self.client(self.sluice)
        client.send(request_bytes("POST", "/", ["Expect: 100-continue", "Content-Length: 5"]))
        self.upstream.on("/", at_once(lambda request: (request.head(100), request.wait_complete(), request.answer())))
        self.assertEqual(client.head().status, 100)
        client.send(b"hello")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(bytes(self.seen.body), b"hello")


class Responses(Shared):
    def both(self, path="/", method="GET"):
        """The response to a client of either version."""
        client = self.client(self.sluice)
        client.send(request_bytes(method, path))
        return client.response(method), self.h2(self.sluice).request(method, path)

    def test_head_and_bodyless_statuses(self):
        def respond(request):
            status = int(request.path[1:])
            request.head(status, *([("content-length", "10")] if status != 204 else []), ends=True)

        self.upstream.otherwise = respond
        for method, status in (("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 304)):
            for response in self.both(f"/{status}", method):
                self.assertEqual((response.status, bytes(response.body)), (status, b""))
                self.assertEqual(response.headers.get("content-length"), None if status == 204 else "10")

    def test_bodyless_answers_may_end_with_an_empty_data_frame(self):
        self.upstream.otherwise = lambda request: (request.head(int(request.path[1:])), request.data(ends=True))
        for method, status in (("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 200)):
            for response in self.both(f"/{status}", method):
                self.assertEqual((response.status, bytes(response.body)), (status, b""))
        self.assertEqual(self.upstream.accepted, 1)

    def test_a_body_without_a_length_is_chunked(self):
        self.upstream.otherwise = lambda request: (request.head(), request.data(b"abc"), request.data(b"def", ends=True))
        one, two = self.both()
        self.assertEqual((one.body, one.is_chunked, two.text), (b"abcdef", True, "abcdef"))

    def test_a_client_of_http_1_0_gets_a_body_that_ends_with_the_connection(self):
        self.upstream.otherwise = lambda request: (request.head(), request.data(b"abc"), request.data(b"def", ends=True))
        client = self.client(self.sluice)
        client.send(b"GET / HTTP/1.0\r\nHost: test\r\n\r\n")
        self.assertEqual(client.response().body, b"abcdef")

    def test_trailers_come_back(self):
        self.upstream.otherwise = lambda request: (request.head(), request.data(b"abc"), request.fields([("x-sum", "7")], ends=True))
        one, two = self.both()
        self.assertEqual((one.body, one.trailers["x-sum"]), (b"abc", "7"))
        self.assertEqual((two.text, two.trailers["x-sum"]), ("abc", "7"))

    def test_trailers_without_a_body_come_back(self):
        self.upstream.otherwise = lambda request: (request.head(), request.fields([("x-sum", "7")], ends=True))
        one, two = self.both()
        self.assertEqual((one.body, one.trailers["x-sum"]), (b"", "7"))
        self.assertEqual((two.text, two.trailers["x-sum"]), ("", "7"))

    def test_trailers_behind_a_body_with_a_length(self):
        self.upstream.otherwise = lambda request: request.answer(b"abc", trailers=[("x-sum", "7")])
        one, two = self.both()
        self.assertEqual((one.body, one.headers["content-length"]), (b"abc", "3"))
        self.assertEqual((two.status, two.text), (200, "abc"))

    def test_interim_responses_come_first(self):
        def respond(request):
            request.head(103, ("link", "</a>"))
            request.head(103, ("link", "</b>"))
            request.answer()

        self.upstream.otherwise = respond
        one, two = self.both()
        self.assertEqual([(each.status, each.headers["link"]) for each in one.interim], [(103, "</a>"), (103, "</b>")])
        self.assertEqual([(status, fields["link"]) for status, fields in two.interim], [(103, "</a>"), (103, "</b>")])

    def test_fields_come_back_in_their_order(self):
        self.upstream.otherwise = lambda request: request.answer(b"ok", 404, ("set-cookie", "a=1"), ("x-empty", ""), ("set-cookie", "b=2"))
        for response in self.both():
            self.assertEqual((response.status, response.headers.all("set-cookie"), response.headers["x-empty"]), (404, ["a=1", "b=2"], ""))

    def test_an_answer_before_the_whole_request_ends_the_upload(self):
        self.upstream.on("/", at_once(lambda request: request.answer(b"early", 413)))
        client = self.client(self.sluice)
        client.send(request_bytes("POST", "/", ["Content-Length: 1000000"]) + b"x" * 1000)
        response = client.response()
        self.assertEqual((response.status, response.body), (413, b"early"))
        stream = self.h2(self.sluice)
        number = stream.begin("POST", "/", has_body=True)
        self.assertEqual(stream.response(number).status, 413)
        for request in self.upstream.requests:
            request.wait_reset()
        self.assertEqual(self.upstream.accepted, 1)

    def test_bodies_larger_than_all_windows_go_both_ways(self):
        data = bytes(range(256)) * 8192
        self.upstream.otherwise = lambda request: request.answer(bytes(request.body))
        self.assertEqual(self.client(self.sluice).post("/", data).body, data)
        self.assertEqual(bytes(self.h2(self.sluice).request("POST", "/", body=data).body), data)


class Tls(Http2UpstreamTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="sluice-h2-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.ca = Authority(folder)
        cls.local = cls.ca.sign("local", "DNS:localhost", "IP:127.0.0.1")

    def secure_origin(self, *script, protocols=("h2",)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.local["cert"], self.local["key"])
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return self.http2_origin(*script, context=context)

    def secure(self, origin, **settings):
        return self.before(origin, tls={"ca": native_path(self.ca.file)}, **settings)

    def test_requests_go_over_tls_with_alpn(self):
        upstream = self.secure_origin()
        upstream.otherwise = lambda request: request.answer(bytes(request.body) or b"ok")
        gateway = self.secure(upstream)
        data = b"x" * 1000000
        self.assertEqual(self.client(gateway).post("/", data).body, data)
        self.assertEqual(bytes(self.h2(gateway).request("POST", "/", body=data).body), data)
        self.assertEqual(upstream.requests[-1].pseudo[":scheme"], "https")
        self.assertEqual((upstream.accepted, upstream.connections[0].sock.selected_alpn_protocol()), (1, "h2"))

    def test_a_client_with_http_2_over_tls_reaches_it(self):
        upstream = self.secure_origin()
        files = [{key: native_path(path) for key, path in self.local.items()}]
        gateway = self.secure(upstream, top={"listeners": [{"name": "web", "address": LOOPBACK, "tls": {"certificates": files}}]})
        context = ssl.create_default_context(cafile=self.ca.file)
        context.set_alpn_protocols(["h2"])
        with Http2Client(gateway.address(), context=context) as client:
            self.assertEqual(client.request("POST", "/", body=b"x" * 100000).status, 200)
        self.assertEqual(upstream.requests[0].body_bytes, 100000)
        self.assertEqual(upstream.requests[0].headers["x-forwarded-proto"], "https")

    def test_an_upstream_that_does_not_agree_on_http_2_is_502(self):
        for protocols in ((), ("http/1.1",)):
            upstream = self.secure_origin(protocols=protocols)
            gateway = self.secure(upstream, top={"log": {"access": "stdout"}})
            response = gateway.get("/")
            self.assertEqual(response.status, 502)
            self.assertIn("HTTP/2", self.logged(gateway, "ALPN"))
            self.assertEqual(upstream.requests, [])


if __name__ == "__main__":
    main()
