"""What operators change in a running gateway, by the admin API and by `sluice ctl`, and what becomes of requests then."""

import json
import os
import threading

from harness import (LOOPBACK, GatewayTest, cluster, config, endpoint, forward_all, held, main, native_path, quick_check, route,
                     run_command, says, wait_until)

TOKEN = "a-token-for-the-operators"
ADMIN = {"address": LOOPBACK, "token": TOKEN}


class ApiTest(GatewayTest):
    def start(self, configuration):
        self.sluice = self.gateway({**configuration, "admin": ADMIN})

    def put(self, configuration):
        self.sluice.write_config({**configuration, "admin": ADMIN} if isinstance(configuration, dict) else configuration)

    def change(self, method, target, body=None, status=200):
        """The document that answers a change."""
        response = self.sluice.change(method, target, body, token=TOKEN)
        self.assertEqual(response.status, status, response)
        return json.loads(response.text)

    def reload(self, configuration):
        self.put(configuration)
        return self.change("POST", "/v1/reload")

    def change_endpoint(self, origin, body, status=200):
        return self.change("PATCH", f"/v1/clusters/origin/endpoints/{origin.address}", body, status)

    def read(self, target):
        response = self.sluice.get(target, listener="admin")
        self.assertEqual(response.status, 200)
        return json.loads(response.text)

    def command(self, *arguments, token=TOKEN, address=None):
        """`sluice ARGUMENTS` against the gateway; its exit code, output and errors."""
        path = os.path.join(self.sluice.folder, "token-of-the-client")
        with open(path, "w", encoding="ascii") as out:
            out.write(token + "\n")
        where = ["--admin", address or self.sluice.addresses["admin"], "--token-file", native_path(path)]
        done = run_command(*arguments, *where)
        return done.returncode, done.stdout.replace("\r\n", "\n"), done.stderr.replace("\r\n", "\n")

    def ctl(self, *arguments):
        """What a `sluice ctl` that does well prints."""
        code, out, errors = self.command("ctl", *arguments)
        self.assertEqual((code, errors), (0, ""))
        return out

    def texts(self, count=12):
        """The answers that requests get, and whose they are."""
        with self.sluice.client() as client:
            return [client.get("/").text for _ in range(count)]


def one_page(text):
    return config([route("/a", name="a", respond={"body": text})])


class Reload(ApiTest):
    def setUp(self):
        self.start(one_page("one"))

    def test_an_accepted_reload_tells_what_has_changed(self):
        answer = self.reload(one_page("two"))
        self.assertEqual((answer["accepted"], answer["dry_run"], answer["generation"]), (True, False, 2))
        self.assertTrue(any("route" in line for line in answer["changes"]), answer)
        self.assertEqual(self.sluice.get("/a").text, "two")

    def test_a_dry_run_tells_it_and_changes_nothing(self):
        self.put(one_page("two"))
        answer = self.change("POST", "/v1/reload", {"dry_run": True})
        self.assertEqual((answer["accepted"], answer["dry_run"], answer["generation"]), (True, True, 1))
        self.assertTrue(answer["changes"])
        self.assertEqual(self.sluice.get("/a").text, "one")

    def test_a_dry_run_leaves_no_access_log_behind(self):
        log = os.path.join(self.sluice.folder, "access.log")
        self.put({**one_page("two"), "log": {"access": native_path(log)}})
        self.assertTrue(self.change("POST", "/v1/reload", {"dry_run": True})["accepted"])
        self.assertFalse(os.path.exists(log))
        self.assertTrue(self.change("POST", "/v1/reload", {})["accepted"])
        self.assertTrue(os.path.exists(log))

    def test_a_configuration_with_errors_is_refused_with_all_of_them(self):
        self.put(config([route("/a", respond={"stats": 1}), route("b", respond={"body": "x"})]))
        for body in ({"dry_run": True}, None):
            error = self.change("POST", "/v1/reload", body, 422)["error"]
            self.assertEqual((error["code"], len(error["problems"])), ("config_refused", 2))
            self.assertTrue(all("gateway.json:" in line for line in error["problems"]), error)
        self.assertEqual(self.sluice.get("/a").text, "one")

    def test_the_commands_do_the_same(self):
        for command in (["reload"], ["ctl", "reload"]):
            self.put(one_page("by " + command[0]))
            before = self.sluice.get("/a").text
            code, out, _ = self.command(*command, "--dry-run")
            self.assertEqual(code, 0)
            self.assertIn("would be accepted", out)
            self.assertEqual(self.sluice.get("/a").text, before)
            code, out, _ = self.command(*command)
            self.assertEqual(code, 0)
            self.assertRegex(out, r"reloaded: configuration \d is in force\n\Z")
            self.assertEqual(self.sluice.get("/a").text, "by " + command[0])

    def test_the_commands_exit_with_3_and_print_every_error(self):
        self.put(config([route("/a", respond={"stats": 1}), route("b", respond={"body": "x"})]))
        for command in (["reload"], ["reload", "--dry-run"], ["ctl", "reload"]):
            code, out, errors = self.command(*command)
            self.assertEqual((code, out), (3, ""))
            self.assertEqual(errors.count("gateway.json:"), 2, errors)

    def test_two_reloads_at_once_are_both_answered(self):
        self.put(one_page("two"))
        statuses = []
        ask = lambda: statuses.append(self.sluice.change("POST", "/v1/reload", token=TOKEN).status)
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 8)


