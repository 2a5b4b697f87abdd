#!/usr/bin/python3
"""Runs golden cases: text files that hold a command, its input and what it must print.

    $ qsim machines tiny4
    --- file my.cfg          input files, written to the folder that the command runs in
    --- stdout               expected standard output, to the next section
    --- stderr               expected standard error; a missing section means none
    --- exit 2               expected exit code; 0 if missing

The command is a line for /bin/sh. It runs in an empty folder with `qsim` on the PATH and `models` pointing
to the project's. Cases named bad-* must fail. Lines that begin with # before the command are remarks.

    run.py --qsim build/release/sim/cli/qsim [--update] [CASE.txt ...]

--update writes what the commands print into the cases. Without cases, runs all of them.
"""

import argparse
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TIMEOUT_SECONDS = 300


class Case:
    def __init__(self, path):
        self.path = path
        self.remarks, self.command = [], None
        self.files, self.stdout, self.stderr, self.exit_code = {}, "", "", 0
        section = None
        for line in path.read_text().splitlines(keepends=True):
            if line.startswith("--- "):
                section = line[4:].split()
                if section[0] == "exit":
                    self.exit_code = int(section[1])
                elif section[0] == "file":
                    self.files[section[1]] = ""
                elif section[0] not in ("stdout", "stderr"):
                    raise ValueError(f"{path}: unknown section {line!r}")
            elif section is None:
                if line.startswith("$ "):
                    self.command = line[2:].strip()
                elif line.strip():
                    self.remarks.append(line)
            elif section[0] == "file":
                self.files[section[1]] += line
            elif section[0] in ("stdout", "stderr"):
                setattr(self, section[0], getattr(self, section[0]) + line)
        if self.command is None:
            raise ValueError(f"{path}: has no line that begins with '$ '")

    def run(self, qsim):
        """Returns (stdout, stderr, exit code)."""
        with tempfile.TemporaryDirectory(prefix="qsim_golden_") as folder:
            os.symlink(PROJECT / "models", pathlib.Path(folder) / "models")
            for name, text in self.files.items():
                (pathlib.Path(folder) / name).write_text(text)
            environment = dict(os.environ, PATH=f"{qsim.parent}:{os.environ['PATH']}", LC_ALL="C")
            environment.pop("COLUMNS", None)
            done = subprocess.run(["/bin/sh", "-c", self.command], cwd=folder, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=TIMEOUT_SECONDS)
            return done.stdout, done.stderr, done.returncode

    def text(self):
        parts = ["".join(self.remarks), f"$ {self.command}\n"]
        parts += [f"--- file {name}\n{text}" for name, text in self.files.items()]
        if self.stdout:
            parts.append(f"--- stdout\n{self.stdout}")
        if self.stderr:
            parts.append(f"--- stderr\n{self.stderr}")
        if self.exit_code:
            parts.append(f"--- exit {self.exit_code}\n")
        return "".join(parts)


def show_difference(name, expected, actual):
    sys.stdout.writelines(difflib.unified_diff(
        expected.splitlines(keepends=True), actual.splitlines(keepends=True),
        f"expected {name}", f"actual {name}"))


def main():
    parser = argparse.ArgumentParser(description="golden tests of the qsim tool")
    parser.add_argument("--qsim", type=pathlib.Path, default=PROJECT / "build/release/sim/cli/qsim")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    failures = 0
    for path in arguments.cases or sorted((HERE / "cases").glob("*.txt")):
        case = Case(path)
        before = case.text()
        stdout, stderr, exit_code = case.run(arguments.qsim.resolve())
        ok = (stdout, stderr, exit_code) == (case.stdout, case.stderr, case.exit_code)
        if path.name.startswith("bad-") and (exit_code == 0 or not stdout + stderr):
            print(f"{path.name}: must fail with a message")
            failures += 1
            continue
        case.stdout, case.stderr, case.exit_code = stdout, stderr, exit_code
        if arguments.update:
            if case.text() != before:
                path.write_text(case.text())
                print(f"updated {path.name}")
        elif not ok:
            show_difference(path.name, before, case.text())
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
