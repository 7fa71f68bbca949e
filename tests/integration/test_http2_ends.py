"""How HTTP/2 connections come to an end, and what is seen of them from outside: errors, logs, metrics, reloads, stops, upgrades."""

import json
import os
import signal
import tempfile
import threading

from harness import GatewayTest, answer, cluster, config, held, main, proxy_to, route, wait_until
from http2_client import Http2Client
from test_upgrade import UPGRADED, Upgrading, adopt_orphans

LAST = 2**31 - 1


class EndsTest(GatewayTest):
    def connect(self, gateway, **options):
        client = Http2Client(gateway.address(), **options)
        self.addCleanup(client.close)
        return client


class Upstreams(EndsTest):
    def test_an_upstream_that_dies_in_its_answer_does_not_look_whole(self):
        for head in (b"Content-Length: 100\r\n\r\npart", b"Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"):
            with self.subTest(head):
                origin = self.origin()
                origin.on("/dies", lambda request: request.connection.send(b"HTTP/1.1 200 OK\r\n" + head))
                client = self.connect(self.gateway(proxy_to(origin)))
                response = client.get("/dies")
                self.assertEqual((response.status, response.text, response.is_complete), (200, "part", False))
                self.assertNotIn(response.reset, (None, 0))
                self.assertEqual(client.get("/").status, 200)

    def test_errors_of_the_gateway_have_a_body(self):
        origin = self.origin()
        never = threading.Event()
        origin.on("/slow", held(never))
        routes = [route("/dead", cluster="dead"), route("/slow", cluster="slow", timeout="300ms"), route("/gone", respond={"status": 410})]
        gateway = self.gateway(config(routes, [cluster("dead", "127.0.0.1:1"), cluster("slow", origin)]))
        client = self.connect(gateway)
        for path, status in (("/dead", 502), ("/slow", 504), ("/gone", 410), ("/unknown", 404)):
            response = client.get(path)
            self.assertEqual((response.status, response.is_complete), (status, True), response)
            self.assertEqual(len(response.body), int(response.headers["content-length"]))
        self.assertGreater(len(client.get("/dead").body), 0)

    def test_a_request_is_repeated_at_another_endpoint(self):
        dead, alive = self.origin(), self.origin()
        dead.stop()
        gateway = self.gateway(proxy_to(dead, alive))
        client = self.connect(gateway)
        self.assertEqual([client.get("/").status for _ in range(10)], [200] * 10)

    def test_an_answer_before_the_body_is_whole_ends_the_request(self):
        origin = self.origin()

        def early(request):
            return answer(b"", "204 No Content").replace(b"Content-Length: 0\r\n", b"")

        early.reads_body = False
        origin.on("/early", early)
        gateway = self.gateway(proxy_to(origin))
        client = self.connect(gateway)
        for _ in range(5):
            stream = client.begin("POST", "/early", has_body=True)
            client.wait_status(stream)
            response = client.streams[stream]
            client.wait(lambda: response.reset is not None, "the reset of the rest")
            self.assertEqual((response.status, response.is_complete, response.reset), (204, True, 0))
        self.assertEqual(client.get("/").status, 200)


    def test_a_head_of_a_hundred_kilobytes_arrives_where_limits_allow_it(self):
        origin = self.origin()
        origin.on("/", lambda request: answer(b"ok", headers=[f"X-{number}: {'v' * 4000}" for number in range(30)]))
        gateway = self.gateway(proxy_to(origin, limits={"header_bytes": 262144}))
        response = self.connect(gateway).get("/")
        self.assertEqual((response.status, response.headers["x-29"]), (200, "v" * 4000))


