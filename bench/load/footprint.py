#!/usr/bin/env python3
"""Measures what the gateway takes beside the load: memory, the time to its first answer, and how its price per request grows.

    footprint.py --sluice build/release/sluice [--rounds 3] [--seconds 3] [--starts 11] [--json FILE]

It prints, with one worker where nothing else is said:
    resident memory of a gateway that has started and has nothing to do; of its own, and with the pages of its files (the program and
    libraries, which other processes may share)
    the time from the start of the process to the first answered request, with 10 and with 10,000 routes
    CPU time per proxied request with 10 and with 10,000 routes, in turns
    CPU time per proxied request with one and with two workers, in turns, on all cores
Needs Linux, nginx (the upstream) and wrk. It takes free ports of loopback and a temporary folder, and stops what it started.
"""

import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from tls_servers import PATIENCE, Process, free_ports, on_core, upstream_config, write

FEW, MANY = 10, 10_000
CONNECTIONS = 64
RESOURCES = ("customers", "orders", "invoices", "payments", "products", "accounts", "users", "groups", "documents", "shipments")


def routes(count):
    """Routes as an API has them: texts and parameters, `count` in all; the last takes the rest."""
    made = []
    for i in range(count - 1):
        resource, area = RESOURCES[i % len(RESOURCES)], i // len(RESOURCES)
        path = f"/area-{area}/{resource}" + ("/:id" if i % 3 == 1 else "/:id/items/:item" if i % 3 == 2 else "")
        made.append({"match": {"path": path}, "cluster": "upstream"})
    return [*made, {"match": {"path": "/*rest"}, "cluster": "upstream"}]


class Bench:
    def __init__(self, options, folder, stack):
        self.options = options
        self.folder = folder
        self.stack = stack
        (self.upstream_port,) = free_ports(1)
        cores = sorted(os.sched_getaffinity(0))
        self.core, self.load_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
        config = upstream_config(folder, self.upstream_port)
        upstream = Process("upstream", ["nginx", "-p", folder, "-c", config], {"http": self.upstream_port}, folder, self.load_core)
        stack.callback(upstream.stop)

    def command(self, name, workers, count):
        (port,) = free_ports(1)
        file = write(f"{self.folder}/{name}.json", json.dumps({
            "workers": workers,
            "listeners": [{"name": "load", "address": f"127.0.0.1:{port}"}],
            "routes": routes(count),
            "clusters": [{"name": "upstream", "max_idle": 1024, "endpoints": [{"address": f"127.0.0.1:{self.upstream_port}"}]}],
        }))
        return port, [self.options.sluice, "run", "-c", file]

    @contextlib.contextmanager
    def gateway(self, name, workers=1, count=FEW, is_pinned=True):
        port, command = self.command(name, workers, count)
        server = Process(name, command, {"http": port}, self.folder, self.core if is_pinned else None)
        try:
            yield server
        finally:
            server.stop()

    def memory(self):
        with self.gateway("memory") as server:
            time.sleep(1)
            with open(f"/proc/{server.process.pid}/status", encoding="ascii", errors="replace") as status:
                found = {key: int(value) for key, value in re.findall(r"(RssAnon|RssFile|VmRSS):\s+(\d+)", status.read())}
        print(f"resident memory, idle: {found['VmRSS']} KiB, of which {found['RssAnon']} its own and {found['RssFile']} of files")
        return found

    def start_time(self, count):
        """Milliseconds to the first answer; the first start, which fills the system's caches, is left out."""
        times = []
        for i in range(self.options.starts + 1):
            port, command = self.command(f"start-{count}", 1, count)
            begin = time.perf_counter()
            with subprocess.Popen(on_core(self.core, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                try:
                    first_answer(port, process)
                    times.append((time.perf_counter() - begin) * 1000)
                finally:
                    process.terminate()
        found = {"median": statistics.median(times[1:]), "least": min(times[1:])}
        print(f"first answer after the start, {count} routes: median {found['median']:.1f} ms, least {found['least']:.1f} ms")
        return found

    def price(self, server, is_pinned):
        """Microseconds of CPU time per request, and how many came per second."""
        path = f"http://127.0.0.1:{server.ports['http']}/area-0/customers"
        load = on_core(self.load_core if is_pinned else None, ["wrk", "-t1", f"-c{CONNECTIONS}"])
        subprocess.run([*load, "-d1s", path], capture_output=True, timeout=PATIENCE, check=True)
        before = server.cpu_seconds()
        done = subprocess.run([*load, f"-d{self.options.seconds}s", path], capture_output=True, text=True,
                              timeout=self.options.seconds + PATIENCE, check=True).stdout
        if "Non-2xx" in done or "Socket errors" in done:
            sys.exit(f"wrong answers: {done}")
        requests = int(re.search(r"(\d+) requests in ", done).group(1))
        return (server.cpu_seconds() - before) / requests * 1e6, requests / self.options.seconds

    def compare(self, what, servers, is_pinned):
        """The same load on each of the servers in turns; prints medians, and how much dearer the second is."""
        prices = {name: [] for name in servers}
        for _ in range(self.options.rounds):
            for name, settings in servers.items():
                with self.gateway(what, is_pinned=is_pinned, **settings) as server:
                    prices[name].append(self.price(server, is_pinned))
        found = {name: {"cpu_us": statistics.median(cpu for cpu, _ in rows), "rps": statistics.median(rate for _, rate in rows)}
                 for name, rows in prices.items()}
        first, second = found.values()
        for name, row in found.items():
            print(f"CPU per proxied request, {name}: {row['cpu_us']:.2f} us ({row['rps']:.0f} req/s)")
        print(f"    the second is {second['cpu_us'] / first['cpu_us'] - 1:+.1%}")
        return found


def first_answer(port, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                    sys.exit("the first answer was none")
                return
        except ConnectionRefusedError:
            if process.poll() is not None:
                sys.exit(f"the gateway ended with {process.returncode}")
            time.sleep(0.0005)
    sys.exit("the gateway did not answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True, metavar="FILE", help="a Release build")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="per comparison; default 3")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of load per round; default 3")
    parser.add_argument("--starts", type=int, default=11, metavar="N", help="for the time to the first answer; default 11")
    parser.add_argument("--json", metavar="FILE", help="writes all figures there")
    options = parser.parse_args()
    options.sluice = os.path.abspath(options.sluice)
    with tempfile.TemporaryDirectory(prefix="sluice-footprint-") as folder, contextlib.ExitStack() as stack:
        bench = Bench(options, folder, stack)
        found = {
            "memory_kib": bench.memory(),
            "start_ms": {count: bench.start_time(count) for count in (FEW, MANY)},
            "routes": bench.compare("routes", {f"{FEW} routes": {"count": FEW}, f"{MANY} routes": {"count": MANY}}, True),
            "workers": bench.compare("workers", {"1 worker": {"workers": 1}, "2 workers": {"workers": 2}}, False),
        }
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(found, out, indent=2)


if __name__ == "__main__":
    main()
