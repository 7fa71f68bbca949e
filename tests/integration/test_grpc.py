"""Calls of a real gRPC client to a real gRPC server through the gateway: all four kinds, and how they end."""

import base64
import shutil
import signal
import tempfile
import unittest

from certificates import Authority
from gateway import Gateway
from grpc_peers import (CANCELLED, DEADLINE_EXCEEDED, ECHO, INTERNAL, INVALID_ARGUMENT, NOT_FOUND, OK, UNAVAILABLE, GrpcServer, GrpcTest, framed,
                        grpc_to, need_node, plain_and_tls, unframed)
from harness import is_sanitized, main

MIB = 1024 * 1024
EVERY_BYTE = base64.b64encode(bytes(range(256))).decode()
SHORT = base64.b64encode(b"\xff").decode()


def setUpModule():
    need_node()


class Certified(GrpcTest):
    """Tests with a certificate for both the gateway and servers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="sluice-grpc-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        authority = Authority(folder)
        cls.authority = authority.file
        cls.certificate = authority.sign("local", "DNS:localhost", "IP:127.0.0.1")

    def new_gateway(self, server, **settings):
        return self.gateway(grpc_to(server, listeners=plain_and_tls(self.certificate), **settings))


class Calls(Certified):
    """What passes through one gateway and one server that all these tests share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = GrpcServer()
        cls.addClassCleanup(cls.peer.kill)
        cls.sluice = Gateway(grpc_to(cls.peer, listeners=plain_and_tls(cls.certificate)))
        cls.addClassCleanup(cls.sluice.end)

    def tearDown(self):
        self.sluice.assert_runs()
        self.assertIsNone(self.peer.process.poll(), f"the server died: {self.peer.errors}")

    def ask(self, scene, **options):
        return self.call(self.sluice, scene, **options)

    def accepted(self):
        """Connections of clients until now."""
        return self.sluice.metric_sum("sluice_connections_accepted_total")

    def assert_ended(self, result, code=OK):
        self.assertEqual(result["status"]["code"], code, result["status"])

    def test_a_unary_call(self):
        result = self.ask("unary", message={"text": "hello"})
        self.assert_ended(result)
        self.assertEqual(result["response"]["text"], "hello")

    def test_a_client_streams(self):
        result = self.ask("collect", count=1000, size=1000)
        self.assert_ended(result)
        self.assertEqual(result["response"], {"count": 1000, "length": 1000 * 1000})
        self.assertEqual(result["status"]["trailing"]["x-trailer"], ["collected"])

    def test_a_client_streams_nothing(self):
        result = self.ask("collect", count=0, size=1)
        self.assert_ended(result)
        self.assertEqual(result["response"], {"count": 0, "length": 0})

    def test_a_server_streams(self):
        result = self.ask("count", message={"count": 1000, "size": 1000})
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"], result["inOrder"]), (1000, 1000 * 1000, True))
        self.assertEqual(result["status"]["trailing"]["x-trailer"], ["counted"])

    def test_a_server_streams_nothing(self):
        result = self.ask("count", message={"count": 0})
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["status"]["trailing"]["x-trailer"]), (0, ["counted"]))

    def test_both_stream(self):
        result = self.ask("chat", count=100, size=1000)
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"], result["inOrder"]), (100, 100 * 1000, True))

    def test_ten_thousand_small_messages_there_and_back(self):
        result = self.ask("chat", count=10000, size=20)
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"], result["inOrder"]), (10000, 10000 * 20, True))

    def test_a_chat_far_larger_than_the_windows(self):
        result = self.ask("chat", count=500, size=65536)
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"], result["inOrder"]), (500, 500 * 65536, True))

    def test_each_message_of_a_chat_arrives_before_the_next_is_sent(self):
        client = self.begin(self.sluice, "chat", count=3, size=10, pauses=True)
        client.wait(event="first")
        client.cue()
        self.assertEqual(self.result(client)["messages"], 3)

    def test_metadata_of_the_client_reaches_the_server(self):
        sent = {"x-text": ["a value, with a comma"], "x-twice": ["one", "two"], "x-every-bin": [EVERY_BYTE],
                "x-some-bin": [SHORT, EVERY_BYTE]}
        saw = self.ask("unary", message={"text": ""}, metadata=sent)["response"]["saw"]
        for name, values in sent.items():
            # Fields of one name may be joined on the way, which metadata allows.
            expected = values if name.endswith("-bin") else ", ".join(values)
            self.assertEqual(saw[name] if name.endswith("-bin") else ", ".join(saw[name]), expected, name)
        self.assertIn("grpc-node-js", saw["user-agent"][0])

    def test_metadata_of_the_server_reaches_the_client_before_and_behind_the_messages(self):
        initial = {"x-first": ["1"], "x-first-bin": [EVERY_BYTE]}
        trailing = {"x-last": ["2"], "x-last-bin": [SHORT]}
        result = self.ask("unary", message={"text": "", "initial": initial, "trailing": trailing})
        self.assert_ended(result)
        for name, values in initial.items():
            self.assertEqual(result["initial"][name], values, name)
        for name, values in trailing.items():
            self.assertEqual(result["status"]["trailing"][name], values, name)
            self.assertNotIn(name, result["initial"])

    def test_an_error_has_its_message_and_details(self):
        details = "not there: 100% \u00fcber\nzwei"
        trailing = {"grpc-status-details-bin": [EVERY_BYTE], "x-last": ["2"]}
        result = self.ask("unary", message={"fail": {"code": NOT_FOUND, "details": details}, "trailing": trailing})
        self.assert_ended(result, NOT_FOUND)
        self.assertEqual(result["status"]["details"], details)
        for name, values in trailing.items():
            self.assertEqual(result["status"]["trailing"][name], values, name)

    def test_an_error_behind_metadata_is_in_trailers(self):
        message = {"initial": {"x-first": ["1"]}, "fail": {"code": INVALID_ARGUMENT, "details": "bad"}, "trailing": {"x-last": ["2"]}}
        result = self.ask("unary", message=message)
        self.assert_ended(result, INVALID_ARGUMENT)
        self.assertEqual((result["initial"]["x-first"], result["status"]["details"]), (["1"], "bad"))

    def test_an_error_without_metadata_stays_a_head_that_ends_the_stream(self):
        response = self.raw(self.sluice, ECHO + "Unary", body=framed({"fail": {"code": NOT_FOUND, "details": "no"}}))
        self.assertEqual((response.status, response.headers["grpc-status"], response.headers["grpc-message"]), (200, "5", "no"))
        self.assertEqual((response.trailers, bytes(response.body), response.reset), (None, b"", None))

    def test_an_error_behind_messages(self):
        result = self.ask("count", message={"count": 10, "fail": {"code": INVALID_ARGUMENT, "details": "enough"}})
        self.assert_ended(result, INVALID_ARGUMENT)
        self.assertEqual((result["messages"], result["status"]["details"]), (10, "enough"))
        self.assertEqual(result["status"]["trailing"]["x-trailer"], ["failed"])

    def test_a_method_that_the_server_does_not_know(self):
        response = self.raw(self.sluice, ECHO + "Nothing", body=framed({}))
        self.assertEqual((response.status, response.headers["grpc-status"]), (200, "12"))

    def test_trailers_of_a_raw_call(self):
        response = self.raw(self.sluice, ECHO + "Unary", body=framed({"text": "raw", "trailing": {"x-last": "1"}}))
        self.assertEqual([flags for flags, _ in unframed(response.body)], [0])
        self.assertEqual((response.trailers["grpc-status"], response.trailers["x-last"]), ("0", "1"))
        self.assertNotIn("grpc-status", response.headers)

    def test_a_deadline_of_the_client(self):
        name = f"deadline-{self.listener}"
        result = self.ask("unary", message={"never": True}, deadline=400, metadata={"x-id": name})
        self.assert_ended(result, DEADLINE_EXCEEDED)
        self.peer.wait(event="cancelled", id=name)

    def test_a_deadline_in_the_middle_of_a_stream(self):
        name = f"deadline-in-stream-{self.listener}"
        result = self.ask("count", message={"count": 5, "stay": True}, deadline=1500, metadata={"x-id": name})
        self.assert_ended(result, DEADLINE_EXCEEDED)
        self.assertEqual(result["messages"], 5)
        self.peer.wait(event="cancelled", id=name)

    def test_a_deadline_that_is_kept(self):
        self.assert_ended(self.ask("unary", message={"text": ""}, deadline=60000))

    def test_a_client_that_cancels_in_the_middle_of_a_stream(self):
        name = f"cancel-{self.listener}"
        result = self.ask("count", message={"size": 1000}, cancelAt=10, metadata={"x-id": name})
        self.assert_ended(result, CANCELLED)
        self.peer.wait(event="cancelled", id=name)

    def test_a_client_that_dies_in_the_middle_of_a_stream(self):
        name = f"death-{self.listener}"
        client = self.begin(self.sluice, "count", message={"count": 1, "stay": True}, metadata={"x-id": name})
        client.wait(event="first")
        self.assertEqual(self.peer.find(event="cancelled", id=name), [])
        client.kill()
        self.peer.wait(event="cancelled", id=name)

    def test_a_request_of_four_mebibytes(self):
        result = self.ask("collect", count=3, size=4 * MIB)
        self.assert_ended(result)
        self.assertEqual(result["response"], {"count": 3, "length": 12 * MIB})

    def test_a_response_of_four_mebibytes(self):
        result = self.ask("count", message={"count": 3, "size": 4 * MIB})
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"]), (3, 12 * MIB))

    def test_two_hundred_calls_at_a_time_of_one_channel(self):
        before = self.accepted()
        result = self.ask("parallel", calls=200)
        self.assertEqual(result, {"codes": [OK], "right": 200, "details": []})
        self.assertEqual(self.accepted() - before, 1)
        connections = [self.sluice.metric_sum(f"sluice_upstream_connections_{state}") for state in ("active", "idle")]
        self.assertLessEqual(sum(connections), 4)

    def test_compressed_messages(self):
        result = self.ask("chat", count=20, size=10000, channel={"grpc.default_compression_algorithm": 2})
        self.assert_ended(result)
        self.assertEqual((result["messages"], result["length"]), (20, 20 * 10000))

    def test_pings_of_the_client_are_answered_while_a_call_is_silent(self):
        channel = {"grpc.keepalive_time_ms": 100, "grpc.keepalive_timeout_ms": 10000 if is_sanitized() else 2000}
        client = self.begin(self.sluice, "count", message={"count": 1, "stay": True}, deadline=2500, channel=channel, traces="keepalive")
        result = self.result(client)
        pongs = [line for line in client.errors if "Received ping response" in line]
        self.assert_ended(result, DEADLINE_EXCEEDED)
        self.assertGreaterEqual(len(pongs), 5, client.errors[-20:])


