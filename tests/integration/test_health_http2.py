"""Active checks of clusters that are spoken to in HTTP/2, and checks by gRPC."""

import time
import unittest

from certificates import Authority
from harness import GatewayTest, answer, cluster, config, forward_all, is_wine, main, native_path, quick_check, route, wait_until
from health_http2_origin import Http2Origin
import h2.settings

#: HealthCheckResponse with gRPC's prefix, by its status.
SERVING, NOT_SERVING = (bytes([0, 0, 0, 0, 2, 8, status]) for status in (1, 2))
GRPC = ("content-type", "application/grpc")


def grpc(message=b"", status="0", words=None):
    """Answers every call so."""
    trailers = [("grpc-status", status), *([("grpc-message", words)] if words else [])]
    return lambda call: call.answer(200, message, [GRPC], trailers)


class HealthHttp2Test(GatewayTest):
    def checked(self, origin, check=None, **cluster_settings):
        settings = {"protocol": "http2", "health_check": quick_check(**(check or {})), **cluster_settings}
        self.sluice = self.gateway(forward_all(settings, None, origin))

    def wait_health(self, origin, health):
        def found():
            member = self.sluice.member(origin)
            return member if member["health"] == health else None

        return wait_until(found, f"health {health}")

    def wait_down(self, origin, reason):
        """The endpoint is down for this reason, be it not the first: a slow machine may have been late before."""
        wait_until(lambda: reason in self.wait_health(origin, "down")["last_error"], f"the reason {reason}")

    def expect(self, outcome, serve, check=None, **options):
        """The origin, once the endpoint is "up", or down for this reason."""
        origin = Http2Origin(self, serve, **options)
        self.checked(origin, check)
        self.settle(origin, outcome)
        return origin

    def settle(self, origin, outcome):
        if outcome == "up":
            self.wait_health(origin, outcome)
        else:
            self.wait_down(origin, outcome)


