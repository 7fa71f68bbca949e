"""A configuration in several files, with variables of the environment and secrets in files of their own; its warnings; and
the completions of the command line."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

from gateway import binary_command, environment, is_wine, native_path
from harness import GatewayTest, config, main, route, run_command

VALID = config([route("/*rest", respond={"status": 404})])


class FilesTest(GatewayTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-files-")
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        return native_path(path)

    def check(self, *options, **variables):
        """`sluice check` of main.json with these variables set."""
        return subprocess.run(
            [*binary_command(), "check", *options, native_path(os.path.join(self.folder, "main.json"))],
            capture_output=True,
            text=True,
            timeout=60,
            env={**environment(), **variables},
            check=False,
        )


class Includes(FilesTest):
    def test_routes_of_included_files_are_served(self):
        self.write("conf.d/a.json", '{ "routes": [ { "match": { "path": "/a" }, "respond": { "body": "from a" } } ] }')
        self.write("conf.d/b.json", '{ "routes": [ { "match": { "path": "/b" }, "respond": { "body": "from b" } } ] }')
        settings = {**VALID, "include": ["conf.d/*.json"]}
        gateway = self.gateway(settings, file=os.path.join(self.folder, "main.json"))
        self.assertEqual(gateway.get("/a").body, b"from a")
        self.assertEqual(gateway.get("/b").body, b"from b")
        self.assertEqual(gateway.get("/c").status, 404)

    def test_an_error_of_an_included_file_names_that_file_and_its_place(self):
        self.write("main.json", '{ "include": ["conf.d/*.json"], "listeners": [ { "address": "127.0.0.1:0" } ] }')
        self.write("conf.d/a.json", '{\n  "routes": [ { "match": { "path": "/a" }, "cluster": "none" } ]\n}\n')
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"conf\.d/a\.json:2:\d+: /routes/0/cluster: no cluster has the name 'none'")

    def test_routes_that_conflict_over_files_are_named_with_their_files(self):
        self.write("main.json", '{ "include": ["a.json", "b.json"], "listeners": [ { "address": "127.0.0.1:0" } ] }')
        self.write("a.json", '{ "routes": [ { "name": "one", "match": { "path": "/x/:a" }, "respond": {} } ] }')
        self.write("b.json", '{ "routes": [ { "name": "two", "match": { "path": "/x/:b" }, "respond": {} } ] }')
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"b\.json:1:\d+: /routes/0: route \"one\" \(.*a\.json, line 1.*\"two\" \(.*b\.json, line 1")

    def test_a_missing_file_is_an_error_and_a_pattern_without_files_is_none(self):
        self.write("main.json", '{ "include": ["conf.d/*.json"], "listeners": [ { "address": "127.0.0.1:0" } ] }')
        self.assertEqual(self.check().returncode, 0)
        self.write("main.json", '{ "include": ["conf.d/a.json"], "listeners": [ { "address": "127.0.0.1:0" } ] }')
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"main\.json:1:15: /include/0: .*there is no such file")


class Variables(FilesTest):
    def test_variables_stand_for_texts_and_numbers(self):
        self.write("main.json", '{ "workers": "${TEST_WORKERS}", "listeners": [ { "address": "127.0.0.1:${TEST_PORT:-0}" } ] }')
        self.assertEqual(self.check(TEST_WORKERS="2").returncode, 0)
        wrong = self.check(TEST_WORKERS="2", TEST_PORT="99999")
        self.assertEqual(wrong.returncode, 3)
        self.assertIn("'99999' is not a port", wrong.stderr)

    def test_a_missing_variable_is_an_error_where_it_stands(self):
        self.write("main.json", '{ "workers": "${TEST_WORKERS}",\n  "listeners": [ { "address": "127.0.0.1:${TEST_PORT}" } ] }')
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"main\.json:1:15: /workers: the environment has no variable 'TEST_WORKERS'")
        self.assertRegex(done.stderr, r"main\.json:2:42: /listeners/0/address: the environment has no variable 'TEST_PORT'")


class Secrets(FilesTest):
    def with_secret(self, secret):
        return self.write(
            "main.json",
            '{ "listeners": [ { "address": "127.0.0.1:0" } ],\n  "clusters": [ { "name": "a", '
            '"endpoints": [ { "address": "127.0.0.1:1" } ],\n    "sticky": { "secret": %s } } ] }' % secret,
        )

    def test_a_secret_is_read_from_its_file_and_shown_by_nothing(self):
        main_file = self.with_secret('{ "file": "secrets/cookie.txt" }')
        self.write("secrets/cookie.txt", "correct-horse-battery\n")
        os.chmod(os.path.join(self.folder, "secrets", "cookie.txt"), stat.S_IRUSR | stat.S_IWUSR)
        done = self.check("--strict")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = run_command("config", "show", main_file)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertNotIn("correct-horse", shown.stdout)

    def test_a_secret_that_is_too_short_is_refused_without_being_told(self):
        self.with_secret('{ "file": "cookie.txt" }')
        self.write("cookie.txt", "hunter2\n")
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertIn("main.json:3:", done.stderr)
        self.assertNotIn("hunter2", done.stderr)

    def test_a_secret_without_a_file_is_an_error(self):
        self.with_secret('{ "file": "none.txt" }')
        done = self.check()
        self.assertEqual(done.returncode, 3)
        self.assertIn("there is no such file", done.stderr)

    @unittest.skipIf(is_wine(), "rights of Windows are not looked at")
    def test_a_secret_that_everybody_can_read_is_warned_of(self):
        self.with_secret('{ "file": "cookie.txt" }')
        self.write("cookie.txt", "correct-horse-battery\n")
        os.chmod(os.path.join(self.folder, "cookie.txt"), 0o644)
        done = self.check()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"main\.json:3:\d+: warning: /clusters/0/sticky/secret/file: every user")


class Warnings(FilesTest):
    def test_a_risky_setting_is_a_warning_and_with_strict_an_error(self):
        self.write("main.json", '{ "listeners": [ { "address": "127.0.0.1:0" } ],\n  "limits": { "min_rate": 0 } }')
        done = self.check()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"main\.json:2:27: warning: /limits/min_rate: ")
        self.assertIn("valid", done.stdout)
        strict = self.check("--strict")
        self.assertEqual((strict.returncode, strict.stdout), (3, ""))
        self.assertIn("1 warning is an error by --strict", strict.stderr)

    def test_a_configuration_without_risks_is_silent(self):
        self.write("main.json", '{ "listeners": [ { "address": "127.0.0.1:0" } ] }')
        self.assertEqual(self.check("--strict").stderr, "")

    def test_run_logs_warnings(self):
        gateway = self.gateway({**VALID, "limits": {"min_rate": 0}})
        lines = [entry for entry in gateway.log if entry.get("message") == "a setting is risky"]
        self.assertEqual(len(lines), 1)
        self.assertIn("/limits/min_rate", lines[0]["setting"])


class Completions(unittest.TestCase):
    def script(self, shell):
        done = run_command("completions", shell)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.replace("\r\n", "\n")

    def offered(self, *words, folder=None):
        """What bash offers behind these words; the last one is being written."""
        script = self.script("bash") + (
            'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "-c", script, "bash", "sluice", *words], capture_output=True, text=True, check=True, cwd=folder
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    @unittest.skipUnless(shutil.which("bash"), "there is no bash")
    def test_bash_completes_commands_options_and_words(self):
        self.assertEqual(self.offered("ru"), ["run"])
        self.assertGreaterEqual(set(self.offered("")), {"run", "check", "routes", "version", "config", "completions"})
        self.assertGreaterEqual(set(self.offered("config", "")), {"schema", "docs"})
        self.assertEqual(self.offered("check", "--st"), ["--strict"])
        self.assertEqual(self.offered("completions", "z"), ["zsh"])
        self.assertEqual(self.offered("nonsense", "ru"), ["run"])

    @unittest.skipUnless(shutil.which("bash"), "there is no bash")
    def test_bash_completes_files_where_a_file_is_wanted(self):
        with tempfile.TemporaryDirectory(prefix="sluice-complete-") as folder:
            with open(os.path.join(folder, "gateway.json"), "w", encoding="utf-8"):
                pass
            self.assertEqual(self.offered("check", "gate", folder=folder), ["gateway.json"])
            self.assertEqual(self.offered("run", "-c", "gate", folder=folder), ["gateway.json"])
            self.assertEqual(self.offered("version", "gate", folder=folder), [])

    def test_every_command_of_the_help_is_completed_for_every_shell(self):
        commands = [word for word in self.offered("") if not word.startswith("-")]
        for shell in ("bash", "zsh", "fish", "powershell"):
            script = self.script(shell)
            for command in commands:
                self.assertIn(command, script, shell)
            self.assertIn("--strict", script.replace("-l strict", "--strict"), shell)

    def test_other_shells_can_read_their_scripts(self):
        for shell, arguments in (("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])):
            if not shutil.which(shell):
                continue
            with tempfile.NamedTemporaryFile("w", suffix="." + shell, encoding="utf-8") as file:
                file.write(self.script(shell))
                file.flush()
                done = subprocess.run([shell, *arguments, file.name], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_brackets_of_the_scripts_are_balanced(self):
        for shell in ("zsh", "powershell"):
            script = self.script(shell)
            for opening, closing in ("{}", "[]"):
                self.assertEqual(script.count(opening), script.count(closing), shell)

    def test_an_unknown_shell_is_a_wrong_command_line(self):
        self.assertEqual(run_command("completions", "csh").returncode, 2)


if __name__ == "__main__":
    main()
