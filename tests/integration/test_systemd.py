"""The gateway under systemd: what it tells, the sockets that it is given, the unit, and the verbs' steps. The tools are
systemd's own; no systemd runs here."""

import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from gateway import Gateway, binary_command
from harness import GatewayTest, answer, config, is_slow, main, route, run_command, wait_until
from notify_socket import NotifySocket

INHERITED = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NO_COLOR", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def simple(*listeners, **settings):
    names = [{"name": f"web{i}", "address": address} for i, address in enumerate(listeners)]
    return config([route("/", respond={"body": "ok"})], **({"listeners": names} if names else {}), **settings)


class SystemdTest(GatewayTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-systemd-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)


class Notices(SystemdTest):
    def setUp(self):
        super().setUp()
        self.manager = NotifySocket(self.path("notify"))
        self.addCleanup(self.manager.close)

    def watched(self, configuration, **variables):
        with self.manager.in_environment(**variables):
            return self.gateway(configuration)

    def test_the_life_of_a_service_is_told(self):
        gateway = self.watched(simple())
        self.assertEqual(self.manager.hear()["STATUS"], "starting")
        self.assertEqual(self.manager.hear(), {"READY": "1", "MAINPID": str(gateway.process.pid), "STATUS": "serving"})
        gateway.send_signal(signal.SIGHUP)
        reloading = self.manager.hear()
        self.assertEqual(reloading["RELOADING"], "1")
        # By it systemd tells one reload from another.
        self.assertRegex(reloading["MONOTONIC_USEC"], r"^[0-9]+$")
        self.assertEqual(self.manager.hear(), {"READY": "1", "STATUS": "serving"})
        gateway.write_config("{")
        gateway.send_signal(signal.SIGHUP)
        self.assertEqual(self.manager.hear()["RELOADING"], "1")
        ended = self.manager.hear()
        self.assertEqual(ended["READY"], "1")
        self.assertRegex(ended["STATUS"], "the last reload was refused: .*gateway.json:1")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(self.manager.hear()["STOPPING"], "1")

    def test_a_stop_may_take_as_long_as_the_configuration_says(self):
        gateway = self.watched(simple(limits={"drain": "10m"}))
        self.assertEqual(gateway.stop(), 0)
        self.assertGreater(int(self.manager.hear_until("STOPPING")["EXTEND_TIMEOUT_USEC"]), 600_000_000)

    def test_ready_comes_when_the_listeners_accept(self):
        address = "unix:" + self.path("web.sock")
        with self.manager.in_environment():
            gateway = Gateway(simple(address), wait=False)
        self.addCleanup(gateway.end)
        self.manager.hear_until("READY")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path("web.sock"))
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200 OK", client.recv(1000))

    def test_a_start_that_fails_is_never_ready(self):
        with self.manager.in_environment():
            gateway = Gateway(simple("127.0.0.1:1", "unix:" + self.path("no/such/folder")), wait=False)
        self.addCleanup(gateway.end)
        self.assertNotEqual(gateway.wait(), 0)
        while True:
            try:
                self.assertNotIn("READY", self.manager.hear(0.1))
            except TimeoutError:
                break

    def test_the_watchdog_hears_of_the_workers(self):
        gateway = self.watched(simple(workers=2), WATCHDOG_USEC="400000")
        for _ in range(3):
            self.manager.hear_until("WATCHDOG")
        with self.stopped_thread(self.worker_thread(gateway)):
            # One may be on its way.
            for _ in range(10):
                try:
                    self.manager.hear(1)
                except TimeoutError:
                    break
            else:
                self.fail("a process whose worker hangs says that it works")
        self.manager.hear_until("WATCHDOG")

    def test_a_watchdog_that_waits_for_another_process_hears_nothing(self):
        self.watched(simple(), WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.manager.hear_until("READY")
        with self.assertRaises(TimeoutError):
            self.manager.hear(1)

    def worker_thread(self, gateway):
        for folder in glob.glob(f"/proc/{gateway.process.pid}/task/*"):
            with open(folder + "/comm", encoding="ascii") as name:
                # The first one's name is that of threads that it has made, too.
                if name.read().strip() == "worker-1":
                    return int(os.path.basename(folder))
        self.fail("no worker found")

    def stopped_thread(self, thread):
        """One thread stands still, the others run: ptrace(2)."""
        test = self

        class Stopped:
            def trace(self, request):
                system = ctypes.CDLL(None, use_errno=True)
                test.assertEqual(system.ptrace(request, thread, None, None), 0, os.strerror(ctypes.get_errno()))

            def __enter__(self):
                self.trace(PTRACE_ATTACH)
                os.waitpid(thread, 0x40000000)  # __WALL

            def __exit__(self, *_):
                self.trace(PTRACE_DETACH)

        return Stopped()


class Journal(SystemdTest):
    def started(self, stream):
        """The lines of a start whose standard error is said to be the journal's."""
        configuration = simple()
        gateway = Gateway.__new__(Gateway)
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        gateway.file = os.path.join(folder, "gateway.json")
        gateway.write_config(configuration)
        before = ["sh", "-c", f'export JOURNAL_STREAM={stream}; exec "$@"', "sh"]
        gateway.attach(configuration, ["run", "-c", gateway.file], folder, wait=False, before=before)
        self.addCleanup(gateway.end)
        wait_until(lambda: any("sluice is ready" in one["message"] for one in list(gateway.log)), "its start")
        return list(gateway.log)

    def test_lines_for_the_journal_begin_with_their_priority(self):
        for line in self.started("$(stat -L -c %d:%i /proc/self/fd/2)"):
            self.assertRegex(line["message"], r'^<6>\{"time":')

    def test_a_file_in_the_place_of_the_journal_gets_plain_lines(self):
        self.assertEqual({line["level"] for line in self.started("1:2")}, {"info"})


class ActivatedGateway(Gateway):
    """Started by the first connection, which systemd-socket-activate waits for."""

    def __init__(self, configuration, listens, names=(), *options):
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        self.file = os.path.join(folder, "gateway.json")
        self.write_config(configuration)
        before = ["systemd-socket-activate", *options, *(f"--listen={one}" for one in listens)]
        before += [f"--setenv={name}" for name in INHERITED]
        if names:
            before.append("--fdname=" + ":".join(names))
        self.attach(configuration, ["run", "-c", self.file], folder, wait=False, before=before)
        wait_until(lambda: self.count_bound() == len(listens), "the sockets")

    def count_bound(self):
        return sum("Listening on" in one["message"] for one in list(self.log))


def free_port():
    """systemd-socket-activate does not say which port it was given."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Activation(SystemdTest):
    def activated(self, configuration, listens, names=()):
        gateway = ActivatedGateway(configuration, listens, names)
        self.addCleanup(gateway.end)
        return gateway

    def ask(self, place):
        """A request on a connection that is there before the gateway is."""
        family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
        with socket.socket(family) as client:
            client.settimeout(60)
            client.connect(place)
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.makefile("rb").read()

    def messages(self, gateway, level="error"):
        return [entry["message"] for entry in gateway.log if entry.get("level") == level]

    def test_a_connection_that_waits_is_served_by_every_worker_in_turn(self):
        port = free_port()
        gateway = self.activated(simple(f"127.0.0.1:{port}", workers=2), [f"127.0.0.1:{port}"])
        for _ in range(6):
            self.assertIn(b"200 OK", self.ask(("127.0.0.1", port)))
        gateway.wait_ready()
        self.assertEqual(self.messages(gateway), [])
        # One socket, that of the manager, and none beside it: what waits there is not lost with this process.
        self.assertEqual(len(self.listening_sockets(port)), 1)
        self.assertEqual(gateway.reload(simple(f"127.0.0.1:{port}", workers=3))["message"], "reloaded")
        self.assertIn(b"200 OK", self.ask(("127.0.0.1", port)))
        self.assertEqual(gateway.stop(), 0)

    def listening_sockets(self, port):
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        return [row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"]

    def test_the_file_of_a_unix_socket_is_the_managers(self):
        path = self.path("web.sock")
        gateway = self.activated(simple("unix:" + path), [path])
        self.assertIn(b"200 OK", self.ask(path))
        gateway.wait_ready()
        self.assertEqual(gateway.stop(), 0)
        self.assertTrue(os.path.exists(path))

    def test_a_socket_that_no_listener_wants_is_named_and_closed(self):
        wanted, other = self.path("web.sock"), self.path("other.sock")
        gateway = self.activated(simple("unix:" + wanted), [wanted, other], ["web", "forgotten"])
        self.assertIn(b"200 OK", self.ask(wanted))
        gateway.wait_ready()
        entry = next(one for one in gateway.log if one.get("level") == "error")
        self.assertIn("no listener has the address", entry["message"])
        self.assertEqual((entry["name"], entry["address"]), ("forgotten", "unix:" + other))
        with self.assertRaises(ConnectionRefusedError):
            self.ask(other)

    def test_a_socket_that_is_no_stream_is_named(self):
        path = self.path("packets.sock")
        gateway = ActivatedGateway(simple(), [path], ["packets"], "--seqpacket")
        self.addCleanup(gateway.end)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            gateway.wait_ready()
        entry = next(one for one in gateway.log if one.get("level") == "error")
        self.assertEqual((entry["name"], "of no use" in entry["message"]), ("packets", True))

    def test_a_listener_without_a_socket_is_bound_beside_those_that_have_one(self):
        path = self.path("web.sock")
        gateway = self.activated(simple("unix:" + path, "127.0.0.1:0"), [path])
        self.assertIn(b"200 OK", self.ask(path))
        gateway.wait_ready()
        self.assertEqual(gateway.get("/", listener="web1").text, "ok")

    def test_administration_may_have_a_socket_too(self):
        path = self.path("admin.sock")
        settings = simple(admin={"address": "unix:" + path})
        gateway = self.activated(settings, [path])
        self.assertIn(b"HTTP/1.1", self.ask(path))
        gateway.wait_ready()
        self.assertEqual(self.messages(gateway), [])

    def test_an_upgrade_hands_the_managers_socket_on(self):
        path = self.path("web.sock")
        gateway = self.activated(simple("unix:" + path, limits={"drain": "1s"}), [path])
        self.assertIn(b"200 OK", self.ask(path))
        gateway.wait_ready()
        gateway.send_signal(signal.SIGUSR2)
        gateway.is_expected_to_end = True
        self.assertEqual(gateway.process.wait(60), 0)
        successor = next(int(one["successor"]) for one in gateway.log if "successor" in one)
        self.addCleanup(self.end_process, successor)
        self.assertIn(b"200 OK", self.ask(path))
        os.kill(successor, signal.SIGTERM)
        self.wait_gone(successor)
        self.assertTrue(os.path.exists(path))

    def end_process(self, pid):
        if os.path.exists(f"/proc/{pid}/exe"):
            os.kill(pid, signal.SIGKILL)

    def wait_gone(self, pid):
        wait_until(lambda: not os.path.exists(f"/proc/{pid}/exe"), f"the end of {pid}")


class Unit(SystemdTest):
    def unit(self):
        """The unit that an installation would write."""
        done = run_command("service", "install", "--dry-run", "--name", "sluice-of-a-test")
        self.assertEqual(done.returncode, 0, done.stderr)
        text = re.search(r"^write \S+sluice-of-a-test\.service:\n((?:    .*\n|\n)+)", done.stdout, re.MULTILINE).group(1)
        path = self.path("sluice-of-a-test.service")
        with open(path, "w", encoding="utf-8") as out:
            out.write(re.sub("^    ", "", text, flags=re.MULTILINE))
        return path

    def test_systemd_finds_nothing_wrong_with_it(self):
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", self.unit()], capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_its_exposure_is_below_two(self):
        checked = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", self.unit()],
                                 capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertLess(float(re.search(r"exposure level for \S+: ([0-9.]+)", checked.stdout).group(1)), 2.0)

    def test_what_the_gateway_asks_of_the_kernel_is_allowed(self):
        if is_slow() or not shutil.which("strace"):
            self.skipTest("needs strace, and a gateway without sanitizers")
        with open(self.unit(), encoding="utf-8") as text:
            filters = re.findall(r"^SystemCallFilter=(~?)(.*)$", text.read(), re.MULTILINE)
        allowed = set()
        for is_denied, groups in filters:
            calls = set().union(*(self.calls_of(group) for group in groups.split()))
            allowed = allowed - calls if is_denied else allowed | calls
        allowed |= self.calls_of("@default")
        self.assertEqual(self.calls_of_a_life() - allowed - {"execve"}, set())

    def calls_of(self, group):
        listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True)
        calls = set()
        for line in listed.stdout.splitlines()[1:]:
            word = line.strip()
            if word.startswith("@"):
                calls |= self.calls_of(word)
            elif word and not word.startswith("#"):
                calls.add(word)
        return calls

    def calls_of_a_life(self):
        """The system calls of a start, requests, a reload, an upgrade and a stop."""
        trace = self.path("calls")
        origin = self.origin()
        settings = config([route("/*rest", cluster="origin")],
                          [{"name": "origin", "endpoints": [{"address": origin.address}, {"address": f"localhost:{origin.port}"}]}],
                          workers=2, limits={"drain": "1s"})
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        gateway = Gateway.__new__(Gateway)
        gateway.file = os.path.join(folder, "gateway.json")
        gateway.write_config(settings)
        gateway.attach(settings, ["run", "-c", gateway.file], folder, before=["strace", "-f", "-qq", "--seccomp-bpf", "-o", trace])
        self.addCleanup(gateway.kill)
        pid = gateway.status()["pid"]
        self.assertEqual(gateway.get("/").status, 200)
        origin.on("/large", lambda request: answer(b"0123456789abcdef" * 65536))
        self.assertEqual(len(gateway.get("/large").body), 1 << 20)
        os.kill(pid, signal.SIGHUP)
        self.wait_for(gateway, "reloaded")
        os.kill(pid, signal.SIGUSR2)
        self.wait_for(gateway, "upgraded")
        self.assertEqual(gateway.get("/").status, 200)
        os.kill(gateway.status()["pid"], signal.SIGTERM)
        gateway.wait()
        with open(trace, encoding="utf-8", errors="replace") as lines:
            return {found.group(1) for found in (re.match(r"\d+ +([a-z0-9_]+)\(", line) for line in lines) if found}

    def wait_for(self, gateway, start):
        wait_until(lambda: any(one.get("message", "").startswith(start) for one in list(gateway.log)), start)


class Verbs(SystemdTest):
    def steps(self, *arguments):
        done = run_command("service", "--dry-run", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line for line in done.stdout.splitlines() if line and not line.startswith("    ")]

    def test_install_checks_writes_and_starts(self):
        binary = os.path.realpath(binary_command()[0])
        steps = self.steps("install", "--name", "shop", "--config", "/etc/sluice/a shop.json")
        self.assertEqual(steps[-5:], [
            "systemd-sysusers sluice.conf",
            f"runuser -u sluice -- {binary} check '/etc/sluice/a shop.json'",
            "write /etc/systemd/system/shop.service:",
            "systemctl daemon-reload",
            "systemctl enable --now shop.service",
        ])

    def test_the_unit_names_the_binary_and_the_configuration(self):
        done = run_command("service", "install", "--dry-run", "--name", "shop", "--config", "/etc/sluice/100% $HOME.json")
        binary = os.path.realpath(binary_command()[0])
        self.assertIn(f'ExecStart={binary} run -c "/etc/sluice/100%% $$HOME.json"\n', done.stdout)
        self.assertIn("StateDirectory=shop\n", done.stdout)

    def test_each_verb_is_one_command(self):
        for verb in ("start", "stop", "restart", "reload"):
            self.assertEqual(self.steps(verb, "--name", "shop"), [f"systemctl {verb} shop.service"])
        self.assertEqual(self.steps("status", "--name", "shop"), ["systemctl status --no-pager shop.service"])
        self.assertEqual(self.steps("logs", "--name", "shop"), ["journalctl -u shop.service -n 100 --no-pager"])
        self.assertEqual(self.steps("uninstall", "--name", "shop"), ["systemctl disable --now shop.service"])

    def test_another_programs_service_is_left_alone(self):
        done = run_command("service", "stop", "--dry-run", "--name", "systemd-journald")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not a service of Sluice", done.stderr)

    def test_without_the_rights_nothing_is_done(self):
        command = binary_command()
        if os.geteuid() == 0:
            # Where another user finds it.
            os.chmod(self.folder, 0o755)
            command = ["setpriv", "--reuid=65534", "--clear-groups", shutil.copy(command[0], self.path("sluice"))]
        done = subprocess.run([*command, "service", "start"], capture_output=True, text=True, check=False, cwd="/")
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("run it with sudo", done.stderr)

    def test_where_no_systemd_runs_it_says_so(self):
        if os.path.isdir("/run/systemd/system"):
            self.skipTest("systemd runs here")
        done = run_command("service", "logs")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not started by systemd", done.stderr)


if __name__ == "__main__":
    main()
