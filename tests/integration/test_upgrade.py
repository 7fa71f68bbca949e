"""Upgrades of the binary: another process takes over, and nobody who is connected notices."""

import ctypes
import os
import shutil
import signal
import socket
import tempfile
import threading

from ceaseless_load import Load, close, download, keep, post, serve_load
from gateway import Gateway, binary_command
from harness import LOOPBACK, GatewayTest, TimedOut, answer, cluster, config, is_sanitized, is_wine, main, route, run_command, wait_until
from notify_socket import NotifySocket
from websocket_origin import WebSocketClient, WebSocketOrigin

UPGRADES = 5 if is_sanitized() else 20
READY = "sluice is ready"
UPGRADED = "upgraded: the new process serves"
FAILED = "upgrade failed: this process goes on serving"


def adopt_orphans():
    """Processes whose parent has gone become ours, so that we can wait for them (PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def is_running(pid):
    """Whether there is such a process. One of ours that has ended is let go of."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Upgrading(Gateway):
    """Knows all processes that have served, and ends the last."""

    def wait_ready(self):
        super().wait_ready()
        wait_until(self.pids, "the gateway to be ready")

    def pids(self):
        return [int(entry["pid"]) for entry in self.log if entry.get("message") == READY]

    @property
    def pid(self):
        return self.pids()[-1]

    def upgrades(self):
        """The log's entries about their ends."""
        return [entry for entry in self.log if entry.get("message") in (UPGRADED, FAILED)]

    def upgrade(self, signal_number=signal.SIGUSR2):
        """Asks the process that serves; returns the log's entry about the end, once the new one serves by itself."""
        before, ends = len(self.pids()), len(self.upgrades())
        os.kill(self.pid, signal_number)
        wait_until(lambda: len(self.upgrades()) > ends, "the end of the upgrade", 60)
        entry = self.upgrades()[-1]
        if entry["message"] == UPGRADED:
            wait_until(lambda: len(self.pids()) > before, "the new process to be ready")
        return entry

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @staticmethod
    def send_to_all(pids, number):
        for pid in filter(is_running, pids):
            os.kill(pid, number)

    def end(self):
        """In order: a sanitizer reports at the end of each process."""
        self.is_expected_to_end = True
        # The last may not have said so yet.
        pids = set(self.pids()) | {int(entry["successor"]) for entry in self.upgrades() if "successor" in entry}
        self.send_to_all(pids, signal.SIGTERM)
        try:
            wait_until(lambda: not any(is_running(pid) for pid in pids), "all processes to end", 20)
        except AssertionError:
            self.send_to_all(pids, signal.SIGKILL)
            raise
        finally:
            super().end()