class CallsOverTls(Calls):
    """The same over TLS, HTTP/2 agreed on by ALPN."""

    listener = "secure"


class SecureServer(Certified):
    """A server that is spoken to over TLS."""

    def test_calls_reach_a_server_over_tls(self):
        gateway = self.new_gateway(self.server(certificate=self.certificate), cluster_settings={"tls": {"ca": self.authority}})
        self.assertEqual(self.call(gateway, "unary", message={"text": "hi"})["response"]["text"], "hi")
        result = self.call(gateway, "chat", count=1000, size=1000)
        self.assertEqual((result["status"]["code"], result["messages"], result["inOrder"]), (OK, 1000, True))


class Silence(Certified):
    def test_a_call_in_which_nobody_speaks_for_longer_than_the_grace_of_slow_bodies_goes_on(self):
        gateway = self.new_gateway(self.server(), limits={"min_rate": 240, "min_rate_grace": "1s"})
        client = self.begin(gateway, "chat", count=2, size=10, pauses=True)
        client.wait(event="first")
        with self.raw_client(gateway) as other:
            # Time passes by a call of its own, which lasts longer than the grace.
            stream = self.raw_begin(other, ECHO + "Unary", ("grpc-timeout", "3S"))
            other.send_body(stream, framed({"never": True}))
            other.response(stream)
        client.cue()
        result = self.result(client)
        self.assertEqual((result["status"]["code"], result["messages"]), (OK, 2), result)


