"""How `sluice ctl` and `sluice reload` find the gateway and its token, and what they say when they don't. What they do with it is in
test_admin_api.py."""

import json
import os
import socket
import tempfile
import threading

from harness import GatewayTest, cluster, config, is_wine, main, native_path, route, run_command

TOKEN = "correct-horse-battery-staple"


class CtlTest(GatewayTest):
    def start(self, admin=None, **settings):
        origin = self.origin()
        admin = {"address": "127.0.0.1:0", "token": TOKEN, **(admin or {})}
        self.configuration = config([route("/*rest", cluster="api")], [cluster("api", origin)], admin=admin, **settings)
        self.sluice = self.gateway(self.configuration)
        self.place = ["--admin", self.sluice.addresses["admin"], "-c", native_path(self.sluice.file)]

    def write_config(self, configuration):
        with open(self.sluice.file, "w", encoding="utf-8") as out:
            out.write(configuration if isinstance(configuration, str) else json.dumps(configuration))

    def ctl(self, *arguments, code=0):
        """What `sluice ctl ARGUMENTS` printed; its exit code is checked."""
        done = run_command("ctl", *arguments, *self.place)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done.stdout if code == 0 else done.stderr


class Finding(CtlTest):
    def test_options_may_stand_on_both_sides_of_the_command(self):
        self.start()
        done = run_command("ctl", *self.place, "log-level", "warn")
        self.assertEqual((done.returncode, done.stdout), (0, "log level: warn\n"))
        self.assertEqual(self.ctl("log-level", "info"), "log level: info\n")

    def test_the_token_of_a_running_gateway_is_found_without_being_named(self):
        if is_wine():
            self.skipTest("the folder of the user's profile is Wine's own")
        origin = self.origin()
        gateway = self.gateway(config([route("/*rest", cluster="api")], [cluster("api", origin)]))
        place = ["--admin", gateway.addresses["admin"]]
        done = run_command("reload", *place, variables={"RUNTIME_DIRECTORY": gateway.folder})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(run_command("reload", *place).returncode, 1)

    def test_without_a_token_the_places_where_it_was_looked_for_are_told(self):
        self.start()
        done = run_command("ctl", "log-level", "info", "--admin", self.sluice.addresses["admin"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no admin token was found in", done.stderr)
        self.assertIn("--token-file", done.stderr)

    def test_a_token_may_stand_in_a_file_of_its_own(self):
        self.start()
        with tempfile.TemporaryDirectory(prefix="sluice-ctl-") as folder:
            path = os.path.join(folder, "token")
            with open(path, "w", encoding="ascii") as out:
                out.write(TOKEN + "\n")
            place = ["--admin", self.sluice.addresses["admin"], "--token-file"]
            self.assertEqual(run_command("ctl", "log-level", "info", *place, native_path(path)).returncode, 0)
            missing = run_command("ctl", "log-level", "info", *place, native_path(path + ".not"))
            self.assertEqual(missing.returncode, 1)
            self.assertIn("can't be read", missing.stderr)

    def test_a_wrong_token_is_refused(self):
        self.start()
        other = {**self.configuration, "admin": {"address": "127.0.0.1:0", "token": "another-token-of-another-gateway"}}
        self.write_config(other)
        self.assertIn("the token is not that of this gateway", self.ctl("log-level", "info", code=1))

    def test_the_address_is_read_even_from_a_file_with_errors(self):
        self.start()
        self.configuration["admin"]["address"] = self.sluice.addresses["admin"]
        self.configuration["no_such_key"] = 1
        self.write_config(self.configuration)
        done = run_command("reload", "-c", native_path(self.sluice.file))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("no_such_key", done.stderr)

    def test_nobody_there_is_told_with_a_way_out(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        done = run_command("reload", "--admin", address, "--timeout", "5")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no gateway answers at {address}", done.stderr)
        self.assertIn("--admin ADDRESS", done.stderr)

    def test_somebody_silent_is_given_up_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            done = run_command("ctl", "status", "--admin", address, "--timeout", "1", seconds=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no gateway answers at {address}", done.stderr)

    def test_somebody_else_is_not_taken_for_a_gateway(self):
        for text in (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b""):
            with socket.create_server(("127.0.0.1", 0)) as other:
                thread = threading.Thread(target=self.answer_once, args=(other, text))
                thread.start()
                done = run_command("ctl", "status", "--admin", f"127.0.0.1:{other.getsockname()[1]}", "--timeout", "10")
                thread.join()
            self.assertEqual((done.returncode, done.stdout), (1, ""), text)
            self.assertTrue(done.stderr, text)

    def answer_once(self, server, text):
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(text)

    def test_addresses_that_are_none_are_told(self):
        for address in ("nonsense", "gateway.internal:9901", "127.0.0.1:0", ":"):
            done = run_command("ctl", "status", "--admin", address)
            self.assertEqual((done.returncode, done.stdout), (1, ""), address)
            self.assertTrue(done.stderr.startswith("sluice: "), done.stderr)


class UnixSocket(CtlTest):
    def test_over_a_unix_domain_socket_no_token_is_needed(self):
        if is_wine():
            self.skipTest("Wine has no Unix-domain sockets")
        with tempfile.TemporaryDirectory(prefix="sluice-ctl-") as folder:
            origin = self.origin()
            path = f"unix:{folder}/admin.sock"
            gateway = self.gateway(config([route("/*rest", cluster="api")], [cluster("api", origin)], admin={"address": path}))
            for arguments in (["ctl", "reload", "--admin", path], ["reload", "-c", gateway.file]):
                done = run_command(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    main()
