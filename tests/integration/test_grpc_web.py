"""gRPC-Web of browsers, by hand over HTTP/1.1 and HTTP/2, translated to a real gRPC server."""

import base64
import http.client
import json
from urllib.parse import unquote

from gateway import Gateway
from grpc_peers import (DEADLINE_EXCEEDED, ECHO, INVALID_ARGUMENT, NOT_FOUND, OK, RESOURCE_EXHAUSTED, UNAVAILABLE, GrpcServer, GrpcTest,
                        framed, grpc_to, need_node, unframed)
from harness import PATIENCE, main
from http2_client import CANCEL
from test_grpc_answers import MUTE, closed_port

BINARY = "application/grpc-web+proto"
TEXT = "application/grpc-web-text+proto"
TEXT_KIND = "application/grpc-web-text"
TRAILERS = 0x80


def setUpModule():
    need_node()


def decode_segments(text):
    """Base64 of which every piece may be padded on its own."""
    if len(text) % 4:
        raise AssertionError(f"base64 of {len(text)} bytes: {text[-20:]!r}")
    return b"".join(base64.b64decode(text[at : at + 4], validate=True) for at in range(0, len(text), 4))


class WebResponse:
    """A response as a client of gRPC-Web understands it: how the call ended is a frame behind the messages, or stands in the head
    where there is no body at all."""

    def __init__(self, status, fields, body):
        self.status = status
        self.kind = fields["content-type"]
        frames = unframed(decode_segments(body) if self.kind.startswith(TEXT_KIND) else body)
        self.messages = [json.loads(data) for flags, data in frames if flags == 0]
        self.is_in_head = not frames
        if self.is_in_head:
            self.trailers = {name: fields[name] for name in ("grpc-status", "grpc-message") if name in fields}
            return
        if "grpc-status" in fields:
            raise AssertionError(f"the end in the head, and a body: {fields} {frames}")
        if frames[-1][0] != TRAILERS or len(frames) != len(self.messages) + 1:
            raise AssertionError(f"not messages and one frame of trailers behind them: {frames}")
        self.trailers = {}
        for line in frames[-1][1].decode().split("\r\n")[:-1]:
            name, _, value = line.partition(":")
            if name != name.lower():
                raise AssertionError(f"not in lower case: {name}")
            self.trailers[name] = value.strip()

    @property
    def code(self):
        return int(self.trailers["grpc-status"])

    @property
    def message(self):
        return unquote(self.trailers["grpc-message"])


