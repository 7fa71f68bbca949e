#!/usr/bin/env python3
"""Counts the instructions that the gateway spends per request, and fails when they are more than they were.

    instructions.py --sluice build/bench/sluice [--baseline bench/baselines/instructions.json] [--update]

The gateway runs under callgrind, with one worker; a client sends one request after the other over one connection, and a small upstream
answers those that are proxied. Of two runs of different length the difference counts, so that the start, the connection and what goes
on beside the requests are not in it. Such counts hardly change from run to run, other than times: 3 % more than the baseline is a failure,
3 % less asks for a new baseline, which --update writes. They are of one compiler and its libraries: elsewhere they are printed alone.
docs/benchmarks.md has the method.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tls_servers import free_ports

BASELINE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "baselines", "instructions.json")
TOLERANCE = 0.03
PATIENCE = 60
#: Requests of the runs: the first fills pools and caches, the other two are compared.
WARM, SHORT, LONG = 300, 400, 1600
BODY = b"0123456789abcdef" * 4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nServer: upstream\r\n\r\n%s" % (len(BODY), BODY)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, DATA, SETTINGS, PING, WINDOW_UPDATE = 1, 0, 4, 6, 8
END_STREAM, ACK = 1, 1
FLAGS_OF_A_REQUEST = 5


class Upstream:
    """Answers whatever comes, on a thread per connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            seen = b""
            while piece := connection.recv(65536):
                seen += piece
                while b"\r\n\r\n" in seen:
                    _, seen = seen.split(b"\r\n\r\n", 1)
                    connection.sendall(ANSWER)

    def stop(self):
        self.listener.close()


