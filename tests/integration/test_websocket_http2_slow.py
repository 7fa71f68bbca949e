"""WebSocket over HTTP/2 (RFC 8441) with a side that is slow: it is stopped, nobody else is, and the gateway keeps only a window of it."""

import random
import threading

from harness import PATIENCE, TimedOut, is_sanitized, is_wine, main, wait_until
from websocket_peers import WebSocketPeersTest, pairs
from hyperframe.frame import SettingsFrame

MIB = 1024 * 1024


class Slow(WebSocketPeersTest):
    def check_memory(self, most):
        growth = self.sluice.rss_bytes() - self.before_bytes
        print(f"{self.versions}: the gateway grew by {growth // 1024} KiB")
        if not is_sanitized():
            self.assertLess(growth, most)

    def fill(self, client):
        """Sends until nothing more is taken; yields how much went out."""
        sent = 0
        while sent < 256 * MIB:
            try:
                self.client2.wait(lambda: min(self.client2.windows[0], self.client2.windows[client.stream]) > 0, "a window", 0.5)
            except TimedOut:
                return sent
            room = min(self.client2.windows[0], self.client2.windows[client.stream], 16384)
            client.send(b"x" * room)
            sent += room
        self.fail("nothing stops the client")

    def test_upstreams_that_read_nothing_stop_their_clients_and_no_other_stream(self):
        for version in (1, 2):
            with self.subTest(upstream=version):
                self.start(2, version)
                if version == 2:
                    self.upstream.opens_windows = False
                self.before_bytes = self.sluice.rss_bytes()
                sockets = [self.opened() for _ in range(6)]
                sent = [self.fill(client) for client, _ in sockets]
                print(f"{[size // 1024 for size in sent]} KiB went out before the clients were stopped")
                self.check_memory(12 * MIB)
                self.assertGreater(self.client2.windows[0], 0)
                self.assertEqual(self.client2.request("POST", "/plain", body=b"x" * 3 * MIB).status, 200)
                if version == 1:
                    for (_, upstream), size in zip(sockets, sent):
                        self.assertTrue(upstream.exactly(size) == b"x" * size)

    def test_a_client_that_resets_a_socket_that_stands_still_ends_it(self):
        for version in (1, 2):
            with self.subTest(upstream=version):
                self.start(2, version, limits={"streams": 4})
                if version == 2:
                    self.upstream.opens_windows = False
                self.before_bytes = self.sluice.rss_bytes()
                sockets = []
                # Many more than the client may have open at a time.
                for _ in range(12):
                    sockets.append(self.opened())
                    self.fill(sockets[-1][0])
                    sockets[-1][0].reset()
                self.goes_on()
                print(f"{self.upgraded_active():.0f} of {len(sockets)} sockets that were reset are still held")
                self.check_memory(24 * MIB)
                wait_until(lambda: self.upgraded_active() == 0, "the gateway's end of all sockets", 5)
                self.goes_on()

    def test_a_client_without_a_window_stops_the_upstream_and_no_other_stream(self):
        for version in (1, 2):
            with self.subTest(upstream=version):
                self.start(2, version)
                self.before_bytes = self.sluice.rss_bytes()
                self.client2 = self.h2(self.sluice, opens_windows=False, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 16384})
                self.client2.open_window(0, 64 * MIB)
                client, upstream = self.opened()
                data = random.Random(6).randbytes(16 * MIB)
                sending = threading.Thread(target=upstream.send, args=(data,), daemon=True)
                sending.start()
                self.assertEqual(client.exactly(16384), data[:16384])
                for _ in range(3):
                    self.assertEqual(self.client2.request("POST", "/plain", body=b"x" * MIB).status, 200)
                other = self.opened()
                other[1].send_frame(b"past it")
                self.assertEqual(other[0].read_message(), b"past it")
                self.check_memory(4 * MIB)
                self.assertTrue(sending.is_alive())
                self.client2.open_window(client.stream, 64 * MIB)
                self.assertTrue(client.exactly(len(data) - 16384) == data[16384:])
                sending.join(PATIENCE)

    def test_a_client_of_http_1_that_reads_nothing_holds_up_nobody_on_the_upstreams_connection(self):
        self.start(1, 2)
        self.before_bytes = self.sluice.rss_bytes()
        sockets = [self.opened() for _ in range(6)]
        data = b"x" * (16 * MIB)
        for _, upstream in sockets:
            threading.Thread(target=upstream.send, args=(data,), daemon=True).start()
        wait_until(lambda: all(upstream.head.window <= 0 for _, upstream in sockets), "the end of the windows")
        other = self.opened()
        other[1].send_frame(b"past them" * 50_000)
        self.assertEqual(other[0].read_message(), b"past them" * 50_000)
        self.check_memory(12 * MIB)
        self.assertEqual(self.upstream.accepted, 1)
        for client, _ in sockets:
            self.assertEqual(client.exactly(MIB), data[:MIB])
            client.reset()

    def test_an_idle_socket_keeps_no_buffers_of_what_has_passed(self):
        for versions in ((2, 1), (1, 2), (2, 2)):
            with self.subTest(versions=versions):
                self.start(*versions)
                sockets = [self.opened() for _ in range(45)]
                self.before_bytes = self.sluice.rss_bytes()
                for client, upstream in sockets:
                    echoing = threading.Thread(target=upstream.echo, args=(300_000,), daemon=True)
                    echoing.start()
                    client.send(b"x" * 300_000)
                    client.exactly(300_000)
                    echoing.join()
                self.check_memory(45 * 64 * 1024)

    @pairs
    def test_a_side_that_takes_nothing_for_upgrade_idle_is_cut(self, start):
        start(route={"upgrade_idle": "1s"})
        if self.versions[0] == 2:
            self.client2 = self.h2(self.sluice, opens_windows=False)
            self.client2.open_window(0, MIB)
        client, upstream = self.opened()
        sending = threading.Thread(target=lambda: self.upstream.guarded(upstream.send, b"x" * (32 * MIB))
                                   if self.versions[1] == 2 else self.try_send(upstream), daemon=True)
        sending.start()
        wait_until(lambda: self.upgraded_active() == 0, "the gateway's end")
        sending.join(PATIENCE)
        self.assertFalse(sending.is_alive())
        self.goes_on()

    def try_send(self, upstream):
        try:
            upstream.send(b"x" * (32 * MIB))
        except OSError:
            pass


def load_tests(loader, tests, _):
    """The gateway's memory can't be read under Wine."""
    if is_wine():
        raise TimedOut("test_websocket_http2_slow reads /proc and does not run under Wine")
    return tests


if __name__ == "__main__":
    main()