class Http(HealthHttp2Test):
    def test_method_path_and_host_are_as_configured(self):
        origin = self.expect("up", lambda call: call.answer(200), {"method": "HEAD", "path": "/health?deep=1", "host": "shop.example"})
        fields = origin.calls[0].fields
        self.assertEqual([fields[name] for name in (":method", ":path", ":authority", ":scheme")],
                         ["HEAD", "/health?deep=1", "shop.example", "http"])
        self.assertEqual(fields["user-agent"], "sluice-health-check")
        self.assertNotIn("connection", fields)

    def test_a_status_that_is_not_listed_has_failed(self):
        self.expect("status 503", lambda call: call.answer(503, b"no"))

    def test_the_text_must_stand_in_the_body(self):
        self.expect("up", lambda call: call.answer(200, b"x" * 30_000 + b"READY"), {"body": "READY"})
        self.expect("body", lambda call: call.answer(200, b"not yet"), {"body": "READY"})

    def test_an_interim_response_is_not_the_answer(self):
        def serve(call):
            call.connection.send_headers(call.stream, [(":status", "103"), ("link", "</a>")])
            call.answer(204)

        self.expect("up", serve)

    def test_a_large_head_behind_an_interim_response_is_the_answer(self):
        def serve(call):
            call.connection.send_headers(call.stream, [(":status", "103"), ("link", "</a>")])
            call.flush()
            time.sleep(0.05)
            call.connection.send_headers(call.stream, [(":status", "204"), ("x-large", "x" * 3000)], end_stream=True)
            call.flush()

        self.expect("up", serve)

    def test_a_check_without_an_answer_in_time_has_failed(self):
        for name, serve in (("no head", lambda call: None), ("no body", lambda call: call.head(200))):
            with self.subTest(name):
                self.expect("no answer in time", serve, {"body": "READY"})

    def test_a_body_that_comes_too_slowly_has_failed(self):
        def drips(call):
            call.head(200)
            try:
                for _ in range(300):
                    call.connection.send_data(call.stream, b"x" * 10)
                    call.flush()
                    time.sleep(0.02)
            except OSError:
                pass

        self.expect("no answer in time", drips, {"body": "READY"})

    def test_a_reset_stream_has_failed(self):
        self.expect("reset the stream with error code 2", lambda call: call.reset(2))

    def test_each_check_has_a_connection_of_its_own_and_says_farewell(self):
        origin = self.expect("up", lambda call: call.answer(200))
        wait_until(lambda: origin.ended >= 3, "checks")
        self.assertEqual(set(origin.farewells), {0})
        self.assertGreaterEqual(len(origin.farewells), 2)
        self.assertLessEqual(origin.accepted, origin.ended + 1)

    def test_a_tcp_check_sends_nothing(self):
        origin = self.expect("up", lambda call: call.answer(200), {"type": "tcp"})
        self.assertEqual(origin.calls, [])

    def test_a_server_that_speaks_http_1_alone_is_down(self):
        def refuses(connection):
            connection.sock.recv(1000)
            connection.send(answer(b"", "400 Bad Request", ["Connection: close"]))

        origin = self.origin(script=[refuses] * 300)
        self.checked(origin)
        self.wait_down(origin, "HTTP/2")

    def test_a_server_that_says_nothing_is_down(self):
        origin = self.origin(script=[lambda connection: connection.sock.recv(1000) and connection.sock.recv(1000)] * 300)
        self.checked(origin)
        self.wait_down(origin, "sends no SETTINGS")

    def test_a_server_that_leaves_at_once_is_down(self):
        origin = self.origin(script=[lambda connection: connection.close()] * 300)
        self.checked(origin)
        self.wait_down(origin, "closed the connection")

    def test_a_server_that_takes_no_streams_is_down(self):
        origin = Http2Origin(self, lambda call: call.answer(200), settings={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 0})
        self.checked(origin)
        self.wait_down(origin, "takes no streams")

    def test_a_cluster_that_turns_to_http_2_is_asked_in_it_from_then_on(self):
        origin = Http2Origin(self, lambda call: call.answer(200))
        self.checked(origin, protocol="http1")
        self.wait_health(origin, "down")
        configuration = self.sluice.config
        configuration["clusters"][0]["protocol"] = "http2"
        self.sluice.reload(configuration)
        self.wait_health(origin, "up")


class Grpc(HealthHttp2Test):
    def expect_grpc(self, outcome, serve, **check):
        return self.expect(outcome, serve, {"type": "grpc", **check})

    def test_the_whole_server_is_asked_for_without_a_service(self):
        origin = self.expect_grpc("up", grpc(SERVING))
        call = origin.calls[0]
        self.assertEqual([call.fields[name] for name in (":method", ":path", ":authority", "content-type", "te")],
                         ["POST", "/grpc.health.v1.Health/Check", origin.address, "application/grpc", "trailers"])
        self.assertEqual(call.body, b"\0\0\0\0\0")

    def test_the_service_is_asked_for_by_name_and_host(self):
        origin = self.expect_grpc("up", grpc(SERVING), service="shop.v1.Orders", host="shop.example")
        self.assertEqual(origin.calls[0].body, b"\0\0\0\0\x10\x0a\x0eshop.v1.Orders")
        self.assertEqual(origin.calls[0].fields[":authority"], "shop.example")

    def test_a_server_that_does_not_serve_is_down_until_it_does(self):
        state = {"answer": grpc(NOT_SERVING)}
        origin = self.expect_grpc("NOT_SERVING", lambda call: state["answer"](call))
        state["answer"] = grpc(SERVING)
        self.wait_health(origin, "up")

    def test_an_unknown_service_is_down(self):
        self.expect_grpc('grpc-status 5 NOT_FOUND: unknown service "x"', grpc(status="5", words="unknown service %22x%22"), service="x")

    def test_an_error_may_stand_in_the_head_alone(self):
        serve = lambda call: call.answer(200, fields=[GRPC, ("grpc-status", "12")])
        self.expect_grpc("grpc-status 12 UNIMPLEMENTED", serve)

    def test_an_error_may_come_before_the_request_was_taken(self):
        def refuses(call):
            call.answer(200, fields=[GRPC, ("grpc-status", "16")])

        no_window = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}
        origin = Http2Origin(self, refuses, settings=no_window, answers_heads=True)
        self.checked(origin, {"type": "grpc"})
        self.wait_down(origin, "grpc-status 16 UNAUTHENTICATED")

    def test_a_length_does_not_hide_the_trailers(self):
        serve = lambda call: call.answer(200, SERVING, [GRPC, ("content-length", "7")], [("grpc-status", "0")])
        self.expect_grpc("up", serve)

    def test_what_is_not_grpc_is_down(self):
        self.expect_grpc("status 404", lambda call: call.answer(404, b"nothing here"))
        self.expect_grpc("without grpc-status", lambda call: call.answer(200, b"hello"))
        self.expect_grpc("health check's response", grpc())

    def test_a_call_that_is_not_answered_in_time_has_failed(self):
        def late(call):
            call.head(200, GRPC)
            call.connection.send_data(call.stream, SERVING)

        for serve in (lambda call: None, late):
            origin = self.expect_grpc("no answer in time", serve)
            wait_until(lambda: origin.ended >= 2, "the ends of connections")


