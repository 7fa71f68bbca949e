"""The breaker of a cluster: when it opens, what clients get then, and how it closes again."""

import threading
import time
from collections import Counter

from harness import GatewayTest, answer, forward_all, held, is_slow, main, request_bytes, says, wait_until

STATES = {"closed": 0, "open": 1, "half_open": 2}
ERROR = "500 Internal Server Error"


class BreakerTest(GatewayTest):
    def setUp(self):
        self.upstream = self.origin()
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        self.upstream.on("/bad", says("bad", ERROR))
        self.upstream.on("/held", held(self.release))

    def guarded(self, breaker, cluster_settings=None, **settings):
        """A client of a gateway before one upstream; a failure shows at once, since nothing is retried."""
        rules = {"error_percent": 0, "open_time": "1h", **breaker}
        cluster_settings = {"breaker": rules, "retry": {"attempts": 1}, **(cluster_settings or {})}
        self.sluice = self.gateway(forward_all(cluster_settings, None, self.upstream, **settings))
        return self.client(self.sluice)

    def statuses(self, client, *targets):
        return [client.get(target).status for target in targets]

    def state(self):
        return self.sluice.breaker()["state"]

    def wait_state(self, state):
        wait_until(lambda: self.state() == state, f"the breaker to be {state}")

    def total(self, name):
        return self.sluice.metric_sum(name, cluster="origin")

    def expect_refused(self, client, target="/"):
        before = len(self.upstream.requests)
        response = client.get(target)
        self.assertEqual(response.status, 503)
        self.assertEqual(len(self.upstream.requests), before)
        return response

    def send(self, target):
        return self.client(self.sluice).send(request_bytes("GET", target))

    def hold(self, count):
        """So many requests under way at the origin."""
        before = len(self.upstream.requests)
        clients = [self.send("/held") for _ in range(count)]
        self.upstream.wait_requests(before + count)
        return clients


class Opening(BreakerTest):
    def test_failures_in_a_row_open_it(self):
        client = self.guarded({"consecutive_failures": 3})
        self.assertEqual(self.statuses(client, *["/bad"] * 3), [500] * 3)
        self.expect_refused(client)
        self.assertEqual(self.state(), "open")

    def test_a_success_begins_a_new_row(self):
        client = self.guarded({"consecutive_failures": 3})
        self.assertEqual(self.statuses(client, *["/bad", "/bad", "/"] * 4), [500, 500, 200] * 4)
        self.assertEqual(self.state(), "closed")

    def test_statuses_below_500_are_no_failures(self):
        self.upstream.on("/missing", says("", "404 Not Found"))
        client = self.guarded({"consecutive_failures": 2, "error_percent": 1, "min_requests": 2})
        self.assertEqual(self.statuses(client, *["/missing"] * 8), [404] * 8)

    def test_refused_connections_and_broken_responses_are_failures(self):
        self.upstream.on("/broken", lambda request: None)
        client = self.guarded({"consecutive_failures": 4}, {"ejection": {"connect_failures": 0}})
        self.assertEqual(self.statuses(client, "/broken", "/broken"), [502, 502])
        self.upstream.stop()
        self.assertEqual(self.statuses(client, "/", "/", "/"), [502, 502, 503])

    def test_a_response_that_comes_too_late_is_a_failure(self):
        self.sluice = self.gateway(
            forward_all(
                {"breaker": {"consecutive_failures": 1, "open_time": "1h"}, "retry": {"attempts": 1}},
                {"timeout": "100ms"}, self.upstream,
            )
        )
        self.assertEqual(self.sluice.get("/held").status, 504)
        self.assertEqual(self.sluice.get("/").status, 503)

    def test_a_share_of_failures_opens_it_once_there_are_enough_requests(self):
        client = self.guarded({"error_percent": 50, "min_requests": 10, "window": "1m"})
        self.assertEqual(self.statuses(client, *["/", "/bad"] * 5), [200, 500] * 5)
        self.expect_refused(client)

    def test_a_smaller_share_does_not(self):
        client = self.guarded({"error_percent": 50, "min_requests": 10, "window": "1m"})
        self.statuses(client, *["/", "/", "/bad"] * 10)
        self.assertEqual((client.get("/").status, self.state()), (200, "closed"))

    def test_too_few_requests_do_not(self):
        client = self.guarded({"error_percent": 50, "min_requests": 10, "window": "1m"})
        self.assertEqual(self.statuses(client, *["/bad"] * 9, "/"), [500] * 9 + [200])

    def test_failures_of_long_ago_do_not_count(self):
        client = self.guarded({"error_percent": 50, "min_requests": 4, "window": "1s"})
        begin = time.monotonic()
        self.statuses(client, *["/bad"] * 3)
        wait_until(lambda: time.monotonic() - begin > 1.3, "the window to pass")
        self.assertEqual(self.statuses(client, "/bad", "/", "/"), [500, 200, 200])

    def test_a_share_of_slow_responses_opens_it(self):
        def slow(request):
            time.sleep(0.15)
            return answer()

        self.upstream.on("/slow", slow)
        client = self.guarded({"slow_percent": 50, "slow_after": "100ms", "min_requests": 4, "window": "1m"})
        self.assertEqual(self.statuses(client, "/slow", "/", "/slow", "/slow"), [200] * 4)
        self.expect_refused(client)

    def test_a_client_that_leaves_is_no_failure(self):
        client = self.guarded({"consecutive_failures": 1})
        for held_client in self.hold(2):
            held_client.close()
        wait_until(lambda: self.sluice.member(self.upstream)["connections"] == 0, "the requests to be given up")
        self.assertEqual(client.get("/").status, 200)

    def test_a_cluster_fails_alone_and_without_a_breaker_never(self):
        client = self.guarded({"consecutive_failures": 0})
        self.assertEqual(self.statuses(client, *["/bad"] * 50), [500] * 50)

    def test_workers_share_it(self):
        self.guarded({"consecutive_failures": 6}, workers=2)
        statuses = Counter(self.sluice.get("/bad").status for _ in range(30))
        self.assertEqual(statuses, {500: 6, 503: 24})


