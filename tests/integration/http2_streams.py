"""What tests of many requests on few HTTP/2 connections start from: an origin that holds back its answers, and who waits for them."""

import threading

from harness import PATIENCE, request_bytes
from http2_origin import Http2UpstreamTest


def held(event):
    """Answers once the event is set."""
    return lambda request: event.wait(PATIENCE) and request.answer(b"held")


class StreamsTest(Http2UpstreamTest):
    def setUp(self):
        self.gate = threading.Event()

    def finish_http2(self, origin):
        # Or it would wait for those who still hold back their answers.
        self.gate.set()
        super().finish_http2(origin)

    def held_origin(self, *script, **options):
        upstream = self.http2_origin(*script, **options)
        upstream.on("/held", held(self.gate))
        return upstream

    def ask(self, gateway, *targets, method="GET", fields=(), body=b""):
        """One client of HTTP/1.1 for each; their responses are still to be read."""
        clients = []
        for target in targets:
            client = self.client(gateway)
            length = [f"Content-Length: {len(body)}"] if method == "POST" else []
            client.send(request_bytes(method, target, [*fields, *length]) + (body if method == "POST" else b""))
            clients.append(client)
        return clients

    def statuses(self, clients):
        return [client.response().status for client in clients]
