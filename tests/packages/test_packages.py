#!/usr/bin/env python3
"""The deb and the rpm: what is in them, and what becomes of a Debian when they are installed, upgraded, removed and purged.

SLUICE_PACKAGES names the folder with sluice_*.deb and sluice-*.rpm; machine-tree beside them is made when it is missing.
"""

import glob
import gzip
import os
import re
import subprocess
import tempfile
import unittest

from machine import Machine, make_tree

FOLDER = os.environ.get("SLUICE_PACKAGES", "build/packages")
CONFIG = "/etc/sluice/sluice.json"


def package(pattern):
    """The newest of that name."""
    found = glob.glob(os.path.join(FOLDER, pattern))
    if not found:
        raise RuntimeError(f"no {pattern} in {FOLDER}; SLUICE_PACKAGES names the folder")
    return os.path.abspath(max(found, key=os.path.getmtime))


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def shellcheck(script, text):
    with tempfile.NamedTemporaryFile("w", suffix=script) as file:
        file.write(text)
        file.flush()
        return subprocess.run(["shellcheck", "-s", "sh", file.name], capture_output=True, text=True, check=False).stdout


class Deb(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.deb = package("sluice_*.deb")
        folder = tempfile.TemporaryDirectory(prefix="sluice-deb-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        subprocess.run(["dpkg-deb", "-R", cls.deb, cls.folder], check=True)

    def read(self, path):
        with open(os.path.join(self.folder, path), encoding="utf-8") as file:
            return file.read()

    def test_lintian_has_nothing_to_say(self):
        checked = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", self.deb], capture_output=True, text=True,
                                 check=False)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_the_scripts_are_sound(self):
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(shellcheck(script, self.read(f"DEBIAN/{script}")), "")

    def test_libraries_are_those_that_the_binary_needs(self):
        depends = output("dpkg-deb", "-f", self.deb, "Depends")
        for name in ("libc6", "libssl3", "libnghttp2-14", "procps", "systemd"):
            self.assertIn(name, depends)
        # What is used of it is in the binary.
        self.assertNotIn("libstdc++6", depends)

    def test_the_configuration_is_the_administrators(self):
        self.assertEqual(self.read("DEBIAN/conffiles").split(), [CONFIG])
        checked = subprocess.run([os.path.join(self.folder, "usr/bin/sluice"), "check", "--strict", self.folder + CONFIG], check=False)
        self.assertEqual(checked.returncode, 0)

    def test_the_unit_is_the_one_that_the_binary_writes(self):
        binary = os.path.join(self.folder, "usr/bin/sluice")
        printed = output(binary, "service", "install", "--dry-run", "--name", "other", "--config", CONFIG)
        written = re.search(r"^write \S+other\.service:\n((?:    .*\n|\n)+)", printed, re.MULTILINE).group(1)
        text = re.sub("^    ", "", written, flags=re.MULTILINE).replace(binary, "/usr/bin/sluice").replace("other", "sluice")
        self.assertEqual(self.read("usr/lib/systemd/system/sluice.service").strip(), text.strip())

    def test_the_change_log_is_of_this_version(self):
        with gzip.open(os.path.join(self.folder, "usr/share/doc/sluice/changelog.Debian.gz"), "rt") as text:
            self.assertIn(f"sluice ({output('dpkg-deb', '-f', self.deb, 'Version').strip()})", text.readline())


class Rpm(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rpm = package("sluice-*.rpm")

    def test_the_configuration_is_never_replaced(self):
        flags = output("rpm", "-qp", "--queryformat", "[%{FILENAMES} %{FILEFLAGS:fflags}\\n]", self.rpm)
        self.assertIn(f"{CONFIG} cn\n", flags)

    def test_it_has_what_the_deb_has(self):
        rpm = set(output("rpm", "-qpl", self.rpm).split())
        rows = output("dpkg-deb", "-c", package("sluice_*.deb")).splitlines()
        deb = {row.split()[-1][1:] for row in rows if not row.startswith("d")}
        only_deb = {"/usr/share/doc/sluice/changelog.Debian.gz", "/usr/share/lintian/overrides/sluice",
                    "/usr/share/zsh/vendor-completions/_sluice"}
        self.assertEqual(deb - only_deb - rpm, set())
        self.assertIn("/usr/share/zsh/site-functions/_sluice", rpm)

    def test_the_scripts_are_sound(self):
        for script in ("POSTIN", "PREUN", "POSTUN"):
            text = output("rpm", "-qp", "--queryformat", f"%{{{script}}}", self.rpm)
            self.assertEqual(shellcheck(script, text), "")


class MachineTest(unittest.TestCase):
    with_systemd = True

    @classmethod
    def setUpClass(cls):
        cls.tree = make_tree(os.path.abspath(os.path.join(FOLDER, "machine-tree")))
        cls.deb = package("sluice_*.deb")

    def setUp(self):
        self.machine = Machine(self.tree, self.with_systemd)
        self.addCleanup(self.machine.end)
        self.run_inside = self.machine.run
        self.shell = self.machine.shell

    def install(self, file, *options):
        self.machine.put(file, "/tmp/sluice.deb")
        return self.run_inside("dpkg", "--force-confdef", "--force-confold", *options, "-i", "/tmp/sluice.deb")

    def next_version(self):
        """A package of a higher version, with another configuration in it."""
        folder = tempfile.TemporaryDirectory(prefix="sluice-deb-")
        self.addCleanup(folder.cleanup)
        tree = os.path.join(folder.name, "tree")
        subprocess.run(["dpkg-deb", "-R", self.deb, tree], check=True)
        for file, old, new in (("DEBIAN/control", r"^Version: .*$", "Version: 99.0-1"), (CONFIG[1:], "Sluice is running", "Sluice runs")):
            with open(os.path.join(tree, file), encoding="utf-8") as text:
                content = text.read()
            with open(os.path.join(tree, file), "w", encoding="utf-8") as out:
                out.write(re.sub(old, new, content, flags=re.MULTILINE))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, folder.name + "/next.deb"], check=True, stdout=subprocess.DEVNULL)
        return folder.name + "/next.deb"

    def config(self):
        return self.run_inside("cat", CONFIG).stdout


