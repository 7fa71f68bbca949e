"""Listeners: IPv4, IPv6, both at once, Unix sockets, several at once."""

import os
import socket
import tempfile

from harness import Client, GatewayTest, forward_all, main, proxy_to


class Families(GatewayTest):
    def listening(self, *addresses):
        listeners = [{"name": f"web{i}", "address": address} for i, address in enumerate(addresses)]
        self.upstream = self.origin()
        return self.gateway(proxy_to(self.upstream, listeners=listeners))

    def test_ipv6_is_served(self):
        gateway = self.listening("[::1]:0")
        self.assertEqual(gateway.get("/", listener="web0").status, 200)
        self.assertEqual(self.upstream.requests[0].headers["X-Forwarded-For"].strip("[]\""), "::1")

    def test_a_dual_stack_listener_is_reached_over_both_families(self):
        gateway = self.listening("[::]:0")
        port = gateway.address("web0")[1]
        for host, seen in (("127.0.0.1", "127.0.0.1"), ("::1", "::1")):
            with Client((host, port)) as client:
                self.assertEqual(client.get("/").status, 200)
            self.assertEqual(self.upstream.requests[-1].headers["X-Forwarded-For"].strip("[]\""), seen)

    def test_an_ipv4_listener_is_not_reached_over_ipv6(self):
        gateway = self.listening("127.0.0.1:0")
        with self.assertRaises(OSError):
            Client(("::1", gateway.address("web0")[1]))

    def test_several_listeners_serve_the_same_routes(self):
        gateway = self.listening("127.0.0.1:0", "[::1]:0", "127.0.0.1:0")
        for name in ("web0", "web1", "web2"):
            self.assertEqual(gateway.get("/", listener=name).status, 200)


class UnixSockets(GatewayTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-unix-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_a_unix_listener_is_served_and_leaves_no_file(self):
        path = self.path("web.sock")
        gateway = self.gateway(proxy_to(self.origin(), listeners=[{"name": "web", "address": "unix:" + path}]))
        with gateway.client() as client:
            self.assertEqual([client.get("/").status for _ in range(3)], [200] * 3)
        self.assertEqual(gateway.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_a_socket_file_left_behind_by_a_dead_process_does_not_hinder(self):
        path = self.path("web.sock")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        gateway = self.gateway(proxy_to(self.origin(), listeners=[{"name": "web", "address": "unix:" + path}]))
        self.assertEqual(gateway.get("/").status, 200)

    def test_a_socket_in_use_is_not_taken_away(self):
        path = self.path("web.sock")
        settings = proxy_to(self.origin(), listeners=[{"name": "web", "address": "unix:" + path}])
        first = self.gateway(settings)
        second = self.gateway(settings, wait=False)
        self.assertEqual(second.wait(), 4)
        self.assertEqual(first.get("/").status, 200)

    def test_a_unix_listener_may_get_another_name_by_a_reload(self):
        address = "unix:" + self.path("web.sock")
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin, listeners=[{"name": "web", "address": address}]))
        entry = gateway.reload(proxy_to(origin, listeners=[{"name": "other", "address": address}]))
        self.assertEqual(entry["message"], "reloaded", gateway.log_text())
        self.assertEqual([one["name"] for one in gateway.status()["listeners"]], ["admin", "other"])

    def test_the_host_of_a_unix_upstream_is_no_path(self):
        origin = self.origin(path=self.path("origin.sock"))
        gateway = self.gateway(forward_all(None, {"host": "endpoint"}, origin))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(origin.requests[0].headers["Host"], "localhost")

    def test_a_unix_upstream_is_proxied_to(self):
        origin = self.origin(path=self.path("origin.sock"))
        gateway = self.gateway(proxy_to(origin))
        with gateway.client() as client:
            self.assertEqual(client.post("/a", b"body").status, 200)
            self.assertEqual(client.get("/b").status, 200)
        self.assertEqual((origin.requests[0].body, origin.accepted), (b"body", 1))

    def test_a_unix_upstream_that_is_missing_is_502(self):
        gateway = self.gateway(proxy_to("unix:" + self.path("nothing.sock")))
        self.assertEqual(gateway.get("/").status, 502)

    def test_an_ipv6_upstream_is_proxied_to(self):
        origin = self.origin(family=socket.AF_INET6)
        self.assertEqual(self.gateway(proxy_to(origin)).get("/").status, 200)


if __name__ == "__main__":
    main()
