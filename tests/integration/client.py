"""The client of a test: a raw socket that sends exactly what it is told, and reads responses strictly."""

import socket

from waiting import PATIENCE
from wire_reader import STATUS_LINE, ConnectionEnded, Malformed, WireReader, body_length, close_with_reset


class Response:
    """A response as it came; `interim` holds the 1xx responses before it."""

    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = b""
        self.trailers = None
        self.interim = []
        self.is_chunked = False

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"


class Client:
    """One connection to the gateway, by (host, port) or by the path of a Unix socket."""

    def __init__(self, address, patience=PATIENCE, source=None, receive_buffer=None, host="test"):
        self.host = host
        if isinstance(address, str):
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self.sock = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.sock.bind((source, 0))
        self.sock.settimeout(patience)
        try:
            self.sock.connect(address)
        except OSError:
            self.sock.close()
            raise
        if not isinstance(address, str):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = WireReader(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def try_send(self, data):
        """Sends as far as the peer lets us; False when it has closed."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            return False

    def send_bytewise(self, data):
        for i in range(len(data)):
            if not self.try_send(data[i : i + 1]):
                return

    def head(self):
        """A response's head, with nothing of its body."""
        line = self.reader.line()
        match = STATUS_LINE.match(line)
        if not match:
            raise Malformed(f"a bad status line: {line!r}")
        version, status, reason = match.groups()
        return Response("1." + version.decode(), int(status), reason.decode("latin-1"), self.reader.fields())

    def response(self, method="GET", sink=None):
        """The next final response, whole. A body goes to `sink` when there is one."""
        interim = []
        while (answer := self.head()).status < 200:
            interim.append(answer)
        answer.interim = interim
        self.body_of(answer, method, sink)
        return answer

    def body_of(self, answer, method="GET", sink=None):
        pieces = bytearray()
        sink = sink or pieces.extend
        length = body_length(answer.headers)
        if method == "HEAD" or answer.status in (204, 304):
            if length == "chunked" and answer.status == 204:
                raise Malformed("Transfer-Encoding in a response that has no body")
        elif length == "chunked":
            answer.is_chunked = True
            answer.trailers = self.reader.chunked(sink)
        elif length is not None:
            self.reader.pour(length, sink)
        else:
            if answer.headers.get("Connection", "").lower() != "close":
                raise Malformed(f"a body without an end: {answer}")
            self.reader.until_end(sink)
        answer.body = bytes(pieces)

    def request(self, method, target, headers=(), body=None, version="1.1", host=""):
        """Sends a well-formed request and reads its response; without a host, to the name that this client calls it by."""
        return self.send(request_bytes(method, target, headers, body, version, self.host if host == "" else host)).response(method)

    def get(self, target, *headers):
        return self.request("GET", target, headers)

    def post(self, target, body, *headers):
        return self.request("POST", target, headers, body)

    def read_some_response(self):
        """A whole response, or None when the connection ended before its first byte; half of one is a failure."""
        try:
            answer = self.head()
        except ConnectionEnded as ended:
            if ended.partial:
                raise
            return None
        self.body_of(answer)
        return answer

    def read_to_end(self):
        """Everything until the gateway closes; a reset counts as an end."""
        pieces = bytearray()
        try:
            self.reader.until_end(pieces.extend)
        except ConnectionEnded as ended:
            pieces += ended.partial
        return bytes(pieces)

    def is_closed(self):
        """True once the gateway closes; anything it sends instead is a failure, as is silence for too long."""
        rest = self.read_to_end()
        if rest:
            raise AssertionError(f"expected the connection to close, got {rest[:200]!r}")
        return True

    def shutdown_send(self):
        """Sends the end of input; a connection that the gateway has reset already is as good."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        close_with_reset(self.sock)

    def close(self):
        self.sock.close()


def request_bytes(method, target, headers=(), body=None, version="1.1", host="test"):
    """A request as bytes. Headers are "Name: value" strings; a body of bytes gets a Content-Length."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines.extend(headers)
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + (body or b"")


def chunks(*pieces, trailers=()):
    """The pieces as a chunked body."""
    out = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return out + b"0\r\n" + b"".join(line.encode() + b"\r\n" for line in trailers) + b"\r\n"
