"""Mirrored requests: copies reach another cluster, and nothing that happens to them reaches a client."""

import threading
import unittest

from harness import (
    GatewayTest, chunks, cluster, config, held, is_wine, main, request_bytes, route, says, wait_until,
)


class MirrorTest(GatewayTest):
    def mirrored(self, percent=None, shadow=None, route_settings=None, shadow_settings=None, **settings):
        """A client of a gateway before an origin, with copies for the shadow."""
        self.served = self.origin()
        self.shadow = shadow or self.origin()
        mirror = {"cluster": "shadow"}
        if percent is not None:
            mirror["percent"] = percent
        clusters = [cluster("served", self.served), cluster("shadow", self.shadow, **(shadow_settings or {}))]
        self.sluice = self.gateway(
            config([route("/*rest", cluster="served", mirror=mirror, **(route_settings or {}))], clusters, **settings)
        )
        return self.client(self.sluice)


class Copies(MirrorTest):
    def test_every_request_is_copied(self):
        client = self.mirrored()
        for number in range(10):
            self.assertEqual(client.get(f"/{number}?a=b", "X-Mine: 1").status, 200)
        self.shadow.wait_requests(10)
        self.assertEqual(sorted(one.target for one in self.shadow.requests), [f"/{number}?a=b" for number in range(10)])
        self.assertEqual({one.headers["X-Mine"] for one in self.shadow.requests}, {"1"})
        self.assertEqual(len(self.served.requests), 10)

    def test_copies_for_a_cluster_that_balances_by_hash_reach_all_its_endpoints(self):
        other = self.origin()
        shadow = self.origin()
        endpoints = [{"address": one.address} for one in (shadow, other)]
        client = self.mirrored(shadow=shadow, shadow_settings={"balance": "hash", "endpoints": endpoints})
        for _ in range(60):
            client.get("/")
        wait_until(lambda: len(shadow.requests) + len(other.requests) == 60, "all copies")
        self.assertGreater(min(len(shadow.requests), len(other.requests)), 5)

    def test_a_copy_is_what_the_upstream_gets(self):
        client = self.mirrored(route_settings={"strip_prefix": "/api", "request_headers": {"set": {"X-Area": "1"}}})
        client.request("PUT", "/api/orders", body=b"content")
        copy = self.shadow.wait_requests(1)
        wait_until(lambda: copy.is_complete, "the copy's body")
        original = self.served.requests[0]
        for one in (copy, original):
            self.assertEqual((one.method, one.target, one.body), ("PUT", "/orders", b"content"))
            self.assertEqual(one.headers["X-Area"], "1")

    def test_the_body_of_a_post_is_copied(self):
        client = self.mirrored()
        body = bytes(range(256)) * 8
        self.assertEqual(client.post("/", body).status, 200)
        copy = self.shadow.wait_requests(1)
        wait_until(lambda: copy.is_complete, "the copy's body")
        self.assertEqual((copy.method, copy.body), ("POST", body))

    def test_a_chunked_body_is_copied(self):
        client = self.mirrored()
        client.send(request_bytes("POST", "/", ["Transfer-Encoding: chunked"]) + chunks(b"one", b"two"))
        self.assertEqual(client.response().status, 200)
        copy = self.shadow.wait_requests(1)
        wait_until(lambda: copy.is_complete, "the copy's body")
        self.assertEqual(copy.body, b"onetwo")

    def test_a_request_that_is_sent_again_over_a_new_connection_is_copied_once(self):
        client = self.mirrored()
        numbers = set()

        def closes_at_reuse(request):
            is_first = request.connection.number not in numbers
            numbers.add(request.connection.number)
            return says("ok")(request) if is_first else None

        self.served.otherwise = closes_at_reuse
        for target in ("/1", "/2", "/3"):
            self.assertEqual(client.get(target).status, 200)
        self.assertEqual(len(self.served.requests), 5)
        wait_until(lambda: "/3" in [one.target for one in self.shadow.requests], "the last copy")
        self.assertEqual(sorted(one.target for one in self.shadow.requests), ["/1", "/2", "/3"])

    def test_a_body_that_comes_later_is_not_copied(self):
        client = self.mirrored()
        client.send(request_bytes("POST", "/late", ["Content-Length: 10"]) + b"begin")
        self.served.wait_requests(1)
        client.send(b"-ning")
        self.assertEqual(client.response().status, 200)
        client.get("/whole")
        self.shadow.wait_requests(1)
        self.assertEqual([one.target for one in self.shadow.requests], ["/whole"])

    def test_a_share_is_copied(self):
        client = self.mirrored(percent=30)
        for _ in range(300):
            client.get("/")
        client.get("/")
        wait_until(lambda: len(self.shadow.requests) > 45, "the copies")
        self.assertLess(len(self.shadow.requests), 140)

    def test_a_share_of_nothing_is_never_copied(self):
        client = self.mirrored(percent=0)
        for _ in range(50):
            client.get("/")
        self.assertEqual(self.shadow.requests, [])


class Failures(MirrorTest):
    def expect_unseen(self, client, count=20):
        for number in range(count):
            response = client.post(f"/{number}", b"body")
            self.assertEqual((response.status, response.body), (200, b"ok"))
        self.assertEqual(len(self.served.requests), count)

    def test_a_shadow_that_is_gone_is_not_seen(self):
        shadow = self.origin()
        shadow.stop()
        self.expect_unseen(self.mirrored(shadow=shadow))

    def test_a_shadow_that_answers_with_errors_is_not_seen(self):
        shadow = self.origin()
        shadow.otherwise = says("broken", "500 Internal Server Error", ["X-Shadow: 1"])
        self.expect_unseen(self.mirrored(shadow=shadow))
        shadow.wait_requests(20)

    def test_a_shadow_that_breaks_off_is_not_seen(self):
        shadow = self.origin()
        shadow.otherwise = lambda request: None
        self.expect_unseen(self.mirrored(shadow=shadow))

    def test_a_shadow_that_talks_nonsense_is_not_seen(self):
        shadow = self.origin()
        shadow.otherwise = lambda request: b"nonsense\r\n\r\n"
        self.expect_unseen(self.mirrored(shadow=shadow))

    def test_nobody_waits_for_a_shadow_and_no_more_than_100_copies_are_under_way(self):
        release = threading.Event()
        self.addCleanup(release.set)
        shadow = self.origin()
        shadow.otherwise = held(release)
        client = self.mirrored(shadow=shadow)
        self.expect_unseen(client, 130)
        shadow.wait_requests(100)
        client.get("/last")
        self.assertEqual(len(shadow.requests), 100)
        release.set()
        before = len(shadow.requests)

        def is_copied_again():
            client.get("/again")
            return len(shadow.requests) > before

        wait_until(is_copied_again, "copies to be made again")

    @unittest.skipIf(is_wine(), "Wine passes no signals on")
    def test_the_gateway_stops_in_order_while_copies_are_under_way(self):
        release = threading.Event()
        self.addCleanup(release.set)
        shadow = self.origin()
        shadow.otherwise = held(release)
        client = self.mirrored(shadow=shadow, limits={"drain": "1s"})
        client.get("/")
        shadow.wait_requests(1)
        client.close()
        self.assertEqual(self.sluice.stop(), 0)


if __name__ == "__main__":
    main()
