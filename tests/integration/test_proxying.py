"""Requests and responses pass through unharmed: methods, bodies, trailers, interim responses, versions, pipelining."""

import hashlib
import threading
import unittest

from harness import GatewayTest, SharedGatewayTest, answer, chunks, config, main, proxy_to, request_bytes, route, wait_until

MIB = 1024 * 1024


def pattern(size):
    """Bytes in which a lost or doubled block would show."""
    block = b"".join(b"%07d\n" % i for i in range(8192))
    return (block * (size // len(block) + 1))[:size]


class Methods(SharedGatewayTest):
    def test_get_is_answered_with_the_origins_status_headers_and_body(self):
        self.upstream.on("/a", lambda _: answer(b"hello", "203 Fine By Me", ["X-Colour: blue", "Content-Type: text/plain"]))
        response = self.connect().get("/a?x=1&y")
        self.assertEqual((response.status, response.reason, response.body), (203, "Fine By Me", b"hello"))
        self.assertEqual(response.headers["X-Colour"], "blue")
        self.assertEqual((self.seen.method, self.seen.target), ("GET", "/a?x=1&y"))

    def test_post_with_content_length_reaches_the_origin_whole(self):
        response = self.connect().post("/a", b"some body")
        self.assertEqual(response.status, 200)
        self.assertEqual((self.seen.method, self.seen.body, self.seen.is_chunked), ("POST", b"some body", False))

    def test_every_registered_method_and_an_unknown_one_are_passed_on(self):
        client = self.connect()
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
            with self.subTest(method):
                self.assertEqual(client.request(method, "/m").status, 200)
                self.assertEqual(self.seen.method, method)

    def test_head_has_the_length_of_get_and_no_body(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
        client = self.connect()
        response = client.request("HEAD", "/a")
        self.assertEqual(response.headers["Content-Length"], "1234")
        self.assertEqual(client.request("HEAD", "/b").status, 200)

    def test_head_of_a_chunked_resource_leaves_the_connection_usable(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        client = self.connect()
        self.assertEqual(client.request("HEAD", "/a").status, 200)
        self.assertEqual(client.get("/b").body, b"ok")

    def test_204_has_no_body_and_no_length(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n")
        client = self.connect()
        response = client.request("DELETE", "/a")
        self.assertEqual(response.status, 204)
        self.assertNotIn("Content-Length", response.headers)
        self.assertNotIn("Transfer-Encoding", response.headers)
        self.assertEqual(client.get("/b").body, b"ok")

    def test_304_may_tell_a_length_and_has_no_body(self):
        self.upstream.on("/a", lambda _: b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n')
        client = self.connect()
        response = client.get("/a", 'If-None-Match: "x"')
        self.assertEqual((response.status, response.headers["ETag"]), (304, '"x"'))
        self.assertEqual(response.headers["Content-Length"], "99")
        self.assertEqual(client.get("/b").body, b"ok")


class Chunked(SharedGatewayTest):
    def test_a_chunked_request_reaches_the_origin_whole(self):
        client = self.connect().send(
            request_bytes("POST", "/a", ["Transfer-Encoding: chunked"]) + chunks(b"one", b"two" * 1000, b"3")
        )
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.seen.body, b"one" + b"two" * 1000 + b"3")
        self.assertTrue(self.seen.is_chunked)

    def test_a_chunked_response_reaches_the_client_whole(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"ab", b"c" * 70000))
        client = self.connect()
        response = client.get("/a")
        self.assertTrue(response.is_chunked)
        self.assertEqual(response.body, b"ab" + b"c" * 70000)
        self.assertEqual(client.get("/b").body, b"ok")

    def test_trailers_of_a_request_are_passed_on(self):
        client = self.connect().send(
            request_bytes("POST", "/a", ["Transfer-Encoding: chunked", "Trailer: X-Sum"])
            + chunks(b"data", trailers=["X-Sum: 42"])
        )
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.seen.trailers["X-Sum"], "42")

    def test_trailers_of_a_response_are_passed_on(self):
        for body in (b"data", b"", b"d" * 100000):
            with self.subTest(size=len(body)):
                pieces = [body] if body else []
                self.upstream.on(
                    "/a",
                    lambda _, pieces=pieces: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                    + chunks(*pieces, trailers=["X-Sum: 42"]),
                )
                client = self.connect()
                response = client.get("/a", "TE: trailers", "Connection: TE")
                self.assertEqual((response.body, response.trailers["X-Sum"]), (body, "42"))
                self.assertEqual(client.get("/b").body, b"ok")

    def test_trailers_that_come_after_the_data_are_passed_on(self):
        def slowly(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n")
            got_head.wait(30)
            connection.send(b"0\r\nX-Sum: 42\r\n\r\n")
            connection.wait_closed()

        got_head = threading.Event()
        origin = self.origin(script=[slowly])
        client = self.client(self.gateway(proxy_to(origin)))
        client.send(request_bytes("GET", "/"))
        head = client.head()
        got_head.set()
        client.body_of(head)
        self.assertEqual((head.body, head.trailers["X-Sum"]), (b"data", "42"))

    def test_a_body_until_close_becomes_chunks(self):
        def until_close(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\n\r\nall there is")
            connection.close()

        origin = self.origin(script=[until_close])
        client = self.client(self.gateway(proxy_to(origin)))
        response = client.get("/")
        self.assertEqual((response.body, response.is_chunked), (b"all there is", True))
        self.assertEqual(client.get("/").body, b"ok")


class Interim(SharedGatewayTest):
    def test_103_is_passed_on_before_the_final_response(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 2 + answer(b"done"))
        response = self.connect().get("/a")
        self.assertEqual([one.status for one in response.interim], [103, 103])
        self.assertEqual(response.interim[0].headers["Link"], "</a.css>")
        self.assertEqual(response.body, b"done")

    def test_interim_responses_lose_what_is_meant_for_one_connection(self):
        fields = b"Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\nLink: </a.css>\r\n"
        self.upstream.on("/a", lambda _: b"HTTP/1.1 103 Early Hints\r\n" + fields + b"\r\n" + answer(b"done"))
        interim = self.connect().get("/a").interim[0]
        self.assertEqual(interim.headers["Link"], "</a.css>")
        for name in ("Connection", "X-Hop", "Keep-Alive", "Content-Length"):
            self.assertNotIn(name, interim.headers)

    def test_more_connection_options_than_anybody_needs_are_400(self):
        options = ", ".join(f"x{i}" for i in range(50))
        response = self.connect().get("/a", f"Connection: {options}")
        self.assertEqual(response.status, 400)

    def test_interim_responses_are_withheld_from_http_1_0(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"done"))
        response = self.connect().request("GET", "/a", version="1.0")
        self.assertEqual((response.interim, response.body), ([], b"done"))

    def test_the_origins_100_continue_releases_the_body(self):
        def ask(connection):
            request = connection.request_head()
            self.assertEqual(request.headers["Expect"].lower(), "100-continue")
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.body_of(request)
            connection.send(answer(request.body))
            connection.wait_closed()

        origin = self.origin(script=[ask])
        client = self.client(self.gateway(proxy_to(origin)))
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(client.head().status, 100)
        client.send(b"body")
        self.assertEqual(client.response().body, b"body")

    def test_an_origin_that_refuses_instead_of_continuing_is_heard(self):
        def refuse(connection):
            connection.request_head()
            connection.send(answer(b"no", "403 Forbidden", close=True))
            connection.wait_closed()

        origin = self.origin(script=[refuse])
        client = self.client(self.gateway(proxy_to(origin)))
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(client.response().status, 403)
        self.assertTrue(client.is_closed())

    def test_an_answer_that_leaves_an_expected_body_unread_says_that_it_is_the_last(self):
        client = self.client(self.gateway(config([route("/here", respond={"status": 200})])))
        response = client.request("POST", "/here", ["Content-Length: 5", "Expect: 100-continue"])
        self.assertEqual(response.headers["Connection"], "close")
        self.assertTrue(client.is_closed())

    def test_an_unknown_expectation_is_answered_with_417(self):
        response = self.connect().post("/a", b"x", "Expect: a-cake")
        self.assertEqual(response.status, 417)


class Versions(SharedGatewayTest):
    def test_http_1_0_is_closed_after_the_response(self):
        client = self.connect()
        response = client.request("GET", "/a", version="1.0")
        self.assertEqual((response.status, response.body), (200, b"ok"))
        self.assertEqual(response.headers["Connection"], "close")
        self.assertTrue(client.is_closed())
        self.assertEqual(self.seen.version, "1.1")

    def test_http_1_0_with_keep_alive_is_kept(self):
        client = self.connect()
        for _ in range(3):
            response = client.request("GET", "/a", ["Connection: keep-alive"], version="1.0")
            self.assertEqual(response.headers["Connection"].lower(), "keep-alive")

    def test_http_1_0_gets_a_chunked_body_unchunked(self):
        self.upstream.on("/a", lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"ab", b"cd"))
        client = self.connect()
        response = client.request("GET", "/a", ["Connection: keep-alive"], version="1.0")
        self.assertEqual((response.body, response.is_chunked), (b"abcd", False))
        self.assertTrue(client.is_closed())

    def test_http_1_0_without_host_is_served(self):
        response = self.connect().request("GET", "/a", version="1.0", host=None)
        self.assertEqual(response.status, 200)

    def test_connection_close_is_honoured(self):
        client = self.connect()
        response = client.get("/a", "Connection: close")
        self.assertEqual(response.headers["Connection"], "close")
        self.assertTrue(client.is_closed())

    def test_an_absolute_target_is_served_and_its_authority_wins_over_host(self):
        response = self.connect().request("GET", "http://one.example:81/a?b", host="two.example")
        self.assertEqual(response.status, 200)
        self.assertEqual((self.seen.target, self.seen.headers["Host"]), ("/a?b", "one.example:81"))

    def test_options_asterisk_is_answered_by_the_gateway(self):
        response = self.connect().request("OPTIONS", "*")
        self.assertEqual(response.status, 204)
        self.assertIn("GET", response.headers["Allow"])
        self.assertEqual(self.upstream.requests, [])

    def test_connect_and_trace_are_refused(self):
        for request in (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", request_bytes("TRACE", "/a")):
            with self.subTest(request):
                self.assertEqual(self.connect().send(request).response().status, 405)
        self.assertEqual(self.upstream.requests, [])


class Pipelining(SharedGatewayTest):
    def test_requests_sent_at_once_are_answered_in_order(self):
        for path in "abc":
            self.upstream.on("/" + path, lambda _, path=path: answer(path.encode()))
        requests = [request_bytes("GET", "/a"), request_bytes("GET", "/b"), request_bytes("GET", "/c")]
        client = self.connect().send(b"".join(requests))
        self.assertEqual([client.response().body for _ in range(3)], [b"a", b"b", b"c"])

    def test_bodies_between_pipelined_requests_stay_with_their_request(self):
        client = self.connect().send(
            request_bytes("POST", "/a", body=b"first")
            + request_bytes("POST", "/b", ["Transfer-Encoding: chunked"])
            + chunks(b"sec", b"ond")
            + request_bytes("GET", "/c")
            + request_bytes("POST", "/d", body=b"fourth")
        )
        self.assertEqual([client.response().status for _ in range(4)], [200] * 4)
        self.assertEqual([one.body for one in self.upstream.requests], [b"first", b"second", b"", b"fourth"])

    def test_a_hundred_pipelined_requests_are_all_answered(self):
        client = self.connect().send(b"".join(request_bytes("GET", f"/{i}") for i in range(100)))
        for i in range(100):
            self.assertEqual(client.response().status, 200, i)
        self.assertEqual([one.target for one in self.upstream.requests], [f"/{i}" for i in range(100)])


class LargeBodies(SharedGatewayTest):
    size = 64 * MIB

    def test_64_mib_come_down_unharmed(self):
        body = pattern(self.size)
        self.upstream.on("/big", lambda _: answer(body))
        digest = hashlib.sha256()
        response = self.send_get(digest.update)
        self.assertEqual(response.headers["Content-Length"], str(self.size))
        self.assertEqual(digest.digest(), hashlib.sha256(body).digest())

    def test_64_mib_come_down_in_chunks_unharmed(self):
        body = pattern(self.size)
        pieces = [body[at : at + 30011] for at in range(0, len(body), 30011)]
        self.upstream.on("/big", lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(*pieces))
        digest = hashlib.sha256()
        self.send_get(digest.update)
        self.assertEqual(digest.digest(), hashlib.sha256(body).digest())

    def test_64_mib_go_up_unharmed(self):
        body = pattern(self.size)
        self.assertEqual(self.connect().post("/up", body).status, 200)
        self.assertEqual(hashlib.sha256(self.seen.body).digest(), hashlib.sha256(body).digest())

    def test_64_mib_go_up_in_chunks_unharmed(self):
        body = pattern(self.size)
        pieces = [body[at : at + 50021] for at in range(0, len(body), 50021)]
        client = self.connect().send(request_bytes("POST", "/up", ["Transfer-Encoding: chunked"]) + chunks(*pieces))
        self.assertEqual(client.response().status, 200)
        self.assertEqual(hashlib.sha256(self.seen.body).digest(), hashlib.sha256(body).digest())

    def send_get(self, sink):
        return self.connect().send(request_bytes("GET", "/big")).response(sink=sink)


class UpstreamReuse(GatewayTest):
    def test_requests_share_one_upstream_connection(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin))
        for _ in range(3):
            client = self.client(gateway)
            for _ in range(5):
                self.assertEqual(client.get("/").body, b"ok")
        self.assertEqual((len(origin.requests), origin.accepted), (15, 1))

    def test_a_connection_that_the_origin_will_close_is_not_used_again(self):
        origin = self.origin()
        origin.on("/last", lambda _: answer(b"bye", close=True))
        client = self.client(self.gateway(proxy_to(origin)))
        self.assertEqual(client.get("/last").body, b"bye")
        self.assertEqual(client.get("/next").body, b"ok")
        self.assertEqual(origin.accepted, 2)

    def test_an_http_1_0_origin_is_understood(self):
        def old(connection):
            connection.request()
            connection.send(b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nold")
            connection.close()

        origin = self.origin(script=[old, old])
        client = self.client(self.gateway(proxy_to(origin)))
        self.assertEqual([client.get("/").body, client.get("/").body], [b"old", b"old"])

    def test_idle_upstream_connections_are_closed_after_their_limit(self):
        origin = self.origin()
        settings = [{"name": "origin", "endpoints": [{"address": origin.address}], "idle_timeout": "300ms"}]
        gateway = self.gateway({**proxy_to(origin), "clusters": settings})
        self.assertEqual(gateway.get("/").status, 200)
        connection = origin.connections[0]
        wait_until(lambda: connection.reader.ended, "the idle connection to be closed", 15)

    def test_two_endpoints_take_turns(self):
        origins = [self.origin(), self.origin()]
        client = self.client(self.gateway(proxy_to(*origins)))
        for _ in range(10):
            self.assertEqual(client.get("/").status, 200)
        self.assertEqual([len(origin.requests) for origin in origins], [5, 5])


if __name__ == "__main__":
    main()
