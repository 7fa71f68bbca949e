"""An HTTP/2 upstream that does whatever it likes, in an order drawn from a seed: every request has an answer, and the gateway ends cleanly."""

import os
import random
import threading

from harness import ConnectionEnded, is_slow, main, request_bytes, wait_until
from http2_client import ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Http2Client
from http2_origin import Http2UpstreamTest, at_once
from hyperframe.frame import SettingsFrame

SEED = int(os.environ.get("SLUICE_CHAOS_SEED", "1"))
ROUNDS = int(os.environ.get("SLUICE_CHAOS_ROUNDS", "3" if is_slow() else "8"))
STATUSES = {200, 204, 404, 502, 503, 504}


class Chaos(Http2UpstreamTest):
    def respond(self, request, dice):
        """One request, by its own dice."""
        way = dice.randrange(14)
        connection = request.connection
        if way == 0:
            request.reset(dice.choice((REFUSED_STREAM, INTERNAL_ERROR, NO_ERROR)))
        elif way == 1:
            connection.goaway(dice.choice((request.stream, max(0, request.stream - 2), (1 << 31) - 1)), dice.choice((NO_ERROR, ENHANCE_YOUR_CALM)))
            request.answer()
        elif way == 2 and dice.random() < 0.5:
            dice.choice((connection.close, connection.reset))()
        elif way == 3:
            request.wait_reset()
        elif way == 4:
            request.head()
            request.data(b"x" * dice.randrange(1, 100000))
            request.wait_reset() if dice.random() < 0.5 else request.reset()
        elif way == 5:
            request.head(dice.choice(("abc", 99, 101)))
        elif way == 6:
            request.head(200, ("content-length", "5"))
            request.data(b"x" * dice.randrange(3, 8), ends=True)
        elif way == 7:
            connection.settings(MAX_CONCURRENT_STREAMS=dice.randrange(1, 20), INITIAL_WINDOW_SIZE=dice.choice((100, 65535, 1 << 20)))
            request.answer()
        else:
            self.answer_well(request, dice)

    def answer_well(self, request, dice):
        if dice.random() < 0.5:
            request.wait_complete()
        if dice.random() < 0.2:
            request.head(103, ("link", "a"))
        if dice.random() < 0.2:
            request.head(204, ends=True)
            return
        request.head(dice.choice((200, 404)))
        for _ in range(dice.randrange(4)):
            request.data(b"y" * dice.choice((1, 1000, 40000)))
        if dice.random() < 0.3:
            request.fields([("x-sum", "1")], ends=True)
        else:
            request.data(ends=True)

    def serve(self, connection):
        connection.cuts = random.Random(self.dice.random())
        connection.serve(**self.dice.choice(({}, {"MAX_CONCURRENT_STREAMS": 3}, {"INITIAL_WINDOW_SIZE": 1000}, {"HEADER_TABLE_SIZE": 0})))

    def play_1(self, gateway, dice, done):
        """A client of HTTP/1.1: each request has a sound answer, or one that is cut."""
        for _ in range(12):
            with gateway.client() as client:
                body = b"b" * dice.choice((0, 10, 100000))
                client.try_send(request_bytes(dice.choice(("GET", "POST", "PUT")), "/", body=body))
                if dice.random() < 0.1:
                    done.append("left")
                    continue
                try:
                    done.append(client.response().status)
                except ConnectionEnded:
                    done.append("cut")

    def play_2(self, gateway, dice, done):
        with Http2Client(gateway.address(), settings={SettingsFrame.INITIAL_WINDOW_SIZE: dice.choice((1000, 65535, 1 << 20))}) as client:
            for _ in range(4):
                streams = []
                for _ in range(4):
                    has_body = dice.random() < 0.5
                    stream = client.begin("POST" if has_body else "GET", "/", has_body=has_body)
                    if has_body:
                        client.send_body(stream, b"b" * dice.choice((0, 10, 5000)))
                    if dice.random() < 0.1:
                        client.reset(stream)
                        done.append("left")
                    else:
                        streams.append(stream)
                for stream in streams:
                    response = client.response(stream)
                    done.append(response.status if response.is_complete else "cut")

    def run_guarded(self, play, gateway, seed, done, faults):
        try:
            play(gateway, random.Random(seed), done)
        except Exception as fault:
            faults.append(f"{play.__name__} {seed}: {type(fault).__name__}: {fault}")

    def settings(self, origin, read_timeout):
        return self.settings_before(
            origin, read_timeout=f"{read_timeout}ms", route={"timeout": "700ms"}, retry={"attempts": 2}, idle_timeout="1s",
            pool={"max_connections": 6, "max_requests": 50, "queue_timeout": "5s"}, top={"workers": 2, "limits": {"body_idle": "5s"}})

    def test_whatever_it_does(self):
        self.dice = random.Random(SEED)
        origin = self.http2_origin(*[self.serve] * 5000)
        origin.otherwise = at_once(lambda request: self.respond(request, random.Random(f"{SEED} {len(origin.requests)}")))
        gateway = self.gateway(self.settings(origin, 500))
        done, faults = [], []
        for number in range(ROUNDS):
            threads = [threading.Thread(target=self.run_guarded, args=(play, gateway, f"{SEED} {number} {one}", done, faults))
                       for one in range(4) for play in (self.play_1, self.play_2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            gateway.assert_runs()
            if number % 3 == 1:
                gateway.reload(self.settings(origin, 500 + number))
        self.assertEqual(faults, [])
        self.assertEqual(len(done), ROUNDS * 4 * (12 + 16))
        self.assertEqual(set(done) - STATUSES - {"cut", "left"}, set())
        self.assertGreater(done.count(200), len(done) / 10)
        self.settle(gateway)
        wait_until(lambda: self.idle(gateway) == 0 and gateway.metric_sum("sluice_upstream_waiting") == 0, "the end of all connections")
        origin.otherwise = lambda request: request.answer()
        origin.script.clear()
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(gateway.stop(), 0)
        self.assertNotIn("fatal", gateway.log_text())


if __name__ == "__main__":
    main()
