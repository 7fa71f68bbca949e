"""Who may use the admin listener: web pages may not, changes need a token or the right user, and all of it is logged."""

import json
import os
import signal
import stat
import tempfile
import unittest
from collections import Counter

from harness import Client, GatewayTest, config, is_wine, main, route, wait_until

TOKEN = "correct-horse-battery-staple"
LEVEL = "/v1/log/level"
INFO = {"level": "info"}


def served(**admin):
    """A configuration whose admin listener is as said."""
    return config([route("/a", respond={"body": "one"})], admin={"address": "127.0.0.1:0", **admin})


def code_of(response):
    """The word for programs in a refusal."""
    return json.loads(response.text)["error"]["code"]


class AccessTest(GatewayTest):
    def start(self, **admin):
        self.sluice = self.gateway(served(**admin))

    def ask(self, method="PUT", target=LEVEL, *headers, body=INFO, token=TOKEN, host="localhost", json_type=True):
        """A request on a connection of its own; None leaves out what it stands for."""
        fields = [*headers]
        if token is not None:
            fields.append(f"Authorization: Bearer {token}")
        if body is not None and json_type:
            fields.append("Content-Type: application/json")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with self.sluice.client("admin") as client:
            return client.request(method, target, fields, data, host=host)

    def see(self, target="/status", *headers, host="localhost"):
        return self.ask("GET", target, *headers, body=None, token=None, host=host)

    def assert_refused(self, response, status, code):
        self.assertEqual((response.status, code_of(response)), (status, code))

    def entries(self, message):
        return [entry for entry in list(self.sluice.log) if entry.get("message") == message]

    def logged_refusal(self, reason):
        """The log's entry about the refusal, when it is there."""
        found = lambda: [entry for entry in self.entries("admin request refused") if entry["reason"] == reason]
        wait_until(found, f"the refusal '{reason}' in the log")
        return found()[-1]


