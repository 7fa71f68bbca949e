"""How requests are shared between endpoints: balancers, hashes, priorities, and routes that split their requests.

Each origin answers with its own name. Bounds of random shares are at least five standard deviations wide.
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from harness import (
    GatewayTest, answer, cluster, config, endpoint, forward_all, held, main, quick_check, request_bytes, route,
    wait_until,
)

#: Finds out quickly that an endpoint is gone, or back.
CHECKED = {"health_check": quick_check(type="tcp")}


class BalancingTest(GatewayTest):
    def balanced(self, origins, **cluster_settings):
        """A client of a gateway that shares requests between these origins."""
        self.sluice = self.gateway(forward_all(cluster_settings, None, *origins))
        return self.client(self.sluice)

    def names(self, client, count, target="/", *headers):
        """Which origins answered so many requests."""
        return [client.get(target, *headers).text for _ in range(count)]

    def wait_health(self, origin, health):
        wait_until(lambda: self.sluice.member(origin)["health"] == health, f"{origin.name} to be {health}")


class RoundRobin(BalancingTest):
    def test_equal_endpoints_get_requests_in_turn(self):
        names = self.names(self.balanced(self.named_origins(3)), 30)
        self.assertEqual(set(names[:3]), {"a", "b", "c"})
        self.assertEqual(names, names[:3] * 10)

    def test_weights_are_kept_exactly(self):
        origins = self.named_origins(3)
        weighted = [endpoint(origin, weight=weight) for origin, weight in zip(origins, (3, 2, 1))]
        names = self.names(self.balanced(origins, endpoints=weighted), 60)
        self.assertEqual(Counter(names), {"a": 30, "b": 20, "c": 10})

    def test_a_heavy_endpoint_does_not_get_its_requests_in_one_burst(self):
        origins = self.named_origins(3)
        weighted = [endpoint(origin, weight=weight) for origin, weight in zip(origins, (4, 2, 2))]
        names = self.names(self.balanced(origins, endpoints=weighted), 64)
        self.assertNotIn("aaa", "".join(names))

    def test_two_workers_share_as_one_does(self):
        self.sluice = self.gateway(forward_all(None, None, *self.named_origins(2), workers=2))
        names = [self.sluice.get("/").text for _ in range(40)]
        for name in "ab":
            self.assertAlmostEqual(names.count(name), 20, delta=2)


class LeastRequest(BalancingTest):
    def test_an_endpoint_with_a_request_under_way_is_left_alone_while_another_is_free(self):
        origins = self.named_origins(2)
        release = threading.Event()
        self.addCleanup(release.set)
        for origin in origins:
            origin.on("/held", held(release, origin.name))
        client = self.balanced(origins, balance="least_request")
        busy = self.client(self.sluice).send(request_bytes("GET", "/held"))
        wait_until(lambda: sum(len(origin.requests) for origin in origins) == 1, "the request to be under way")
        free = set(self.names(client, 20))
        release.set()
        self.assertEqual(free | {busy.response().text}, {"a", "b"})
        self.assertEqual(len(free), 1)

    def test_a_slow_endpoint_gets_less(self):
        origins = self.named_origins(3)

        def slow(request):
            time.sleep(0.03)
            return answer(b"a")

        origins[0].otherwise = slow
        self.balanced(origins, balance="least_request")

        def ask(_):
            with self.sluice.client() as client:
                return self.names(client, 30)

        with ThreadPoolExecutor(8) as pool:
            names = [name for part in pool.map(ask, range(8)) for name in part]
        self.assertLess(names.count("a"), 50, Counter(names))
        self.assertGreater(names.count("a"), 0)


class AtRandom(BalancingTest):
    def test_equal_endpoints_get_about_the_same(self):
        names = self.names(self.balanced(self.named_origins(2), balance="random"), 600)
        self.assertGreater(names.count("a"), 235)
        self.assertLess(names.count("a"), 365)
        self.assertNotIn("".join(names[:40]), ("ab" * 20, "ba" * 20))

    def test_weights_are_kept_roughly(self):
        origins = self.named_origins(2)
        weighted = [endpoint(origins[0], weight=3), endpoint(origins[1], weight=1)]
        names = self.names(self.balanced(origins, balance="random", endpoints=weighted), 400)
        self.assertGreater(names.count("a"), 255)
        self.assertLess(names.count("a"), 345)


class Hash(BalancingTest):
    KEYS = [f"user-{number}" for number in range(40)]

    def expect_stable(self, by, request_of):
        """`request_of(key, round)` is the target and headers: the same key must lead to the same endpoint, always."""
        client = self.balanced(self.named_origins(3), balance="hash", hash=by)
        first = {key: self.names(client, 1, *request_of(key, 0)) for key in self.KEYS}
        with self.sluice.client() as other:
            again = {key: self.names(other, 1, *request_of(key, 1)) for key in self.KEYS}
        self.assertEqual(first, again)
        self.assertEqual({name for (name,) in first.values()}, {"a", "b", "c"})
        return client

    def test_by_header(self):
        by = {"by": "header", "name": "X-User"}
        client = self.expect_stable(by, lambda key, turn: (f"/{turn}", f"X-User: {key}"))
        same = {name for number in range(12) for name in self.names(client, 1, f"/{number}", "x-user: one")}
        self.assertEqual(len(same), 1)

    def test_by_cookie(self):
        by = {"by": "cookie", "name": "user"}
        self.expect_stable(by, lambda key, turn: ("/", f"Cookie: first={turn}; user={key}; last=2"))

    def test_by_query(self):
        by = {"by": "query", "name": "user"}
        self.expect_stable(by, lambda key, turn: (f"/?turn={turn}&user={key}&x=y",))

    def test_by_path(self):
        self.expect_stable({"by": "path"}, lambda key, turn: (f"/{key}?turn={turn}",))

    def test_by_client(self):
        self.balanced(self.named_origins(3), balance="hash", hash={"by": "client"})
        found = {}
        for turn in range(2):
            for number in range(1, 25):
                with self.sluice.client(source=f"127.0.0.{number}") as client:
                    found.setdefault(number, set()).update(self.names(client, 2, f"/{turn}"))
        self.assertEqual({len(names) for names in found.values()}, {1})
        self.assertGreater(len(set.union(*found.values())), 1)

    def test_the_client_is_the_one_that_trusted_proxies_name(self):
        self.sluice = self.gateway(
            forward_all(
                {"balance": "hash", "hash": {"by": "client"}}, None, *self.named_origins(3),
                forwarding={"trusted_proxies": ["127.0.0.1"]},
            )
        )
        client = self.client(self.sluice)
        found = [self.names(client, 2, "/", f"X-Forwarded-For: 10.0.0.{number}") for number in range(1, 25)]
        self.assertEqual({len(set(names)) for names in found}, {1})
        self.assertGreater(len({names[0] for names in found}), 1)

    def test_a_request_without_the_key_is_hashed_by_its_client(self):
        client = self.balanced(self.named_origins(3), balance="hash", hash={"by": "header", "name": "X-User"})
        names = {name for number in range(12) for name in self.names(client, 1, f"/{number}")}
        self.assertEqual(len(names), 1)

    def test_weights_are_kept_roughly(self):
        origins = self.named_origins(2)
        weighted = [endpoint(origins[0], weight=3), endpoint(origins[1], weight=1)]
        client = self.balanced(origins, balance="hash", hash={"by": "path"}, endpoints=weighted)
        names = [name for number in range(400) for name in self.names(client, 1, f"/{number}")]
        self.assertGreater(names.count("a"), 250)
        self.assertLess(names.count("a"), 350)

    def test_an_endpoint_lost_moves_only_its_own_keys_and_gets_them_back(self):
        origins = self.named_origins(4)
        client = self.balanced(origins, balance="hash", hash={"by": "path"}, **CHECKED)
        for origin in origins:
            self.wait_health(origin, "up")

        def places():
            return {key: self.names(client, 1, "/" + key)[0] for key in self.KEYS * 2}

        before = places()
        lost = origins[1]
        lost.stop()
        self.wait_health(lost, "down")
        during = places()
        self.assertNotIn("b", during.values())
        stayed = {key: name for key, name in before.items() if name != "b"}
        self.assertEqual({key: during[key] for key in stayed}, stayed)
        moved_to = {during[key] for key, name in before.items() if name == "b"}
        self.assertGreater(len(moved_to), 1, "one endpoint has to carry the whole load of the lost one")
        self.restarted(lost)
        self.wait_health(lost, "up")
        self.assertEqual(places(), before)


class Priorities(BalancingTest):
    def prioritised(self, priorities, **settings):
        self.origins = self.named_origins(len(priorities))
        endpoints = [endpoint(origin, priority=value) for origin, value in zip(self.origins, priorities)]
        return self.balanced(self.origins, endpoints=endpoints, **CHECKED, **settings)

    def test_a_backup_is_used_only_while_the_first_is_down(self):
        client = self.prioritised((0, 5))
        self.assertEqual(set(self.names(client, 20)), {"a"})
        self.origins[0].stop()
        self.wait_health(self.origins[0], "down")
        self.assertEqual(set(self.names(client, 20)), {"b"})
        self.restarted(self.origins[0])
        self.wait_health(self.origins[0], "up")
        self.assertEqual(set(self.names(client, 20)), {"a"})

    def test_a_backup_is_not_needed_while_one_of_two_is_up(self):
        client = self.prioritised((1, 0, 0))
        self.origins[1].stop()
        self.wait_health(self.origins[1], "down")
        self.assertEqual(set(self.names(client, 20)), {"c"})

    def test_a_request_that_finds_the_first_gone_is_tried_at_the_backup(self):
        origins = self.named_origins(2)
        endpoints = [endpoint(origins[0]), endpoint(origins[1], priority=1)]
        client = self.balanced(origins, endpoints=endpoints)
        origins[0].stop()
        response = client.get("/")
        self.assertEqual((response.status, response.text), (200, "b"))


class Draining(BalancingTest):
    def test_an_endpoint_that_drains_gets_nothing_new(self):
        origins = self.named_origins(2)
        client = self.balanced(origins, endpoints=[endpoint(origins[0], drain=True), endpoint(origins[1])])
        self.assertEqual(set(self.names(client, 20)), {"b"})
        self.assertTrue(self.sluice.member(origins[0])["draining"])


class Split(BalancingTest):
    def split(self, *weights, **settings):
        self.origins = self.named_origins(len(weights))
        shares = [{"cluster": one.name, "weight": weight} for one, weight in zip(self.origins, weights)]
        clusters = [cluster(origin.name, origin) for origin in self.origins]
        self.sluice = self.gateway(config([route("/*rest", split=shares, **settings)], clusters))
        return self.client(self.sluice)

    def test_clusters_share_the_requests_by_weight(self):
        names = self.names(self.split(90, 10), 1000)
        self.assertGreater(names.count("b"), 50)
        self.assertLess(names.count("b"), 150)
        self.assertEqual(names.count("a") + names.count("b"), 1000)

    def test_a_weight_of_nothing_gets_nothing(self):
        self.assertEqual(set(self.names(self.split(1, 0), 100)), {"a"})

    def test_the_rest_of_the_route_is_for_both(self):
        client = self.split(1, 1, strip_prefix="/api", request_headers={"set": {"X-Area": "orders"}})
        self.names(client, 40, "/api/x")
        for origin in self.origins:
            self.assertGreater(len(origin.requests), 0)
            self.assertEqual({(one.target, one.headers["X-Area"]) for one in origin.requests}, {("/x", "orders")})


if __name__ == "__main__":
    main()
