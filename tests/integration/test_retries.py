"""Which failed tries are repeated, where, how often, and with which body."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness import GatewayTest, answer, chunks, forward_all, held, main, request_bytes, says, wait_until

#: Endpoints stay in use however they fail.
NEVER_EJECTED = {"ejection": {"connect_failures": 0}}


def resets(request):
    request.connection.reset()


def closes(request):
    return None


def pieces_of(body, size=5000):
    return [body[i : i + size] for i in range(0, len(body), size)]


class RetryTest(GatewayTest):
    def retrying(self, origins, retry=None, route_settings=None, cluster_settings=None, **settings):
        retry = {"backoff": "1ms", **(retry or {})}
        settings_of_cluster = {"retry": retry, **NEVER_EJECTED, **(cluster_settings or {})}
        self.origins = origins
        self.sluice = self.gateway(forward_all(settings_of_cluster, route_settings, *origins, **settings))
        return self.client(self.sluice)

    def failing_first(self, count, fail, failures=1):
        """Origins of which the first requests fail, whichever origins get them; the later ones succeed."""
        origins = [self.origin() for _ in range(count)]
        left = iter([True] * failures)

        def respond(request):
            return fail(request) if next(left, False) else answer(b"done")

        for origin in origins:
            origin.otherwise = respond
        return origins

    def tries(self):
        return [len(origin.requests) for origin in self.origins]

    def retries(self):
        return self.sluice.metric_sum("sluice_upstream_retries_total")


class Where(RetryTest):
    def test_a_failed_connect_takes_nothing_from_the_budget(self):
        gone, too, origin = self.named_origins(3)
        gone.stop()
        too.stop()
        client = self.retrying([gone, too, origin], {"budget_percent": 0, "budget_per_second": 0})
        self.assertEqual({client.get("/").text for _ in range(30)}, {"c"})

    def test_a_failed_connect_is_followed_by_a_try_at_another_endpoint_whatever_the_method(self):
        gone, origin = self.named_origins(2)
        gone.stop()
        client = self.retrying([gone, origin], {"budget_per_second": 1000})
        for method in ("GET", "POST", "PATCH", "DELETE"):
            for _ in range(2):
                self.assertEqual(client.request(method, "/", body=b"body").text, "b")
        self.assertEqual({one.body for one in origin.requests}, {b"body"})
        self.assertGreaterEqual(self.retries(), 4)

    def test_a_long_body_survives_a_failed_connect(self):
        gone, origin = self.named_origins(2)
        gone.stop()
        client = self.retrying([gone, origin])
        body = bytes(range(256)) * 2000
        for _ in range(2):
            self.assertEqual(client.post("/", body).text, "b")
        self.assertEqual([one.body for one in origin.requests], [body, body])

    def test_each_try_is_made_at_another_endpoint(self):
        gone, broken, origin = self.named_origins(3)
        gone.stop()
        broken.otherwise = resets
        client = self.retrying([gone, broken, origin], {"budget_per_second": 1000})
        self.assertEqual([client.get("/").text for _ in range(12)], ["c"] * 12)

    def test_a_single_endpoint_is_tried_again_itself(self):
        client = self.retrying(self.failing_first(1, resets))
        self.assertEqual((client.get("/").status, self.tries()), (200, [2]))


class Which(RetryTest):
    def expect(self, status, tries, fail, method="GET", failures=1, **retry):
        """Two endpoints, of which the first requests fail: what the client gets, and how often it was tried."""
        client = self.retrying(self.failing_first(2, fail, failures), retry)
        body = None if method in ("GET", "HEAD", "OPTIONS") else b"body"
        response = client.request(method, "/", body=body)
        self.assertEqual((response.status, sum(self.tries())), (status, tries), method)
        return response

    def test_a_connection_that_breaks_before_the_head_is_followed_by_another_try(self):
        for fail in (resets, closes):
            self.expect(200, 2, fail)
            self.assertEqual(sorted(self.tries()), [1, 1])

    def test_methods_that_may_be_repeated_are(self):
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            self.expect(200, 2, resets, method)

    def test_others_are_not(self):
        for method in ("POST", "PATCH"):
            self.expect(502, 1, resets, method)

    def test_others_are_too_where_the_cluster_wants_it(self):
        for method in ("POST", "PATCH"):
            self.expect(200, 2, resets, method, non_idempotent=True)

    def test_listed_statuses_are_worth_another_try(self):
        self.expect(200, 2, says("", "503 Service Unavailable"), statuses=["502-504"])
        self.expect(200, 2, says("", "404 Not Found"), statuses=["404"])

    def test_others_are_the_clients(self):
        self.expect(500, 1, says("", "500 Internal Server Error"), statuses=["502-504"])
        self.expect(503, 1, says("", "503 Service Unavailable"))

    def test_a_status_after_a_post_is_the_clients(self):
        self.expect(503, 1, says("", "503 Service Unavailable"), "POST", statuses=[503])
        self.expect(200, 2, says("", "503 Service Unavailable"), "POST", statuses=[503], non_idempotent=True)

    def test_an_interim_response_makes_a_try_the_last(self):
        def hints(request):
            request.connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            return None

        client = self.retrying(self.failing_first(2, hints))
        response = client.get("/")
        self.assertEqual((response.status, [one.status for one in response.interim]), (502, [103]))
        self.assertEqual(sum(self.tries()), 1)

    def test_a_listed_status_after_an_interim_response_is_the_clients(self):
        def hints(request):
            request.connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            return answer(b"", "503 Service Unavailable")

        self.expect(503, 1, hints, statuses=[503])


class HowOften(RetryTest):
    def expect_tries(self, tries, status=502, **retry):
        origins = self.named_origins(4)
        for origin in origins:
            origin.otherwise = resets
        client = self.retrying(origins, retry)
        self.assertEqual((client.get("/").status, sum(self.tries())), (status, tries))

    def test_the_tries_are_counted_in_all(self):
        self.expect_tries(3)
        self.expect_tries(1, attempts=1)
        self.expect_tries(2, attempts=2)
        self.expect_tries(4, attempts=4)
        self.assertEqual(sorted(self.tries()), [1, 1, 1, 1])

    def test_the_last_response_is_the_clients(self):
        origins = self.named_origins(2)
        for origin in origins:
            origin.otherwise = says("no, thanks", "503 Service Unavailable", ["X-Mine: 1"])
        client = self.retrying(origins, {"statuses": [503]})
        response = client.get("/")
        self.assertEqual((response.status, response.text, response.headers["X-Mine"]), (503, "no, thanks", "1"))
        self.assertEqual(sum(self.tries()), 3)

    def test_nothing_of_a_response_that_was_tried_again_reaches_the_client(self):
        origins = self.named_origins(2)
        origins[0].otherwise = says("x" * 200_000, "503 Service Unavailable", ["X-Mine: 1"])
        client = self.retrying(origins, {"statuses": [503], "budget_per_second": 1000})
        for _ in range(20):
            response = client.get("/")
            self.assertEqual((response.status, response.text), (200, "b"))
            self.assertNotIn("X-Mine", response.headers)
        self.assertEqual(len(origins[1].requests), 20)

    def test_a_client_that_leaves_between_two_tries_ends_its_request(self):
        origins = self.named_origins(1)
        origins[0].otherwise = says("", "503 Service Unavailable")
        client = self.retrying(origins, {"statuses": [503], "backoff": "5s", "max_backoff": "5s"}, workers=1)
        client.send(request_bytes("GET", "/"))
        wait_until(lambda: self.tries() == [2], "the second try")
        client.close()
        wait_until(lambda: self.sluice.metric_sum("sluice_requests_total") == 1, "the end of the request")
        origins[0].otherwise = says("well")
        self.assertEqual(self.client(self.sluice).get("/").text, "well")
        self.assertEqual(self.tries(), [3])

    def test_without_a_budget_nothing_is_tried_again(self):
        self.expect_tries(1, budget_percent=0, budget_per_second=0)
        self.assertEqual(self.retries(), 0)

    def test_a_storm_of_failures_is_not_made_worse_by_retries(self):
        origins = self.named_origins(2)
        for origin in origins:
            origin.otherwise = says("", "503 Service Unavailable")
        self.retrying(origins, {"statuses": [503], "attempts": 3}, workers=2)

        def ask(_):
            with self.sluice.client() as client:
                return [client.get("/").status for _ in range(250)]

        with ThreadPoolExecutor(8) as pool:
            statuses = [status for part in pool.map(ask, range(8)) for status in part]
        self.assertEqual(statuses, [503] * 2000)
        self.assertGreater(sum(self.tries()), 2000)
        self.assertLessEqual(sum(self.tries()), 2500)
        self.assertEqual(sum(self.tries()) - 2000, self.retries())


class Bodies(RetryTest):
    def send_in_pieces(self, client, body, chunked=False, then=None):
        """A PUT whose body follows its head in pieces; `then` is called after the first of them."""
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        client.send(request_bytes("PUT", "/", [length]))
        wait_until(lambda: sum(self.tries()) >= 1, "the head at an origin")
        for number, piece in enumerate(pieces_of(body)):
            client.try_send(chunks(piece)[:-5] if chunked else piece)
            if number == 0 and then:
                then()
        if chunked:
            client.try_send(b"0\r\n\r\n")
        return client.response()

    def bodies(self):
        return [one.body for origin in self.origins for one in origin.requests if one.is_complete]

    def test_a_body_that_came_in_pieces_is_sent_again(self):
        body = bytes(range(256)) * 160
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                client = self.retrying(self.failing_first(2, resets))
                self.assertEqual(self.send_in_pieces(client, body, chunked).status, 200)
                self.assertEqual(self.bodies(), [body, body])

    def test_trailers_are_sent_again(self):
        for piece in (b"short", b"x" * 40_000):
            with self.subTest(len(piece)):
                client = self.retrying(self.failing_first(2, resets))
                client.send(request_bytes("PUT", "/", ["Transfer-Encoding: chunked"]))
                wait_until(lambda: sum(self.tries()) == 1, "the head at an origin")
                client.try_send(chunks(piece, trailers=["X-Sum: 1"]))
                self.assertEqual(client.response().status, 200)
                self.assertEqual(self.bodies(), [piece, piece])
                trailers = [one.trailers["X-Sum"] for origin in self.origins for one in origin.requests]
                self.assertEqual(trailers, ["1", "1"])

    def test_a_body_that_is_still_coming_is_sent_again_and_goes_on(self):
        def resets_early(request):
            request.connection.reset()

        resets_early.reads_body = False
        body = bytes(range(256)) * 160
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                client = self.retrying(self.early_failure(resets_early))
                told = lambda: wait_until(lambda: sum(self.tries()) == 2, "the second try")
                self.assertEqual(self.send_in_pieces(client, body, chunked, told).status, 200)
                self.assertEqual(self.bodies(), [body])

    def early_failure(self, fail):
        """Two origins: the first request fails before its body is read."""
        origins = [self.origin() for _ in range(2)]
        left = iter([True])

        def respond(request):
            if next(left, False):
                return fail(request)
            request.connection.body_of(request)
            return answer(b"done")

        respond.reads_body = False
        for origin in origins:
            origin.otherwise = respond
        return origins

    def test_a_body_up_to_body_bytes_is_sent_again_and_none_that_is_longer(self):
        for length, status, tries in ((65536, 200, 2), (65537, 502, 1), (200_000, 502, 1)):
            with self.subTest(length):
                client = self.retrying(self.failing_first(2, resets))
                self.assertEqual(self.send_in_pieces(client, b"x" * length).status, status)
                self.assertEqual(sum(self.tries()), tries)

    def test_a_body_that_came_with_its_head_is_kept_no_longer_than_others(self):
        for length, status, tries in ((1000, 200, 2), (1001, 502, 1)):
            with self.subTest(length):
                client = self.retrying(self.failing_first(2, resets), {"body_bytes": 1000})
                self.assertEqual(client.request("PUT", "/", body=b"x" * length).status, status)
                self.assertEqual(sum(self.tries()), tries)

    def test_body_bytes_can_be_less(self):
        for length, status in ((1000, 200), (1001, 502)):
            with self.subTest(length):
                client = self.retrying(self.failing_first(2, resets), {"body_bytes": 1000})
                self.assertEqual(self.send_in_pieces(client, b"x" * length).status, status)

    def test_a_post_where_the_cluster_wants_it(self):
        client = self.retrying(self.failing_first(2, resets), {"non_idempotent": True})
        body = b"y" * 30_000
        client.send(request_bytes("POST", "/", [f"Content-Length: {len(body)}"]))
        wait_until(lambda: sum(self.tries()) == 1, "the head at an origin")
        client.send(body)
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.bodies(), [body, body])

    def test_a_listed_status_after_a_body(self):
        client = self.retrying(self.failing_first(2, says("", "503 Service Unavailable")), {"statuses": [503]})
        body = b"z" * 40_000
        self.assertEqual(self.send_in_pieces(client, body).status, 200)
        self.assertEqual(self.bodies(), [body, body])


class TryTimeout(RetryTest):
    def held_first(self, failures=1, count=2):
        release = threading.Event()
        self.addCleanup(release.set)
        return self.failing_first(count, held(release), failures)

    def timed(self, client, method="GET"):
        begin = time.monotonic()
        response = client.request(method, "/", body=None if method == "GET" else b"body")
        return response, time.monotonic() - begin

    def test_a_try_without_an_answer_in_time_is_followed_by_another(self):
        client = self.retrying(self.held_first(), {"try_timeout": "300ms"})
        response, seconds = self.timed(client)
        self.assertEqual((response.text, sorted(self.tries())), ("done", [1, 1]))
        self.assertGreaterEqual(seconds, 0.25)

    def test_when_all_tries_take_too_long_it_is_504(self):
        client = self.retrying(self.held_first(9), {"try_timeout": "200ms", "attempts": 2})
        response, seconds = self.timed(client)
        self.assertEqual((response.status, sum(self.tries())), (504, 2))
        self.assertGreaterEqual(seconds, 0.35)

    def test_a_post_gets_504_after_its_only_try(self):
        client = self.retrying(self.held_first(), {"try_timeout": "200ms"})
        response, _ = self.timed(client, "POST")
        self.assertEqual((response.status, sum(self.tries())), (504, 1))

    def test_the_routes_timeout_is_for_all_tries(self):
        client = self.retrying(self.held_first(9), {"try_timeout": "400ms", "attempts": 9}, {"timeout": "600ms"})
        response, seconds = self.timed(client)
        self.assertEqual((response.status, sum(self.tries())), (504, 2))
        self.assertGreaterEqual(seconds, 0.5)

    def test_the_routes_timeout_alone_is_followed_by_no_try(self):
        client = self.retrying(self.held_first(), None, {"timeout": "200ms"})
        response, _ = self.timed(client)
        self.assertEqual((response.status, sum(self.tries())), (504, 1))


if __name__ == "__main__":
    main()
