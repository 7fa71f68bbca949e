#!/usr/bin/env python3
"""Checks that the documents don't drift: every relative link leads somewhere, and every file or folder that is named in
code quotes exists."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOPS = ("src/", "platform/", "service/", "tests/", "bench/", "installer/", "docs/", "cmake/", ".ci/")


def check(path):
    text = path.read_text()
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    name = path.relative_to(ROOT)
    for target in re.findall(r"\]\(([^)#\s]+)", prose):
        if "://" not in target and not (path.parent / target).exists():
            yield f"{name}: the link to {target} leads nowhere"
    for quoted in re.findall(r"`([^`\n]+)`", prose):
        if quoted.startswith(TOPS) and re.fullmatch(r"[\w./-]+", quoted) and not (ROOT / quoted).exists():
            yield f"{name}: {quoted} does not exist"


def main():
    pages = [p for p in sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))]
    faults = [fault for page in pages for fault in check(page)]
    print("\n".join(faults) or f"{len(pages)} documents are sound")
    sys.exit(1 if faults or len(pages) < 5 else 0)


if __name__ == "__main__":
    main()
