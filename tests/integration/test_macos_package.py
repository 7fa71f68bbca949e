"""What can be known without a Mac of the launchd job and its package: the property list by two parsers, the verbs and the
package's scripts against a stand-in of launchctl and the others, and what the package holds."""

import os
import pathlib
import plistlib
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from macos_stand_in import INSTALLER, SOURCE, MacVolume

PLAYER = os.environ["SLUICE_STEPS_PLAYER"]


def property_list(*words, name="sluice"):
    """As the product writes it."""
    done = subprocess.run([PLAYER, "", "list", name, *words], capture_output=True, timeout=60, check=True)
    return done.stdout


class PropertyListTest(unittest.TestCase):
    BINARY = "/usr/local/bin/sluice"
    CONFIG = "/usr/local/etc/sluice/R&D <Jörg> \"x\" 'y'.json"

    def test_two_parsers_read_the_same_and_the_document_type_holds(self):
        text = property_list(self.BINARY, self.CONFIG, "0.0.0.0:443", "[::]:443")
        first = plistlib.loads(text, fmt=plistlib.FMT_XML)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "xml").write_bytes(text)
            subprocess.run(["plistutil", "-i", path / "xml", "-o", path / "binary"], timeout=60, check=True)
            second = plistlib.loads((path / "binary").read_bytes(), fmt=plistlib.FMT_BINARY)
            subprocess.run(["xmllint", "--noout", "--nonet", "--dtdvalid", SOURCE / "tests/data/macos/property_list.dtd", path / "xml"],
                           timeout=60, check=True)
        self.assertEqual(first, second)
        self.assertEqual(first["ProgramArguments"], [self.BINARY, "run", "-c", self.CONFIG])

    def test_it_has_what_a_daemon_needs(self):
        job = plistlib.loads(property_list(self.BINARY, "/a.json", name="web"))
        self.assertEqual(job["Label"], "dev.sluice.web")
        self.assertEqual((job["UserName"], job["GroupName"]), ("_sluice", "_sluice"))
        self.assertEqual(job["KeepAlive"], {"SuccessfulExit": False})
        self.assertIs(job["RunAtLoad"], True)
        self.assertEqual(job["ProcessType"], "Interactive")
        self.assertEqual(job["SoftResourceLimits"], job["HardResourceLimits"])
        self.assertGreater(job["SoftResourceLimits"]["NumberOfFiles"], 10000)
        self.assertEqual(job["StandardErrorPath"], "/Library/Logs/Sluice/web.log")
        self.assertEqual(job["StandardOutPath"], "/Library/Logs/Sluice/web-access.log")
        self.assertEqual(job["WorkingDirectory"], job["EnvironmentVariables"]["STATE_DIRECTORY"])
        self.assertEqual(job["Umask"], 0o027)
        self.assertGreaterEqual(job["ThrottleInterval"], 10)
        self.assertNotIn("Sockets", job)

    def test_the_drain_is_over_before_launchd_kills(self):
        job = plistlib.loads(property_list(self.BINARY, "/a.json"))
        unwinding = 3
        self.assertGreater(job["ExitTimeOut"], 30 + unwinding)

    def test_its_keys_are_launchds(self):
        # Of launchd.plist(5), those that we use; one with a typing error would be passed over in silence.
        known = {"Label", "ProgramArguments", "UserName", "GroupName", "WorkingDirectory", "Umask", "EnvironmentVariables",
                 "StandardOutPath", "StandardErrorPath", "RunAtLoad", "KeepAlive", "ThrottleInterval", "ExitTimeOut", "ProcessType",
                 "SoftResourceLimits", "HardResourceLimits", "Sockets"}
        job = plistlib.loads(property_list(self.BINARY, "/a.json", "127.0.0.1:80"))
        self.assertEqual(set(job), known)
        self.assertEqual(job["Sockets"], {"Listener0": {"SockNodeName": "127.0.0.1", "SockServiceName": "80", "SockFamily": "IPv4",
                                                        "SockType": "stream"}})


