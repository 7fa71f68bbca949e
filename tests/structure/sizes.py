#!/usr/bin/env python3
"""Holds the limits of the house style: files of at most 400 lines, functions of at most 50. Tables and tests are exempt; an
exception is a line here with its reason."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 50
# file: why it may be longer
LONG_FILES = {}
# file:first line of the function without arguments: why it may be longer
LONG_FUNCTIONS = {
    "src/config/schema.cpp": "a table",
    "src/config/schema_cluster.cpp": "a table",
    "src/config/embedded.cpp": "a text",
}


def functions(lines):
    """Yields (first line, length) of what stands in braces at column 0, namespaces and types left out."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"^[A-Za-z_\[].*\{$", line) and not re.match(
                r"^(namespace|struct|class|enum|union|extern|constexpr std::array|const |static const|inline const)", line):
            start = number
        elif start is not None and line.startswith("}"):
            yield start, number - start + 1
            start = None


def main():
    faults, count = [], 0
    paths = [p for top in ("src", "platform", "service") if (ROOT / top).is_dir() for p in sorted((ROOT / top).rglob("*"))]
    for path in paths:
        if path.suffix not in (".hpp", ".cpp"):
            continue
        count += 1
        name = str(path.relative_to(ROOT))
        lines = path.read_text().splitlines()
        if len(lines) > MOST_FILE_LINES and name not in LONG_FILES:
            faults.append(f"{name}: {len(lines)} lines, at most {MOST_FILE_LINES}")
        for start, length in functions(lines):
            if length > MOST_FUNCTION_LINES and name not in LONG_FUNCTIONS:
                faults.append(f"{name}:{start}: a function of {length} lines, at most {MOST_FUNCTION_LINES}")
    print("\n".join(faults) or f"{count} files keep to the sizes")
    if count < 100:
        sys.exit(f"only {count} files found: the check looks in the wrong place")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
