"""The wire cases of tests/data/http played through the running gateway: whole, in single bytes, and split.

What must be refused is refused with the right status, the connection closes, and nothing of it reaches the origin as a
request; what is valid reaches the origin with the same meaning.
"""

from harness import ConnectionEnded, Origin, SharedGatewayTest, main, wait_until
from wire_cases import load_cases

#: Fields of the client's connection, or in the gateway's care: they may differ behind it.
OWN_FIELDS = {
    "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
    "proxy-authorization", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-request-id",
    "expect",
}

#: Answers of the gateway itself to requests that are well formed and yet not passed on.
LOCAL_METHODS = {"CONNECT": 405, "TRACE": 405}


def whole(data):
    yield data


def bytewise(data):
    for at in range(len(data)):
        yield data[at : at + 1]


def split_at(point):
    def pieces(data):
        at = max(1, min(len(data) - 1, int(len(data) * point)))
        yield data[:at]
        yield data[at:]

    return pieces


class WireCases(SharedGatewayTest):
    def cases(self, wanted):
        found = [case for case in load_cases() if not case.is_response and wanted(case)]
        self.assertGreater(len(found), 20)
        return found

    def play(self, pieces, longest=1 << 30):
        """Plays every case in these pieces; cases longer than `longest` bytes are left to the other ways."""
        for case in self.cases(lambda case: len(case.data) <= longest):
            with self.subTest(case=repr(case)):
                self.upstream.requests.clear()
                self.upstream.failures.clear()
                self.paths_refused = 0
                self.play_case(case, pieces)
                self.assertEqual(self.upstream.failures, [])

    def play_case(self, case, pieces):
        client = self.sluice.client()
        try:
            for piece in pieces(case.data):
                if not client.try_send(piece):
                    break
            for message in case.whole:
                self.expect_served(client, message)
            if case.error_status:
                self.expect_refused(client, case)
            elif "incomplete" in case.messages[-1].values:
                client.close()
            self.expect_seen(case)
        finally:
            client.close()

    def expect_served(self, client, message):
        answer = client.response(message["method"])
        if message["method"] in LOCAL_METHODS:
            self.assertEqual(answer.status, LOCAL_METHODS[message["method"]])
        elif message["form"] == "asterisk":
            self.assertEqual(answer.status, 204)
        elif answer.status == 400 and "\nthe path " in answer.text:
            # Well formed, and yet a path that could be read in two ways.
            self.paths_refused += 1
        else:
            self.assertEqual(answer.status, 200, answer)

    def expect_refused(self, client, case):
        """The right status, then the end; once the head has gone to the origin, the end alone is right too."""
        client.shutdown_send()
        try:
            answer = client.response()
        except ConnectionEnded:
            self.assertFalse(case.refused_at_head, "closed without an answer")
            return
        self.assertEqual(answer.status, case.error_status, answer)
        self.assertTrue(client.is_closed())

    def expect_seen(self, case):
        """The origin saw the valid messages, and no whole request beyond them."""
        forwarded = [one for one in case.whole if one["method"] not in LOCAL_METHODS and one["form"] != "asterisk"]
        seen = [one for one in self.upstream.requests if one.is_complete]
        self.assertEqual(len(seen) + self.paths_refused, len(forwarded), seen)
        if self.paths_refused:
            return
        for request, message in zip(seen, forwarded):
            self.expect_equal(request, message)

    def expect_equal(self, request, message):
        self.assertEqual(request.method, message["method"])
        self.assertEqual(request.body_bytes, message.body_bytes)
        if message["authority"]:
            self.assertEqual(request.headers["Host"], message["authority"])
        sent = [one for one in message.fields if self.is_end_to_end(one, message) and not one.endswith("...")]
        arrived = [f"{name}: {value}".strip() for name, value in request.headers.fields]
        for field in sent:
            self.assertIn(field.encode().decode("unicode_escape"), arrived)
        trailers = [f"{name}: {value}".strip() for name, value in (request.trailers or Origin.no_fields).fields]
        self.assertEqual(len(trailers), len(message.trailers))

    def is_end_to_end(self, field, message):
        name = field.partition(":")[0].lower()
        named = [one.partition(":")[2].lower() for one in message.fields if one.lower().startswith("connection:")]
        return name not in OWN_FIELDS and not any(name in value.replace(" ", "").split(",") for value in named)

    def test_every_case_whole(self):
        self.play(whole)

    def test_every_case_in_single_bytes(self):
        self.play(bytewise, longest=600)

    def test_every_case_split_in_two_places(self):
        for point in (0.25, 0.5, 0.75, 0.999):
            self.play(split_at(point), longest=40000)


class AfterARefusal(SharedGatewayTest):
    def test_nothing_behind_a_refused_request_is_served(self):
        smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        refused = [
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        ]
        for request in refused:
            with self.subTest(request):
                client = self.connect().send(request + smuggled)
                self.assertEqual(client.response().status, 400)
                self.assertTrue(client.is_closed())
        self.assertNotIn("/smuggled", [one.target for one in self.upstream.requests])

    def test_the_refusal_says_what_was_wrong(self):
        client = self.connect().send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        self.assertIn("Host", client.response().text)

    def test_refusals_are_counted(self):
        before = sum(value for key, value in self.sluice_metrics() if "refused" in key)
        self.connect().send(b"GET / HTTP/1.1\r\n\r\n").response()

        def counted():
            return sum(value for key, value in self.sluice_metrics() if "refused" in key) == before + 1

        wait_until(counted, "the refusal to be counted", 10)

    def sluice_metrics(self):
        return self.sluice.metrics().items()


if __name__ == "__main__":
    main()
