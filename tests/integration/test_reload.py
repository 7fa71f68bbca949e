"""A reload changes what has changed, and nothing else."""

import os
import signal
import socket
import threading
import time

from harness import (LOOPBACK, ConnectionEnded, GatewayTest, Origin, answer, cluster, config, endpoint, forward_all, held,
                     main, proxy_to, quick_check, request_bytes, route, says, wait_until)
from websocket_origin import WebSocketOrigin, WebSocketClient


def free_port():
    """A port that is free now: gateways of other tests ask for port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def text(file):
    """What stands in a file; nothing when there is none."""
    try:
        with open(file, encoding="utf-8") as found:
            return found.read()
    except FileNotFoundError:
        return ""


class ReloadTest(GatewayTest):
    def start(self, configuration):
        self.sluice = self.gateway(configuration)
        return self.client(self.sluice)

    def reload(self, configuration=None):
        entry = self.sluice.reload(configuration)
        self.assertEqual(entry["message"], "reloaded", self.sluice.log_text())

    def refuse(self, configuration):
        entry = self.sluice.reload(configuration)
        self.assertIn("refused", entry["message"])
        return [one["where"] for one in self.sluice.log if one["message"] == "the configuration has an error"]


class Routes(ReloadTest):
    def test_routes_are_added_changed_and_removed_for_the_next_request_of_a_kept_connection(self):
        client = self.start(config([route("/a", respond={"body": "one"}), route("/gone", respond={"body": "x"})]))
        self.assertEqual(client.get("/a").text, "one")
        self.reload(config([route("/a", respond={"body": "two"}), route("/new", respond={"body": "new"})]))
        self.assertEqual(client.get("/a").text, "two")
        self.assertEqual(client.get("/new").text, "new")
        self.assertEqual(client.get("/gone").status, 404)
        self.assertEqual(self.sluice.metric_sum("sluice_config_generation"), 2)

    def test_a_request_of_a_removed_route_ends_as_it_began(self):
        origin = self.origin()
        gate = threading.Event()
        origin.on("/slow", held(gate, "late"))
        client = self.start(proxy_to(origin))
        client.send(request_bytes("GET", "/slow"))
        wait_until(lambda: origin.requests, "the request at the origin")
        self.reload(config([route("/other", respond={"body": "x"})]))
        gate.set()
        self.assertEqual(client.response().text, "late")
        self.assertEqual(client.get("/slow").status, 404)

    def test_counters_of_routes_that_stay_go_on_and_those_of_removed_ones_are_forgotten(self):
        ones = [route("/a", name="a", respond={"body": "x"}), route("/b", name="b", respond={"body": "x"})]
        client = self.start(config(ones))
        for path in ("/a", "/b", "/a"):
            client.get(path)
        self.reload(config([route("/c", name="c", respond={"body": "x"}), ones[0]]))
        client.get("/a")
        self.assertEqual(self.sluice.metric_sum("sluice_requests_total", route="a"), 3)
        self.assertEqual(self.sluice.metric_sum("sluice_requests_total", route="b"), 0)

    def test_changes_are_logged_in_words(self):
        self.start(config([route("/a", name="a", respond={"body": "one"})]))
        self.reload(config([route("/a", name="a", respond={"body": "two"}), route("/b", name="b", respond={"body": "x"})]))
        lines = [one["what"] for one in self.sluice.log if one["message"] == "changed by the reload"]
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("route b added", lines[1])


class Broken(ReloadTest):
    def test_a_broken_file_changes_nothing_and_tells_every_error(self):
        client = self.start(config([route("/a", respond={"body": "one"})]))
        problems = self.refuse(config([route("/a", respond={"stats": 1}), route("b", respond={"body": "x"})]))
        self.assertEqual(len(problems), 2, problems)
        self.assertTrue(all("gateway.json:" in problem for problem in problems), problems)
        self.assertEqual(client.get("/a").text, "one")
        status = self.sluice.status()["configuration"]
        self.assertEqual(status["generation"], 1)
        self.assertEqual(status["last_reload"]["result"], "refused")
        self.assertEqual(len(status["last_reload"]["problems"]), 2)
        self.assertEqual(self.sluice.metric_sum("sluice_config_last_reload_accepted"), 0)
        self.reload(config([route("/a", respond={"body": "two"})]))
        self.assertEqual(client.get("/a").text, "two")
        self.assertEqual(self.sluice.metric_sum("sluice_config_last_reload_accepted"), 1)
        self.assertEqual(self.sluice.status()["configuration"]["last_reload"]["problems"], [])

    def test_a_file_that_is_gone_or_half_changes_nothing(self):
        client = self.start(config([route("/a", respond={"body": "one"})]))
        self.refuse('{ "routes": [')
        self.assertEqual(client.get("/a").text, "one")
        os.unlink(self.sluice.file)
        self.refuse(None)
        self.assertEqual(client.get("/a").text, "one")

    def test_routes_that_conflict_change_nothing(self):
        client = self.start(config([route("/a", respond={"body": "one"})]))
        self.refuse(config([route("/a/:x", respond={"body": "x"}), route("/a/:y", respond={"body": "y"})]))
        self.assertEqual(client.get("/a").text, "one")

    def test_an_access_log_that_can_not_be_opened_changes_nothing(self):
        client = self.start(config([route("/a", respond={"body": "one"})]))
        self.refuse(config([route("/a", respond={"body": "two"})], log={"access": "/nowhere/at/all.log"}))
        self.assertEqual(client.get("/a").text, "one")


class Listeners(ReloadTest):
    ROUTES = [route("/a", respond={"body": "one"})]

    def listening(self, *names, **settings):
        return config(self.ROUTES, listeners=[{"name": name, "address": LOOPBACK} for name in names], **settings)

    def test_listeners_are_added(self):
        client = self.start(self.listening("web"))
        self.reload(self.listening("web", "more"))
        self.assertEqual(self.sluice.get("/a", listener="more").text, "one")
        self.assertEqual(client.get("/a").text, "one")
        self.assertEqual([one["name"] for one in self.sluice.status()["listeners"]], ["admin", "web", "more"])

    def test_a_removed_listener_refuses_and_its_sessions_end_with_their_next_response(self):
        self.start(self.listening("web", "more"))
        busy = self.client(self.sluice, "more")
        self.assertEqual(busy.get("/a").headers.get("Connection"), None)
        self.reload(self.listening("web"))
        self.assertEqual(busy.get("/a").headers.get("Connection"), "close")
        with self.assertRaises(ConnectionRefusedError):
            self.sluice.get("/a", listener="more")

    def test_idle_sessions_of_a_removed_listener_end_with_the_drain_time(self):
        self.start(self.listening("web", "more", limits={"drain": "300ms"}))
        idle = self.client(self.sluice, "more")
        idle.get("/a")
        self.reload(self.listening("web", limits={"drain": "300ms"}))
        with self.assertRaises(ConnectionEnded):
            idle.response()

    def test_a_listener_that_can_not_bind_fails_the_whole_reload(self):
        client = self.start(self.listening("web"))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            other = self.listening("web", "fine")
            other["listeners"].append({"name": "bad", "address": address})
            other["routes"] = [route("/a", respond={"body": "two"})]
            problems = self.refuse(other)
        self.assertIn(address, problems[0])
        self.assertEqual(client.get("/a").text, "one")
        self.assertEqual([one["name"] for one in self.sluice.status()["listeners"]], ["admin", "web"])

    def test_the_admin_listener_moves(self):
        self.start(self.listening("web"))
        old = self.sluice.address("admin")
        kept = self.client(self.sluice, "admin")
        kept.get("/status")
        self.reload(self.listening("web", admin={"address": "127.0.0.1:%d" % free_port()}))
        wait_until(lambda: self.sluice.address("admin") != old, "the new address in the log")
        self.assertEqual(self.sluice.status()["configuration"]["generation"], 2)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(old, 5)
        with self.assertRaises(ConnectionEnded):
            kept.response()

    def test_what_is_taken_at_the_next_start_alone_is_told(self):
        self.start(self.listening("web"))
        other = self.listening("web", log={"format": "json"})
        other["listeners"][0]["backlog"] = 7
        self.reload(other)
        told = [one["where"] for one in self.sluice.log if one["message"] == "the configuration has a risk"]
        self.assertEqual([line for line in told if "next start" in line],
                         ["log.format is taken at the next start", 'the backlog of listener "web" is taken at the next start'])

    def test_workers_grow_and_shrink_under_open_connections(self):
        self.start(self.listening("web", workers=1))
        kept = [self.client(self.sluice) for _ in range(20)]
        for count in (4, 2, 3, 1):
            self.reload(self.listening("web", workers=count))
            more = [self.client(self.sluice) for _ in range(20)]
            # Those of workers that have left end with this response.
            answers = [(client, client.get("/a")) for client in more + kept]
            self.assertEqual({found.text for _, found in answers}, {"one"})
            kept = [client for client, found in answers if found.headers.get("Connection") != "close"]
        wait_until(lambda: self.threads("worker-") == 2, "the surplus workers to end")  # And that of the health checks.

    def threads(self, prefix):
        names = []
        for task in os.listdir(f"/proc/{self.sluice.process.pid}/task"):
            try:
                with open(f"/proc/{self.sluice.process.pid}/task/{task}/comm", encoding="ascii") as comm:
                    names.append(comm.read())
            except FileNotFoundError:
                pass
        return len([name for name in names if name.startswith(prefix)])


class Clusters(ReloadTest):
    def test_connections_to_an_untouched_endpoint_are_kept(self):
        (a, b) = self.named_origins(2)
        client = self.start(proxy_to(a))
        client.get("/")
        for others in ([a, b], [a], [b, a]):
            self.reload(proxy_to(*others))
            for _ in others:
                client.get("/")
        self.reload(forward_all({"balance": "random", "retry": {"attempts": 2}}, None, a))
        client.get("/")
        self.assertEqual(len(a.connections), 1)

    def test_an_endpoint_stays_down_and_another_ejected_while_others_are_added(self):
        (a, b, c) = self.named_origins(3)
        a.on("/health", says("", "503 Service Unavailable"))
        settings = {"health_check": quick_check(path="/health"), "ejection": {"server_errors": 1, "time": "1h", "max_time": "1h"}}
        client = self.start(forward_all(settings, None, a, b))
        wait_until(lambda: self.sluice.member(a)["health"] == "down", "the check to fail")
        settings = {**settings, "slow_start": "1s"}
        self.reload(forward_all(settings, None, c, a, b))
        self.assertEqual(self.sluice.member(a)["health"], "down")
        self.assertNotIn("a", [client.get("/").text for _ in range(10)])
        a.on("/health", says("fine"))
        wait_until(lambda: self.sluice.member(a)["health"] == "up", "the check to pass again")

    def test_an_endpoint_that_left_is_no_longer_checked_also_when_the_resolver_changes(self):
        (a, b) = self.named_origins(2)
        checks = {"health_check": quick_check()}
        self.start(forward_all(checks, None, a, b))
        a.wait_requests(1)
        b.wait_requests(1)
        self.reload(forward_all(checks, None, b, resolver={"timeout": "3s"}))
        b.wait_requests(len(b.requests) + 2)
        seen = len(a.requests)
        b.wait_requests(len(b.requests) + 4)
        self.assertEqual(len(a.requests), seen)

    def test_without_its_health_check_an_endpoint_that_was_down_counts_as_unchecked(self):
        (a, b) = self.named_origins(2)
        a.on("/health", says("", "503 Service Unavailable"))
        client = self.start(forward_all({"health_check": quick_check(path="/health")}, None, a, b))
        wait_until(lambda: self.sluice.member(a)["health"] == "down", "the check to fail")
        self.reload(forward_all({}, None, a, b))
        wait_until(lambda: self.sluice.member(a)["health"] == "unchecked", "the state to be forgotten")
        wait_until(lambda: client.get("/").text == "a", "requests at the endpoint")

    def test_a_breaker_stays_open_unless_its_own_settings_change(self):
        origin = self.origin()
        origin.otherwise = says("", "500 Internal Server Error")
        breaker = {"consecutive_failures": 1, "open_time": "1h"}
        client = self.start(forward_all({"breaker": breaker}, None, origin))
        client.get("/")
        self.assertEqual(self.sluice.breaker()["state"], "open")
        self.reload(forward_all({"breaker": breaker, "slow_start": "1s"}, {"timeout": "7s"}, origin))
        self.assertEqual(self.sluice.breaker()["state"], "open")
        self.reload(forward_all({"breaker": {**breaker, "open_time": "2h"}}, None, origin))
        self.assertEqual(self.sluice.breaker()["state"], "closed")

    def test_clusters_of_other_names_are_added_and_removed(self):
        (a, b) = self.named_origins(2)
        client = self.start(proxy_to(a))
        self.assertEqual(client.get("/").text, "a")
        self.reload(config([route("/*rest", cluster="other")], [cluster("other", b)]))
        self.assertEqual(client.get("/").text, "b")
        self.assertEqual([one["name"] for one in self.sluice.status()["clusters"]], ["other"])
        wait_until(lambda: a.connections[0].closed, "the idle connection to end")

    def test_a_drained_endpoint_gets_no_new_requests(self):
        (a, b) = self.named_origins(2)
        client = self.start(proxy_to(a, b))
        self.reload(forward_all({"endpoints": [endpoint(a, drain=True), endpoint(b)]}, None))
        self.assertEqual({client.get("/").text for _ in range(10)}, {"b"})

    def test_sticky_clients_keep_their_endpoint_without_a_configured_secret(self):
        origins = self.named_origins(3)
        client = self.start(forward_all({"sticky": {}}, None, *origins))
        first = client.get("/")
        cookie = "Cookie: " + first.headers.get("Set-Cookie").partition(";")[0]
        self.reload(forward_all({"sticky": {}, "slow_start": "1s"}, None, *origins))
        self.assertEqual({client.get("/", cookie).text for _ in range(10)}, {first.text})


class Settings(ReloadTest):
    def test_limits_hold_from_the_next_request_of_a_kept_connection(self):
        routes = [route("/a", respond={"body": "one"})]
        client = self.start(config(routes))
        many = [f"X-{i}: 1" for i in range(20)]
        self.assertEqual(client.get("/a", *many).status, 200)
        self.reload(config(routes, limits={"headers": 10}))
        self.assertEqual(client.get("/a", *many).status, 431)
        self.reload(config(routes, limits={"headers": 50}))
        self.assertEqual(self.sluice.get("/a", *many).status, 200)

    def test_trusted_proxies_hold_from_the_next_request_of_a_kept_connection(self):
        origin = self.origin()
        client = self.start(proxy_to(origin))
        client.get("/", "X-Forwarded-For: 9.9.9.9")
        self.reload(proxy_to(origin, forwarding={"trusted_proxies": ["127.0.0.1"]}))
        client.get("/", "X-Forwarded-For: 9.9.9.9")
        self.assertEqual([one.headers.get("X-Forwarded-For") for one in origin.requests], ["127.0.0.1", "9.9.9.9, 127.0.0.1"])

    def test_the_access_log_is_opened_anew_so_that_it_can_be_rotated(self):
        routes = [route("/a", respond={"body": "one"})]
        file = os.path.join("/tmp", f"sluice-access-{os.getpid()}.log")
        for name in (file, file + ".1"):
            self.addCleanup(lambda name=name: os.path.exists(name) and os.unlink(name))
        client = self.start(config(routes, log={"access": file}))
        client.get("/a?1")
        wait_until(lambda: "/a?1" in text(file), "the line")
        os.rename(file, file + ".1")
        self.reload()
        client.get("/a?2")
        wait_until(lambda: "/a?2" in text(file), "the new file's line")
        self.assertNotIn("/a?2", text(file + ".1"))
        self.reload(config(routes, log={"access": "off"}))
        client.get("/a?3")
        self.assertNotIn("/a?3", text(file))

    def test_the_log_level_changes(self):
        self.start(config([]))
        self.sluice.write_config(config([], log={"level": "error"}))
        self.sluice.send_signal(signal.SIGHUP)
        wait_until(lambda: self.sluice.status()["configuration"]["generation"] == 2, "the reload")
        self.assertEqual(self.sluice.reloads(), [])


class WebSockets(ReloadTest):
    def upgraded(self, routes, clusters):
        return config([{**one, "upgrade": ["websocket"]} for one in routes], clusters, limits={"drain": "1s"})

    def start_two(self):
        self.a, self.b = WebSocketOrigin(self), WebSocketOrigin(self)
        self.clusters = [cluster("a", self.a.address), cluster("b", self.b.address)]
        self.routes = [route("/a", cluster="a"), route("/b", cluster="b")]
        self.start(self.upgraded(self.routes, self.clusters))
        return [WebSocketClient(self, self.sluice.address(), path) for path in ("/a", "/b")]

    def test_one_on_an_untouched_route_stays_and_one_of_a_removed_route_is_told_1001(self):
        kept, gone = self.start_two()
        self.reload(self.upgraded(self.routes[:1], self.clusters))
        self.assertEqual(gone.close_code(), 1001)
        kept.echo(b"still here")

    def test_one_stays_when_its_route_and_cluster_change_in_other_ways(self):
        kept, _ = self.start_two()
        self.routes[0]["timeout"] = "3s"
        self.clusters[0]["connect_timeout"] = "2s"
        for _ in range(3):
            self.reload(self.upgraded(self.routes, self.clusters))
            self.clusters[0]["slow_start"] = "1s"
            kept.echo(b"still here")
        self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_active"), 2)

    def test_one_whose_endpoint_or_cluster_is_taken_away_is_told_1001(self):
        one, two = self.start_two()
        self.reload(self.upgraded(self.routes, [cluster("a", self.b.address), self.clusters[1]]))
        self.assertEqual(one.close_code(), 1001)
        self.reload(self.upgraded([route("/a", cluster="a"), route("/b", cluster="a")], [cluster("a", self.b.address)]))
        self.assertEqual(two.close_code(), 1001)

    def test_one_whose_upstream_agrees_when_its_route_is_gone_is_told_1001(self):
        origin = WebSocketOrigin(self)
        clusters = [cluster("a", origin.address)]
        self.start(self.upgraded([route("/a", cluster="a"), route("/b", cluster="a")], clusters))
        origin.may_switch.clear()
        opened = []
        opening = threading.Thread(target=lambda: opened.append(WebSocketClient(self, self.sluice.address(), "/a")))
        opening.start()
        wait_until(lambda: origin.asked, "the request at the origin")
        self.reload(self.upgraded([route("/b", cluster="a")], clusters))
        origin.may_switch.set()
        opening.join()
        self.assertEqual(opened[0].close_code(), 1001)

    def test_one_through_a_removed_listener_is_told_1001(self):
        origin = WebSocketOrigin(self)
        settings = self.upgraded([route("/a", cluster="a")], [cluster("a", origin.address)])
        settings["listeners"].append({"name": "more", "address": LOOPBACK})
        self.start(settings)
        kept = WebSocketClient(self, self.sluice.address(), "/a")
        gone = WebSocketClient(self, self.sluice.address("more"), "/a")
        self.reload(self.upgraded([route("/a", cluster="a")], [cluster("a", origin.address)]))
        self.assertEqual(gone.close_code(), 1001)
        kept.echo(b"still here")

    def test_one_on_a_worker_that_leaves_stays(self):
        origin = WebSocketOrigin(self)
        settings = self.upgraded([route("/a", cluster="a")], [cluster("a", origin.address)])
        self.start({**settings, "workers": 3})
        kept = [WebSocketClient(self, self.sluice.address(), "/a") for _ in range(20)]
        self.reload({**settings, "workers": 1})
        for one in kept:
            one.echo(b"still here")


if __name__ == "__main__":
    main()
