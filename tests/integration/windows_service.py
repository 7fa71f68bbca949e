"""A Windows of its own, with the service Sluice in it: what test_windows_service.py stands on.

Everything goes through the programs that an administrator has: msiexec, sc, reg and sluice itself.
"""

import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile

from gateway import native_path
from waiting import PATIENCE, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "C:\\Program Files\\Sluice\\sluice.exe"
STATE = "        STATE"


def free_ports(count):
    """Ports that nobody has at the moment: the log of a service is not at hand, so the system can't pick them."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Windows:
    """A prefix of Wine. A program that waits for input keeps it up: without one Wine would end its services too."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-windows-")
        self.prefix = os.path.join(self.folder, "wine")
        self.binary = os.environ["SLUICE_BINARY"]
        self.runner = shlex.split(os.environ["SLUICE_WINE"])[0]
        # Wine keeps no Event Log: it traces the texts of entries where services write their errors.
        self.events_file = os.path.join(self.folder, "events")
        with open(self.events_file, "wb") as events:
            self.keeper = subprocess.Popen([self.runner, self.prefix, "cmd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=events, env=self.environment("-all,+eventlog"))
        assert self.keeper.stdout.read(1), "Windows does not start"
        # Wine mixes up services that start at the same time, so its own are up first.
        for name in ("RpcSs", "PlugPlay", "Eventlog"):
            self.run("sc", "start", name)
            wait_until(lambda: self.state(name) == "RUNNING", f"the service {name}", 60)
        self.data = os.path.join(self.prefix, "drive_c", "ProgramData", "Sluice")
        self.program = os.path.join(self.prefix, "drive_c", "Program Files", "Sluice", "sluice.exe")
        self.config_file = os.path.join(self.data, "sluice.json")
        os.makedirs(self.data)

    def environment(self, debug="-all"):
        return {**os.environ, "WINEDEBUG": debug, "NO_COLOR": "1", "WINE_RUN_FIRST": "1"}

    def run(self, *command, seconds=120):
        return subprocess.run([self.runner, self.prefix, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=seconds, env=self.environment(), check=False)

    def package(self, version):
        """The MSI of this version, with the program of this build whatever its version."""
        path = os.path.join(self.folder, f"sluice-{version}.msi")
        if not os.path.exists(path):
            subprocess.run([str(ROOT / "installer/windows/make-msi"), self.binary, version, path], check=True)
        return native_path(path)

    def msi(self, what, version, *properties):
        """msiexec /i or /x, in silence. Yields its exit code, of which Linux shows the last eight bits."""
        return self.run("msiexec", what, self.package(version), "/qn", *properties).returncode

    def service(self, verb, *options):
        return self.run(PROGRAM, "service", verb, *options)

    def control(self, number, name="Sluice"):
        """What "sc control NAME NUMBER" does on Windows."""
        program = os.path.join(os.path.dirname(self.binary), "control.exe")
        return self.run(program, name, str(number)).returncode

    def log_file(self):
        """The service's log; None when there is none. To services Wine names another %ProgramData% than to programs."""
        folders = [os.path.join(self.prefix, "drive_c", *place) for place in (("ProgramData",), ("users", "Public"))]
        paths = [os.path.join(folder, "Sluice", "logs", "Sluice.log") for folder in folders]
        return next((path for path in paths if os.path.exists(path)), None)

    def read_log(self):
        path = self.log_file()
        if path is None:
            return ""
        with open(path, encoding="utf-8") as log:
            return log.read()

    def log_entries(self):
        """Those of a log that was moved away too."""
        path = self.log_file()
        entries = []
        for file in [path + ".old", path] if path else []:
            if os.path.exists(file):
                with open(file, encoding="utf-8") as log:
                    entries += [json.loads(line) for line in log if line.endswith("\n")]
        return entries

    def kill(self, process):
        assert self.run("taskkill", "/F", "/PID", str(process)).returncode == 0, process

    def state(self, name="Sluice"):
        """What the service manager says: "RUNNING", "STOPPED" and so on; None when there is no such service."""
        lines = self.run("sc", "query", name).stdout.splitlines()
        return next((line.split()[-1] for line in lines if line.startswith(STATE)), None)

    def query(self, name="Sluice"):
        return self.run("sc", "query", name).stdout

    def registry(self, key):
        return self.run("reg", "query", key, "/s").stdout

    def version(self):
        """The installed one, as the list of programs has it."""
        lines = self.registry("HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall").splitlines()
        return next((line.split()[-1] for line in lines if "DisplayVersion" in line), None)

    def write_config(self, configuration):
        text = configuration if isinstance(configuration, str) else json.dumps(configuration, indent=2)
        with open(self.config_file + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(self.config_file + ".new", self.config_file)

    def read_config(self):
        with open(self.config_file, encoding="utf-8") as text:
            return text.read()

    def events(self):
        with open(self.events_file, encoding="utf-8", errors="replace") as text:
            return [line for line in text if "ReportEventW" in line]

    def wait_event(self, text, after=0, seconds=PATIENCE):
        """Waits for an entry with this text, past so many that were there before."""
        return wait_until(lambda: next((line for line in self.events()[after:] if text in line), None), f"an event with {text!r}", seconds)

    def freeze_gateway(self):
        """Stops the gateway's process, as Linux sees it: of the service's two the one with workers. Yields its id."""
        own = []
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as line, open(f"/proc/{entry}/environ", "rb") as environment:
                    if b"sluice.exe" in line.read() and self.prefix.encode() in environment.read():
                        own.append((len(os.listdir(f"/proc/{entry}/task")), int(entry)))
            except (OSError, ValueError):
                pass
        assert len(own) == 2, own
        gateway = max(own)[1]
        os.kill(gateway, signal.SIGSTOP)
        return gateway

    def end(self):
        subprocess.run([self.runner, self.prefix, "--end"], check=False)
        self.keeper.stdin.close()
        self.keeper.wait(30)
        self.keeper.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
