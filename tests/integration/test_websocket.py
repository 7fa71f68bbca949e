"""WebSocket: an independent client and server on both sides of the gateway, and raw sockets for what those never do."""

import asyncio
import os
import queue
import random
import resource
import socket
import struct
import sys
import threading
import time
import unittest

from harness import (ConnectionEnded, GatewayTest, PATIENCE, TimedOut, answer, forward_all, is_sanitized, is_wine, main,
                     proxy_to, request_bytes, wait_until)

try:
    import websockets
except ModuleNotFoundError:
    # Debian's package is for Debian's Python; it also serves another one.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import websockets
    except ModuleNotFoundError:
        raise RuntimeError("Python's websockets is missing: ./dev installs it (Debian: python3-websockets)") from None
from websockets.exceptions import ConnectionClosed

MIB = 1024 * 1024

#: Idle sockets at a time. Each costs two descriptors here and two of the gateway's.
MANY = 200 if is_sanitized() else 2000

UPGRADE_FIELDS = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
UPGRADE = request_bytes("GET", "/chat", UPGRADE_FIELDS)
ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def switch(protocol="websocket", *fields):
    """The 101 of an upstream; without an Upgrade when there is no protocol."""
    upgrade = [f"Upgrade: {protocol}"] if protocol else []
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", *upgrade, ACCEPT, *fields]
    return "".join(line + "\r\n" for line in lines).encode() + b"\r\n"


def ask_for(protocol):
    """A request to change to a protocol."""
    return request_bytes("GET", "/chat", ["Connection: Upgrade", f"Upgrade: {protocol}"])


def upgrading(*origins, protocols=("websocket",), route=None, cluster=None, **settings):
    """A configuration that sends every path to the origins and allows these protocols."""
    return forward_all(cluster, {"upgrade": list(protocols), **(route or {})}, *origins, **settings)


async def until(condition, what):
    """`wait_until` for conditions that need the event loop to go on meanwhile."""
    return await asyncio.to_thread(wait_until, condition, what)


def read_frame(reader):
    """One frame of a raw WebSocket connection as (first byte, unmasked payload)."""
    first, second = reader.exactly(2)
    size = second & 0x7F
    if size == 126:
        size = struct.unpack(">H", reader.exactly(2))[0]
    elif size == 127:
        size = struct.unpack(">Q", reader.exactly(8))[0]
    mask = reader.exactly(4) if second & 0x80 else b"\0\0\0\0"
    return first, bytes(byte ^ mask[i % 4] for i, byte in enumerate(reader.exactly(size)))


def frame(payload, first=0x82, mask=b""):
    """A frame of up to 64 KiB; with a mask of four bytes, a client's."""
    size = len(payload)
    flag = 0x80 if mask else 0
    head = bytes([first, flag | size]) if size < 126 else bytes([first, flag | 126]) + struct.pack(">H", size)
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
    return head + mask + body


def close_code(found):
    """The code of a close frame that `read_frame` gave."""
    first, payload = found
    if first != 0x88:
        raise AssertionError(f"expected a close frame, got {first:#x} {payload[:50]!r}")
    return struct.unpack(">H", payload[:2])[0]


class EchoServer:
    """An independent WebSocket server on a free port of the loopback interface, in the event loop of its test.

    It echoes messages; below "/fragments" in pieces. "/close/CODE/REASON" makes it close at once.
    """

    def __init__(self):
        self.sockets = []
        #: Code and reason of each connection that has ended, as it was told.
        self.closed = []

    async def start(self, **options):
        settings = {"max_size": None, "ping_interval": None, **options}
        self.server = await websockets.serve(self.serve, "127.0.0.1", 0, backlog=1024, **settings)
        port = self.server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        return self

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, ws):
        self.sockets.append(ws)
        try:
            _, command, *arguments = ws.path.split("/")
            if command == "close":
                await ws.close(int(arguments[0]), arguments[1])
            async for message in ws:
                pieces = [message[i : i + 1000] for i in range(0, len(message), 1000)]
                await ws.send(pieces if command == "fragments" else message)
        except ConnectionClosed:
            pass
        finally:
            await ws.wait_closed()
            self.closed.append((ws.close_code, ws.close_reason))


