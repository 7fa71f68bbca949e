"""What goes wrong at the upstream: refused, silent, reset, slow, sliced, truncated, half-open, malformed, stale."""

import socket
import threading
import time
import unittest

from harness import (
    ConnectionEnded, GatewayTest, answer, chunks, cluster, config, forward_all, is_wine, main, proxy_to, request_bytes, route, wait_until,
)
from wire_cases import load_cases

GET = request_bytes("GET", "/")


def sends(data, then="close"):
    """A script that reads one request, sends these bytes, and closes, resets or waits."""

    def script(connection):
        connection.request()
        connection.send(data)
        finish(connection, then)

    return script


def finish(connection, then):
    if then == "close":
        connection.close()
    elif then == "reset":
        connection.reset()
    else:
        connection.wait_closed()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class FaultTest(GatewayTest):
    def proxied(self, *script, cluster_settings=None, route_settings=None, **settings):
        """A gateway before an origin that plays the script; yields both. Nothing is tried twice but what died on reuse."""
        origin = self.origin(script=script)
        cluster = {"retry": {"attempts": 1}, **(cluster_settings or {})}
        return origin, self.gateway(forward_all(cluster, route_settings, origin, **settings))

    def expect(self, status, *script, **settings):
        """One GET through such a gateway."""
        origin, gateway = self.proxied(*script, **settings)
        response = gateway.get("/")
        self.assertEqual(response.status, status, response)
        if status >= 500:
            self.assertIn(response.headers["X-Request-Id"], response.text)
        return origin, gateway, response


