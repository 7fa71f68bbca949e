"""WebSocket over HTTP/2 (RFC 8441): refusals, CONNECTs that are none, drains and reloads."""

from harness import PATIENCE, TimedOut, is_wine, main, request_bytes, wait_until
from http2_client import REFUSED_STREAM
from test_websocket import UPGRADE_FIELDS
from websocket_peers import Http1Upstream, Http2Stream, Http2Upstream, WebSocketPeersTest, pairs

MIB = 1024 * 1024


class Refusals(WebSocketPeersTest):
    def refused(self, *arguments, **options):
        """The answer to an extended CONNECT that must not be a success; the connection is usable afterwards."""
        response = Http2Stream(self.client2, *arguments, **options).refused()
        self.goes_on()
        return response

    def test_a_refusal_of_the_upstream_is_passed_on(self):
        for versions in ((2, 1), (1, 2), (2, 2)):
            self.start(*versions)
            for status in (403, 404, 500, 302):
                with self.subTest(versions=versions, status=status):
                    client, upstream = self.ask()
                    upstream.refuse(status, ("x-why", "because"))
                    response = client.refused() if versions[0] == 2 else client.side.response()
                    self.assertEqual((response.status, response.text, response.headers["x-why"]), (status, "refused", "because"))
                    if versions[1] == 1:
                        upstream.side.close()
                    self.goes_on()
            self.assertEqual(self.sluice.metric_sum("sluice_upgraded_connections_total"), 0)

    def test_a_success_of_an_upstream_of_http_1_that_changes_nothing_is_502(self):
        self.start(2, 1)
        for status in (200, 201, 206):
            client, upstream = self.ask()
            upstream.refuse(status)
            self.assertEqual(client.refused().status, 502)
            upstream.ended()
            self.goes_on()

    def test_a_101_of_an_upstream_with_another_accept_or_none_is_502(self):
        self.start(2, 1)
        for accept in ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", " "):
            client, upstream = self.ask()
            upstream.switch(accept=accept)
            self.assertEqual(client.refused().status, 502)
            upstream.ended()
            self.goes_on()
        client, upstream = self.ask()
        upstream.switch(("upgrade", "h2c"))
        self.assertEqual(client.refused().status, 502)
        self.goes_on()

    def test_any_success_of_an_upstream_of_http_2_is_a_socket(self):
        for version in (1, 2):
            self.start(version, 2)
            for status, ends, *fields in ((204, True), (200, True), (200, False, ("content-length", "5"))):
                with self.subTest(client=version, status=status, ends=ends):
                    client, upstream = self.ask()
                    upstream.head.head(status, *fields, ends=ends)
                    self.assertNotIn("content-length", client.wait_open().headers)
                    if ends:
                        self.assertEqual(client.ended(), "end")
                    client.send_frame(b"hello")
                    self.assertEqual(upstream.read_message(), b"hello")

    def test_a_stream_that_comes_back_unread_is_tried_again(self):
        for version in (1, 2):
            self.start(version, 2)
            client, upstream = self.ask()
            upstream.head.reset(REFUSED_STREAM)
            again = Http2Upstream(self.handed.get(timeout=PATIENCE))
            again.switch()
            client.wait_open()
            client.send_frame(b"hello")
            self.assertEqual(again.read_message(), b"hello")

    def test_routes_that_lead_to_no_other_protocol_are_501(self):
        self.start(2, 1)
        configuration = self.settings_of(self.upstream)
        configuration["routes"] = [
            {"match": {"path": "/respond"}, "respond": {"status": 200, "body": "hello"}},
            {"match": {"path": "/gone"}, "respond": {"status": 410}},
            {"match": {"path": "/moved"}, "redirect": {"location": "/chat", "status": 302}},
            *configuration["routes"],
        ]
        self.assertIn("reloaded", self.sluice.reload(configuration)["message"])
        for path, status in (("/respond", 501), ("/plain", 501), ("/gone", 410), ("/moved", 302)):
            with self.subTest(path):
                self.assertEqual(self.refused(path).status, status)

    def test_what_clients_may_not_have_opens_no_breaker(self):
        rules = {"error_percent": 0, "consecutive_failures": 3, "open_time": "1h"}
        self.start(2, 1, cluster={"breaker": rules})
        for _ in range(5):
            client, upstream = self.ask()
            upstream.refuse(200)
            self.assertEqual(client.refused().status, 502)
        without = self.http2_origin()
        self.sluice.reload(self.settings_of(without, cluster={"breaker": rules}))
        for _ in range(5):
            self.assertEqual(self.refused().status, 501)
        self.assertEqual(self.sluice.breaker()["state"], "closed")

    def test_the_fallback_of_a_breaker_is_no_success_either(self):
        fallback = {"max_requests": 1, "fallback": {"status": 200, "body": "later"}}
        self.start(2, 1, cluster={"breaker": fallback})
        held = self.opened()
        self.refused()
        held[0].send_frame(b"still")
        self.assertEqual(held[1].read_message(), b"still")

    def test_an_error_of_grpc_is_no_success_either(self):
        self.start(2, 1)
        self.refused("/plain", ("content-type", "application/grpc"), ("te", "trailers"))
        client, upstream = self.ask("/chat", ("content-type", "application/grpc"), ("te", "trailers"))
        upstream.reset()
        client.refused()
        client, upstream = self.ask("/chat", ("content-type", "application/grpc-web"))
        upstream.refuse(200)
        client.refused()
        self.goes_on()

    def test_another_protocol_is_501(self):
        self.start(2, 1)
        for protocol in ("connect-udp", "websocket2", "h2c"):
            self.assertEqual(self.refused(protocol=protocol).status, 501)
        client = Http2Stream(self.client2, protocol="WebSocket")
        self.assertIsNotNone(self.handed.get(timeout=PATIENCE).request_head())
        client.reset()

    def test_an_upstream_without_the_setting_gets_nothing_and_the_client_501(self):
        for version in (1, 2):
            with self.subTest(client=version):
                self.start(version, 1)
                upstream = self.http2_origin()
                self.sluice.reload(self.settings_of(upstream, {"timeout": "3s"}))
                if version == 2:
                    self.assertEqual(self.refused().status, 501)
                else:
                    client = self.client(self.sluice)
                    self.assertEqual(client.send(request_bytes("GET", "/chat", UPGRADE_FIELDS)).response().status, 501)
                self.assertEqual(upstream.requests, [])
                self.assertEqual(self.sluice.get("/").status, 200)

    def test_an_upstream_that_is_not_there_is_502_or_503(self):
        self.start(2, 2)
        self.upstream.end()
        self.assertIn(self.refused().status, (502, 503))

    def test_a_route_to_http_2_may_change_to_websocket_alone(self):
        self.start(2, 2)
        entry = self.sluice.reload(self.settings_of(self.upstream, {"upgrade": ["websocket", "raw"]}))
        self.assertIn("refused", entry["message"])


