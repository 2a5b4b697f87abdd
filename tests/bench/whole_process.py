#!/usr/bin/python3
"""Run the built qsim on whole models; print medians of CPU seconds and peak memory as a Markdown table.

    models/generate_topologies.py                         # once: exports the default models
    tests/bench/whole_process.py --qsim build/release/sim/cli/qsim
    tests/bench/whole_process.py --qsim ... --runs 9 a.onnx b.onnx -- --array 32x32 --dataflow os

CPU seconds are user + system of the whole process, everything from the start to the printed report.
Arguments behind `--` go to `qsim run`; without any, `--array 16x16`.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEFAULT_MODELS = ("resnet18", "resnet50", "mobilenet_v2")
DEFAULT_RUN_ARGUMENTS = ["--array", "16x16"]


def measure(command):
    """One run: (user s, system s, peak MB). The peak is never below what this script itself takes, 15 MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def row(model, command, runs):
    measure(command)  # not counted: reads the file from the disk
    results = [measure(command) for _ in range(runs)]
    totals = [user + system for user, system, _ in results]
    user, system, peak = (statistics.median(column) for column in zip(*results))
    return (
        f"| {model.stem} | {statistics.median(totals):.2f} | {min(totals):.2f} – {max(totals):.2f} "
        f"| {user:.2f} | {system:.2f} | {peak:.0f} |"
    )


def parse(arguments):
    run_arguments = DEFAULT_RUN_ARGUMENTS
    if "--" in arguments:
        split = arguments.index("--")
        arguments, run_arguments = arguments[:split], arguments[split + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--qsim", type=pathlib.Path, default=ROOT / "build/release/sim/cli/qsim")
    parser.add_argument("--runs", type=int, default=7, help="counted runs per model (default 7)")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args(arguments)
    if not options.models:
        options.models = [ROOT / "models/generated" / f"{name}.onnx" for name in DEFAULT_MODELS]
    for path in [options.qsim] + options.models:
        if not path.is_file():
            parser.error(f"{path} does not exist (build qsim; export with models/generate_topologies.py)")
    return options, run_arguments


def main(arguments):
    options, run_arguments = parse(arguments)
    print(f"`qsim run {' '.join(run_arguments)}`, median of {options.runs} runs\n")
    print("| model | CPU s | least – most | user s | system s | peak MB |")
    print("|---|---|---|---|---|---|")
    for model in options.models:
        command = [str(options.qsim), "run", *run_arguments, str(model)]
        print(row(model, command, options.runs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
