"""Stopping: running requests finish, nothing new begins, and the exit code says how it went."""

import signal
import threading

from harness import GatewayTest, TimedOut, answer, is_wine, main, proxy_to, request_bytes, wait_until

GET = request_bytes("GET", "/")


class Stopping(GatewayTest):
    def holding(self, **settings):
        """A gateway before an origin that answers when told."""
        self.told = threading.Event()

        def hold(connection):
            connection.request()
            self.told.wait(60)
            connection.send(answer(b"finished"))
            connection.wait_closed()

        origin = self.origin(script=[hold])
        self.addCleanup(self.told.set)
        gateway = self.gateway(proxy_to(origin, **settings))
        client = self.client(gateway).send(GET)
        origin.wait_requests(1)
        self.idle = self.client(gateway)
        self.assertEqual(self.idle.get("/").status, 200)
        return gateway, client

    def wait_draining(self, gateway):
        """Waits until the gateway says so and has told its sessions: the idle one is closed then."""
        wait_until(lambda: gateway.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        self.assertTrue(self.idle.is_closed())

    def last_message(self, gateway):
        return [entry["message"] for entry in gateway.log if "message" in entry][-1]

    def test_an_idle_gateway_stops_at_once_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                gateway = self.gateway(proxy_to(self.origin()))
                self.assertEqual(gateway.stop(number, 10), 0)
                self.assertIn("stopped", self.last_message(gateway))

    def test_a_gateway_that_has_served_stops_with_0(self):
        gateway = self.gateway(proxy_to(self.origin()))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(gateway.stop(), 0)

    def test_a_running_request_finishes_and_its_connection_is_closed(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                gateway, client = self.holding()
                gateway.send_signal(number)
                self.wait_draining(gateway)
                self.told.set()
                response = client.response()
                self.assertEqual((response.body, response.headers["Connection"]), (b"finished", "close"))
                self.assertTrue(client.is_closed())
                self.assertEqual(gateway.wait(), 0)

    def test_new_connections_are_refused_while_draining(self):
        gateway, client = self.holding()
        gateway.send_signal()
        self.wait_draining(gateway)
        wait_until(lambda: not self.is_served(gateway), "the listener to be closed")
        self.told.set()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(gateway.wait(), 0)

    def is_served(self, gateway):
        try:
            with gateway.client(patience=5) as client:
                client.try_send(request_bytes("GET", "/"))
                return client.read_to_end() != b""
        except ConnectionRefusedError:
            return False

    def test_idle_connections_are_closed_at_once(self):
        gateway, _ = self.holding()
        fresh = self.client(gateway)
        gateway.send_signal()
        self.assertTrue(self.idle.is_closed())
        self.assertTrue(fresh.is_closed())
        self.told.set()
        self.assertEqual(gateway.wait(), 0)

    def test_a_request_pipelined_behind_the_last_one_is_not_begun(self):
        gateway, client = self.holding()
        client.send(GET)
        gateway.send_signal()
        self.wait_draining(gateway)
        self.told.set()
        self.assertEqual(client.response().body, b"finished")
        client.shutdown_send()
        self.assertTrue(client.is_closed())
        self.assertEqual(gateway.wait(), 0)

    def test_half_a_head_does_not_hold_up_the_stop_beyond_its_time(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"drain": "800ms"}))
        self.client(gateway).send(b"GET / HTTP/1.1\r\n")
        gateway.get("/")
        self.assertIn(gateway.stop(seconds=15), (0, 5))

    def test_the_admin_listener_answers_while_draining(self):
        gateway, client = self.holding()
        self.assertEqual(gateway.get("/readyz", listener="admin").status, 200)
        gateway.send_signal()
        self.wait_draining(gateway)
        self.assertEqual(gateway.get("/healthz", listener="admin").status, 200)
        self.assertEqual(gateway.get("/status", listener="admin").status, 200)
        self.told.set()
        client.response()
        self.assertEqual(gateway.wait(), 0)

    def test_a_second_signal_cuts_with_6(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                gateway, client = self.holding()
                gateway.send_signal(number)
                self.wait_draining(gateway)
                gateway.send_signal(number)
                self.assertEqual(gateway.wait(15), 6)
                self.assertTrue(client.is_closed())
                self.assertIn("second signal", gateway.log_text())

    def test_requests_still_running_after_the_drain_time_are_cut_with_5(self):
        gateway, client = self.holding(limits={"drain": "500ms"})
        self.assertEqual(gateway.stop(seconds=15), 5)
        self.assertTrue(client.is_closed())
        self.assertIn("drain time is over", gateway.log_text())

    def test_a_large_download_finishes_while_draining(self):
        size = 8_000_000

        def large(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * 1000)
            self.told.wait(60)
            connection.send(b"x" * (size - 1000))
            connection.wait_closed()

        self.told = threading.Event()
        gateway = self.gateway(proxy_to(self.origin(script=[large])))
        self.addCleanup(self.told.set)
        client = self.client(gateway).send(GET)
        head = client.head()
        self.idle = self.client(gateway)
        self.assertEqual(self.idle.get("/").status, 200)
        gateway.send_signal()
        self.wait_draining(gateway)
        self.told.set()
        client.body_of(head)
        self.assertEqual(len(head.body), size)
        self.assertEqual(gateway.wait(), 0)

    def test_a_gateway_under_load_stops_without_breaking_a_response(self):
        gateway = self.gateway(proxy_to(self.origin(), workers=2))
        broken = []
        served = [0] * 8

        def load(index):
            try:
                while True:
                    with gateway.client() as client:
                        while client.try_send(GET):
                            data = client.read_some_response()
                            if data is None:
                                break
                            served[index] += 1
            except ConnectionRefusedError:
                return
            except Exception as failure:
                broken.append(repr(failure))

        threads = [threading.Thread(target=load, args=(index,), daemon=True) for index in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(served) > 20, "every client to be served")
        code = gateway.stop()
        for thread in threads:
            thread.join(30)
        self.assertEqual((code, broken), (0, []))


def load_tests(loader, tests, _):
    """Signals reach a process under Wine only by its own console: nothing of this file can be run there."""
    if is_wine():
        raise TimedOut("test_stopping needs signals and does not run under Wine")
    return tests


if __name__ == "__main__":
    main()
