"""What the gateway itself says to clients of gRPC: statuses for its own errors, and the time limits of calls."""

import re
import socket
import time

from grpc_peers import (DEADLINE_EXCEEDED, ECHO, INTERNAL, OK, RESOURCE_EXHAUSTED, UNAVAILABLE, UNIMPLEMENTED, GrpcTest, framed, grpc_to,
                        need_node, unframed)
from harness import cluster, config, main, route
from http2_client import CANCEL

MUTE = "/sluice.test.Mute/"
PARTS_OF_A_SECOND = {"H": 3600, "M": 60, "S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def setUpModule():
    need_node()


def closed_port():
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % sock.getsockname()[1]


def seconds_of(text):
    """A value of grpc-timeout."""
    digits, unit = re.fullmatch(r"(\d{1,8})([HMSmun])", text).groups()
    return int(digits) * PARTS_OF_A_SECOND[unit]


class Errors(GrpcTest):
    def test_a_method_without_route_is_unimplemented(self):
        gateway = self.gateway(config([route("/other", respond={"status": 204})], [cluster("unused", closed_port(), protocol="http2")]))
        self.assert_trailers_only(self.raw(gateway, ECHO + "Unary", body=framed({})), UNIMPLEMENTED)
        self.assertEqual(self.call(gateway, "unary", message={})["status"]["code"], UNIMPLEMENTED)

    def test_an_endpoint_that_refuses_is_unavailable(self):
        gateway = self.gateway(grpc_to(closed_port()))
        self.assert_trailers_only(self.raw(gateway, ECHO + "Unary", body=framed({})), UNAVAILABLE)
        self.assertEqual(self.call(gateway, "unary", message={})["status"]["code"], UNAVAILABLE)

    def test_the_kind_of_the_answer_is_grpc_whatever_kind_of_message_was_asked(self):
        gateway = self.gateway(grpc_to(closed_port()))
        for kind in ("application/grpc", "application/grpc+proto", "application/grpc+json", "Application/gRPC", "application/grpc; a=b"):
            with self.subTest(kind):
                self.assert_trailers_only(self.raw(gateway, ECHO + "Unary", ("content-type", kind), body=framed({})), UNAVAILABLE)

    def test_others_get_the_answers_of_http(self):
        gateway = self.gateway(grpc_to(closed_port()))
        for kind in ("application/json", "application/grpcx", "text/plain"):
            with self.subTest(kind):
                response = self.raw(gateway, ECHO + "Unary", ("content-type", kind), body=framed({}))
                self.assertEqual(response.status, 502)
                self.assertNotIn("grpc-status", response.headers)

    def test_the_message_is_printable_and_percent_encoded(self):
        gateway = self.gateway(grpc_to(closed_port()))
        response = self.raw(gateway, ECHO + "Unary", body=framed({}))
        self.assertRegex(response.headers["grpc-message"], r"^(?:[ -$&-~]|%[0-9A-F]{2})+$")

    def test_a_request_over_the_limit_is_exhausted(self):
        gateway = self.gateway(grpc_to(self.server(), route_settings={"max_body_bytes": "1KiB"}))
        body = framed({"text": "x" * 5000})
        for fields in ((), (("content-length", str(len(body))),)):
            with self.subTest(fields):
                self.assert_trailers_only(self.raw(gateway, ECHO + "Unary", *fields, body=body), RESOURCE_EXHAUSTED)
        result = self.call(gateway, "unary", message={"text": "x" * 5000})
        self.assertEqual(result["status"]["code"], RESOURCE_EXHAUSTED)
        self.assertEqual(self.call(gateway, "unary", message={"text": "x"})["status"]["code"], OK)

    def test_a_head_that_is_refused_unread_is_answered_in_http(self):
        gateway = self.gateway(grpc_to(self.server()))
        # One that the compression of fields makes small on the wire.
        fields = [("x-large", "x" * 3000)] * 14
        self.assertEqual(self.raw(gateway, ECHO + "Unary", *fields, body=framed({})).status, 431)

    def test_a_server_that_does_not_speak_tls_is_unavailable(self):
        gateway = self.gateway(grpc_to(self.server(), cluster_settings={"tls": {}}))
        self.assert_trailers_only(self.raw(gateway, ECHO + "Unary", body=framed({})), UNAVAILABLE)

    def test_a_server_that_dies_before_its_head_is_unavailable(self):
        server = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(server))
        with self.raw_client(gateway) as client:
            stream = self.raw_begin(client, MUTE + "Silent")
            server.wait(event="request", path=MUTE + "Silent")
            server.kill()
            self.assert_trailers_only(client.response(stream), UNAVAILABLE)

    def test_a_server_that_dies_behind_its_head_is_unavailable_by_trailers(self):
        server = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(server))
        with self.raw_client(gateway) as client:
            stream = self.raw_begin(client, MUTE + "Head")
            client.wait(lambda: client.streams[stream].body, "the first message")
            server.kill()
            response = client.response(stream)
        self.assert_ended_by_trailers(response, UNAVAILABLE)


