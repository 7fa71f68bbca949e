"""An upstream in a process of its own, for tests that kill and stop it: `upstream_process.py NAME [PORT]`.

It prints its port once it listens, keeps connections alive, and answers every GET with its name. GET /health is always
answered with 200 at once; GET /control?status=500&delay=0.2 changes how all else is answered, the delay in seconds.
"""

import asyncio
import sys
from urllib.parse import parse_qsl


def response(body, status=200):
    return b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class Upstream(asyncio.Protocol):
    """One connection; how it answers is shared by all."""

    name = b""
    status = 200
    delay = 0.0

    def __init__(self):
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.answer(head.split(b" ", 2)[1].decode())

    def answer(self, target):
        path, _, query = target.partition("?")
        if path == "/health":
            self.transport.write(response(b"fine"))
        elif path == "/control":
            for key, value in parse_qsl(query):
                setattr(Upstream, key, float(value) if key == "delay" else int(value))
            self.transport.write(response(b"changed"))
        elif Upstream.delay:
            asyncio.get_running_loop().call_later(Upstream.delay, self.send_name)
        else:
            self.send_name()

    def send_name(self):
        if not self.transport.is_closing():
            self.transport.write(response(Upstream.name, Upstream.status))


async def serve(name, port):
    Upstream.name = name.encode()
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
