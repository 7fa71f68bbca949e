"""A folder that stands for a Mac's volume, with the commands of macOS as programs that keep only what matters to their callers:
launchctl knows which jobs are loaded, the others note what they are given."""

import os
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
INSTALLER = SOURCE / "installer" / "macos"

# $state/loaded has a file for each job; $state/draining the number of questions until a job that was told to end has ended;
# $state/refusing how many are turned down before a job is loaded.
LAUNCHCTL = r"""
verb=$1
case $verb in
    bootstrap)
        if [ -s "$state/refusing" ] && [ "$(cat "$state/refusing")" != 0 ]; then
            echo $(($(cat "$state/refusing") - 1)) >"$state/refusing"
            echo "Bootstrap failed: 5: Input/output error" >&2
            exit 5
        fi
        label=${3##*/}; label=${label%.plist}
        [ -e "$3" ] && [ ! -e "$state/loaded/$label" ] || { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
        : >"$state/loaded/$label" ;;
    enable) ;;
    *)
        label=${2##*/}
        [ "$verb" != kill ] || label=${3##*/}
        [ -e "$state/loaded/$label" ] || { echo "Could not find service" >&2; exit 113; } ;;
esac
case $verb in
    bootout)
        if [ -s "$state/draining" ]; then echo "Boot-out failed: 36: Operation now in progress" >&2; exit 36; fi
        rm "$state/loaded/$label" ;;
    print)
        if [ -s "$state/draining" ] && grep -q "bootout $2" "$state/calls"; then
            left=$(($(cat "$state/draining") - 1))
            echo $left >"$state/draining"
            if [ $left = 0 ]; then rm "$state/draining" "$state/loaded/$label"; fi
        fi ;;
esac
"""

# What has to be carried out here too.
INSTALL = r"""
set -- "$@" --
while [ "$1" != -- ]; do
    case $1 in -o | -g) shift ;; *) set -- "$@" "$1" ;; esac
    shift
done
shift
exec /usr/bin/install "$@"
"""

SUDO = 'shift 2; exec "$@"'

# The gateway of a Mac can't run here: its version is made up, its steps are played, and the checks are those of our own binary.
PROGRAM = r"""#!/bin/sh
name=sluice
case $1 in
    version) echo "sluice $(cat "$SLUICE_STATE/version")"; echo "poller kqueue" ;;
    check) exec "$SLUICE_BINARY" check "$2" ;;
    service)
        shift
        if [ "$1" = --name ]; then name=$2; shift 2; fi
        exec "$SLUICE_STEPS_PLAYER" "$SLUICE_VOLUME" play "$1" "$name" "$SLUICE_VOLUME/usr/local/bin/sluice" \
            "$SLUICE_VOLUME/usr/local/etc/sluice/$name.json" ;;
esac
"""


class MacVolume:
    """Made with the files that the package holds, and nothing of what its scripts do."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-mac-"))
        self.root = self.folder / "volume"
        self.state = self.folder / "state"
        self.commands = self.folder / "commands"
        for path in (self.root / "Library/LaunchDaemons", self.root / "Library/Logs", self.root / "Library/Application Support",
                     self.root / "var/db", self.root / "etc", self.state / "loaded", self.commands):
            path.mkdir(parents=True)
        for name, body in (("launchctl", LAUNCHCTL), ("install", INSTALL), ("sudo", SUDO), ("dscl", ""), ("pkgutil", ""), ("id", "echo 0"),
                           ("codesign", ""), ("pkgbuild", ""), ("productbuild", "")):
            self.set_command(name, body)
        self.set_version("1.0.0")
        self.put_payload()

    def close(self):
        shutil.rmtree(self.folder)

    def set_command(self, name, body):
        path = self.commands / name
        path.write_text(f'#!/bin/sh\nstate={self.state}\necho "{name} $*" >>"$state/calls"\n{body}\n')
        path.chmod(0o755)

    def set_version(self, version):
        (self.state / "version").write_text(version)

    def put_payload(self):
        share = self.root / "usr/local/share/sluice"
        share.mkdir(parents=True, exist_ok=True)
        shutil.copy(INSTALLER / "sluice.json", share)
        shutil.copy(INSTALLER / "uninstall", share)
        program = self.root / "usr/local/bin/sluice"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(PROGRAM)
        program.chmod(0o755)

    def __truediv__(self, path):
        return self.root / path

    def environment(self):
        return {**os.environ, "PATH": f"{self.commands}:{os.environ['PATH']}", "SLUICE_STATE": str(self.state),
                "SLUICE_VOLUME": str(self.root)}

    def run(self, *command):
        """Yields what has come of it."""
        return subprocess.run([str(word) for word in command], env=self.environment(), capture_output=True, text=True, timeout=60)

    def service(self, verb, name="sluice"):
        return self.run(self / "usr/local/bin/sluice", "service", "--name", name, verb)

    def script(self, name):
        """As the Installer runs it."""
        return self.run("sh", name, "/tmp/sluice.pkg", self / "usr/local", self.root)

    def calls(self, command=""):
        """What the commands were given so far, those that begin with some words, with paths as they would be on the Mac."""
        path = self.state / "calls"
        lines = path.read_text().replace(str(self.root), "").splitlines() if path.exists() else []
        return [line for line in lines if line.startswith(command)]

    def forget_calls(self):
        (self.state / "calls").unlink(missing_ok=True)

    def loaded(self):
        return sorted(path.name for path in (self.state / "loaded").iterdir())