def read_web(response):
    """What is left of a response of http.client."""
    return WebResponse(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


class WebTest(GrpcTest):
    def connect(self, gateway):
        connection = http.client.HTTPConnection(*gateway.address(), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def begin_web(self, gateway, path, body, kind=BINARY, **fields):
        """A response whose head has come."""
        connection = self.connect(gateway)
        headers = {"Content-Type": kind, "Accept": kind, "X-Grpc-Web": "1"}
        headers.update((key.replace("_", "-"), value) for key, value in fields.items())
        connection.request("POST", path, body=base64.b64encode(body) if "text" in kind else body, headers=headers)
        response = connection.getresponse()
        response.owner = connection
        return response

    def leave(self, response):
        """As a client that goes away in the middle."""
        response.close()
        response.owner.close()

    def web(self, gateway, path, message, kind=BINARY, **fields):
        response = self.begin_web(gateway, path, framed(message), kind, **fields)
        found = read_web(response)
        # The part behind the plus sign is the server's own.
        self.assertEqual((found.status, found.kind.partition("+")[0]), (200, kind.partition("+")[0]))
        return found


class Translation(WebTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = GrpcServer()
        cls.addClassCleanup(cls.peer.kill)
        cls.sluice = Gateway(grpc_to(cls.peer, route_settings={"grpc_web": True}))
        cls.addClassCleanup(cls.sluice.end)

    def tearDown(self):
        self.sluice.assert_runs()

    def test_a_unary_call(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                found = self.web(self.sluice, ECHO + "Unary", {"text": "hello", "trailing": {"x-last": "1"}}, kind)
                self.assertEqual((found.code, [one["text"] for one in found.messages]), (OK, ["hello"]))
                self.assertEqual(found.trailers["x-last"], "1")

    def test_a_server_streams(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                found = self.web(self.sluice, ECHO + "Count", {"count": 500, "size": 1000}, kind)
                self.assertEqual((found.code, [one["index"] for one in found.messages]), (OK, list(range(500))))
                self.assertEqual(found.trailers["x-trailer"], "counted")

    def test_messages_arrive_while_the_call_goes_on(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                response = self.begin_web(self.sluice, ECHO + "Count", framed({"count": 1, "size": 3, "stay": True}), kind, x_id=kind)
                wanted = len(framed(b'{"index":0,"text":"zzz"}'))
                data = b""
                while len(decode_segments(data) if kind == TEXT else data) < wanted:
                    data += response.read1(1000)
                self.leave(response)
                self.peer.wait(event="cancelled", id=kind)

    def test_large_messages(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                found = self.web(self.sluice, ECHO + "Unary", {"text": "x" * 2_000_001}, kind)
                self.assertEqual((found.code, found.messages[0]["length"]), (OK, 2_000_001))

    def test_an_error_has_its_message(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                found = self.web(self.sluice, ECHO + "Unary", {"fail": {"code": NOT_FOUND, "details": "no such thing"}}, kind)
                self.assertEqual((found.code, found.message, found.messages), (NOT_FOUND, "no such thing", []))

    def test_an_error_behind_messages(self):
        found = self.web(self.sluice, ECHO + "Count", {"count": 3, "fail": {"code": INVALID_ARGUMENT, "details": "enough"}})
        self.assertEqual((found.code, len(found.messages), found.message), (INVALID_ARGUMENT, 3, "enough"))

    def test_metadata_passes_both_ways(self):
        message = {"text": "", "initial": {"x-first": "1"}}
        response = self.begin_web(self.sluice, ECHO + "Unary", framed(message), x_mine="2")
        self.assertEqual(response.getheader("x-first"), "1")
        found = read_web(response)
        self.assertEqual(found.messages[0]["saw"]["x-mine"], ["2"])

    def test_text_in_segments_that_are_padded_on_their_own(self):
        whole = framed({"text": "in pieces"})
        body = b"".join(base64.b64encode(whole[at : at + 4]) for at in range(0, len(whole), 4))
        connection = self.connect(self.sluice)
        connection.request("POST", ECHO + "Unary", body=body, headers={"Content-Type": TEXT})
        response = connection.getresponse()
        found = read_web(response)
        self.assertEqual((found.code, found.messages[0]["text"]), (OK, "in pieces"))

    def test_text_that_is_no_base64_never_succeeds(self):
        connection = self.connect(self.sluice)
        connection.request("POST", ECHO + "Unary", body=b"AAAA*AAA", headers={"Content-Type": TEXT})
        response = connection.getresponse()
        if response.status == 200:
            self.assertNotEqual(read_web(response).code, OK)
        else:
            self.assertEqual(response.status, 400)

    def test_calls_of_grpc_itself_pass_the_same_route(self):
        result = self.call(self.sluice, "chat", count=100, size=100)
        self.assertEqual((result["status"]["code"], result["messages"]), (OK, 100))

    def test_clients_with_http2_are_translated_too(self):
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                body = framed({"text": "two"})
                body = base64.b64encode(body) if kind == TEXT else body
                response = self.raw(self.sluice, ECHO + "Unary", ("content-type", kind), body=body)
                found = WebResponse(response.status, dict(response.headers.fields), bytes(response.body))
                self.assertEqual((found.code, found.messages[0]["text"], response.trailers), (OK, "two", None))

    def test_two_calls_of_one_connection(self):
        connection = self.connect(self.sluice)
        for text in ("one", "two"):
            connection.request("POST", ECHO + "Unary", body=framed({"text": text}), headers={"Content-Type": BINARY})
            response = connection.getresponse()
            found = read_web(response)
            self.assertEqual((found.code, found.messages[0]["text"]), (OK, text))


class Errors(WebTest):
    def test_an_endpoint_that_refuses_is_unavailable(self):
        gateway = self.gateway(grpc_to(closed_port(), route_settings={"grpc_web": True}))
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                found = self.web(gateway, ECHO + "Unary", {}, kind)
                self.assertEqual((found.code, found.messages), (UNAVAILABLE, []))

    def test_a_deadline_that_has_passed(self):
        mute = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(mute, route_settings={"grpc_web": True}))
        self.assertEqual(self.web(gateway, MUTE + "Silent", {}, grpc_timeout="300m").code, DEADLINE_EXCEEDED)
        found = self.web(gateway, MUTE + "Head", {}, grpc_timeout="300m")
        self.assertEqual((found.code, found.messages), (DEADLINE_EXCEEDED, [{}]))

    def test_a_request_over_the_limit(self):
        gateway = self.gateway(grpc_to(self.server(), route_settings={"grpc_web": True, "max_body_bytes": "1KiB"}))
        self.assertEqual(self.web(gateway, ECHO + "Unary", {"text": "x" * 5000}).code, RESOURCE_EXHAUSTED)


class Upstream(WebTest):
    """What the server gets to see."""

    def test_the_server_sees_a_call_of_grpc(self):
        mute = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(mute, route_settings={"grpc_web": True}))
        for kind in (BINARY, TEXT):
            with self.subTest(kind):
                path = MUTE + ("text/" if kind == TEXT else "binary/") + "Only"
                found = self.web(gateway, path, {}, kind)
                self.assertEqual((found.code, found.message), (NOT_FOUND, "not here"))
                fields = mute.wait(event="request", path=path)["headers"]
                self.assertEqual((fields["content-type"], fields["te"]), ("application/grpc+proto", "trailers"))
                self.assertIn(fields.get("content-length"), (None, str(len(framed({})))))

    def test_a_client_that_goes_away_cancels_the_call(self):
        mute = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(mute, route_settings={"grpc_web": True}))
        self.leave(self.begin_web(gateway, MUTE + "Head", framed({})))
        self.assertEqual(mute.wait(event="closed")["code"], CANCEL)

    def test_without_the_setting_nothing_is_translated(self):
        mute = self.server("mute_server.js")
        gateway = self.gateway(grpc_to(mute))
        self.begin_web(gateway, MUTE + "Html", framed({})).read()
        self.assertEqual(mute.wait(event="request")["headers"]["content-type"], BINARY)


if __name__ == "__main__":
    main()
