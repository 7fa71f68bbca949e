"""A WebSocket upstream that sends every frame back, and a client for it: bytes alone, so that hundreds cost little."""

import os
import selectors
import socket
import struct
import threading

from client import request_bytes
from waiting import PATIENCE
from wire_reader import WireReader

FIELDS = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def unmasked(data):
    """The frames of a client as a server sends them. Whole frames of up to 125 bytes."""
    out = bytearray()
    while data:
        size = data[1] & 0x7F
        mask, body = data[2:6], data[6 : 6 + size]
        out += bytes([data[0], size]) + bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))
        data = data[6 + size :]
    return bytes(out)


class WebSocketOrigin:
    """One thread for all connections; ends with the test."""

    def __init__(self, test):
        #: Requests that came; their answers wait while `may_switch` is clear.
        self.asked = 0
        self.may_switch = threading.Event()
        self.may_switch.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._wake, waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ, "end")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        test.addCleanup(self._end, waker)

    @property
    def address(self):
        return "127.0.0.1:%d" % self._listener.getsockname()[1]

    def _end(self, waker):
        waker.close()
        self._thread.join(PATIENCE)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.data == "end":
                    return
                if key.data is None:
                    connection, _ = self._listener.accept()
                    self._selector.register(connection, selectors.EVENT_READ, {"head": b""})
                else:
                    self._serve(key.fileobj, key.data)

    def _serve(self, connection, state):
        try:
            data = connection.recv(65536)
            if data and state["head"] is not None:
                state["head"] += data
                if state["head"].endswith(b"\r\n\r\n"):
                    state["head"] = None
                    self.asked += 1
                    self.may_switch.wait(PATIENCE)
                    connection.sendall(SWITCH)
                return
            if data:
                connection.sendall(unmasked(data))
                return
        except OSError:
            pass
        self._selector.unregister(connection)
        connection.close()


class WebSocketClient:
    """Connected when the constructor returns."""

    def __init__(self, test, address, path):
        self._sock = socket.create_connection(address, PATIENCE)
        test.addCleanup(self._sock.close)
        self._sock.sendall(request_bytes("GET", path, FIELDS))
        self._reader = WireReader(self._sock)
        status = self._reader.line()
        if b" 101 " not in status + b" ":
            raise AssertionError(f"no change of protocol: {status!r}")
        while self._reader.line():
            pass

    def _send(self, first, payload):
        mask = os.urandom(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._sock.sendall(bytes([first, 0x80 | len(payload)]) + mask + body)

    def _frame(self):
        first, size = self._reader.exactly(2)
        return first, self._reader.exactly(size)

    def echo(self, payload):
        """Sends a message and expects it back."""
        self._send(0x82, payload)
        found = self._frame()
        if found != (0x82, payload):
            raise AssertionError(f"expected {payload!r} back, got {found}")

    def close_code(self):
        """The code of the close frame that comes next, which is answered."""
        first, payload = self._frame()
        if first != 0x88:
            raise AssertionError(f"expected a close frame, got {first:#x} {payload!r}")
        self._send(0x88, payload[:2])
        return struct.unpack(">H", payload[:2])[0]