class Endpoints(ApiTest):
    def setUp(self):
        self.a, self.b = self.named_origins(2)
        self.settings = {"balance": "round_robin", "endpoints": [endpoint(self.a), endpoint(self.b)]}
        self.start(self.with_settings())

    def with_settings(self, *, path="/*rest", **settings):
        chosen = {**self.settings, **settings}
        return config([route(path, cluster="origin")], [{"name": "origin", **chosen}])

    def test_a_drained_endpoint_gets_no_request_until_it_is_undrained(self):
        answer = self.change_endpoint(self.a, {"drain": True})
        self.assertEqual(answer["endpoints"], [{"address": self.a.address, "weight": 1, "draining": True, "overrides": {"drain": True}}])
        self.assertEqual(set(self.texts()), {"b"})
        self.change_endpoint(self.a, {"drain": False})
        self.assertEqual(set(self.texts()), {"a", "b"})

    def test_a_weight_sets_the_share(self):
        self.change_endpoint(self.a, {"weight": 3})
        self.assertEqual(self.texts(40).count("a"), 30)
        self.change_endpoint(self.a, {"weight": 0})
        self.assertEqual(set(self.texts()), {"b"})
        self.change_endpoint(self.a, {"weight": None})
        self.assertEqual(self.texts(40).count("a"), 20)

    def test_an_endpoint_that_is_held_down_gets_no_request(self):
        self.change_endpoint(self.a, {"health": "down"})
        self.assertEqual(set(self.texts()), {"b"})
        self.change_endpoint(self.b, {"health": "down"})
        self.assertEqual(self.sluice.get("/").status, 503)
        self.change_endpoint(self.a, {"health": "up"})
        self.assertEqual(set(self.texts()), {"a"})
        self.change_endpoint(self.b, {"health": None})
        self.assertEqual(set(self.texts()), {"a", "b"})

    def test_an_endpoint_that_is_held_up_is_used_whatever_its_check_says(self):
        self.a.on("/health", says("", "503 Service Unavailable"))
        self.reload(self.with_settings(health_check=quick_check(path="/health")))
        wait_until(lambda: self.sluice.member(self.a)["health"] == "down", "the check to fail")
        self.assertEqual(set(self.texts()), {"b"})
        self.change_endpoint(self.a, {"health": "up"})
        self.assertEqual(set(self.texts()), {"a", "b"})
        self.change_endpoint(self.a, {"health": None})
        self.assertEqual(set(self.texts()), {"b"})

    def test_what_is_not_named_stays_as_it_was(self):
        self.change_endpoint(self.a, {"weight": 5})
        self.change_endpoint(self.a, {"drain": True})
        answer = self.change_endpoint(self.a, {"health": "up"})
        self.assertEqual(answer["endpoints"][0]["overrides"], {"drain": True, "weight": 5, "health": "up"})

    def test_a_change_with_an_error_changes_nothing_at_all(self):
        self.change_endpoint(self.a, {"drain": True, "weight": -1}, 400)
        self.change_endpoint(self.a, {}, 400)
        self.assertEqual(set(self.texts()), {"a", "b"})

    def test_changes_stay_over_a_reload_that_leaves_the_endpoint_alone(self):
        (c,) = self.named_origins(1)
        c.otherwise = says("c")
        self.change_endpoint(self.a, {"drain": True})
        self.reload(self.with_settings(endpoints=[endpoint(c), endpoint(self.a), endpoint(self.b, weight=2)], slow_start="1ms"))
        self.assertEqual(set(self.texts()), {"b", "c"})
        self.assertEqual(self.change_endpoint(self.b, {"drain": None})["endpoints"][0]["overrides"], {})
        self.assertIn("drain true", self.ctl("up", "origin", self.a.address))

    def test_changes_end_with_a_reload_that_changes_the_endpoints_own_keys(self):
        for body, keys in (({"drain": True}, {"weight": 2}), ({"weight": 0}, {"weight": 3}), ({"health": "down"}, {"weight": 4})):
            self.change_endpoint(self.a, body)
            self.assertEqual(set(self.texts()), {"b"})
            self.reload(self.with_settings(endpoints=[endpoint(self.a, **keys), endpoint(self.b)]))
            self.assertEqual(set(self.texts()), {"a", "b"}, body)

    def test_a_running_request_of_a_drained_endpoint_finishes(self):
        go = threading.Event()
        self.a.on("/slow", held(go, "slow a"))
        self.b.on("/slow", held(go, "slow b"))
        clients = [self.client(self.sluice) for _ in range(2)]
        for client in clients:
            client.send(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: self.a.requests and self.b.requests, "a request at each origin")
        self.change_endpoint(self.a, {"drain": True})
        go.set()
        self.assertEqual({client.response().text for client in clients}, {"slow a", "slow b"})

    def test_a_name_that_is_not_there_is_told_with_what_comes_near(self):
        error = self.change("PATCH", "/v1/clusters/orgin/endpoints/x", {"drain": True}, 404)["error"]
        self.assertEqual(error["code"], "cluster_unknown")
        self.assertIn("origin", error["help"])
        error = self.change("PATCH", "/v1/clusters/origin/endpoints/127.0.0.1:1", {"drain": True}, 404)["error"]
        self.assertEqual(error["code"], "endpoint_unknown")

    def test_ctl_does_each_of_them(self):
        a = self.a.address
        self.assertIn("draining", self.ctl("drain", "origin", a))
        self.assertEqual(set(self.texts()), {"b"})
        self.assertNotIn("draining", self.ctl("undrain", "origin", a))
        self.assertIn("weight 3", self.ctl("weight", "origin", a, "3"))
        self.assertEqual(self.texts(40).count("a"), 30)
        self.assertIn("health down", self.ctl("down", "origin", a))
        self.assertEqual(set(self.texts()), {"b"})
        self.assertIn("health up", self.ctl("up", "origin", a))
        self.assertIn("as the configuration and the checks say", self.ctl("auto", "origin", a))
        self.assertEqual(self.texts(40).count("a"), 20)


