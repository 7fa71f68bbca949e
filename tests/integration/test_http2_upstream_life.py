"""Clusters with HTTP/2 among the rest of the gateway: reloads, stopping, breakers, retries, hedging, copies, sticky clients, metrics."""

import shutil
import ssl
import tempfile
import threading

from certificates import Authority
from harness import PATIENCE, cluster, config, main, native_path, route, wait_until
from http2_client import NO_ERROR
from http2_origin import says
from http2_streams import StreamsTest


class Reload(StreamsTest):
    def test_a_cluster_goes_over_to_http_2_and_back_while_requests_run(self):
        new, old = self.held_origin(), self.origin()
        old.on("/held", lambda request: self.gate.wait(PATIENCE) and b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
        one = self.settings_before(old, protocol="http1")
        two = self.settings_before(new)
        gateway = self.gateway(one)
        clients = self.ask(gateway, "/held")
        old.wait_requests(1)
        gateway.reload(two)
        clients += self.ask(gateway, "/held?1")
        new.wait_requests(1)
        gateway.reload(one)
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(old.requests[-1].target, "/")
        self.gate.set()
        self.assertEqual([client.response().text for client in clients], ["old", "held"])
        new.connections[0].wait_closed()
        wait_until(lambda: self.active(gateway) == 0, "the end of the requests in the metrics")

    def test_the_same_endpoint_with_another_protocol_gets_other_connections(self):
        """It speaks HTTP/2 alone: with HTTP/1.1 the gateway is told so, and keeps nothing."""
        upstream = self.held_origin()
        gateway = self.before(upstream)
        clients = self.ask(gateway, "/held")
        upstream.wait_requests(1)
        gateway.reload(self.settings_before(upstream, protocol="http1"))
        upstream.script = [lambda connection: connection.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")] * 3
        self.assertEqual(gateway.get("/").body, b"1")
        gateway.reload(self.settings_before(upstream))
        upstream.script.clear()
        self.assertEqual(gateway.get("/").body, b"ok")
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200])

    def test_other_limits_keep_the_connection(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream)
        for seconds in range(50, 53):
            self.assertEqual(gateway.get("/").status, 200)
            gateway.reload(self.settings_before(upstream, read_timeout=f"{seconds}s"))
        self.assertEqual(upstream.accepted, 1)

    def test_an_endpoint_that_leaves_finishes_its_requests(self):
        gone, stays = self.held_origin(), self.http2_origin()
        gateway = self.before(gone)
        clients = self.ask(gateway, "/held", "/held?2", method="POST", body=b"abc")
        gone.wait_requests(2)
        gateway.reload(self.settings_before(stays))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(len(stays.requests), 1)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200, 200])
        gone.connections[0].wait_closed()
        self.assertEqual(gone.connections[0].goaways, [NO_ERROR])

    def test_tls_comes_and_goes(self):
        folder = tempfile.mkdtemp(prefix="sluice-h2-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        authority = Authority(folder)
        local = authority.sign("local", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(local["cert"], local["key"])
        context.set_alpn_protocols(["h2"])
        secure, plain = self.held_origin(context=context), self.http2_origin()
        gateway = self.before(secure, tls={"ca": native_path(authority.file)})
        clients = self.ask(gateway, "/held")
        secure.wait_requests(1)
        gateway.reload(self.settings_before(plain))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(plain.requests[0].pseudo[":scheme"], "http")
        gateway.reload(self.settings_before(secure, tls={"verify": False}))
        self.assertEqual(gateway.get("/").status, 200)
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200])
        self.assertEqual(secure.accepted, 2)