class NoConnection(FaultTest):
    def test_a_refused_connection_is_502(self):
        gateway = self.gateway(proxy_to(f"127.0.0.1:{free_port()}"))
        response = gateway.get("/")
        self.assertEqual(response.status, 502)
        self.assertIn("refused", response.text)

    def test_the_clients_connection_survives_a_502(self):
        client = self.client(self.gateway(proxy_to(f"127.0.0.1:{free_port()}")))
        self.assertEqual([client.get("/").status, client.post("/", b"abc").status], [502, 502])

    def test_another_endpoint_takes_over_when_one_refuses(self):
        origin = self.origin()
        client = self.client(self.gateway(proxy_to(f"127.0.0.1:{free_port()}", origin)))
        for _ in range(6):
            self.assertEqual(client.post("/", b"body").status, 200)
        self.assertEqual([request.body for request in origin.requests], [b"body"] * 6)

    def test_a_name_without_an_address_is_503_and_a_warning(self):
        gateway = self.gateway(proxy_to("no-such-name.invalid:80"))
        self.assertEqual(gateway.get("/").status, 503)
        self.assertIn("can't be looked up", gateway.log_text())

    def test_a_name_with_an_address_is_dialed(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(f"localhost:{origin.port}"))
        self.assertEqual(gateway.get("/").status, 200)

    def test_an_upstream_that_never_accepts_is_504(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for sock in waiting:
                self.addCleanup(sock.close)
                sock.setblocking(False)
                sock.connect_ex(full.getsockname())
            address = f"127.0.0.1:{full.getsockname()[1]}"
            gateway = self.gateway(forward_all({"connect_timeout": "500ms"}, {"timeout": "20s"}, address))
            self.assertEqual(gateway.get("/").status, 504)


class NoResponse(FaultTest):
    def test_silence_is_504_and_the_upstream_connection_is_closed(self):
        origin, _, _ = self.expect(504, sends(b"", "wait"), route_settings={"timeout": "400ms"})
        wait_until(lambda: origin.connections[0].closed, "the silent upstream's connection to be closed")

    def test_a_head_that_never_ends_is_504(self):
        self.expect(504, sends(b"HTTP/1.1 200 OK\r\nX-A:", "wait"), route_settings={"timeout": "400ms"})

    def test_a_close_before_the_response_is_502(self):
        self.expect(502, sends(b""))

    def test_a_reset_before_the_response_is_502(self):
        self.expect(502, sends(b"", "reset"))

    def test_a_close_before_the_request_is_502(self):
        self.expect(502, lambda connection: connection.close())

    def test_a_truncated_head_is_502(self):
        for data in (b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"HTTP/1.1 103 Hints\r\n\r\n"):
            with self.subTest(data):
                self.expect(502, sends(data))

    def test_a_head_cut_by_a_reset_is_502(self):
        self.expect(502, sends(b"HTTP/1.1 200 OK\r\nContent-Le", "reset"))

    def test_a_half_open_upstream_that_still_answers_is_heard(self):
        def half_open(connection):
            connection.request()
            connection.shutdown_send()
            connection.wait_closed()

        self.expect(502, half_open)

    def test_an_upstream_that_takes_no_bytes_of_an_upload_times_out(self):
        def deaf(connection):
            connection.request_head()
            gone.wait(30)

        gone = threading.Event()
        _, gateway = self.proxied(deaf, cluster_settings={"read_timeout": "500ms"})
        self.addCleanup(gone.set)
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
        block = b"x" * 1_000_000
        while client.try_send(block):
            pass
        self.assertEqual(client.response().status, 504)


class TruncatedBodies(FaultTest):
    def expect_truncated(self, *script, **settings):
        """The client must see that the body is not whole: the connection ends too early."""
        _, gateway = self.proxied(*script, **settings)
        client = self.client(gateway)
        client.send(GET)
        with self.assertRaises(ConnectionEnded):
            client.response()

    def test_a_body_shorter_than_its_length_is_visible_to_the_client(self):
        self.expect_truncated(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))

    def test_a_large_body_that_breaks_off_is_visible_to_the_client(self):
        self.expect_truncated(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 5000000))

    def test_a_chunked_body_without_its_last_chunk_is_visible_to_the_client(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for data in (b"4\r\nhalf\r\n", b"8\r\nhalf", b"4\r\nhalf\r\n0\r\n", b"", b"4"):
            with self.subTest(data):
                self.expect_truncated(sends(head + data))

    def test_a_chunked_body_that_turns_malformed_is_visible_to_the_client(self):
        def two_steps(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            seen.wait(30)
            connection.send(b"zz\r\n")
            connection.wait_closed()

        seen = threading.Event()
        _, gateway = self.proxied(two_steps)
        client = self.client(gateway).send(GET)
        head = client.head()
        seen.set()
        with self.assertRaises(ConnectionEnded):
            client.body_of(head)

    def test_a_chunked_body_that_is_malformed_from_the_start_is_502(self):
        self.expect(502, sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "wait"))

    def test_a_body_cut_by_a_reset_is_visible_to_the_client(self):
        def two_steps(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            # A reset takes away what was not read yet, the head too.
            seen.wait(30)
            connection.reset()

        seen = threading.Event()
        self.addCleanup(seen.set)
        _, gateway = self.proxied(two_steps)
        client = self.client(gateway).send(GET)
        head = client.head()
        seen.set()
        with self.assertRaises(ConnectionEnded):
            client.body_of(head)

    def test_a_truncated_body_is_visible_to_a_client_that_knows_no_chunks(self):
        _, gateway = self.proxied(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"))
        client = self.client(gateway)
        client.send(request_bytes("GET", "/", version="1.0"))
        with self.assertRaises(ConnectionEnded) as raised:
            client.response()
        self.assertTrue(raised.exception.was_reset)

    def test_a_body_that_stalls_is_cut_after_the_read_timeout(self):
        self.expect_truncated(
            sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "wait"), cluster_settings={"read_timeout": "400ms"}
        )

    def test_the_gateway_serves_on_after_all_that(self):
        truncated = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        _, gateway = self.proxied(truncated)
        client = self.client(gateway)
        client.send(GET)
        with self.assertRaises(ConnectionEnded):
            client.response()
        self.assertEqual(gateway.get("/").body, b"ok")


class SlowAndSliced(FaultTest):
    def test_a_response_in_single_bytes_arrives_whole(self):
        def sliced(connection):
            connection.request()
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            connection.send_slowly(head + chunks(b"hello", b"world", trailers=["X-A: b"]), 0.0005)
            connection.wait_closed()

        _, _, response = self.expect(200, sliced)
        self.assertEqual((response.body, response.trailers["X-A"]), (b"helloworld", "b"))

    def test_a_slow_response_within_its_time_arrives_whole(self):
        def slow(connection):
            connection.request()
            time.sleep(0.3)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl")
            time.sleep(0.3)
            connection.send(b"ow")
            connection.wait_closed()

        _, _, response = self.expect(200, slow)
        self.assertEqual(response.body, b"slow")

    def test_the_head_does_not_wait_for_the_body(self):
        def two_steps(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            seen.wait(30)
            connection.send(b"body")
            connection.wait_closed()

        seen = threading.Event()
        _, gateway = self.proxied(two_steps)
        client = self.client(gateway).send(GET)
        head = client.head()
        seen.set()
        client.body_of(head)
        self.assertEqual(head.body, b"body")


class Malformed(FaultTest):
    def test_malformed_responses_are_502_and_close_the_upstream_connection(self):
        cases = [case for case in load_cases() if case.is_response and case.method == "GET" and case.refused_at_head]
        self.assertGreater(len(cases), 20)
        origin = self.origin(script=[sends(case.data, "wait") for case in cases])
        gateway = self.gateway(proxy_to(origin))
        for number, case in enumerate(cases):
            with self.subTest(case.title):
                response = gateway.get("/")
                self.assertEqual(response.status, 502, f"{case.place}: {case.data[:200]!r}")
                wait_until(lambda number=number: origin.connections[number].closed, "the upstream connection to be closed")

    def test_an_interim_response_with_a_body_is_502(self):
        for field in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
            with self.subTest(field):
                self.expect(502, sends(b"HTTP/1.1 103 Early Hints\r\n" + field + b"\r\n\r\n" + answer(b"late"), "wait"))

    def test_more_connection_options_than_anybody_needs_are_502(self):
        options = b", ".join(b"x%d" % i for i in range(50))
        self.expect(502, sends(b"HTTP/1.1 200 OK\r\nConnection: " + options + b"\r\nContent-Length: 0\r\n\r\n", "wait"))

    def test_101_without_an_upgrade_is_502(self):
        self.expect(502, sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "wait"))

    def test_a_response_head_larger_than_the_gateway_takes_is_502(self):
        for head in (b"X-A: " + b"a" * 70000 + b"\r\n", b"X-A: a\r\n" * 500):
            with self.subTest(head[:20]):
                self.expect(502, sends(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 0\r\n\r\n", "wait"))

    def test_bytes_of_another_protocol_are_502(self):
        for data in (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/2 200\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(data):
                self.expect(502, sends(data, "wait"), route_settings={"timeout": "5s"})


class ExtraBytes(FaultTest):
    def test_bytes_behind_a_response_are_never_given_to_the_next_client(self):
        stolen = answer(b"for somebody else")
        origin, gateway = self.proxied(sends(answer(b"first") + stolen, "wait"))
        client = self.client(gateway)
        self.assertEqual(client.get("/").body, b"first")
        self.assertEqual(client.get("/").body, b"ok")
        wait_until(lambda: origin.connections[0].closed, "the talkative upstream's connection to be closed")

    def test_bytes_behind_a_large_response_are_never_given_to_a_pipelined_request(self):
        large = b"x" * 100_000
        origin, gateway = self.proxied(sends(answer(large) + answer(b"for somebody else"), "wait"))
        client = self.client(gateway).send(GET + GET)
        self.assertEqual(client.response().body, large)
        self.assertEqual(client.response().body, b"ok")

    def test_a_204_with_a_body_is_its_connections_last_response(self):
        origin, gateway = self.proxied(sends(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "wait"))
        client = self.client(gateway)
        self.assertEqual(client.get("/").status, 204)
        self.assertEqual(client.get("/").body, b"ok")
        wait_until(lambda: origin.connections[0].closed, "the connection of the 204 to be closed")

    def test_bytes_on_an_idle_connection_are_never_given_to_the_next_client(self):
        def talkative(connection):
            connection.request()
            connection.send(answer(b"first"))
            told.wait(30)
            connection.send(answer(b"for somebody else"))
            connection.wait_closed()

        told = threading.Event()
        origin, gateway = self.proxied(talkative)
        client = self.client(gateway)
        self.assertEqual(client.get("/").body, b"first")
        told.set()
        wait_until(lambda: origin.connections[0].closed, "the idle connection that spoke to be closed")
        self.assertEqual(client.get("/").body, b"ok")

    def test_a_body_behind_a_head_response_is_never_given_to_the_next_client(self):
        origin, gateway = self.proxied(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/", "wait"))
        client = self.client(gateway)
        self.assertEqual(client.request("HEAD", "/").status, 200)
        self.assertEqual(client.get("/").body, b"ok")


class StaleConnections(FaultTest):
    """The upstream closes a kept connection just as the gateway sends the next request on it."""

    def stale(self, then="close"):
        """Answers one request; takes the next one and closes without an answer."""

        def script(connection):
            connection.request()
            connection.send(answer(b"first"))
            connection.request()
            finish(connection, then)

        return script

    def test_a_get_is_repeated_transparently(self):
        for then in ("close", "reset"):
            with self.subTest(then):
                origin, gateway = self.proxied(self.stale(then))
                client = self.client(gateway)
                self.assertEqual(client.get("/").body, b"first")
                self.assertEqual(client.get("/again").body, b"ok")
                self.assertEqual([one.target for one in origin.requests], ["/", "/again", "/again"])

    def test_a_get_is_not_repeated_once_an_interim_response_has_come(self):
        def hints(connection):
            connection.request()
            connection.send(answer(b"first"))
            connection.request()
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            connection.close()

        origin, gateway = self.proxied(hints)
        client = self.client(gateway)
        client.get("/")
        self.assertEqual(client.get("/again").status, 502)
        self.assertEqual(len(origin.requests), 2)

    def test_a_put_with_a_body_at_hand_is_repeated(self):
        origin, gateway = self.proxied(self.stale())
        client = self.client(gateway)
        client.get("/")
        self.assertEqual(client.request("PUT", "/put", body=b"whole").status, 200)
        self.assertEqual(origin.requests[-1].body, b"whole")

    def test_a_post_is_not_sent_twice(self):
        origin, gateway = self.proxied(self.stale())
        client = self.client(gateway)
        self.assertEqual(client.get("/").body, b"first")
        self.assertEqual(client.post("/once", b"x").status, 502)
        self.assertEqual([one.target for one in origin.requests], ["/", "/once"])

    def test_a_get_on_a_fresh_connection_is_not_repeated_without_attempts(self):
        origin, gateway = self.proxied(sends(b""))
        self.assertEqual(gateway.get("/").status, 502)
        self.assertEqual(len(origin.requests), 1)

    def test_a_get_is_not_repeated_once_the_response_has_begun(self):
        def begins(connection):
            connection.request()
            connection.send(answer(b"first"))
            connection.request()
            connection.send(b"HTTP/1.1 200 O")
            connection.close()

        origin, gateway = self.proxied(begins)
        client = self.client(gateway)
        client.get("/")
        self.assertEqual(client.get("/again").status, 502)
        self.assertEqual(len(origin.requests), 2)

    def test_a_connection_closed_while_idle_is_noticed_before_it_is_used(self):
        def leaves(connection):
            connection.request()
            connection.send(answer(b"first"))
            connection.close()

        origin, gateway = self.proxied(leaves)
        client = self.client(gateway)
        self.assertEqual(client.get("/").body, b"first")
        wait_until(lambda: origin.connections[0].sock.fileno() == -1, "the origin to close")
        # Whether the gateway noticed or repeats: a POST that finds the closed connection must not fail for long.
        wait_until(lambda: client.post("/", b"x").status == 200, "a POST over a fresh connection", 10)


class EarlyResponses(FaultTest):
    def test_a_413_before_the_upload_is_complete_reaches_the_client(self):
        def refuse(connection):
            connection.request_head()
            connection.send(answer(b"too much", "413 Content Too Large", close=True))
            connection.shutdown_send()
            connection.wait_closed()

        _, gateway = self.proxied(refuse)
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000)
        response = client.response()
        self.assertEqual((response.status, response.body), (413, b"too much"))
        self.assertEqual(response.headers["Connection"], "close")
        client.try_send(b"x" * 1000)
        client.read_to_end()

    def refuse_upload(self, end):
        def refuse(connection):
            connection.request_head()
            connection.send(answer(b"too much", "413 Content Too Large", close=True))
            end(connection)

        _, gateway = self.proxied(refuse)
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n")
        client.try_send(b"x" * 600000)
        self.assertEqual(client.response().status, 413)

    def test_a_413_reaches_a_client_that_goes_on_uploading(self):
        def end_in_peace(connection):
            connection.shutdown_send()
            connection.wait_closed()

        self.refuse_upload(end_in_peace)

    @unittest.skipIf(is_wine(), "Windows drops what it has received when a reset comes behind it")
    def test_the_413_of_an_upstream_that_resets_reaches_a_client_that_goes_on_uploading(self):
        self.refuse_upload(lambda connection: connection.close())

    def test_a_response_that_outruns_the_upload_ends_with_both_complete(self):
        def both_ways(connection):
            request = connection.request_head()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n")
            connection.body_of(request)
            connection.send(b"4\r\nlate\r\n0\r\n\r\n")
            connection.wait_closed()

        _, gateway = self.proxied(both_ways)
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
        head = client.head()
        client.send(b"def")
        client.body_of(head)
        self.assertEqual(head.body, b"earlylate")

    def test_a_response_goes_on_although_the_upload_stalls(self):
        def talks_only(connection):
            connection.request_head()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            for _ in range(10):
                connection.send(b"x")
                time.sleep(0.2)
            connection.wait_closed()

        _, gateway = self.proxied(talks_only, cluster_settings={"read_timeout": "700ms"})
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
        sender = threading.Thread(target=lambda: client.try_send(b"x" * 100_000_000), daemon=True)
        sender.start()
        self.assertEqual(client.response().body, b"x" * 10)
        client.shutdown_send()
        sender.join(30)

    def test_the_gateway_is_whole_after_faults_on_every_route(self):
        origin = self.origin()
        broken = f"127.0.0.1:{free_port()}"
        routes = [route("/good", cluster="good"), route("/bad", cluster="bad")]
        gateway = self.gateway(config(routes, [cluster("good", origin), cluster("bad", broken)]))
        client = self.client(gateway)
        for _ in range(20):
            self.assertEqual((client.get("/bad").status, client.get("/good").status), (502, 200))


if __name__ == "__main__":
    main()
