"""One connection of the gateway to an origin of HTTP/2, and the requests on it: what scripts of `http2_origin.py` see.

It reads strictly: what no client of HTTP/2 may send is a failure.
"""

import select
import socket
import ssl
import threading
import time

from http2_client import FIRST_WINDOW, INTERNAL_ERROR, NO_ERROR, PREFACE, hpack
from hyperframe.frame import (DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame,
                              WindowUpdateFrame)
from waiting import PATIENCE, TimedOut
from wire_reader import ConnectionEnded, Headers, Malformed, close_with_reset

CONNECTION_FIELDS = ("connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection", "host")


class Http2Request:
    """One stream: the request as it has come so far, and the way back. `reset_code` is that of the gateway's RST_STREAM."""

    def __init__(self, connection, stream, fields):
        self.connection = connection
        self.stream = stream
        self.pseudo = {name: value for name, value in fields if name.startswith(":")}
        self.headers = Headers([field for field in fields if not field[0].startswith(":")])
        self.method = self.pseudo.get(":method")
        self.path = self.pseudo.get(":path")
        self.body = bytearray()
        self.body_bytes = 0
        self.trailers = None
        self.is_complete = False
        self.reset_code = None
        self.has_answered = self.was_broken_off = False
        #: Whether the window of the stream follows what has come.
        self.opens_window = connection.origin.opens_windows
        self.window = connection.first_window

    def __repr__(self):
        return f"<{self.method} {self.path} {self.headers} {self.body_bytes} bytes, reset {self.reset_code}>"

    @property
    def is_over(self):
        return self.reset_code is not None or self.was_broken_off or (self.is_complete and self.has_answered)

    def wait(self, condition, what):
        self.connection.wait(condition, f"{what}: {self}")

    def wait_complete(self):
        self.wait(lambda: self.is_complete or self.reset_code is not None, "the whole request")

    def wait_reset(self):
        self.wait(lambda: self.reset_code is not None, "the reset of the stream")
        return self.reset_code

    def send(self, frame):
        with self.connection.lock:
            self.has_answered = self.has_answered or "END_STREAM" in frame.flags
            self.connection.send(frame)

    def fields(self, fields, ends=False):
        """Exactly these fields, as a head or as trailers."""
        with self.connection.lock:
            self.send(HeadersFrame(self.stream, self.connection.encoder.encode(fields),
                                   flags=("END_HEADERS", "END_STREAM") if ends else ("END_HEADERS",)))

    def head(self, status=200, *fields, ends=False):
        self.fields([(":status", str(status)), *fields], ends)

    def data(self, data=b"", ends=False):
        """As DATA, as the windows allow."""
        connection = self.connection
        at = 0
        while at < len(data) or (ends and not data):
            connection.wait(lambda: min(self.window, connection.window) > 0 or self.reset_code is not None or not data, "a window")
            if self.reset_code is not None:
                return
            with connection.lock:
                piece = data[at : at + max(0, min(self.window, connection.window, 16384))]
                if data and not piece:
                    continue
                self.window -= len(piece)
                connection.window -= len(piece)
                at += len(piece)
                self.send(DataFrame(self.stream, bytes(piece), flags=("END_STREAM",) if ends and at == len(data) else ()))
            if not data:
                return

    def answer(self, body=b"ok", status=200, *fields, trailers=None):
        """A whole response with Content-Length."""
        self.head(status, ("content-length", str(len(body))), *fields, ends=not body and trailers is None)
        if body:
            self.data(body, ends=trailers is None)
        if trailers is not None:
            self.fields(trailers, ends=True)

    def reset(self, code=INTERNAL_ERROR):
        self.has_answered = self.was_broken_off = True
        self.send(RstStreamFrame(self.stream, error_code=code))

    def open_window(self, size):
        self.send(WindowUpdateFrame(self.stream, window_increment=size))


