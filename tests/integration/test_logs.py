"""The access log, which no client can break or forge, and the log of the gateway itself."""

import gzip
import json
import os
import signal
import tempfile
import unittest

try:
    import pwd
except ImportError:  # Windows
    pwd = None

from harness import GatewayTest, cluster, config, is_wine, main, native_path, proxy_to, request_bytes, route, wait_until


class AccessLog(GatewayTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-log-")
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "access.log")
        self.upstream = self.origin()
        routes = [
            route("/orders/:id", name="order", cluster="orders"),
            route("/hello", name="hello", respond={"status": 200, "body": "hi"}),
            route("/broken", name="broken", cluster="broken"),
        ]
        clusters = [cluster("orders", self.upstream), cluster("broken", "127.0.0.1:1")]
        self.sluice = self.gateway(config(routes, clusters, log={"access": self.file}))

    def lines(self, count):
        """Waits for so many lines; each must be one whole JSON object."""

        def read():
            if not os.path.exists(self.file):
                return None
            with open(self.file, "rb") as log:
                data = log.read()
            return data if data.count(b"\n") >= count else None

        data = wait_until(read, f"{count} lines in the access log")
        self.assertTrue(data.endswith(b"\n"))
        lines = data[:-1].split(b"\n")
        self.assertEqual(len(lines), count, data)
        for line in lines:
            self.assertFalse(any(byte < 0x20 or byte == 0x7F for byte in line), line)
        return [json.loads(line) for line in lines]

    def test_a_proxied_request_has_all_its_fields(self):
        with self.sluice.client() as client:
            client.request("POST", "/orders/7?full=1", ["X-Request-Id: id-1"], b"body", host="api.example")
        (line,) = self.lines(1)
        expected = {
            "client": "127.0.0.1", "method": "POST", "host": "api.example", "path": "/orders/7?full=1", "status": 200,
            "route": "order", "cluster": "orders", "endpoint": self.upstream.address, "request_id": "id-1",
        }
        self.assertEqual({key: line.get(key) for key in expected}, expected)
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        for stage in ("head_us", "route_us", "connect_us", "response_us", "body_us", "total_us"):
            self.assertGreaterEqual(line[stage], 0, stage)
        self.assertGreater(line["received_bytes"], 4)
        self.assertGreater(line["sent_bytes"], 2)
        self.assertNotIn("error", line)

    def test_requests_that_the_gateway_answers_are_logged(self):
        with self.sluice.client() as client:
            client.get("/hello")
            client.get("/nowhere")
        hello, nowhere = self.lines(2)
        self.assertEqual((hello["status"], hello["route"]), (200, "hello"))
        self.assertEqual((nowhere["status"], nowhere["error_code"]), (404, "no_route"))

    def test_failures_name_side_and_code(self):
        self.sluice.get("/broken")
        (line,) = self.lines(1)
        self.assertEqual((line["status"], line["error_side"], line["error_code"]), (502, "upstream", "connect_refused"))

    def test_refused_requests_are_logged(self):
        with self.sluice.client() as client:
            client.send(b"GET /x HTTP/1.1\r\n\r\n").response()
        (line,) = self.lines(1)
        self.assertEqual((line["status"], line["error_side"], line["error_code"]), (400, "client", "bad_host"))

    def test_the_id_that_a_client_sees_is_in_the_log(self):
        response = self.sluice.get("/nowhere")
        self.assertEqual(self.lines(1)[0]["request_id"], response.headers["X-Request-Id"])

    def test_no_client_can_break_or_forge_a_line(self):
        hostile = [
            ("GET", "/%1b[31mred", "a"),
            ("GET", '/"quoted","status":200', "a"),
            ("GET", "/%0a%7b%22status%22:200%7d%0d%0a", "a"),
            ("GET", "/back%5cslash", "a"),
            ("GET", "/caf\xc3\xa9\xff\xfe", "a"),
            ("WHAT\"EVER", "/x", "a"),
            ("GET", "/x", 'a"b'),
        ]
        for method, target, host in hostile:
            with self.sluice.client() as client:
                client.send(request_bytes(method, target, host=host)).response()
        lines = self.lines(len(hostile))
        self.assertTrue(all(line["status"] >= 400 for line in lines), lines)
        self.assertIn("%1b[31m", lines[0]["path"])

    def test_a_client_that_leaves_is_logged_without_a_response(self):
        def hold(connection):
            connection.request()
            connection.wait_closed()

        self.upstream.script.append(hold)
        client = self.client(self.sluice).send(request_bytes("GET", "/orders/1"))
        self.upstream.wait_requests(1)
        client.close()
        (line,) = self.lines(1)
        self.assertEqual((line["error_side"], line["error_code"]), ("client", "client_closed"))

    def test_every_request_of_a_busy_gateway_is_one_line(self):
        with self.sluice.client() as client:
            client.send(request_bytes("GET", "/orders/1") * 500)
            for _ in range(500):
                self.assertEqual(client.response().status, 200)
        self.assertEqual({line["status"] for line in self.lines(500)}, {200})

    def test_lines_are_written_before_the_process_ends(self):
        self.sluice.get("/hello")
        self.assertEqual(self.sluice.stop(), 0)
        self.assertEqual(len(self.lines(1)), 1)