class Breakers(ApiTest):
    BREAKER = {"consecutive_failures": 2, "open_time": "1h"}

    def setUp(self):
        self.one = self.origin()
        self.start(self.with_breaker(self.BREAKER))

    def with_breaker(self, breaker, **settings):
        return forward_all({"breaker": breaker, "retry": {"attempts": 1}, "ejection": {"server_errors": 0, "connect_failures": 0}, **settings}, None, self.one)

    def hold(self, state):
        return self.change("PUT", "/v1/clusters/origin/breaker", {"state": state})

    def statuses(self, count=4):
        with self.sluice.client() as client:
            return {client.get("/").status for _ in range(count)}

    def test_one_that_is_held_open_lets_nothing_through(self):
        self.assertEqual(self.hold("open"), {"cluster": "origin", "state": "open"})
        self.assertEqual(self.statuses(), {503})
        self.assertEqual(self.one.requests, [])
        self.hold("auto")
        self.assertEqual(self.statuses(), {200})

    def test_one_that_is_held_closed_lets_everything_through(self):
        self.hold("closed")
        self.one.otherwise = says("", "500 Internal Server Error")
        self.assertEqual(self.statuses(10), {500})
        self.hold("auto")
        self.statuses(4)
        self.assertEqual(self.sluice.breaker()["state"], "open")
        self.assertEqual(self.statuses(), {503})

    def test_it_stays_held_over_a_reload_unless_its_own_keys_change(self):
        self.hold("open")
        self.reload(self.with_breaker(self.BREAKER, slow_start="1s"))
        self.assertEqual(self.statuses(), {503})
        self.reload(self.with_breaker({**self.BREAKER, "open_time": "2h"}))
        self.assertEqual(self.statuses(), {200})

    def test_ctl_does_it_too(self):
        self.assertEqual(self.ctl("breaker", "origin", "open"), "breaker of origin: held open\n")
        self.assertEqual(self.statuses(), {503})
        self.assertEqual(self.ctl("breaker", "origin", "closed"), "breaker of origin: held closed\n")
        self.assertEqual(self.statuses(), {200})
        self.assertEqual(self.ctl("breaker", "origin", "auto"), "breaker of origin: decides by itself\n")


