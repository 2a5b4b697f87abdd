#!/usr/bin/python3
"""Do the checks bite? Changes the RTL in small ways, one at a time, and sees which check notices.

    tests/mutation/run.py --build build/release --output mutants.json          all by hand, 200 drawn from seed 1
    tests/mutation/run.py ... --only hand/token-dropped --only drawn/017
    tests/mutation/run.py ... --benches                                        survivors against the modules' benches

Each mutant is a copy of hw/rtl with one change. In turn: does it compile (verilator, errors alone); do seeded random networks
and programs that pass tokens around have the same cycles, values and counters on it as on the analytic engine and SystemC,
on two or three tiny machines; with --benches, do the benches of tests/rtl that contain the module fail, or else lint. Too slow
counts as caught. A mutant that is in --output with the same change is not run again, so that a run can be broken off and taken
up. Exits with 1 when a mutant survives that equivalent.toml does not explain.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib

from benches import Benches
from mutants import FOLDER, RTL, by_hand, drawn

# Machines of tests/support/structures.cpp: 0 is 2x2 ws rne, 1 4x4 os rne, 2 5x7 ws tflite, 3 8x4 os f32, 4 3x2 os pot,
# 17 2x3 ws m16, 19 4x4 ws tflite1; with PE modes: 20 2x2 ws 8-4, 21 4x4 ws 8-4-2, 22 4x4 os 8-4-2.
STRUCTURES = {
    "qsim_requant_f32.sv": [3],
    "qsim_requant_tflite.sv": [2],
    "qsim_requant_exact.sv": [0, 19, 4],
    "qsim_requant.sv": [4, 2, 19],
    "qsim_array_os.sv": [22, 1, 4],
    "qsim_pe_os.sv": [22, 1, 4],
    "qsim_transposer.sv": [22, 1, 4],
    "qsim_array_ws.sv": [21, 0, 2],
    "qsim_pe_ws.sv": [21, 0, 2],
    "qsim_subword_pkg.sv": [21, 20, 22],
    "qsim_weight_expand.sv": [21, 20, 22],
    "qsim_zero_macs.sv": [21, 22, 0, 1],
    "qsim_compute.sv": [21, 22, 0, 1],
    "qsim_vector.sv": [21, 20, 0, 2],
    "qsim_vector_agu.sv": [21, 0, 2],
    "qsim_vector_control.sv": [21, 0, 2],
    "qsim_vector_lane.sv": [0, 17, 2],  # a channel a lane, two, three
    "qsim_top.sv": [21, 1, 2],
}
OTHER_STRUCTURES = [0, 1, 2]


class Machine:
    """The whole accelerator on random networks, through the program qsim_rtl_check."""

    def __init__(self, build, cases, limit, base, cache):
        self.program = pathlib.Path(build) / "tests" / "mutation" / "qsim_rtl_check"
        self.cases, self.limit, self.base, self.cache = cases, limit, base, cache
        self.sound = {}  # structure -> whether the RTL passes on it as it is
        self.lock = threading.Lock()

    def check(self, folder, structure):
        """(stage, what was noticed), or None. What the unchanged RTL does not pass proves nothing, and ends the run."""
        with self.lock:
            if structure not in self.sound:
                self.sound[structure] = self.run(self.base, structure)
        if self.sound[structure]:
            raise RuntimeError(f"the RTL does not pass as it is: {self.sound[structure][1]}")
        return self.run(folder, structure)

    def run(self, folder, structure):
        """Exit code 1 is a difference; others are our own fault."""
        command = [self.program, folder, structure, self.cases, 1, self.limit]
        limit = 2 * self.limit
        environment = dict(os.environ, QSIM_RTL_CACHE=str(self.cache))
        try:
            run = subprocess.run(
                list(map(str, command)), capture_output=True, text=True, timeout=limit, env=environment
            )
        except subprocess.TimeoutExpired:
            return "machine", f"structure {structure}: no end within {limit} s"
        if run.returncode == 0:
            return None
        if run.returncode != 1:
            raise RuntimeError(f"{self.program} failed: {run.stdout}{run.stderr}")
        text = run.stdout.strip().splitlines()[0]
        if "%Error" in run.stdout:
            return "compiler", next(line for line in run.stdout.splitlines() if "%Error" in line).strip()
        return "machine", f"structure {structure} {text}"


def judge(mutant, machine):
    """What notices the mutant: a row of the result."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        folder = pathlib.Path(folder)
        sources = folder / "rtl"
        shutil.copytree(machine.base, sources)
        (sources / mutant.file).write_text(mutant.text)
        noticed = None
        for structure in STRUCTURES.get(mutant.file, OTHER_STRUCTURES):
            noticed = machine.check(sources, structure)
            if noticed:
                break
    stage, text = noticed or ("survived", "")
    return {
        "name": mutant.name,
        "file": mutant.file,
        "line": mutant.line,
        "breaks": mutant.breaks,
        "old": mutant.old,
        "new": mutant.new,
        "key": mutant.key(),
        "stage": stage,
        "noticed": re.sub(r"/tmp/\S*/", "", text)[:300],
    }