class OtherProtocols(WebSocketPeersTest):
    def opened_raw(self):
        client = Http2Stream(self.client2, protocol="raw")
        upstream = Http1Upstream(self.handed.get(timeout=PATIENCE))
        self.assertNotIn("Sec-WebSocket-Key", upstream.head.headers)
        upstream.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
        client.wait_open()
        return client, upstream

    def test_a_broken_one_does_not_look_whole_and_an_ended_one_does(self):
        self.start(2, 1, route={"upgrade": ["websocket", "raw"]})
        for swaps in (False, True):
            for how in ("end", "reset"):
                one, other = self.opened_raw()[:: -1 if swaps else 1]
                one.send(b"bytes")
                self.assertEqual(other.exactly(5), b"bytes")
                getattr(one, how)()
                self.assertEqual(other.ended(), how)
                self.goes_on()


class BadConnects(WebSocketPeersTest):
    place = [(":scheme", "http"), (":authority", "test"), (":path", "/")]

    def assert_bad(self, fields, statuses=(400,)):
        stream = self.client2.request_fields(fields, has_body=True)
        response = self.client2.response(stream)
        self.assertTrue(response.status in statuses or (response.status is None and response.reset), response)
        self.goes_on()

    def test_protocols_that_are_none(self):
        self.start(2, 1)
        for protocol in ("", "websocket, h2c", "web socket", "websocket ", "web\\tsocket", "websocket/13", '"websocket"'):
            with self.subTest(protocol):
                self.assert_bad([(":method", "CONNECT"), (":protocol", protocol), *self.place])
        self.assertEqual(self.upstream.requests, [])

    def test_pseudo_fields_that_do_not_fit(self):
        self.start(2, 1)
        connect = [(":method", "CONNECT"), (":protocol", "websocket"), *self.place]
        cases = {name: [field for field in connect if field[0] != name] for name in (":scheme", ":path")}
        cases["GET"] = [(":method", "GET"), *connect[1:]]
        cases["POST"] = [(":method", "POST"), *connect[1:]]
        cases["two"] = [*connect, (":protocol", "websocket")]
        cases["late"] = [connect[0], *connect[2:], ("x-a", "1"), (":protocol", "websocket")]
        cases["star"] = [*connect[:-1], (":path", "*")]
        cases["scheme"] = [(":scheme", "ftp") if name == ":scheme" else (name, value) for name, value in connect]
        cases["other host"] = [*connect, ("host", "other")]
        cases["length"] = [*connect, ("content-length", "5")]
        cases["no length"] = [*connect, ("content-length", "0")]
        cases["upgrade"] = [*connect, ("upgrade", "websocket")]
        cases["connection"] = [*connect, ("connection", "upgrade")]
        for name, fields in cases.items():
            with self.subTest(name):
                self.assert_bad(fields)
        self.assertEqual(self.upstream.requests, [])
        # The other kind of CONNECT is as it was.
        self.assert_bad([(":method", "CONNECT"), (":authority", "test:80")], (400, 405, 501))

    def test_fields_about_a_body_do_not_make_one(self):
        self.start(2, 1)
        client, upstream = self.ask("/chat", ("expect", "100-continue"))
        upstream.switch()
        client.wait_open()
        client.send_frame(b"hello")
        self.assertEqual(upstream.read_message(), b"hello")
        self.assertEqual(client.response.interim, [])

    def test_data_before_a_refusal_costs_the_connection_no_window(self):
        self.start(2, 1)
        for _ in range(8):
            client = Http2Stream(self.client2, "/plain")
            client.send(b"x" * 200_000)
            self.assertEqual(client.refused().status, 501)
        self.assertEqual(self.client2.request("POST", "/plain", body=b"x" * 3 * MIB).status, 200)