class MacTest(unittest.TestCase):
    def setUp(self):
        self.mac = MacVolume()
        self.addCleanup(self.mac.close)

    def succeed(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def put_config(self, name="sluice"):
        config = self.mac / f"usr/local/etc/sluice/{name}.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(INSTALLER / "sluice.json", config)
        return config

    def install(self, name="sluice"):
        self.put_config(name)
        self.succeed(self.mac.service("install", name))
        self.mac.forget_calls()


class VerbsTest(MacTest):
    def test_install_makes_the_account_the_folders_and_the_job(self):
        self.put_config()
        self.succeed(self.mac.service("install"))
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])
        path = self.mac / "Library/LaunchDaemons/dev.sluice.sluice.plist"
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        self.assertEqual(plistlib.loads(path.read_bytes())["Label"], "dev.sluice.sluice")
        for folder, mode in (("Library/Logs/Sluice", 0o750), ("Library/Application Support/Sluice", 0o750), ("var/db/sluice", 0o755)):
            self.assertEqual((self.mac / folder).stat().st_mode & 0o777, mode)
        for name in ("sluice.log", "sluice-access.log"):
            self.assertEqual((self.mac / "Library/Logs/Sluice" / name).stat().st_mode & 0o777, 0o640)
        self.assertIn("install -o _sluice -g admin -m 0640 /dev/null /Library/Logs/Sluice/sluice.log", self.mac.calls())
        created = {tuple(line.split()[3:5]) for line in self.mac.calls("dscl . -create")}
        self.assertIn(("/Users/_sluice", "UniqueID"), created)
        self.assertIn(("/Groups/_sluice", "PrimaryGroupID"), created)
        self.assertIn("launchctl kickstart system/dev.sluice.sluice", self.mac.calls())

    def test_install_writes_nothing_when_the_configuration_is_broken(self):
        self.put_config().write_text("{ nonsense")
        self.assertNotEqual(self.mac.service("install").returncode, 0)
        self.assertEqual(list((self.mac / "Library/LaunchDaemons").iterdir()), [])
        self.assertEqual(self.mac.loaded(), [])

    def test_install_over_a_running_job_loads_the_new_property_list(self):
        self.install()
        self.succeed(self.mac.service("install"))
        verbs = [line.split()[1] for line in self.mac.calls("launchctl") if " print " not in line]
        self.assertEqual(verbs, ["bootout", "enable", "bootstrap", "kickstart"])

    def test_install_keeps_what_the_administrator_wrote_about_rotation(self):
        self.install()
        path = self.mac / "etc/newsyslog.d/dev.sluice.sluice.conf"
        self.assertIn("/Library/Logs/Sluice/sluice.log _sluice:admin 640 ", path.read_text())
        path.write_text("# mine\n")
        self.succeed(self.mac.service("install"))
        self.assertEqual(path.read_text(), "# mine\n")

    def test_install_leaves_a_log_that_is_there_as_it_is(self):
        self.install()
        log = self.mac / "Library/Logs/Sluice/sluice.log"
        log.write_text("line\n")
        self.succeed(self.mac.service("install"))
        self.assertEqual(log.read_text(), "line\n")

    def test_rotation_tells_a_process_by_paths_without_spaces(self):
        self.install("web")
        for line in (self.mac / "etc/newsyslog.d/dev.sluice.web.conf").read_text().splitlines():
            if not line.startswith("#"):
                self.assertEqual(len(line.split()), 9, line)

    def test_stop_waits_for_a_drain_that_takes_longer_than_launchctl(self):
        self.install()
        (self.mac.state / "draining").write_text("5")
        self.succeed(self.mac.service("stop"))
        self.assertEqual(self.mac.loaded(), [])

    def test_stop_fails_when_the_job_does_not_end(self):
        self.install()
        (self.mac.state / "draining").write_text("1000000")
        done = self.mac.service("stop")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bootout", done.stderr)

    def test_restart_ends_the_job_before_it_loads_it_and_never_kills(self):
        self.install()
        (self.mac.state / "draining").write_text("3")
        self.succeed(self.mac.service("restart"))
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])
        calls = self.mac.calls("launchctl")
        self.assertLess(calls.index("launchctl bootout system/dev.sluice.sluice"),
                        calls.index("launchctl bootstrap system /Library/LaunchDaemons/dev.sluice.sluice.plist"))
        self.assertNotIn("launchctl kickstart -k system/dev.sluice.sluice", calls)

    def test_a_start_that_launchd_refuses_at_first_is_tried_again(self):
        self.install()
        self.succeed(self.mac.service("stop"))
        (self.mac.state / "refusing").write_text("2")
        self.succeed(self.mac.service("start"))
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])
        self.assertEqual(len(self.mac.calls("launchctl bootstrap")), 3)

    def test_start_and_stop_may_come_twice(self):
        self.install()
        for verb in ("start", "start", "stop", "stop", "start"):
            self.succeed(self.mac.service(verb))
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])

    def test_start_of_what_is_not_installed_says_so(self):
        done = self.mac.service("start")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("dev.sluice.sluice.plist is missing: 'sluice service install' makes it", done.stderr)

    def test_reload_is_a_hangup(self):
        self.install()
        self.succeed(self.mac.service("reload"))
        self.assertEqual(self.mac.calls(), ["launchctl kill SIGHUP system/dev.sluice.sluice"])

    def test_reload_and_status_fail_when_the_service_does_not_run(self):
        self.assertNotEqual(self.mac.service("reload").returncode, 0)
        self.assertNotEqual(self.mac.service("status").returncode, 0)

    def test_logs_are_the_end_of_the_log_file(self):
        self.install()
        (self.mac / "Library/Logs/Sluice/sluice.log").write_text("".join(f"line {n}\n" for n in range(500)))
        lines = self.succeed(self.mac.service("logs")).stdout.splitlines()
        self.assertEqual((lines[0], lines[-1], len(lines)), ("line 400", "line 499", 100))

    def test_uninstall_takes_one_of_several_away(self):
        self.install()
        self.install("web")
        self.succeed(self.mac.service("uninstall", "web"))
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])
        self.assertEqual([path.name for path in (self.mac / "Library/LaunchDaemons").iterdir()], ["dev.sluice.sluice.plist"])
        self.assertEqual([path.name for path in (self.mac / "etc/newsyslog.d").iterdir()], ["dev.sluice.sluice.conf"])
        self.assertTrue((self.mac / "usr/local/etc/sluice/web.json").exists())


