"""How workers share what comes in."""

import json
import os

from harness import GatewayTest, config, is_wine, main, proxy_to, request_bytes, route


class Workers(GatewayTest):
    def test_connections_are_spread_evenly_over_the_workers(self):
        gateway = self.gateway(config([route("/", respond={"status": 200})], workers=2))
        clients = [self.client(gateway) for _ in range(400)]
        for client in clients:
            client.send(request_bytes("GET", "/"))
        self.assertEqual({client.response().status for client in clients}, {200})
        workers = json.loads(gateway.get("/status", listener="admin").text)["workers"]
        accepted = [worker["accepted"] for worker in workers]
        self.assertEqual(sum(accepted), 400)
        # The kernel spreads by a hash; where connections are handed over, the least loaded worker gets the next.
        self.assertGreaterEqual(min(accepted), 190 if is_wine() else 100, accepted)

    def test_auto_makes_a_worker_per_core(self):
        gateway = self.gateway(config([route("/", respond={"status": 200})], workers="auto"))
        status = json.loads(gateway.get("/status", listener="admin").text)
        self.assertEqual(len(status["workers"]), len(os.sched_getaffinity(0)))

    def test_many_workers_serve_many_clients(self):
        origin = self.origin()
        gateway = self.gateway(proxy_to(origin, workers=4))
        for _ in range(3):
            clients = [self.client(gateway) for _ in range(50)]
            for client in clients:
                client.send(request_bytes("GET", "/") * 4)
            self.assertEqual({client.response().status for client in clients for _ in range(4)}, {200})
        self.assertEqual(len(origin.requests), 600)


if __name__ == "__main__":
    main()
