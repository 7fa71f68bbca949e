"""Limits of the connections to an endpoint: how many, for how many requests, how long idle, and who waits for one."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from harness import (
    ConnectionEnded, GatewayTest, answer, endpoint, forward_all, held, is_open, is_slow, main, request_bytes, wait_until,
)


class PoolTest(GatewayTest):
    def setUp(self):
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        self.upstream = self.origin()
        self.upstream.on("/held", held(self.release))

    def pooled(self, pool=None, cluster_settings=None, **settings):
        settings_of_cluster = {"pool": pool or {}, **(cluster_settings or {})}
        self.sluice = self.gateway(forward_all(settings_of_cluster, None, self.upstream, **settings))
        return self.sluice

    def hold(self, count=1):
        """So many clients whose requests are under way at the origin."""
        before = len(self.upstream.requests)
        clients = [self.send("/held") for _ in range(count)]
        self.upstream.wait_requests(before + count)
        return clients

    def send(self, target="/"):
        return self.client(self.sluice).send(request_bytes("GET", target))

    def waiting(self):
        return self.sluice.member(self.upstream)["waiting"]

    def wait_waiting(self, count):
        wait_until(lambda: self.waiting() == count, f"{count} requests to wait")


class MaxConnections(PoolTest):
    def ask_all(self, clients, each, target="/"):
        def ask(_):
            with self.sluice.client() as client:
                return [client.get(target).status for _ in range(each)]

        with ThreadPoolExecutor(clients) as pool:
            return Counter(status for part in pool.map(ask, range(clients)) for status in part)

    def expect_never_more(self, limit, pool, **cluster_settings):
        peaks = []

        def measured(request):
            peaks.append(sum(is_open(one.sock) for one in list(self.upstream.connections)))
            time.sleep(0.002)
            return answer()

        self.upstream.on("/measured", measured)
        self.pooled({"max_connections": limit, "queue_timeout": "20s", **pool}, cluster_settings, workers=2)
        self.assertEqual(self.ask_all(24, 20, "/measured"), {200: 480})
        self.assertLessEqual(max(peaks), limit)
        self.assertGreaterEqual(max(peaks), 1)
        self.assertEqual(self.waiting(), 0)
        return peaks

    def test_two_workers_together_never_make_more_connections_than_the_limit(self):
        self.expect_never_more(3, {})

    def test_a_single_connection_serves_the_clients_of_both_workers(self):
        self.expect_never_more(1, {})

    def test_the_limit_holds_while_connections_come_and_go(self):
        self.expect_never_more(3, {"max_requests": 3})

    def test_the_limit_holds_when_no_connection_is_kept(self):
        self.expect_never_more(2, {}, max_idle=0)

    def test_the_limit_holds_when_the_upstream_closes_each_connection(self):
        def closes(connection):
            connection.request()
            connection.send(answer(close=True))
            connection.close()

        self.upstream.script = [closes] * 200
        self.pooled({"max_connections": 2, "queue_timeout": "20s"}, workers=2)
        self.assertEqual(self.ask_all(10, 20), {200: 200})

    def test_status_tells_the_connections(self):
        self.pooled({"max_connections": 2})
        self.hold(2)
        self.send()
        self.wait_waiting(1)
        self.assertEqual(self.sluice.member(self.upstream)["connections"], 2)
        self.assertEqual(self.sluice.metric_sum("sluice_upstream_waiting", address=self.upstream.address), 1)
        self.release.set()
        self.wait_waiting(0)

    def test_a_place_is_free_again_after_a_failed_connect(self):
        self.upstream.stop()
        self.pooled({"max_connections": 1}, {"ejection": {"connect_failures": 0}, "retry": {"attempts": 1}})
        client = self.client(self.sluice)
        self.assertEqual([client.get("/").status for _ in range(5)], [502] * 5)

    def test_a_place_is_free_again_after_a_timeout(self):
        self.sluice = self.gateway(
            forward_all({"pool": {"max_connections": 1}}, {"timeout": "300ms"}, self.upstream)
        )
        client = self.client(self.sluice)
        self.assertEqual(client.get("/held").status, 504)
        self.assertEqual(client.get("/").status, 200)

    def test_a_place_is_free_again_when_the_client_leaves(self):
        self.pooled({"max_connections": 1, "queue_timeout": "20s"})
        (gone,) = self.hold()
        waits = self.send()
        self.wait_waiting(1)
        gone.close()
        self.assertEqual(waits.response().status, 200)


class Queue(PoolTest):
    def test_requests_are_served_in_the_order_in_which_they_came(self):
        self.pooled({"max_connections": 1, "queue_timeout": "20s"})
        (first,) = self.hold()
        waiting = []
        for number in range(1, 6):
            waiting.append(self.send(f"/{number}"))
            self.wait_waiting(number)
        self.release.set()
        self.assertEqual([one.response().status for one in [first, *waiting]], [200] * 6)
        self.assertEqual([one.target for one in self.upstream.requests], ["/held", "/1", "/2", "/3", "/4", "/5"])
        self.assertEqual(self.upstream.accepted, 1)

    def test_more_requests_than_may_wait_get_503_at_once(self):
        self.pooled({"max_connections": 1, "queue": 2, "queue_timeout": "20s"})
        (first,) = self.hold()
        waiting = [self.send("/waits") for _ in range(2)]
        self.wait_waiting(2)
        for _ in range(3):
            response = self.sluice.get("/refused")
            self.assertEqual(response.status, 503)
            self.assertGreaterEqual(int(response.headers["Retry-After"]), 1)
        self.release.set()
        self.assertEqual([one.response().status for one in [first, *waiting]], [200] * 3)
        self.assertNotIn("/refused", [one.target for one in self.upstream.requests])

    def test_nobody_waits_where_the_queue_is_0(self):
        self.pooled({"max_connections": 1, "queue": 0})
        self.hold()
        self.assertEqual(self.sluice.get("/").status, 503)

    def test_a_request_that_waits_too_long_gets_503(self):
        self.pooled({"max_connections": 1, "queue_timeout": "500ms"})
        (first,) = self.hold()
        begin = time.monotonic()
        response = self.sluice.get("/late")
        seconds = time.monotonic() - begin
        self.assertGreaterEqual(seconds, 0.45)
        if not is_slow():
            self.assertLess(seconds, 0.95, "it waited again, as another try")
        self.assertEqual(response.status, 503)
        self.assertGreaterEqual(int(response.headers["Retry-After"]), 1)
        self.release.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual([one.target for one in self.upstream.requests], ["/held"])
        self.assertEqual(self.sluice.get("/").status, 200)

    def test_a_full_queue_is_no_failure_for_the_breaker(self):
        breaker = {"consecutive_failures": 1, "error_percent": 0}
        self.pooled({"max_connections": 1, "queue": 0}, {"breaker": breaker})
        self.hold()
        self.assertEqual([self.sluice.get("/").status for _ in range(3)], [503] * 3)
        self.assertEqual(self.sluice.breaker()["state"], "closed")

    def test_where_one_queue_is_full_another_endpoint_is_tried(self):
        other = self.origin()
        self.pooled({"max_connections": 1, "queue": 0}, {"endpoints": [endpoint(self.upstream), endpoint(other)]})
        self.assertEqual(self.hold_one_of(self.upstream, other), 1)
        free = other if other.requests == [] else self.upstream
        client = self.client(self.sluice)
        self.assertEqual([client.get("/").status for _ in range(3)], [200] * 3)
        self.assertEqual(len([one for one in free.requests if one.target == "/"]), 3)

    def hold_one_of(self, *origins):
        for origin in origins:
            origin.on("/held", held(self.release))
        self.send("/held")
        return wait_until(lambda: sum(len(origin.requests) for origin in origins), "the request to be under way")

    def test_a_client_that_leaves_does_not_wait_any_more(self):
        self.pooled({"max_connections": 1, "queue_timeout": "20s"})
        (first,) = self.hold()
        leaves, stays = self.send("/leaves"), self.send("/stays")
        self.wait_waiting(2)
        leaves.close()
        self.wait_waiting(1)
        self.release.set()
        self.assertEqual([first.response().status, stays.response().status], [200, 200])
        self.assertEqual([one.target for one in self.upstream.requests], ["/held", "/stays"])

    def test_the_other_workers_requests_get_places_too(self):
        self.pooled({"max_connections": 1, "queue_timeout": "20s"}, workers=2)
        (first,) = self.hold()
        waiting = [self.send() for _ in range(16)]
        self.wait_waiting(16)
        self.release.set()
        self.assertEqual([one.response().status for one in [first, *waiting]], [200] * 17)


class Chaos(PoolTest):
    """Whatever clients and upstream do, every place comes free again."""

    def respond(self, request):
        choice = self.random.randrange(8)
        if choice == 0:
            return request.connection.reset()
        if choice == 1:
            return None
        if choice == 2:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntoo"
        if choice == 3:
            return answer(b"", "503 Service Unavailable")
        time.sleep(self.random.random() * 0.004)
        return answer(b"x" * self.random.choice((0, 5, 100_000)))

    def misbehave(self, number):
        """Some requests of which some are left alone, before or while they are answered."""
        chances = random.Random(number)
        for _ in range(25):
            with self.sluice.client() as client:
                body = chances.choice((None, b"body", b"x" * 3000))
                data = request_bytes("GET" if body is None else "PUT", "/chaos", body=body)
                client.send(data[: len(data) // 2] if chances.random() < 0.2 else data)
                if chances.random() < 0.4:
                    time.sleep(chances.random() * 0.004)
                    continue
                client.shutdown_send() if chances.random() < 0.1 else None
                client.sock.settimeout(0.5)
                try:
                    client.response()
                except (ConnectionEnded, OSError):
                    pass

    def test_no_place_is_lost(self):
        self.random = random.Random(1)
        self.upstream.on("/chaos", self.respond)
        settings = {
            "breaker": {"max_requests": 1000, "error_percent": 0},
            "ejection": {"connect_failures": 0},
            "retry": {"statuses": [503], "backoff": "1ms", "budget_per_second": 1000, "try_timeout": "5ms"},
        }
        self.pooled({"max_connections": 3, "queue": 4, "queue_timeout": "20ms", "max_requests": 7}, settings, workers=2)
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(self.misbehave, range(12)))
        wait_until(lambda: self.sluice.breaker()["requests_active"] == 0, "the last request to end")
        self.assertEqual(self.waiting(), 0)
        self.assertLessEqual(self.sluice.member(self.upstream)["connections"], 3)
        self.expect_all_places_free()

    def expect_all_places_free(self):
        """So many requests as there are connections reach the origin at a time, though it holds each. With a place lost they
        never do; on a busy machine a try may take longer than its 5 ms, so there are several attempts."""
        for _ in range(5):
            statuses = self.ask_for_all_places()
            if statuses == [200] * 3:
                return
        self.assertEqual(statuses, [200] * 3)

    def ask_for_all_places(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.upstream.paths.clear()
        self.upstream.otherwise = held(release)
        before = len(self.upstream.requests)

        def ask(_):
            with self.sluice.client() as client:
                return client.request("POST", "/held", body=b"").status

        with ThreadPoolExecutor(3) as pool:
            asked = pool.map(ask, range(3))
            self.upstream.wait_requests(before + 3)
            release.set()
            return list(asked)


class Lifetime(PoolTest):
    def test_a_connection_is_closed_after_max_requests(self):
        self.pooled({"max_requests": 3})
        client = self.client(self.sluice)
        self.assertEqual([client.get("/").status for _ in range(7)], [200] * 7)
        self.assertEqual([one.connection.number for one in self.upstream.requests], [0, 0, 0, 1, 1, 1, 2])
        for one in self.upstream.connections[:2]:
            wait_until(lambda one=one: not is_open(one.sock), "its connection to be closed")

    def test_connections_of_a_single_request(self):
        self.pooled({"max_requests": 1})
        client = self.client(self.sluice)
        self.assertEqual([client.post("/", b"body").status for _ in range(4)], [200] * 4)
        self.assertEqual(self.upstream.accepted, 4)

    def test_an_idle_connection_is_closed_after_its_timeout(self):
        self.pooled(cluster_settings={"idle_timeout": "400ms"})
        client = self.client(self.sluice)
        client.get("/")
        begin = time.monotonic()
        connection = self.upstream.connections[0]
        wait_until(lambda: not is_open(connection.sock), "the idle connection to be closed", 10)
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)
        self.assertEqual(client.get("/").status, 200)
        self.assertEqual(self.upstream.accepted, 2)

    def test_no_more_idle_connections_are_kept_than_max_idle(self):
        self.pooled(cluster_settings={"max_idle": 2})
        clients = self.hold(5)
        self.release.set()
        self.assertEqual([client.response().status for client in clients], [200] * 5)
        connections = self.upstream.connections
        wait_until(lambda: sum(is_open(one.sock) for one in connections) == 2, "two connections to be left")

    def test_an_idle_connection_gives_its_place_to_another_worker(self):
        self.pooled({"max_connections": 1, "queue_timeout": "10s"}, {"idle_timeout": "1h"}, workers=2)
        begin = time.monotonic()
        for _ in range(30):  # Connections are spread over the workers; each must get the only place in its turn.
            self.assertEqual(self.sluice.get("/").status, 200)
        self.assertLess(time.monotonic() - begin, 8)


if __name__ == "__main__":
    main()
