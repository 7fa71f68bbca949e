"""A Debian of its own in a folder, with systemd as its first process, for tests that install packages: namespaces keep its
processes, mounts, network and control groups apart from the ones around. What it changes is in memory and gone at its end.

Needs root, debootstrap, and once a package archive: the tree is made once and kept.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

PACKAGES = "systemd,procps,curl,rpm,libssl3,libnghttp2-14"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# In a mount namespace of its own: a control group to be the root of, then the rest. $1: the tree, $2: a folder, $3: the name of
# the control group, then the first process.
OUTER = """
set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2/groups" "$2/upper" "$2/work" "$2/root"
mount -t cgroup2 none "$2/groups"
mkdir -p "$2/groups/$3"
echo $$ > "$2/groups/$3/cgroup.procs"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
root=$2/root
shift 3
exec unshare --kill-child -pfmCuin --propagation private sh -c "$INNER" inner "$root" "$@"
"""
INNER = """
set -e
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
device() { mknod -m 666 "dev/$1" c "$2" "$3"; }
device null 1 3; device zero 1 5; device full 1 7; device random 1 8; device urandom 1 9; device tty 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
shift
exec chroot . /usr/bin/env -i container=chroot "PATH=$MACHINE_PATH" "$@"
"""
REMOVE_GROUPS = 'mount -t cgroup2 none "$1" && find "$1/$2" -depth -type d -exec rmdir {} +'


def make_tree(folder):
    """The tree that machines start from; made when it is not there yet."""
    tree = pathlib.Path(folder)
    if (tree / "made").exists():
        return tree
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise unittest.SkipTest("needs root and debootstrap")
    shutil.rmtree(tree, ignore_errors=True)
    with open("/etc/os-release", encoding="utf-8") as lines:
        words = dict(line.rstrip().split("=", 1) for line in lines if "=" in line)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", words["VERSION_CODENAME"], str(tree)],
                   check=True, stdout=subprocess.DEVNULL)
    units = tree / "etc/systemd/system"
    for unit in ("getty.target", "console-getty.service", "getty@.service", "serial-getty@.service", "systemd-udevd.service"):
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    shutil.rmtree(tree / "var/lib/apt/lists", ignore_errors=True)
    shutil.rmtree(tree / "var/cache/apt", ignore_errors=True)
    (tree / "made").touch()
    return tree


class Machine:
    """Runs when the constructor returns. Without systemd its first process does nothing."""

    def __init__(self, tree, with_systemd):
        self.folder = tempfile.mkdtemp(prefix="sluice-machine-")
        self.group = os.path.basename(self.folder)
        self.log = tempfile.TemporaryFile("w+")
        first = ["/lib/systemd/systemd", "--system", "--log-target=null", "--show-status=no"] if with_systemd else ["sleep", "infinity"]
        self.outer = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", OUTER, "outer", str(tree), self.folder, self.group, *first],
            env={"PATH": PATH, "INNER": INNER, "MACHINE_PATH": PATH}, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.first = self.wait_for(self.find_first, "its first process")
            if with_systemd:
                self.wait_for(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"),
                              "the end of its start")
        except AssertionError:
            self.end()
            raise

    def find_first(self):
        """The process that is number 1 in there, once it is the one that was asked for."""
        if self.outer.poll() is not None:
            self.log.seek(0)
            raise AssertionError(f"the machine did not start: {self.log.read()}")
        with open(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children", encoding="ascii") as children:
            for pid in children.read().split():
                with open(f"/proc/{pid}/comm", encoding="ascii") as name:
                    if name.read().strip() in ("systemd", "sleep"):
                        return pid
        return None

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}")

    def run(self, *command, check=True, seconds=120):
        """Runs a command inside to its end."""
        done = subprocess.run(
            ["nsenter", "-a", "-r", "-w", "-t", self.first, "--", "/usr/bin/env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8",
             "DEBIAN_FRONTEND=noninteractive", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def shell(self, text, **options):
        return self.run("sh", "-c", text, **options)

    def put(self, source, place):
        with open(source, "rb") as content:
            subprocess.run(["nsenter", "-a", "-r", "-w", "-t", self.first, "--", "/bin/sh", "-c", 'cat > "$1"', "put", place],
                           stdin=content, check=True)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    def end(self):
        if self.outer.poll() is None:
            self.outer.kill()
        self.outer.wait()
        self.log.close()
        # Its last processes may still be on their way out.
        for _ in range(100):
            removed = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", REMOVE_GROUPS, "remove", self.folder,
                                      self.group], capture_output=True, check=False)
            if removed.returncode == 0:
                break
            time.sleep(0.05)
        os.rmdir(self.folder)