class FewStreams(Certified):
    def test_calls_wait_for_a_server_that_takes_few_at_a_time(self):
        gateway = self.new_gateway(self.server(streams=3), cluster_settings={"pool": {"max_connections": 2, "queue_timeout": "20s"}})
        self.assertEqual(self.call(gateway, "parallel", calls=200), {"codes": [OK], "right": 200, "details": []})


@unittest.skipIf(is_sanitized(), "sanitizers need memory of their own")
class SlowReaders(Certified):
    def test_a_server_that_reads_slowly_holds_the_client_back(self):
        gateway = self.new_gateway(self.server())
        result = self.call(gateway, "collect", count=1000, size=128 * 1024, metadata={"x-hold": "1"})
        self.assertEqual((result["status"]["code"], result["response"]["count"]), (OK, 1000))
        self.assertLess(gateway.peak_rss_bytes(), 64 * MIB)

    def test_a_client_that_reads_slowly_holds_the_server_back(self):
        gateway = self.new_gateway(self.server())
        result = self.call(gateway, "count", message={"count": 1000, "size": 128 * 1024}, hold=1)
        self.assertEqual((result["status"]["code"], result["messages"], result["inOrder"]), (OK, 1000, True))
        self.assertLess(gateway.peak_rss_bytes(), 64 * MIB)


