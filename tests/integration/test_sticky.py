"""Sticky cookies: a client returns to the endpoint that it had, and cannot choose one itself."""

from harness import GatewayTest, endpoint, forward_all, main, quick_check, wait_until

SECRET = "a secret of the tests"


class StickyTest(GatewayTest):
    def sticky(self, origins, sticky=None, **cluster_settings):
        settings = {"sticky": {"secret": SECRET, **(sticky or {})}, **cluster_settings}
        return self.gateway(forward_all(settings, None, *origins))

    def meet(self, gateway, name="sluice"):
        """A new client: the endpoint that it got, and its cookie as "name=value"."""
        response = gateway.get("/")
        self.assertEqual(response.status, 200, response)
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        self.assertTrue(cookie.startswith(name + "="), cookie)
        return response.text, cookie

    def meet_all(self, gateway, count):
        """A cookie for each of so many endpoints, by their names."""
        cookies = {}
        while len(cookies) < count:
            name, cookie = self.meet(gateway)
            cookies[name] = cookie
        return cookies

    def names(self, gateway, cookie, count=6):
        with gateway.client() as client:
            return {client.get("/", f"Cookie: {cookie}").text for _ in range(count)}


class Sticky(StickyTest):
    def test_a_client_returns_to_its_endpoint(self):
        gateway = self.sticky(self.named_origins(3))
        cookies = self.meet_all(gateway, 3)
        for name, cookie in cookies.items():
            self.assertEqual(self.names(gateway, cookie), {name})
            self.assertEqual(self.names(gateway, f"other=1; {cookie}; last=2"), {name})

    def test_a_client_that_has_the_cookie_gets_no_other(self):
        gateway = self.sticky(self.named_origins(2))
        _, cookie = self.meet(gateway)
        self.assertNotIn("Set-Cookie", gateway.get("/", f"Cookie: {cookie}").headers)

    def test_the_upstreams_own_cookies_stay(self):
        (origin,) = origins = self.named_origins(1)
        origin.otherwise = lambda _: b"HTTP/1.1 200 OK\r\nSet-Cookie: own=1\r\nContent-Length: 0\r\n\r\n"
        cookies = self.sticky(origins).get("/").headers.all("Set-Cookie")
        self.assertEqual([cookie.partition("=")[0] for cookie in cookies].count("own"), 1)
        self.assertEqual(len(cookies), 2)

    def test_the_cookie_is_as_configured(self):
        origins = self.named_origins(1)
        settings = {"cookie": "place", "path": "/shop", "max_age": "1h", "secure": True}
        cookie = self.sticky(origins, settings).get("/").headers["Set-Cookie"]
        parts = [part.strip().lower() for part in cookie.split(";")]
        self.assertTrue(parts[0].startswith("place="))
        for part in ("path=/shop", "max-age=3600", "secure", "httponly"):
            self.assertIn(part, parts)
        plain = self.sticky(origins).get("/").headers["Set-Cookie"].lower()
        self.assertIn("path=/", plain)
        self.assertNotIn("max-age", plain)
        self.assertNotIn("secure", plain.replace("sluice", ""))

    def test_the_cookie_does_not_tell_the_address(self):
        origins = self.named_origins(1)
        cookie = self.sticky(origins).get("/").headers["Set-Cookie"]
        self.assertNotIn(str(origins[0].port), cookie.partition(";")[0])
        self.assertNotIn("127.0.0.1", cookie)

    def test_it_works_with_every_balancer(self):
        for balance in ("round_robin", "least_request", "random", "hash"):
            with self.subTest(balance):
                gateway = self.sticky(self.named_origins(2), balance=balance)
                name, cookie = self.meet(gateway)
                self.assertEqual(self.names(gateway, cookie), {name})


class Forged(StickyTest):
    def expect_ignored(self, gateway, cookie):
        """With two endpoints in turn a cookie that counted would lead to one of them alone."""
        self.assertEqual(self.names(gateway, cookie), {"a", "b"}, cookie)
        self.assertIn("Set-Cookie", gateway.get("/", f"Cookie: {cookie}").headers)

    def test_a_cookie_with_any_character_changed_is_ignored(self):
        gateway = self.sticky(self.named_origins(2))
        _, cookie = self.meet(gateway)
        name, _, value = cookie.partition("=")
        for place in range(0, len(value), 3):
            other = "A" if value[place] != "A" else "B"
            self.expect_ignored(gateway, f"{name}={value[:place]}{other}{value[place + 1:]}")

    def test_garbled_cookies_are_ignored(self):
        gateway = self.sticky(self.named_origins(2))
        _, cookie = self.meet(gateway)
        value = cookie.partition("=")[2]
        shapes = ("", "x", "=", "%00%ff", '"' + "=" * 9, "9" * 4000, "a", "1.1", ".", "-")
        garbled = (*shapes, value[:-1], value + "0", value * 2)
        for one in garbled:
            with self.subTest(one[:40]):
                self.expect_ignored(gateway, f"sluice={one}")

    def test_the_cookie_of_another_secret_is_ignored(self):
        origins = self.named_origins(2)
        _, cookie = self.meet(self.sticky(origins, {"secret": "quite another secret"}))
        self.expect_ignored(self.sticky(origins), cookie)

    def test_without_a_secret_a_cookie_lasts_as_long_as_the_gateway(self):
        origins = self.named_origins(2)
        settings = {"sticky": {}}
        first, second = (self.gateway(forward_all(settings, None, *origins)) for _ in range(2))
        name, cookie = self.meet(first)
        self.assertEqual(self.names(first, cookie), {name})
        self.expect_ignored(second, cookie)


class Elsewhere(StickyTest):
    def test_gateways_with_the_same_secret_share_clients(self):
        origins = self.named_origins(3)
        name, cookie = self.meet(self.sticky(origins))
        self.assertEqual(self.names(self.sticky(list(reversed(origins))), cookie), {name})

    def test_an_endpoint_that_drains_keeps_its_clients_and_gets_no_new_ones(self):
        origins = self.named_origins(2)
        cookies = self.meet_all(self.sticky(origins), 2)
        draining = self.sticky(origins, endpoints=[endpoint(origins[0], drain=True), endpoint(origins[1])])
        self.assertEqual(self.names(draining, cookies["a"]), {"a"})
        self.assertEqual(self.names(draining, cookies["b"]), {"b"})
        self.assertEqual({self.meet(draining)[0] for _ in range(10)}, {"b"})

    def test_the_client_of_an_endpoint_that_is_down_gets_another_and_its_cookie(self):
        origins = self.named_origins(2)
        gateway = self.sticky(origins, health_check=quick_check(type="tcp"))
        cookies = self.meet_all(gateway, 2)
        origins[0].stop()
        wait_until(lambda: gateway.member(origins[0])["health"] == "down", "the endpoint to be down")
        response = gateway.get("/", f"Cookie: {cookies['a']}")
        self.assertEqual((response.status, response.text), (200, "b"))
        self.assertEqual(self.names(gateway, response.headers["Set-Cookie"].partition(";")[0]), {"b"})

    def test_a_request_that_finds_its_endpoint_gone_is_tried_at_another(self):
        origins = self.named_origins(2)
        gateway = self.sticky(origins)
        cookies = self.meet_all(gateway, 2)
        origins[0].stop()
        response = gateway.get("/", f"Cookie: {cookies['a']}")
        self.assertEqual((response.status, response.text), (200, "b"))
        self.assertIn("Set-Cookie", response.headers)


if __name__ == "__main__":
    main()
