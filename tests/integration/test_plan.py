"""What is known beforehand: `config show`, `diff`, and `explain`, which must agree with what the gateway does."""

import json
import os
import random
import tempfile

from harness import LOOPBACK, GatewayTest, cluster, config, main, native_path, route, run_command

ORDERS = cluster("orders", "10.0.0.5:8080", "10.0.0.6:8080")

#: What stands for a request id that nobody knows beforehand.
NEW_ID = "(a new one)"


class PlanTest(GatewayTest):
    def file(self, content, name="gateway.json"):
        folder = tempfile.TemporaryDirectory(prefix="sluice-plan-")
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content if isinstance(content, str) else json.dumps(content))
        return native_path(path)


class ConfigShow(PlanTest):
    def shown(self, content):
        done = run_command("config", "show", self.file(content))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_every_default_is_written_out(self):
        shown = json.loads(self.shown(config([route("/*rest", cluster="orders")], [ORDERS])))
        self.assertEqual(shown["limits"]["drain"], "30s")
        self.assertEqual(shown["clusters"][0]["retry"]["attempts"], 3)
        self.assertEqual(shown["routes"][0]["timeout"], "2m")

    def test_what_is_shown_is_a_valid_file_that_shows_the_same(self):
        shown = self.shown(config([route("/a", respond={}), route("/*rest", cluster="orders")], [ORDERS]))
        self.assertEqual(self.shown(shown), shown)

    def test_secrets_are_masked(self):
        secret = "0123456789abcdef"
        shown = self.shown(config([route("/*rest", cluster="orders")], [{**ORDERS, "sticky": {"secret": secret}}]))
        self.assertNotIn(secret, shown)
        self.assertIn("***", shown)

    def test_a_broken_file_exits_with_3(self):
        done = run_command("config", "show", self.file("{"))
        self.assertEqual((done.returncode, done.stdout), (3, ""))


class Diff(PlanTest):
    def diff(self, before, after, *options):
        return run_command("diff", *options, self.file(before, "old.json"), self.file(after, "new.json"))

    def test_equal_configurations_print_nothing_and_exit_with_0(self):
        routes = [route("/a", respond={}), route("/b", name="b", respond={})]
        done = self.diff(config(routes), config(list(reversed(routes))))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_changes_are_printed_with_signs_and_exit_with_1(self):
        before = config([route("/a", name="a", cluster="orders"), route("/old", respond={})], [ORDERS])
        after = config(
            [route("/a", name="a", cluster="orders", timeout="10s"), route("/new", respond={"status": 204})],
            [cluster("orders", "10.0.0.5:8080", "10.0.0.7:8080")],
            limits={"drain": "1m"},
        )
        done = self.diff(before, after)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(
            done.stdout.splitlines(),
            [
                "~ route a",
                "    timeout: 2m -> 10s",
                "- route /old",
                "    responds 200",
                "+ route /new",
                "    responds 204",
                "- endpoint 10.0.0.6:8080 of cluster orders",
                "+ endpoint 10.0.0.7:8080 of cluster orders",
                "~ limit drain: 30s -> 1m",
            ],
        )

    def test_json_has_the_same(self):
        done = self.diff(config([]), config([], workers=3), "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            json.loads(done.stdout),
            [{"kind": "setting", "what": "changed", "name": "workers", "details": ["1 -> 3"]}],
        )

    def test_a_secret_is_not_told(self):
        def sticky(secret):
            return config([route("/*rest", cluster="orders")], [{**ORDERS, "sticky": {"secret": secret}}])

        done = self.diff(sticky("hush-0123456789abc"), sticky("hush-9876543210abc"))
        self.assertEqual(done.stdout.splitlines(), ["~ cluster orders", "    sticky.secret: changed"])

    def test_a_broken_file_exits_with_3_and_a_wrong_command_line_with_2(self):
        self.assertEqual(self.diff("{", config([])).returncode, 3)
        self.assertEqual(run_command("diff", "only-one.json").returncode, 2)