class WebSocketTest(GatewayTest, unittest.IsolatedAsyncioTestCase):
    """Tests with a server and clients of an independent implementation."""

    async def asyncSetUp(self):
        # unittest turns it on: it costs most of the time, and tells of each slow step.
        asyncio.get_running_loop().set_debug(False)

    async def echo(self, **options):
        server = await EchoServer().start(**options)
        self.addAsyncCleanup(server.stop)
        return server

    async def serve(self, route=None, cluster=None, server=None, **settings):
        """A server, and a gateway before it."""
        self.server = await self.echo(**(server or {}))
        self.sluice = self.gateway(upgrading(self.server.address, route=route, cluster=cluster, **settings))
        return self.sluice

    async def open(self, path="/", **options):
        settings = {"max_size": None, "ping_interval": None, "open_timeout": PATIENCE, "close_timeout": PATIENCE, **options}
        ws = await websockets.connect(f"ws://{self.sluice.addresses['web']}{path}", **settings)
        self.addAsyncCleanup(self.finish, ws)
        return ws

    async def finish(self, ws):
        if not ws.closed:
            ws.transport.abort()
        await ws.wait_closed()

    async def open_many(self, count, **options):
        places = asyncio.Semaphore(100)

        async def one():
            async with places:
                return await self.open(**options)

        return await asyncio.gather(*[one() for _ in range(count)])

    async def exchange(self, ws, message):
        await ws.send(message)
        return await asyncio.wait_for(ws.recv(), PATIENCE)


class Messages(WebSocketTest):
    async def test_messages_of_all_lengths_come_through(self):
        await self.serve()
        ws = await self.open(compression=None)
        seeded = random.Random(1)
        for size in (0, 1, 125, 126, 127, 4095, 65535, 65536, 300_001):
            data = seeded.randbytes(size)
            self.assertEqual(await self.exchange(ws, data), data, size)
            text = "".join(chr(0x20 + byte) for byte in data)
            self.assertEqual(await self.exchange(ws, text), text, size)

    async def test_fragmented_messages_come_through_both_ways(self):
        await self.serve()
        ws = await self.open("/fragments", compression=None)
        text = "läng" * 5000
        await ws.send(text[i : i + 777] for i in range(0, len(text), 777))
        self.assertEqual(await asyncio.wait_for(ws.recv(), PATIENCE), text)
        data = random.Random(2).randbytes(50_000)
        await ws.send([data[:1], data[1:40_000], data[40_000:]])
        self.assertEqual(await asyncio.wait_for(ws.recv(), PATIENCE), data)

    async def test_a_message_of_16_mib_goes_both_ways_without_filling_the_memory(self):
        await self.serve()
        ws = await self.open(compression=None)
        before = self.sluice.peak_rss_bytes()
        data = random.Random(3).randbytes(16 * MIB)
        received = await self.exchange(ws, data)
        self.assertTrue(received == data)
        growth = self.sluice.peak_rss_bytes() - before
        print(f"16 MiB both ways: the gateway's peak grew by {growth // 1024} KiB")
        if not is_sanitized():
            self.assertLess(growth, 4 * MIB)

    async def test_many_messages_in_flight_keep_their_order(self):
        await self.serve()
        ws = await self.open()
        messages = [f"message {i}" * (i % 50) for i in range(3000)]

        async def send():
            for message in messages:
                await ws.send(message)

        sending = asyncio.create_task(send())
        received = [await asyncio.wait_for(ws.recv(), PATIENCE) for _ in messages]
        await sending
        self.assertEqual(received, messages)

    async def test_pings_are_answered_by_the_other_side_and_not_by_the_gateway(self):
        await self.serve()
        ws = await self.open()
        await asyncio.wait_for(await ws.ping(b"from the client"), PATIENCE)
        await until(lambda: self.server.sockets, "the server's side")
        await asyncio.wait_for(await self.server.sockets[0].ping(b"from the server"), PATIENCE)

    async def test_the_clients_close_code_and_reason_reach_the_server(self):
        await self.serve()
        for closing in ((1000, ""), (1001, "leaving"), (3000, "grün"), (4999, "x" * 123)):
            self.server.closed.clear()
            ws = await self.open()
            await ws.close(*closing)
            await until(lambda: self.server.closed, "the server's end")
            self.assertEqual(self.server.closed, [closing])
            self.assertEqual((ws.close_code, ws.close_reason), closing)

    async def test_the_servers_close_code_and_reason_reach_the_client(self):
        await self.serve()
        for closing in ((1000, ""), (1001, "leaving"), (1011, "broken"), (3000, "because")):
            ws = await self.open(f"/close/{closing[0]}/{closing[1]}")
            await asyncio.wait_for(ws.wait_closed(), PATIENCE)
            self.assertEqual((ws.close_code, ws.close_reason), closing)

    async def test_subprotocols_are_agreed_by_the_two_sides(self):
        await self.serve(server={"subprotocols": ["chat.v1", "chat.v0"]})
        ws = await self.open(subprotocols=["chat.v2", "chat.v1"])
        self.assertEqual(ws.subprotocol, "chat.v1")
        await until(lambda: self.server.sockets, "the server's side")
        self.assertEqual(self.server.sockets[0].request_headers["Sec-WebSocket-Protocol"], "chat.v2, chat.v1")
        self.assertIsNone((await self.open()).subprotocol)

    async def test_compression_is_agreed_by_the_two_sides(self):
        await self.serve()
        for compression, names in (("deflate", ["permessage-deflate"]), (None, [])):
            self.server.sockets.clear()
            ws = await self.open(compression=compression)
            await until(lambda: self.server.sockets, "the server's side")
            for side in (ws, self.server.sockets[0]):
                self.assertEqual([one.name for one in side.extensions], names)
            text = "the same again and again " * 40_000
            self.assertEqual(await self.exchange(ws, text), text)

    async def test_the_server_gets_the_clients_headers_and_the_gateways(self):
        await self.serve()
        ws = await self.open("/chat/room?id=7", extra_headers={"X-Mine": "yes"}, origin="https://example.com")
        await until(lambda: self.server.sockets, "the server's side")
        side = self.server.sockets[0]
        self.assertEqual(side.path, "/chat/room?id=7")
        for name in ("Origin", "X-Mine", "Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"):
            self.assertEqual(side.request_headers.get_all(name), ws.request_headers.get_all(name), name)
        self.assertEqual(side.request_headers["X-Forwarded-For"], "127.0.0.1")

    async def test_a_refused_endpoint_is_passed_over(self):
        server = await self.echo()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.sluice = self.gateway(upgrading(f"127.0.0.1:{closed.getsockname()[1]}", server.address))
            for _ in range(6):
                self.assertEqual(await self.exchange(await self.open(), "hello"), "hello")


