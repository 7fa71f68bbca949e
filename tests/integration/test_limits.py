"""Limits: of heads, of bodies, of connections, of requests on one connection."""

import socket
import sys
import threading
import unittest

try:
    import resource
except ImportError:
    resource = None  # Windows has none.

from harness import Client, GatewayTest, SharedGatewayTest, chunks, cluster, config, is_sanitized, main, proxy_to, request_bytes, route, wait_until


class Heads(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        return proxy_to(origin, limits={"headers": 10, "header_bytes": 2048, "request_line_bytes": 512})

    def refused(self, status, data):
        client = self.connect()
        client.try_send(data)
        self.assertEqual(client.response().status, status)
        client.shutdown_send()
        self.assertTrue(client.is_closed())
        self.assertEqual(self.upstream.requests, [])

    def test_as_many_headers_as_allowed_pass(self):
        fields = [f"X-{i}: a" for i in range(9)]
        self.assertEqual(self.connect().get("/", *fields).status, 200)

    def test_one_header_too_many_is_431(self):
        self.refused(431, request_bytes("GET", "/", [f"X-{i}: a" for i in range(10)]))

    def test_headers_too_large_are_431(self):
        self.refused(431, request_bytes("GET", "/", ["X: " + "a" * 2048]))

    def test_headers_that_never_end_are_431_before_they_end(self):
        self.refused(431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100000)

    def test_a_request_line_too_long_is_414(self):
        self.refused(414, request_bytes("GET", "/" + "a" * 512))

    def test_a_request_line_that_never_ends_is_414_before_it_ends(self):
        self.refused(414, b"GET /" + b"a" * 100000)

    def test_a_request_line_as_long_as_allowed_passes(self):
        line = len("GET  HTTP/1.1")
        self.assertEqual(self.connect().get("/" + "a" * (512 - line - 1)).status, 200)

    def test_trailers_too_many_are_refused(self):
        trailers = [f"X-{i}: a" for i in range(2000)]
        client = self.connect()
        client.try_send(request_bytes("POST", "/", ["Transfer-Encoding: chunked"]) + chunks(b"a", trailers=trailers))
        self.assertIn(client.response().status, (400, 431))


class DefaultHeads(SharedGatewayTest):
    def test_large_heads_within_the_defaults_pass(self):
        fields = [f"X-{i}: {'a' * 300}" for i in range(90)]
        self.assertEqual(self.connect().get("/" + "p" * 15000, *fields).status, 200)
        self.assertEqual(len(self.seen.target), 15001)
        self.assertEqual(self.seen.headers["X-89"], "a" * 300)

    def test_100_headers_pass_and_101_do_not(self):
        self.assertEqual(self.connect().get("/", *["X: a"] * 99).status, 200)
        self.assertEqual(self.connect().get("/", *["X: a"] * 100).status, 431)

    def test_a_large_response_head_passes(self):
        fields = "".join(f"X-{i}: {'a' * 300}\r\n" for i in range(90))
        self.upstream.on("/a", lambda _: b"HTTP/1.1 200 OK\r\n" + fields.encode() + b"Content-Length: 2\r\n\r\nok")
        response = self.connect().get("/a")
        self.assertEqual((response.status, response.headers["X-89"], response.body), (200, "a" * 300, b"ok"))


class Bodies(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        routes = [
            route("/small", cluster="origin", max_body_bytes=1000),
            route("/*rest", cluster="origin"),
        ]
        return config(routes, [cluster("origin", origin)])

    def test_a_body_as_large_as_allowed_passes(self):
        self.assertEqual(self.connect().post("/small", b"x" * 1000).status, 200)

    def test_a_length_beyond_the_limit_is_413_and_reaches_nobody(self):
        client = self.connect().send(request_bytes("POST", "/small", ["Content-Length: 1001"]))
        self.assertEqual(client.response().status, 413)
        self.assertEqual(self.upstream.requests, [])

    def test_a_chunked_body_beyond_the_limit_is_413_and_never_whole_at_the_origin(self):
        for size in (600, 100_000):
            with self.subTest(size=size):
                client = self.connect()
                client.try_send(request_bytes("POST", "/small", ["Transfer-Encoding: chunked"]) + chunks(*[b"x" * size] * 3))
                self.assertEqual(client.response().status, 413)
        self.assertFalse(any(one.is_complete for one in self.upstream.requests))

    def test_other_routes_have_their_own_limit(self):
        self.assertEqual(self.connect().post("/large", b"x" * 1001).status, 200)


class Connections(GatewayTest):
    def is_turned_away(self, gateway):
        """Whether a new connection is closed without an answer, whatever it sends."""
        try:
            with gateway.client() as client:
                client.try_send(request_bytes("GET", "/"))
                return client.read_to_end() == b""
        except ConnectionResetError:
            return True

    def test_connections_beyond_the_limit_are_turned_away_and_counted(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"connections": 5}))
        kept = [self.client(gateway) for _ in range(5)]
        for client in kept:
            self.assertEqual(client.get("/").status, 200)
        self.assertTrue(self.is_turned_away(gateway))
        self.assertEqual(gateway.metric_sum("sluice_refused_total", reason="too_many_connections"), 1)
        kept.pop().close()
        wait_until(lambda: self.is_served(gateway), "room for another connection", 10)

    def is_served(self, gateway):
        """Whether a new connection gets its answer."""
        try:
            with gateway.client() as client:
                client.try_send(request_bytes("GET", "/", ["Connection: close"]))
                return client.read_to_end().startswith(b"HTTP/1.1 200 ")
        except ConnectionResetError:
            return False

    def test_the_admin_listener_has_room_when_the_gateway_is_full(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"connections": 1}))
        client = self.client(gateway)
        client.get("/")
        self.assertEqual(gateway.get("/healthz", listener="admin").status, 200)

    def test_one_client_cannot_take_more_than_its_share(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"connections_per_client": 3}))
        kept = [self.client(gateway) for _ in range(3)]
        for client in kept:
            self.assertEqual(client.get("/").status, 200)
        self.assertTrue(self.is_turned_away(gateway))
        self.assertEqual(self.client(gateway, source="127.0.0.2").get("/").status, 200)
        kept.pop().close()
        wait_until(lambda: self.is_served(gateway), "room for the client's next connection", 10)

    def test_a_connection_ends_after_its_number_of_requests(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"requests_per_connection": 3}))
        client = self.client(gateway)
        self.assertNotIn("Connection", client.get("/").headers)
        self.assertNotIn("Connection", client.get("/").headers)
        self.assertEqual(client.get("/").headers["Connection"], "close")
        self.assertTrue(client.is_closed())

    def test_more_contexts_than_the_pool_holds_are_served_and_counted(self):
        def hold(connection):
            connection.request()
            together.wait(30)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.wait_closed()

        together = threading.Event()
        origin = self.origin(script=[hold] * 20)
        gateway = self.gateway(proxy_to(origin, limits={"contexts": 5}))
        clients = [self.client(gateway).send(request_bytes("GET", "/")) for _ in range(20)]
        origin.wait_requests(20)
        together.set()
        self.assertEqual([client.response().status for client in clients], [200] * 20)
        wait_until(lambda: gateway.metric_sum("sluice_context_pool_overflows_total") > 0, "the overflows to be counted", 10)

    def test_a_thousand_connections_at_once_are_served(self):
        gateway = self.gateway(proxy_to(self.origin()))
        clients = [self.client(gateway) for _ in range(1000)]
        for client in clients:
            client.send(request_bytes("GET", "/"))
        self.assertEqual({client.response().status for client in clients}, {200})


