"""The admin listener: health, readiness, metrics and status."""

import json
import re

from harness import GatewayTest, SharedGatewayTest, cluster, config, is_wine, main, proxy_to, request_bytes, route, wait_until

SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)+\})? (\+Inf|-?[0-9.e+-]+)\Z')


class Admin(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        routes = [
            route("/orders/:id", name="orders", cluster="origin"),
            route("/hello", respond={"status": 200, "body": "hi"}),
            route("/healthz", name="mine", cluster="origin"),
        ]
        return config(routes, [cluster("origin", origin)], workers=2, limits={"body_idle": "1s"})

    def admin(self, target, method="GET"):
        with self.sluice.client("admin") as client:
            return client.request(method, target)

    def total(self, name, **labels):
        return self.sluice.metric_sum(name, **labels)

    def test_healthz_and_readyz_are_200_while_the_gateway_serves(self):
        for target in ("/healthz", "/readyz"):
            self.assertEqual(self.admin(target).status, 200)

    def test_metrics_are_prometheus_text(self):
        self.connect().get("/orders/1")
        response = self.admin("/metrics")
        self.assertEqual(response.status, 200)
        self.assertTrue(response.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        typed = set()
        for line in response.text.splitlines():
            if line.startswith("# TYPE "):
                name = line.split()[2]
                self.assertNotIn(name, typed)
                typed.add(name)
            elif not line.startswith("# HELP "):
                self.assertRegex(line, SAMPLE)
                base = re.sub(r"_(bucket|sum|count)$", "", line.partition("{")[0].partition(" ")[0])
                self.assertTrue({base, line.partition("{")[0].partition(" ")[0]} & typed, line)
        self.assertTrue(response.text.endswith("\n"))

    def test_requests_are_counted_by_route_and_class(self):
        before = self.total("sluice_requests_total", route="orders", code="2xx")
        client = self.connect()
        for _ in range(5):
            client.get("/orders/7")
        # A request is counted when its response is out, which the client may see first.
        wait_until(lambda: self.total("sluice_requests_total", route="orders", code="2xx") == before + 5, "5 requests")
        missing = self.total("sluice_requests_total", code="4xx")
        client.get("/nowhere/at/all")
        wait_until(lambda: self.total("sluice_requests_total", code="4xx") == missing + 1, "the missing route")

    def test_histograms_are_cumulative_and_end_at_the_count(self):
        self.connect().get("/orders/7")
        wait_until(lambda: self.total("sluice_requests_total", route="orders") > 0, "the request to be counted")
        samples = self.sluice.metrics()
        name = 'sluice_request_duration_seconds_bucket{route="orders"'
        buckets = [value for key, value in samples.items() if key.startswith(name)]
        self.assertEqual(buckets, sorted(buckets))
        count = samples['sluice_request_duration_seconds_count{route="orders"}']
        self.assertEqual(samples[name + ',le="+Inf"}'], count)
        counted = [value for key, value in samples.items() if key.startswith('sluice_requests_total{route="orders"')]
        self.assertEqual(count, sum(counted))

    def test_upstream_connections_and_their_reuse_are_counted(self):
        labels = {"cluster": "origin", "endpoint": self.upstream.address}
        dialed = self.total("sluice_upstream_dialed_total", **labels)
        reused = self.total("sluice_upstream_reused_total", **labels)
        client = self.connect()
        for _ in range(4):
            client.get("/orders/7")
        gained = self.total("sluice_upstream_dialed_total", **labels) - dialed
        self.assertLessEqual(gained, 1)
        self.assertEqual(self.total("sluice_upstream_reused_total", **labels) - reused, 4 - gained)
        wait_until(lambda: self.total("sluice_upstream_connections_idle", **labels) > 0, "the connection to be idle")

    def test_bytes_memory_and_descriptors_are_told(self):
        self.connect().get("/orders/7")
        wait_until(lambda: self.total("sluice_client_bytes_total", direction="received") > 0, "received bytes")
        wait_until(lambda: self.total("sluice_client_bytes_total", direction="sent") > 0, "sent bytes")
        self.assertGreater(self.total("process_resident_memory_bytes"), 1_000_000)
        if not is_wine():  # Wine counts no handles.
            self.assertGreater(self.total("process_open_fds"), 5)
        self.assertEqual(self.total("sluice_build_info"), 1)

    def test_bytes_to_an_upstream_are_counted_once_however_many_requests_a_connection_carries(self):
        before = self.total("sluice_upstream_sent_bytes_total")
        with self.connect() as client:
            for _ in range(20):
                client.post("/orders/7", b"x" * 1000)
        sent = lambda: self.total("sluice_upstream_sent_bytes_total") - before
        wait_until(lambda: sent() >= 20_000, "the bytes of all requests")
        self.assertLess(sent(), 40_000)

    def test_active_connections_go_up_and_down(self):
        client = self.connect()
        client.get("/hello")
        self.assertGreaterEqual(self.total("sluice_connections_active"), 1)

    def test_status_is_json_with_workers_listeners_and_clusters(self):
        self.connect().get("/orders/7")
        response = self.admin("/status")
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "application/json"))
        status = json.loads(response.text)
        self.assertEqual((status["state"], len(status["workers"])), ("serving", 2))
        addresses = {listener["name"]: listener["address"] for listener in status["listeners"]}
        self.assertEqual(addresses["web"], self.sluice.addresses["web"])
        self.assertEqual(status["clusters"][0]["endpoints"][0]["address"], self.upstream.address)
        self.assertGreater(status["requests"]["total"], 0)

    def test_head_is_answered_and_other_methods_are_405(self):
        self.assertEqual(self.admin("/healthz", "HEAD").status, 200)
        self.assertEqual(self.admin("/healthz", "POST").status, 405)

    def test_an_unknown_page_is_404_and_tells_the_known_ones(self):
        response = self.admin("/nothing")
        self.assertEqual(response.status, 404)
        self.assertIn("/metrics", response.text)

    def test_malformed_requests_are_refused_here_too(self):
        with self.sluice.client("admin") as client:
            client.send(b"GET /healthz HTTP/1.1\r\n\r\n")
            self.assertEqual(client.response().status, 400)

    def test_a_body_that_stops_coming_is_408(self):
        with self.sluice.client("admin") as client:
            client.send(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
            self.assertEqual(client.response().status, 408)

    def test_a_kept_connection_serves_many_scrapes(self):
        with self.sluice.client("admin") as client:
            for _ in range(20):
                self.assertEqual(client.get("/metrics").status, 200)

    def test_the_web_listener_does_not_serve_the_admin_pages(self):
        client = self.connect()
        for target in ("/metrics", "/status", "/readyz"):
            self.assertEqual(client.get(target).status, 404)
        client.get("/healthz")
        self.assertEqual(self.seen.target, "/healthz")

    def test_the_admin_listener_does_not_proxy(self):
        self.assertEqual(self.admin("/orders/1").status, 404)
        with self.sluice.client("admin") as client:
            client.send(request_bytes("GET", f"http://{self.upstream.address}/"))
            self.assertNotIn(b"ok", client.response().body[:2])
        self.assertEqual(self.upstream.requests, [])


class AtTheStart(GatewayTest):
    def test_every_page_is_there_as_soon_as_the_listener_is(self):
        origin = self.origin()
        for _ in range(3 if is_wine() else 20):
            sluice = self.gateway(proxy_to(origin), wait=False)
            wait_until(lambda: "admin" in sluice.addresses, "the admin listener")
            for target in ("/status", "/metrics", "/readyz"):
                self.assertEqual(sluice.get(target, listener="admin").status, 200)


class WithoutAdmin(GatewayTest):
    def test_the_admin_listener_can_be_switched_off(self):
        gateway = self.gateway(proxy_to(self.origin(), admin={"enabled": False}))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertNotIn("admin", gateway.addresses)


if __name__ == "__main__":
    main()
