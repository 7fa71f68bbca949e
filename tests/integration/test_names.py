"""Endpoints by name, against a real DNS server: Debian's dnsmasq on a port of the loopback interface."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections import Counter

from harness import GatewayTest, PATIENCE, TimedOut, answer, config, is_wine, main, request_bytes, route, wait_until

#: Answers come from here alone: no other server is asked, no file of the machine's is read.
DNS_CONFIG = """
no-resolv
no-hosts
local=/test/
port={port}
listen-address=127.0.0.1
bind-interfaces
addn-hosts={folder}/hosts
local-ttl=0
"""

UNKNOWN = "a name can't be looked up"
KNOWN_AGAIN = "a name can be looked up again"


def find_dnsmasq():
    """dnsmasq may lie where only root looks."""
    path = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin:/usr/local/sbin")
    if not path:
        raise RuntimeError("dnsmasq is missing: ./dev installs it (Debian: dnsmasq-base)")
    return path


def free_dns_port():
    """A port that is free for TCP as well as for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class DnsServer:
    """dnsmasq with a hosts file of the test's own, and lines of its configuration. Below ".test" all else is NXDOMAIN."""

    def __init__(self, hosts=(), lines=()):
        self.folder = tempfile.mkdtemp(prefix="sluice-dns-")
        os.chmod(self.folder, 0o755)
        self.port = free_dns_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        self.write_hosts(hosts)
        self.start(lines)

    def write_hosts(self, hosts):
        """`hosts` holds pairs of a name and an address."""
        with open(os.path.join(self.folder, "hosts"), "w", encoding="ascii") as out:
            out.writelines(f"{address} {name}\n" for name, address in hosts)

    def start(self, lines=()):
        file = os.path.join(self.folder, "dnsmasq.conf")
        with open(file, "w", encoding="ascii") as out:
            out.write(DNS_CONFIG.format(port=self.port, folder=self.folder) + "".join(line + "\n" for line in lines))
        self.output = open(os.path.join(self.folder, "output"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([find_dnsmasq(), "--no-daemon", f"--conf-file={file}"], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT)
        wait_until(self.is_up, "dnsmasq to answer")

    def is_up(self):
        if self.process.poll() is not None:
            self.output.seek(0)
            raise AssertionError(f"dnsmasq ended with {self.process.returncode}: {self.output.read()}")
        question = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + encode_name("up.test") + b"\0\1\0\1"
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            sock.connect(("127.0.0.1", self.port))
            try:
                sock.send(question)
                return sock.recv(512)[:2] == b"\x12\x34"
            except OSError:
                return False

    def change(self, hosts):
        """New addresses, from now on."""
        self.write_hosts(hosts)
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Stops answering; `start` goes on at the same port."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.output.close()
            self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class SilentServer:
    """Takes questions at a DNS server's port, counts them, and answers none."""

    def __init__(self, port):
        self.count = 0
        self.sock = socket.socket(type=socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.sock.settimeout(0.1)
        self.is_stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_stopping:
            try:
                self.sock.recv(2048)
                self.count += 1
            except TimeoutError:
                pass

    def stop(self):
        self.is_stopping = True
        self.thread.join(PATIENCE)
        self.sock.close()


class NamesTest(GatewayTest):
    def dns(self, hosts=(), lines=()):
        server = DnsServer(hosts, lines)
        self.addCleanup(server.end)
        return server

    def origins(self, *hosts):
        """Origins at these addresses, all on one port, each of which answers with its address."""
        for _ in range(20):
            found = []
            try:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    found.append(self.origin(host=host, family=family, port=found[0].port if found else 0))
            except OSError:
                # Another program has the port at one of the addresses.
                continue
            for host, origin in zip(hosts, found):
                origin.otherwise = lambda request, host=host: answer(host.encode())
            self.port = found[0].port
            return found
        raise AssertionError(f"no port is free at all of {hosts}")

    def before(self, dns, *endpoints, cluster=None, resolver=None, **settings):
        """A gateway before endpoints of these names (texts with a port, or whole objects)."""
        lookups = {"servers": [dns.address], "interval": "200ms", "min_interval": "100ms", "timeout": "300ms", "tries": 2}
        objects = [one if isinstance(one, dict) else {"address": one} for one in endpoints]
        one = {"name": "origin", "endpoints": objects, **(cluster or {})}
        return self.gateway(config([route("/*rest", cluster="origin")], [one], resolver={**lookups, **(resolver or {})}, **settings))

    def answers(self, gateway, count):
        """Who answered so many requests, each of which must be answered with 200."""
        found = Counter()
        with gateway.client() as client:
            for _ in range(count):
                response = client.get("/")
                self.assertEqual(response.status, 200, response.text)
                found[response.text] += 1
        return found

    def wait_members(self, gateway, *addresses):
        """Waits until the cluster has just these addresses, without ports."""
        wanted = sorted(addresses)

        def has_them():
            members = gateway.cluster_status()["members"]
            return sorted(member["address"].rpartition(":")[0].strip("[]") for member in members) == wanted

        wait_until(has_them, f"the members {wanted}")

    def messages(self, gateway, message, **values):
        """The log's lines with that message and these values."""
        return [entry for entry in gateway.log if entry["message"] == message
                and all(entry.get(key) == value for key, value in values.items())]


class Addresses(NamesTest):
    def test_every_address_of_a_name_gets_its_share(self):
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1")
        self.origins(*hosts)
        gateway = self.before(self.dns([("web.test", host) for host in hosts]), f"web.test:{self.port}")
        self.assertEqual(self.answers(gateway, 40), dict.fromkeys(hosts, 10))

    def test_a_name_with_ipv6_alone_is_served(self):
        self.origins("::1")
        gateway = self.before(self.dns([("six.test", "::1")]), f"six.test:{self.port}")
        self.assertEqual(self.answers(gateway, 3), {"::1": 3})

    def test_two_names_and_an_address_share_by_their_weights(self):
        self.origins("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
        dns = self.dns([("one.test", "127.0.0.1"), ("two.test", "127.0.0.2"), ("two.test", "127.0.0.3")])
        gateway = self.before(dns, {"address": f"one.test:{self.port}", "weight": 3}, f"two.test:{self.port}",
                              f"127.0.0.4:{self.port}")
        self.assertEqual(self.answers(gateway, 60), {"127.0.0.1": 30, "127.0.0.2": 10, "127.0.0.3": 10, "127.0.0.4": 10})

    def test_an_alias_is_followed(self):
        self.origins("127.0.0.2")
        gateway = self.before(self.dns([("web.test", "127.0.0.2")], ["cname=alias.test,web.test"]), f"alias.test:{self.port}")
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.2": 3})

    def test_more_addresses_than_a_datagram_holds_are_all_found(self):
        hosts = [f"127.0.1.{i}" for i in range(1, 101)]
        gateway = self.before(self.dns([("large.test", host) for host in hosts]), "large.test:80")
        self.wait_members(gateway, *hosts)

    def test_the_host_is_the_name_where_the_route_asks_for_the_endpoints(self):
        origin, = self.origins("127.0.0.1")
        dns = self.dns([("web.test", "127.0.0.1")])
        cluster = {"name": "origin", "endpoints": [{"address": f"web.test:{self.port}"}]}
        gateway = self.gateway(config([route("/*rest", cluster="origin", host="endpoint")], [cluster],
                                      resolver={"servers": [dns.address]}))
        self.assertEqual(gateway.get("/").status, 200)
        self.assertEqual(origin.requests[-1].headers["Host"], f"web.test:{self.port}")

    def test_status_tells_the_name_of_an_address(self):
        self.origins("127.0.0.1")
        gateway = self.before(self.dns([("web.test", "127.0.0.1")]), f"web.test:{self.port}")
        member, = gateway.cluster_status()["members"]
        self.assertEqual((member["address"], member["endpoint"]), (f"127.0.0.1:{self.port}", f"web.test:{self.port}"))

    def test_an_address_that_refuses_is_passed_over(self):
        self.origins("127.0.0.1")
        gateway = self.before(self.dns([("web.test", "127.0.0.1"), ("web.test", "127.0.0.2")]), f"web.test:{self.port}")
        self.assertEqual(self.answers(gateway, 20), {"127.0.0.1": 20})

    def test_localhost_is_known_by_the_systems_own_resolver(self):
        self.origins("127.0.0.1")
        gateway = self.gateway(config([route("/*rest", cluster="origin")],
                                      [{"name": "origin", "endpoints": [{"address": f"localhost:{self.port}"}]}]))
        self.assertEqual(self.answers(gateway, 5), {"127.0.0.1": 5})


class Changes(NamesTest):
    def test_an_address_that_is_added_gets_its_share(self):
        self.origins("127.0.0.1", "127.0.0.2", "::1")
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"web.test:{self.port}", workers=2)
        self.assertEqual(self.answers(gateway, 5), {"127.0.0.1": 5})
        dns.change([("web.test", host) for host in ("127.0.0.1", "127.0.0.2", "::1")])
        self.wait_members(gateway, "127.0.0.1", "127.0.0.2", "::1")
        self.assertEqual(self.answers(gateway, 30), {"127.0.0.1": 10, "127.0.0.2": 10, "::1": 10})

    def test_an_address_that_is_removed_gets_no_more(self):
        origins = self.origins("127.0.0.1", "127.0.0.2")
        dns = self.dns([("web.test", "127.0.0.1"), ("web.test", "127.0.0.2")])
        gateway = self.before(dns, f"web.test:{self.port}")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "127.0.0.2": 5})
        dns.change([("web.test", "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.2")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.2": 10})
        wait_until(lambda: gateway.metric_sum("sluice_upstream_connections_active", endpoint=origins[0].address) == 0,
                   "its connections to be let go")

    def test_idle_connections_to_a_removed_address_are_closed(self):
        first, _ = self.origins("127.0.0.1", "127.0.0.2")
        closed = threading.Event()

        def serve(connection):
            first.serve_paths(connection)
            closed.set()

        first.script = [serve]
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"web.test:{self.port}")
        self.answers(gateway, 1)
        dns.change([("web.test", "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.2")
        self.answers(gateway, 5)
        self.assertTrue(closed.wait(PATIENCE), "the connection to 127.0.0.1 stays open")

    def test_a_request_under_way_finishes_at_an_address_that_is_removed(self):
        first, _ = self.origins("127.0.0.1", "127.0.0.2")
        told = threading.Event()
        self.addCleanup(told.set)

        def hold(request):
            told.wait(PATIENCE)
            return answer(b"finished")

        first.on("/held", hold)
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"web.test:{self.port}")
        client = self.client(gateway).send(request_bytes("GET", "/held"))
        first.wait_requests(1)
        dns.change([("web.test", "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.2")
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.2": 3})
        told.set()
        self.assertEqual(client.response().body, b"finished")

    def test_no_request_fails_while_addresses_come_and_go(self):
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        self.origins(*hosts)
        dns = self.dns([("web.test", host) for host in hosts])
        gateway = self.before(dns, f"web.test:{self.port}", workers=2)
        failures = []
        is_over = threading.Event()

        def load():
            try:
                while not is_over.is_set():
                    self.answers(gateway, 50)
            except Exception as failure:
                failures.append(repr(failure))

        threads = [threading.Thread(target=load, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for left in (hosts[:1], hosts[1:], hosts, hosts[2:], hosts[:2]):
            dns.change([("web.test", host) for host in left])
            self.wait_members(gateway, *left)
        is_over.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(failures, [])

    def test_new_addresses_are_checked(self):
        first, second = self.origins("127.0.0.1", "127.0.0.2")
        second.on("/health", lambda request: answer(b"", "500 Internal Server Error"))
        dns = self.dns([("web.test", "127.0.0.1")])
        check = {"path": "/health", "interval": "200ms", "timeout": "200ms", "unhealthy": 1}
        gateway = self.before(dns, f"web.test:{self.port}", cluster={"health_check": check})
        wait_until(lambda: gateway.member(first)["health"] == "up", "the first to be well")
        dns.change([("web.test", "127.0.0.1"), ("web.test", "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.1", "127.0.0.2")
        wait_until(lambda: gateway.member(second)["health"] == "down", "the second to be found ill")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 10})

    def test_changes_of_addresses_are_in_the_log(self):
        self.origins("127.0.0.1", "127.0.0.2")
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"web.test:{self.port}")
        dns.change([("web.test", "127.0.0.1"), ("web.test", "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.1", "127.0.0.2")
        wait_until(lambda: self.messages(gateway, "a name has new addresses", cluster="origin", name="web.test", addresses="2"),
                   "the line in the log")


class ServiceRecords(NamesTest):
    SERVICE = {"srv": "_http._tcp.shop.test"}

    def record(self, origin, priority, weight):
        """An SRV record for an origin, whose address has a name of its own: ("line", ("name", "address"))."""
        host = origin.address.rpartition(":")[0].strip("[]")
        name = f"host{host.replace('.', '-').replace(':', 'x')}.test"
        return f"srv-host=_http._tcp.shop.test,{name},{origin.port},{priority},{weight}", (name, host)

    def service(self, *records):
        return self.dns([host for _, host in records], [line for line, _ in records])

    def separate(self, *hosts):
        """Origins on ports of their own."""
        found = []
        for host in hosts:
            found += self.origins(host)
        return found

    def test_ports_and_weights_of_the_records_count(self):
        first, second, third = self.separate("127.0.0.1", "127.0.0.2", "::1")
        dns = self.service(self.record(first, 10, 3), self.record(second, 10, 1), self.record(third, 10, 2))
        gateway = self.before(dns, self.SERVICE)
        self.assertEqual(self.answers(gateway, 60), {"127.0.0.1": 30, "127.0.0.2": 10, "::1": 20})

    def test_a_higher_priority_number_is_a_backup(self):
        first, second = self.separate("127.0.0.1", "127.0.0.2")
        gateway = self.before(self.service(self.record(first, 5, 1), self.record(second, 900, 1)), self.SERVICE)
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 10})
        first.stop()
        # Failed connects take the first out; until then a request may be refused.
        wait_until(lambda: gateway.get("/").text == "127.0.0.2", "the backup to be used")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.2": 10})

    def test_the_same_host_on_two_ports_is_two_endpoints(self):
        first, second = self.separate("127.0.0.1", "127.0.0.1")
        second.otherwise = lambda request: answer(b"second")
        gateway = self.before(self.service(self.record(first, 0, 1), self.record(second, 0, 1)), self.SERVICE)
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "second": 5})

    def test_an_address_of_a_records_host_is_followed(self):
        first, = self.separate("127.0.0.1")
        second = self.origin(host="127.0.0.2", port=first.port)
        second.otherwise = lambda request: answer(b"127.0.0.2")
        line, (name, _) = self.record(first, 0, 0)
        dns = self.dns([(name, "127.0.0.1")], [line])
        gateway = self.before(dns, self.SERVICE)
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.1": 3})
        dns.change([(name, "127.0.0.2")])
        self.wait_members(gateway, "127.0.0.2")
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.2": 3})

    def test_changed_records_are_followed(self):
        first, second = self.separate("127.0.0.1", "127.0.0.2")
        records = [self.record(first, 0, 1), self.record(second, 0, 1)]
        dns = self.service(*records)
        gateway = self.before(dns, self.SERVICE)
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "127.0.0.2": 5})
        dns.stop()
        dns.start([records[1][0]])
        self.wait_members(gateway, "127.0.0.2")
        self.assertEqual(self.answers(gateway, 4), {"127.0.0.2": 4})
        dns.stop()
        dns.start([self.record(first, 0, 4)[0], records[1][0]])
        self.wait_members(gateway, "127.0.0.1", "127.0.0.2")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 8, "127.0.0.2": 2})

    def test_a_record_whose_host_is_unknown_does_not_harm_the_others(self):
        first, = self.separate("127.0.0.1")
        line, host = self.record(first, 0, 1)
        dns = self.dns([host], [line, "srv-host=_http._tcp.shop.test,nobody.test,80,0,1"])
        gateway = self.before(dns, self.SERVICE)
        self.assertEqual(self.answers(gateway, 4), {"127.0.0.1": 4})


