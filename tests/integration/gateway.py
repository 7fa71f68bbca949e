"""The gateway of a test: the real binary with a configuration of the test's own, on ports that the system picks.

SLUICE_BINARY names the binary; SLUICE_WINE, when set and not "0", runs it under Wine ("1") or by that command.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from client import Client
from waiting import PATIENCE, wait_until

#: What the sanitizers' reports have in common.
SANITIZER_WORDS = ("Sanitizer:", "runtime error:")

LOOPBACK = "127.0.0.1:0"


def binary_command():
    """The command that starts the gateway."""
    binary = os.environ.get("SLUICE_BINARY")
    if not binary:
        raise RuntimeError("SLUICE_BINARY must name the gateway's binary")
    emulator = os.environ.get("SLUICE_WINE", "0")
    if emulator in ("", "0"):
        return [binary]
    return [*(["wine"] if emulator == "1" else shlex.split(emulator)), binary]


def is_wine():
    return len(binary_command()) > 1


def native_path(path):
    """A path as the binary knows it: under Wine the root is drive Z."""
    return "Z:" + path.replace("/", "\\") if is_wine() else path


def environment():
    """The caller's environment, quiet about Wine and without colours."""
    return {**os.environ, "WINEDEBUG": "-all", "NO_COLOR": "1"}


def split_address(text):
    """"127.0.0.1:80" as a pair for sockets; the path for "unix:..."."""
    if text.startswith("unix:"):
        return text[len("unix:") :]
    host, _, port = text.rpartition(":")
    return (host.strip("[]"), int(port))


def run_command(*arguments, seconds=60, stdin=None, variables=None):
    """Runs `sluice ARGUMENTS` to its end, with these variables beside those of the environment."""

    def run():
        return subprocess.run(
            [*binary_command(), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**environment(), **(variables or {})},
            check=False,
        )

    done = run()
    if is_wine() and done.returncode == -signal.SIGSEGV:
        # Wine 8 loses the exit code of about one command in 1,500 on a busy machine: a thread that is being joined dies
        # inside Wine's own ntdll.so while the process exits, all output written. A fault of the program's own would end
        # it with a code of Windows, not with a signal.
        print(f"asked again, Wine died at the exit of: sluice {' '.join(arguments)}", file=sys.stderr)
        done = run()
    return done