class Upgrades(GatewayTest):
    @classmethod
    def setUpClass(cls):
        adopt_orphans()

    def upgrading(self, configuration):
        """A gateway whose binary is found through a link, that a test may let point elsewhere."""
        self.folder = self.make_folder()
        self.link = os.path.join(self.folder, "sluice")
        os.symlink(os.path.abspath(binary_command()[0]), self.link)
        gateway = self.gateway_by_link(configuration)
        return gateway

    def make_folder(self):
        folder = tempfile.mkdtemp(prefix="sluice-upgrade-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def gateway_by_link(self, configuration):
        before = os.environ["SLUICE_BINARY"]
        os.environ["SLUICE_BINARY"] = self.link
        try:
            gateway = Upgrading(configuration)
        finally:
            os.environ["SLUICE_BINARY"] = before
        self.addCleanup(gateway.end)
        return gateway

    def point_link_at(self, text):
        """Puts a script in the place of the binary, in one step."""
        script = os.path.join(self.folder, "next")
        with open(script, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(script, 0o755)
        os.replace(script, self.link)

    def simple(self, **settings):
        return config([route("/", respond={"body": "ok"})], **{"limits": {"drain": "2s"}, **settings})

    def wait_gone(self, *pids):
        wait_until(lambda: not any(is_running(pid) for pid in pids), f"the end of {pids}")

    def test_a_new_process_serves_on_the_same_addresses_and_the_old_one_ends_with_0(self):
        gateway = self.upgrading(self.simple())
        old, addresses = gateway.pid, dict(gateway.addresses)
        entry = gateway.upgrade()
        self.assertEqual(entry["message"], UPGRADED, gateway.log_text())
        self.assertEqual(int(entry["successor"]), gateway.pid)
        self.assertNotEqual(gateway.pid, old)
        self.assertEqual(gateway.addresses, addresses)
        self.assertEqual(gateway.get("/").text, "ok")
        self.assertEqual(gateway.process.wait(20), 0)
        self.assertEqual(gateway.get("/").text, "ok")
        self.assertEqual(gateway.get("/readyz", listener="admin").text, "ready\n")

    def test_many_upgrades_under_load_fail_no_request(self):
        origin = self.origin()
        serve_load(origin)
        sockets = WebSocketOrigin(self)
        routes = [
            route("/kept", cluster="kept"), route("/length", cluster="kept"), route("/slow", cluster="kept"),
            route("/socket", cluster="sockets", upgrade=["websocket"]),
        ]
        clusters = [cluster("kept", origin), cluster("sockets", sockets.address)]
        gateway = self.upgrading(config(routes, clusters, workers=2, limits={"drain": "3s"}))
        loads = [Load(gateway.address(), ask) for ask in (keep, keep, close, close, post, post, download, download)]
        wait_until(lambda: all(load.done for load in loads), "every client to be served")
        descriptors = []
        for _ in range(UPGRADES):
            clients = [WebSocketClient(self, gateway.address(), "/socket") for _ in range(4)]
            done = [load.done for load in loads]
            self.assertEqual(gateway.upgrade()["message"], UPGRADED, gateway.log_text())
            for client in clients:
                self.assertEqual(client.close_code(), 1001)
            wait_until(lambda: all(load.done > before for load, before in zip(loads, done)), "every client to be served")
            descriptors.append(gateway.descriptors())
        for load in loads:
            load.end()
        self.assertEqual([load.failures for load in loads], [[]] * len(loads))
        pids = gateway.pids()
        self.assertEqual(len(set(pids)), UPGRADES + 1)
        self.wait_gone(*pids[:-1])
        print(f"{UPGRADES} upgrades, requests {[load.done for load in loads]}, descriptors {descriptors}")
        # While requests run they differ by connections; afterwards nothing may be left of all those processes.
        wait_until(lambda: gateway.descriptors() <= min(descriptors) + 8, "descriptors to be closed")

    def test_no_descriptor_is_inherited_but_the_sockets(self):
        gateway = self.upgrading(self.simple(workers=2))
        first = gateway.descriptors()
        for _ in range(5):
            self.assertEqual(gateway.upgrade()["message"], UPGRADED)
            self.wait_gone(*gateway.pids()[:-1])
            # It may have been counted while connections of the test were still there.
            wait_until(lambda: gateway.descriptors() <= first, "as many descriptors as at the start")

    def test_a_download_under_way_ends_whole_and_its_connection_may_be_used_once_more(self):
        told = threading.Event()
        self.addCleanup(told.set)
        size = 3_000_000

        def large(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * 1000)
            told.wait(60)
            request.connection.send(b"x" * (size - 1000))
            return b""

        origin = self.origin()
        origin.on("/large", large)
        origin.on("/kept", lambda request: answer(b"kept"))
        gateway = self.upgrading(config([route("/*rest", cluster="origin")], [cluster("origin", origin)]))
        client = self.client(gateway)
        client.send(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
        head = client.head()
        self.assertNotIn("Connection", head.headers)
        self.assertEqual(gateway.upgrade()["message"], UPGRADED)
        told.set()
        client.body_of(head)
        self.assertEqual(len(head.body), size)
        last = client.get("/kept")
        self.assertEqual((last.text, last.headers["Connection"]), ("kept", "close"))
        self.assertTrue(client.is_closed())

    def test_idle_connections_are_told_with_their_next_response_and_closed_at_the_end_of_the_drain_time(self):
        gateway = self.upgrading(self.simple())
        old = gateway.pid
        idle, used = self.client(gateway), self.client(gateway)
        self.assertEqual(idle.get("/").status, 200)
        self.assertEqual(used.get("/").status, 200)
        self.assertEqual(gateway.upgrade()["message"], UPGRADED)
        self.assertEqual(used.get("/").headers["Connection"], "close")
        self.assertTrue(is_running(old))
        self.assertTrue(idle.is_closed())
        self.assertEqual(gateway.process.wait(20), 0)

    def test_a_binary_that_can_not_start_changes_nothing(self):
        for script, reason, words in (
            ("#!/bin/sh\necho a library is missing >&2\nexit 7\n", "exit code 7", "a library is missing"),
            ("#!/bin/sh\nkill -9 $$\n", "signal 9", ""),
            ("no program at all\n", "starting", ""),
        ):
            with self.subTest(script):
                gateway = self.upgrading(self.simple())
                old = gateway.pid
                self.point_link_at(script)
                entry = gateway.upgrade()
                self.assertEqual(entry["message"], FAILED)
                self.assertIn(reason, entry["reason"])
                self.assertIn(words, entry["its_last_words"])
                self.assertEqual((gateway.pid, gateway.get("/").text), (old, "ok"))

    def test_a_configuration_with_an_error_changes_nothing(self):
        gateway = self.upgrading(self.simple())
        gateway.write_config({**gateway.config, "routs": []})
        entry = gateway.upgrade()
        self.assertEqual(entry["message"], FAILED)
        self.assertIn("exit code 3", entry["reason"])
        self.assertIn("routs", entry["its_last_words"])
        self.assertEqual(gateway.get("/").text, "ok")
        gateway.write_config(gateway.config)

    def test_an_address_that_is_taken_changes_nothing(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        path = os.path.join(self.make_folder(), "gateway.sock")
        listeners = [{"name": "web", "address": LOOPBACK}, {"name": "unix", "address": f"unix:{path}"}]
        gateway = self.upgrading(self.simple(listeners=listeners))
        more = [*listeners, {"name": "more", "address": "127.0.0.1:%d" % taken.getsockname()[1]}]
        gateway.write_config(self.simple(listeners=more))
        entry = gateway.upgrade()
        self.assertEqual(entry["message"], FAILED)
        self.assertIn("exit code 4", entry["reason"])
        self.assertEqual(gateway.get("/").text, "ok")
        self.assertEqual(gateway.get("/", listener="unix").text, "ok")

    def test_listeners_and_workers_may_be_others_afterwards(self):
        path = os.path.join(self.make_folder(), "gateway.sock")
        listeners = [{"name": "web", "address": LOOPBACK}, {"name": "unix", "address": f"unix:{path}"}]
        gateway = self.upgrading(self.simple(listeners=listeners, workers=3))
        for workers in (1, 4):
            gateway.write_config(self.simple(listeners=listeners, workers=workers))
            self.assertEqual(gateway.upgrade()["message"], UPGRADED, gateway.log_text())
            self.wait_gone(*gateway.pids()[:-1])
            for _ in range(20):
                self.assertEqual(gateway.get("/").text, "ok")
            self.assertEqual(gateway.get("/", listener="unix").text, "ok")
        gateway.write_config(self.simple(listeners=[{"name": "web", "address": LOOPBACK}, {"name": "new", "address": LOOPBACK}]))
        self.assertEqual(gateway.upgrade()["message"], UPGRADED, gateway.log_text())
        self.wait_gone(*gateway.pids()[:-1])
        self.assertFalse(os.path.exists(path))
        self.assertEqual(gateway.get("/", listener="new").text, "ok")

    def test_a_signal_to_stop_ends_a_hanging_upgrade_and_the_gateway(self):
        gateway = self.upgrading(self.simple())
        self.point_link_at("#!/bin/sh\necho hangs $$ >&2\nexec sleep 600\n")
        os.kill(gateway.pid, signal.SIGUSR2)
        hanging = wait_until(
            lambda: next((int(e["message"].split()[1]) for e in gateway.log if e["message"].startswith("hangs ")), 0),
            "the new process to start")
        os.kill(gateway.pid, signal.SIGTERM)
        self.assertEqual(gateway.process.wait(20), 0)
        self.wait_gone(hanging)

    def command(self, gateway, *arguments):
        host, port = gateway.address("admin")
        token = os.path.join(gateway.folder, f"admin-{port}.token")
        return run_command("upgrade", "--admin", f"{host}:{port}", "--token-file", token, *arguments)

    def test_the_command_answers_when_the_new_process_serves(self):
        gateway = self.upgrading(self.simple())
        other = os.path.join(self.folder, "other")
        os.symlink(os.path.abspath(binary_command()[0]), other)
        # The second shows that the token in the file is still the right one.
        for arguments in ((), ("--binary", other)):
            old = gateway.status()["pid"]
            self.assertEqual(old, gateway.pid)
            done = self.command(gateway, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            wait_until(lambda: gateway.pid != old, "the new process to be ready")
            self.assertEqual(done.stdout, f"upgraded: process {gateway.pid} serves\n")
            self.assertEqual(gateway.status()["pid"], gateway.pid)
        self.wait_gone(*gateway.pids()[:-1])
        self.assertEqual(self.command(gateway).returncode, 0)

    def test_the_command_says_why_the_new_process_does_not_serve(self):
        gateway = self.upgrading(self.simple())
        old = gateway.pid
        self.point_link_at("#!/bin/sh\necho a library is missing >&2\nexit 7\n")
        failed = self.command(gateway)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("a library is missing", failed.stderr)
        self.assertIn("exit code 7", failed.stderr)
        self.point_link_at("#!/bin/sh\nexec sleep 600\n")
        failed = self.command(gateway, "--limit", "1")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("within 1000 ms", failed.stderr)
        self.assertEqual((gateway.status()["pid"], gateway.get("/").text), (old, "ok"))
        os.replace(shutil.copy(binary_command()[0], self.link + ".new"), self.link)
        self.assertEqual(self.command(gateway).returncode, 0)

    def test_systemd_is_told_who_serves(self):
        for prefix in ("", "\0"):
            with self.subTest(prefix):
                manager = NotifySocket(prefix + os.path.join(self.make_folder(), "notify"))
                self.addCleanup(manager.close)
                with manager.in_environment():
                    gateway = self.upgrading(self.simple())
                first = gateway.pid
                self.assertEqual(manager.hear()["STATUS"], "starting")
                self.assertEqual(manager.hear(), {"READY": "1", "MAINPID": str(first), "STATUS": "serving"})
                self.assertEqual(gateway.upgrade()["message"], UPGRADED)
                self.assertEqual(manager.hear(), {"MAINPID": str(gateway.pid)})
                self.assertEqual(manager.hear(), {"READY": "1", "MAINPID": str(gateway.pid), "STATUS": "serving"})


def load_tests(loader, tests, _):
    if is_wine():
        raise TimedOut("test_upgrade needs signals and /proc")
    return tests


if __name__ == "__main__":
    main()
