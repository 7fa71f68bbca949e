"""HTTP/2: faults that were found by reading, each with the sequence that shows it."""

import signal
import socket
import threading

from harness import GatewayTest, answer, main, proxy_to, wait_until
from http2_client import Http2Client
from hyperframe.frame import DataFrame, RstStreamFrame, SettingsFrame

MIB = 1 << 20
WIDE = {SettingsFrame.INITIAL_WINDOW_SIZE: 16 * MIB}


class Reviewed(GatewayTest):
    def connect(self, gateway, **options):
        client = Http2Client(gateway.address(), **options)
        self.addCleanup(client.close)
        return client

    def big_origin(self):
        """Answers /X with megabytes of the letter X."""
        origin = self.origin()
        for letter in "ab":
            origin.on(f"/{letter}", lambda _, letter=letter: answer(letter.encode() * (8 * MIB)))
        return origin

    def blocked(self, gateway):
        """A client that has asked for more than it reads, and has opened every window."""
        client = self.connect(gateway, settings=WIDE, opens_windows=False, receive_buffer=4096)
        client.open_window(0, 16 * MIB)
        stream = client.begin("GET", "/a")
        wait_until(lambda: gateway.metric_sum("sluice_requests_active") == 1, "the request to run")
        return client, stream

    def wait_no_connection(self, gateway):
        wait_until(lambda: gateway.status()["connections"] == 0, "the end of the connection", 30)

    def test_who_half_closes_amid_an_answer_gets_nobody_elses_bytes(self):
        gateway = self.gateway(proxy_to(self.big_origin()))
        client, stream = self.blocked(gateway)
        client.sock.shutdown(socket.SHUT_WR)
        # Others' answers go through the same memory.
        with self.connect(gateway, settings=WIDE) as other:
            for _ in range(4):
                self.assertEqual(set(other.get("/b").body), {ord("b")})
        client.wait(lambda: client.is_closed, "the end of the connection")
        self.assertLessEqual(set(client.streams[stream].body), {ord("a")})
        self.wait_no_connection(gateway)

    def test_a_bad_setting_while_an_answer_waits_ends_the_connection_and_a_stop_waits_for_nothing(self):
        gateway = self.gateway(proxy_to(self.big_origin()))
        client, _ = self.blocked(gateway)
        client.send(SettingsFrame(0, settings={SettingsFrame.ENABLE_PUSH: 7}))
        client.wait(lambda: client.is_closed, "the end of the connection")
        self.wait_no_connection(gateway)
        gateway.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.wait(), 0)

    def test_a_second_signal_while_a_connection_lingers(self):
        gateway = self.gateway(proxy_to(self.origin()))
        client = self.connect(gateway)
        self.assertEqual(client.get("/").status, 200)
        gateway.send_signal(signal.SIGTERM)
        client.wait(lambda: client.is_closed, "the gateway's end of sending")
        gateway.send_signal(signal.SIGTERM)
        self.assertGreaterEqual(gateway.wait(), 0)

    def test_a_body_whose_connection_dies_arrives_whole_at_the_next(self):
        for size in (10, 1000, 30_000):
            with self.subTest(size):
                is_dead = threading.Event()

                def die_at_the_second(connection):
                    connection.request()
                    connection.send(answer(b"warm"))
                    connection.request_head()
                    connection.reset()
                    is_dead.set()

                origin = self.origin(script=[die_at_the_second])
                bodies = []
                origin.on("/put", lambda request: bodies.append(request.body) or answer(b"taken"))
                client = self.connect(self.gateway(proxy_to(origin)))
                self.assertEqual(client.get("/warm").text, "warm")
                stream = client.begin("PUT", "/put", has_body=True)
                first, rest = b"1" * size, b"2" * size
                client.send_body(stream, first, ends=False)
                self.assertTrue(is_dead.wait(30))
                client.send_body(stream, rest)
                self.assertEqual(client.response(stream).status, 200)
                self.assertEqual(bodies, [first + rest])

    def test_requests_that_are_reset_at_once_cost_no_window(self):
        origin = self.origin()
        origin.on("/up", lambda request: answer(str(request.body_bytes).encode()))
        gateway = self.gateway(proxy_to(origin))
        client = self.connect(gateway)
        for _ in range(100):
            stream = client.begin("POST", "/up", has_body=True)
            client.send(DataFrame(stream, b"x" * 16_000), RstStreamFrame(stream, error_code=8))
            client.windows[0] -= 16_000
            if client.windows[0] < 16_000:
                client.wait(lambda: client.windows[0] >= 16_000, "the window of the connection")
        response = client.request("POST", "/up", body=b"y" * (2 * MIB))
        self.assertEqual((response.status, response.text), (200, str(2 * MIB)))

    def test_a_reset_that_comes_before_the_answer_frees_the_upstream(self):
        origin = self.origin()
        told = threading.Event()
        self.addCleanup(told.set)
        origin.on("/slow", lambda _: told.wait(60) and b"")
        gateway = self.gateway(proxy_to(origin))
        client = self.connect(gateway)
        stream = client.begin("POST", "/slow", has_body=True)
        client.send_body(stream, b"x" * 1000)
        wait_until(lambda: any(request.target == "/slow" for request in origin.requests), "the request at the origin")
        client.reset(stream)
        wait_until(lambda: gateway.metric_sum("sluice_requests_active") == 0, "the end of the request")


if __name__ == "__main__":
    main()
