"""Both ends of a WebSocket as a test plays them byte by byte, over HTTP/1.1 and over a stream of HTTP/2 (RFC 8441): each end has the
same few calls, so that one test can be made for every pair of them."""

import asyncio
import base64
import hashlib
import queue
import struct
import threading

from harness import ConnectionEnded, PATIENCE, answer, request_bytes
from http2_client import CANCEL
from http2_origin import Http2Origin, Http2UpstreamTest, at_once
from hyperframe.frame import DataFrame
from test_websocket import UPGRADE_FIELDS, EchoServer
from wire_reader import close_with_reset

KEY = UPGRADE_FIELDS[-1].partition(": ")[2]


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def masked(data, mask):
    whole = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


class Peer:
    """What both ends have: frames on top of `send` and `exactly`. A client masks."""

    masks = False

    def frame(self, payload, first=0x82):
        size, flag = len(payload), 0x80 if self.masks else 0
        if size < 126:
            head = bytes([first, flag | size])
        elif size < 65536:
            head = bytes([first, flag | 126]) + struct.pack(">H", size)
        else:
            head = bytes([first, flag | 127]) + struct.pack(">Q", size)
        return head + (b"mask" + masked(payload, b"mask") if self.masks else payload)

    def send_frame(self, payload, first=0x82):
        self.send(self.frame(payload, first))

    def read_frame(self):
        """One frame as (first byte, payload); whether it is masked must fit."""
        first, second = self.exactly(2)
        if bool(second & 0x80) == self.masks:
            raise AssertionError("a client's frame is masked, and no other is")
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(self.exactly(2 if size == 126 else 8), "big")
        mask = self.exactly(4) if second & 0x80 else b"\0\0\0\0"
        return first, masked(self.exactly(size), mask) if size else b""

    def read_message(self):
        """The payload of all the fragments of one message."""
        first, payload = self.read_frame()
        while not first & 0x80:
            first, more = self.read_frame()
            payload += more
        return payload

    def send_close(self, code):
        self.send_frame(struct.pack(">H", code), 0x88)

    def close_code(self):
        """The code of the close frame that has to come next."""
        first, payload = self.read_frame()
        if first != 0x88:
            raise AssertionError(f"expected a close frame, got {first:#x} {payload[:50]!r}")
        return struct.unpack(">H", payload[:2])[0]

    def echo(self, size):
        """Sends so many bytes back, as they come."""
        while size:
            piece = self.some(size)
            self.send(piece)
            size -= len(piece)


class Http1Peer(Peer):
    """`side` is a Client or the Connection of an Origin."""

    def __init__(self, side):
        self.side = side
        self.sock, self.reader = side.sock, side.reader

    def send(self, data):
        self.sock.sendall(data)

    def exactly(self, size):
        return self.reader.exactly(size)

    def some(self, most):
        if not self.reader.buffer and not self.reader.fill():
            raise ConnectionEnded()
        return self.reader.take(min(most, len(self.reader.buffer)))

    def end(self):
        self.side.shutdown_send()

    def reset(self):
        close_with_reset(self.sock)

    def ended(self):
        """Waits for the end: "end" or "reset"."""
        try:
            while self.reader.fill():
                pass
        except ConnectionEnded:
            return "reset"
        return "end"


class Http1Client(Http1Peer):
    masks = True

    def wait_open(self):
        head = self.side.head()
        if head.status != 101 or head.headers["Sec-WebSocket-Accept"] != accept_of(KEY):
            raise AssertionError(f"no change of protocol: {head}")
        return head


class Http1Upstream(Http1Peer):
    """`head` is the request's, as it came."""

    def __init__(self, side):
        super().__init__(side)
        self.head = side.request_head()

    def switch(self, *fields, accept=None):
        accept = accept or accept_of(self.head.headers["Sec-WebSocket-Key"])
        lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Accept: {accept}",
                 *(f"{name}: {value}" for name, value in fields)]
        self.send("".join(line + "\r\n" for line in lines).encode() + b"\r\n")

    def refuse(self, status, *fields):
        self.send(answer(b"refused", f"{status} Status", [f"{name}: {value}" for name, value in fields]))


class Http2Stream(Peer):
    """One stream of an Http2Client."""

    masks = True

    def __init__(self, client, path="/chat", *fields, protocol="websocket", has_body=True):
        self.client = client
        head = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":authority", "test"), (":path", path),
                ("sec-websocket-version", "13"), *fields]
        self.stream = client.request_fields(head, has_body)
        self.response = client.streams[self.stream]

    def wait_open(self):
        self.client.wait_status(self.stream)
        if self.response.status != 200 or "sec-websocket-accept" in self.response.headers:
            raise AssertionError(f"no change of protocol: {self.response}")
        return self.response

    def refused(self):
        """The whole answer to what must not become a WebSocket."""
        response = self.client.response(self.stream)
        if response.status is None or response.status // 100 == 2:
            raise AssertionError(f"not a refusal: {response}")
        return response

    def send(self, data):
        """As the windows allow, even behind the other side's end."""
        client, at = self.client, 0
        room = lambda: min(client.windows[0], client.windows[self.stream], 16384)
        while at < len(data) and self.response.reset is None:
            client.wait(lambda: room() > 0 or self.response.reset is not None, "a window")
            piece = data[at : at + max(0, room())]
            client.windows[0] -= len(piece)
            client.windows[self.stream] -= len(piece)
            client.send(DataFrame(self.stream, piece))
            at += len(piece)

    def some(self, most):
        self.client.wait(lambda: self.response.body or self.response.is_over, f"bytes on {self.response}")
        if not self.response.body:
            raise ConnectionEnded()
        return self.take(min(most, len(self.response.body)))

    def exactly(self, size):
        self.client.wait(lambda: len(self.response.body) >= size or self.response.is_over, f"{size} bytes on {self.response}")
        if len(self.response.body) < size:
            raise ConnectionEnded(self.response.body)
        return self.take(size)

    def take(self, size):
        piece = bytes(self.response.body[:size])
        del self.response.body[:size]
        return piece

    def end(self):
        self.client.end_body(self.stream)

    def reset(self):
        self.client.reset(self.stream, code=CANCEL)

    def ended(self):
        response = self.client.response(self.stream)
        return "end" if response.is_complete else "reset"