class Failures(NamesTest):
    def test_an_unknown_name_is_a_warning_and_503_until_it_is_known(self):
        self.origins("127.0.0.2")
        dns = self.dns()
        gateway = self.before(dns, f"late.test:{self.port}")
        response = gateway.get("/")
        self.assertEqual(response.status, 503)
        self.assertNotIn("late.test", response.text)
        warning, = self.messages(gateway, UNKNOWN, level="warn")
        self.assertEqual((warning["cluster"], warning["name"]), ("origin", "late.test"))
        self.assertTrue(warning["reason"])
        dns.change([("late.test", "127.0.0.2")])
        wait_until(lambda: gateway.get("/").status == 200, "the name to be known")
        wait_until(lambda: self.messages(gateway, KNOWN_AGAIN, name="late.test"), "the line in the log")
        self.assertEqual(len(self.messages(gateway, UNKNOWN)), 1)

    def test_an_unknown_service_is_a_warning_and_503(self):
        gateway = self.before(self.dns(), {"srv": "_http._tcp.none.test"})
        self.assertEqual(gateway.get("/").status, 503)
        warning, = self.messages(gateway, UNKNOWN, level="warn")
        self.assertEqual(warning["name"], "_http._tcp.none.test")

    def test_an_unknown_name_does_not_harm_the_endpoints_beside_it(self):
        self.origins("127.0.0.1", "127.0.0.2")
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"none.test:{self.port}", f"web.test:{self.port}", f"127.0.0.2:{self.port}")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "127.0.0.2": 5})

    def test_other_routes_are_served_while_a_name_is_unknown(self):
        dns = self.dns()
        routes = [route("/here", respond={"body": "here"}), route("/*rest", cluster="origin")]
        clusters = [{"name": "origin", "endpoints": [{"address": "none.test:80"}]}]
        gateway = self.gateway(config(routes, clusters, resolver={"servers": [dns.address], "timeout": "300ms"}))
        self.assertEqual([gateway.get("/here").text, gateway.get("/").status], ["here", 503])

    def test_a_name_that_is_taken_away_keeps_its_last_addresses(self):
        self.origins("127.0.0.1")
        dns = self.dns([("web.test", "127.0.0.1")])
        gateway = self.before(dns, f"web.test:{self.port}")
        dns.change([])
        wait_until(lambda: self.messages(gateway, UNKNOWN, name="web.test"), "the warning")
        self.assertEqual(self.answers(gateway, 5), {"127.0.0.1": 5})

    def test_a_server_that_is_killed_leaves_the_last_addresses_in_use(self):
        self.origins("127.0.0.1", "127.0.0.2", "127.0.0.3")
        dns = self.dns([("web.test", "127.0.0.1"), ("web.test", "127.0.0.2")])
        gateway = self.before(dns, f"web.test:{self.port}", resolver={"timeout": "100ms", "tries": 1})
        dns.stop()
        wait_until(lambda: self.messages(gateway, UNKNOWN, level="warn", name="web.test"), "the warning")
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "127.0.0.2": 5})
        # Many more lookups, all in vain, say nothing new.
        silent = SilentServer(dns.port)
        try:
            wait_until(lambda: silent.count >= 10, "ten more questions")
        finally:
            silent.stop()
        self.assertEqual(self.answers(gateway, 10), {"127.0.0.1": 5, "127.0.0.2": 5})
        self.assertEqual(len(self.messages(gateway, UNKNOWN)), 1)
        dns.write_hosts([("web.test", "127.0.0.3")])
        dns.start()
        self.wait_members(gateway, "127.0.0.3")
        self.assertEqual(len(self.messages(gateway, KNOWN_AGAIN, name="web.test")), 1)
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.3": 3})

    def test_the_second_server_is_asked_when_the_first_does_not_answer(self):
        self.origins("127.0.0.1")
        dns = self.dns([("web.test", "127.0.0.1")])
        silent = SilentServer(free_dns_port())
        self.addCleanup(silent.stop)
        servers = [f"127.0.0.1:{silent.sock.getsockname()[1]}", dns.address]
        gateway = self.before(dns, f"web.test:{self.port}", resolver={"servers": servers, "timeout": "100ms"})
        self.assertEqual(self.answers(gateway, 3), {"127.0.0.1": 3})

    def test_a_silent_server_holds_up_neither_the_start_nor_the_stop_for_long(self):
        silent = SilentServer(free_dns_port())
        self.addCleanup(silent.stop)
        server = f"127.0.0.1:{silent.sock.getsockname()[1]}"
        cluster = {"name": "origin", "endpoints": [{"address": "web.test:80"}]}
        # Each try takes an hour; the start waits for none of them longer than a few seconds.
        gateway = self.gateway(config([route("/*rest", cluster="origin")], [cluster],
                                      resolver={"servers": [server], "timeout": "1h"}))
        self.assertGreaterEqual(silent.count, 1)
        self.assertEqual(gateway.get("/").status, 503)
        self.assertEqual(gateway.stop(seconds=15), 0)


def load_tests(loader, tests, _):
    """dnsmasq and loopback addresses such as 127.0.0.2 belong to Linux."""
    if is_wine():
        raise TimedOut("test_names does not run under Wine")
    return tests


if __name__ == "__main__":
    main()
