"""The command line: what it prints, where, and with which exit code."""

import json
import os
import re
import socket
import tempfile
import unittest

from harness import config, main, native_path, route, run_command

VALID = config([route("/orders/:id", name="order", respond={"status": 200}), route("/*rest", respond={"status": 404})])


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, content):
        path = os.path.join(self.folder, "gateway.json")
        with open(path, "w", encoding="utf-8") as out:
            out.write(content if isinstance(content, str) else json.dumps(content, indent=2))
        return native_path(path)


class Commands(CommandTest):
    def test_version_prints_the_version_and_the_poller(self):
        done = run_command("version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"sluice \d+\.\d+\.\d+")
        self.assertRegex(done.stdout.lower(), r"poller.*(epoll|kqueue|iocp)")

    def test_help_shows_commands_examples_and_exit_codes(self):
        done = run_command("--help")
        self.assertEqual(done.returncode, 0)
        for text in ("run", "check", "routes", "version", "Examples", "Exit codes"):
            self.assertIn(text, done.stdout)

    def test_every_command_has_help(self):
        for command in ("run", "check", "routes", "version"):
            done = run_command(command, "--help")
            self.assertEqual(done.returncode, 0, command)
            self.assertIn(command, done.stdout)

    def test_wrong_command_lines_exit_with_2_and_say_so_on_stderr(self):
        for arguments in ((), ("serve",), ("run", "--no-such-option"), ("check",), ("version", "extra")):
            done = run_command(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr.strip(), "", arguments)

    def test_the_schema_is_json(self):
        done = run_command("config", "schema")
        self.assertEqual(done.returncode, 0)
        self.assertIn("properties", json.loads(done.stdout))


class Check(CommandTest):
    def test_a_valid_file_is_said_to_be_valid(self):
        done = run_command("check", self.file(VALID))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("valid", done.stdout)

    def test_comments_are_allowed(self):
        done = run_command("check", self.file("// a comment\n" + json.dumps(VALID) + "/* another */"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_error_is_printed_with_file_line_and_column(self):
        path = self.file(
            '{\n  "listeners": [ { "name": "web", "adress": "127.0.0.1:0" } ],\n'
            '  "routes": [ { "match": { "path": "/x" }, "cluster": "none" } ],\n  "workers": -1\n}\n'
        )
        done = run_command("check", path)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        lines = done.stderr.splitlines()
        places = [re.search(r"gateway\.json:(\d+):(\d+): ", line) for line in lines]
        self.assertGreaterEqual({int(place.group(1)) for place in places if place}, {2, 4})
        self.assertIn("address", done.stderr)

    def test_a_syntax_error_has_its_position(self):
        done = run_command("check", self.file('{\n  "workers": 1,,\n}'))
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"gateway\.json:2:\d+: ")

    def test_conflicting_routes_are_an_error_that_names_both(self):
        routes = [route("/a/:x", name="first", respond={}), route("/a/:y", name="second", respond={})]
        done = run_command("check", self.file(config(routes)))
        self.assertEqual(done.returncode, 3)
        self.assertIn("first", done.stderr)
        self.assertIn("second", done.stderr)

    def test_a_missing_file_is_an_error_that_names_it(self):
        done = run_command("check", native_path(os.path.join(self.folder, "missing.json")))
        self.assertEqual(done.returncode, 3)
        self.assertIn("missing.json", done.stderr)

    def test_run_refuses_what_check_refuses(self):
        done = run_command("run", "-c", self.file('{ "no_such_key": 1 }'))
        self.assertEqual(done.returncode, 3)
        self.assertIn("no_such_key", done.stderr)


class Routes(CommandTest):
    def test_routes_are_listed_in_a_table(self):
        done = run_command("routes", self.file(VALID))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertIn("PATTERN", lines[0])
        order = [at for at, line in enumerate(lines) if "/orders/:id" in line or "/*rest" in line]
        self.assertEqual(len(order), 2)
        self.assertIn("order", lines[order[0]])


class Binding(CommandTest):
    def test_an_address_in_use_exits_with_4_and_names_it(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            settings = {**VALID, "listeners": [{"name": "web", "address": address}]}
            done = run_command("run", "-c", self.file(settings))
        self.assertEqual(done.returncode, 4)
        self.assertIn(address, done.stderr)
        self.assertRegex(done.stderr.lower(), "in use|another process listens")

    def test_an_admin_address_in_use_exits_with_4(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run_command("run", "-c", self.file({**VALID, "admin": {"address": address}}))
        self.assertEqual(done.returncode, 4)
        self.assertIn(address, done.stderr)

    def test_an_address_of_another_machine_exits_with_4(self):
        settings = {**VALID, "listeners": [{"name": "web", "address": "192.0.2.1:0"}]}
        done = run_command("run", "-c", self.file(settings))
        self.assertEqual(done.returncode, 4)
        self.assertIn("192.0.2.1", done.stderr)


if __name__ == "__main__":
    main()
