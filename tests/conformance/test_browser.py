"""Chromium: a page, its many requests and a WebSocket, all of it with HTTP/2."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading

from conformance import ConformanceTest, config, main, program, route, wait_until
from harness import PATIENCE, answer, says
from test_websocket import websockets

REQUESTS = 60
PAGE = """<html><body>waiting<script>
(async () => {
    const ask = i => fetch("/data/" + i, {method: "POST", body: "x".repeat(20000)}).then(answer => answer.text());
    const answers = await Promise.all([...Array(%d).keys()].map(ask));
    const echo = await new Promise(done => {
        const socket = new WebSocket("wss://" + location.host + "/socket");
        socket.onopen = () => socket.send("over h2");
        socket.onmessage = message => { socket.close(1000); done(message.data); };
        socket.onclose = () => done("closed");
    });
    return `got ${answers.length} of ${[...new Set(answers)]}, echoed ${echo}`;
})().catch(error => `failed: ${error}`).then(result => fetch("/result", {method: "POST", body: result}));
</script></body></html>""" % REQUESTS


class EchoServer:
    """Sends messages back, in an event loop on a thread of its own, and remembers how it was asked."""

    def __init__(self, test):
        self.asked = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        server = asyncio.run_coroutine_threadsafe(self.start(), self.loop).result()
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        test.addCleanup(self.end, server)

    async def start(self):
        return await websockets.serve(self.echo, "127.0.0.1", 0)

    async def echo(self, connection, _path=None):
        self.asked.append(connection.request_headers)
        async for message in connection:
            await connection.send(message)

    async def stop(self, server):
        server.close()
        await server.wait_closed()

    def end(self, server):
        asyncio.run_coroutine_threadsafe(self.stop(server), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Browser(ConformanceTest):
    def test_a_page_its_requests_and_a_websocket_come_over_http_2(self):
        origin = self.origin()
        origin.otherwise = says("data")
        origin.on("/", lambda request: answer(PAGE.encode(), headers=["Content-Type: text/html"]))
        echo = EchoServer(self)
        gateway = self.gateway(config(
            [route("/*rest", cluster="origin"), route("/socket", cluster="echo", upgrade=["websocket"])],
            [{"name": "origin", "endpoints": [{"address": origin.address}]}, {"name": "echo", "endpoints": [{"address": echo.address}]}],
            listeners=self.listeners()))
        host, port = self.host_and_port(gateway)
        self.open(f"https://{host}:{port}/")
        result = wait_until(lambda: next((one for one in origin.requests if one.target == "/result" and one.is_complete), None), "the page to end", 60)
        self.assertEqual(result.body.decode(), f"got {REQUESTS} of data, echoed over h2")
        # What the upstreams are told of the way that a request came (RFC 9110, 7.6.3).
        ways = {request.headers.get("Via") for request in origin.requests} | {fields.get("Via") for fields in echo.asked}
        self.assertEqual(ways, {"2 sluice"})

    def open(self, url):
        """Until the test ends. As root there is no sandbox to be had."""
        with open(os.path.join(self.folder, "chromium.log"), "wb") as log:
            browser = subprocess.Popen(
                [program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--no-first-run",
                 "--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={self.folder}/profile", url],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": self.folder, "TMPDIR": self.folder}, start_new_session=True)
        self.addCleanup(self.end, browser)

    def end(self, browser):
        """With its children, of which some may outlive it."""
        browser.terminate()
        try:
            browser.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


if __name__ == "__main__":
    main()
