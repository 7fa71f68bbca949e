"""A strict reader of HTTP/1.1 messages from a socket, for both the client and the origin of a test.

It takes only what RFC 9112 allows a sender to generate: whatever the gateway writes must pass here.
"""

import re
import socket
import struct

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")
REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP/1\.([01])\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)\Z")
CHUNK_LINE = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")


class Malformed(AssertionError):
    """The peer sent what no HTTP/1.1 sender may send."""


class ConnectionEnded(Exception):
    """The peer closed or reset the connection; `partial` is what had come of the message."""

    def __init__(self, partial=b"", was_reset=False):
        super().__init__(f"connection ended after {bytes(partial[:80])!r}")
        self.partial = bytes(partial)
        self.was_reset = was_reset


class Headers:
    """Header fields in their order; names compare without case."""

    def __init__(self, fields):
        self.fields = fields

    def get(self, name, default=None):
        """The only value of that name; more than one is a failure of the test."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} is there {len(values)} times: {values}")
        return values[0] if values else default

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def names(self):
        return [key.lower() for key, _ in self.fields]

    def __contains__(self, name):
        return bool(self.all(name))

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise AssertionError(f"no header {name} among {self.fields}")
        return value

    def __repr__(self):
        return repr(self.fields)


class WireReader:
    """Reads heads and bodies from a socket; keeps what came too early for the next call."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.ended = False

    def fill(self):
        """Receives once; False at the end of input."""
        if self.ended:
            return False
        try:
            data = self.sock.recv(262144)
        except (ConnectionResetError, ConnectionAbortedError):
            self.ended = True
            raise ConnectionEnded(self.buffer, was_reset=True) from None
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def take(self, size):
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def line(self):
        """One line that ends in CR LF, without the end."""
        start = 0
        while True:
            end = self.buffer.find(b"\n", start)
            if end >= 0:
                break
            start = len(self.buffer)
            if not self.fill():
                raise ConnectionEnded(self.buffer)
        line = self.take(end + 1)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Malformed(f"a line that does not end in CR LF: {line!r}")
        return line[:-2]

    def exactly(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise ConnectionEnded(self.buffer)
        return self.take(size)

    def fields(self):
        """Field lines up to the empty one."""
        found = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.match(name):
                raise Malformed(f"a bad field line: {line!r}")
            value = value.strip(b" \t")
            if not VALUE.match(value):
                raise Malformed(f"a bad field value: {line!r}")
            found.append((name.decode("latin-1"), value.decode("latin-1")))
        return Headers(found)

    def chunked(self, sink):
        """A chunked body into `sink`; returns the trailer fields."""
        while True:
            line = self.line()
            if not CHUNK_LINE.match(line):
                raise Malformed(f"a bad chunk line: {line!r}")
            size = int(line, 16)
            if size == 0:
                return self.fields()
            self.pour(size, sink)
            if self.exactly(2) != b"\r\n":
                raise Malformed("chunk data without CR LF behind it")

    def pour(self, size, sink):
        """`size` bytes of body into `sink`, piece by piece."""
        while size:
            if not self.buffer and not self.fill():
                raise ConnectionEnded()
            piece = self.take(min(size, len(self.buffer)))
            size -= len(piece)
            sink(piece)

    def until_end(self, sink):
        while self.buffer or self.fill():
            sink(self.take(len(self.buffer)))


def body_length(headers):
    """The value of Content-Length, "chunked", or None; refuses what is ambiguous."""
    lengths = headers.all("Content-Length")
    codings = headers.all("Transfer-Encoding")
    if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
        raise Malformed(f"ambiguous framing: {headers}")
    if codings:
        if codings[0].lower() != "chunked":
            raise Malformed(f"a transfer coding that is not chunked: {headers}")
        return "chunked"
    if not lengths:
        return None
    if not re.fullmatch(r"[0-9]+", lengths[0]):
        raise Malformed(f"a bad Content-Length: {headers}")
    return int(lengths[0])


def close_with_reset(sock):
    """Closes so that the peer gets RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()


#: The state "established" in struct tcp_info, whose first byte is the state.
ESTABLISHED = 1


def is_open(sock):
    """Whether the gateway has this connection open: told by the system at once, whether or not the thread that serves
    it has read its end."""
    try:
        if hasattr(socket, "TCP_INFO"):
            return struct.unpack("B", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0] == ESTABLISHED
        sock.settimeout(0)
        return sock.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