class Refusing(BreakerTest):
    def test_clients_are_told_when_to_come_back(self):
        client = self.guarded({"consecutive_failures": 1, "open_time": "30s"})
        client.get("/bad")
        after = int(self.expect_refused(client).headers["Retry-After"])
        self.assertGreater(after, 20)
        self.assertLessEqual(after, 30)

    def test_it_is_told_in_at_least_a_second(self):
        client = self.guarded({"consecutive_failures": 1, "open_time": "2s"})
        client.get("/bad")
        self.assertIn(int(self.expect_refused(client).headers["Retry-After"]), (1, 2))

    def test_a_post_is_refused_and_the_connection_stays_usable(self):
        client = self.guarded({"consecutive_failures": 1})
        client.get("/bad")
        self.assertEqual([client.post("/", b"body").status for _ in range(3)], [503] * 3)

    def test_the_fallback_is_given_instead(self):
        fallback = {"status": 200, "body": "[]", "headers": {"Content-Type": "application/json", "X-Stale": "1"}}
        client = self.guarded({"consecutive_failures": 1, "fallback": fallback})
        client.get("/bad")
        for _ in range(2):
            response = client.get("/")
            self.assertEqual((response.status, response.text), (200, "[]"))
            self.assertEqual((response.headers["Content-Type"], response.headers["X-Stale"]), ("application/json", "1"))
        self.assertEqual(client.request("HEAD", "/").status, 200)
        self.assertEqual(len(self.upstream.requests), 1)

    def test_the_fallback_has_room_beside_what_the_route_adds(self):
        fallback = {"status": 200, "headers": {f"X-Fallback-{number}": "f" * 4000 for number in range(3)}}
        added = {"set": {f"X-Route-{number}": "r" * 4000 for number in range(3)}}
        rules = {"error_percent": 0, "open_time": "1h", "consecutive_failures": 1, "fallback": fallback}
        gateway = self.gateway(forward_all({"breaker": rules, "retry": {"attempts": 1}}, {"response_headers": added}, self.upstream))
        client = self.client(gateway)
        client.get("/bad")
        response = client.get("/")
        self.assertEqual(response.status, 200)
        self.assertEqual((response.headers["X-Fallback-2"], response.headers["X-Route-2"]), ("f" * 4000, "r" * 4000))

    def test_status_and_metrics_tell_it(self):
        client = self.guarded({"consecutive_failures": 2})
        client.get("/")
        told = self.sluice.breaker()
        self.assertEqual((told["state"], told["opened"], told["refused_open"]), ("closed", 0, 0))
        self.assertEqual((self.total("sluice_breaker_state"), self.total("sluice_breaker_opened_total")), (0, 0))
        self.statuses(client, *["/bad"] * 2, *["/"] * 3)
        told = self.sluice.breaker()
        self.assertEqual((told["state"], told["opened"], told["refused_open"]), ("open", 1, 3))
        self.assertLess(told["changed_seconds_ago"], 10)
        self.assertEqual((self.total("sluice_breaker_state"), self.total("sluice_breaker_opened_total")), (1, 1))
        self.assertEqual(self.total("sluice_breaker_refused_total"), 3)

    def test_a_refusal_is_quick(self):
        client = self.guarded({"consecutive_failures": 1})
        client.get("/bad")
        times = []
        for _ in range(20):
            begin = time.monotonic()
            self.expect_refused(client)
            times.append(time.monotonic() - begin)
        self.assertLess(sorted(times)[10], 0.2 if is_slow() else 0.01)