class Passing(GrpcTest):
    """What is not the gateway's business."""

    def setUp(self):
        self.mute = self.server("mute_server.js")
        self.sluice = self.gateway(grpc_to(self.mute))

    def test_a_server_that_does_not_speak_grpc_is_passed_on_as_it_is(self):
        response = self.raw(self.sluice, MUTE + "Html", body=framed({}))
        self.assertEqual((response.status, response.headers["content-type"], response.text), (503, "text/html", "<p>away</p>"))

    def test_a_response_of_trailers_only_is_passed_on_as_it_is(self):
        response = self.raw(self.sluice, MUTE + "Only", body=framed({}))
        self.assert_trailers_only(response, 5)
        self.assertEqual(response.headers["grpc-message"], "not here")

    def test_the_server_sees_that_the_client_takes_trailers_and_what_kind_of_messages_it_sends(self):
        self.raw(self.sluice, MUTE + "Only", ("content-type", "application/grpc+x"), ("grpc-encoding", "identity"), body=framed({}))
        fields = self.mute.wait(event="request")["headers"]
        self.assertEqual((fields["te"], fields["content-type"], fields["grpc-encoding"]), ("trailers", "application/grpc+x", "identity"))
        self.assertEqual((fields[":method"], fields[":scheme"], fields[":authority"]), ("POST", "http", "test"))

    def test_a_reset_of_the_client_reaches_the_server_as_cancel(self):
        with self.raw_client(self.sluice) as client:
            stream = self.raw_begin(client, MUTE + "Head")
            client.wait(lambda: client.streams[stream].body, "the first message")
            client.reset(stream)
            self.assertEqual(self.mute.wait(event="closed")["code"], CANCEL)