class WebPages(AccessTest):
    def setUp(self):
        self.start(token=TOKEN, hosts=["gateway.internal"])

    def test_requests_of_pages_of_other_sites_are_refused_reading_ones_too(self):
        own = "Origin: http://localhost.evil.example"
        for header in (own, "Origin: null", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"):
            for target in ("/", "/healthz", "/metrics", "/status", "/v1/config", "/v1/slow", "/v1/nothing"):
                with self.subTest(header=header, target=target):
                    self.assert_refused(self.see(target, header), 403, "cross_site")
            self.assert_refused(self.ask("PUT", LEVEL, header), 403, "cross_site")
        refused = lambda: Counter(entry["what"] for entry in self.entries("admin request refused"))
        wait_until(lambda: refused().total() == 5 * 8, "every refusal in the log")
        self.assertEqual(refused()["PUT " + LEVEL], 5)
        self.assertEqual(self.entries("admin change"), [])

    def test_a_page_of_another_port_of_this_machine_is_another_site(self):
        self.assert_refused(self.see("/status", "Origin: http://localhost:1"), 403, "cross_site")

    def test_a_page_that_the_gateway_itself_could_have_served_may_ask(self):
        host = self.sluice.addresses["admin"]
        for headers in (["Sec-Fetch-Site: none"], ["Sec-Fetch-Site: same-origin", f"Origin: http://{host}"]):
            self.assertEqual(self.see("/status", *headers, host=host).status, 200)

    def test_a_preflight_request_grants_nothing(self):
        response = self.ask("OPTIONS", LEVEL, "Origin: http://evil.example", "Access-Control-Request-Method: PUT", body=None)
        self.assert_refused(response, 403, "cross_site")
        self.assertEqual(response.headers.get("Access-Control-Allow-Origin"), None)

    def test_a_form_needs_no_preflight_and_is_refused_by_its_content_type(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            response = self.ask("PUT", LEVEL, f"Content-Type: {kind}", json_type=False)
            self.assert_refused(response, 415, "content_type")
        self.assert_refused(self.ask("PUT", LEVEL, json_type=False), 415, "content_type")
        self.assertEqual(self.ask("PUT", LEVEL, "Content-Type: Application/JSON; charset=utf-8", json_type=False).status, 200)

    def test_a_host_that_is_not_ours_is_refused_whatever_is_asked_for(self):
        for host in ("evil.example", "evil.example:9901", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "[2001:db8::1]"):
            for target in ("/", "/metrics", "/status", "/v1/config", "/v1/openapi.json"):
                with self.subTest(host=host, target=target):
                    self.assert_refused(self.see(target, host=host), 421, "host_unknown")
            self.assert_refused(self.ask(host=host), 421, "host_unknown")
        self.assertEqual(self.logged_refusal("host_unknown")["status"], "421")

    def test_loopback_the_own_address_and_configured_names_are_known(self):
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:9", "[::1]:9901", "gateway.internal", "Gateway.Internal:1"):
            self.assertEqual(self.see("/status", host=host).status, 200, host)

    def test_health_checks_may_come_by_any_name(self):
        for target in ("/healthz", "/readyz"):
            self.assertEqual(self.see(target, host="balancer.example").status, 200)


class Tokens(AccessTest):
    def test_a_change_without_a_token_is_refused_and_reading_needs_none(self):
        self.start(token=TOKEN)
        response = self.ask(token=None)
        self.assert_refused(response, 401, "token_missing")
        self.assertIn("Bearer", response.headers["WWW-Authenticate"])
        for authorization in ("Basic " + TOKEN, TOKEN, "Bearer"):
            self.assert_refused(self.ask("PUT", LEVEL, "Authorization: " + authorization, token=None), 401, "token_missing")
        self.assertEqual(self.see().status, 200)
        self.assertEqual(self.logged_refusal("token_missing")["what"], "PUT " + LEVEL)

    def test_wrong_tokens_are_refused_however_near_they_come(self):
        self.start(token=TOKEN)
        for wrong in (TOKEN[:-1], TOKEN + "x", TOKEN.upper(), TOKEN * 2):
            self.assert_refused(self.ask(token=wrong), 401, "token_wrong")
        self.assertEqual(self.ask().status, 200)
        self.logged_refusal("token_wrong")

    def test_after_some_wrong_tokens_the_client_must_wait(self):
        self.start(token=TOKEN)
        answers = [self.ask(token="guess number %d" % i) for i in range(12)]
        self.assertEqual([one.status for one in answers[:5]], [401] * 5)
        self.assert_refused(answers[-1], 429, "too_many_wrong_tokens")
        self.assertGreaterEqual(int(answers[-1].headers["Retry-After"]), 1)
        self.assert_refused(self.ask(), 429, "too_many_wrong_tokens")
        self.logged_refusal("too_many_wrong_tokens")

    def test_a_token_from_a_file_is_taken(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-token-")
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "token")
        with open(path, "w", encoding="ascii") as out:
            out.write(TOKEN + "\n")
        os.chmod(path, 0o600)
        self.start(token={"file": path if not is_wine() else "Z:" + path.replace("/", "\\")})
        self.assertEqual(self.ask().status, 200)
        self.assert_refused(self.ask(token="another token altogether"), 401, "token_wrong")

    def test_with_a_configured_token_none_is_made(self):
        self.start(token=TOKEN)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.entries("admin token written for its user alone"), [])

    @unittest.skipIf(is_wine(), "the token file has a path of Windows")
    def test_a_made_token_is_another_one_after_each_start(self):
        tokens = set()
        for _ in range(2):
            self.start()
            token = self.sluice.admin_token()
            self.assertGreaterEqual(len(token), 32)
            self.assertEqual(self.ask(token=token).status, 200)
            tokens.add(token)
        self.assertEqual(len(tokens), 2)

    def token_file(self):
        self.sluice.admin_token()
        return self.entries("admin token written for its user alone")[-1]["file"]

    @unittest.skipIf(is_wine(), "modes of files and signals belong to Unix")
    def test_the_file_of_a_made_token_is_its_users_alone_and_goes_at_the_stop(self):
        self.start()
        path = self.token_file()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(os.stat(path).st_uid, os.geteuid())
        self.assertEqual(self.sluice.stop(), 0)
        self.assertFalse(os.path.exists(path))

    @unittest.skipIf(is_wine(), "reloads by signal and Unix-domain sockets belong to Unix")
    def test_the_file_goes_when_a_reload_leaves_no_use_for_it(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-token-")
        self.addCleanup(folder.cleanup)
        for admin in ({"token": TOKEN}, {"address": "unix:" + folder.name + "/admin.sock"}):
            self.start()
            path = self.token_file()
            self.assertEqual(self.sluice.reload(served(**admin))["message"], "reloaded")
            wait_until(lambda: not os.path.exists(path), "the token's file to go")


class Requests(AccessTest):
    def setUp(self):
        self.start(token=TOKEN)

    def test_a_body_over_one_mebibyte_is_refused_and_logged(self):
        with self.sluice.client("admin") as client:
            head = f"PUT {LEVEL} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            client.try_send(head.encode() + b"Content-Length: 2000000\r\n\r\n" + b" " * 2_000_000)
            response = client.response()
        self.assertEqual(response.status, 413)
        self.assertEqual(response.headers["Content-Type"], "application/json")
        self.assertEqual(self.logged_refusal(code_of(response))["status"], "413")

    def test_a_body_is_not_believed_before_its_sender(self):
        with self.sluice.client("admin") as client:
            head = f"PUT {LEVEL} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
            client.try_send(head.encode() + b" " * 2_000_000)
            self.assert_refused(client.response(), 401, "token_missing")

    def test_bodies_that_are_not_as_described_are_refused(self):
        bodies = [b"", b"{", b"[]", b"null", b'{"level":"info"} x', b'{"level":"loud"}', b'{"level":1}', b'{"level":null}']
        for body in (*bodies, b'{"level":"info","lever":1}', b'{"Level":"info"}', b"\xff\xfe", b"[" * 100_000):
            with self.subTest(body=body[:40]):
                response = self.patiently(body)
                self.assert_refused(response, 400, "body_invalid")

    def patiently(self, body):
        """Asks again after the rate limit."""
        wait_until(lambda: (response := self.ask(body=body)).status != 429 and setattr(self, "last", response) is None, "a turn")
        return self.last

    def test_unknown_keys_are_named(self):
        response = self.ask(body={"level": "info", "lever": 1, "more": 2})
        problems = json.loads(response.text)["error"]["problems"]
        self.assertEqual([word in problem for word, problem in zip(("lever", "more"), problems)], [True, True])

    def test_too_many_changes_are_429_and_say_when_to_come_back(self):
        answers = [self.ask() for _ in range(20)]
        while answers[-1].status != 429 and len(answers) < 2000:
            with self.sluice.client("admin") as client:
                data = json.dumps(INFO).encode()
                fields = [f"Authorization: Bearer {TOKEN}", "Content-Type: application/json"]
                answers += [client.request("PUT", LEVEL, fields, data) for _ in range(30)]
                answers.sort(key=lambda one: one.status)
        self.assertEqual({one.status for one in answers}, {200, 429})
        self.assert_refused(answers[-1], 429, "too_many_changes")
        self.assertGreaterEqual(int(answers[-1].headers["Retry-After"]), 1)
        self.assertEqual(self.see().status, 200)
        self.logged_refusal("too_many_changes")
        wait_until(lambda: self.ask().status == 200, "changes to be taken again")


class Logs(AccessTest):
    def test_every_change_is_logged_with_who_and_what(self):
        self.start(token=TOKEN)
        self.ask("PUT", LEVEL)
        self.ask("PUT", LEVEL, body={"level": "nonsense"})
        self.ask("POST", "/v1/reload", body={"dry_run": True})
        self.ask("POST", "/v1/explain", body={"url": "/a", "headers": [["Authorization", "a-secret-of-a-user"]]})
        self.ask("PUT", "/v1/clusters/nothing/breaker", body={"state": "open"})
        wait_until(lambda: len(self.entries("admin change")) == 5, "five changes in the log")
        changes = self.entries("admin change")
        self.assertEqual([one["what"] for one in changes],
                         ["PUT " + LEVEL] * 2 + ["POST /v1/reload", "POST /v1/explain", "PUT /v1/clusters/nothing/breaker"])
        self.assertEqual([one["status"] for one in changes], ["200", "400", "200", "200", "404"])
        self.assertEqual({one["client"] for one in changes}, {"127.0.0.1"})
        self.assertEqual(json.loads(changes[0]["body"]), INFO)
        self.assertNotIn("a-secret-of-a-user", self.sluice.log_text())

    @unittest.skipIf(is_wine(), "the token file has a path of Windows")
    def test_a_token_is_in_no_log(self):
        self.start()
        token = self.sluice.admin_token()
        self.ask(token=token, body={"level": "debug"})
        self.ask("PUT", f"{LEVEL}?token={token}", token=token)
        self.ask("PUT", f"{LEVEL}?token={token}", token=None)
        self.ask(token=token, host="evil.example")
        self.ask(token=token[:-1])
        self.ask("GET", f"/nothing?{token}", body=None, token=token)
        self.ask("POST", "/v1/reload", token=token, body=None)
        wait_until(lambda: any(entry.get("what") == "POST /v1/reload" for entry in self.entries("admin change")), "the last change")
        for text in (self.sluice.log_text(), "\n".join(self.sluice.stdout_lines)):
            self.assertNotIn(token[:-1], text)

    def test_a_text_from_a_client_stays_one_line(self):
        self.start(token=TOKEN)
        self.ask(body=b'{"level":"info"}\n{"message":"forged"}')
        wait_until(lambda: self.entries("admin change"), "the change in the log")
        self.assertEqual(self.entries("forged"), [])


@unittest.skipIf(is_wine(), "the users of Unix-domain sockets are Unix's")
class UnixSockets(AccessTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-admin-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.path = os.path.join(folder.name, "admin.sock")

    def test_the_gateways_own_user_needs_no_token(self):
        self.start(address="unix:" + self.path)
        self.assertEqual(self.ask(token=None).status, 200)
        self.assertEqual(self.ask("POST", "/v1/reload", token=None, body=None).status, 200)
        self.assertEqual(self.see("/status", host="anything.example").status, 200)
        wait_until(lambda: self.entries("admin change"), "the change in the log")
        self.assertEqual(self.entries("admin change")[0]["client"], f"unix user {os.geteuid()}")
        self.assertEqual(self.entries("admin token written for its user alone"), [])

    def test_a_web_page_can_not_come_this_way(self):
        self.start(address="unix:" + self.path)
        self.assert_refused(self.ask("PUT", LEVEL, "Origin: http://localhost", token=None), 403, "cross_site")

    def as_nobody(self, *headers):
        """The status that another user gets for a change."""
        os.chmod(self.path, 0o777)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = b"failed"
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                with Client(self.path, host="localhost") as client:
                    fields = ["Content-Type: application/json", *headers]
                    answer = client.request("PUT", LEVEL, fields, json.dumps(INFO).encode())
                    status = f"{answer.status} {code_of(answer) if answer.status != 200 else 'fine'}".encode()
            finally:
                os.write(writing, status)
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found = pipe.read()
        os.waitpid(child, 0)
        return found

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0, "only root can become another user")
    def test_another_user_needs_the_token(self):
        self.start(address="unix:" + self.path, token=TOKEN)
        self.assertEqual(self.as_nobody(), "401 token_missing")
        self.assertEqual(self.as_nobody("Authorization: Bearer wrong wrong wrong"), "401 token_wrong")
        self.assertEqual(self.as_nobody("Authorization: Bearer " + TOKEN), "200 fine")
        self.assertEqual(self.logged_refusal("token_missing")["client"], "unix user 65534")

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0, "only root can become another user")
    def test_another_user_can_change_nothing_where_there_is_no_token(self):
        self.start(address="unix:" + self.path)
        self.assertEqual(self.as_nobody("Authorization: Bearer x"), "401 token_wrong")
        self.assertEqual(self.as_nobody(), "401 token_missing")

    def test_the_socket_goes_at_the_stop(self):
        self.start(address="unix:" + self.path)
        self.assertEqual(self.sluice.stop(signal.SIGTERM), 0)
        self.assertFalse(os.path.exists(self.path))


if __name__ == "__main__":
    main()