class Http2Connection:
    """One connection that the gateway made, as scripts see it."""

    def __init__(self, origin, sock, number):
        self.origin = origin
        self.sock = sock
        self.number = number
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.buffer = bytearray()
        self.block = None
        self.streams = {}
        self.peer_settings = {}
        self.first_window = self.window = FIRST_WINDOW
        #: What the gateway may have open, once it has said that it knows; and what it had.
        self.most_streams = None
        self.most_seen = 0
        self.settings_sent = []
        self.goaways = []
        self.pongs = 0
        self.is_closed = False
        #: Cuts what is sent at any byte.
        self.cuts = None

    def raw(self, data):
        with self.lock:
            try:
                while self.cuts and data:
                    size = self.cuts.randrange(1, 50) if self.cuts.random() < 0.3 else len(data)
                    self.sock.sendall(data[:size])
                    data = data[size:]
                self.sock.sendall(data)
            except (OSError, ssl.SSLError):
                raise ConnectionEnded() from None

    def send(self, *frames):
        self.raw(b"".join(frame.serialize() for frame in frames))

    def settings(self, **settings):
        """SETTINGS by the names of SettingsFrame."""
        with self.lock:
            self.settings_sent.append(settings)
            self.send(SettingsFrame(0, settings={getattr(SettingsFrame, name): value for name, value in settings.items()}))

    def goaway(self, last=(1 << 31) - 1, code=NO_ERROR):
        self.send(GoAwayFrame(0, last_stream_id=last, error_code=code))

    def ping(self):
        """There and back: what was sent before it has been read."""
        before = self.pongs
        self.send(PingFrame(0, b"12345678"))
        self.wait(lambda: self.pongs > before, "the answer to a PING")

    def wait(self, condition, what, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        with self.changed:
            while not condition():
                if self.is_closed:
                    raise ConnectionEnded(f"before {what}".encode())
                if not self.changed.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise TimedOut(f"the origin waited for {what}")

    def wait_closed(self, seconds=PATIENCE):
        with self.changed:
            if not self.changed.wait_for(lambda: self.is_closed, seconds):
                raise TimedOut("the gateway does not close the connection")

    def close(self):
        """Both directions, so that the thread that reads wakes up."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def reset(self):
        close_with_reset(self.sock)

    def request(self, number=0):
        """The request of that number on this connection, once it has come."""
        self.wait(lambda: len(self.streams) > number, f"request {number}")
        return list(self.streams.values())[number]

    # Reading.

    def serve(self, **settings):
        """The behaviour of connections without a script: until the gateway closes."""
        self.greet(**settings)
        self.read_all()

    def greet(self, **settings):
        self.settings(**{**self.origin.settings, **settings})

    def read_all(self):
        while self.read_some():
            pass

    def receive(self):
        """What comes next; b"" at the end. TLS is not for two threads at a time: one waits without it."""
        while True:
            if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
                ready = select.select([self.sock], [], [], 0.2)[0]
                if not ready:
                    if self.origin.stopping:
                        return b""
                    continue
            if not isinstance(self.sock, ssl.SSLSocket):
                return self.sock.recv(262144)
            with self.lock:
                self.sock.settimeout(0.0)
                try:
                    return self.sock.recv(262144)
                except ssl.SSLWantReadError:
                    continue
                finally:
                    self.sock.settimeout(PATIENCE)

    def read_some(self):
        try:
            data = self.receive()
        except (OSError, ValueError, ssl.SSLError):
            data = b""
        with self.changed:
            if data:
                self.buffer += data
                self.take_frames()
            else:
                self.is_closed = True
            self.changed.notify_all()
        return bool(data)

    def take_frames(self):
        at = 0
        if self.peer_settings == {}:
            if len(self.buffer) < len(PREFACE) + 9:
                return
            if self.buffer[: len(PREFACE)] != PREFACE:
                raise Malformed(f"no preface: {bytes(self.buffer[:40])!r}")
            at = len(PREFACE)
            self.peer_settings = {SettingsFrame.MAX_FRAME_SIZE: 16384}
        while len(self.buffer) - at >= 9:
            frame, length = Frame.parse_frame_header(memoryview(bytes(self.buffer[at : at + 9])))
            if length > 16384:
                raise Malformed(f"a frame of {length} bytes")
            if len(self.buffer) - at < 9 + length:
                break
            frame.parse_body(memoryview(bytes(self.buffer[at + 9 : at + 9 + length])))
            at += 9 + length
            name = type(frame).__name__
            if self.block is not None and name != "ContinuationFrame":
                raise Malformed(f"{frame} inside a head")
            handler = getattr(self, "on_" + name, None)
            if handler:
                handler(frame)
        del self.buffer[:at]

    def reply(self, *frames):
        """What nobody may be left to read any more."""
        try:
            self.send(*frames)
        except ConnectionEnded:
            pass

    def on_SettingsFrame(self, frame):
        if "ACK" in frame.flags:
            known = self.settings_sent.pop(0) if self.settings_sent else {}
            self.most_streams = known.get("MAX_CONCURRENT_STREAMS", self.most_streams)
            return
        self.peer_settings.update(frame.settings)
        change = self.peer_settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, FIRST_WINDOW) - self.first_window
        self.first_window += change
        for request in self.streams.values():
            request.window += change
        self.reply(SettingsFrame(0, flags=("ACK",)))

    def on_PingFrame(self, frame):
        if "ACK" in frame.flags:
            self.pongs += 1
        else:
            self.reply(PingFrame(0, frame.opaque_data, flags=("ACK",)))

    def on_GoAwayFrame(self, frame):
        self.goaways.append(frame.error_code)

    def on_WindowUpdateFrame(self, frame):
        if frame.stream_id == 0:
            self.window += frame.window_increment
        else:
            self.streams[frame.stream_id].window += frame.window_increment

    def on_RstStreamFrame(self, frame):
        self.streams[frame.stream_id].reset_code = frame.error_code

    def on_HeadersFrame(self, frame):
        self.block = (frame.stream_id, "END_STREAM" in frame.flags, bytearray())
        self.on_ContinuationFrame(frame)

    def on_ContinuationFrame(self, frame):
        stream, ends, data = self.block
        data += frame.data
        if "END_HEADERS" in frame.flags:
            self.block = None
            self.take_fields(stream, self.decoder.decode(bytes(data)), ends)

    def take_fields(self, stream, fields, ends):
        for name, value in fields:
            if name != name.lower() or name in CONNECTION_FIELDS or (name == "te" and value != "trailers"):
                raise Malformed(f"a field that HTTP/2 does not know: {name}: {value}")
        names = [name for name, _ in fields]
        pseudo = [name for name in names if name.startswith(":")]
        request = self.streams.get(stream)
        if request is not None:
            if pseudo or not ends or request.is_complete or request.reset_code is not None:
                raise Malformed(f"trailers out of place: {fields}")
            request.trailers = Headers(fields)
            self.finish(request)
            return
        # An extended CONNECT (RFC 8441), for origins that have said that they take it.
        is_connect = (":method", "CONNECT") in fields and self.origin.settings.get("ENABLE_CONNECT_PROTOCOL") == 1
        wanted = [":authority", ":method", ":path", *([":protocol"] if is_connect else []), ":scheme"]
        if sorted(pseudo) != wanted or names[: len(pseudo)] != pseudo:
            raise Malformed(f"not the pseudo fields of a request: {fields}")
        if stream % 2 != 1 or stream <= max(self.streams, default=0):
            raise Malformed(f"a new stream {stream} behind {max(self.streams, default=0)}")
        request = self.streams[stream] = Http2Request(self, stream, fields)
        live = sum(not one.is_over for one in self.streams.values())
        self.most_seen = max(self.most_seen, live)
        if self.most_streams is not None and live > self.most_streams:
            raise Malformed(f"{live} streams where {self.most_streams} are allowed")
        self.origin.take(request)
        if not getattr(self.origin.way(request), "reads_body", True):
            self.origin.start(self.origin.respond, request)
        if ends:
            self.finish(request)

    def on_DataFrame(self, frame):
        request = self.streams[frame.stream_id]
        if request.is_complete or request.reset_code is not None:
            raise Malformed(f"DATA out of place: {request}")
        request.body_bytes += len(frame.data)
        if self.origin.keeps_bodies:
            request.body += frame.data
        if frame.flow_controlled_length and not self.origin.holds_window:
            self.reply(WindowUpdateFrame(0, window_increment=frame.flow_controlled_length))
            if "END_STREAM" not in frame.flags and request.opens_window:
                self.reply(WindowUpdateFrame(frame.stream_id, window_increment=frame.flow_controlled_length))
        if "END_STREAM" in frame.flags:
            self.finish(request)

    def finish(self, request):
        length = request.headers.get("content-length")
        if length is not None and int(length) != request.body_bytes:
            raise Malformed(f"Content-Length {length} and {request.body_bytes} bytes: {request}")
        request.is_complete = True
        if getattr(self.origin.way(request), "reads_body", True):
            self.origin.start(self.origin.respond, request)