class ScriptsTest(MacTest):
    POST = INSTALLER / "scripts" / "postinstall"

    def preinstall(self, ours):
        path = self.mac.folder / "preinstall"
        path.write_text((INSTALLER / "scripts" / "preinstall.in").read_text().replace("@PROJECT_VERSION@", ours))
        return self.mac.script(path)

    def uninstall(self, *options):
        return self.mac.run(self.mac / "usr/local/share/sluice/uninstall", *options)

    def test_the_first_installation_makes_a_configuration_and_starts_the_service(self):
        self.succeed(self.mac.script(self.POST))
        self.assertTrue((self.mac / "usr/local/etc/sluice/sluice.json").exists())
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice"])

    def test_an_upgrade_keeps_the_configuration_and_starts_running_services_anew(self):
        self.install()
        self.install("web")
        self.install("idle")
        self.succeed(self.mac.service("stop", "idle"))
        config = self.mac / "usr/local/etc/sluice/sluice.json"
        config.write_text(config.read_text() + "// mine\n")
        before = config.read_bytes()
        self.mac.forget_calls()
        self.succeed(self.mac.script(self.POST))
        self.assertEqual(config.read_bytes(), before)
        self.assertEqual(self.mac.loaded(), ["dev.sluice.sluice", "dev.sluice.web"])
        self.assertEqual([line.split()[2] for line in self.mac.calls("launchctl bootout")],
                         ["system/dev.sluice.sluice", "system/dev.sluice.web"])

    def test_an_upgrade_does_not_bring_back_a_service_that_was_taken_out(self):
        self.put_config()
        self.succeed(self.mac.script(self.POST))
        self.assertEqual(self.mac.loaded(), [])

    def test_a_service_that_does_not_start_again_is_named(self):
        self.install()
        self.mac.set_command("launchctl", 'case $1 in bootstrap) exit 5 ;; print) [ ! -e "$state/out" ] || exit 113 ;; bootout) : >"$state/out" ;; esac')
        done = self.mac.script(self.POST)
        self.assertEqual(done.returncode, 1)
        self.assertIn("these services did not start: sluice\n", done.stderr)

    def test_an_older_version_is_not_put_over_a_newer_one(self):
        for theirs, ours, is_refused in (("1.0.0", "1.0.0", False), ("1.0.0", "1.0.1", False), ("1.9.0", "1.10.0", False),
                                         ("1.10.0", "1.9.9", True), ("2.0.0", "1.99.99", True), ("1.0.1", "1.0.0", True)):
            with self.subTest(installed=theirs, package=ours):
                self.mac.set_version(theirs)
                done = self.preinstall(ours)
                self.assertEqual(done.returncode, 1 if is_refused else 0, done.stderr)
                self.assertEqual(f"Sluice {theirs} is installed" in done.stderr, is_refused)

    def test_the_first_installation_finds_nothing_to_refuse(self):
        (self.mac / "usr/local/bin/sluice").unlink()
        self.succeed(self.preinstall("1.0.0"))

    def test_removal_keeps_configuration_and_logs(self):
        self.succeed(self.mac.script(self.POST))
        log = self.mac / "Library/Logs/Sluice/sluice.log"
        log.write_text("line\n")
        self.succeed(self.uninstall())
        self.assertEqual(self.mac.loaded(), [])
        self.assertEqual(list((self.mac / "Library/LaunchDaemons").iterdir()), [])
        for gone in ("usr/local/bin/sluice", "usr/local/share/sluice"):
            self.assertFalse((self.mac / gone).exists(), gone)
        for kept in (log, self.mac / "usr/local/etc/sluice/sluice.json"):
            self.assertTrue(kept.exists(), kept)
        self.assertIn("pkgutil --forget dev.sluice.gateway", self.mac.calls())
        self.assertEqual(self.mac.calls("dscl . -delete"), [])

    def test_a_purge_leaves_nothing(self):
        self.succeed(self.mac.script(self.POST))
        self.succeed(self.uninstall("--purge"))
        left = [str(path.relative_to(self.mac.root)) for path in self.mac.root.rglob("*") if not path.is_dir()]
        self.assertEqual(left, [])
        self.assertEqual(self.mac.calls("dscl . -delete"), ["dscl . -delete /Users/_sluice", "dscl . -delete /Groups/_sluice"])

    def test_only_root_removes(self):
        self.mac.set_command("id", "echo 501")
        done = self.uninstall()
        self.assertEqual(done.returncode, 7)
        self.assertTrue((self.mac / "usr/local/bin/sluice").exists())


