"""Headers between hops: whom a request came from, its id, and the fields that belong to one connection only."""

import re

from harness import GatewayTest, SharedGatewayTest, answer, main, proxy_to

TRUSTED = {"trusted_proxies": ["127.0.0.0/8"], "forwarded": True}


class FromStrangers(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        return proxy_to(origin, forwarding={"forwarded": True})

    def test_x_forwarded_headers_tell_the_client_and_how_it_came(self):
        self.connect().request("GET", "/", host="api.example")
        headers = self.seen.headers
        self.assertEqual(headers["X-Forwarded-For"], "127.0.0.1")
        self.assertEqual(headers["X-Forwarded-Proto"], "http")
        self.assertEqual(headers["X-Forwarded-Host"], "api.example")
        self.assertIn("for=127.0.0.1", headers["Forwarded"].replace('"', ""))
        self.assertIn("proto=http", headers["Forwarded"])

    def test_what_a_stranger_claims_is_replaced(self):
        claims = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "Forwarded: for=6.6.6.6"]
        self.connect().get("/", *claims)
        headers = self.seen.headers
        self.assertEqual(headers["X-Forwarded-For"], "127.0.0.1")
        self.assertEqual(headers["X-Forwarded-Proto"], "http")
        self.assertEqual(headers["X-Forwarded-Host"], "test")
        self.assertNotIn("6.6.6.6", headers["Forwarded"])

    def test_connection_cannot_remove_what_the_gateway_vouches_for(self):
        self.connect().get("/", "Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded, Via, X-Request-Id")
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Request-Id"):
            self.assertIn(name, self.seen.headers)

    def test_connection_must_not_name_what_frames_or_routes_the_message(self):
        for name in ("Content-Length", "Transfer-Encoding", "Host"):
            self.assertEqual(self.connect().post("/", b"x", f"Connection: {name}").status, 400, name)

    def test_via_names_the_gateway(self):
        self.connect().get("/", "Via: 1.0 fred")
        self.assertEqual(", ".join(self.seen.headers.all("Via")), "1.0 fred, 1.1 sluice")


class FromTrustedPeers(SharedGatewayTest):
    @classmethod
    def configuration(cls, origin):
        return proxy_to(origin, forwarding=TRUSTED)

    def test_x_forwarded_for_is_extended_and_the_others_are_kept(self):
        claims = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: real.example"]
        self.connect().get("/", *claims)
        headers = self.seen.headers
        self.assertEqual(headers["X-Forwarded-For"], "1.2.3.4, 127.0.0.1")
        self.assertEqual(headers["X-Forwarded-Proto"], "https")
        self.assertEqual(headers["X-Forwarded-Host"], "real.example")

    def test_forwarded_is_extended(self):
        self.connect().get("/", "Forwarded: for=1.2.3.4;proto=https")
        value = ", ".join(self.seen.headers.all("Forwarded"))
        self.assertTrue(value.startswith("for=1.2.3.4;proto=https, "), value)
        self.assertIn("127.0.0.1", value)


class SwitchedOff(GatewayTest):
    def test_forwarding_headers_and_via_can_be_switched_off(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin, forwarding={"x_forwarded": False, "via": ""}))
        self.assertEqual(gateway.get("/", "X-Forwarded-For: 6.6.6.6").status, 200)
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"):
            self.assertNotIn(name, origin.requests[0].headers)

    def test_another_header_can_carry_the_request_id(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin, forwarding={"request_id_header": "X-Correlation"}))
        gateway.get("/", "X-Correlation: abc-1")
        self.assertEqual(origin.requests[0].headers["X-Correlation"], "abc-1")
        self.assertNotIn("X-Request-Id", origin.requests[0].headers)


class RequestIds(SharedGatewayTest):
    def test_a_sound_id_is_taken(self):
        self.connect().get("/", "X-Request-Id: abc-123._~+/=")
        self.assertEqual(self.seen.headers["X-Request-Id"], "abc-123._~+/=")

    def test_an_id_is_made_when_there_is_none_and_each_is_another(self):
        client = self.connect()
        client.get("/")
        client.get("/")
        ids = [request.headers["X-Request-Id"] for request in self.upstream.requests]
        self.assertEqual(len(set(ids)), 2)
        self.assertTrue(re.fullmatch(r"[0-9A-Za-z._~+/=-]{16,128}", ids[0]), ids[0])

    def test_an_unsound_id_is_replaced(self):
        for claim in ('"quoted"', "a b", "x" * 129, "a,b", "\xe9"):
            self.connect().get("/", f"X-Request-Id: {claim}")
            self.assertNotEqual(self.seen.headers["X-Request-Id"], claim)

    def test_two_ids_become_one(self):
        self.connect().get("/", "X-Request-Id: one", "X-Request-Id: two")
        self.assertEqual(len(self.seen.headers.all("X-Request-Id")), 1)


class HopByHop(SharedGatewayTest):
    def test_fields_of_the_clients_connection_stay_there(self):
        fields = [
            "Connection: keep-alive, X-Mine, TE",
            "Keep-Alive: timeout=5",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic x",
            "TE: gzip",
            "X-Mine: 1",
            "X-Yours: 2",
        ]
        self.assertEqual(self.connect().get("/", *fields).status, 200)
        for name in ("Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "X-Mine"):
            self.assertNotIn(name, self.seen.headers)
        self.assertNotIn("gzip", self.seen.headers.get("TE", ""))
        self.assertEqual(self.seen.headers["X-Yours"], "2")

    def test_an_upgrade_is_not_passed_on(self):
        fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"]
        self.assertEqual(self.connect().get("/", *fields).status, 200)
        for name in ("Upgrade", "HTTP2-Settings"):
            self.assertNotIn(name, self.seen.headers)

    def test_fields_of_the_origins_connection_stay_there(self):
        fields = ["Connection: X-Theirs, keep-alive", "Keep-Alive: timeout=5", "X-Theirs: 1", "X-Ours: 2", "Upgrade: h2c"]
        self.upstream.on("/a", lambda _: answer(b"x", headers=fields))
        headers = self.connect().get("/a").headers
        for name in ("Keep-Alive", "X-Theirs", "Upgrade"):
            self.assertNotIn(name, headers)
        self.assertEqual(headers["X-Ours"], "2")

    def test_repeated_fields_keep_their_number_and_order(self):
        self.upstream.on("/a", lambda _: answer(b"", headers=["Set-Cookie: a=1", "X-B: b", "Set-Cookie: c=2"]))
        headers = self.connect().get("/a", "Accept: a", "X-Z: z", "Accept: b").headers
        self.assertEqual(headers.all("Set-Cookie"), ["a=1", "c=2"])
        self.assertEqual(self.seen.headers.all("Accept"), ["a", "b"])

    def test_values_above_ascii_pass_unchanged(self):
        self.connect().get("/a", "X-Name: caf\xe9")
        self.assertEqual(self.seen.headers["X-Name"], "caf\xe9")


if __name__ == "__main__":
    main()