class Seen(EndsTest):
    def test_the_access_log_and_the_metrics_know_each_request(self):
        with tempfile.TemporaryDirectory(prefix="sluice-log-") as folder:
            file = os.path.join(folder, "access.log")
            origin = self.origin()
            gateway = self.gateway(config([route("/a", name="a", cluster="origin"), route("/p", name="p", respond={"status": 200})],
                                          [cluster("origin", origin)], log={"access": file}))
            client = self.connect(gateway)
            client.request("POST", "/a?b", body=b"12345")
            client.get("/p")
            client.response(client.request_fields([(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", "/"), ("host", "no")]))
            client.get("/none")

            def read():
                with open(file, "rb") as log:
                    return log.read()

            wait_until(lambda: os.path.exists(file) and read().count(b"\n") == 4, "four lines")
            lines = [json.loads(line) for line in read().splitlines()]
        expected = {"client": "127.0.0.1", "method": "POST", "path": "/a?b", "host": "test", "status": 200, "route": "a", "cluster": "origin"}
        self.assertEqual({key: lines[0].get(key) for key in expected}, expected)
        self.assertEqual([line["status"] for line in lines], [200, 200, 400, 404])
        self.assertEqual(gateway.metric_sum("sluice_requests_total", route="a"), 1)
        self.assertEqual(gateway.metric_sum("sluice_refused_total"), 1)
        self.assertEqual(gateway.metric_sum("sluice_connections_active"), 1)
        client.close()
        wait_until(lambda: gateway.metric_sum("sluice_connections_active") == 0, "the connection's end")


class Reloads(EndsTest):
    def test_a_running_stream_outlives_a_reload_and_new_ones_follow_it(self):
        first, second = self.named_origins(2)
        go_on = threading.Event()
        first.on("/held", held(go_on, "old"))
        gateway = self.gateway(proxy_to(first))
        client = self.connect(gateway)
        stream = client.begin("GET", "/held")
        first.wait_requests(1)
        gateway.reload(proxy_to(second))
        self.assertEqual(client.get("/").text, "b")
        go_on.set()
        self.assertEqual(client.response(stream).text, "old")

    def test_a_listener_that_goes_says_so(self):
        origin = self.origin()
        listeners = [{"name": "web", "address": "127.0.0.1:0"}, {"name": "other", "address": "127.0.0.1:0"}]
        gateway = self.gateway(proxy_to(origin, listeners=listeners))
        client = Http2Client(gateway.address("other"))
        self.addCleanup(client.close)
        client.get("/")
        gateway.reload(proxy_to(origin, listeners=listeners[:1]))
        client.wait_goaway()
        self.assertEqual(client.goaways, [(LAST, 0), (1, 0)])


class Requests(EndsTest):
    def test_a_connection_ends_after_its_requests(self):
        gateway = self.gateway(proxy_to(self.origin(), limits={"requests_per_connection": 3}))
        client = self.connect(gateway)
        for _ in range(3):
            self.assertEqual((client.get("/").status, client.goaways[1:]), (200, []))
        client.wait_goaway()
        self.assertEqual(client.goaways, [(LAST, 0), (5, 0)])


class Stops(EndsTest):
    def setUp(self):
        self.upstream = self.origin()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.upstream.on("/held", held(self.go_on))
        self.sluice = self.gateway(proxy_to(self.upstream))

    def test_a_stop_says_goaway_twice_and_serves_what_is_between(self):
        client = self.connect(self.sluice)
        running = client.begin("GET", "/held")
        self.upstream.wait_requests(1)
        self.sluice.send_signal(signal.SIGTERM)
        client.wait(lambda: client.goaways, "the first GOAWAY")
        self.assertEqual(client.goaways, [(LAST, 0)])
        self.assertEqual(client.get("/between").status, 200)
        client.wait(lambda: len(client.goaways) == 2, "the second GOAWAY")
        self.assertEqual(client.goaways[1], (3, 0))
        late = client.begin("GET", "/late")
        self.go_on.set()
        self.assertEqual(client.response(running).text, "held")
        client.wait_goaway()
        self.assertIsNone(client.streams[late].status)
        self.assertEqual(self.sluice.wait(), 0)
        self.assertEqual([request.target for request in self.upstream.requests], ["/held", "/between"])

    def test_an_upload_and_a_download_come_to_their_ends_at_a_stop(self):
        client = self.connect(self.sluice)
        upload = client.begin("POST", "/up", has_body=True)
        client.send_body(upload, b"first ", ends=False)
        self.upstream.wait_requests(1)
        self.sluice.send_signal(signal.SIGTERM)
        client.wait(lambda: len(client.goaways) == 2, "both GOAWAY")
        client.send_body(upload, b"x" * 600000)
        self.assertEqual(client.response(upload).status, 200)
        self.assertEqual(self.upstream.requests[0].body_bytes, 600006)
        self.assertEqual(self.sluice.wait(), 0)

    def test_idle_connections_end_at_a_stop(self):
        clients = [self.connect(self.sluice) for _ in range(5)]
        for client in clients:
            client.get("/")
        self.sluice.send_signal(signal.SIGTERM)
        for client in clients:
            client.wait_goaway()
            self.assertEqual(client.goaways, [(LAST, 0), (1, 0)])
        self.assertEqual(self.sluice.wait(), 0)

    def test_a_second_signal_cuts(self):
        client = self.connect(self.sluice)
        client.begin("GET", "/held")
        self.upstream.wait_requests(1)
        self.sluice.send_signal(signal.SIGTERM)
        client.wait(lambda: client.goaways, "the first GOAWAY")
        self.sluice.send_signal(signal.SIGTERM)
        client.wait_goaway()
        self.sluice.wait()

    def test_the_drain_is_not_longer_than_it_may_be(self):
        gateway = self.gateway(proxy_to(self.upstream, limits={"drain": "1s"}))
        client = self.connect(gateway)
        client.begin("GET", "/held")
        self.upstream.wait_requests(1)
        gateway.send_signal(signal.SIGTERM)
        client.wait_goaway()
        gateway.wait()


class Upgrades(EndsTest):
    def test_an_upgrade_lets_running_streams_end_and_new_connections_in(self):
        adopt_orphans()
        origin = self.origin()
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        origin.on("/held", held(go_on))
        gateway = Upgrading(proxy_to(origin))
        self.addCleanup(gateway.end)
        client = self.connect(gateway)
        running = client.begin("GET", "/held")
        origin.wait_requests(1)
        self.assertEqual(gateway.upgrade()["message"], UPGRADED)
        with Http2Client(gateway.address()) as fresh:
            self.assertEqual(fresh.get("/").status, 200)
            client.wait(lambda: len(client.goaways) == 2, "both GOAWAY")
            go_on.set()
            self.assertEqual(client.response(running).text, "held")
            client.wait_goaway()
            self.assertEqual(fresh.get("/").status, 200)


if __name__ == "__main__":
    main()
