"""The service of Windows, from the MSI to its removal, in a Windows of its own under Wine."""

import os
import re
import signal
import socket
import threading

from ceaseless_load import Load, close, download, keep, post, serve_load
from client import Client
from harness import GatewayTest, answer, cluster, config, is_wine, main, request_bytes, route, wait_until
from windows_service import Windows, free_ports

OLD, NEW = "0.1.0", "0.2.0"


class WindowsService(GatewayTest):
    """Each test begins with a service that runs."""

    @classmethod
    def setUpClass(cls):
        if not is_wine():
            return
        cls.windows = Windows()
        cls.addClassCleanup(cls.windows.end)
        cls.port, = free_ports(1)

    def setUp(self):
        if not is_wine():
            self.skipTest("Linux runs no Windows service")
        self.upstream = self.origin()
        self.log_begin = len(self.windows.log_entries())
        self.windows.write_config(self.settings())
        if not os.path.exists(self.windows.program):
            self.assertEqual(self.windows.msi("/i", OLD), 0)
        if self.windows.state() == "RUNNING":
            self.reload()
        else:
            self.assertEqual(self.windows.service("start").returncode, 0)
        wait_until(lambda: self.get("/mark").body == self.id().encode(), "the service with the test's configuration")

    def settings(self, mark=None):
        """Sends all to the origin, but for one path that tells which configuration is in force."""
        routes = [route("/*rest", cluster="origin"), route("/mark", respond={"body": mark or self.id()})]
        return config(routes, [cluster("origin", self.upstream)], admin={"enabled": False},
                      listeners=[{"name": "web", "address": f"127.0.0.1:{self.port}"}])

    def connect(self):
        client = Client(("127.0.0.1", self.port))
        self.addCleanup(client.close)
        return client

    def get(self, target):
        with Client(("127.0.0.1", self.port)) as client:
            return client.get(target)

    def reload(self):
        done = self.windows.service("reload")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def hold(self):
        """A client amid a download; the event lets it finish."""
        told = threading.Event()
        self.addCleanup(told.set)

        def respond(request):
            request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            told.wait(60)
            return b"whole"

        self.upstream.on("/held", respond)
        client = self.connect().send(request_bytes("GET", "/held"))
        wait_until(lambda: any(request.target == "/held" for request in self.upstream.requests), "the request at the origin")
        return client, told

    def test_the_installed_service_passes_requests_on(self):
        self.upstream.on("/hello", lambda _: answer(b"from the origin"))
        self.assertEqual(self.get("/hello").body, b"from the origin")
        status = self.windows.service("status")
        self.assertEqual(status.returncode, 0)
        self.assertRegex(status.stdout, r"^Sluice: running, process \d+, account NT AUTHORITY\\LocalService")
        services = self.windows.registry("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Sluice")
        self.assertIn('"C:\\Program Files\\Sluice\\sluice.exe" run -c "C:\\ProgramData\\Sluice\\sluice.json"', services)
        source = self.windows.registry("HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Sluice")
        self.assertRegex(source, r"EventMessageFile\s+REG_EXPAND_SZ\s+C:\\Program Files\\Sluice\\sluice.exe")
        path = self.windows.registry("HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment")
        self.assertIn(";C:\\Program Files\\Sluice", path)

    def test_a_reload_drops_no_download(self):
        client, told = self.hold()
        self.windows.write_config(self.settings("reloaded"))
        self.reload()
        wait_until(lambda: self.get("/mark").body == b"reloaded", "the new configuration")
        told.set()
        self.assertEqual(client.response().body, b"halfwhole")

    def test_a_broken_configuration_leaves_the_old_one_in_force_and_an_event(self):
        before = len(self.windows.events())
        self.windows.write_config("{ broken")
        self.reload()
        # Beside the entry about the reload stand those of the log itself.
        entry = self.windows.wait_event("the last reload was refused", before)
        self.assertIn("warn:", entry)
        self.assertIn("sluice.json:1:3: a key without quotes", entry)
        self.assertEqual(self.get("/mark").body, self.id().encode())

    def test_the_log_goes_to_a_file_that_may_be_moved_and_control_128_opens_it_again(self):
        wait_until(self.windows.read_log, "the service's log")
        log = self.windows.log_file()
        os.replace(log, log + ".old")
        self.assertEqual(self.windows.control(128), 0)
        wait_until(lambda: "log files opened again" in self.windows.read_log(), "the new log")

    def test_a_stop_lets_running_requests_finish(self):
        client, told = self.hold()
        stopping = threading.Thread(target=self.windows.service, args=("stop",))
        stopping.start()
        self.addCleanup(stopping.join)
        wait_until(lambda: self.windows.state() == "STOP_PENDING", "the service to stop")
        first = self.checkpoint()
        wait_until(lambda: self.checkpoint() > first, "a checkpoint that rises")
        told.set()
        self.assertEqual(client.response().body, b"halfwhole")
        stopping.join()
        self.assertEqual(self.windows.state(), "STOPPED")
        self.assertRegex(self.windows.query(), r"WIN32_EXIT_CODE +: 0 ")

    def test_an_upgrade_is_one_service_to_the_manager_and_drops_nothing(self):
        client, told = self.hold()
        before = self.serving()
        serve_load(self.upstream)
        loads = [Load(("127.0.0.1", self.port), ask) for ask in (keep, close, post, download)]
        self.assertEqual(self.windows.control(129), 0)
        wait_until(lambda: self.serving() != before, "the new process", 30)
        done = [load.done for load in loads]
        wait_until(lambda: all(load.done > count for load, count in zip(loads, done)), "requests to the new process", 30)
        for load in loads:
            load.end()
            self.assertEqual(load.failures, [])
        self.assertEqual(self.windows.state(), "RUNNING")
        # The one before ends when its last connection has; the service goes on.
        told.set()
        self.assertEqual(client.response().body, b"halfwhole")
        client.close()
        wait_until(lambda: self.log_lines("stopped: every connection has ended"), "the end of the process before")
        self.windows.write_config(self.settings("by the new one"))
        self.reload()
        wait_until(lambda: self.get("/mark").body == b"by the new one", "the reload by the new process")
        self.assertEqual(self.windows.service("stop").returncode, 0)
        self.assertRegex(self.windows.query(), r"WIN32_EXIT_CODE +: 0 ")

    def test_a_stop_waits_for_the_requests_of_the_process_before_an_upgrade(self):
        client, told = self.hold()
        before = self.serving()
        self.assertEqual(self.windows.control(129), 0)
        wait_until(lambda: self.serving() != before, "the new process", 30)
        stopping = threading.Thread(target=self.windows.service, args=("stop",))
        stopping.start()
        self.addCleanup(stopping.join)
        wait_until(lambda: self.log_lines("stopped: every request has finished"), "the end of the new process")
        told.set()
        self.assertEqual(client.response().body, b"halfwhole")
        stopping.join()
        self.assertEqual(self.windows.state(), "STOPPED")

    def test_upgrades_may_follow_each_other_while_the_first_still_drains(self):
        client, told = self.hold()
        for _ in range(3):
            before = self.serving()
            self.assertEqual(self.windows.control(129), 0)
            wait_until(lambda: self.serving() != before, "the new process", 30)
            wait_until(lambda: self.log_lines("upgraded: the new process serves")[-1:] and
                       self.log_lines("upgraded: the new process serves")[-1]["successor"] == str(self.serving()), "the hand-over")
        told.set()
        self.assertEqual(client.response().body, b"halfwhole")
        self.windows.kill(self.serving())
        wait_until(lambda: self.windows.state() == "STOPPED", "the end of the service with its last gateway")

    def test_a_gateway_that_hangs_is_ended_at_a_stop(self):
        before = len(self.windows.events())
        frozen = self.windows.freeze_gateway()
        self.addCleanup(os.kill, frozen, signal.SIGKILL)
        stopping = threading.Thread(target=self.windows.service, args=("stop",))
        stopping.start()
        self.addCleanup(stopping.join)
        self.windows.wait_event("It hung, and was ended.", before, 90)
        wait_until(lambda: self.windows.state() == "STOPPED", "the end of the service")

    def test_with_the_parent_ends_the_gateway(self):
        status = self.windows.service("status").stdout
        self.windows.kill(re.search(r"running, process (\d+)", status).group(1))
        wait_until(lambda: not self.is_reachable(), "the end of the gateway")

    def is_reachable(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def test_an_upgrade_that_fails_leaves_the_service_as_it_is(self):
        before = self.serving()
        self.windows.write_config("{ broken")
        self.assertEqual(self.windows.control(129), 0)
        wait_until(lambda: self.log_lines("upgrade failed: this process goes on serving"), "the end of the upgrade", 30)
        self.assertEqual(self.serving(), before)
        self.assertEqual(self.get("/mark").body, self.id().encode())

    def test_a_gateway_that_is_killed_is_a_failure_of_the_service(self):
        before = len(self.windows.events())
        self.windows.kill(self.serving())
        wait_until(lambda: self.windows.state() == "STOPPED", "the end of the service")
        self.assertRegex(self.windows.query(), r"WIN32_EXIT_CODE +: 1066 ")
        self.windows.wait_event("Its process ended without a word", before)

    def log_lines(self, message):
        """The entries of the log with this message, since the test began."""
        return [entry for entry in self.windows.log_entries()[self.log_begin:] if entry.get("message") == message]

    def serving(self):
        """The id of the process that was the last to say that it is ready."""
        return [entry["pid"] for entry in self.windows.log_entries() if entry.get("message") == "sluice is ready"][-1]

    def checkpoint(self):
        line = next(line for line in self.windows.query().splitlines() if "CHECKPOINT" in line)
        return int(line.split()[-1], 16)

    def test_a_start_that_fails_tells_its_exit_code_and_the_reason(self):
        before = len(self.windows.events())
        file = os.path.join(self.windows.data, "broken.json")
        with open(file, "w", encoding="ascii") as out:
            out.write("{ broken")
        done = self.windows.service("install", "--name", "broken", "-c", "C:\\ProgramData\\Sluice\\broken.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("has stopped at its start: exit code 3", done.stderr)
        self.assertRegex(self.windows.query("broken"), r"WIN32_EXIT_CODE +: 1066 [^\n]*\n +SERVICE_EXIT_CODE +: 3 ")
        self.assertIn("err:", self.windows.wait_event("broken.json:1:3: a key without quotes", before))
        self.assertEqual(self.windows.service("uninstall", "--name", "broken").returncode, 0)

    def test_what_is_not_there_is_told(self):
        done = self.windows.service("status", "--name", "nobody")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no service nobody; 'sluice service install' makes it", done.stderr)

    def test_a_dry_run_changes_nothing(self):
        done = self.windows.service("install", "--name", "dry", "--dry-run")
        self.assertEqual(done.returncode, 0)
        self.assertIn("account NT SERVICE\\dry (NT AUTHORITY\\LocalService where there are no virtual accounts)", done.stdout)
        self.assertIn('run -c "C:\\ProgramData\\Sluice\\dry.json"', done.stdout)
        self.assertIsNone(self.windows.state("dry"))

    def test_an_upgrade_keeps_the_configuration_and_a_downgrade_is_refused(self):
        if self.windows.version() == NEW:
            self.assertEqual(self.windows.msi("/x", NEW), 0)
            self.assertEqual(self.windows.msi("/i", OLD), 0)
        before = self.windows.read_config()
        self.assertEqual(self.windows.msi("/i", NEW), 0)
        self.assertEqual((self.windows.version(), self.windows.state()), (NEW, "RUNNING"))
        self.assertEqual(self.windows.read_config(), before)
        self.assertEqual(self.get("/mark").body, self.id().encode())
        self.assertNotEqual(self.windows.msi("/i", OLD), 0)
        self.assertEqual((self.windows.version(), self.windows.state()), (NEW, "RUNNING"))

    def test_a_repair_brings_the_program_back(self):
        version = self.windows.version()
        self.windows.service("stop")
        os.remove(self.windows.program)
        # What "msiexec /fa" does; Wine knows that only in these words.
        self.assertEqual(self.windows.msi("/i", version, "REINSTALL=ALL", "REINSTALLMODE=amus"), 0)
        self.assertTrue(os.path.exists(self.windows.program))
        wait_until(lambda: self.windows.state() == "RUNNING", "the service to run again")

    def test_an_uninstall_leaves_the_configuration_and_nothing_else(self):
        before = self.windows.read_config()
        self.assertEqual(self.windows.msi("/x", self.windows.version()), 0)
        self.assertIsNone(self.windows.state())
        self.assertFalse(os.path.exists(os.path.dirname(self.windows.program)))
        for key in ("Sluice", "EventLog\\Application\\Sluice"):
            self.assertIn("Unable to find", self.windows.registry(f"HKLM\\SYSTEM\\CurrentControlSet\\Services\\{key}"))
        path = self.windows.registry("HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment")
        self.assertNotIn("Sluice", path)
        self.assertEqual(self.windows.read_config(), before)


if __name__ == "__main__":
    main()
