"""The client and servers of tests/grpc: programs of node with @grpc/grpc-js, which `./dev deps test` puts into build/tools/grpc.

    server = self.server()
    gateway = self.gateway(grpc_to(server))
    self.call(gateway, "unary", message={"text": "hi"})["status"]["code"]
"""

import json
import os
import shutil
import struct
import subprocess
import threading
import unittest

from harness import LOOPBACK, PATIENCE, GatewayTest, cluster, config, is_sanitized, route, wait_until
from http2_client import NO_ERROR, Http2Client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(ROOT, "tests", "grpc")
MODULES = os.path.join(ROOT, "build", "tools", "grpc", "node_modules")

#: The statuses that tests name.
(OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
 FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE) = range(15)

ECHO = "/sluice.test.Echo/"


def need_node():
    """For setUpModule: skips what can't run, or fails where SLUICE_NEEDS_NODE says that it must run."""
    missing = None
    if not shutil.which("node"):
        missing = "node is missing"
    elif not os.path.isdir(os.path.join(MODULES, "@grpc", "grpc-js")):
        missing = f"@grpc/grpc-js is missing in {MODULES}"
    if not missing:
        return
    if os.environ.get("SLUICE_NEEDS_NODE") == "1":
        raise RuntimeError(f"{missing}; ./dev deps test installs it")
    raise unittest.SkipTest(f"{missing}; ./dev deps test installs it")


def grpc_to(*servers, listeners=None, cluster_settings=None, route_settings=None, **settings):
    """A configuration that sends every call to the servers."""
    routes = [route("/*rest", cluster="grpc", **(route_settings or {}))]
    clusters = [cluster("grpc", *servers, protocol="http2", **(cluster_settings or {}))]
    return config(routes, clusters, **({"listeners": listeners} if listeners else {}), **settings)


def plain_and_tls(certificate):
    return [{"name": "web", "address": LOOPBACK}, {"name": "secure", "address": LOOPBACK, "tls": {"certificates": [certificate]}}]


def framed(*messages):
    """Messages as they stand in a body: objects are made JSON."""
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
    return b"".join(struct.pack(">BI", 0, len(one)) + one for one in texts)


def unframed(body):
    """What stands in a body: (flags, bytes) of each message. A rest is a failure."""
    found, body = [], bytes(body)
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        if len(body) < 5 + length:
            raise AssertionError(f"the body ends inside a message: {body[:100]!r}")
        found.append((flags, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


class NodeProcess:
    """A program of tests/grpc. `events` is what it has printed, an object a line."""

    def __init__(self, program, *arguments, traces=None):
        variables = {"GRPC_TRACE": traces, "GRPC_VERBOSITY": "DEBUG"} if traces else {}
        self.events = []
        self.errors = []
        self.process = subprocess.Popen(
            ["node", os.path.join(PROGRAMS, program), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "NODE_PATH": MODULES, **variables})
        self.threads = [threading.Thread(target=read, daemon=True) for read in (self.read_events, self.read_errors)]
        for thread in self.threads:
            thread.start()

    def read_events(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.decode("utf-8", "replace").rstrip())

    def find(self, **fields):
        return [one for one in list(self.events) if all(one.get(key) == value for key, value in fields.items())]

    def wait(self, seconds=PATIENCE, **fields):
        """The first event that has these fields."""

        def look():
            found = self.find(**fields)
            if not found and not self.threads[0].is_alive():
                raise AssertionError(f"the program ended without {fields}: {self.events} {self.errors[-20:]}")
            return found

        return wait_until(look, f"{fields} among {self.events[-20:]}", seconds)[0]

    def cue(self):
        """Tells the program to go on."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


class GrpcServer(NodeProcess):
    """Listens once it is made; `address` is for clusters. Further options are those of the program."""

    def __init__(self, program="server.js", port=0, certificate=None, **options):
        arguments = ["--port", str(port)] if port else []
        for name, value in options.items():
            arguments += [f"--{name}", str(value)]
        if certificate:
            arguments += ["--cert", certificate["cert"], "--key", certificate["key"]]
        super().__init__(program, *arguments)
        self.port = wait_until(self.told_port, "the port of the gRPC server")
        self.address = f"127.0.0.1:{self.port}"

    def told_port(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gRPC server ended: {self.errors}")
        return next((one["port"] for one in list(self.events) if "port" in one), None)


class GrpcTest(GatewayTest):
    """Tests of which each ends the programs that it has started."""

    #: Which listener is asked, and the file of the authority that clients trust.
    listener = "web"
    authority = None

    def server(self, *arguments, **options):
        server = GrpcServer(*arguments, **options)
        self.addCleanup(server.kill)
        return server

    def begin(self, gateway, scene, traces=None, **options):
        """A client that has begun a scene."""
        host, port = gateway.address(self.listener)
        if self.listener == "secure":
            options["ca"] = self.authority
            options["channel"] = {"grpc.ssl_target_name_override": "localhost", **options.get("channel", {})}
        client = NodeProcess("client.js", f"{host}:{port}", scene, json.dumps(options), traces=traces)
        self.addCleanup(client.kill)
        return client

    def result(self, client):
        """How the scene ended."""

        def look():
            found = [one for one in list(client.events) if "result" in one]
            if not found and not client.threads[0].is_alive():
                raise AssertionError(f"the client ended without a result: {client.events} {client.errors[-20:]}")
            return found

        seconds = PATIENCE * (4 if is_sanitized() else 2)
        return wait_until(look, f"the end of the client: {client.events[-20:]}", seconds)[0]["result"]

    def call(self, gateway, scene, **options):
        return self.result(self.begin(gateway, scene, **options))

    def raw(self, gateway, path, *fields, body=None, ends=True):
        """One call by hand, on a connection of its own that is read to the call's end."""
        client = self.raw_client(gateway)
        stream = self.raw_begin(client, path, *fields)
        if body is not None:
            client.send_body(stream, body, ends=ends)
        elif ends:
            client.end_body(stream)
        return client.response(stream)

    def raw_client(self, gateway, **options):
        client = Http2Client(gateway.address("web"), **options)
        self.addCleanup(client.close)
        return client

    def raw_begin(self, client, path, *fields):
        names = [name for name, _ in fields]
        kind = () if "content-type" in names else (("content-type", "application/grpc"),)
        return client.begin("POST", path, *kind, ("te", "trailers"), *fields, has_body=True)

    def assert_ended_by_trailers(self, response, status):
        """The one message of the mute server's Head, and behind it the gateway's own end."""
        self.assertEqual((response.status, unframed(response.body)), (200, [(0, b"{}")]), response)
        self.assertIsNotNone(response.trailers, response)
        self.assertEqual(response.trailers["grpc-status"], str(status), response.trailers)
        self.assertTrue(response.trailers["grpc-message"], response.trailers)
        self.assertIn(response.reset, (None, NO_ERROR), response)

    def assert_trailers_only(self, response, status):
        """HTTP's 200, gRPC's status in a head that ends the stream; what the client still sends may be cut off without blame."""
        self.assertEqual((response.status, response.trailers, bytes(response.body)), (200, None, b""), response)
        self.assertIn(response.reset, (None, NO_ERROR), response)
        self.assertTrue(response.headers["content-type"].startswith("application/grpc"), response)
        self.assertEqual(response.headers["grpc-status"], str(status), response)
        self.assertTrue(response.headers["grpc-message"], response)