class OtherTargets(GatewayTest):
    def test_the_access_log_can_go_to_standard_output(self):
        gateway = self.gateway(proxy_to(self.origin(), log={"access": "stdout"}))
        gateway.get("/a?b=c")
        line = wait_until(lambda: gateway.stdout_lines and gateway.stdout_lines[0], "a line on standard output")
        self.assertIn("/a?b=c", line)

    def test_nothing_is_logged_unless_asked_for(self):
        gateway = self.gateway(proxy_to(self.origin()))
        gateway.get("/a")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(gateway.stdout_lines, [])

    def test_a_log_that_cannot_be_opened_stops_the_start_and_is_named(self):
        settings = proxy_to(self.origin(), log={"access": "/no/such/folder/access.log"})
        gateway = self.gateway(settings, wait=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("/no/such/folder/access.log", gateway.log_text())


class OwnLog(GatewayTest):
    def test_start_and_stop_are_told_in_json_lines(self):
        gateway = self.gateway(proxy_to(self.origin()))
        self.assertEqual(gateway.stop(), 0)
        self.assertNotIn("raw", [entry["level"] for entry in gateway.log])
        ready = next(entry for entry in gateway.log if entry["message"] == "sluice is ready")
        self.assertRegex(ready["version"], r"\d+\.\d+\.\d+")
        for entry in gateway.log:
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT")
            self.assertIn(entry["level"], ("debug", "info", "warn", "error"))


class LogFiles(GatewayTest):
    """Files that rotate, move and disappear while they are written to."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-log-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(folder.name, "access.log")

    def start(self, **log):
        routes = [route("/*rest", name="all", respond={"status": 200, "body": "ok"})]
        return self.gateway(config(routes, [], log={"access": native_path(self.file), **log}))

    def names(self):
        return sorted(os.listdir(self.folder))

    def all_lines(self):
        """Every line that was ever logged, from whatever file it is in by now."""
        lines = []
        for name in self.names():
            path = os.path.join(self.folder, name)
            if name.endswith(".part"):
                continue
            with gzip.open(path, "rb") if name.endswith(".gz") else open(path, "rb") as log:
                lines += log.read().splitlines()
        return [json.loads(line) for line in lines]

    def test_no_line_is_lost_while_files_are_put_aside_and_compressed(self):
        gateway = self.start(rotate={"size": "20KiB", "keep": 1000})
        with gateway.client() as client:
            for number in range(600):
                client.get(f"/{number}")
        wait_until(lambda: any(name.endswith(".gz") for name in self.names()), "a compressed file")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual({line["path"] for line in self.all_lines()}, {f"/{number}" for number in range(600)})
        self.assertGreater(len(self.names()), 3)
        for name in self.names():
            self.assertRegex(name, r"^access\.log(\.\d{8}-\d{6}(-\d+)?(\.gz)?)?$")

    def test_only_so_many_old_files_are_kept(self):
        gateway = self.start(rotate={"size": "1KiB", "keep": 2, "gzip": False})

        def is_written(number):
            with open(self.file, encoding="utf-8") as log:
                return f'"/{number}/' in log.read()

        for number in range(6):
            gateway.get(f"/{number}/{'x' * 800}")
            wait_until(lambda number=number: is_written(number), f"line {number}")
        wait_until(lambda: len(self.names()) == 3, "two old files and the new one")
        self.assertEqual([line["path"][:3] for line in self.all_lines()], ["/5/", "/3/", "/4/"])

    def test_a_file_that_was_moved_is_followed_by_a_new_one(self):
        gateway = self.start()
        gateway.get("/one")
        wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file), "the first line")
        os.rename(self.file, self.file + ".old")
        requests = 1

        def is_followed():
            nonlocal requests
            gateway.get("/two")
            requests += 1
            return os.path.exists(self.file) and os.path.getsize(self.file)

        wait_until(is_followed, "a line in the new file")
        self.assertEqual(self.names(), ["access.log", "access.log.old"])
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(len(self.all_lines()), requests)

    @unittest.skipIf(is_wine(), "a signal of Unix")
    def test_sigusr1_opens_the_files_again(self):
        gateway = self.start()
        os.rename(self.file, self.file + ".old")
        gateway.send_signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(self.file), "the new file, before any line")
        # Said behind it.
        wait_until(lambda: any(entry["message"] == "log files opened again" for entry in gateway.log), "the word of it")

    def test_the_gateways_own_log_can_go_to_a_file(self):
        own = os.path.join(self.folder, "own.log")
        gateway = self.gateway(config([route("/a", name="a", respond={"status": 200})], [], log={"file": native_path(own)}), wait=False)

        def messages():
            with open(own, encoding="utf-8") as log:
                return [json.loads(line)["message"] for line in log]

        wait_until(lambda: os.path.exists(own) and "sluice is ready" in messages(), "the log file")
        self.assertEqual(gateway.log, [])
        if not is_wine():
            gateway.send_signal(signal.SIGTERM)
            self.assertEqual(gateway.wait(), 0)
            self.assertIn("stopped: every request has finished", messages())

    def test_a_log_file_that_cannot_be_opened_stops_the_start_and_is_named(self):
        settings = config([route("/a", name="a", respond={"status": 200})], [], log={"file": "/no/such/folder/own.log"})
        gateway = self.gateway(settings, wait=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("log.file", gateway.log_text())
        self.assertIn("/no/such/folder/own.log", gateway.log_text())


@unittest.skipIf(is_wine() or os.geteuid() != 0, "only root can become another user")
class User(GatewayTest):
    def start(self, **options):
        return self.gateway(config([route("/a", name="a", respond={"status": 200})], [], user="nobody", **options))

    def status_of(self, gateway):
        with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as status:
            return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)

    def test_the_gateway_becomes_its_user_and_keeps_no_right_but_low_ports(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-log-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o777)
        gateway = self.start(log={"access": os.path.join(folder.name, "access.log")})
        status = self.status_of(gateway)
        nobody = pwd.getpwnam("nobody")
        self.assertEqual(status["Uid"].split(), [str(nobody.pw_uid)] * 4)
        self.assertEqual(status["Gid"].split(), [str(nobody.pw_gid)] * 4)
        self.assertNotIn("0", status["Groups"].split())
        low_ports = 1 << 10  # CAP_NET_BIND_SERVICE
        for name in ("CapPrm", "CapEff", "CapAmb"):
            self.assertIn(int(status[name], 16), (0, low_ports), name)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(gateway.get("/a").status, 200)
        self.assertEqual(os.stat(os.path.join(folder.name, "access.log")).st_uid, nobody.pw_uid)

    def test_a_low_port_can_be_added_by_a_reload(self):
        gateway = self.start()
        if int(self.status_of(gateway)["CapPrm"], 16) == 0:
            self.skipTest("root has no right to low ports here")
        settings = json.loads(json.dumps(gateway.config))
        settings["listeners"].append({"name": "low", "address": "127.77.66.55:81"})
        os.chmod(gateway.folder, 0o755)
        os.chmod(gateway.file, 0o644)
        self.assertEqual(gateway.reload(settings)["message"], "reloaded")
        self.assertEqual(gateway.get("/a", listener="low").status, 200)

    def test_a_user_that_is_not_there_stops_the_start_and_is_named(self):
        gateway = self.gateway(config([route("/a", name="a", respond={"status": 200})], [], user="no-such-user"), wait=False)
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("there is no user", gateway.log_text())
        self.assertIn("no-such-user", gateway.log_text())


if __name__ == "__main__":
    main()
