"""A GET whose response does not begin in time is sent to a second endpoint as well."""

import threading
import unittest

from harness import GatewayTest, answer, forward_all, is_wine, main, wait_until

HEDGED = {"retry": {"attempts": 1, "hedge_after": "50ms", "budget_per_second": 1000}, "balance": "round_robin"}


class Hedging(GatewayTest):
    def setUp(self):
        self.release = threading.Event()

    def two_origins(self):
        origins = [self.origin(), self.origin()]
        # Before the origins stop: nobody waits for a held request then.
        self.addCleanup(self.release.set)
        return origins

    def two(self, settings=None, route_settings=None):
        """Two origins; whichever gets a request first holds it until `release`."""
        self.first = []
        lock = threading.Lock()

        def respond(request):
            with lock:
                is_first = request.target not in self.first
                self.first.append(request.target)
            if is_first:
                self.release.wait(20)
                return answer(b"slow")
            return answer(b"fast")

        self.origins = self.two_origins()
        for origin in self.origins:
            origin.otherwise = respond
        self.sluice = self.gateway(forward_all({**HEDGED, **(settings or {})}, route_settings, *self.origins))
        return self.client(self.sluice)

    def requests(self):
        return [len(origin.requests) for origin in self.origins]

    def test_the_second_endpoint_answers_for_a_silent_first(self):
        client = self.two()
        self.assertEqual(client.get("/a").text, "fast")
        self.assertEqual(self.requests(), [1, 1])
        # The connection stays usable, and so does the gateway.
        self.assertEqual(client.get("/b").text, "fast")

    def test_the_connection_of_the_loser_is_closed(self):
        client = self.two()
        self.assertEqual(client.get("/a").text, "fast")
        members = self.sluice.status()["clusters"][0]["members"]
        self.assertEqual(sum(member["connections"] for member in members), 1)

    def test_a_post_is_never_sent_twice(self):
        client = self.two()
        threading.Timer(0.3, self.release.set).start()
        self.assertEqual(client.post("/a", b"body").text, "slow")
        self.assertEqual(sum(self.requests()), 1)

    def test_a_get_with_a_body_is_never_sent_twice(self):
        client = self.two()
        threading.Timer(0.3, self.release.set).start()
        self.assertEqual(client.request("GET", "/a", body=b"body").text, "slow")
        self.assertEqual([one.body for origin in self.origins for one in origin.requests], [b"body"])

    def test_a_fast_first_endpoint_needs_no_second(self):
        origins = self.two_origins()
        gateway = self.gateway(forward_all(HEDGED, None, *origins))
        client = self.client(gateway)
        for _ in range(20):
            self.assertEqual(client.get("/").status, 200)
        self.assertEqual(sum(len(origin.requests) for origin in origins), 20)

    def test_a_first_that_answers_while_the_second_is_asked_wins(self):
        origins = self.two_origins()
        arrived = threading.Barrier(2, timeout=20)
        order = []
        lock = threading.Lock()

        def respond(request):
            with lock:
                order.append(request)
                is_first = len(order) == 1
            arrived.wait()
            if is_first:
                return answer(b"first")
            self.release.wait(20)
            return answer(b"second")

        for origin in origins:
            origin.otherwise = respond
        gateway = self.gateway(forward_all(HEDGED, None, *origins))
        self.assertEqual(gateway.get("/").text, "first")

    def test_a_first_that_breaks_waits_for_the_second(self):
        origins = self.two_origins()
        second_asked = threading.Event()
        first_gone = threading.Event()
        lock = threading.Lock()
        order = []

        def respond(request):
            with lock:
                order.append(request)
                is_first = len(order) == 1
            if is_first:
                second_asked.wait(20)
                request.connection.reset()
                first_gone.set()
                return None
            second_asked.set()
            first_gone.wait(20)
            return answer(b"second")

        for origin in origins:
            origin.otherwise = respond
        gateway = self.gateway(forward_all(HEDGED, None, *origins))
        self.assertEqual(gateway.get("/").text, "second")

    def test_a_client_that_leaves_ends_both_tries(self):
        origins = self.two_origins()
        for origin in origins:
            origin.otherwise = lambda request: self.release.wait(20) and None
        gateway = self.gateway(forward_all(HEDGED, None, *origins))
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: sum(len(origin.requests) for origin in origins) == 2, "both endpoints to be asked")
        client.close()
        wait_until(lambda: gateway.status()["requests"]["active"] == 0, "the exchange to end")

    @unittest.skipIf(is_wine(), "no signal asks a program under Wine to stop (docs/platforms.md)")
    def test_a_cut_ends_both_tries(self):
        origins = self.two_origins()
        for origin in origins:
            origin.otherwise = lambda request: self.release.wait(20) and None
        gateway = self.gateway(forward_all(HEDGED, None, *origins, limits={"drain": "100ms"}))
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: sum(len(origin.requests) for origin in origins) == 2, "both endpoints to be asked")
        self.assertEqual(gateway.stop(), 5)


if __name__ == "__main__":
    main()