class Tree(unittest.TestCase):
    def test_it_can_be_made(self):
        self.assertTrue((make_tree(os.path.abspath(os.path.join(FOLDER, "machine-tree"))) / "etc/passwd").exists())


class WithoutSystemd(MachineTest):
    """As in the making of an image: nothing can be started."""

    with_systemd = False

    def test_it_is_installed_to_be_started_at_the_next_boot(self):
        self.install(self.deb)
        self.assertIn("/var/lib/sluice", self.run_inside("getent", "passwd", "sluice").stdout)
        self.assertTrue(self.machine.exists("/etc/systemd/system/multi-user.target.wants/sluice.service"))
        self.assertEqual(self.run_inside("pgrep", "sluice", check=False).stdout, "")

    def test_a_changed_configuration_is_kept_by_an_upgrade_and_a_removal_and_gone_after_a_purge(self):
        self.install(self.deb)
        self.shell(f"sed -i s/8080/8081/ {CONFIG} && mkdir -p /var/lib/sluice /var/log/sluice && touch /var/lib/sluice/state")
        changed = self.config()
        self.install(self.next_version())
        self.assertEqual(self.config(), changed)
        self.run_inside("dpkg", "-r", "sluice")
        self.assertEqual(self.config(), changed)
        self.assertFalse(self.machine.exists("/usr/bin/sluice"))
        self.run_inside("dpkg", "-P", "sluice")
        for path in ("/etc/sluice", "/var/lib/sluice", "/var/log/sluice", "/usr/lib/systemd/system/sluice.service",
                     "/etc/systemd/system/multi-user.target.wants/sluice.service", "/etc/systemd/system/sluice.service"):
            self.assertFalse(self.machine.exists(path), path)

    def test_an_unchanged_configuration_follows_the_package(self):
        self.install(self.deb)
        self.install(self.next_version())
        self.assertIn("Sluice runs", self.config())

    def test_what_an_administrator_has_added_is_kept_by_a_purge(self):
        self.install(self.deb)
        self.shell("echo mine > /etc/sluice/mine.json")
        self.run_inside("dpkg", "-P", "sluice")
        self.assertEqual(self.run_inside("ls", "/etc/sluice").stdout.split(), ["mine.json"])

    def test_the_rpm_keeps_a_changed_configuration_too(self):
        self.machine.put(package("sluice-*.rpm"), "/tmp/sluice.rpm")

        def rpm(*arguments):
            self.run_inside("rpm", "--nodeps", "--nosignature", *arguments)

        rpm("-i", "--force-debian", "/tmp/sluice.rpm")
        self.assertIn("sluice", self.run_inside("getent", "passwd", "sluice").stdout)
        self.shell(f"sed -i s/8080/8081/ {CONFIG}")
        changed = self.config()
        rpm("-U", "--force", "--force-debian", "/tmp/sluice.rpm")
        self.assertEqual(self.config(), changed)
        rpm("-e", "sluice")
        self.assertFalse(self.machine.exists("/usr/bin/sluice"))
        self.assertEqual(self.run_inside("cat", CONFIG + ".rpmsave").stdout, changed)


