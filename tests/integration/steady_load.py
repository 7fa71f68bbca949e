"""Clients that send GETs at a steady rate, each over a connection that it keeps, and remember how each one ended."""

import re
import socket
import threading
import time
from collections import Counter, namedtuple

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

#: `status` is 0 when there was no whole response; then `body` says why. Times are of time.monotonic, in seconds.
Sample = namedtuple("Sample", "ended seconds status body")


class SteadyLoad:
    """Starts at once, and runs until `stop`."""

    def __init__(self, address, rate=2000, clients=8):
        self.samples = []
        self._address = address
        self._interval = clients / rate
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number / rate,), daemon=True) for number in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def failures(self):
        return [sample for sample in list(self.samples) if sample.status != 200]

    def since(self, when):
        """The samples that began after that time."""
        return [sample for sample in list(self.samples) if sample.ended - sample.seconds > when]

    def names(self, when=0.0):
        """How many requests each upstream answered since then."""
        return Counter(sample.body for sample in self.since(when) if sample.status == 200)

    def _run(self, offset):
        sock = None
        due = time.monotonic() + offset
        while not self._stopping.is_set():
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            begin = time.monotonic()
            # One that has fallen behind does not catch up by a burst.
            due = max(due + self._interval, begin)
            try:
                sock = sock or self._connect()
                status, body = self._ask(sock)
            except OSError as error:
                status, body = 0, str(error)
            if status == 0 and sock:
                sock.close()
                sock = None
            end = time.monotonic()
            self.samples.append(Sample(end, end - begin, status, body))
        if sock:
            sock.close()

    def _connect(self):
        sock = socket.create_connection(self._address, 20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    @staticmethod
    def _ask(sock):
        sock.sendall(b"GET /load HTTP/1.1\r\nHost: load\r\n\r\n")
        data = b""
        while True:
            piece = sock.recv(65536)
            if not piece:
                return 0, f"closed after {data[:80]!r}"
            data += piece
            head, end, body = data.partition(b"\r\n\r\n")
            if end and len(body) >= int(LENGTH.search(head).group(1)):
                return int(head[9:12]), body.decode()
