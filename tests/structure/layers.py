#!/usr/bin/env python3
"""Reads every #include of our sources against the table of layers in docs/architecture.md, and looks for system
conditionals outside platform/ and service/."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# folder: the folders that it may include beside itself
LAYERS = {
    "base": set(),
    "http": {"base"},
    "http2": {"http", "base"},
    "grpc": {"http", "base"},
    "config": {"base"},
    "platform": {"base"},
    "routing": {"http", "config", "base"},
    "filters": {"http", "config", "base"},
    "upstream": {"config", "base"},
    "telemetry": {"platform", "base"},
    "tls": {"platform", "base"},
    "net": {"tls", "platform", "base"},
    "service": {"platform", "base"},
    "proxy": {"http2", "grpc", "net", "tls", "filters", "upstream", "telemetry", "routing", "config", "http", "platform", "base"},
    "app": {"proxy", "http2", "grpc", "service", "net", "tls", "filters", "upstream", "telemetry", "routing", "config", "http", "platform", "base"},
}
# where systems differ
SYSTEM_FOLDERS = {"platform", "service"}
# library include prefix: the folders that may use it
LIBRARIES = {
    "asio": {"net", "platform"},
    "ares": {"net"},
    "zlib": {"telemetry"},
    "nghttp2/": {"http2"},
    "openssl/": {"tls"},
    "nlohmann/": {"config", "app"},
    "CLI/": {"app"},
    "llhttp": set(),
}
SYSTEM_MACROS = re.compile(
    r"^\s*#\s*(if|ifdef|ifndef|elif)\b.*\b(_WIN32|_WIN64|__linux__|__APPLE__|__unix__|__MINGW32__|WIN32|_MSC_VER)\b")
SYSTEM_HEADERS = re.compile(r"^(sys/|netinet/|arpa/|unistd\.h|windows\.h|winsock2\.h|ws2tcpip\.h|poll\.h|fcntl\.h)")


def sources():
    for folder in LAYERS:
        base = ROOT / folder if folder in SYSTEM_FOLDERS else ROOT / "src" / folder
        for path in sorted(base.rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                yield folder, path


def check(folder, path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        if folder not in SYSTEM_FOLDERS and SYSTEM_MACROS.match(line):
            yield f"{where}: a system conditional outside platform/ and service/"
        include = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not include:
            continue
        target = include.group(2)
        if folder not in SYSTEM_FOLDERS and SYSTEM_HEADERS.match(target):
            yield f"{where}: the system header {target} outside platform/ and service/"
        for prefix, allowed in LIBRARIES.items():
            if target.startswith(prefix) and folder not in allowed:
                yield f"{where}: {folder} may not use {target}"
            if prefix == "nlohmann/" and target.startswith(prefix) and path.suffix == ".hpp":
                yield f"{where}: {target} in a header"
        other = target.split("/")[0]
        if include.group(1) == '"' and other in LAYERS and other != folder and other not in LAYERS[folder]:
            yield f"{where}: {folder} may not include {other}"


def main():
    count, faults = 0, []
    for folder, path in sources():
        count += 1
        faults += check(folder, path)
    print("\n".join(faults) or f"{count} files keep to their layers")
    if count < 100:
        sys.exit(f"only {count} files found: the check looks in the wrong place")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
