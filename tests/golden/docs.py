#!/usr/bin/python3
"""Executes the commands of a page and compares what they print with what the page shows.

In ```console blocks, a line "$ command" is run in an empty folder where `models` and `scripts` point to the project's, lines
"> more" after it belong to it, and the lines after these are its output; a line "..." stands for any lines. All commands
of a page share the folder. A page that says <!-- needs Python: NAME ... --> is skipped (exit code 77) where Debian's Python
lacks one of these packages.

    docs.py --qsim build/release/sim/cli/qsim docs/user/cli.md ...
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
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


def missing_packages(page):
    """Those that the page needs and /usr/bin/python3 does not have."""
    needed = re.search(r"<!-- needs Python: (.*?) -->", page.read_text())
    names = needed.group(1).split() if needed else []
    find = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return [name for name in names if subprocess.run(["/usr/bin/python3", "-c", find, name], check=False).returncode != 0]


def main():
    parser = argparse.ArgumentParser(description="executes the commands of the documentation")
    parser.add_argument("--qsim", type=pathlib.Path, default=PROJECT / "build/release/sim/cli/qsim")
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    environment = dict(os.environ, LC_ALL="C",
                       PATH=f"{arguments.qsim.resolve().parent}:{os.environ['PATH']}")
    failures, skipped = 0, False
    for page in arguments.pages:
        if lacking := missing_packages(page):
            print(f"{page.name}: Skipped\n{' and '.join(lacking)} missing for /usr/bin/python3 (scripts/setup.sh --test)")
            skipped = True
            continue
        with tempfile.TemporaryDirectory(prefix="qsim_docs_") as folder:
            for name in ("models", "scripts"):
                os.symlink(PROJECT / name, pathlib.Path(folder) / name)
            for command, expected in commands_of(page):
                done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment,
                                      capture_output=True, text=True, timeout=300)
                if done.returncode != 0 or not matches(expected, done.stdout):
                    failures += 1
                    print(f"{page.name}: $ {command}\nexit code {done.returncode}, prints\n"
                          f"{done.stdout}{done.stderr}")
    if failures:
        return 1
    return SKIPPED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