class Answers(ApiTest):
    def test_the_log_level_changes_until_a_reload_changes_it(self):
        self.start(one_page("one"))
        self.assertEqual(self.change("PUT", "/v1/log/level", {"level": "error"}), {"level": "error"})
        self.reload(one_page("two"))
        self.assertEqual(self.sluice.reloads(), [])
        self.reload({**one_page("two"), "log": {"level": "debug"}})
        self.assertEqual(self.sluice.get("/a").text, "two")
        self.assertEqual(self.ctl("log-level", "info"), "log level: info\n")
        self.reload({**one_page("three"), "log": {"level": "debug"}})
        wait_until(self.sluice.reloads, "a line of the reload")

    def test_a_slow_request_is_kept_with_its_stages(self):
        go = threading.Event()
        origin = self.origin()
        origin.on("/slow", held(go))
        self.start(forward_all(None, {"name": "all"}, origin, log={"slow": "100ms"}))
        self.assertEqual(self.read("/v1/slow"), {"requests": []})
        self.assertIn("no request took longer", self.ctl("slow"))
        self.sluice.get("/fast")
        with self.sluice.client() as client:
            client.send(b"GET /slow?secret=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            wait_until(lambda: any(one.target.startswith("/slow") for one in origin.requests), "the request at the origin")
            threading.Timer(0.3, go.set).start()  # What makes the request slow is the time itself.
            client.response()
        wait_until(lambda: self.read("/v1/slow")["requests"], "the slow request")
        (slow,) = self.read("/v1/slow")["requests"]
        self.assertEqual((slow["method"], slow["host"], slow["status"]), ("GET", "shop.example", 200))
        self.assertEqual((slow["route"], slow["cluster"], slow["endpoint"]), ("all", "origin", origin.address))
        self.assertTrue(slow["path"].startswith("/slow"))
        stages = slow["micros"]
        self.assertEqual(set(stages), {"head", "route", "connect", "response", "body", "total"})
        self.assertGreater(stages["response"], 250_000)
        self.assertGreaterEqual(stages["total"], stages["response"])
        self.assertIn("GET shop.example/slow", self.ctl("slow"))
        self.assertEqual(json.loads(self.ctl("slow", "--json", "--limit", "1"))["requests"], [slow])

    def test_explain_tells_of_held_breakers_and_drained_endpoints(self):
        a, b = self.named_origins(2)
        self.start(forward_all({"breaker": {}}, {"name": "all"}, a, b))
        self.change_endpoint(a, {"drain": True})
        told = self.change("POST", "/v1/explain", {"url": "http://shop.example/x"})
        self.assertTrue(told["live"])
        self.assertEqual(told["route"]["name"], "all")
        text = self.change("POST", "/v1/explain", {"url": "/x", "format": "text"})["text"]
        self.assertIn(b.address, text)
        self.assertEqual(self.change("POST", "/v1/explain", {"url": "/x", "lever": 1}, 400)["error"]["code"], "body_invalid")
        code, out, _ = self.command("explain", "--live", "GET", "/x")
        self.assertEqual(code, 0)
        self.assertIn("all", out)

    def test_the_configuration_in_force_is_shown_without_its_secrets(self):
        secret = "a-secret-of-the-cookies"
        self.start(forward_all({"sticky": {"secret": secret}}, None, self.origin()))
        text = self.sluice.get("/v1/config", listener="admin").text
        shown = json.loads(text)
        self.assertEqual((shown["admin"]["token"], shown["clusters"][0]["sticky"]["secret"]), ("*" * 16,) * 2)
        self.assertEqual(shown["limits"]["drain"], "30s")
        self.assertNotIn(secret, text)
        self.assertNotIn(TOKEN, text)
        self.assertNotIn(TOKEN, self.sluice.get("/status", listener="admin").text)

    def test_ctl_status_prints_the_status(self):
        self.start(one_page("one"))
        self.assertEqual(json.loads(self.ctl("status"))["state"], "serving")


class Failures(ApiTest):
    def setUp(self):
        self.start(forward_all(None, None, self.origin()))

    def fails(self, code, words, *arguments, **options):
        found, out, errors = self.command(*arguments, **options)
        self.assertEqual((found, out), (code, ""))
        for word in words:
            self.assertIn(word, errors)

    def test_what_is_refused_is_said_with_what_helps(self):
        self.fails(1, ["origin"], "ctl", "drain", "orgin", "127.0.0.1:1")
        self.fails(1, ["127.0.0.1:1"], "ctl", "drain", "origin", "127.0.0.1:1")
        self.fails(1, ["no breaker"], "ctl", "breaker", "origin", "open")
        self.fails(1, ["token"], "ctl", "reload", token="a wrong token altogether")

    def test_no_gateway_there_is_said_with_how_to_name_another(self):
        self.fails(1, ["no gateway answers", "--admin"], "ctl", "status", address="127.0.0.1:1")

    def test_wrong_arguments_exit_with_2(self):
        for arguments in (["ctl"], ["ctl", "drain", "origin"], ["ctl", "breaker", "origin", "ajar"], ["ctl", "log-level", "loud"],
                          ["ctl", "weight", "origin", "x", "-1"], ["ctl", "slow", "--limit", "0"]):
            self.assertEqual(self.command(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    main()
