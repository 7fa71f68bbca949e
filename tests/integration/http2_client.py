"""A client of HTTP/2 with prior knowledge that sends exactly what it is told, frame by frame, and keeps all that comes back.

Frames and HPACK are those of Python's hyperframe and hpack. Only the first SETTINGS, the answers to SETTINGS and PING, and
with `opens_windows` the WINDOW_UPDATE for what has come are sent by itself.
"""

import socket
import sys
import time

from waiting import PATIENCE, TimedOut
from wire_reader import ConnectionEnded, Headers, Malformed

try:
    import hpack
    import hyperframe
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")  # Debian's packages, for an interpreter that is not Debian's.
    try:
        import hpack
        import hyperframe
    except ImportError:
        raise RuntimeError("Python's h2 is missing: ./dev installs it (Debian: python3-h2)") from None
from hyperframe.frame import (DataFrame, Frame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame,
                              WindowUpdateFrame)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FIRST_WINDOW = 65535
#: Error codes (RFC 9113, 7).
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR = range(7)
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(7, 12)


class Http2Response:
    """What has come on one stream; `reset` is the code of RST_STREAM."""

    def __init__(self, stream):
        self.stream = stream
        self.status = None
        self.headers = None
        self.interim = []
        self.body = bytearray()
        self.body_bytes = 0
        self.trailers = None
        self.is_complete = False
        self.reset = None

    @property
    def is_over(self):
        return self.is_complete or self.reset is not None

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"<stream {self.stream}: {self.status} {self.headers} {bytes(self.body[:200])!r} reset {self.reset}>"


