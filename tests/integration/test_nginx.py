"""A real nginx behind the gateway and a real curl before it: what comes through is compared byte for byte."""

import gzip
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time

from harness import GatewayTest, main, proxy_to, wait_until

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  types {{ text/plain txt; text/html html; application/octet-stream bin; }}
  access_log {folder}/access.log combined;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  gzip on; gzip_types text/plain; gzip_proxied any; gzip_min_length 100;
  client_max_body_size 64m;
  log_format connections "$connection $connection_requests";
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    access_log {folder}/connections.log connections;
    location /status/ {{ return 418 "$request_method $http_x_forwarded_for $http_host $http_via"; }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; root {folder}/www; }}
  }}
}}
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def find_program(name):
    """A program that may lie where only root looks."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not path:
        raise RuntimeError(f"{name} is missing: ./dev installs it (Debian: nginx-light, curl)")
    return path


class Nginx(GatewayTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sluice-nginx-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        os.chmod(cls.folder, 0o755)
        cls.write_files()
        cls.port = free_port()
        with open(os.path.join(cls.folder, "nginx.conf"), "w", encoding="ascii") as out:
            user = "user root;\n" if os.geteuid() == 0 else ""
            out.write(user + CONFIG.format(folder=cls.folder, port=cls.port))
        cls.process = subprocess.Popen(
            [find_program("nginx"), "-p", cls.folder, "-c", os.path.join(cls.folder, "nginx.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        cls.addClassCleanup(cls.stop_nginx)
        wait_until(cls.is_up, "nginx to listen")

    @classmethod
    def write_files(cls):
        seeded = random.Random(1)
        cls.files = {
            "text.txt": b"".join(b"line %d of a text\n" % i for i in range(5000)),
            "empty.txt": b"",
            "binary.bin": seeded.randbytes(100_003),
            "ten.bin": seeded.randbytes(10 * 1024 * 1024),
        }
        www = os.path.join(cls.folder, "www")
        os.mkdir(www)
        for name, data in cls.files.items():
            with open(os.path.join(www, name), "wb") as out:
                out.write(data)

    @classmethod
    def is_up(cls):
        if cls.process.poll() is not None:
            raise AssertionError(f"nginx ended: {cls.process.stdout.read().decode()}")
        try:
            socket.create_connection(("127.0.0.1", cls.port), 5).close()
            return True
        except ConnectionRefusedError:
            return False

    @classmethod
    def stop_nginx(cls):
        cls.process.terminate()
        cls.process.wait(30)
        cls.process.stdout.close()

    def setUp(self):
        self.sluice = self.gateway(proxy_to(f"127.0.0.1:{self.port}"))
        self.base = "http://" + self.sluice.addresses["web"]

    def curl(self, *arguments):
        done = subprocess.run(
            [find_program("curl"), "--silent", "--show-error", "--max-time", "60", "--noproxy", "*", *arguments],
            capture_output=True, timeout=90, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def test_files_come_through_byte_for_byte(self):
        for name, data in self.files.items():
            self.assertEqual(self.curl(f"{self.base}/{name}"), data, name)

    def test_many_files_over_one_connection_come_through_byte_for_byte(self):
        names = list(self.files) * 5
        out = [part for number, name in enumerate(names) for part in ("-o", f"{self.folder}/out{number}", f"{self.base}/{name}")]
        self.curl(*out)
        for number, name in enumerate(names):
            with open(f"{self.folder}/out{number}", "rb") as got:
                self.assertEqual(got.read(), self.files[name], name)

    def test_ranges_are_passed_through(self):
        data = self.files["binary.bin"]
        self.assertEqual(self.curl("-r", "100-199", f"{self.base}/binary.bin"), data[100:200])
        self.assertEqual(self.curl("-r", "-77", f"{self.base}/binary.bin"), data[-77:])
        code = self.curl("-r", "999999999-", "-o", os.devnull, "-w", "%{http_code}", f"{self.base}/binary.bin")
        self.assertEqual(code, b"416")

    def test_gzip_is_passed_through_untouched(self):
        packed = self.curl("-H", "Accept-Encoding: gzip", f"{self.base}/text.txt")
        self.assertLess(len(packed), len(self.files["text.txt"]) // 2)
        self.assertEqual(gzip.decompress(packed), self.files["text.txt"])

    def test_conditional_requests_are_answered_with_304(self):
        head = self.curl("-I", f"{self.base}/text.txt").decode()
        etag = next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("etag"))
        code = self.curl("-H", f"If-None-Match: {etag}", "-o", os.devnull, "-w", "%{http_code}", f"{self.base}/text.txt")
        self.assertEqual(code, b"304")

    def test_head_has_the_length_of_the_file(self):
        head = self.curl("-I", f"{self.base}/ten.bin").decode().lower()
        self.assertIn(f"content-length: {len(self.files['ten.bin'])}", head)

    def test_an_upload_of_10_mib_arrives_byte_for_byte(self):
        for framing in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")):
            source = os.path.join(self.folder, "www", "ten.bin")
            self.curl("-X", "PUT", *framing, "-T", source, f"{self.base}/put/copy.bin")
            with open(os.path.join(self.folder, "www", "put", "copy.bin"), "rb") as got:
                self.assertEqual(got.read(), self.files["ten.bin"], framing)
            os.remove(os.path.join(self.folder, "www", "put", "copy.bin"))

    def test_post_reaches_nginx_with_the_gateways_headers(self):
        text = self.curl("-d", "a=b", "-H", "Host: api.example", f"{self.base}/status/").decode()
        self.assertEqual(text, "POST 127.0.0.1 api.example 1.1 sluice")

    def test_http_1_0_is_served(self):
        self.assertEqual(self.curl("-0", f"{self.base}/text.txt"), self.files["text.txt"])

    def test_a_missing_file_is_nginxs_404(self):
        self.assertIn(b"nginx", self.curl(f"{self.base}/missing"))

    def test_connections_to_nginx_are_kept(self):
        for _ in range(10):
            self.curl(f"{self.base}/empty.txt", "-H", "X-Keep: 1")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open(os.path.join(self.folder, "connections.log"), encoding="ascii") as log:
                counts = [int(line.split()[1]) for line in log]
            if max(counts, default=0) >= 10:
                return
            time.sleep(0.05)
        self.fail(f"no connection carried 10 requests: {counts}")

    def test_many_clients_at_once_get_what_they_asked_for(self):
        self.curl("--parallel", "--parallel-max", "20", *[
            part for number in range(60) for part in ("-o", f"{self.folder}/par{number}", f"{self.base}/binary.bin")
        ])
        for number in range(60):
            with open(f"{self.folder}/par{number}", "rb") as got:
                self.assertEqual(got.read(), self.files["binary.bin"])


if __name__ == "__main__":
    main()
