"""Reloads under load: many of them, one after the other, and nobody notices.

Nothing here is timed: the load goes on until the reloads are through, and each kind of it must have got somewhere.
"""

import random
import threading
import time

from harness import (LOOPBACK, Client, GatewayTest, answer, cluster, config, is_sanitized, main, request_bytes, route, says)
from websocket_origin import WebSocketClient, WebSocketOrigin

RELOADS = 200 if is_sanitized() else 1000
SOCKETS = 100 if is_sanitized() else 500
#: Memory is compared between these two reloads.
SETTLED = RELOADS // 10

SLOW_PIECES = 20


def slow_body(request):
    """A response that comes in pieces, over many reloads."""
    request.connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (SLOW_PIECES * 1000))
    for _ in range(SLOW_PIECES):
        time.sleep(0.02)  # Not to wait for anything: this is how slow the download is.
        request.connection.send(b"x" * 1000)
    return b""


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


class ReloadsUnderLoad(GatewayTest):
    def configuration(self, number):
        """Of which the routes of the load, their cluster and their listener are always the same."""
        kept = [
            route("/kept", cluster="kept"),
            route("/length", cluster="kept"),
            route("/slow", cluster="kept"),
            route("/socket", cluster="sockets", upgrade=["websocket"]),
        ]
        clusters = [cluster("kept", self.kept), cluster("sockets", self.sockets.address)]
        listeners = [{"name": "web", "address": LOOPBACK}]
        if number % 2:
            kept.insert(0, route(f"/added/{number}/:id", cluster="added"))
            clusters.insert(0, cluster("added", self.added, slow_start=f"{number}s"))
        if number % 3 == 0:
            kept.append(route("/changed", respond={"body": str(number)}))
            listeners.insert(0, {"name": f"added-{number}", "address": LOOPBACK})
        if number % 5 == 0:
            kept[-1]["response_headers"] = {"set": {"X-Number": str(number)}}
        return config(kept, clusters, listeners=listeners, workers=2 + number // 10 % 2, limits={"drain": "1s"})

    def test_no_request_fails_no_socket_closes_and_no_memory_is_lost(self):
        self.kept, self.added = self.origin(), self.origin()
        self.kept.on("/kept", says("kept"))
        self.kept.on("/length", lambda request: answer(str(request.body_bytes).encode()))
        self.kept.on("/slow", slow_body)
        self.sockets = WebSocketOrigin(self)
        sluice = self.gateway(self.configuration(0))
        sockets = [WebSocketClient(self, sluice.address(), "/socket") for _ in range(SOCKETS)]
        loads = [Load(sluice.address(), ask) for ask in (keep, keep, close, close, post, download, download)]
        memory = {}
        for number in range(1, RELOADS + 1):
            entry = sluice.reload(self.configuration(number))
            self.assertEqual(entry["message"], "reloaded", entry)
            if number in (SETTLED, RELOADS):
                memory[number] = sluice.rss_bytes()
        for load in loads:
            load.end()
        self.assertEqual([load.failures for load in loads], [[]] * len(loads))
        self.assertTrue(all(load.done > 0 for load in loads), [load.done for load in loads])
        for number, one in enumerate(sockets):
            one.echo(b"%d" % number)
        print(f"{RELOADS} reloads, requests {[load.done for load in loads]}, memory {memory}")
        if not is_sanitized():
            self.assertLess(memory[RELOADS], memory[SETTLED] * 1.05)


if __name__ == "__main__":
    main()
