#!/usr/bin/env python3
"""expect_dumps.py COMMAND...: each way to crash leaves a minidump, and of many the last five are kept."""
import os
import pathlib
import subprocess
import sys
import tempfile

EXCEPTION_STREAM = 6


def streams(dump):
    """The kinds of streams in a minidump, by its header and directory."""
    data = dump.read_bytes()
    assert data[:4] == b"MDMP", data[:16]
    count, directory = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12))
    return {int.from_bytes(data[directory + 12 * i :][:4], "little") for i in range(count)}


def main():
    command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        dumps = pathlib.Path(folder, "Sluice", "crashes")
        dumps.parent.mkdir()
        there = "Z:" + folder.replace("/", "\\") if os.name == "posix" else folder

        def crash(way):
            before = set(dumps.glob("*.dmp"))
            # What Wine starts beside it lives on, and would hold a pipe open for ever.
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            done = subprocess.run([*command, way, there], timeout=50, check=False, **quiet)
            fresh = set(dumps.glob("*.dmp")) - before
            assert done.returncode != 0, way
            assert len(fresh) == 1, (way, done.returncode, fresh)
            return fresh.pop()

        assert EXCEPTION_STREAM in streams(crash("exception"))
        for name in range(5):
            (dumps / f"sluice-2000010{name + 1}-000000-1.dmp").touch()
        last = crash("address")
        assert EXCEPTION_STREAM in streams(last)
        names = sorted(dump.name for dump in dumps.glob("*.dmp"))
        assert len(names) == 5 and names[0].startswith("sluice-20000103") and last.name in names, names
        print("each crash has left a dump; five are kept")


if __name__ == "__main__":
    main()
