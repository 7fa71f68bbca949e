"""curl, nghttp, h2load and openssl s_client: what a user would try by hand."""

import os

from conformance import ConformanceTest, config, main, program, route, run
from harness import answer

BLOCK = os.urandom(300_000)


class Clients(ConformanceTest):
    def start(self, **tls):
        self.upstream = self.origin()
        self.upstream.on("/echo", lambda request: answer(request.body))
        cluster = {"name": "origin", "endpoints": [{"address": self.upstream.address}]}
        self.sluice = self.gateway(config([route("/*rest", cluster="origin")], [cluster], listeners=self.listeners(**tls)))

    def url(self, path, listener="web"):
        return "%s://%s:%s%s" % ("http" if listener == "plain" else "https", *self.host_and_port(self.sluice, listener), path)

    def sent(self, data):
        """A file of these bytes."""
        path = os.path.join(self.folder, "sent")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def ways(self):
        return [request.headers.get("Via") for request in self.upstream.requests]

    def good(self, *command):
        done = run(program(command[0]), *command[1:], seconds=60)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout

    def test_curl_is_content_with_both_versions_on_both_listeners(self):
        self.start()
        sent, got = self.sent(BLOCK), os.path.join(self.folder, "got")
        for url, version in ((self.url("/echo"), "--http2"), (self.url("/echo"), "--http1.1"),
                             (self.url("/echo", "plain"), "--http2-prior-knowledge"), (self.url("/echo", "plain"), "--http1.1")):
            self.good("curl", "-q", "--noproxy", "*", "-sSf", version, "--cacert", self.ca.file, "--data-binary", f"@{sent}", "-o", got, url)
            with open(got, "rb") as file:
                self.assertTrue(file.read() == BLOCK)
        self.assertEqual(self.ways(), ["2 sluice", "1.1 sluice"] * 2)

    def test_nghttp_gets_what_it_asks_for_with_trailers_and_several_streams(self):
        self.start()
        sent = self.sent(b"some words")
        out = self.good("nghttp", "-s", "-m", "20", "-d", sent, "--no-content-length", "--trailer", "x-sum: 1", self.url("/"))
        self.assertEqual(out.count(" 200 "), 20, out)
        self.assertEqual(self.ways(), ["2 sluice"] * 20)
        self.assertEqual([(one.body, one.trailers["X-Sum"]) for one in self.upstream.requests], [(b"some words", "1")] * 20)

    def test_h2load_loses_no_request(self):
        self.start()
        for url in (self.url("/"), self.url("/", "plain")):
            out = self.good("h2load", "-n", "5000", "-c", "8", "-m", "50", url)
            self.assertIn("5000 succeeded, 0 failed, 0 errored, 0 timeout", out)
        self.assertEqual(set(self.ways()), {"2 sluice"})

    def s_client(self, *options):
        host, port = self.host_and_port(self.sluice)
        return self.good("openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile", self.ca.file, "-verify_return_error", *options)

    def test_s_client_goes_on_with_its_session(self):
        self.start()
        session = os.path.join(self.folder, "session")
        # With 1.3 the ticket comes behind the handshake, which s_client does not wait for: with a request it does.
        for version in ("-tls1_2", "-tls1_3"):
            self.ask_with_s_client(version, "-sess_out", session)
            self.assertIn("Reused, ", self.ask_with_s_client(version, "-sess_in", session))

    def ask_with_s_client(self, *options):
        host, port = self.host_and_port(self.sluice)
        request = os.path.join(self.folder, "request")
        with open(request, "w", encoding="ascii") as file:
            file.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with open(request, encoding="ascii") as stdin:
            done = run(program("openssl"), "s_client", "-connect", f"{host}:{port}", "-CAfile", self.ca.file, "-verify_return_error",
                       "-ign_eof", *options, seconds=60, stdin=stdin)
        self.assertIn("HTTP/1.1 200", done.stdout, done.stdout + done.stderr)
        return done.stdout

    def test_s_client_is_shown_the_certificate_of_the_name_it_asks_for(self):
        other = self.ca.sign("other.example", "DNS:other.example")
        self.certificates.append(other)
        self.addCleanup(self.certificates.remove, other)
        self.start()
        self.assertIn("CN = other.example", self.s_client("-servername", "other.example", "-verify_hostname", "other.example"))
        self.assertIn("CN = ec", self.s_client("-servername", "localhost", "-verify_hostname", "localhost"))
        self.assertIn("CN = rsa", self.s_client("-servername", "localhost", "-tls1_2", "-sigalgs", "RSA-PSS+SHA256"))

    def test_s_client_shows_a_certificate_where_one_is_required(self):
        me = self.ca.sign("client", subject="/O=Tests/CN=me")
        self.start(client_certificates={"mode": "required", "ca": self.ca.file})
        self.ask_with_s_client("-cert", me["cert"], "-key", me["key"])
        self.assertEqual(self.upstream.requests[-1].headers.get("X-Client-Cert-Subject"), "CN=me,O=Tests")
        host, port = self.host_and_port(self.sluice)
        refused = run(program("openssl"), "s_client", "-connect", f"{host}:{port}", "-CAfile", self.ca.file, "-tls1_2", seconds=60)
        self.assertNotEqual(refused.returncode, 0)

    def test_s_client_gets_the_protocol_that_it_offers(self):
        self.start()
        for offered, agreed in (("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")):
            self.assertIn(f"ALPN protocol: {agreed}", self.s_client("-alpn", offered))


if __name__ == "__main__":
    main()