class TimeLimits(GrpcTest):
    def setUp(self):
        self.mute = self.server("mute_server.js")

    def limited(self, timeout="2m", **settings):
        return self.gateway(grpc_to(self.mute, route_settings={"timeout": timeout}, **settings))

    def timed(self, *arguments, **options):
        """A raw call, and the seconds that it took."""
        start = time.monotonic()
        response = self.raw(*arguments, **options)
        return response, time.monotonic() - start

    def test_the_deadline_of_a_call_is_kept_by_the_gateway(self):
        gateway = self.limited()
        for text in ("300m", "300000u", "99999999n", "1S"):
            with self.subTest(text):
                response, seconds = self.timed(gateway, MUTE + "Silent", ("grpc-timeout", text), body=framed({}))
                self.assert_trailers_only(response, DEADLINE_EXCEEDED)
                self.assertGreaterEqual(seconds, seconds_of(text) * 0.9)

    def test_the_server_sees_the_end_of_a_call_whose_deadline_has_passed(self):
        self.raw(self.limited(), MUTE + "Silent", ("grpc-timeout", "200m"), body=framed({}))
        self.assertEqual(self.mute.wait(event="closed")["code"], CANCEL)

    def test_a_deadline_that_is_no_time_is_refused(self):
        gateway = self.limited()
        for text in ("abc", "123456789S", "-1S", "1", "S", "1 S", "1s"):
            with self.subTest(text):
                self.assert_trailers_only(self.raw(gateway, MUTE + "Only", ("grpc-timeout", text), body=framed({})), INTERNAL)
        self.assertEqual(self.mute.find(event="request"), [])

    def test_a_deadline_that_has_passed_already(self):
        response = self.raw(self.limited(), MUTE + "Silent", ("grpc-timeout", "0m"), body=framed({}))
        self.assert_trailers_only(response, DEADLINE_EXCEEDED)

    def test_the_server_is_told_what_is_left_of_the_deadline(self):
        self.raw(self.limited(), MUTE + "Only", ("grpc-timeout", "20S"), body=framed({}))
        left = seconds_of(self.mute.wait(event="request")["headers"]["grpc-timeout"])
        self.assertLessEqual(left, 20)
        self.assertGreater(left, 10)

    def test_a_deadline_bounds_the_whole_of_a_stream(self):
        response, seconds = self.timed(self.limited(), MUTE + "Head", ("grpc-timeout", "500m"), body=framed({}))
        self.assert_ended_by_trailers(response, DEADLINE_EXCEEDED)
        self.assertGreaterEqual(seconds, 0.45)
        self.assertEqual(self.mute.wait(event="closed")["code"], CANCEL)

    def test_a_deadline_bounds_a_call_whose_client_has_not_ended_its_messages(self):
        gateway = self.limited()
        response, _ = self.timed(gateway, MUTE + "Silent", ("grpc-timeout", "300m"), body=framed({}), ends=False)
        self.assert_trailers_only(response, DEADLINE_EXCEEDED)
        response, _ = self.timed(gateway, MUTE + "Head", ("grpc-timeout", "300m"), body=framed({}), ends=False)
        self.assert_ended_by_trailers(response, DEADLINE_EXCEEDED)

    def test_a_route_that_is_stricter_than_the_deadline_wins_until_the_head(self):
        gateway = self.limited("300ms")
        for fields in ((), (("grpc-timeout", "1M"),)):
            with self.subTest(fields):
                response, seconds = self.timed(gateway, MUTE + "Silent", *fields, body=framed({}))
                self.assert_trailers_only(response, DEADLINE_EXCEEDED)
                self.assertLess(seconds, 20)

    def test_a_route_does_not_bound_what_follows_the_head(self):
        gateway = self.limited("300ms")
        with self.raw_client(gateway) as client:
            streams = [self.raw_begin(client, MUTE + "Head", *fields) for fields in ((), (("grpc-timeout", "1M"),))]
            for stream in streams:
                client.wait(lambda: client.streams[stream].body, "the first message")
            # Time passes by a call that the route ends, and by another.
            for _ in range(3):
                waiting = self.raw_begin(client, MUTE + "Silent")
                client.end_body(waiting)
                client.response(waiting)
            self.assertEqual([client.streams[stream].is_over for stream in streams], [False, False])
            client.reset(*streams)

    def test_a_server_that_is_silent_for_too_long_behind_its_head(self):
        gateway = self.limited(cluster_settings={"read_timeout": "300ms"})
        self.assert_ended_by_trailers(self.raw(gateway, MUTE + "Head", body=framed({})), DEADLINE_EXCEEDED)

    def test_a_call_that_ends_in_time_is_left_alone(self):
        gateway = self.gateway(grpc_to(self.server()))
        result = self.call(gateway, "chat", count=100, size=100, deadline=60000)
        self.assertEqual((result["status"]["code"], result["messages"]), (OK, 100))

    def test_the_client_of_grpc_knows_the_gateways_deadline_for_its_own(self):
        gateway = self.limited("300ms")
        result = self.call(gateway, "unary", message={}, deadline=60000)
        self.assertEqual(result["status"]["code"], DEADLINE_EXCEEDED, result)


if __name__ == "__main__":
    main()
