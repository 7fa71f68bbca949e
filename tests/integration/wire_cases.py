"""The wire cases of tests/data/http, whose format is described in the README there."""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "data" / "http"
ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"s": b" ", b"\\": b"\\", b"0": b"\0"}
ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)


def unescape(text):
    def replace(match):
        code = match.group(1)
        return bytes([int(code[1:], 16)]) if code.startswith(b"x") else ESCAPES[code]

    return ESCAPE.sub(replace, text)


class Message:
    """One message of a case, as its events describe it."""

    def __init__(self):
        self.values = {}
        self.fields = []
        self.trailers = []

    def add(self, kind, value):
        if kind == "field":
            self.fields.append(value)
        elif kind == "trailer":
            self.trailers.append(value)
        else:
            self.values[kind] = value

    def __getitem__(self, kind):
        return self.values.get(kind)

    @property
    def body_bytes(self):
        return int((self["body"] or "0").split()[0])


class WireCase:
    """A title, bytes, and what they must mean."""

    def __init__(self, title, place):
        self.title = title
        self.place = place
        self.is_response = False
        self.method = None
        self.data = b""
        self.messages = [Message()]

    def event(self, text):
        kind, _, value = text.partition(" ")
        if kind in ("method", "status") and self.messages[-1].values:
            self.messages.append(Message())
        if kind == "error" and "end" in self.messages[-1].values:
            self.messages.append(Message())
        self.messages[-1].add(kind, value)

    @property
    def error_status(self):
        """The status that the refusal must have; None for a valid case."""
        error = self.messages[-1]["error"]
        return int(error.split()[0]) if error else None

    @property
    def whole(self):
        """The messages before the refusal."""
        return [message for message in self.messages if "end" in message.values]

    @property
    def refused_at_head(self):
        """Refused before anything of the body: the head itself, or the first message."""
        return self.error_status is not None and "framing" not in self.messages[-1].values

    def __repr__(self):
        return f"{self.place} {self.title}"


def read_file(path):
    cases = []
    section = None
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if line.startswith(b"=== "):
            cases.append(WireCase(line[4:].decode(), f"{path.name}:{number}"))
            section = "head"
        elif line == b"--- bytes" and section == "head":
            section = "bytes"
        elif line == b"--- events" and section == "bytes":
            section = "events"
        elif line and section == "bytes":
            cases[-1].data += data_line(line)
        elif line and section == "events":
            cases[-1].event(line.decode("utf-8"))
        elif line.startswith(b"kind: response "):
            cases[-1].is_response = True
            cases[-1].method = line.split()[2].decode()
    return cases


def data_line(line):
    if not line.startswith(b"@repeat "):
        return unescape(line)
    _, times, text = line.split(b" ", 2)
    return unescape(text) * int(times)


def load_cases():
    """All cases of all files; none at all is an error."""
    cases = [case for path in sorted(FOLDER.glob("*.wire")) for case in read_file(path)]
    if len(cases) < 100:
        raise RuntimeError(f"only {len(cases)} wire cases in {os.fspath(FOLDER)}")
    return cases