class Ends(Certified):
    """The server or the gateway goes away."""

    def test_a_server_that_dies_in_the_middle_of_a_stream_is_unavailable(self):
        server = self.server()
        gateway = self.new_gateway(server)
        client = self.begin(gateway, "count", message={"count": 1, "stay": True})
        client.wait(event="first")
        server.kill()
        result = self.result(client)
        self.assertEqual((result["status"]["code"], result["messages"]), (UNAVAILABLE, 1), result)

    def test_a_server_that_dies_before_it_has_answered_is_unavailable(self):
        server = self.server()
        gateway = self.new_gateway(server)
        client = self.begin(gateway, "unary", message={"never": True}, metadata={"x-id": "1"})
        server.wait(event="started", id="1")
        server.kill()
        result = self.result(client)
        self.assertEqual(result["status"]["code"], UNAVAILABLE, result)

    def test_a_server_that_has_come_back_is_called_again(self):
        server = self.server()
        gateway = self.new_gateway(server)
        client = self.begin(gateway, "twice")
        client.wait(event="between")
        server.kill()
        self.server(port=server.port)
        client.cue()
        result = self.result(client)
        self.assertEqual((result["first"]["status"]["code"], result["second"]["status"]["code"]), (OK, OK), result)

    def test_no_call_is_lost_to_a_server_that_ends_its_connections_by_their_age(self):
        server = self.server(age=50)
        gateway = self.new_gateway(server)
        result = self.call(gateway, "steady", calls=2000, lanes=4)
        self.assertEqual(result, {"codes": [OK], "right": 2000, "details": []})
        self.assertGreater(gateway.metric_sum("sluice_upstream_dialed_total"), 5)

    def test_a_call_under_way_ends_well_while_the_gateway_drains(self):
        gateway = self.new_gateway(self.server())
        client = self.begin(gateway, "chat", count=1000, size=100, pauses=True)
        client.wait(event="first")
        with self.raw_client(gateway) as witness:
            witness.ping()
            gateway.send_signal(signal.SIGTERM)
            # Idle, so that its GOAWAY tells that the drain has begun.
            witness.wait_goaway()
        client.cue()
        result = self.result(client)
        self.assertEqual((result["status"]["code"], result["messages"], result["inOrder"]), (OK, 1000, True), result)
        self.assertEqual(gateway.wait(), 0)

    def test_a_call_that_outlives_the_drain_is_cut_and_its_client_knows(self):
        gateway = self.new_gateway(self.server(), limits={"drain": "300ms"})
        client = self.begin(gateway, "count", message={"count": 1, "stay": True})
        client.wait(event="first")
        gateway.stop()
        result = self.result(client)
        # The cut says nothing more: grpc-js makes INTERNAL of a stream without its status.
        self.assertIn(result["status"]["code"], (UNAVAILABLE, INTERNAL), result)
        self.assertEqual(result["messages"], 1, result)

    def test_a_channel_goes_on_with_the_next_gateway_at_the_same_address(self):
        server = self.server()
        first = self.new_gateway(server)
        client = self.begin(first, "twice", waits=True)
        client.wait(event="between")
        addresses = [first.addresses[name] for name in ("web", "secure")]
        first.stop()
        listeners = plain_and_tls(self.certificate)
        for listener, address in zip(listeners, addresses):
            listener["address"] = address
        self.gateway(grpc_to(server, listeners=listeners))
        client.cue()
        result = self.result(client)
        self.assertEqual((result["first"]["status"]["code"], result["second"]["status"]["code"]), (OK, OK), result)

    def test_calls_end_well_while_the_configuration_is_read_again(self):
        gateway = self.new_gateway(self.server())
        client = self.begin(gateway, "chat", count=1000, size=100, pauses=True)
        client.wait(event="first")
        gateway.reload(gateway.config)
        client.cue()
        result = self.result(client)
        self.assertEqual((result["status"]["code"], result["messages"]), (OK, 1000), result)


class EndsOverTls(Ends):
    listener = "secure"


if __name__ == "__main__":
    main()
