"""Active checks of endpoints, what operators see of them, and endpoints taken out because requests fail there."""

import threading
import time
from collections import Counter

from harness import GatewayTest, answer, forward_all, held, is_slow, main, quick_check, says, wait_until

#: Time for an answer of the gateway's own on a machine with other work to do.
AT_ONCE = 5.0 if is_slow() else 0.5


class HealthTest(GatewayTest):
    def checked(self, origins, check=None, workers=1, **cluster_settings):
        settings = {"health_check": quick_check(**{"path": "/health", **(check or {})}), **cluster_settings}
        self.sluice = self.gateway(forward_all(settings, None, *origins, workers=workers))
        return self.client(self.sluice)

    def wait_health(self, origin, health):
        return wait_until(lambda: self.has_health(origin, health), f"health {health}")

    def has_health(self, origin, health):
        member = self.sluice.member(origin)
        return member if member["health"] == health else None

    def up_metric(self, origin):
        return self.sluice.metric_sum("sluice_upstream_up", cluster="origin", address=origin.address)

    def names(self, client, count):
        return Counter(client.get("/").text for _ in range(count))


class Checks(HealthTest):
    """What is asked, and which answer is taken for health."""

    def expect_check(self, health, respond, **check):
        (origin,) = origins = self.named_origins(1)
        origin.on("/health", respond)
        self.checked(origins, check)
        return origin, self.wait_health(origin, health)

    def test_method_path_and_host_are_as_configured(self):
        origin, _ = self.expect_check("up", says("fine"), method="HEAD", host="shop.example", path="/health?deep=1")
        request = origin.requests[0]
        self.assertEqual((request.method, request.target), ("HEAD", "/health?deep=1"))
        self.assertEqual(request.headers["Host"], "shop.example")

    def test_the_host_is_the_endpoints_address_otherwise(self):
        origin, _ = self.expect_check("up", says("fine"))
        self.assertEqual((origin.requests[0].method, origin.requests[0].headers["Host"]), ("GET", origin.address))

    def test_any_status_of_200_to_299_is_healthy(self):
        self.expect_check("up", says("", "204 No Content"))
        self.expect_check("down", says("", "301 Moved Permanently", ["Location: /"]))

    def test_the_statuses_are_those_of_the_list(self):
        statuses = ["404", "500-502"]
        self.expect_check("up", says("", "404 Not Found"), statuses=statuses)
        self.expect_check("up", says("", "501 Not Implemented"), statuses=statuses)
        _, member = self.expect_check("down", says(""), statuses=statuses)
        self.assertIn("200", member["last_error"])

    def test_the_text_must_stand_in_the_body(self):
        self.expect_check("up", says("all is READY here"), body="READY")
        _, member = self.expect_check("down", says("not yet"), body="READY")
        self.assertIn("body", member["last_error"])

    def test_the_text_counts_within_the_first_64_kib_alone(self):
        self.expect_check("up", says("x" * 60_000 + "READY" + "x" * 100_000), body="READY")
        self.expect_check("down", says("x" * 70_000 + "READY"), body="READY")

    def test_the_text_is_found_in_a_chunked_body_across_chunks(self):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nREA\r\n2\r\nDY\r\n0\r\n\r\n"
        self.expect_check("up", lambda request: chunked, body="READY")

    def test_a_body_that_comes_too_slowly_has_failed(self):
        def drips(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                request.connection.send_slowly(b"x" * 4000, 0.02)
            except OSError:
                pass
            return None

        self.expect_check("down", drips, body="READY")

    def test_a_body_without_a_text_to_look_for_is_not_waited_for(self):
        self.expect_check("up", lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")

    def test_a_check_without_an_answer_in_time_has_failed(self):
        release = threading.Event()
        self.addCleanup(release.set)
        _, member = self.expect_check("down", held(release))
        self.assertIn("time", member["last_error"])

    def test_an_interim_response_is_not_the_answer(self):
        interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        self.expect_check("up", lambda request: interim + answer())
        _, member = self.expect_check("down", lambda request: interim + answer(b"", "503 Service Unavailable"))
        self.assertIn("503", member["last_error"])

    def test_an_answer_that_is_not_http_has_failed(self):
        self.expect_check("down", lambda request: b"SSH-2.0-OpenSSH\r\n\r\n")

    def test_a_connection_that_is_closed_has_failed(self):
        self.expect_check("down", lambda request: None)

    def test_a_tcp_check_sends_nothing(self):
        (origin,) = origins = self.named_origins(1)
        self.checked(origins, {"type": "tcp"})
        self.wait_health(origin, "up")
        wait_until(lambda: origin.accepted >= 2, "a second check")
        self.assertEqual(origin.requests, [])
        origin.stop()
        member = self.wait_health(origin, "down")
        self.assertNotEqual(member["last_error"], "")


class Changes(HealthTest):
    """When the state changes, and what follows from it."""

    def test_it_takes_so_many_failed_checks_to_go_down_and_passed_ones_to_come_back(self):
        (origin,) = origins = self.named_origins(1)
        state = {"is_well": True}
        results = []

        def respond(request):
            results.append(state["is_well"])
            return answer() if results[-1] else answer(b"", "503 Service Unavailable")

        origin.on("/health", respond)
        self.checked(origins, {"healthy": 4, "unhealthy": 3})
        self.wait_health(origin, "up")
        self.assertLessEqual(len(results), 3, "the first check decides alone")
        # What the gateway tells next is a moment older than what is counted here, so a count may be one ahead.
        for is_well, health, checks in ((False, "down", 3), (True, "up", 4)):
            state["is_well"] = is_well
            self.wait_health(origin, health)
            row = len(results) - max(i for i, result in enumerate(results) if result != is_well) - 1
            self.assertGreaterEqual(row, checks)
            self.assertLessEqual(row, checks + (8 if is_slow() else 3))

    def test_the_first_check_decides_alone_and_for_all_workers(self):
        (origin,) = origins = self.named_origins(1)
        origin.on("/health", says("", "500 Internal Server Error"))
        self.checked(origins, {"unhealthy": 5, "interval": "1h"}, workers=4)
        self.wait_health(origin, "down")
        self.assertEqual([self.sluice.get("/").status for _ in range(12)], [503] * 12)
        self.assertEqual(len(origin.requests), 1)

    def test_an_endpoint_that_is_down_gets_no_requests_until_it_is_back(self):
        origins = self.named_origins(3)
        client = self.checked(origins)
        for origin in origins:
            self.wait_health(origin, "up")
        origins[0].on("/health", says("", "503 Service Unavailable"))
        self.wait_health(origins[0], "down")
        self.assertEqual(self.names(client, 30), {"b": 15, "c": 15})
        origins[0].on("/health", says("fine"))
        self.wait_health(origins[0], "up")
        self.assertEqual(self.names(client, 30), {"a": 10, "b": 10, "c": 10})

    def test_checks_are_no_requests_of_clients(self):
        (origin,) = origins = self.named_origins(1)
        self.checked(origins)
        wait_until(lambda: len(origin.requests) >= 3, "checks")
        self.assertEqual(self.sluice.metric_sum("sluice_requests_total", route="/*rest"), 0)

    def test_status_and_metrics_tell_health_error_and_time(self):
        origins = self.named_origins(2)
        self.checked(origins)
        member = self.wait_health(origins[0], "up")
        self.assertNotIn("last_error", member)
        self.assertEqual(self.up_metric(origins[0]), 1)
        origins[0].on("/health", says("", "503 Service Unavailable"))
        member = self.wait_health(origins[0], "down")
        self.assertIn("503", member["last_error"])
        self.assertLess(member["changed_seconds_ago"], 5)
        self.assertLess(member["failed_seconds_ago"], 5)
        self.assertEqual((self.up_metric(origins[0]), self.up_metric(origins[1])), (0, 1))
        first = member["changed_seconds_ago"]
        wait_until(lambda: self.sluice.member(origins[0])["changed_seconds_ago"] > first + 0.1, "time to pass")
        origins[0].on("/health", says("fine"))
        member = self.wait_health(origins[0], "up")
        self.assertIn("503", member["last_error"], "what was wrong last stays for the operator")
        self.assertEqual(self.up_metric(origins[0]), 1)

    def test_changes_are_logged(self):
        (origin,) = origins = self.named_origins(1)
        self.checked(origins)
        self.wait_health(origin, "up")
        origin.stop()
        self.wait_health(origin, "down")

        def told():
            return [one for one in self.sluice.log if one["message"] == "endpoint is down"]

        (line,) = wait_until(told, "the line that tells it")
        self.assertEqual((line["level"], line["endpoint"]), ("warn", origin.address))

    def test_an_unchecked_endpoint_counts_as_healthy(self):
        (origin,) = origins = self.named_origins(1)
        release = threading.Event()
        self.addCleanup(release.set)
        origin.on("/health", held(release))
        client = self.checked(origins, {"interval": "1h", "timeout": "1h"})
        self.assertEqual(self.names(client, 3), {"a": 3})
        self.assertEqual(self.sluice.member(origin)["health"], "unchecked")

    def test_with_every_endpoint_down_clients_get_503_at_once(self):
        origins = self.named_origins(2)
        for origin in origins:
            origin.on("/health", says("", "503 Service Unavailable"))
        client = self.checked(origins)
        for origin in origins:
            self.wait_health(origin, "down")
        begin = time.monotonic()
        self.assertEqual([client.get("/").status for _ in range(10)], [503] * 10)
        self.assertLess(time.monotonic() - begin, AT_ONCE)
        self.assertEqual([one for origin in origins for one in origin.requests if one.target == "/"], [])

    def test_in_panic_all_are_used(self):
        origins = self.named_origins(3)
        for origin in origins[1:]:
            origin.on("/health", says("", "503 Service Unavailable"))
        client = self.checked(origins, panic_percent=50)
        for origin in origins[1:]:
            self.wait_health(origin, "down")
        self.assertEqual(self.names(client, 30), {"a": 10, "b": 10, "c": 10})
        origins[1].on("/health", says("fine"))
        self.wait_health(origins[1], "up")
        self.assertEqual(self.names(client, 30), {"a": 15, "b": 15})

    def test_with_slow_start_an_endpoint_that_comes_back_gets_little_at_first(self):
        origins = self.named_origins(2)
        client = self.checked(origins, slow_start="10m")
        self.wait_health(origins[0], "up")
        self.assertEqual(self.names(client, 20), {"a": 10, "b": 10})
        origins[0].on("/health", says("", "503 Service Unavailable"))
        self.wait_health(origins[0], "down")
        origins[0].on("/health", says("fine"))
        self.wait_health(origins[0], "up")
        self.assertLess(self.names(client, 100)["a"], 15)


class Ejection(HealthTest):
    """Without checks: what requests meet decides."""

    #: Every request is tried once, so that each failure is seen.
    ONCE = {"attempts": 1}

    def ejecting(self, origins, retry=None, **ejection):
        settings = {"ejection": ejection, "retry": retry or {}}
        self.sluice = self.gateway(forward_all(settings, None, *origins))
        return self.client(self.sluice)

    def seconds_out(self, origin):
        return self.sluice.member(origin).get("ejected_for_seconds")

    def out(self, origins):
        return [origin.name for origin in origins if self.seconds_out(origin) is not None]

    def failing(self, count, failing):
        origins = self.named_origins(count)
        for origin in origins[:failing]:
            origin.otherwise = says(origin.name, "500 Internal Server Error")
        return origins

    def test_failed_connects_in_a_row_take_an_endpoint_out(self):
        origins = self.named_origins(2)
        origins[0].stop()
        client = self.ejecting(origins, connect_failures=3, time="1h", max_time="1h")
        for _ in range(2 * 3 + 2):
            self.assertEqual(client.get("/").text, "b")
        self.assertAlmostEqual(self.seconds_out(origins[0]), 3600, delta=60)
        labels = {"cluster": "origin", "address": origins[0].address}
        self.assertEqual(self.sluice.metric_sum("sluice_upstream_ejected", **labels), 1)
        self.assertEqual(self.sluice.metric_sum("sluice_upstream_up", **labels), 0)
        before = self.sluice.metric_sum("sluice_upstream_retries_total")
        self.assertEqual(self.names(client, 10), {"b": 10})
        self.assertEqual(self.sluice.metric_sum("sluice_upstream_retries_total"), before)

    def test_an_endpoint_returns_when_its_time_is_over(self):
        origins = self.named_origins(2)
        origins[0].stop()
        client = self.ejecting(origins, connect_failures=1, time="500ms")
        wait_until(lambda: client.get("/").text == "b" and self.out(origins) == ["a"], "the endpoint to be out")
        self.restarted(origins[0])
        begin = time.monotonic()
        wait_until(lambda: client.get("/").text == "a", "the endpoint to return", 10)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(self.out(origins), [])

    def test_the_second_time_takes_longer(self):
        origins = self.named_origins(2)
        origins[0].stop()
        client = self.ejecting(origins, connect_failures=1, time="1s")

        def length():
            return client.get("/").status == 200 and self.seconds_out(origins[0])

        wait_until(length, "the first ejection")
        # Without requests: the one that finds it back in use would eject it anew before anyone looks.
        wait_until(lambda: self.seconds_out(origins[0]) is None, "its end")
        self.assertGreater(wait_until(length, "the second ejection"), 1.2)

    def test_server_errors_in_a_row_take_an_endpoint_out(self):
        origins = self.failing(2, 1)
        client = self.ejecting(origins, self.ONCE, server_errors=3, time="1h", max_time="1h")
        statuses = Counter(client.get("/").status for _ in range(20))
        self.assertEqual(statuses, {500: 3, 200: 17})
        self.assertEqual(self.out(origins), ["a"])

    def test_a_success_in_between_begins_a_new_row(self):
        (origin, other) = self.named_origins(2)
        turns = iter([True, True, False] * 100)
        origin.otherwise = lambda request: answer(b"a", "500 Internal Server Error" if next(turns) else "200 OK")
        client = self.ejecting([origin, other], self.ONCE, server_errors=3)
        for _ in range(40):
            client.get("/")
        self.assertEqual(len(origin.requests), 20)

    def test_broken_responses_count_as_server_errors(self):
        origins = self.named_origins(2)
        origins[0].otherwise = lambda request: b"nonsense\r\n\r\n"
        client = self.ejecting(origins, self.ONCE, server_errors=2, time="1h", max_time="1h")
        statuses = Counter(client.get("/").status for _ in range(20))
        self.assertEqual(statuses, {502: 2, 200: 18})

    def test_errors_do_not_count_where_the_rule_is_off(self):
        origins = self.failing(2, 1)
        client = self.ejecting(origins, self.ONCE)
        self.assertEqual(Counter(client.get("/").status for _ in range(40)), {500: 20, 200: 20})

    def test_no_more_than_the_share_are_out(self):
        origins = self.failing(4, 4)
        client = self.ejecting(origins, self.ONCE, server_errors=1, max_percent=50, time="1h", max_time="1h")
        for _ in range(40):
            self.assertEqual(client.get("/").status, 500)
        self.assertEqual(len(self.out(origins)), 2)

    def test_one_of_two_may_be_out_but_not_both(self):
        origins = self.failing(2, 2)
        client = self.ejecting(origins, self.ONCE, server_errors=1, max_percent=10, time="1h", max_time="1h")
        for _ in range(20):
            client.get("/")
        self.assertEqual(len(self.out(origins)), 1)

    def test_none_is_out_where_the_share_is_0_nor_where_there_is_but_one(self):
        for count, percent in ((2, 0), (1, 50)):
            with self.subTest(count):
                origins = self.failing(count, count)
                client = self.ejecting(origins, self.ONCE, server_errors=1, max_percent=percent)
                self.assertEqual({client.get("/").status for _ in range(10)}, {500})
                self.assertEqual(self.out(origins), [])

    def test_all_may_be_out_and_then_clients_get_503_at_once(self):
        origins = self.failing(2, 2)
        client = self.ejecting(origins, self.ONCE, server_errors=1, max_percent=100, time="1h", max_time="1h")
        self.assertEqual([client.get("/").status for _ in range(2)], [500, 500])
        begin = time.monotonic()
        self.assertEqual([client.get("/").status for _ in range(10)], [503] * 10)
        self.assertLess(time.monotonic() - begin, AT_ONCE)

    def test_workers_agree(self):
        origins = self.failing(2, 1)
        settings = {"ejection": {"server_errors": 4, "time": "1h", "max_time": "1h"}, "retry": self.ONCE}
        self.sluice = self.gateway(forward_all(settings, None, *origins, workers=2))
        statuses = Counter(self.sluice.get("/").status for _ in range(60))
        self.assertEqual(statuses[500], 4)


class EjectionWithChecks(HealthTest):
    """Checks that pass bring an endpoint back that could not be reached, not one that answers with errors."""

    FOR_LONG = {"connect_failures": 1, "time": "1h", "max_time": "1h"}

    def is_out(self, origin):
        return "ejected_for_seconds" in self.sluice.member(origin)

    def test_an_endpoint_that_can_be_reached_again_is_back_after_its_checks(self):
        for check in ({"type": "tcp"}, {"type": "tcp", "unhealthy": 100}, {"healthy": 2, "unhealthy": 100}):
            with self.subTest(check):
                origins = self.named_origins(2)
                client = self.checked(origins, check, ejection=self.FOR_LONG)
                self.wait_health(origins[0], "up")
                origins[0].stop()
                wait_until(lambda: client.get("/").text == "b" and self.is_out(origins[0]), "the endpoint to be out")
                self.restarted(origins[0])
                wait_until(lambda: client.get("/").text == "a", "the endpoint to be used", 10)
                self.assertFalse(self.is_out(origins[0]))

    def test_checks_say_nothing_of_server_errors(self):
        origins = self.named_origins(2)
        origins[0].otherwise = says("a", "500 Internal Server Error")
        origins[0].on("/health", says("fine"))
        client = self.checked(origins, ejection={**self.FOR_LONG, "server_errors": 1}, retry={"attempts": 1})
        wait_until(lambda: client.get("/").status == 500, "an error")
        checks = len(origins[0].requests)
        wait_until(lambda: len(origins[0].requests) >= checks + 4, "further checks")
        self.assertTrue(self.is_out(origins[0]))
        self.assertEqual(self.names(client, 10), {"b": 10})


if __name__ == "__main__":
    main()
