#!/usr/bin/env python3
"""Connections for compare_tls.py, one process of them at a time; it prints JSON. The environment's OPENSSL_CONF names the ciphers.

    tls_clients.py probe PORT                            what a server agrees to, and whether it takes its tickets back
    tls_clients.py handshakes PORT VERSION KIND SECONDS  connections one after the other, each with one request
    tls_clients.py idle PORT PROTOCOL COUNT              connections that wait after one request, until standard input ends

VERSION is 1.2 or 1.3, KIND is full or resumed, PROTOCOL is http/1.1 or h2.
"""

import json
import os
import socket
import ssl
import sys
import time

PATIENCE = 10
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
OLDER_CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#: The preface, an empty SETTINGS and a GET for "/" at "a" on stream 1, its head being in the static table (RFC 7541, A).
H2_REQUEST = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\6\1\5\0\0\0\1" + b"\x82\x87\x84\x41\x01a")
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM = 1


def context_of(version, protocol="http/1.1"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = VERSIONS[version]
    if version == "1.2":
        context.set_ciphers(OLDER_CIPHERS)
    context.set_alpn_protocols([protocol])
    return context


def connect(port, context, session=None):
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def request(path, connection):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n".encode()


def read_to_end(connection):
    """All that comes; a server that closes without a word of TLS is no failure, as the answer has its length."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ssl.SSLEOFError:
        pass
    return received


def visit(port, context, session=None):
    """A connection with one request; returns its session and whether it went on with the one given."""
    with connect(port, context, session) as connection:
        connection.sendall(request("/direct", "close"))
        received = read_to_end(connection)
        if not received.startswith(b"HTTP/1.1 200 ") or not received.rstrip().endswith(b"hello world"):
            raise OSError(f"a wrong answer: {received[:80]!r}")
        return connection.session, connection.session_reused


def probe(port):
    found = {}
    for version in VERSIONS:
        context = context_of(version)
        session, _ = visit(port, context)
        found[f"resumes {version}"] = visit(port, context, session)[1]
    with connect(port, context_of("1.3", "h2")) as connection:
        found.update(version=connection.version(), cipher=connection.cipher()[0], alpn=connection.selected_alpn_protocol())
    return found


def handshakes(port, version, kind, seconds):
    """Each connection is new; a resumed one goes on with the newest ticket of the one before."""
    context = context_of(version)
    is_resumed = kind == "resumed"
    session = visit(port, context)[0] if is_resumed else None
    times, failures, other_kind = [], [], 0
    end = time.monotonic() + float(seconds)
    while (start := time.monotonic()) < end:
        try:
            newest, was_resumed = visit(port, context, session)
        except OSError as error:
            failures.append(str(error))
            continue
        times.append(round((time.monotonic() - start) * 1e6))
        other_kind += was_resumed != is_resumed
        if is_resumed:
            session = newest
    return {"times": times, "failures": failures, "other_kind": other_kind}


def is_answered_http1(connection):
    connection.sendall(request("/", "keep-alive"))
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    return received.startswith(b"HTTP/1.1 200 ")


def read_exactly(connection, count):
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise OSError("the server closed")
        received += part
    return received


def is_answered_h2(connection):
    """Reads until the stream ends; agrees to the server's SETTINGS, as a client must."""
    connection.sendall(H2_REQUEST)
    while True:
        head = read_exactly(connection, 9)
        kind, flags = head[3], head[4]
        read_exactly(connection, int.from_bytes(head[:3], "big"))
        if kind == SETTINGS and not flags:
            connection.sendall(b"\0\0\0\4\1\0\0\0\0")
        if kind in (RST_STREAM, GOAWAY):
            return False
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            return True


def is_closed(connection):
    """Whether its end has come, below TLS; what has come before it hides it."""
    with socket.socket(fileno=os.dup(connection.fileno())) as plain:
        try:
            return plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


def idle(port, protocol, count):
    context = context_of("1.3", protocol)
    is_answered = is_answered_h2 if protocol == "h2" else is_answered_http1
    kept, failures = [], []
    for _ in range(count):
        try:
            connection = connect(port, context)
            kept.append(connection)
            if not is_answered(connection):
                failures.append("a wrong answer")
        except OSError as error:
            failures.append(str(error))
    failures += ["closed by the server"] * sum(map(is_closed, kept))
    print(json.dumps({"open": len(kept), "failures": failures}), flush=True)
    sys.stdin.read()


def main():
    what, port, *rest = sys.argv[1:]
    if what == "probe":
        print(json.dumps(probe(int(port))))
    elif what == "handshakes":
        print(json.dumps(handshakes(int(port), *rest)))
    elif what == "idle":
        idle(int(port), rest[0], int(rest[1]))


if __name__ == "__main__":
    main()
