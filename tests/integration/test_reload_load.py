"""Reloads under load: many of them, one after the other, and nobody notices.

Nothing here is timed: the load goes on until the reloads are through, and each kind of it must have got somewhere.
"""

from ceaseless_load import Load, close, download, keep, post, serve_load
from harness import LOOPBACK, GatewayTest, cluster, config, is_sanitized, main, route
from websocket_origin import WebSocketClient, WebSocketOrigin

RELOADS = 200 if is_sanitized() else 1000
SOCKETS = 100 if is_sanitized() else 500
#: Memory is compared between these two reloads.
SETTLED = RELOADS // 10


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
        serve_load(self.kept)
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