@unittest.skipUnless(sys.platform == "linux", "prlimit(2) is Linux's")
@unittest.skipIf(is_sanitized(), "UBSan looks at memory by way of a pipe, for which there is no descriptor then")
class Descriptors(GatewayTest):
    def test_connections_wait_while_descriptors_are_out_and_the_log_says_so(self):
        gateway = self.gateway(proxy_to(self.origin()))
        self.assertEqual(gateway.get("/").status, 200)
        pid = gateway.process.pid
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, usual[1]))
        waiting = self.client(gateway).send(request_bytes("GET", "/"))
        wait_until(lambda: "can't accept connections" in gateway.log_text(), "the log to say it")
        line = next(line for line in gateway.log_text().splitlines() if "can't accept connections" in line)
        self.assertIn('"level":"error"', line.replace(" ", ""))
        self.assertIn("no descriptor left to accept a connection", line)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        self.assertEqual(waiting.response().status, 200)


class Probes(GatewayTest):
    def test_a_client_that_connects_and_leaves_at_once_does_no_harm(self):
        gateway = self.gateway(proxy_to(self.origin()))
        for _ in range(200):
            Client(gateway.address()).reset()
        with socket.socket() as sock:
            sock.connect(gateway.address())
        self.assertEqual(gateway.get("/").status, 200)


if __name__ == "__main__":
    main()