class Gateway:
    """Starts at once and is ready when the constructor returns; `kill` or `stop` ends it."""

    def __init__(self, config, file=None, wait=True, options=()):
        folder = tempfile.mkdtemp(prefix="sluice-test-")
        arguments = ["run"]
        if config is not None:
            self.file = file or os.path.join(folder, "gateway.json")
            with open(self.file, "w", encoding="utf-8") as out:
                json.dump(config, out, indent=2)
            arguments += ["-c", native_path(self.file), *options]
        self.attach(config, arguments, folder, wait)

    def attach(self, config, arguments, folder, wait=True, before=()):
        """Starts `sluice ARGUMENTS`, which is to come to serve the configuration, in a folder that is removed at the end;
        `before` is a command that starts it in its own place."""
        self.folder = folder
        self.config = config
        self.log = []
        self.addresses = {}
        self.is_expected_to_end = False
        self.process = subprocess.Popen(
            [*before, *binary_command(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment(), "STATE_DIRECTORY": self.folder, "RUNTIME_DIRECTORY": self.folder},
            cwd=self.folder,
        )
        self.stdout_lines = []
        self._threads = [
            self._start(self._read_log),
            self._start(self._read_stdout),
        ]
        if wait:
            self.wait_ready()

    def _start(self, call):
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        return thread

    def _read_log(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            try:
                entry = json.loads(text)
            except ValueError:
                entry = {"message": text, "level": "raw"}
            if entry.get("message") == "listening":
                self.addresses[entry["name"]] = entry["address"]
            self.log.append(entry)

    def _read_stdout(self):
        for line in self.process.stdout:
            self.stdout_lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))

    def wait_ready(self):
        """Waits for the line of every listener, the admin's included, and for the one that ends the start."""
        names = {listener["name"] for listener in (self.config or {}).get("listeners", [{"name": "web"}])}
        if (self.config or {}).get("admin", {}).get("enabled", True):
            names.add("admin")

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.log_text()}")
            is_ready = any(entry.get("message") == "sluice is ready" for entry in list(self.log))
            return is_ready and names <= set(self.addresses)

        try:
            wait_until(ready, "the gateway's listeners", 60)
        except AssertionError:
            self.kill()
            raise

    def write_config(self, config):
        """Puts another configuration, or the text of one, in the place of the old file, as editors do it."""
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        if not isinstance(config, str):
            self.config = config
        with open(self.file + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(self.file + ".new", self.file)

    def reload(self, config=None):
        """Reads the configuration again, a new one where one is given; returns the log's entry about the end."""
        if config is not None:
            self.write_config(config)
        before = len(self.reloads())
        self.ask_to_reload()
        wait_until(lambda: len(self.reloads()) > before or self.process.poll() is not None, "the end of the reload")
        self.assert_runs()
        return self.reloads()[-1]

    def ask_to_reload(self):
        if is_wine():
            # Windows has no signal for it; a refusal is told by the command as well as in the log.
            run_command("reload", "--admin", self.addresses["admin"])
        else:
            self.send_signal(signal.SIGHUP)

    def reloads(self):
        """How reloads ended, by the log."""
        return [entry for entry in list(self.log) if entry.get("message", "").startswith(("reloaded", "reload refused"))]

    def assert_runs(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.log_text()}")

    def address(self, name="web"):
        return split_address(self.addresses[name])

    def client(self, name="web", **options):
        if name == "admin":
            options.setdefault("host", "localhost")  # The admin listener takes no name that it does not know.
        return Client(self.address(name), **options)

    def get(self, target, *headers, listener="web"):
        """One GET on a connection of its own."""
        with self.client(listener) as client:
            return client.get(target, *headers)

    def admin_token(self):
        """The token that the gateway has made for this run, from the file that its log names."""
        wait_until(lambda: any("admin token written" in entry.get("message", "") for entry in self.log), "the admin token")
        file = next(entry["file"] for entry in self.log if "admin token written" in entry["message"])
        with open(file, encoding="ascii") as text:
            return text.read().strip()

    def change(self, method, target, body=None, *headers, token=None):
        """A request to the admin listener that changes something; `body` is made JSON."""
        data = None if body is None else json.dumps(body).encode()
        fields = [f"Authorization: Bearer {token or self.admin_token()}", "Content-Type: application/json", *headers]
        with self.client("admin") as client:
            return client.request(method, target, fields, data)

    def metrics(self):
        """The samples of /metrics: {'name{label="x"}': value}."""
        samples = {}
        for line in self.get("/metrics", listener="admin").text.splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.rpartition(" ")
                samples[key] = float(value)
        return samples

    def metric_sum(self, name, **labels):
        """The sum of the samples of that name that have these labels."""
        total = 0.0
        for key, value in self.metrics().items():
            if key.partition("{")[0] == name and all(f'{label}="{text}"' in key for label, text in labels.items()):
                total += value
        return total

    def status(self):
        """The document /status."""
        return json.loads(self.get("/status", listener="admin").text)

    def cluster_status(self, name="origin"):
        return next(one for one in self.status()["clusters"] if one["name"] == name)

    def member(self, origin, cluster="origin"):
        """What /status tells of an origin's address in a cluster."""
        return next(one for one in self.cluster_status(cluster)["members"] if one["address"] == origin.address)

    def breaker(self, cluster="origin"):
        return self.cluster_status(cluster)["breaker"]

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def peak_rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024

    def send_signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=PATIENCE):
        """The exit code."""
        self.is_expected_to_end = True
        code = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(PATIENCE)
        return code

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE):
        """Signals, and returns the exit code."""
        self.send_signal(number)
        return self.wait(seconds)

    def log_text(self):
        return "\n".join(json.dumps(entry) for entry in self.log)

    def end(self):
        """Ends the process at the end of a test: one that has ended by itself before, or that a sanitizer complained about,
        is a failure."""
        died = not self.is_expected_to_end and self.process.poll() is not None
        if os.environ.get("SLUICE_SANITIZED") == "1":
            self.end_in_order()
        self.kill()
        if died or any(word in self.log_text() for word in SANITIZER_WORDS):
            raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.log_text()}")

    def end_in_order(self):
        """Lets the gateway take everything down, so that a leak is seen: the second signal cuts what still runs."""
        for seconds in (1, PATIENCE):
            if self.process.poll() is None:
                self.send_signal()
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    pass

    def kill(self):
        """Ends the process if it still runs, and removes its folder."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)
