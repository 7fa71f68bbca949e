"""WebSocket over HTTP/2 (RFC 8441) on the client's side, the upstream's, or both: one test for every pair of versions."""

import asyncio
import base64
import random
import threading

from harness import PATIENCE, TimedOut, is_sanitized, main, wait_until
from test_websocket import websockets
from websocket_peers import KEY, EchoThread, Http1Upstream, Http2Stream, Http2Upstream, WebSocketPeersTest, pairs
from hyperframe.frame import SettingsFrame

MIB = 1024 * 1024


class Opening(WebSocketPeersTest):
    def test_the_settings_announce_it(self):
        self.start(2, 1)
        self.goes_on()
        self.assertEqual(self.client2.peer_settings.get(SettingsFrame.ENABLE_CONNECT_PROTOCOL), 1)

    @pairs
    def test_a_message_goes_there_and_another_back(self, start):
        start()
        client, upstream = self.opened()
        client.send_frame(b"hello")
        self.assertEqual(upstream.read_frame(), (0x82, b"hello"))
        upstream.send_frame(b"and back")
        self.assertEqual(client.read_frame(), (0x82, b"and back"))
        self.assertEqual(self.upgraded_active(), 1)
        self.goes_on()

    @pairs
    def test_both_sides_agree_on_protocol_and_extensions(self, start):
        start()
        fields = (("sec-websocket-protocol", "chat.v2, chat.v1"),
                  ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"), ("origin", "https://example.com"), ("x-mine", "yes"))
        client, upstream = self.ask("/chat/room?id=7", *fields)
        for name, value in (*fields, ("sec-websocket-version", "13"), ("x-forwarded-for", "127.0.0.1")):
            self.assertEqual(upstream.head.headers[name], value)
        chosen = (("sec-websocket-protocol", "chat.v1"), ("sec-websocket-extensions", "permessage-deflate"), ("x-other", "1"))
        upstream.switch(*chosen)
        head = client.wait_open()
        for name, value in chosen:
            self.assertEqual(head.headers[name], value)
        for name in ("content-length", "transfer-encoding"):
            self.assertNotIn(name, head.headers)

    def test_an_upstream_of_http_1_gets_a_get_with_a_key_of_the_gateways(self):
        self.start(2, 1)
        keys = []
        for _ in range(2):
            _, upstream = self.ask("/chat", ("sec-websocket-key", KEY))
            self.assertEqual((upstream.head.method, upstream.head.target, upstream.head.version), ("GET", "/chat", "1.1"))
            self.assertEqual(upstream.head.headers["Upgrade"], "websocket")
            self.assertEqual(upstream.head.headers["Connection"].lower(), "upgrade")
            self.assertEqual(upstream.head.headers["Host"], "test")
            self.assertNotIn("Transfer-Encoding", upstream.head.headers)
            keys.append(upstream.head.headers["Sec-WebSocket-Key"])
        self.assertEqual([len(base64.b64decode(key)) for key in keys], [16, 16])
        self.assertEqual(len({*keys, KEY}), 3)

    def test_an_upstream_of_http_2_gets_an_extended_connect_without_a_key(self):
        for version in (1, 2):
            self.start(version, 2)
            _, upstream = self.ask("/chat?a=1")
            self.assertEqual(upstream.head.pseudo, {":method": "CONNECT", ":protocol": "websocket", ":scheme": "http",
                                                    ":authority": "test", ":path": "/chat?a=1"})
            for name in ("sec-websocket-key", "content-length"):
                self.assertNotIn(name, upstream.head.headers)
            self.assertFalse(upstream.head.is_complete)

    @pairs
    def test_bytes_right_behind_the_answer_reach_the_client(self, start):
        start()
        client, upstream = self.ask()
        upstream.switch()
        upstream.send_frame(b"at once")
        client.wait_open()
        self.assertEqual(client.read_frame(), (0x82, b"at once"))

    @pairs
    def test_bytes_before_the_answer_reach_the_upstream_after_it(self, start):
        start()
        client, upstream = self.ask()
        client.send_frame(b"early" * 8000)
        self.goes_on()
        upstream.switch()
        client.wait_open()
        self.assertEqual(upstream.read_frame(), (0x82, b"early" * 8000))

    @pairs
    def test_an_early_hint_comes_before_the_answer(self, start):
        start()
        client, upstream = self.ask()
        if self.versions[1] == 1:
            upstream.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        else:
            upstream.head.head(103, ("link", "</a>"))
        if self.versions[0] == 1:
            self.assertEqual(client.side.head().status, 103)
        upstream.switch()
        client.wait_open()
        if self.versions[0] == 2:
            self.assertEqual([status for status, _ in client.response.interim], [103])

    def test_an_upstream_of_http_2_that_sends_an_accept_of_its_own_does_not_get_it_through(self):
        for version in (1, 2):
            with self.subTest(client=version):
                self.start(version, 2)
                client, upstream = self.ask()
                upstream.switch(("sec-websocket-accept", "bm90IHRoZSByaWdodCBvbmU="))
                client.wait_open()

    def test_a_socket_is_101_or_200_in_the_access_log(self):
        for version, status in ((1, 101), (2, 200)):
            self.start(version, 1 if version == 2 else 2, log={"access": "stdout"})
            client, upstream = self.opened("/logged")
            client.end()
            upstream.end()
            self.assertIn(f'"status":{status}', self.logged(self.sluice, "/logged").replace(" ", ""))


class Messages(WebSocketPeersTest):
    @pairs
    def test_messages_of_all_lengths_and_their_fragments_pass_both_ways(self, start):
        start()
        client, upstream = self.opened()
        seeded = random.Random(1)
        for size in (0, 1, 125, 126, 127, 4095, 16384, 65535, 65536, 300_001):
            for one, other in ((client, upstream), (upstream, client)):
                data = seeded.randbytes(size)
                for first, piece in ((0x01, data), (0x00, b"middle"), (0x89, b"ping"), (0x80, data)):
                    sending = threading.Thread(target=one.send_frame, args=(piece, first)) if one is upstream else None
                    sending.start() if sending else one.send_frame(piece, first)
                    self.assertTrue(other.read_frame() == (first, piece), size)
                    sending and sending.join()

    @pairs
    def test_many_bytes_pass_both_ways_at_once_with_little_memory(self, start):
        start()
        client, upstream = self.opened()
        before = self.sluice.rss_bytes()
        size = 16 * MIB
        echoing = threading.Thread(target=upstream.echo, args=(size,), daemon=True)
        echoing.start()
        data = random.Random(2).randbytes(size)
        sending = None
        if self.versions[0] == 1:
            sending = threading.Thread(target=client.send, args=(data,), daemon=True)
            sending.start()
        else:
            client.send(data)
        self.assertTrue(client.exactly(size) == data)
        echoing.join()
        sending and sending.join()
        growth = self.sluice.peak_rss_bytes() - before
        print(f"16 MiB both ways, {self.versions}: the gateway's peak grew by {growth // 1024} KiB")
        if not is_sanitized():
            self.assertLess(growth, 8 * MIB)

    @pairs
    def test_many_sockets_and_requests_do_not_mix(self, start):
        start()
        sockets = [self.opened(f"/{i}") for i in range(20)]
        self.assertEqual(self.upgraded_active(), 20)
        for turn in range(5):
            for i, (client, _) in enumerate(sockets):
                client.send_frame(f"up {turn} {i} ".encode() * (i + 1))
            self.goes_on()
            for i, (_, upstream) in enumerate(sockets):
                self.assertEqual(upstream.read_message(), f"up {turn} {i} ".encode() * (i + 1))
                upstream.send_frame(f"down {turn} {i} ".encode() * (i + 1))
            self.goes_on()
            for i, (client, _) in reversed(list(enumerate(sockets))):
                self.assertEqual(client.read_message(), f"down {turn} {i} ".encode() * (i + 1))


class Independent(WebSocketPeersTest):
    """Servers and clients of another implementation behind or before the gateway."""

    def serve(self, **options):
        self.server = EchoThread(**options)
        self.addCleanup(self.server.end)
        self.sluice = self.gateway(self.settings_of(self.server.address))
        self.client2 = self.h2(self.sluice)

    def open(self, path="/", *fields):
        client = Http2Stream(self.client2, path, *fields)
        client.wait_open()
        return client

    def test_a_server_echoes_messages_of_all_lengths_and_fragments(self):
        self.serve()
        seeded = random.Random(3)
        for client, sizes in ((self.open(), (0, 1)), (self.open("/fragments"), (1, 2))):
            for size in (*sizes, 125, 126, 127, 4095, 65535, 65536, 300_001):
                data = seeded.randbytes(size)
                client.send_frame(data[:size // 2], 0x02)
                client.send_frame(b"between", 0x89)
                client.send_frame(data[size // 2 :], 0x80)
                self.assertEqual(client.read_frame(), (0x8A, b"between"))
                self.assertTrue(client.read_message() == data, size)
            self.goes_on()

    def test_codes_and_reasons_of_a_close_pass_either_way(self):
        self.serve()
        for code, reason in ((1000, b""), (1001, b"leaving"), (3000, "grün".encode()), (4999, b"x" * 100)):
            client = self.open()
            client.send_frame(code.to_bytes(2, "big") + reason, 0x88)
            self.assertEqual(client.read_frame(), (0x88, code.to_bytes(2, "big") + reason))
            self.assertEqual(client.ended(), "end")
            client.end()
            wait_until(lambda: self.server.server.closed, "the server's end")
            self.assertEqual(self.server.server.closed.pop(), (code, reason.decode()))
        for code, reason in ((1000, b""), (1011, b"broken"), (3000, b"because")):
            client = self.open(f"/close/{code}/{reason.decode()}")
            self.assertEqual(client.read_frame(), (0x88, code.to_bytes(2, "big") + reason))
            client.send_close(code)
            self.assertEqual(client.ended(), "end")
            client.end()
        wait_until(lambda: self.upgraded_active() == 0, "the gateway's end of all sockets")

    def test_subprotocols_and_compression_are_agreed_with_a_server(self):
        self.serve(subprotocols=["chat.v1", "chat.v0"])
        client = self.open("/", ("sec-websocket-protocol", "chat.v2, chat.v1"), ("sec-websocket-extensions", "permessage-deflate"))
        self.assertEqual(client.response.headers["sec-websocket-protocol"], "chat.v1")
        self.assertIn("permessage-deflate", client.response.headers["sec-websocket-extensions"])

    def test_a_client_that_dies_is_1006_at_the_server(self):
        self.serve()
        self.open().reset()
        wait_until(lambda: self.server.server.closed, "the server's end")
        self.assertEqual(self.server.server.closed, [(1006, "")])

    def test_a_client_of_http_1_talks_to_an_upstream_of_http_2(self):
        self.start(1, 2)

        async def talk():
            async with websockets.connect(f"ws://{self.sluice.addresses['web']}/", compression=None, max_size=None) as ws:
                for size in (0, 1, 125, 126, 65535, 65536, 300_001):
                    data = bytes(size)
                    await ws.send(data)
                    self.assertTrue(await asyncio.wait_for(ws.recv(), PATIENCE) == data, size)
                await ws.close(3000, "done")
                return ws.close_code, ws.close_reason

        def serve():
            upstream = Http2Upstream(self.handed.get(timeout=PATIENCE))
            upstream.switch()
            first = None
            while first != 0x88:
                first, payload = upstream.read_frame()
                upstream.send_frame(payload, first)
            upstream.end()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        self.assertEqual(asyncio.run(talk()), (3000, "done"))
        serving.join(PATIENCE)
        self.assertFalse(serving.is_alive())


class Ends(WebSocketPeersTest):
    def settle_sockets(self):
        wait_until(lambda: self.upgraded_active() == 0, "the gateway's end of all sockets")
        self.goes_on()

    @pairs
    def test_a_close_goes_there_and_back_whoever_begins(self, start):
        start()
        for swaps in (False, True):
            one, other = self.opened()[:: -1 if swaps else 1]
            one.send_close(3000)
            self.assertEqual(other.close_code(), 3000)
            other.send_close(3000)
            self.assertEqual(one.close_code(), 3000)
            other.end()
            self.assertEqual(one.ended(), "end")
            one.end()
            self.assertEqual(other.ended(), "end")
            self.settle_sockets()

    @pairs
    def test_the_end_of_one_side_reaches_the_other_whose_rest_still_comes(self, start):
        start()
        for swaps in (False, True):
            one, other = self.opened()[:: -1 if swaps else 1]
            one.send_frame(b"all of it")
            one.end()
            self.assertEqual(other.read_frame(), (0x82, b"all of it"))
            self.assertEqual(other.ended(), "end")
            other.send_frame(b"the rest")
            other.end()
            self.assertEqual(one.read_frame(), (0x82, b"the rest"))
            self.assertEqual(one.ended(), "end")
            self.settle_sockets()

    @pairs
    def test_a_reset_of_one_side_ends_the_other_and_nothing_else(self, start):
        start()
        kept = self.opened()
        for swaps in (False, True):
            one, other = self.opened()[:: -1 if swaps else 1]
            one.reset()
            other.ended()
            wait_until(lambda: self.upgraded_active() == 1, "the gateway's end of the one")
            kept[0].send_frame(b"still")
            self.assertEqual(kept[1].read_message(), b"still")
            self.goes_on()

    @pairs
    def test_a_client_that_leaves_before_the_answer_ends_the_upstream(self, start):
        start()
        client, upstream = self.ask()
        client.reset()
        self.assertIn(upstream.ended(), ("end", "reset"))
        self.settle_sockets()

    def test_a_client_that_closes_its_connection_ends_all_its_sockets(self):
        for version in (1, 2):
            self.start(2, version)
            sockets = [self.opened() for _ in range(5)]
            self.client2.close()
            for _, upstream in sockets:
                upstream.ended()
            wait_until(lambda: self.upgraded_active() == 0, "the gateway's end of all sockets")

    def test_an_upstream_of_http_2_that_closes_its_connection_ends_all_its_sockets(self):
        for version in (1, 2):
            self.start(version, 2)
            sockets = [self.opened() for _ in range(5)]
            self.upstream.connections[0].close()
            for client, _ in sockets:
                client.ended()
            self.settle_sockets()

    def test_a_connect_that_ends_the_stream_at_once_is_a_socket_that_has_ended(self):
        for version in (1, 2):
            self.start(2, version)
            client = Http2Stream(self.client2, has_body=False)
            handed = self.handed.get(timeout=PATIENCE)
            upstream = Http2Upstream(handed) if version == 2 else Http1Upstream(handed)
            upstream.switch()
            client.wait_open()
            self.assertEqual(upstream.ended(), "end")
            upstream.send_frame(b"the rest")
            upstream.end()
            self.assertEqual(client.read_message(), b"the rest")
            self.assertEqual(client.ended(), "end")
            self.settle_sockets()

    @pairs
    def test_a_silent_socket_ends_after_upgrade_idle_and_a_talking_one_does_not(self, start):
        start(route={"upgrade_idle": "1s"})
        silent, upstream = self.opened()
        talking = self.opened()
        watched = threading.Event()
        watching = threading.Thread(target=lambda: (upstream.ended(), watched.set()), daemon=True)
        watching.start()
        turns = 0
        while not watched.wait(0.1):
            talking[0].send_frame(b"still")
            self.assertEqual(talking[1].read_message(), b"still")
            turns += 1
            self.assertLess(turns, 300)
        self.assertGreater(turns, 4)
        silent.ended()
        talking[0].send_frame(b"still")
        self.assertEqual(talking[1].read_message(), b"still")
        self.assertEqual(self.upgraded_active(), 1)
        self.goes_on()

    @pairs
    def test_limits_of_requests_do_not_end_a_silent_socket(self, start):
        short = {"head_timeout": "300ms", "body_idle": "300ms", "keepalive": "300ms", "min_rate_grace": "100ms"}
        start(route={"timeout": "500ms"}, cluster={"read_timeout": "300ms", "idle_timeout": "300ms"}, limits=short)
        client, upstream = self.opened()
        # The time that passes is what is tested.
        with self.assertRaises(TimedOut):
            wait_until(lambda: self.upgraded_active() == 0, "an end that must not come", 1.2)
        client.send_frame(b"still")
        self.assertEqual(upstream.read_message(), b"still")
        upstream.send_frame(b"here")
        self.assertEqual(client.read_message(), b"here")


if __name__ == "__main__":
    main()
