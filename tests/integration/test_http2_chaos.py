"""Clients of HTTP/2 that do whatever they may, in an order drawn from a seed, before origins that die: the gateway outlives them."""

import os
import random
import threading

from harness import ConnectionEnded, GatewayTest, TimedOut, answer, is_sanitized, main, proxy_to, wait_until
from http2_client import Http2Client
from hyperframe.frame import SettingsFrame

ROUNDS = int(os.environ.get("SLUICE_CHAOS_ROUNDS", "15" if is_sanitized() else "30"))


class Chaos(GatewayTest):
    def answers(self, seed):
        """What the origin does for a request, by its own dice."""
        dice = random.Random(seed)
        ways = {
            "/ok": lambda request: answer(b"x" * dice.choice((0, 10, 5000, 300000))),
            "/chunks": lambda request: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
            "/dies": lambda request: None,
            "/half": lambda request: request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 30000),
            "/empty": lambda request: b"HTTP/1.1 204 No Content\r\n\r\n",
            "/hints": lambda request: b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer(b"ok"),
        }

        def early(request):
            return answer(b"early", "413 Too Large", ["Connection: close"])

        early.reads_body = False
        return {**ways, "/early": early}

    def play(self, gateway, seed, faults):
        dice = random.Random(seed)
        try:
            with Http2Client(gateway.address(), settings={SettingsFrame.INITIAL_WINDOW_SIZE: dice.choice((0, 1, 1000, 65535, 1 << 20))}) as client:
                client.opens_windows = dice.random() < 0.7
                live = []
                for _ in range(dice.randrange(10, 80)):
                    self.step(client, dice, live)
        except (ConnectionEnded, TimedOut, ConnectionResetError, BrokenPipeError):
            pass
        except Exception as fault:
            faults.append(f"{seed}: {type(fault).__name__}: {fault}")

    def step(self, client, dice, live):
        way = dice.randrange(8)
        if way < 3 and len(live) < 90:
            path = dice.choice(("/ok", "/chunks", "/dies", "/half", "/empty", "/hints", "/early", "/none"))
            has_body = dice.random() < 0.6
            fields = [("content-length", "20000")] if has_body and dice.random() < 0.3 else []
            live.append((client.begin("POST" if has_body else "GET", path, *fields, has_body=has_body), has_body))
        elif way == 3 and live:
            stream, has_body = live.pop(dice.randrange(len(live)))
            client.reset(stream)
        elif way == 4 and live:
            stream, has_body = dice.choice(live)
            if has_body and not client.streams[stream].is_over:
                size = min(dice.randrange(20000), client.windows[0], client.windows[stream])
                client.send_body(stream, b"x" * max(size, 0), ends=False)
        elif way == 5 and live:
            stream, has_body = live.pop(dice.randrange(len(live)))
            if has_body and not client.streams[stream].is_over:
                client.end_body(stream)
        elif way == 6 and live and not client.opens_windows:
            client.open_window(dice.choice([0, dice.choice(live)[0]]), dice.randrange(1, 100000))
        else:
            client.read_some(dice.choice((0.0001, 0.002)))

    def test_whatever_they_do(self):
        origin = self.origin()
        origin.paths = self.answers(1)
        gateway = self.gateway(proxy_to(origin, limits={"body_idle": "2s"}))
        faults = []
        for number in range(ROUNDS):
            threads = [threading.Thread(target=self.play, args=(gateway, number * 8 + one, faults)) for one in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            gateway.assert_runs()
        self.assertEqual(faults, [])
        wait_until(lambda: gateway.metric_sum("sluice_connections_active") == 0, "the end of all connections")
        wait_until(lambda: gateway.metric_sum("sluice_upstream_connections_active") == 0, "the end of all upstream requests")
        with Http2Client(gateway.address()) as client:
            self.assertEqual(client.get("/empty").status, 204)
        origin.failures.clear()


if __name__ == "__main__":
    main()