def connect(port):
    """Without waiting for acknowledgements between small writes."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Http1Client:
    def __init__(self, port):
        self.connection = connect(port)
        self.seen = b""

    def request(self, path):
        self.connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: count\r\nAccept: */*\r\n\r\n" % path)
        while b"\r\n\r\n" not in self.seen:
            self.read()
        head, self.seen = self.seen.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"the gateway answered {head!r}")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(self.seen) < length:
            self.read()
        self.seen = self.seen[length:]

    def read(self):
        piece = self.connection.recv(65536)
        if not piece:
            sys.exit("the gateway closed the connection")
        self.seen += piece

    def close(self):
        self.connection.close()


class Http2Client:
    """HTTP/2 with prior knowledge, one stream after the other, its fields never indexed (RFC 7541, 6.2.3)."""

    def __init__(self, port):
        self.connection = connect(port)
        self.input = self.connection.makefile("rb")
        self.stream = -1
        self.connection.sendall(PREFACE + self.frame(SETTINGS, 0, 0, b""))

    @staticmethod
    def frame(kind, flags, stream, payload):
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

    @staticmethod
    def literal(name, value):
        return bytes([0x10, len(name)]) + name + bytes([len(value)]) + value

    def request(self, path):
        self.stream += 2
        # GET, http, and the names of :path and :authority from the static table.
        block = b"\x82\x86" + bytes([0x14, len(path)]) + path + bytes([0x11, 9]) + b"localhost"
        block += self.literal(b"user-agent", b"count") + self.literal(b"accept", b"*/*")
        self.connection.sendall(self.frame(HEADERS, FLAGS_OF_A_REQUEST, self.stream, block))
        received = 0
        while True:
            head = self.input.read(9)
            if len(head) < 9:
                sys.exit("the gateway closed the connection")
            payload = self.input.read(int.from_bytes(head[:3], "big"))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            if kind == SETTINGS and not flags & ACK:
                self.connection.sendall(self.frame(SETTINGS, ACK, 0, b""))
            elif kind == PING and not flags & ACK:
                self.connection.sendall(self.frame(PING, ACK, 0, payload))
            elif stream != 0 and kind not in (HEADERS, DATA):
                sys.exit(f"the gateway ended stream {stream} with frame {kind}: {payload!r}")
            received += len(payload) if kind == DATA else 0
            if stream == self.stream and flags & END_STREAM:
                break
        self.connection.sendall(self.frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", received)))

    def close(self):
        self.connection.close()


SCENARIOS = {
    "http1-direct": (Http1Client, b"/direct"),
    "http1-proxied": (Http1Client, b"/"),
    "http2-direct": (Http2Client, b"/direct"),
    "http2-proxied": (Http2Client, b"/"),
}


class Gateway:
    """The gateway under callgrind, which writes its counts since the last time when it is asked to."""

    def __init__(self, binary, folder, upstream_port):
        (self.port,) = free_ports(1)
        self.counts = os.path.join(folder, "counts")
        self.dumps = 0
        config = os.path.join(folder, "sluice.json")
        with open(config, "w", encoding="utf-8") as out:
            json.dump({
                "workers": 1,
                "listeners": [{"name": "load", "address": f"127.0.0.1:{self.port}"}],
                "routes": [
                    {"name": "direct", "match": {"path": "/direct"}, "respond": {"status": 200, "body": "hello world"}},
                    {"name": "upstream", "match": {"path": "/*rest"}, "cluster": "upstream"},
                ],
                "clusters": [{"name": "upstream", "endpoints": [{"address": f"127.0.0.1:{upstream_port}"}]}],
            }, out)
        self.log_path = os.path.join(folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}", f"--vgdb-prefix={folder}/vgdb", binary, "run", "-c", config],
                stdout=log, stderr=log)
        self.folder = folder
        self.wait_until_ready()

    def wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        self.stop()
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            sys.exit(f"the gateway did not start:\n{log.read()}")

    def count(self):
        """Instructions since the last call."""
        self.dumps += 1
        subprocess.run(["vgdb", f"--vgdb-prefix={self.folder}/vgdb", f"--pid={self.process.pid}", "dump"], check=True, capture_output=True,
                       timeout=PATIENCE)
        with open(f"{self.counts}.{self.dumps}", encoding="utf-8", errors="replace") as dump:
            return next(int(line.split()[1]) for line in dump if line.startswith(("summary:", "totals:")))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(gateway, scenario, requests):
    make_client, path = SCENARIOS[scenario]
    client = make_client(gateway.port)
    for _ in range(requests):
        client.request(path)
    client.close()


def measure(binary):
    counts = {}
    upstream = Upstream()
    with tempfile.TemporaryDirectory(prefix="sluice-instructions-") as folder:
        gateway = Gateway(binary, folder, upstream.port)
        try:
            for scenario in SCENARIOS:
                run(gateway, scenario, WARM)
                gateway.count()
                run(gateway, scenario, SHORT)
                short = gateway.count()
                run(gateway, scenario, LONG)
                counts[scenario] = round((gateway.count() - short) / (LONG - SHORT))
        finally:
            gateway.stop()
            upstream.stop()
    return counts


def toolchain():
    """What the counts are of: another compiler or C library makes others."""
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{platform.system()} {platform.machine()}, GCC {compiler}, {' '.join(platform.libc_ver())}"


def compare(counts, baseline):
    """True when nothing has become dearer."""
    is_good = True
    for scenario, count in counts.items():
        before = baseline["instructions"].get(scenario)
        if before is None:
            print(f"{scenario:14} {count:7}   no baseline: run with --update")
            is_good = False
            continue
        change = count / before - 1
        verdict = "ok"
        if change > TOLERANCE:
            verdict = f"more than {TOLERANCE:.0%} above the baseline: mend it, or say in the commit why it is worth it and run with --update"
            is_good = False
        elif change < -TOLERANCE:
            verdict = "below the baseline: run with --update, so that it stays so"
        print(f"{scenario:14} {count:7}   baseline {before:7}   {change:+.2%}   {verdict}")
    return is_good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", default=os.environ.get("SLUICE_BINARY"), metavar="FILE", help="a Release build; default $SLUICE_BINARY")
    parser.add_argument("--baseline", default=BASELINE, metavar="FILE", help="default bench/baselines/instructions.json")
    parser.add_argument("--update", action="store_true", help="writes the counts to the baseline instead of comparing")
    options = parser.parse_args()
    if not options.sluice or not os.access(options.sluice, os.X_OK):
        parser.error("--sluice or SLUICE_BINARY must name the gateway's binary")
    if not shutil.which("valgrind") or not shutil.which("vgdb"):
        sys.exit("valgrind is not installed: ./dev deps bench")
    counts = measure(os.path.abspath(options.sluice))
    here = toolchain()
    if options.update:
        with open(options.baseline, "w", encoding="utf-8") as out:
            json.dump({"toolchain": here, "instructions": counts}, out, indent=2)
            out.write("\n")
        print(f"{options.baseline}: {counts}")
        return 0
    with open(options.baseline, encoding="utf-8") as source:
        baseline = json.load(source)
    if baseline["toolchain"] != here:
        print(f"the baseline is of {baseline['toolchain']}, this is {here}: {counts}")
        return 0
    return 0 if compare(counts, baseline) else 1


if __name__ == "__main__":
    sys.exit(main())