class Life(WebSocketPeersTest):
    def assert_goodbye(self, *sides):
        for side in sides:
            self.assertEqual(side.close_code(), 1001)
        for side in sides:
            side.send_close(1001)
        for side in sides:
            side.ended()

    @pairs
    def test_a_stop_tells_both_sides_1001_and_ends_with_0(self, start):
        start(limits={"drain": "2s"})
        sockets = [self.opened() for _ in range(5)]
        self.sluice.send_signal()
        for client, upstream in sockets:
            self.assert_goodbye(client, upstream)
        if self.client2:
            self.assertEqual(self.client2.wait_goaway()[1], 0)
            self.client2.close()
        self.assertEqual(self.sluice.wait(), 0)

    @pairs
    def test_a_client_that_ignores_the_close_is_cut_at_the_drains_end_with_5(self, start):
        start(limits={"drain": "800ms"})
        client, upstream = self.opened()
        self.sluice.send_signal()
        for side in (client, upstream):
            self.assertEqual(side.close_code(), 1001)
        upstream.send_close(1001)
        self.assertEqual(self.sluice.wait(), 5)

    @pairs
    def test_a_second_signal_cuts_with_6(self, start):
        start(limits={"drain": "60s"})
        sockets = [self.opened() for _ in range(3)]
        self.sluice.send_signal()
        wait_until(lambda: self.sluice.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        sockets[0][0].send_frame(b"still")
        self.assertEqual(sockets[0][1].read_message(), b"still")
        self.sluice.send_signal()
        self.assertEqual(self.sluice.wait(15), 6)

    @pairs
    def test_a_socket_that_opens_while_draining_is_told_too(self, start):
        start(limits={"drain": "2s"})
        client, upstream = self.ask()
        self.sluice.send_signal()
        wait_until(lambda: self.sluice.get("/readyz", listener="admin").status == 503, "the gateway to drain")
        upstream.switch()
        client.wait_open()
        self.assert_goodbye(client, upstream)
        if self.client2:
            self.client2.wait_goaway()
            self.client2.close()
        self.assertEqual(self.sluice.wait(), 0)

    @pairs
    def test_a_reload_that_keeps_the_route_keeps_the_socket(self, start):
        start()
        client, upstream = self.opened()
        self.sluice.reload(self.settings_of(self.upstream, {"upgrade_idle": "50s"}))
        client.send_frame(b"still")
        self.assertEqual(upstream.read_message(), b"still")
        upstream.send_frame(b"here")
        self.assertEqual(client.read_message(), b"here")
        self.goes_on()
        client, upstream = self.opened()

    @pairs
    def test_a_reload_that_takes_the_route_says_goodbye_and_the_connection_stays(self, start):
        start(limits={"drain": "2s"})
        sockets = [self.opened() for _ in range(3)]
        self.sluice.reload(self.settings_of(self.upstream, {"upgrade": []}, limits={"drain": "2s"}))
        for client, upstream in sockets:
            self.assert_goodbye(client, upstream)
        wait_until(lambda: self.upgraded_active() == 0, "the end of the sockets")
        self.goes_on()

    @pairs
    def test_sockets_are_counted(self, start):
        start()
        sockets = [self.opened() for _ in range(3)]
        counts = lambda: tuple(sum(one[name] for one in self.sluice.status()["workers"]) for name in ("upgraded_active", "upgraded"))
        self.assertEqual(counts(), (3, 3))
        sockets[0][0].reset()
        wait_until(lambda: counts() == (2, 3), "one to be gone")


def load_tests(loader, tests, _):
    """Signals reach a process under Wine only by its own console: nothing of this file can be run there."""
    if is_wine():
        raise TimedOut("test_websocket_http2_life needs signals and does not run under Wine")
    return tests


if __name__ == "__main__":
    main()