class Explain(PlanTest):
    CONFIG = config(
        [
            route("/orders/:id", name="order", match={"host": "api.example.com", "methods": ["GET", "PUT"]}, cluster="orders"),
            route("/orders/:id", name="canary", match={"host": "api.example.com", "headers": {"X-Canary": "1"}}, respond={}),
            route("/old", name="old", redirect={"location": "/new"}),
            route("/*rest", name="rest", respond={"status": 404}),
        ],
        [ORDERS],
        listeners=[{"name": "web", "address": "127.0.0.1:8080"}],
    )

    def explain(self, *arguments):
        return run_command("explain", "-c", self.file(self.CONFIG), *arguments)

    def explained(self, *arguments):
        done = self.explain("--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_path_route_and_endpoints_are_told(self):
        found = self.explained("GET", "http://api.example.com//orders/%37?full=1")
        self.assertEqual(found["path"]["normal"], "/orders/7")
        self.assertEqual(len(found["path"]["steps"]), 2)
        self.assertEqual(found["route"]["name"], "order")
        self.assertEqual(found["route"]["params"], [{"name": "id", "value": "7"}])
        self.assertNotIn("status", found["answer"])
        self.assertEqual([endpoint["percent"] for endpoint in found["clusters"][0]["endpoints"]], [50, 50])
        self.assertEqual(found["upstream"]["request_line"], "GET /orders/7?full=1 HTTP/1.1")

    def test_the_nearest_other_routes_are_told_with_what_they_lack(self):
        found = self.explained("POST", "http://api.example.com/orders/7")
        self.assertEqual(found["route"]["name"], "rest")
        self.assertEqual(
            [(other["name"], other["reason"]) for other in found["others"]], [("canary", "condition"), ("order", "method")]
        )
        self.assertIn("X-Canary is missing", found["others"][0]["why_not"])

    def test_headers_and_client_count(self):
        found = self.explained("GET", "http://api.example.com/orders/7", "-H", "X-Canary: 1", "--client", "192.0.2.1")
        self.assertEqual(found["route"]["name"], "canary")
        self.assertEqual(found["request"]["client"], "192.0.2.1")

    def test_a_url_alone_is_a_get(self):
        self.assertEqual(self.explained("/old")["answer"]["status"], 308)

    def test_the_text_tells_the_same(self):
        done = self.explain("GET", "http://api.example.com/orders/7")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ("route     order", "id = 7", "10.0.0.5:8080  50 %", "sends     GET /orders/7 HTTP/1.1", "+ X-Forwarded-For: 127.0.0.1"):
            self.assertIn(text, done.stdout)

    def test_bytes_of_a_request_can_not_reach_the_terminal(self):
        done = self.explain("GET", "/old", "-H", "Host: \u00e9")
        self.assertTrue(done.stdout.isascii())

    def test_wrong_command_lines_exit_with_2_and_broken_files_with_3(self):
        for arguments in ((), ("GET", "/", "more"), ("/", "-H", "no colon"), ("/", "--client", "nobody"), ("/", "--batch")):
            self.assertEqual(self.explain(*arguments).returncode, 2, arguments)
        self.assertEqual(run_command("explain", "-c", self.file("{"), "/").returncode, 3)

    def test_a_batch_answers_line_by_line(self):
        lines = ['{"url": "/old"}', "no JSON", '{"url": "/", "headers": [["A"]]}', '{"url": "/", "metod": "GET"}', '{"url": "/x"}']
        done = run_command("explain", "-c", self.file(self.CONFIG), "--batch", stdin="\n".join(lines))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([("error" in answer) for answer in answers], [False, True, True, True, False])
        self.assertEqual(answers[4]["answer"]["status"], 404)


class ExplainLive(PlanTest):
    def start(self):
        origin = self.origin()
        routes = [route("/*rest", name="rest", cluster="origin")]
        clusters = [cluster("origin", origin, breaker={"consecutive_failures": 1, "open_time": "1h"}, retry={"attempts": 1})]
        self.settings = config(routes, clusters, admin={"address": LOOPBACK, "token": "0123456789abcdef"})
        self.sluice = self.gateway(self.settings)
        return origin

    def explain(self, *arguments):
        place = ("--admin", self.sluice.addresses["admin"])
        return run_command("explain", "--live", "-c", self.file(self.settings), *place, *arguments)

    def test_the_running_gateway_tells_its_states(self):
        origin = self.start()
        before = json.loads(self.explain("--json", "/x").stdout)
        self.assertTrue(before["live"])
        self.assertEqual(before["clusters"][0]["breaker"], "closed")
        self.assertEqual(before["clusters"][0]["endpoint"], origin.address)
        origin.stop()
        self.assertEqual(self.sluice.get("/x").status, 502)
        after = json.loads(self.explain("--json", "/x").stdout)
        self.assertEqual(after["clusters"][0]["breaker"], "open")
        self.assertEqual(after["answer"]["status"], 503)

    def test_the_text_is_the_gateways(self):
        self.start()
        done = self.explain("GET", "/x")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("breaker: closed", done.stdout)
        self.assertIn("route     rest", done.stdout)

    def test_refusals_exit_with_1_and_say_why(self):
        self.start()
        self.settings["admin"]["token"] = "another-0123456789"
        done = self.explain("/x")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("token", done.stderr)
        self.sluice.kill()
        self.sluice.is_expected_to_end = True
        self.assertIn("no gateway answers", self.explain("/x").stderr)


class Requests:
    """Seeded requests for the routes of `Agreement`, sound ones and odd ones."""

    HOSTS = ["api.example.com", "API.Example.com.", "api.example.com:8080", "www.example.com", "a.b.example.com", "else", "[::1]:80"]
    PATHS = ["/orders/7", "/orders/7/items", "/api/v1/orders/8", "/api", "/files/a/b", "/files", "/split/x", "/hash/1", "/sticky"]
    PATHS += ["/rewrite/a/b/c", "/big", "/old", "/gone", "/cond", "/nothing/here", "/", "/orders/", "/ws"]
    METHODS = ["GET"] * 6 + ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE", "TRACE"]
    FIELDS = [
        ("X-Canary", "1"), ("X-Canary", "2"), ("X-Debug", "yes"), ("X-User", "u1"), ("X-User", "u2"), ("X-User", "u3"),
        ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.9, 127.0.0.1"), ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "outside"), ("X-Forwarded-Port", "1"), ("X-Real-IP", "1.2.3.4"), ("Forwarded", "for=203.0.113.9"),
        ("Via", "1.1 other"), ("X-Request-Id", "abc-1"), ("X-Request-Id", "not sound!"), ("Connection", "X-Hop"), ("X-Hop", "1"),
        ("Connection", "keep-alive, x-hop"), ("TE", "trailers"), ("Keep-Alive", "5"), ("Accept", "*/*"), ("X-Drop", "1"),
        ("X-Set", "client"), ("Content-Length", "0"), ("Trailer", "X-T"), ("Proxy-Connection", "close"), ("Bad Name", "1"), ("Upgrade", "websocket, x"), ("Connection", "upgrade"),
    ]  # fmt: skip
    QUERIES = ["", "", "?a=1", "?debug", "?debug=1&x=%20", "?"]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def path(self):
        path = self.random.choice(self.PATHS)
        changes = ["//", "/./", "/x/../", "/%2e/", "/%7E", "/%2f", "/a%zz", "/;x", "/\\", "/%c3%a9", "/%C3%A9[1]", "/../..", "/"]
        if self.random.random() < 0.5:
            at = self.random.choice([i for i, c in enumerate(path) if c == "/"] + [len(path)])
            path = path[:at] + self.random.choice(changes) + path[at:].lstrip("/")
        return path + self.random.choice(self.QUERIES)

    def one(self):
        pick = self.random
        fields = pick.sample(self.FIELDS, pick.choice([0, 1, 2, 4, 6]))
        return {
            "method": pick.choice(self.METHODS),
            "url": self.path(),
            "headers": [["Host", pick.choice(self.HOSTS)], *map(list, fields)],
            "client": "127.0.0.1",
        }


class Agreement(PlanTest):
    """What explain says is what happens."""

    def routes(self):
        edits = {"set": {"X-Set": "route"}, "add": {"X-Add": "a"}, "remove": ["X-Drop"]}
        return [
            route("/orders/:id", name="order", match={"host": "api.example.com", "methods": ["GET", "PUT"]}, cluster="one"),
            route("/orders/:id", name="any-order", match={"host": "*.example.com"}, cluster="one", request_headers=edits),
            route("/orders/:id/items", name="items", cluster="two", host="endpoint"),
            route("/api/*rest", name="api", cluster="one", strip_prefix="/api", host="inner.example.com"),
            route("/files/*rest", name="files", match={"methods": ["GET", "DELETE", "PURGE"]}, cluster="one"),
            route("/split/:x", name="split", split=[{"cluster": "one", "weight": 3}, {"cluster": "two"}]),
            route("/hash/:key", name="hash", cluster="hashed"),
            route("/sticky", name="sticky", cluster="sticky"),
            route("/rewrite/:a/*rest", name="rewrite", cluster="one", rewrite="/new/*rest/:a"),
            route("/big", name="big", cluster="one", max_body_bytes=10),
            route("/ws", name="ws", cluster="one", upgrade=["websocket"]),
            route("/old", name="old", redirect={"status": 301, "location": "https://example.com/new"}),
            route("/gone", name="gone", respond={"status": 410, "body": "gone", "headers": {"X-Why": "moved"}}),
            route("/cond", name="cond-both", match={"headers": {"X-Canary": "1"}, "query": {"debug": True}}, respond={"status": 201}),
            route("/cond", name="cond-one", match={"headers": {"X-Canary": True}}, cluster="two"),
            route("/cond", name="cond-none", match={"methods": ["POST"]}, respond={"status": 202}),
        ]

    def clusters(self, a, b):
        return [
            cluster("one", a),
            cluster("two", a, b),
            cluster("hashed", a, b, balance="hash", hash={"by": "header", "name": "X-User"}),
            cluster("sticky", a, b, sticky={"secret": "0123456789abcdef"}),
        ]

    def settings(self):
        routes = [
            {**one, "response_headers": {"set": {"X-Route": one["name"]}}} if "cluster" in one or "split" in one else one
            for one in self.routes()
        ]
        return config(routes, self.clusters(self.a, self.b), forwarding=self.forwarding)

    def start(self, forwarding):
        self.a, self.b = self.named_origins(2)
        self.forwarding = forwarding
        self.sluice = self.gateway(self.settings())

    def batch(self, requests):
        done = run_command("explain", "-c", self.file(self.settings()), "--batch", stdin="\n".join(map(json.dumps, requests)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_all(self, seed, count):
        source = Requests(seed)
        requests = [source.one() for _ in range(count)]
        counts = {"forwarded": 0, "answered": 0}
        for request, explained in zip(requests, self.batch(requests), strict=True):
            with self.subTest(request=request):
                self.check(request, explained, counts)
        # Neither half may come to be empty unnoticed.
        self.assertGreater(counts["forwarded"], count // 5)
        self.assertGreater(counts["answered"], count // 5)

    def check(self, request, explained, counts):
        for origin in (self.a, self.b):
            origin.requests.clear()
        with self.sluice.client() as client:
            fields = [f"{name}: {value}" for name, value in request["headers"][1:]]
            answer = client.request(request["method"], request["url"], fields, host=request["headers"][0][1])
        reached = [origin for origin in (self.a, self.b) if origin.requests]
        expected = explained["answer"]
        if "status" in expected:
            counts["answered"] += 1
            self.assertEqual((answer.status, reached), (expected["status"], []))
            for field in expected["headers"]:
                self.assertEqual(answer.headers[field["name"]], field["value"])
            return
        counts["forwarded"] += 1
        self.assertEqual((answer.status, len(reached)), (200, 1))
        self.assertEqual(answer.headers["X-Route"], explained["route"]["name"])
        self.check_origin(reached[0], explained)

    def check_origin(self, origin, explained):
        possible = {
            endpoint["address"]
            for one in explained["clusters"]
            for endpoint in one["endpoints"]
            if one.get("endpoint", endpoint["address"]) == endpoint["address"] and endpoint["percent"] > 0
        }
        self.assertIn(origin.address, possible)
        seen = origin.requests[-1]
        self.assertEqual(f"{seen.method} {seen.target} HTTP/{seen.version}", explained["upstream"]["request_line"])
        told = [field for field in explained["upstream"]["headers"] if field["what"] != "removed"]
        self.assertEqual([name for name, _ in seen.headers.fields], [field["name"] for field in told])
        for (name, value), field in zip(seen.headers.fields, told, strict=True):
            if field["value"] == NEW_ID:
                self.assertRegex(value, "^[0-9a-f]{32}$")
            elif name == "Host":
                self.assertIn(value, field["value"].split(" or "))
            else:
                self.assertEqual(value, field["value"])
        for field in explained["upstream"]["headers"]:
            if field["what"] == "removed":
                self.assertNotIn(field["name"], seen.headers)

    def test_for_clients_that_are_not_trusted(self):
        self.start({})
        self.check_all(1, 300)

    def test_for_trusted_proxies(self):
        self.start({"trusted_proxies": ["127.0.0.0/8"], "forwarded": True, "via": "edge", "request_id_header": "X-Trace"})
        self.check_all(2, 300)


if __name__ == "__main__":
    main()