class HalfOpen(BreakerTest):
    def opened(self, probes, open_time="300ms", **breaker):
        client = self.guarded({"consecutive_failures": 1, "open_time": open_time, "probes": probes, **breaker})
        client.get("/bad")
        self.wait_state("half_open")
        return client

    def test_it_closes_when_all_probes_have_succeeded(self):
        client = self.opened(3)
        for state in ("half_open", "half_open", "closed"):
            self.assertEqual(client.get("/").status, 200)
            self.wait_state(state)
        self.assertEqual(self.total("sluice_breaker_state"), 0)

    def test_it_opens_again_when_one_fails(self):
        client = self.opened(3, "1s")
        self.assertEqual(self.statuses(client, "/", "/bad"), [200, 500])
        self.expect_refused(client)
        self.assertEqual(self.sluice.breaker()["opened"], 2)
        self.wait_state("half_open")
        self.assertEqual(self.statuses(client, "/", "/", "/"), [200] * 3)
        self.wait_state("closed")

    def test_no_more_than_the_probes_are_let_through(self):
        client = self.opened(2)
        probes = self.hold(2)
        self.assertEqual(self.total("sluice_breaker_state"), STATES["half_open"])
        for _ in range(3):
            response = self.expect_refused(client)
            self.assertGreaterEqual(int(response.headers["Retry-After"]), 1)
        self.release.set()
        self.assertEqual([probe.response().status for probe in probes], [200, 200])
        self.wait_state("closed")
        self.assertEqual(client.get("/").status, 200)

    def test_a_probe_whose_client_leaves_makes_room_for_another(self):
        client = self.opened(1)
        (probe,) = self.hold(1)
        self.expect_refused(client)
        probe.close()
        wait_until(lambda: client.get("/").status == 200, "the next probe")
        self.wait_state("closed")

    def test_failures_of_before_do_not_count_after_it_closed(self):
        client = self.guarded(
            {"error_percent": 50, "min_requests": 4, "window": "1m", "open_time": "300ms", "probes": 1}
        )
        self.statuses(client, *["/bad"] * 4)
        self.wait_state("half_open")
        self.assertEqual(self.statuses(client, "/", "/bad", "/", "/bad"), [200, 500, 200, 500])


class Full(BreakerTest):
    def test_no_more_requests_are_under_way_than_may_be(self):
        client = self.guarded({"max_requests": 3}, workers=2)
        under_way = self.hold(3)
        self.assertEqual(self.sluice.breaker()["requests_active"], 3)
        for _ in range(4):
            response = self.sluice.get("/")
            self.assertEqual(response.status, 503)
            self.assertGreaterEqual(int(response.headers["Retry-After"]), 1)
        told = self.sluice.breaker()
        self.assertEqual((told["state"], told["refused_full"], told["refused_open"]), ("closed", 4, 0))
        self.assertEqual(self.total("sluice_breaker_refused_total"), 4)
        self.assertEqual(len(self.upstream.requests), 3)
        self.release.set()
        self.assertEqual([one.response().status for one in under_way], [200] * 3)
        wait_until(lambda: self.sluice.breaker()["requests_active"] == 0, "the places to be free")
        self.assertEqual(client.get("/").status, 200)

    def test_they_get_the_fallback(self):
        client = self.guarded({"max_requests": 1, "fallback": {"status": 429, "body": "busy"}})
        self.hold(1)
        response = client.get("/")
        self.assertEqual((response.status, response.text), (429, "busy"))

    def test_a_request_is_under_way_until_its_body_has_come(self):
        def two_steps(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            self.release.wait(30)
            connection.send(b"body")
            self.upstream.serve_paths(connection)

        self.upstream.script.append(two_steps)
        client = self.guarded({"max_requests": 1})
        first = self.send("/")
        head = first.head()
        self.assertEqual(client.get("/").status, 503)
        self.release.set()
        first.body_of(head)
        wait_until(lambda: client.get("/").status == 200, "its place to be free")

    def test_a_client_that_leaves_gives_its_place_back(self):
        client = self.guarded({"max_requests": 1})
        (gone,) = self.hold(1)
        self.assertEqual(client.get("/").status, 503)
        gone.close()
        wait_until(lambda: client.get("/").status == 200, "its place to be free")


if __name__ == "__main__":
    main()