class Http2Upstream(Peer):
    """`head` is an Http2Request, which nobody answers but the test."""

    def __init__(self, request):
        self.head = request

    def switch(self, *fields):
        self.head.head(200, *fields)

    def refuse(self, status, *fields):
        self.head.answer(b"refused", status, *fields)

    def send(self, data):
        self.head.data(data)

    def some(self, most):
        self.head.wait(lambda: self.head.body or self.head.is_complete or self.head.reset_code is not None, "bytes")
        return self.take(min(most, len(self.head.body)))

    def exactly(self, size):
        self.head.wait(lambda: len(self.head.body) >= size or self.head.is_complete or self.head.reset_code is not None, f"{size} bytes")
        return self.take(size)

    def take(self, size):
        with self.head.connection.lock:
            if not self.head.body or len(self.head.body) < size:
                raise ConnectionEnded(self.head.body)
            piece = bytes(self.head.body[:size])
            del self.head.body[:size]
        return piece

    def end(self):
        self.head.data(ends=True)

    def reset(self):
        self.head.reset()

    def ended(self):
        self.head.wait(lambda: self.head.is_complete or self.head.reset_code is not None, "the end")
        return "end" if self.head.is_complete else "reset"


class EchoThread:
    """The independent EchoServer of test_websocket in an event loop of its own."""

    def __init__(self, **options):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self.run(EchoServer().start(**options))
        self.address = self.server.address

    def run(self, task):
        return asyncio.run_coroutine_threadsafe(task, self.loop).result(PATIENCE)

    def end(self):
        self.run(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)


class WebSocketPeersTest(Http2UpstreamTest):
    """Tests of a gateway between a client and an upstream of either version: `client_version` and `upstream_version`."""

    def start(self, client_version, upstream_version, route=None, cluster=None, **settings):
        """A gateway before an upstream that leaves all requests to the test. "/plain" is served by another one."""
        self.versions = (client_version, upstream_version)
        self.handed = queue.Queue()
        if upstream_version == 2:
            upstream = self.http2_origin(settings={"ENABLE_CONNECT_PROTOCOL": 1})
            upstream.otherwise = at_once(lambda request: self.handed.put(request))
        else:
            upstream = self.origin(script=[self.handed.put] * 50)
        self.upstream = upstream
        self.sluice = self.gateway(self.settings_of(upstream, route, cluster, **settings))
        self.client2 = self.h2(self.sluice) if client_version == 2 else None
        return self.sluice

    def settings_of(self, upstream, route=None, cluster=None, **settings):
        self.plain = getattr(self, "plain", None) or self.origin()
        return self.tunnelling(upstream, self.plain, route, cluster, **settings)

    @staticmethod
    def tunnelling(upstream, plain, route=None, cluster=None, **settings):
        is_http2 = isinstance(upstream, Http2Origin)
        address = upstream if isinstance(upstream, str) else upstream.address
        return {
            "workers": 1,
            "listeners": [{"name": "web", "address": "127.0.0.1:0"}],
            "routes": [{"match": {"path": "/plain"}, "cluster": "plain"},
                       {"match": {"path": "/*rest"}, "cluster": "origin", "upgrade": ["websocket"], **(route or {})}],
            "clusters": [{"name": "plain", "endpoints": [{"address": plain.address}]},
                         {"name": "origin", "endpoints": [{"address": address}], "retry": {"attempts": 1},
                          **({"protocol": "http2"} if is_http2 else {}), **(cluster or {})}],
            "admin": {"address": "127.0.0.1:0"},
            **settings,
        }

    def ask(self, path="/chat", *fields):
        """A client's side that has asked, and the upstream's, which has not answered."""
        if self.versions[0] == 2:
            client = Http2Stream(self.client2, path, *fields)
        else:
            client = Http1Client(self.client(self.sluice))
            client.send(request_bytes("GET", path, [*UPGRADE_FIELDS, *(f"{name}: {value}" for name, value in fields)]))
        handed = self.handed.get(timeout=PATIENCE)
        return client, Http2Upstream(handed) if self.versions[1] == 2 else Http1Upstream(handed)

    def opened(self, *arguments):
        client, upstream = self.ask(*arguments)
        upstream.switch()
        client.wait_open()
        return client, upstream

    def goes_on(self):
        """The gateway serves, on the client's connection where it is HTTP/2."""
        response = self.client2.get("/plain") if self.client2 else self.sluice.get("/plain")
        self.assertEqual(response.status, 200)

    def upgraded_active(self):
        return self.sluice.metric_sum("sluice_upgraded_connections_active")


#: Client and upstream.
PAIRS = ((2, 1), (1, 2), (2, 2))


def pairs(test):
    """The test with each pair of versions at least one of which is HTTP/2."""
    def run(self):
        for client, upstream in PAIRS:
            with self.subTest(client=client, upstream=upstream):
                test(self, lambda **settings: self.start(client, upstream, **settings))

    run.__name__ = test.__name__
    return run