class Secured(HealthHttp2Test):
    @classmethod
    def setUpClass(cls):
        cls.ca = Authority.for_class(cls)
        cls.local = cls.ca.sign("local", "DNS:localhost", "IP:127.0.0.1")

    def expect_secured(self, outcome, serve, check, protocols):
        origin = Http2Origin(self, serve, certificate=self.local, protocols=protocols)
        self.checked(origin, check, tls={"ca": native_path(self.ca.file)})
        self.settle(origin, outcome)
        return origin

    def test_http_2_is_agreed_on_by_alpn(self):
        origin = self.expect_secured("up", grpc(SERVING), {"type": "grpc"}, ["h2"])
        self.assertEqual(origin.calls[0].fields[":scheme"], "https")
        wait_until(lambda: origin.ended >= 2, "further checks")

    def test_a_server_that_does_not_agree_is_down(self):
        origin = self.expect_secured("HTTP/2 (ALPN)", grpc(SERVING), {"type": "grpc"}, ["http/1.1"])
        self.assertEqual(origin.calls, [])


@unittest.skipIf(is_wine(), "Wine passes no signals on")
class Ends(HealthHttp2Test):
    def test_a_check_under_way_is_broken_off_at_the_end_and_by_a_reload(self):
        origin = Http2Origin(self, lambda call: None)
        self.checked(origin, {"interval": "1h", "timeout": "1h"})
        wait_until(lambda: origin.calls, "a check")
        self.sluice.reload(config([route("/*rest", respond={"status": 204})]))
        wait_until(lambda: origin.ended == 1, "the end of the check")
        checked = cluster("c", origin, protocol="http2", health_check={"interval": "1h", "timeout": "1h"})
        self.sluice.reload(config([route("/*rest", cluster="c")], [checked]))
        wait_until(lambda: len(origin.calls) == 2, "another check")
        self.assertEqual(self.sluice.stop(), 0)
        wait_until(lambda: origin.ended == 2, "the end of that one")

    def test_a_check_that_waits_for_settings_is_broken_off_at_the_end_and_by_a_reload(self):
        def waits(connection):
            while connection.sock.recv(1000):
                pass
            ended.append(connection)

        ended = []
        origin = self.origin(script=[waits] * 2)
        self.checked(origin, {"interval": "1h", "timeout": "1h"})
        wait_until(lambda: origin.accepted == 1, "a check")
        self.sluice.reload(config([route("/*rest", respond={"status": 204})]))
        wait_until(lambda: len(ended) == 1, "the end of the check")
        checked = cluster("c", origin, protocol="http2", health_check={"interval": "1h", "timeout": "1h"})
        self.sluice.reload(config([route("/*rest", cluster="c")], [checked]))
        wait_until(lambda: origin.accepted == 2, "another check")
        self.assertEqual(self.sluice.stop(), 0)
        wait_until(lambda: len(ended) == 2, "the end of that one")


if __name__ == "__main__":
    main()
