"""Upgrades through the admin listener, as every system has it: another process takes over under load."""

import os
import signal

from ceaseless_load import Load, close, download, keep, post, serve_load
from gateway import Gateway
from harness import LOOPBACK, GatewayTest, cluster, config, is_slow, main, native_path, proxy_to, route, wait_until
from websocket_origin import WebSocketClient, WebSocketOrigin

UPGRADES = 5 if is_slow() else 10
TOKEN = "a-token-that-is-long-enough-for-a-test"


def processes_of(folder):
    """The ids of the processes that serve a configuration in that folder; Wine's are found by the system's ids too."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as line:
                text = line.read().replace(b"\\", b"/")
        except (OSError, NotADirectoryError):
            continue
        if os.path.basename(folder).encode() in text and b"\0run\0" in text:
            found.append(int(name))
    return found


class Upgrading(Gateway):
    def kill(self):
        """Whatever process serves by now."""
        for pid in processes_of(self.folder):
            os.kill(pid, signal.SIGKILL)
        super().kill()

    def end(self):
        self.is_expected_to_end = True
        super().end()


class UpgradesByAdmin(GatewayTest):
    def upgrading(self, configuration):
        configuration["admin"] = {"address": LOOPBACK, "token": TOKEN}
        gateway = Upgrading(configuration)
        self.addCleanup(gateway.end)
        return gateway

    def upgrade(self, gateway, body=None):
        return gateway.change("POST", "/v1/upgrade", body or {}, token=TOKEN)

    def test_upgrades_under_load_fail_no_request(self):
        origin = self.origin()
        serve_load(origin)
        sockets = WebSocketOrigin(self)
        routes = [
            route("/kept", cluster="kept"), route("/length", cluster="kept"), route("/slow", cluster="kept"),
            route("/socket", cluster="sockets", upgrade=["websocket"]),
        ]
        clusters = [cluster("kept", origin), cluster("sockets", sockets.address)]
        gateway = self.upgrading(config(routes, clusters, workers=2, limits={"drain": "3s"}))
        loads = [Load(gateway.address(), ask) for ask in (keep, close, post, download)]
        for _ in range(UPGRADES):
            client = WebSocketClient(self, gateway.address(), "/socket")
            before = gateway.status()["pid"]
            done = [load.done for load in loads]
            answer = self.upgrade(gateway)
            self.assertEqual(answer.status, 200, (answer.text, gateway.log_text()))
            wait_until(lambda: gateway.status()["pid"] != before, "the new process to serve")
            self.assertEqual(client.close_code(), 1001)
            wait_until(lambda: all(load.done > count for load, count in zip(loads, done)), "every client to be served")
        for load in loads:
            load.end()
        self.assertEqual([load.failures for load in loads], [[]] * len(loads))
        wait_until(lambda: len(processes_of(gateway.folder)) == 1, "the old processes to end")
        print(f"{UPGRADES} upgrades, requests {[load.done for load in loads]}")

    def test_a_configuration_with_an_error_and_a_binary_that_is_none_change_nothing(self):
        gateway = self.upgrading(proxy_to(self.origin()))
        pid = gateway.status()["pid"]
        good = gateway.config
        gateway.write_config({**good, "routs": []})
        answer = self.upgrade(gateway)
        self.assertEqual(answer.status, 422)
        self.assertIn("exit code 3", answer.text)
        self.assertIn("routs", answer.text)
        gateway.write_config(good)
        answer = self.upgrade(gateway, {"binary": native_path(os.path.join(gateway.folder, "gateway.json"))})
        self.assertEqual(answer.status, 422)
        self.assertEqual((gateway.status()["pid"], gateway.get("/").status), (pid, 200))
        self.assertEqual(self.upgrade(gateway, {"binary": "relative/path"}).status, 400)
        self.assertEqual(self.upgrade(gateway).status, 200)
        self.assertEqual(gateway.get("/").status, 200)


if __name__ == "__main__":
    main()