class Http2Client:
    """One connection. `settings` go with the preface, a dict by SettingsFrame's names; with a `context` it speaks TLS."""

    def __init__(self, address, patience=PATIENCE, settings=None, opens_windows=True, keeps_bodies=True, receive_buffer=None,
                 context=None):
        self.patience = patience
        self.opens_windows = opens_windows
        self.keeps_bodies = keeps_bodies
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.buffer = bytearray()
        self.block = None
        self.streams = {}
        self.windows = {0: FIRST_WINDOW}
        self.peer_settings = {}
        self.goaways = []
        self.pongs = []
        self.frames = []
        self.is_closed = False
        self.next_stream = 1
        self.sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(patience)
        try:
            self.sock.connect(address)
        except OSError:
            self.sock.close()
            raise
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.raw(PREFACE)
        self.send(SettingsFrame(0, settings=settings or {}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def raw(self, data):
        self.sock.sendall(data)

    def send(self, *frames):
        self.raw(b"".join(frame.serialize() for frame in frames))

    def head_frame(self, stream, fields, flags=("END_HEADERS", "END_STREAM")):
        return HeadersFrame(stream, self.encoder.encode(fields), flags=flags)

    def new_stream(self):
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.streams[stream] = Http2Response(stream)
        self.windows[stream] = self.peer_settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, FIRST_WINDOW)
        return stream

    def request_fields(self, fields, has_body=False):
        """Sends a head of exactly these fields; yields its stream."""
        stream = self.new_stream()
        self.send(self.head_frame(stream, fields, ("END_HEADERS",) if has_body else ("END_HEADERS", "END_STREAM")))
        return stream

    def begin(self, method, path, *fields, has_body=False, authority="test"):
        """Sends the head of a request; yields its stream."""
        head = [(":method", method), (":scheme", "http"), (":authority", authority), (":path", path), *fields]
        return self.request_fields(head, has_body)

    def request(self, method, path, *fields, body=None, trailers=None):
        """A whole request and its whole response."""
        stream = self.begin(method, path, *fields, has_body=body is not None or trailers is not None)
        if body is not None:
            self.send_body(stream, body, ends=trailers is None)
        if trailers is not None:
            self.send(self.head_frame(stream, trailers))
        return self.response(stream)

    def get(self, path, *fields):
        return self.request("GET", path, *fields)

    def send_body(self, stream, data, ends=True):
        """As DATA, as the windows allow."""
        data = memoryview(data)
        if ends and not data:
            self.end_body(stream)
        while data:
            if self.streams[stream].is_over:
                return
            room = min(self.windows[0], self.windows[stream], 16384, len(data))
            if room <= 0:
                self.wait(lambda: min(self.windows[0], self.windows[stream]) > 0 or self.streams[stream].is_over, "a window")
                continue
            self.windows[0] -= room
            self.windows[stream] -= room
            is_last = room == len(data)
            self.send(DataFrame(stream, bytes(data[:room]), flags=("END_STREAM",) if ends and is_last else ()))
            data = data[room:]

    def end_body(self, stream):
        self.send(DataFrame(stream, b"", flags=("END_STREAM",)))

    def reset(self, *streams, code=CANCEL):
        self.send(*(RstStreamFrame(stream, error_code=code) for stream in streams))

    def open_window(self, stream, size):
        self.send(WindowUpdateFrame(stream, window_increment=size))

    def ping(self, data=b"12345678"):
        """There and back: what was sent before it has been read."""
        before = len(self.pongs)
        self.send(PingFrame(0, data))
        self.wait(lambda: len(self.pongs) > before, "the answer to a PING")

    def response(self, stream):
        """Waits until the stream is over, by its end or by a reset."""
        found = self.streams[stream]
        self.wait(lambda: found.is_over, f"the end of stream {stream}: {found}")
        return found

    def wait_status(self, stream):
        found = self.streams[stream]
        self.wait(lambda: found.status is not None or found.is_over, f"the head of stream {stream}")
        return found

    def wait_goaway(self, seconds=None):
        """The last GOAWAY, once the gateway has closed the connection; reads all that comes until then."""
        self.wait(lambda: self.is_closed, "the end of the connection", seconds)
        return self.goaways[-1] if self.goaways else None

    def wait(self, condition, what, seconds=None):
        deadline = time.monotonic() + (seconds or self.patience)
        while not condition():
            if self.is_closed:
                raise ConnectionEnded(f"GOAWAY {self.goaways}, before {what}".encode())
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(f"waited for {what}")
            self.read_some(left)

    def read_some(self, seconds):
        """Takes what comes first, or waits in vain."""
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(262144)
        except socket.timeout:
            return
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        finally:
            self.sock.settimeout(self.patience)
        if not data:
            self.is_closed = True
            return
        self.buffer += data
        self.take_frames()

    def take_frames(self):
        at = 0
        while len(self.buffer) - at >= 9:
            frame, length = Frame.parse_frame_header(memoryview(bytes(self.buffer[at : at + 9])))
            if length > 16384:
                raise Malformed(f"a frame of {length} bytes")
            if len(self.buffer) - at < 9 + length:
                break
            frame.parse_body(memoryview(bytes(self.buffer[at + 9 : at + 9 + length])))
            at += 9 + length
            self.take(frame)
        del self.buffer[:at]

    def take(self, frame):
        self.frames.append(type(frame).__name__)
        if self.block is not None and type(frame).__name__ != "ContinuationFrame":
            raise Malformed(f"{frame} inside a head")
        handler = getattr(self, "on_" + type(frame).__name__, None)
        if handler:
            handler(frame)

    def on_SettingsFrame(self, frame):
        if "ACK" in frame.flags:
            return
        first = self.peer_settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, FIRST_WINDOW)
        self.peer_settings.update(frame.settings)
        change = self.peer_settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, FIRST_WINDOW) - first
        for stream in self.streams:
            self.windows[stream] += change
        self.answer(SettingsFrame(0, flags=("ACK",)))

    def answer(self, frame):
        """What nobody may be left to read any more."""
        try:
            self.send(frame)
        except (ConnectionResetError, BrokenPipeError):
            pass

    def on_PingFrame(self, frame):
        if "ACK" in frame.flags:
            self.pongs.append(frame.opaque_data)
        else:
            self.answer(PingFrame(0, frame.opaque_data, flags=("ACK",)))

    def on_GoAwayFrame(self, frame):
        self.goaways.append((frame.last_stream_id, frame.error_code))

    def on_WindowUpdateFrame(self, frame):
        self.windows[frame.stream_id] = self.windows.get(frame.stream_id, 0) + frame.window_increment

    def on_RstStreamFrame(self, frame):
        self.streams[frame.stream_id].reset = frame.error_code

    def on_HeadersFrame(self, frame):
        self.block = (frame.stream_id, "END_STREAM" in frame.flags, bytearray())
        self.on_ContinuationFrame(frame)

    def on_ContinuationFrame(self, frame):
        stream, ends, data = self.block
        data += frame.data
        if "END_HEADERS" in frame.flags:
            self.block = None
            self.take_head(self.streams[stream], self.decoder.decode(bytes(data)), ends)

    def take_head(self, response, fields, ends):
        if response.is_complete:
            raise Malformed(f"a head behind the end: {response}")
        names = [name for name, _ in fields]
        for name in names:
            if name != name.lower() or name in ("connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"):
                raise Malformed(f"a field that HTTP/2 does not know: {name}")
        if response.status is not None:
            if not ends or ":status" in names:
                raise Malformed(f"bad trailers: {fields}")
            response.trailers = Headers(fields)
        elif fields[0][0] != ":status" or names.count(":status") != 1:
            raise Malformed(f"not one status: {fields}")
        elif fields[0][1].startswith("1"):
            response.interim.append((int(fields[0][1]), Headers(fields[1:])))
            if ends:
                raise Malformed("an interim response that ends the stream")
        else:
            response.status = int(fields[0][1])
            response.headers = Headers(fields[1:])
        response.is_complete = ends

    def on_DataFrame(self, frame):
        response = self.streams[frame.stream_id]
        if response.status is None or response.is_over:
            raise Malformed(f"DATA out of place: {response}")
        response.body_bytes += len(frame.data)
        if self.keeps_bodies:
            response.body += frame.data
        response.is_complete = "END_STREAM" in frame.flags
        if self.opens_windows and frame.flow_controlled_length:
            self.answer(WindowUpdateFrame(0, window_increment=frame.flow_controlled_length))
            if not response.is_complete:
                self.answer(WindowUpdateFrame(frame.stream_id, window_increment=frame.flow_controlled_length))