class Stopping(StreamsTest):
    def test_streams_under_way_finish_and_the_connection_ends_in_peace(self):
        upstream = self.held_origin()
        gateway = self.before(upstream)
        clients = self.ask(gateway, "/held?1", "/held?2")
        upstream.wait_requests(2)
        gateway.send_signal()
        wait_until(lambda: gateway.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        self.gate.set()
        self.assertEqual(self.statuses(clients), [200, 200])
        self.assertEqual(gateway.wait(PATIENCE), 0)
        upstream.connections[0].wait_closed()

    def test_idle_connections_do_not_hold_up_the_end(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream, top={"workers": 2})
        for _ in range(10):
            self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(gateway.stop(seconds=10), 0)

    def test_an_end_without_patience_cuts_streams_dials_and_those_who_wait(self):
        def mute(connection):
            while connection.receive():
                pass

        upstream = self.held_origin(settings={"MAX_CONCURRENT_STREAMS": 1})
        silent = self.http2_origin(mute)
        routes = [route("/held", cluster="a"), route("/silent", cluster="b")]
        clusters = [cluster("a", upstream, protocol="http2", pool={"max_connections": 1, "queue_timeout": "1h"}),
                    cluster("b", silent, protocol="http2", connect_timeout="1h")]
        gateway = self.gateway(config(routes, clusters))
        clients = self.ask(gateway, "/held", "/held", "/silent", "/silent")
        upstream.wait_requests(1)
        # Who waits for another's dial wants no place.
        wait_until(lambda: gateway.metric_sum("sluice_upstream_waiting") == 1, "one that waits for a place")
        wait_until(lambda: silent.accepted == 1, "a dial")
        gateway.send_signal()
        wait_until(lambda: gateway.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        gateway.send_signal()
        gateway.wait(PATIENCE)
        self.assertNotIn("fatal", gateway.log_text())
        for client in clients:
            client.close()


class Policies(StreamsTest):
    def test_listed_statuses_are_tried_again_at_another_endpoint(self):
        bad, good = self.http2_origin(), self.http2_origin()
        bad.otherwise = says("bad", 503)
        gateway = self.before(bad, good, retry={"attempts": 2, "statuses": [503], "budget_per_second": 1000})
        self.assertEqual(self.statuses(self.ask(gateway, *["/"] * 6)), [200] * 6)
        self.assertNotEqual(len(bad.requests), 0)

    def test_a_refused_endpoint_and_one_without_http_2_are_left_for_the_other(self):
        gone, plain, good = self.http2_origin(), self.origin(), self.http2_origin()
        gone.end()
        gateway = self.before(gone, plain, good, retry={"attempts": 3, "budget_per_second": 1000})
        self.assertEqual(self.statuses(self.ask(gateway, *["/"] * 6, method="POST", body=b"abc")), [200] * 6)
        plain.failures.clear()  # The preface is no request.

    def test_a_breaker_opens_and_closes(self):
        upstream = self.http2_origin()
        upstream.otherwise = lambda request: request.reset()
        gateway = self.before(upstream, breaker={"consecutive_failures": 3, "open_time": "200ms", "probes": 1})
        self.assertEqual([gateway.get("/").status for _ in range(4)], [502, 502, 502, 503])
        upstream.otherwise = says("ok")
        wait_until(lambda: gateway.get("/").status == 200, "the breaker to close")

    def test_a_silent_first_is_hedged_and_its_stream_cancelled(self):
        upstreams = [self.held_origin(), self.held_origin()]
        first = []

        def respond(request):
            first.append(request)
            if len(first) == 1:
                request.wait_reset()
            else:
                request.answer(b"second")

        for upstream in upstreams:
            upstream.on("/hedged", respond)
        gateway = self.before(*upstreams, retry={"attempts": 1, "hedge_after": "50ms", "budget_per_second": 1000})
        self.assertEqual(gateway.get("/hedged").body, b"second")
        first[0].wait_reset()
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual([upstream.accepted for upstream in upstreams], [1, 1])

    def test_copies_reach_a_cluster_with_http_2_and_nobody_waits_for_them(self):
        served, shadow = self.http2_origin(), self.held_origin()
        mirror = {"cluster": "shadow"}
        gateway = self.gateway(config([route("/*rest", cluster="served", mirror=mirror)],
                                      [cluster("served", served, protocol="http2"), cluster("shadow", shadow, protocol="http2")]))
        self.assertEqual(self.statuses(self.ask(gateway, *["/held"] * 5, method="POST", body=b"abc")), [200] * 5)
        copies = shadow.wait_requests(5)
        for copy in copies:
            copy.wait_complete()
        self.assertEqual({bytes(copy.body) for copy in copies}, {b"abc"})
        self.gate.set()
        self.settle(gateway)

    def test_a_cookie_leads_back_to_the_endpoint(self):
        upstreams = [self.http2_origin() for _ in range(3)]
        for number, upstream in enumerate(upstreams):
            upstream.otherwise = says(str(number))
        gateway = self.before(*upstreams, sticky={"secret": "0123456789abcdef"})
        for _ in range(4):
            first = gateway.get("/")
            cookie = first.headers["Set-Cookie"].partition(";")[0]
            self.assertEqual([gateway.get("/", f"Cookie: {cookie}").body for _ in range(4)], [first.body] * 4)

    def test_endpoints_with_http_2_share_the_requests(self):
        upstreams = [self.http2_origin() for _ in range(3)]
        gateway = self.before(*upstreams, balance="round_robin")
        for _ in range(9):
            self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual([len(upstream.requests) for upstream in upstreams], [3, 3, 3])

    def test_what_was_sent_and_how_it_went_is_counted(self):
        upstream = self.http2_origin()
        upstream.on("/reset", lambda request: request.reset())
        upstream.on("/bad", lambda request: request.head("abc"))
        upstream.on("/late", lambda request: request.wait_reset())
        gateway = self.before(upstream, route={"timeout": "300ms"})
        self.assertEqual(self.client(gateway).post("/", b"x" * 1000).status, 200)
        self.assertEqual([gateway.get(path).status for path in ("/reset", "/bad", "/late")], [502, 502, 504])

        def counted(name):
            return gateway.metric_sum(f"sluice_upstream_{name}_total")

        self.assertEqual([counted(name) for name in ("requests", "resets", "bad_responses", "timeouts", "dialed")], [4, 1, 1, 1, 1])
        self.assertEqual(counted("reused"), 3)
        self.assertGreater(counted("sent_bytes"), 1000)
        self.assertLess(counted("sent_bytes"), 4000)

    def test_an_upgrade_is_not_possible_and_told_so(self):
        upstream = self.http2_origin()
        gateway = self.before(upstream)
        response = gateway.get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
        self.assertNotEqual(response.status, 101)
        self.assertEqual(gateway.get("/").status, 200)


if __name__ == "__main__":
    main()