class WithSystemd(MachineTest):
    def show(self, name, unit="sluice"):
        return self.run_inside("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def get(self, address="127.0.0.1:8080"):
        return self.run_inside("curl", "-s", "--max-time", "20", f"http://{address}/health").stdout

    def use_port(self, port):
        self.shell(f"sed -i s/127.0.0.1:8080/0.0.0.0:{port}/ {CONFIG}")

    def journal(self):
        return self.run_inside("journalctl", "-u", "sluice", "--no-pager", "-o", "cat").stdout

    def test_the_life_of_a_service(self):
        self.install(self.deb)
        self.assertEqual((self.show("ActiveState"), self.show("StatusText"), self.get()), ("active", "serving", "ok\n"))
        first = self.show("MainPID")
        facts = self.run_inside("cat", f"/proc/{first}/status").stdout
        self.assertNotIn("Uid:\t0", facts)
        self.assertIn("Seccomp:\t2", facts)
        # A port below 1024, without root.
        self.use_port(80)
        self.run_inside("sluice", "service", "reload")
        self.machine.wait_for(lambda: self.get("127.0.0.1:80") == "ok\n", "port 80")
        self.shell(f"cp {CONFIG} /root/good.json && echo '{{' > {CONFIG}")
        refused = self.run_inside("sluice", "service", "reload", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"{CONFIG}:2:1", self.journal())
        self.run_inside("systemctl", "kill", "--kill-who=main", "--signal=SIGHUP", "sluice")
        self.machine.wait_for(lambda: "the last reload was refused" in self.show("StatusText"), "the refusal")
        self.assertEqual((self.show("ActiveState"), self.get("127.0.0.1:80")), ("active", "ok\n"))
        errors = self.run_inside("journalctl", "-u", "sluice", "-p", "err", "--no-pager", "-o", "cat").stdout
        self.assertIn("reload refused", errors)
        self.assertNotIn('"level":"info"', errors)
        self.shell(f"cp /root/good.json {CONFIG}")
        self.run_inside("sluice", "service", "restart")
        self.assertNotEqual(self.show("MainPID"), first)
        self.assertEqual(self.get("127.0.0.1:80"), "ok\n")
        self.assertIn("sluice is ready", self.run_inside("sluice", "service", "logs").stdout)
        self.run_inside("sluice", "service", "stop")
        self.assertEqual((self.show("ActiveState"), self.show("Result")), ("inactive", "success"))
        self.run_inside("dpkg", "-P", "sluice")
        self.assertEqual(self.show("LoadState"), "not-found")

    def test_an_upgrade_of_the_package_refuses_nobody(self):
        self.install(self.deb)
        first = self.show("MainPID")
        clients = subprocess.Popen(
            ["nsenter", "-a", "-r", "-w", "-t", self.machine.first, "--", "/bin/sh", "-c",
             "while [ ! -e /tmp/stop ]; do curl -s --max-time 20 http://127.0.0.1:8080/health || exit 1; done; echo end"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(clients.kill)
        self.assertEqual(clients.stdout.readline(), "ok\n")
        self.install(self.next_version())
        self.machine.wait_for(lambda: self.show("MainPID") not in (first, "0"), "the new process")
        self.shell("touch /tmp/stop")
        answers = clients.communicate(timeout=60)[0].split()
        self.assertEqual((set(answers), answers[-1]), ({"ok", "end"}, "end"))
        self.assertEqual((self.show("ActiveState"), self.show("NRestarts")), ("active", "0"))
        self.assertIn("upgraded: the new process serves", self.journal())

    def test_a_process_that_hangs_is_replaced(self):
        self.install(self.deb)
        self.shell("mkdir -p /run/systemd/system/sluice.service.d && printf '[Service]\\nWatchdogSec=1\\nTimeoutAbortSec=1\\n' > "
                   "/run/systemd/system/sluice.service.d/fast.conf && systemctl daemon-reload && systemctl restart sluice")
        first = self.show("MainPID")
        self.run_inside("kill", "-STOP", first)
        self.machine.wait_for(lambda: self.show("NRestarts") == "1" and self.show("ActiveState") == "active", "another process")
        self.assertEqual(self.get(), "ok\n")

    def test_connections_wait_in_a_socket_of_systemd_while_nothing_runs(self):
        self.install(self.deb)
        self.shell("systemctl disable -q --now sluice.service && cp /usr/share/doc/sluice/examples/sluice.socket /etc/systemd/system && "
                   "systemctl daemon-reload && systemctl enable -q --now sluice.socket")
        self.assertEqual(self.show("ActiveState"), "inactive")
        self.assertEqual(self.get(), "ok\n")
        self.assertEqual(self.show("ActiveState"), "active")
        self.run_inside("systemctl", "stop", "sluice.service")
        self.assertEqual(self.get(), "ok\n")

    def test_a_second_service_beside_the_packages_comes_and_goes(self):
        self.install(self.deb)
        self.shell(f"cp /usr/bin/sluice /usr/local/bin/sluice && sed 's/8080/8081/; s/9901/9902/' {CONFIG} > /etc/sluice/shop.json")
        self.run_inside("/usr/local/bin/sluice", "service", "install", "--name", "shop")
        self.assertEqual((self.show("ActiveState", "shop"), self.get("127.0.0.1:8081"), self.get()), ("active", "ok\n", "ok\n"))
        self.run_inside("/usr/local/bin/sluice", "service", "uninstall", "--name", "shop")
        self.assertEqual((self.show("LoadState", "shop"), self.get()), ("not-found", "ok\n"))
        self.assertTrue(self.machine.exists("/etc/sluice/shop.json"))

    def test_a_service_that_could_not_start_is_not_installed(self):
        self.install(self.deb)
        self.shell("cp /usr/bin/sluice /usr/local/bin/sluice && echo '{' > /etc/sluice/shop.json")
        for arguments, word in ((["--name", "shop"], "shop.json:2:1"), ([], "choose another --name"),
                                (["--name", "x", "--config", "/root/x.json"], "below /root/")):
            done = self.run_inside("/usr/local/bin/sluice", "service", "install", *arguments, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(word, done.stdout + done.stderr)
        self.assertFalse(self.machine.exists("/etc/systemd/system/shop.service"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