class ManySockets(WebSocketTest):
    async def test_2000_sockets_stay_open_and_cost_little(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = MANY if hard == resource.RLIM_INFINITY else min(MANY, (hard - 200) // 2)
        await self.serve(workers=2)
        before = self.sluice.rss_bytes()
        sockets = await self.open_many(count, compression=None)
        self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_active"), count)
        used = self.sluice.rss_bytes()
        print(f"{count} idle sockets: the gateway uses {used / MIB:.1f} MiB, {(used - before) / count / 1024:.1f} KiB for each")
        if not is_sanitized():
            self.assertLess((used - before) / count, 24 * 1024)
        # Each still works.
        for start in range(0, count, 100):
            some = sockets[start : start + 100]
            self.assertEqual(await asyncio.gather(*[self.exchange(ws, f"{i}") for i, ws in enumerate(some)]),
                             [f"{i}" for i in range(len(some))])
        await asyncio.gather(*[ws.close() for ws in sockets])
        await until(lambda: self.sluice.metric_sum("sluice_upgraded_connections_active") == 0, "the gateway's end of all")
        self.assertEqual({code for code, _ in self.server.closed}, {1000})
        self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_total"), count)

    async def test_talking_sockets_do_not_mix(self):
        await self.serve(workers=2)
        sockets = await self.open_many(50)

        async def talk(number, ws):
            for i in range(20):
                message = f"{number}/{i} " * (10 * i + 1)
                self.assertEqual(await self.exchange(ws, message), message)

        await asyncio.gather(*[talk(number, ws) for number, ws in enumerate(sockets)])


class Counting(WebSocketTest):
    def counted(self):
        """(active, all) upgraded connections by /status, after /metrics was found to say the same."""
        found = self.sluice.status()["workers"]
        counts = tuple(sum(worker[name] for worker in found) for name in ("upgraded_active", "upgraded"))
        names = ("sluice_upgraded_connections_active", "sluice_upgraded_connections_total")
        return counts if counts == tuple(self.sluice.metric_sum(name) for name in names) else None

    async def test_upgraded_connections_are_counted_apart(self):
        await self.serve(workers=2)
        self.assertEqual(self.counted(), (0, 0))
        sockets = await self.open_many(5)
        self.assertEqual(self.counted(), (5, 5))
        self.assertEqual(self.sluice.metric_sum("sluice_connections_active"), 5)
        for ws in sockets[:3]:
            await ws.close()
        await until(lambda: self.counted() == (2, 5), "three to be gone")
        sockets[3].transport.abort()
        await until(lambda: self.counted() == (1, 5), "four to be gone")

    async def test_an_upgraded_connection_is_101_in_the_access_log(self):
        await self.serve(log={"access": "stdout"})
        ws = await self.open("/logged")
        await self.exchange(ws, "hello")
        await ws.close()
        line = await until(lambda: next((one for one in self.sluice.stdout_lines if "/logged" in one), None), "its line")
        self.assertIn('"status":101', line.replace(" ", ""))


class Idling(WebSocketTest):
    async def test_a_silent_socket_is_closed_after_upgrade_idle_and_a_talking_one_is_not(self):
        await self.serve(route={"upgrade_idle": "1s"})
        silent, talking, pinged = await self.open(), await self.open(), await self.open()
        began = time.monotonic()
        ended = []
        asyncio.create_task(silent.wait_closed()).add_done_callback(lambda _: ended.append(time.monotonic()))
        while not ended or time.monotonic() < began + 1.6:
            self.assertEqual(await self.exchange(talking, "still here"), "still here")
            await asyncio.wait_for(await pinged.ping(), PATIENCE)
            await asyncio.sleep(0.1)
            self.assertLess(time.monotonic(), began + PATIENCE)
        self.assertGreater(ended[0] - began, 0.9)
        self.assertLess(ended[0] - began, 10 if is_sanitized() else 2.5)
        await until(lambda: self.server.closed, "the server's end")
        self.assertEqual(len(self.server.closed), 1)
        self.assertFalse(talking.closed or pinged.closed)

    async def test_limits_of_requests_do_not_end_a_silent_socket(self):
        short = {"head_timeout": "300ms", "body_idle": "300ms", "keepalive": "300ms", "min_rate_grace": "100ms"}
        await self.serve(route={"timeout": "500ms"}, cluster={"read_timeout": "300ms", "idle_timeout": "300ms"}, limits=short)
        ws = await self.open()
        # The time that passes is what is tested.
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(ws.recv(), 1.2)
        self.assertEqual(await self.exchange(ws, "still here"), "still here")


class RawTest(GatewayTest):
    """Tests that play both sides byte by byte."""

    def scripted(self, route=None, cluster=None, protocols=("websocket",), **settings):
        """A gateway before an origin whose connections are handed to the test; see `next_upstream`."""
        self.handed = queue.Queue()
        self.upstream = self.origin(script=[self.handed.put] * 50)
        configuration = upgrading(self.upstream, protocols=protocols, route=route, cluster=cluster, **settings)
        self.sluice = self.gateway(configuration)
        return self.sluice

    def next_upstream(self):
        """The origin's side of the next connection that the gateway makes."""
        return self.handed.get(timeout=PATIENCE)

    def ask(self, data=UPGRADE):
        """Client and upstream, with the request's head read at the upstream."""
        client = self.client(self.sluice).send(data)
        upstream = self.next_upstream()
        upstream.head = upstream.request_head()
        return client, upstream

    def opened(self, protocol="websocket"):
        """Client and upstream after the change of protocol."""
        client, upstream = self.ask(UPGRADE if protocol == "websocket" else ask_for(protocol))
        upstream.send(switch(protocol))
        self.assertEqual(client.head().status, 101)
        return client, upstream

    def assert_silent(self, side, seconds=0.2):
        """Nothing may come for so long."""
        side.sock.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            side.reader.fill()
        side.sock.settimeout(PATIENCE)
        self.assertEqual(side.reader.buffer, b"")

    def upgraded_active(self):
        return self.sluice.metric_sum("sluice_upgraded_connections_active")


class Handshake(RawTest):
    def test_the_handshake_passes_unchanged(self):
        self.scripted()
        fields = ["Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-e"]
        client, upstream = self.ask(request_bytes("GET", "/chat", [*UPGRADE_FIELDS, *fields]))
        for field in UPGRADE_FIELDS + fields:
            name, _, value = field.partition(": ")
            self.assertEqual(upstream.head.headers[name].lower(), value.lower())
        chosen = ("Sec-WebSocket-Protocol: b", "Sec-WebSocket-Extensions: permessage-deflate", "X-Other: 1")
        upstream.send(switch("websocket", *chosen))
        head = client.head()
        self.assertEqual((head.status, head.reason), (101, "Switching Protocols"))
        for field in (ACCEPT, *chosen, "Upgrade: websocket"):
            name, _, value = field.partition(": ")
            self.assertEqual(head.headers[name], value)
        self.assertEqual(head.headers["Connection"].lower(), "upgrade")
        self.assertNotIn("Content-Length", head.headers)
        self.assertNotIn("Transfer-Encoding", head.headers)

    def test_the_words_are_understood_in_any_case_and_among_others(self):
        self.scripted()
        for connection, protocol in (("upgrade", "WebSocket"), ("keep-alive, Upgrade", "websocket"), ("UPGRADE", "WEBSOCKET")):
            with self.subTest(connection):
                fields = [f"Connection: {connection}", f"Upgrade: {protocol}", *UPGRADE_FIELDS[2:]]
                client, upstream = self.ask(request_bytes("GET", "/chat", fields))
                self.assertEqual(upstream.head.headers["Upgrade"].lower(), "websocket")
                self.assertEqual(upstream.head.headers["Connection"].lower(), "upgrade")
                upstream.send(switch())
                self.assertEqual(client.head().status, 101)

    def test_bytes_before_the_101_reach_the_upstream_only_after_it(self):
        self.scripted()
        client, upstream = self.ask(UPGRADE + b"early, ")
        self.assert_silent(upstream)
        client.send(b"later")
        self.assert_silent(upstream)
        upstream.send(switch())
        self.assertEqual(upstream.reader.exactly(12), b"early, later")
        self.assertEqual(client.head().status, 101)

    def test_many_bytes_before_the_101_are_held_back_and_not_lost(self):
        self.scripted()
        data = random.Random(4).randbytes(2 * MIB)
        client = self.client(self.sluice)
        sending = threading.Thread(target=client.send, args=(UPGRADE + data,), daemon=True)
        sending.start()
        upstream = self.next_upstream()
        upstream.request_head()
        self.assert_silent(upstream)
        upstream.send(switch())
        self.assertTrue(upstream.reader.exactly(len(data)) == data)
        sending.join(PATIENCE)

    def test_bytes_right_behind_the_101_reach_the_client(self):
        self.scripted()
        client, upstream = self.ask()
        upstream.send(switch() + b"at once")
        self.assertEqual(client.head().status, 101)
        self.assertEqual(client.reader.exactly(7), b"at once")

    def test_a_101_in_single_bytes_is_one(self):
        self.scripted()
        client, upstream = self.ask()
        upstream.send_slowly(switch() + b"x")
        self.assertEqual(client.head().status, 101)
        self.assertEqual(client.reader.exactly(1), b"x")

    def test_a_slow_101_is_504_by_the_routes_timeout(self):
        self.scripted(route={"timeout": "300ms"})
        client, _ = self.ask()
        self.assertEqual(client.response().status, 504)

    def test_a_100_before_the_101_is_passed_on(self):
        self.scripted()
        client, upstream = self.ask()
        upstream.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switch())
        self.assertEqual([client.head().status, client.head().status], [103, 101])


class NotAllowed(RawTest):
    def plain(self, data):
        """Sends a request that must reach the upstream without a wish to upgrade, and is served as any other."""
        client, upstream = self.ask(data)
        self.assertNotIn("Upgrade", upstream.head.headers)
        self.assertNotIn("upgrade", upstream.head.headers.get("Connection", "").lower())
        upstream.body_of(upstream.head)
        upstream.send(answer(b"plain", close=True))
        self.assertEqual(client.response().body, b"plain")
        return client

    def test_a_route_without_upgrade_passes_none_on(self):
        self.scripted(protocols=())
        client = self.plain(UPGRADE)
        client.send(request_bytes("GET", "/second"))
        self.assertEqual(self.next_upstream().request().target, "/second")

    def test_a_protocol_that_is_not_listed_is_not_passed_on(self):
        self.scripted(protocols=["websocket", "raw"])
        for protocol in ("h2c", "websocket2", "webso", "raw/1"):
            with self.subTest(protocol):
                self.plain(ask_for(protocol))

    def test_of_several_protocols_only_the_allowed_one_reaches_the_upstream(self):
        self.scripted()
        for fields in (["Upgrade: h2c, websocket"], ["Upgrade: websocket", "Upgrade: h2c"], ["Upgrade: h2c", "Upgrade: websocket"]):
            with self.subTest(fields):
                client, upstream = self.ask(request_bytes("GET", "/", ["Connection: Upgrade", *fields]))
                self.assertEqual(upstream.head.headers.all("Upgrade"), ["websocket"])
                upstream.send(answer(b"plain", close=True))
                self.assertEqual(client.response().body, b"plain")

    def test_upgrade_without_connection_is_not_passed_on(self):
        self.scripted()
        self.plain(request_bytes("GET", "/", ["Upgrade: websocket"]))

    def test_http_1_0_can_not_upgrade(self):
        self.scripted()
        self.plain(request_bytes("GET", "/", UPGRADE_FIELDS, version="1.0"))

    def test_a_request_with_a_body_can_not_upgrade(self):
        self.scripted()
        self.plain(request_bytes("POST", "/", UPGRADE_FIELDS, body=b"abc"))


class Refusals(RawTest):
    def test_a_refusal_is_passed_on_and_the_connection_stays_http(self):
        self.scripted()
        client, upstream = self.ask()
        for status in ("403 Forbidden", "200 OK", "426 Upgrade Required"):
            with self.subTest(status):
                upstream.send(answer(b"no", status))
                response = client.response()
                self.assertEqual((response.status, response.body), (int(status[:3]), b"no"))
                self.assertNotIn("Upgrade", response.headers)
                client.send(UPGRADE)
                self.assertEqual(upstream.request_head().headers["Upgrade"], "websocket")
        self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_total"), 0)

    def test_after_a_refusal_what_was_sent_early_is_the_next_request(self):
        self.scripted()
        client, upstream = self.ask(UPGRADE + request_bytes("GET", "/second"))
        upstream.send(answer(b"no", "403 Forbidden"))
        self.assertEqual(upstream.request().target, "/second")
        upstream.send(answer(b"yes"))
        self.assertEqual([client.response().status, client.response().body], [403, b"yes"])

    def test_a_101_that_nobody_asked_for_is_502(self):
        self.scripted()
        plain = request_bytes("GET", "/")
        for name, asked, answered in (("plain", plain, switch()), ("body", request_bytes("POST", "/", UPGRADE_FIELDS, b"x"), switch()),
                                      ("other", UPGRADE, switch("h2c")), ("none", UPGRADE, switch(None)),
                                      ("two", UPGRADE, switch("websocket", "Upgrade: h2c"))):
            with self.subTest(name):
                client, upstream = self.ask(asked)
                upstream.send(answered + b"bytes that must not reach the client")
                self.assertEqual(client.response().status, 502)
                upstream.wait_closed()
        self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_total"), 0)

    def test_a_101_on_a_route_without_upgrade_is_502(self):
        self.scripted(protocols=())
        client, upstream = self.ask()
        upstream.send(switch())
        self.assertEqual(client.response().status, 502)
        upstream.wait_closed()

    def test_an_upgraded_connection_never_serves_another_request(self):
        self.scripted()
        client, upstream = self.opened()
        client.close()
        upstream.wait_closed()
        self.ask(request_bytes("GET", "/"))[1].send(answer())
        self.assertEqual(self.upstream.accepted, 2)


class Bytes(RawTest):
    def both_ways(self, protocol, sizes):
        """Random bytes both ways at once, in writes of these sizes; returns client and upstream."""
        self.scripted(protocols=["websocket", "raw"])
        client, upstream = self.opened(protocol)
        seeded = random.Random(5)
        sent = {side: b"".join(seeded.randbytes(size) for size in sizes) for side in (client, upstream)}
        threads = [threading.Thread(target=side.send, args=(data,), daemon=True) for side, data in sent.items()]
        for thread in threads:
            thread.start()
        for side, other in ((client, upstream), (upstream, client)):
            self.assertTrue(side.reader.exactly(len(sent[other])) == sent[other])
        for thread in threads:
            thread.join(PATIENCE)
        return client, upstream

    def test_another_protocol_passes_raw_bytes(self):
        self.both_ways("raw", [3 * MIB])

    def test_frames_pass_as_they_are(self):
        self.scripted()
        client, upstream = self.opened()
        mask = b"\x12\x34\x56\x78"
        frames = [(0x01, b"one "), (0x00, b"two "), (0x89, b"ping"), (0x80, b"three"), (0xC2, b"squeezed?"), (0x82, b"x" * 40_000)]
        from_client = b"".join(frame(payload, first, mask) for first, payload in frames)
        from_upstream = b"".join(frame(payload, first) for first, payload in frames)
        client.send(from_client)
        self.assertEqual(upstream.reader.exactly(len(from_client)), from_client)
        upstream.send(from_upstream)
        self.assertEqual(client.reader.exactly(len(from_upstream)), from_upstream)
        self.assert_silent(client, 0.05)

    def test_what_is_no_frame_passes_too(self):
        self.both_ways("websocket", [1, 300_000])

    def test_a_client_that_reads_nothing_stops_the_upstream(self):
        self.scripted()
        client, upstream = self.opened()
        before = self.sluice.rss_bytes()
        upstream.sock.settimeout(1)
        piece = random.Random(6).randbytes(MIB)
        sent = 0
        with self.assertRaises(TimeoutError):
            while sent < 256 * MIB:
                sent += upstream.sock.send(piece[sent % MIB :])
        growth = self.sluice.rss_bytes() - before
        print(f"{sent / MIB:.1f} MiB went out before the upstream was stopped; the gateway grew by {growth // 1024} KiB")
        if not is_sanitized():
            self.assertLess(growth, 2 * MIB)
        received = client.reader.exactly(sent)
        self.assertTrue(received == (piece * (sent // MIB + 1))[:sent])

    def test_the_clients_end_reaches_the_upstream_whose_rest_still_comes(self):
        self.scripted(protocols=["raw"])
        client, upstream = self.opened("raw")
        client.send(b"all of it")
        client.shutdown_send()
        got = bytearray()
        upstream.reader.until_end(got.extend)
        self.assertEqual(got, b"all of it")
        upstream.send(b"a" * MIB)
        upstream.close()
        self.assertEqual(client.read_to_end(), b"a" * MIB)
        wait_until(lambda: self.upgraded_active() == 0, "the gateway's end")

    def test_the_upstreams_end_reaches_the_client(self):
        for protocol in ("websocket", "raw"):
            with self.subTest(protocol):
                self.scripted(protocols=[protocol])
                client, upstream = self.opened(protocol)
                upstream.send(b"goodbye")
                upstream.close()
                self.assertEqual(client.read_to_end(), b"goodbye")
                client.close()
                wait_until(lambda: self.upgraded_active() == 0, "the gateway's end")

    def test_an_upstream_that_dies_ends_the_client(self):
        for protocol in ("websocket", "raw"):
            with self.subTest(protocol):
                self.scripted(protocols=[protocol])
                client, upstream = self.opened(protocol)
                upstream.reset()
                self.assertEqual(client.read_to_end(), b"")
                wait_until(lambda: self.upgraded_active() == 0, "the gateway's end")

    def test_a_client_that_resets_ends_the_upstream(self):
        for protocol in ("websocket", "raw"):
            with self.subTest(protocol):
                self.scripted(protocols=[protocol])
                client, upstream = self.opened(protocol)
                client.reset()
                upstream.wait_closed()
                wait_until(lambda: self.upgraded_active() == 0, "the gateway's end")

    def test_a_broken_connection_of_another_protocol_does_not_look_whole(self):
        self.scripted(protocols=["raw"])
        client, upstream = self.opened("raw")
        upstream.reset()
        with self.assertRaises(ConnectionEnded) as ended:
            client.reader.exactly(1)
        self.assertTrue(ended.exception.was_reset)


class Draining(WebSocketTest):
    async def stop(self):
        """SIGTERM, and the exit code once it has ended."""
        self.sluice.send_signal()
        return await asyncio.to_thread(self.sluice.wait)

    async def test_both_sides_are_told_1001_one_after_the_other_and_the_code_is_0(self):
        await self.serve(limits={"drain": "2s"}, workers=2)
        sockets = await self.open_many(20)
        times = []
        for ws in sockets:
            asyncio.create_task(ws.wait_closed()).add_done_callback(lambda _: times.append(time.monotonic()))
        began = time.monotonic()
        self.assertEqual(await self.stop(), 0)
        await until(lambda: len(times) == len(self.server.closed) == 20, "both sides of all")
        self.assertEqual({ws.close_code for ws in sockets}, {1001})
        self.assertEqual({code for code, _ in self.server.closed}, {1001})
        spread = max(times) - min(times)
        print(f"20 sockets were closed within {spread:.2f} s, the last {max(times) - began:.2f} s after the signal")
        self.assertGreater(spread, 0.5)
        # A tenth of a second holds only some of them.
        tenths = [int((moment - began) * 10) for moment in times]
        self.assertLess(max(tenths.count(tenth) for tenth in tenths), 10)

    async def test_talking_sockets_are_closed_between_two_messages(self):
        await self.serve(limits={"drain": "2s"})
        sockets = await self.open_many(10, compression=None)
        received = [0] * 10

        async def talk(number, ws):
            data = random.Random(number).randbytes(20_000)
            try:
                while True:
                    self.assertEqual(await self.exchange(ws, data), data)
                    received[number] += 1
            except ConnectionClosed:
                pass

        talking = [asyncio.create_task(talk(number, ws)) for number, ws in enumerate(sockets)]
        await until(lambda: min(received) > 2, "all to talk")
        self.assertEqual(await self.stop(), 0)
        await asyncio.gather(*talking)
        self.assertEqual([ws.close_code for ws in sockets], [1001] * 10)
        await until(lambda: len(self.server.closed) == 10, "the server's side of all")
        self.assertEqual({code for code, _ in self.server.closed}, {1001})

    async def test_sockets_that_close_by_themselves_while_draining_keep_their_code(self):
        await self.serve(limits={"drain": "60s"})
        ws = await self.open()
        stopping = asyncio.create_task(self.stop())
        await until(lambda: self.sluice.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        self.assertEqual(await self.exchange(ws, "one more"), "one more")
        await ws.close(3000, "done")
        self.assertEqual(await stopping, 0)
        self.assertEqual(ws.close_code, 3000)
        await until(lambda: self.server.closed, "the server's end")
        self.assertEqual(self.server.closed, [(3000, "done")])


class DrainingRaw(RawTest):
    def drain(self):
        self.sluice.send_signal()
        wait_until(lambda: self.sluice.get("/readyz", listener="admin").status == 503, "the gateway to drain")

    def assert_ended(self, *sides):
        for side in sides:
            while True:
                try:
                    if not side.reader.fill():
                        break
                except ConnectionEnded:
                    break

    def test_a_client_that_ignores_the_close_is_cut_at_the_drains_end_with_5(self):
        self.scripted(limits={"drain": "800ms"})
        client, upstream = self.opened()
        began = time.monotonic()
        self.sluice.send_signal()
        self.assertEqual(close_code(read_frame(client.reader)), 1001)
        self.assertEqual(close_code(read_frame(upstream.reader)), 1001)
        upstream.send(frame(struct.pack(">H", 1001), 0x88))
        self.assertEqual(self.sluice.wait(), 5)
        self.assertGreater(time.monotonic() - began, 0.7)
        self.assertLess(time.monotonic() - began, 15 if is_sanitized() else 4)
        self.assert_ended(client, upstream)

    def test_a_frame_under_way_is_finished_before_the_close(self):
        self.scripted(limits={"drain": "3s"})
        client, upstream = self.opened()
        whole = frame(b"both halves of it")
        upstream.send(whole[:7])
        self.assertEqual(client.reader.exactly(7), whole[:7])
        self.sluice.send_signal()
        # The other way nothing is under way: its close tells that the time has come.
        self.assertEqual(close_code(read_frame(upstream.reader)), 1001)
        self.assert_silent(client, 0.1)
        upstream.send(whole[7:] + frame(struct.pack(">H", 1001), 0x88))
        self.assertEqual(client.reader.exactly(len(whole) - 7), whole[7:])
        self.assertEqual(close_code(read_frame(client.reader)), 1001)
        client.send(frame(struct.pack(">H", 1001), 0x88, b"abcd"))
        self.assertEqual(self.sluice.wait(), 0)
        self.assert_ended(client, upstream)
        self.assertEqual(client.reader.buffer, b"")

    def test_the_close_to_the_upstream_is_masked_and_the_one_to_the_client_is_not(self):
        self.scripted(limits={"drain": "1s"})
        client, upstream = self.opened()
        self.sluice.send_signal()
        self.assertEqual(upstream.reader.exactly(2)[1] & 0x80, 0x80)
        self.assertEqual(client.reader.exactly(2)[1] & 0x80, 0)
        self.sluice.wait()

    def test_a_change_of_protocol_while_draining_is_made_and_ended(self):
        self.scripted(limits={"drain": "2s"})
        client, upstream = self.ask()
        self.drain()
        upstream.send(switch())
        self.assertEqual(client.head().status, 101)
        for side, mask in ((client, b"abcd"), (upstream, b"")):
            self.assertEqual(close_code(read_frame(side.reader)), 1001)
            side.send(frame(struct.pack(">H", 1001), 0x88, mask))
        self.assertEqual(self.sluice.wait(), 0)

    def test_another_protocol_goes_on_until_it_ends(self):
        self.scripted(protocols=["raw"], limits={"drain": "30s"})
        client, upstream = self.opened("raw")
        self.drain()
        client.send(b"still")
        self.assertEqual(upstream.reader.exactly(5), b"still")
        upstream.close()
        self.assertTrue(client.is_closed())
        client.close()
        self.assertEqual(self.sluice.wait(), 0)

    def test_another_protocol_is_cut_at_the_drains_end_with_5(self):
        self.scripted(protocols=["raw"], limits={"drain": "500ms"})
        client, upstream = self.opened("raw")
        self.assertEqual(self.sluice.stop(), 5)
        self.assertEqual(client.read_to_end(), b"")
        upstream.wait_closed()

    def test_a_second_signal_cuts_with_6(self):
        self.scripted(limits={"drain": "60s"})
        client, upstream = self.opened()
        self.drain()
        self.sluice.send_signal()
        self.assertEqual(self.sluice.wait(15), 6)
        self.assert_ended(client, upstream)


def load_tests(loader, tests, _):
    """Signals reach a process under Wine only by its own console: nothing of this file can be run there."""
    if is_wine():
        raise TimedOut("test_websocket needs signals and does not run under Wine")
    return tests


if __name__ == "__main__":
    main()
