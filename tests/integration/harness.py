"""What every integration test starts from: an origin, a gateway before it, and a client, all cleaned up by the test.

    class Example(GatewayTest):
        def test_a_request_reaches_the_origin(self):
            origin = self.origin()
            gateway = self.gateway(proxy_to(origin))
            self.assertEqual(gateway.get("/").status, 200)
"""

import os
import sys
import unittest

from client import Client, Response, chunks, request_bytes
from gateway import LOOPBACK, Gateway, is_wine, native_path, run_command, split_address
from origin import Connection, Origin, Request, answer, held, says
from waiting import PATIENCE, TimedOut, wait_until
from wire_reader import ConnectionEnded, Headers, Malformed, WireReader, is_open

__all__ = [
    "LOOPBACK", "PATIENCE", "Client", "Connection", "ConnectionEnded", "Gateway", "GatewayTest", "Headers", "Malformed",
    "Origin", "Request", "Response", "SharedGatewayTest", "TimedOut", "WireReader", "answer", "chunks", "cluster",
    "config", "endpoint", "forward_all", "held", "is_open", "is_sanitized", "is_slow", "is_wine", "main", "native_path",
    "proxy_to", "quick_check", "request_bytes", "route", "run_command", "says", "split_address", "wait_until",
]


def is_sanitized():
    """Whether the gateway is built with sanitizers, and several times slower."""
    return os.environ.get("SLUICE_SANITIZED") == "1"


def is_slow():
    """Whether the gateway may take its time."""
    return is_sanitized() or is_wine()


def quick_check(**settings):
    """A health check that is made often, and decides at once."""
    interval = "500ms" if is_slow() else "200ms"
    return {"interval": interval, "timeout": interval, "jitter_percent": 0, "healthy": 1, "unhealthy": 1, **settings}


def config(routes, clusters=(), **settings):
    """A configuration with one listener and the admin's on free ports; settings replace or add top-level keys."""
    return {
        "workers": 1,
        "listeners": [{"name": "web", "address": LOOPBACK}],
        "routes": list(routes),
        "clusters": list(clusters),
        "admin": {"address": LOOPBACK},
        **settings,
    }


def route(path, *, cluster=None, match=None, **settings):
    """A route; `match` adds to the path's conditions."""
    found = {"match": {"path": path, **(match or {})}, **settings}
    if cluster:
        found["cluster"] = cluster
    return found


def cluster(name, *origins, **settings):
    addresses = [one if isinstance(one, str) else one.address for one in origins]
    return {"name": name, "endpoints": [{"address": address} for address in addresses], **settings}


def endpoint(origin, **settings):
    """An endpoint with settings of its own, for `cluster(..., endpoints=[...])`."""
    return {"address": origin.address, **settings}


def forward_all(cluster_settings=None, route_settings=None, *origins, **settings):
    """A configuration that sends every path to the origins."""
    routes = [route("/*rest", cluster="origin", **(route_settings or {}))]
    return config(routes, [cluster("origin", *origins, **(cluster_settings or {}))], **settings)


def proxy_to(*origins, **settings):
    """A configuration that sends every path to the origins."""
    return forward_all(None, None, *origins, **settings)


class GatewayTest(unittest.TestCase):
    """Cleans up what it started, and fails when malformed bytes reached an origin."""

    maxDiff = None

    def origin(self, *arguments, **options):
        origin = Origin(*arguments, **options)
        self.addCleanup(self.finish_origin, origin)
        return origin

    def finish_origin(self, origin):
        origin.end()
        self.assertEqual(origin.failures, [])

    def named_origins(self, count, **options):
        """Origins that answer every request with their names: "a", "b" and so on."""
        origins = [self.origin(**options) for _ in range(count)]
        for name, origin in zip("abcdefgh", origins):
            origin.otherwise = says(name)
            origin.name = name
        return origins

    def restarted(self, origin):
        """An origin at the address of one that was stopped, which answers as that one did."""
        again = self.origin(port=origin.port)
        again.otherwise = origin.otherwise
        again.paths = origin.paths
        return again

    def gateway(self, configuration, **options):
        gateway = Gateway(configuration, **options)
        self.addCleanup(gateway.end)
        return gateway

    def client(self, gateway, name="web", **options):
        client = gateway.client(name, **options)
        self.addCleanup(client.close)
        return client


class SharedGatewayTest(GatewayTest):
    """Tests that share one gateway and one origin, whose answers each test sets by path."""

    @classmethod
    def configuration(cls, origin):
        return proxy_to(origin)

    @classmethod
    def setUpClass(cls):
        cls.upstream = Origin()
        cls.addClassCleanup(cls.upstream.end)
        cls.sluice = Gateway(cls.configuration(cls.upstream))
        cls.addClassCleanup(cls.sluice.end)

    def setUp(self):
        self.upstream.paths.clear()
        self.upstream.requests.clear()
        self.upstream.failures.clear()

    def tearDown(self):
        self.assertEqual(self.upstream.failures, [])
        self.assertIsNone(self.sluice.process.poll(), "the gateway died")

    def connect(self, **options):
        return self.client(self.sluice, **options)

    @property
    def seen(self):
        """The last request that reached the origin."""
        return self.upstream.requests[-1]


def main():
    """Runs the tests of the calling file. Skipped tests are told, never silent."""
    program = unittest.main(module="__main__", exit=False, verbosity=2, buffer=False)
    for test, reason in program.result.skipped:
        print(f"SKIPPED {test}: {reason}", file=sys.stderr)
    sys.exit(0 if program.result.wasSuccessful() else 1)
