"""The servers of compare_tls.py: their configurations in a folder, their processes, and what those cost.

Each serves https on two ports, one per certificate: everything is passed to the upstream but /direct, which it answers itself
with "hello world". Every one has one worker, TLS 1.2 and 1.3, tickets on, HTTP/2 and HTTP/1.1, and no access log.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

CERTIFICATES = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}
PEERS = ("nginx", "haproxy", "h2o")
PATIENCE = 15
SMALL_BODY = "0123456789abcdef" * 4
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    """Ports of loopback that nobody has now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def make_certificates(folder):
    for name, algorithm in CERTIFICATES.items():
        key, cert = f"{folder}/{name}.key", f"{folder}/{name}.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", *algorithm, "-nodes", "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        with open(cert, encoding="ascii") as first, open(key, encoding="ascii") as second:
            write(f"{folder}/{name}.pem", first.read() + second.read())


def as_user():
    """The folder is its owner's alone, so that a server of root's stays root."""
    return "user root;" if os.geteuid() == 0 else ""


def nginx_frame(folder, name, http):
    return (f"daemon off; worker_processes 1; {as_user()} pid {folder}/{name}.pid; error_log {folder}/{name}.errors;\n"
            "events { worker_connections 16384; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy;\n"
            f" keepalive_requests 100000000; client_max_body_size 0;\n{http} }}\n")


def upstream_config(folder, port):
    for name, size in (("10k", 10 << 10), ("1m", 1 << 20)):
        with open(f"{folder}/{name}.bin", "wb") as out:
            out.write(os.urandom(size))
    return write(f"{folder}/upstream.conf", nginx_frame(folder, "upstream", f"""
 keepalive_timeout 600s; client_body_buffer_size 64k;
 server {{ listen 127.0.0.1:{port} backlog=8192; default_type text/plain;
  location / {{ return 200 "{SMALL_BODY}"; }}
  location = /10k {{ alias {folder}/10k.bin; }} location = /1m {{ alias {folder}/1m.bin; }} }}"""))


def nginx_config(folder, ports, upstream):
    servers = "".join(f"""
 server {{ listen 127.0.0.1:{port} ssl http2 backlog=8192;
  ssl_certificate {folder}/{name}.crt; ssl_certificate_key {folder}/{name}.key;
  location = /direct {{ default_type text/plain; return 200 "hello world"; }}
  location / {{ proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
   proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_request_buffering off; }} }}"""
                      for name, port in ports.items())
    return write(f"{folder}/nginx.conf", nginx_frame(folder, "nginx", f"""
 keepalive_timeout 600s; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on;
 upstream upstream {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 100000000; }}{servers}"""))


def haproxy_config(folder, ports, upstream):
    binds = "".join(f" bind 127.0.0.1:{port} backlog 8192 ssl crt {folder}/{name}.pem alpn h2,http/1.1 curves X25519:P-256\n"
                    for name, port in ports.items())
    return write(f"{folder}/haproxy.conf", f"""global
 maxconn 8192
 nbthread 1
 ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
 mode http
 timeout client 600s
 timeout server 60s
 timeout connect 5s
 http-reuse always
frontend clients
{binds} option forwardfor
 http-request return status 200 content-type text/plain string "hello world" if {{ path /direct }}
 default_backend upstream
backend upstream
 server one 127.0.0.1:{upstream}
""")


def h2o_config(folder, ports, upstream):
    """Version 2 has no fixed answer, so /direct is a file; it would ask for OCSP answers, which nobody gives."""
    os.makedirs(f"{folder}/h2o", exist_ok=True)
    write(f"{folder}/h2o/direct", "hello world")
    listeners = "".join(f"""listen:
  host: 127.0.0.1
  port: {port}
  ssl: {{certificate-file: {folder}/{name}.crt, key-file: {folder}/{name}.key, minimum-version: TLSv1.2, ocsp-update-interval: 0}}
""" for name, port in ports.items())
    user = "user: root\n" if os.geteuid() == 0 else ""
    return write(f"{folder}/h2o.conf", f"""{user}num-threads: 1
max-connections: 8192
http1-request-timeout: 600
http2-idle-timeout: 600
ssl-session-resumption: {{mode: ticket}}
{listeners}hosts:
  default:
    paths:
      "/direct":
        file.file: {folder}/h2o/direct
      "/":
        proxy.reverse.url: "http://127.0.0.1:{upstream}/"
        proxy.timeout.keepalive: 60000
""")


def sluice_config(folder, ports, upstream):
    """Its defaults, safety included."""
    listeners = [{"name": name, "address": f"127.0.0.1:{port}", "backlog": 8192,
                  "tls": {"certificates": [{"cert": f"{folder}/{name}.crt", "key": f"{folder}/{name}.key"}]}}
                 for name, port in ports.items()]
    routes = [{"name": "direct", "match": {"path": "/direct"}, "respond": {"status": 200, "body": "hello world"}},
              {"name": "upstream", "match": {"path": "/*rest"}, "cluster": "upstream"}]
    cluster = {"name": "upstream", "max_idle": 1024, "endpoints": [{"address": f"127.0.0.1:{upstream}"}]}
    return write(f"{folder}/sluice.json", json.dumps(
        {"workers": 1, "listeners": listeners, "routes": routes, "clusters": [cluster], "admin": {"address": "127.0.0.1:0"}},
        indent=2))


def command_of(name, binary, folder, ports, upstream):
    make = {"nginx": nginx_config, "haproxy": haproxy_config, "h2o": h2o_config}.get(name, sluice_config)
    file = make(folder, ports, upstream)
    return {"nginx": ["nginx", "-p", folder, "-c", file], "haproxy": ["haproxy", "-db", "-f", file],
            "h2o": ["h2o", "-c", file]}.get(name, [binary, "run", "-c", file])


def on_core(core, command):
    """The command on one core, where the machine has one to give."""
    return command if core is None else ["taskset", "-c", str(core), *command]


class Process:
    """A server on a core; it listens on its ports when the constructor returns. `stop` ends it."""

    def __init__(self, name, command, ports, folder, core):
        self.name = name
        self.ports = ports
        self.log = f"{folder}/{name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(on_core(core, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                            start_new_session=True)
        try:
            for port in ports.values():
                self.wait_until_listens(port)
        except BaseException:
            self.stop()
            raise

    def wait_until_listens(self, port):
        end = time.monotonic() + PATIENCE
        while True:
            self.check()
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                if time.monotonic() > end:
                    sys.exit(f"{self.name} does not listen on {port}: {self.log_end()}")
                time.sleep(0.05)

    def log_end(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-1500:]

    def check(self):
        if self.process.poll() is not None:
            sys.exit(f"{self.name} ended with {self.process.returncode}: {self.log_end()}")

    def family(self):
        """The ids of the process and of all that descend from it."""
        parents = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            fields = stat_fields(entry)
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(entry))
        found, waiting = [], [self.process.pid]
        while waiting:
            found.append(waiting.pop())
            waiting += parents.get(found[-1], [])
        return found

    def cpu_seconds(self):
        """What it has used of processors, in user and kernel mode (proc(5): utime, stime)."""
        return sum((int(fields[11]) + int(fields[12])) / TICKS for fields in map(stat_fields, self.family()) if fields)

    def resident_bytes(self):
        total = 0
        for one in self.family():
            try:
                with open(f"/proc/{one}/status", encoding="ascii", errors="replace") as status:
                    total += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024
            except (OSError, AttributeError):
                pass
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def stat_fields(process):
    """The fields of /proc/ID/stat after the name, of which the first is the state; none when the process has gone."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