def explained():
    """Changes that change nothing, by key, with the reason."""
    path = FOLDER / "equivalent.toml"
    return {row["key"]: row["why"] for row in tomllib.loads(path.read_text()).get("mutant", [])}


class Results:
    """The rows so far, on disk after each one."""

    def __init__(self, path):
        self.path = path
        self.rows = json.loads(path.read_text()) if path.exists() else []
        self.lock = threading.Lock()

    def known(self, mutant):
        return any(row["name"] == mutant.name and row["key"] == mutant.key() for row in self.rows)

    def add(self, row):
        with self.lock:
            self.rows = [r for r in self.rows if r["name"] != row["name"]] + [row]
            self.rows.sort(key=lambda r: (not r["name"].startswith("hand"), r["name"]))
            self.path.write_text(json.dumps(self.rows, indent=1) + "\n")
            print(f"{row['name']:36} {row['stage']:9} {row['noticed'][:110]}", flush=True)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=RTL.parents[1] / "build" / "release", metavar="DIR")
    parser.add_argument("--output", type=pathlib.Path, required=True, metavar="FILE.json")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawn", type=int, default=200, metavar="N", help="mutants drawn from the seed (200)")
    parser.add_argument("--cases", type=int, default=12, metavar="N", help="random networks on each machine (12)")
    parser.add_argument(
        "--limit", type=int, default=240, metavar="N", help="seconds for a case, the first builds the model (240)"
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--benches", action="store_true", help="let benches, then lint judge what has survived")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    mutants = by_hand() + drawn(options.seed, options.drawn)
    if options.only:
        mutants = [m for m in mutants if m.name in options.only]
        if len(mutants) != len(set(options.only)):
            sys.exit("error: --only names a mutant that there is not")
    results = Results(options.output)
    todo = [m for m in mutants if not results.known(m)]
    todo.sort(key=lambda m: STRUCTURES.get(m.file, OTHER_STRUCTURES)[0])  # the smallest machine first
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base, cache = pathlib.Path(folder) / "rtl", pathlib.Path(folder) / "cache"
        shutil.copytree(RTL, base)
        machine = Machine(options.build, options.cases, options.limit, base, cache)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for row in pool.map(lambda m: judge(m, machine), todo):
                results.add(row)
        if options.benches:
            # Beside the other builds, where ccache knows most of it.
            unexplained = [mutant for mutant in mutants if mutant.key() not in explained()]
            Benches(options.build.resolve().parent / "mutation-benches", base).judge(unexplained, results)
    names = {m.name for m in mutants}
    left = [r for r in results.rows if r["name"] in names and r["stage"] == "survived" and r["key"] not in explained()]
    print(f"{len(names)} mutants, {len(left)} survive unexplained")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
