"""What clients notice of upstream processes that are killed, stopped, slow or broken while requests keep coming."""

import os
import signal
import subprocess
import sys
import time

from client import Client
from harness import GatewayTest, cluster, config, is_sanitized, main, route, wait_until
from steady_load import SteadyLoad

INTERVAL = 0.2
CHECK = {"path": "/health", "interval": "200ms", "timeout": "200ms"}
#: Beside what the gateway promises, for a machine with other work to do.
GRACE = 5.0 if is_sanitized() else 0.4


class Upstream:
    """A process that serves, which can be killed, stopped and started again at the same port."""

    def __init__(self, name):
        self.name = name
        self.port = 0
        self.start()

    def start(self):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "upstream_process.py")
        self.process = subprocess.Popen([sys.executable, program, self.name, str(self.port)], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.address = f"127.0.0.1:{self.port}"

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, settings):
        with Client(("127.0.0.1", self.port)) as client:
            client.get("/control?" + settings)

    def end(self):
        if self.process.poll() is None:
            self.kill()


class ResilienceTest(GatewayTest):
    def under_load(self, **cluster_settings):
        """Three upstreams under a steady load that all of them have begun to share."""
        self.upstreams = [Upstream(name) for name in "abc"]
        for one in self.upstreams:
            self.addCleanup(one.end)
        settings = {"health_check": CHECK, **cluster_settings}
        clusters = [cluster("origin", *self.upstreams, **settings)]
        self.sluice = self.gateway(config([route("/*rest", cluster="origin")], clusters, workers=2))
        for one in self.upstreams:
            self.wait_health(one, "up")
        self.load = SteadyLoad(self.sluice.address())
        self.addCleanup(self.load.stop)
        self.wait_shared("abc")

    def wait_health(self, upstream, health):
        wait_until(lambda: self.sluice.member(upstream)["health"] == health, f"{upstream.name} to be {health}")

    def wait_shared(self, names, when=None):
        """Waits until all of these upstreams have had some requests from now on."""
        when = time.monotonic() if when is None else when
        wait_until(lambda: all(self.load.names(when)[name] >= 50 for name in names), f"requests at {names}")

    def seconds_until_first(self, name, when):
        """How long after that time the first request that this upstream answered has ended."""
        def first():
            return [sample.ended for sample in self.load.since(when) if sample.body == name and sample.status == 200]

        return min(wait_until(first, f"the first response of {name}")) - when

    def finish(self):
        """Ends the load; nobody must have noticed anything."""
        self.load.stop()
        failures = self.load.failures()
        seconds = self.load.samples[-1].ended - self.load.samples[0].ended
        slowest = max(sample.seconds for sample in self.load.samples)
        rate = len(self.load.samples) / seconds
        print(f"{rate:.0f} requests a second, the slowest {slowest * 1000:.0f} ms", file=sys.stderr)
        self.assertEqual(failures[:3], [], f"{len(failures)} of {len(self.load.samples)} failed")
        return slowest


class Killed(ResilienceTest):
    def expect_return(self, upstream):
        upstream.start()
        seconds = self.seconds_until_first(upstream.name, time.monotonic())
        self.assertLess(seconds, 2 * INTERVAL * 1.1 + GRACE)

    def test_no_request_fails_when_an_upstream_is_killed_and_it_is_used_soon_after_its_return(self):
        self.under_load()
        killed = self.upstreams[1]
        killed.kill()
        self.wait_health(killed, "down")
        self.wait_shared("ac")
        self.expect_return(killed)
        self.wait_shared("abc")
        self.finish()

    def test_an_upstream_that_is_back_before_checks_have_noticed_is_used_soon(self):
        self.under_load()
        killed = self.upstreams[1]
        killed.kill()
        self.expect_return(killed)
        self.finish()

    def test_no_request_fails_while_all_are_restarted_one_by_one(self):
        self.under_load()
        for upstream in self.upstreams:
            upstream.kill()
            self.wait_health(upstream, "down")
            self.expect_return(upstream)
            self.wait_health(upstream, "up")
        self.finish()

    def test_when_two_of_three_are_killed_no_request_fails_once_checks_have_noticed(self):
        self.under_load()
        for upstream in self.upstreams[:2]:
            upstream.kill()
        for upstream in self.upstreams[:2]:
            self.wait_health(upstream, "down")
        when = time.monotonic()
        self.wait_shared("c", when)
        self.load.stop()
        self.assertEqual({sample.status for sample in self.load.since(when)}, {200})


class Stopped(ResilienceTest):
    def test_no_request_fails_when_an_upstream_hangs(self):
        self.under_load(retry={"try_timeout": "300ms"})
        stopped = self.upstreams[1]
        stopped.signal(signal.SIGSTOP)
        self.wait_health(stopped, "down")
        self.wait_shared("ac")
        stopped.signal(signal.SIGCONT)
        seconds = self.seconds_until_first("b", time.monotonic())
        self.assertLess(seconds, 2 * INTERVAL * 1.1 + GRACE)
        self.assertLess(self.finish(), 1.0 + GRACE)


class Slow(ResilienceTest):
    def test_a_slow_upstream_gets_few_requests(self):
        self.under_load(balance="least_request")
        self.upstreams[1].control("delay=0.2")
        when = time.monotonic()
        wait_until(lambda: self.load.names(when)["b"] >= 10, "requests at the slow upstream")
        names = self.load.names(when)
        self.assertLess(names["b"], 0.15 * names.total(), names)
        self.finish()


class Broken(ResilienceTest):
    def test_an_upstream_that_answers_with_errors_is_taken_out_unnoticed(self):
        self.under_load(retry={"statuses": ["500"]}, ejection={"server_errors": 5, "time": "1h", "max_time": "1h"})
        broken = self.upstreams[1]
        broken.control("status=500")
        wait_until(lambda: "ejected_for_seconds" in self.sluice.member(broken), "the upstream to be taken out")
        when = time.monotonic()
        self.wait_shared("ac", when)
        self.assertEqual(self.load.names(when)["b"], 0)
        self.finish()


class AllDown(ResilienceTest):
    def test_clients_are_refused_at_once_until_one_is_back(self):
        self.under_load(breaker={"consecutive_failures": 5, "open_time": "500ms", "probes": 3})
        for upstream in self.upstreams:
            upstream.kill()
        wait_until(lambda: self.sluice.breaker()["opened"] > 0, "the breaker to open")
        self.load.stop()
        seconds = []
        with self.sluice.client() as client:
            for _ in range(100):
                begin = time.monotonic()
                self.assertEqual(client.get("/").status, 503)
                seconds.append(time.monotonic() - begin)
        self.assertLess(sorted(seconds)[50], 0.2 if is_sanitized() else 0.01)
        self.upstreams[0].start()
        with self.sluice.client() as client:
            wait_until(lambda: client.get("/").status == 200, "the upstream to be used again", 2 + GRACE)
            wait_until(lambda: client.get("/").status == 200 and self.is_closed(), "the breaker to close")

    def is_closed(self):
        return self.sluice.breaker()["state"] == "closed"


if __name__ == "__main__":
    main()
