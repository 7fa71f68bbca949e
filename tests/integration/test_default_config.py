"""`sluice run` without a file: the first thing that anybody sees. It listens on its own fixed ports."""

import json

from harness import Gateway, GatewayTest, is_wine, main


class DefaultConfiguration(GatewayTest):
    def setUp(self):
        self.sluice = self.gateway(None)

    def test_it_listens_on_loopback_port_8080_and_9901(self):
        self.assertEqual(self.sluice.addresses, {"web": "127.0.0.1:8080", "admin": "127.0.0.1:9901"})

    def test_the_welcome_page_says_what_to_try_next(self):
        response = self.sluice.get("/")
        self.assertEqual(response.status, 200)
        self.assertIn("/echo", response.text)

    def test_health_is_answered(self):
        self.assertEqual(self.sluice.get("/health").status, 200)

    def test_echo_is_really_proxied(self):
        with self.sluice.client() as client:
            response = client.post("/echo/hello?x=1", b"body")
        self.assertEqual(response.status, 200)
        echoed = json.loads(response.text)
        headers = {name.lower(): value for name, value in echoed["headers"].items()}
        self.assertEqual((echoed["method"], echoed["body"]), ("POST", "body"))
        self.assertIn("hello?x=1", echoed["target"])
        self.assertEqual(headers["x-forwarded-for"], "127.0.0.1")
        self.assertIn("sluice", headers["via"])

    def test_the_admin_pages_are_there(self):
        self.assertEqual(self.sluice.get("/readyz", listener="admin").status, 200)

    def test_it_stops_in_order(self):
        if is_wine():
            self.skipTest("signals reach a process under Wine only by its own console")
        self.assertEqual(self.sluice.stop(), 0)


class Twice(GatewayTest):
    def test_a_second_gateway_on_the_same_ports_exits_with_4(self):
        self.gateway(None)
        second = Gateway(None, wait=False)
        self.addCleanup(second.kill)
        self.assertEqual(second.wait(), 4)
        self.assertIn("8080", second.log_text())


if __name__ == "__main__":
    main()
