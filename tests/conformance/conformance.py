"""What the tests here share: the harness of the integration tests, certificates that nobody objects to, and programs of others."""

import os
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "tools")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

# pylint: disable=wrong-import-position
from certificates import Authority  # noqa: E402
from harness import LOOPBACK, GatewayTest, config, main, native_path, route, wait_until  # noqa: E402

__all__ = ["LOOPBACK", "TOOLS", "ConformanceTest", "config", "main", "native_path", "program", "route", "run", "wait_until"]


def program(name):
    """Its path, of the one in this tree first; without it nothing is tested, and that is no success."""
    found = shutil.which(os.path.join(TOOLS, name, name)) or shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is missing: ./dev deps conformance")
    return found


def run(*command, seconds=120, stdin=subprocess.DEVNULL, **options):
    """What became of a program of others, with its output as text. One that takes too long is ended with all that it has started."""
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               start_new_session=True, **options)
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


class ConformanceTest(GatewayTest):
    """A gateway with a listener for TLS, one certificate of each kind, and one without."""

    @classmethod
    def setUpClass(cls):
        cls.ca = Authority.for_class(cls)
        cls.folder = cls.ca.folder
        names = ("DNS:localhost", "IP:127.0.0.1")
        # Who issues certificates says where the withdrawn ones are listed.
        lists = ("crlDistributionPoints=URI:http://127.0.0.1/ca.crl",)
        cls.certificates = [cls.ca.sign(kind, *names, kind=kind, days=300, extensions=lists) for kind in ("ec", "rsa")]

    def listeners(self, **tls):
        certificates = [{key: native_path(path) for key, path in one.items()} for one in self.certificates]
        return [{"name": "web", "address": LOOPBACK, "tls": {"certificates": certificates, **tls}}, {"name": "plain", "address": LOOPBACK}]

    def host_and_port(self, gateway, listener="web"):
        host, port = gateway.address(listener)
        return host, str(port)
