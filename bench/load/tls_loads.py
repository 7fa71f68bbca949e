"""What compare_tls.py loads its servers with: wrk, h2load, and processes of tls_clients.py.

Each call returns {"requests", "rps", "p50", "p99", "wrong"}: times in microseconds, `wrong` a list of texts of what went wrong.
wrk and h2load are no clients for full handshakes: a connection that follows another goes on with its session, without a word.
"""

import collections
import json
import math
import os
import re
import subprocess
import sys

from tls_servers import on_core, write

HERE = os.path.dirname(os.path.abspath(__file__))
CIPHER = "TLS_AES_128_GCM_SHA256"
PROCESSES = 8
NOTHING = {"requests": 0, "rps": 0.0, "p50": math.nan, "p99": math.nan}


def client_environment(folder):
    """One cipher and one group for every client, by OpenSSL's configuration (config(5), "SSL Configuration")."""
    file = write(f"{folder}/clients.cnf", f"""openssl_conf = start
[start]
ssl_conf = ssl
[ssl]
system_default = every
[every]
Ciphersuites = {CIPHER}
Groups = X25519:P-256
""")
    return {**os.environ, "OPENSSL_CONF": file}


class Loads:
    """The load generators, on a core of theirs."""

    def __init__(self, folder, core, seconds):
        self.folder = folder
        self.core = core
        self.seconds = seconds
        self.environment = client_environment(folder)
        self.body = write(f"{folder}/body", "x" * 10240)

    def run(self, *command):
        """Its output; one that hangs is ended, and says so."""
        try:
            done = subprocess.run(on_core(self.core, command), capture_output=True, text=True, env=self.environment,
                                  stdin=subprocess.DEVNULL, timeout=self.seconds + 20, check=False)
        except subprocess.TimeoutExpired:
            return "", f"{command[0]} did not end by itself"
        return done.stdout, f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}" if done.returncode else ""

    def start(self, *command):
        return subprocess.Popen(on_core(self.core, [sys.executable, f"{HERE}/tls_clients.py", *map(str, command)]), text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)

    def wrk(self, port, path, connections):
        output, failure = self.run("wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", "--latency",
                                   f"https://127.0.0.1:{port}{path}")
        found = re.search(r"(\d+) requests in ", output)
        if failure or not found:
            return {**NOTHING, "wrong": [failure or f"wrk says: {output[-300:]}"]}
        wrong = [line.strip() for line in output.splitlines() if "Socket errors" in line or "Non-2xx" in line]
        return {"requests": int(found.group(1)), "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)),
                "p50": wrk_time(output, "50%"), "p99": wrk_time(output, "99%"), "wrong": wrong}

    def h2load(self, port, path, connections, streams, is_post=False):
        log = write(f"{self.folder}/h2load.log", "")
        output, failure = self.run("h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{self.seconds}", f"--log-file={log}",
                                   f"--tls13-ciphers={CIPHER}", "--groups=X25519:P-256", "--npn-list=h2",
                                   *(["-d", self.body] if is_post else []), f"https://127.0.0.1:{port}{path}")
        found = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        if failure or not found:
            return {**NOTHING, "wrong": [failure or f"h2load says: {output[-300:]}"]}
        done, succeeded, *bad = map(int, found.groups())
        wrong = [found.group(0)] if any(bad) or succeeded != done else []
        statuses = re.search(r"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
        if not statuses or any(map(int, statuses.groups())):
            wrong.append(statuses.group(0) if statuses else "h2load tells no status")
        if "Application protocol: h2\n" not in output:
            wrong.append("HTTP/2 was not agreed to")
        with open(log, encoding="ascii") as rows:
            times = [int(row.split("\t")[2]) for row in rows]
        return {"requests": succeeded, "rps": succeeded / self.seconds, **percentiles(times), "wrong": wrong}

    def handshakes(self, port, version, kind):
        running = [self.start("handshakes", port, version, kind, self.seconds) for _ in range(PROCESSES)]
        times, wrong = [], collections.Counter()
        try:
            for result, failure in map(self.result, running):
                wrong.update([failure] if failure else [])
                wrong.update(result.get("failures", []))
                wrong[f"not {kind}"] += result.get("other_kind", 0)
                times += result.get("times", [])
        finally:
            for process in running:
                process.kill()
        return {"requests": len(times), "rps": len(times) / self.seconds, **percentiles(times),
                "wrong": counted(wrong)}

    def result(self, process):
        """What a process of tls_clients.py printed, and why it failed."""
        try:
            output, errors = process.communicate(timeout=self.seconds + 20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {}, "the client hung"
        return (json.loads(output), "") if process.returncode == 0 else ({}, errors.strip().splitlines()[-1])

    def probe(self, server):
        """What a server agrees to, with its key exchange, which Python does not tell."""
        found, failure = self.result(self.start("probe", server.ports["ecdsa"]))
        if failure:
            sys.exit(f"{server.name} does not serve as it should: {failure}")
        told = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['ecdsa']}"], capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, env=self.environment, timeout=20, check=False).stdout
        group = re.search(r"Server Temp Key: (.*)", told)
        return {**found, "key exchange": group.group(1) if group else "unknown"}

    def idle(self, server, protocol, count):
        """Bytes that each of `count` connections adds to the resident memory, after one proxied request on it."""
        before = server.resident_bytes()
        process = self.start("idle", server.ports["ecdsa"], protocol, count)
        try:
            line = process.stdout.readline()
            told = json.loads(line) if line else {"open": 0, "failures": [process.stderr.read()[-300:]]}
            cost = (server.resident_bytes() - before) / max(1, told["open"])
        finally:
            process.stdin.close()
            process.wait()
        return {"bytes": cost, "wrong": counted(collections.Counter(told["failures"]))}


def counted(texts):
    return [f"{count} x {text}" for text, count in texts.items() if count]


def wrk_time(output, label):
    found = re.search(label + r"\s+([\d.]+)(us|ms|s|m)\b", output)
    return float(found.group(1)) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[found.group(2)] if found else math.nan


def percentiles(times):
    if not times:
        return {"p50": math.nan, "p99": math.nan}
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[min(len(times) - 1, len(times) * 99 // 100)]}
