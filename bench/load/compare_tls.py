#!/usr/bin/env python3
"""Measures Sluice beside nginx, HAProxy and h2o with TLS and HTTP/2, in one run.

    compare_tls.py --sluice build/release/sluice [--only full-ecdsa,h2-1x100] [--rounds 3] [--seconds 4] [--json FILE]

Every server has one worker, on a core of its own; the upstream (nginx, plain HTTP) and the clients share another. The servers
take turns, round by round, so that a change of the machine's speed meets all of them. What is printed per server is the median
of its rounds: requests per second and latency as the client saw them, and the processor time that the server spent per
request, with the ratio to the best of the others; more than 1.00 is ahead. docs/benchmarks.md has the method.
"""

import argparse
import contextlib
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

from tls_loads import PROCESSES, Loads
from tls_servers import CERTIFICATES, PEERS, Process, command_of, free_ports, make_certificates, upstream_config

#: Program: its Debian package.
PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy", "h2o": "h2o", "h2load": "nghttp2-client", "wrk": "wrk",
            "openssl": "openssl", "taskset": "util-linux"}
VERSION_COMMANDS = (("nginx", "-v"), ("haproxy", "-v"), ("h2o", "--version"), ("h2load", "--version"), ("openssl", "version"))
#: Scenario: what it is, and how the generators load one server with it.
SCENARIOS = {
    "https-direct": ("HTTP/1.1 keep-alive, answered directly, 64 connections",
                     lambda loads, ports: loads.wrk(ports["ecdsa"], "/direct", 64)),
    "https-small": ("HTTP/1.1 keep-alive, proxied, 64 bytes, 64 connections",
                    lambda loads, ports: loads.wrk(ports["ecdsa"], "/", 64)),
    "https-1m": ("HTTP/1.1 keep-alive, proxied, 1 MiB, 16 connections",
                 lambda loads, ports: loads.wrk(ports["ecdsa"], "/1m", 16)),
    "full-ecdsa": (f"TLS 1.3, full handshake, ECDSA P-256, with one direct request, {PROCESSES} clients",
                   lambda loads, ports: loads.handshakes(ports["ecdsa"], "1.3", "full")),
    "full-rsa": (f"TLS 1.3, full handshake, RSA 2048, with one direct request, {PROCESSES} clients",
                 lambda loads, ports: loads.handshakes(ports["rsa"], "1.3", "full")),
    "resumed-1.3": (f"TLS 1.3, resumed by ticket, with one direct request, {PROCESSES} clients",
                    lambda loads, ports: loads.handshakes(ports["ecdsa"], "1.3", "resumed")),
    "resumed-1.2": (f"TLS 1.2, resumed by ticket, with one direct request, {PROCESSES} clients",
                    lambda loads, ports: loads.handshakes(ports["ecdsa"], "1.2", "resumed")),
    "h2-direct": ("HTTP/2, answered directly, 1 connection of 100 streams",
                  lambda loads, ports: loads.h2load(ports["ecdsa"], "/direct", 1, 100)),
    "h2-1x100": ("HTTP/2, proxied, 64 bytes, 1 connection of 100 streams",
                 lambda loads, ports: loads.h2load(ports["ecdsa"], "/", 1, 100)),
    "h2-64x10": ("HTTP/2, proxied, 64 bytes, 64 connections of 10 streams",
                 lambda loads, ports: loads.h2load(ports["ecdsa"], "/", 64, 10)),
    "h2-10k": ("HTTP/2, proxied, 10 KiB, 64 connections of 10 streams",
               lambda loads, ports: loads.h2load(ports["ecdsa"], "/10k", 64, 10)),
    "h2-post10k": ("HTTP/2, proxied, 10 KiB upwards, 64 connections of 10 streams",
                   lambda loads, ports: loads.h2load(ports["ecdsa"], "/post", 64, 10, is_post=True)),
    "h2-1m": ("HTTP/2, proxied, 1 MiB, 8 connections of 2 streams",
              lambda loads, ports: loads.h2load(ports["ecdsa"], "/1m", 8, 2)),
}
#: Scenario of memory: the protocol of the connections that wait.
IDLE = {"idle-https": "http/1.1", "idle-h2": "h2"}
#: Connections before those that are weighed; few, as the memory that they leave is used again.
FIRST_CONNECTIONS = 4
MEASURES = ("rps", "p50", "p99", "cpu_us")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", default=os.environ.get("SLUICE_BINARY"), metavar="FILE",
                        help="the gateway's binary, a Release build; default $SLUICE_BINARY")
    parser.add_argument("--servers", default=",".join(("sluice", *PEERS)), help="default %(default)s")
    parser.add_argument("--only", default=",".join((*IDLE, *SCENARIOS)), metavar="SCENARIO,...", help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default %(default)s")
    parser.add_argument("--seconds", type=int, default=4, help="of each round; default %(default)s")
    parser.add_argument("--idle", type=int, default=2000, help="connections that wait, for memory; default %(default)s")
    parser.add_argument("--json", metavar="FILE", help="where the figures go as well")
    parser.add_argument("--keep", action="store_true", help="keeps the folder with configurations and logs")
    options = parser.parse_args()
    options.servers = options.servers.split(",")
    options.only = options.only.split(",")
    for name in options.servers:
        if name not in ("sluice", *PEERS):
            parser.error(f"no server is called {name}")
    for name in options.only:
        if name not in (*IDLE, *SCENARIOS):
            parser.error(f"no scenario is called {name}")
    if "sluice" in options.servers:
        if not options.sluice or not os.access(options.sluice, os.X_OK):
            parser.error("--sluice or SLUICE_BINARY must name the gateway's binary")
        options.sluice = os.path.abspath(options.sluice)
    return options


def check_programs(servers):
    """Debian keeps servers where an ordinary user's PATH does not look."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    wanted = {name for name in PACKAGES if name not in PEERS or name in servers} | {"nginx"}
    missing = [name for name in PACKAGES if name in wanted and not shutil.which(name)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}\n"
                 f"  apt-get install --no-install-recommends {' '.join(PACKAGES[name] for name in missing)}")


def versions(options):
    commands = [command for command in VERSION_COMMANDS if command[0] not in PEERS or command[0] in options.servers]
    if "sluice" in options.servers:
        commands.insert(0, (options.sluice, "version"))
    found = {}
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        told = [line.strip() for line in lines[:1] + [line for line in lines[1:] if line.startswith("OpenSSL")]]
        found[os.path.basename(command[0])] = "; ".join(told)
    return found


def cores():
    """A core for the server under test, and one for the rest; none where there is one only."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        print("one core only: the servers and their clients share it")
        return None, None
    return allowed[0], allowed[1]


class Comparison:
    """One run in a folder of its own; `stack` ends what has been started."""

    def __init__(self, options, folder, stack):
        self.options = options
        self.folder = folder
        self.stack = stack
        self.server_core, self.other_core = cores()
        self.loads = Loads(folder, self.other_core, options.seconds)
        self.result = {"versions": versions(options)}
        make_certificates(folder)
        (self.upstream,) = free_ports(1)
        upstream = Process("upstream", ["nginx", "-p", folder, "-c", upstream_config(folder, self.upstream)],
                           {"plain": self.upstream}, folder, self.other_core)
        stack.callback(upstream.stop)

    def start(self, name):
        ports = dict(zip(CERTIFICATES, free_ports(len(CERTIFICATES))))
        command = command_of(name, self.options.sluice, self.folder, ports, self.upstream)
        return Process(name, command, ports, self.folder, self.server_core)

    def measure(self):
        for name, version in self.result["versions"].items():
            print(f"{name:8} {version}")
        for scenario in filter(IDLE.__contains__, self.options.only):
            self.result[scenario] = self.measure_idle(scenario)
        loaded = [scenario for scenario in self.options.only if scenario in SCENARIOS]
        if not loaded:
            return
        servers = []
        for name in self.options.servers:
            servers.append(self.start(name))
            self.stack.callback(servers[-1].stop)
        self.probe(servers)
        for server in servers:
            self.loads.wrk(server.ports["ecdsa"], "/", 64)
        for scenario in loaded:
            self.result[scenario] = self.measure_loaded(scenario, servers)
        self.result["resident_kib"] = {server.name: server.resident_bytes() // 1024 for server in servers}
        print("\nresident memory after the load, KiB:", self.result["resident_kib"])

    def probe(self, servers):
        """Servers that agree to different things are no comparison, which is said and not hidden."""
        self.result["agreed"] = {server.name: self.loads.probe(server) for server in servers}
        print("\nagreed to")
        for name, found in self.result["agreed"].items():
            print(f"  {name:8} " + ", ".join(f"{key} {value}" for key, value in found.items()))
        if any(found != next(iter(self.result["agreed"].values())) for found in self.result["agreed"].values()):
            print("  THEY DIFFER")

    def measure_idle(self, scenario):
        """Each server is fresh: what it has grown to before would hide what connections cost."""
        print(f"\n{scenario}  ({self.options.idle} connections after one proxied request each)")
        found = {}
        for name in self.options.servers:
            server = self.start(name)
            try:
                self.loads.idle(server, IDLE[scenario], FIRST_CONNECTIONS)
                found[name] = self.loads.idle(server, IDLE[scenario], self.options.idle)
                server.check()
            finally:
                server.stop()
            print(f"  {name:8} {found[name]['bytes']:8.0f} bytes per connection{told(found[name]['wrong'])}", flush=True)
        print_ratios(found, {"bytes": ("memory", min)})
        return found

    def measure_loaded(self, scenario, servers):
        title, load = SCENARIOS[scenario]
        print(f"\n{scenario}  ({title}; {self.options.rounds} rounds of {self.options.seconds} s)")
        rounds = {server.name: [] for server in servers}
        for _ in range(self.options.rounds):
            for server in servers:
                before = server.cpu_seconds()
                one = load(self.loads, server.ports)
                server.check()
                one["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / one["requests"] if one["requests"] else math.nan
                rounds[server.name].append(one)
        found = {}
        for name, ones in rounds.items():
            found[name] = {measure: statistics.median(one[measure] for one in ones) for measure in MEASURES}
            found[name]["wrong"] = [text for one in ones for text in one["wrong"]]
            print_row(name, found[name])
        print_ratios(found, {"rps": ("req/s", max), "p99": ("p99", min), "cpu_us": ("cpu", min)})
        return found


def told(wrong):
    return f"   WRONG: {'; '.join(wrong)}" if wrong else ""


def print_row(name, row):
    capacity = 1e6 / row["cpu_us"] if row["cpu_us"] else math.nan
    print(f"  {name:8} {row['rps']:9.0f} req/s   p50 {row['p50']:8.0f} us   p99 {row['p99']:8.0f} us   cpu {row['cpu_us']:8.2f} us/req"
          f"   a core's worth {capacity:8.0f} req/s{told(row['wrong'])}")


def print_ratios(found, measures):
    """Sluice to the best of the others, per measure: its name and whether the most or the least is best."""
    others = [row for name, row in found.items() if name != "sluice"]
    if "sluice" not in found or not others:
        return
    ratios = []
    for key, (label, best) in measures.items():
        ours, theirs = found["sluice"][key], [row[key] for row in others if not math.isnan(row[key])]
        if not theirs or math.isnan(ours):
            continue
        top, bottom = (ours, max(theirs)) if best is max else (min(theirs), ours)
        ratios.append(f"{label} {top / bottom:.2f}" if bottom > 0 else f"{label} too little to say")
    print("  sluice / best peer: " + "   ".join(ratios), flush=True)


def main():
    options = arguments()
    check_programs(options.servers)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with contextlib.ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="sluice-compare-")
        if options.keep:
            print(f"configurations and logs: {folder}")
        else:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        comparison = Comparison(options, folder, stack)
        comparison.measure()
        if options.json:
            with open(options.json, "w", encoding="utf-8") as out:
                json.dump(comparison.result, out, indent=1)


if __name__ == "__main__":
    main()
