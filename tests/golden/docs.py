#!/usr/bin/python3
"""Executes the commands of a page and compares what they print with what the page shows.

In ```console blocks, a line "$ command" is run in an empty folder where `models` points to the project's, lines
"> more" after it belong to it, and the lines after these are its output; a line "..." stands for any lines. All commands
of a page share the folder.

    docs.py --qsim build/release/sim/cli/qsim docs/user/cli.md ...
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


def commands_of(page):
    """Pairs of a command and the lines that it should print."""
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, *output = part.splitlines()
            while output and output[0].startswith("> "):
                command += "\n" + output.pop(0)[2:]
            yield command, output


def matches(expected, actual):
    """Whether `actual` is `expected`, where "..." at a line's end stands for anything, alone for any lines."""
    pattern = ""
    for line in expected:
        if line == "...":
            pattern += r"(?:.*\n)*?"
        elif line.endswith("..."):
            pattern += re.escape(line[:-3]) + r".*\n"
        else:
            pattern += re.escape(line) + r"\n"
    return re.fullmatch(pattern, actual) is not None


def main():
    parser = argparse.ArgumentParser(description="executes the commands of the documentation")
    parser.add_argument("--qsim", type=pathlib.Path, default=PROJECT / "build/release/sim/cli/qsim")
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    environment = dict(os.environ, LC_ALL="C",
                       PATH=f"{arguments.qsim.resolve().parent}:{os.environ['PATH']}")
    failures = 0
    for page in arguments.pages:
        with tempfile.TemporaryDirectory(prefix="qsim_docs_") as folder:
            os.symlink(PROJECT / "models", pathlib.Path(folder) / "models")
            for command, expected in commands_of(page):
                done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment,
                                      capture_output=True, text=True, timeout=300)
                if done.returncode != 0 or not matches(expected, done.stdout):
                    failures += 1
                    print(f"{page.name}: $ {command}\nexit code {done.returncode}, prints\n"
                          f"{done.stdout}{done.stderr}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
