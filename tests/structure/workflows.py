#!/usr/bin/env python3
"""Checks what a hosted runner would only find out when it runs: each action of a workflow is pinned to a commit, and the presets
and scripts that a workflow calls exist."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def known_presets():
    presets = json.loads((ROOT / "CMakePresets.json").read_text())
    return {preset["name"] for kind in presets if kind.endswith("Presets") for preset in presets[kind]}


def check(path, presets):
    text = path.read_text()
    name = path.relative_to(ROOT)
    for action in re.findall(r"uses:\s*(\S+)", text):
        if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action):
            yield f"{name}: {action} is not pinned to a commit"
    for preset in re.findall(r"--preset ([\w-]+)", text):
        if preset not in presets:
            yield f"{name}: there is no preset {preset}"
    for script in re.findall(r"(?<![\w.])\./((?:\.ci|installer)/[\w./-]+|dev)\b", text):
        if not (ROOT / script).exists():
            yield f"{name}: {script} does not exist"


def main():
    pages = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    presets = known_presets()
    faults = [fault for page in pages for fault in check(page, presets)]
    print("\n".join(faults) or f"{len(pages)} workflow is sound")
    sys.exit(1 if faults or not pages else 0)


if __name__ == "__main__":
    main()
