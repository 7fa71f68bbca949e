"""Clients that ask without a pause, each in a way of its own, and keep every answer that is not the right one.

    loads = [Load(gateway.address(), ask) for ask in (keep, close, post, download)]
"""

import random
import threading
import time

from client import Client, request_bytes
from harness import answer, says

SLOW_PIECES = 20


def slow_body(request):
    """A response that comes in pieces, over many reloads."""
    request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (SLOW_PIECES * 1000))
    for _ in range(SLOW_PIECES):
        time.sleep(0.02)  # Not to wait for anything: this is how slow the download is.
        request.connection.send(b"x" * 1000)
    return b""


def serve_load(origin):
    """Makes an origin answer what these clients ask."""
    origin.on("/kept", says("kept"))
    origin.on("/length", lambda request: answer(str(request.body_bytes).encode()))
    origin.on("/slow", slow_body)


class Load:
    """One client's requests until told to end; whatever is not the right answer is kept."""

    def __init__(self, address, ask):
        self.address = address
        self.ask = ask
        self.done = 0
        self.failures = []
        self.is_over = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        client = Client(self.address)
        while not self.is_over:
            try:
                client = self.ask(self, client)
                self.done += 1
            except Exception as failure:  # Of any kind: no request may fail.
                self.failures.append(repr(failure))
                client.close()
                client = Client(self.address)
        client.close()

    def expect(self, response, text):
        if response.status != 200 or response.text != text:
            raise AssertionError(f"{response.status} {response.text[:80]!r}")
        return response

    def end(self):
        self.is_over = True
        self.thread.join(60)


def renewed(client, response, address):
    """The same connection, or a new one where the gateway said that this response was its last."""
    if response.headers.get("Connection") != "close":
        return client
    client.close()
    return Client(address)


def keep(load, client):
    return renewed(client, load.expect(client.get("/kept"), "kept"), load.address)


def close(load, client):
    load.expect(client.get("/kept", "Connection: close"), "kept")
    client.close()
    return Client(load.address)


def post(load, client):
    body = random.Random(load.done).randbytes(random.Random(load.done).randrange(100_000))
    client.send(request_bytes("POST", "/length", [f"Content-Length: {len(body)}"]) + body)
    return renewed(client, load.expect(client.response(), str(len(body))), load.address)


def download(load, client):
    return renewed(client, load.expect(client.get("/slow"), "x" * 1000 * SLOW_PIECES), load.address)