# As the tree of the gateway, but with a program that takes no time.
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(sluice VERSION 1.2.3 LANGUAGES C)
set(CMAKE_OSX_ARCHITECTURES "arm64;x86_64")
add_executable(sluice main.c)
add_subdirectory({installer} installer)
"""

# What they are given, and the whole of what the first packs, are kept.
PACKERS = {"pkgbuild": 'cp -R "$2" "$state/payload"; while [ $# != 1 ]; do shift; done; echo package >"$1"',
           "productbuild": 'while [ $# != 1 ]; do shift; done; echo product >"$1"'}


class PackageTest(MacTest):
    def build(self, *settings):
        """Makes the package, and yields the folder of the build."""
        source = self.mac.folder / "source"
        build = self.mac.folder / "build"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(PROJECT.format(installer=INSTALLER))
        (source / "main.c").write_text("int main(void) { return 0; }\n")
        shutil.copy(SOURCE / "CHANGELOG.md", source)
        for name, body in PACKERS.items():
            self.mac.set_command(name, body)
        cmake = os.environ.get("SLUICE_CMAKE", "cmake")
        self.succeed(self.mac.run(cmake, "-S", source, "-B", build, *settings))
        self.succeed(self.mac.run(cmake, "--build", build))
        cpack = os.environ.get("SLUICE_CPACK", "cpack")
        self.succeed(self.mac.run(cpack, "--config", build / "CPackConfig.cmake", "-B", build))
        return build

    def test_it_holds_the_program_and_what_the_scripts_need_and_no_configuration_in_force(self):
        build = self.build()
        payload = self.mac.state / "payload"
        files = {str(path.relative_to(payload)): path.stat().st_mode & 0o777 for path in payload.rglob("*") if path.is_file()}
        self.assertEqual(files, {"bin/sluice": 0o755, "share/sluice/sluice.json": 0o644, "share/sluice/uninstall": 0o755,
                                 "share/doc/sluice/CHANGELOG.md": 0o644})
        self.assertTrue((build / "sluice-1.2.3-macos-universal.pkg").exists())
        call = self.mac.calls("pkgbuild")[0]
        self.assertIn("--install-location /usr/local --ownership recommended --identifier dev.sluice.gateway --version 1.2.3 ", call)
        self.assertEqual(self.mac.calls("codesign"), [])
        self.assertNotIn("--sign", self.mac.calls("productbuild")[0])

    def test_its_scripts_can_be_run_and_its_definition_names_them_all(self):
        made = self.build() / "installer"
        for name in ("preinstall", "postinstall"):
            self.assertEqual((made / "scripts" / name).stat().st_mode & 0o777, 0o755)
        self.assertIn("\nours=1.2.3\n", (made / "scripts" / "preinstall").read_text())
        definition = xml.etree.ElementTree.parse(made / "distribution.xml").getroot()
        self.assertEqual(definition.find("options").get("hostArchitectures"), "arm64,x86_64")
        self.assertTrue((made / "resources" / definition.find("welcome").get("file")).exists())
        package = definition.find("pkg-ref[@version]")
        self.assertEqual((package.get("id"), package.get("version"), package.text), ("dev.sluice.gateway", "1.2.3", "gateway.pkg"))
        # Apple's words for: on the volume that runs, for all of its users.
        self.assertEqual(definition.find("domains").attrib,
                         {"enable_anywhere": "false", "enable_currentUserHome": "false", "enable_localSystem": "true"})

    def test_program_and_package_are_signed_when_there_are_identities(self):
        self.build("-DSLUICE_CODE_IDENTITY=Developer ID Application: One (T)", "-DSLUICE_INSTALLER_IDENTITY=Developer ID Installer: One (T)",
                   "-DSLUICE_SIGNING_KEYCHAIN=/k/build.keychain")
        program = self.mac.calls("codesign")[0]
        self.assertIn("--timestamp --options runtime --identifier dev.sluice.gateway --sign Developer ID Application: One (T) "
                      "--keychain /k/build.keychain ", program)
        self.assertTrue(program.endswith("/usr/local/bin/sluice"), program)
        self.assertIn("--timestamp --sign Developer ID Installer: One (T) --keychain /k/build.keychain ", self.mac.calls("productbuild")[0])
        calls = [line.split()[0] for line in self.mac.calls()]
        self.assertLess(calls.index("codesign"), calls.index("pkgbuild"))


if __name__ == "__main__":
    unittest.main()
