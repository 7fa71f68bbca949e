#!/usr/bin/env python3
"""Runs the micro benchmarks and prints what was measured beside what is wanted.

Usage: targets.py BUILD_FOLDER [--repetitions N] [--strict]

Each value is the median of N repetitions (default 5). With --strict the exit code is 1 when a target is
missed; without, only a benchmark that fails or is missing makes it 1.
"""
import argparse
import json
import pathlib
import subprocess
import sys

MILLION = 1e6

# (program, benchmark, what it is, counter, target, "at least" or "at most", unit)
TARGETS = [
    (program, name.format(routes), f"{what}, {routes:,} routes", "items_per_second", least * MILLION, "at least", "M/s")
    for routes in (200, 10000)
    for program, name, what, least in (
        ("bench_routing", "match/static_path/{}", "static match", 60),
        ("bench_routing", "match/one_parameter/{}", "one parameter", 20),
        ("bench_routing", "match/two_parameters/{}", "two parameters", 15),
        ("bench_routing", "match/not_found/{}", "not found", 30),
    )
] + [
    ("bench_contexts", "acquire_release", "context acquire + release", "items_per_second", 150 * MILLION, "at least", "M/s"),
    ("bench_contexts", "reset", "context reset", "items_per_second", 100 * MILLION, "at least", "M/s"),
    ("bench_contexts", "make_hundred_thousand", "100,000 contexts", "megabytes", 13, "at most", "MB"),
]


def measure(program, repetitions):
    """Medians by benchmark name: {name: {counter: value}}."""
    output = subprocess.run(
        [program, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
         "--benchmark_report_aggregates_only=true", "--benchmark_min_time=0.2"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    runs = json.loads(output)["benchmarks"]
    failed = [run["name"] for run in runs if run.get("error_occurred")]
    if failed:
        raise RuntimeError(f"{program.name}: failed: {', '.join(failed)}")
    return {run["run_name"]: run for run in runs if run.get("aggregate_name") == "median"}


def row(entry, medians):
    program, name, what, counter, target, sense, unit = entry
    value = medians[program][name][counter]
    met = value >= target if sense == "at least" else value <= target
    scale = MILLION if unit == "M/s" else 1
    return what, f"{value / scale:.1f} {unit}", f"{sense} {target / scale:g} {unit}", "ok" if met else "missed"


def print_table(rows):
    rows = [("what", "measured", "target", ""), *rows]
    widths = [max(len(line[column]) for line in rows) for column in range(4)]
    for line in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description="Micro benchmarks beside their targets.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    names = sorted({entry[0] for entry in TARGETS})
    medians = {name: measure(options.build / name, options.repetitions) for name in names}
    rows = [row(entry, medians) for entry in TARGETS]
    print_table(rows)
    return 1 if options.strict and any(line[3] == "missed" for line in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
