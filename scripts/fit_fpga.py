#!/usr/bin/python3
"""Fits what an FPGA needs for a machine to machines that were synthesized, and shows how wrong the fit is.

    scripts/fit_fpga.py synth --qsim build/release/sim/cli/qsim OUT     synthesizes MACHINES and HELD_OUT: OUT/NAME.json
    scripts/fit_fpga.py fit [--write sim/synth/fits.json] OUT/*.json    fits, and prints the errors

Each part of the machine (MODEL) is fitted by itself, linear in a few of the features that `qsim synth --json` writes, with no
coefficient below zero; a machine is the sum of its parts. Errors are of machines that the fit has not seen: each of MACHINES left out in
turn, and HELD_OUT, which none has seen.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESOURCES = ("lut", "ff", "dsp", "bram")
SCOPE = ("array.dataflow", "array.pe_modes", "vector.requant", "memory.bus_bytes")

# Small machines, other keys as in edge16: array, act, weight and parameter KiB, accumulators, lanes, bus
# bytes, outstanding bursts, FIFO, queue, token depth, instructions in flight.
MACHINES = {
    "2x2": ("2x2", 4, 4, 1, 16, 2, 4, 1, 1, 1, 1, 1),
    "2x4": ("2x4", 4, 4, 1, 16, 2, 4, 8, 1, 1, 1, 1),
    "4x4": ("4x4", 8, 4, 2, 64, 4, 4, 8, 1, 1, 1, 1),
    "8x4": ("8x4", 8, 8, 2, 64, 4, 4, 8, 4, 2, 2, 3),
    "4x8": ("4x8", 8, 8, 4, 128, 4, 4, 4, 4, 4, 8, 4),
    "8x8": ("8x8", 16, 8, 4, 128, 8, 4, 8, 4, 4, 8, 4),
}
KEYS = ("buffers.act_kib buffers.weight_kib buffers.param_kib buffers.acc_entries vector.lanes memory.bus_bytes "
        "dma.load_outstanding fetch.fifo_depth fetch.queue_depth sync.token_depth sync.in_flight").split()

# Not fitted: the form below was found on MACHINES, and is judged on these.
HELD_OUT = {
    "6x6": ("6x6", 16, 8, 4, 64, 4, 4, 8, 3, 3, 4, 2),
    "2x8": ("2x8", 8, 8, 4, 64, 2, 4, 4, 2, 4, 4, 2),
    "8x2": ("8x2", 16, 4, 2, 32, 2, 4, 8, 4, 2, 2, 2),
}

# Modules below qsim_top.
PARTS = {
    "buffers": ("qsim_act_buffer", "qsim_buffer"),
    "compute": ("qsim_compute", "qsim_accumulators"),
    "vector": ("qsim_vector",),
}
# What the parts of a machine grow with; `rest` is what no other part has.
MODEL = {
    "lut": {"buffers": ("act_banks", "small_rams"), "compute": ("one", "edges"), "vector": ("one", "cols"), "rest": ("one", "queue_words")},
    "ff": {"buffers": ("one", "act_banks"), "compute": ("one", "edges", "pes"), "vector": ("one", "lanes", "cols"), "rest": ("one",)},
    "dsp": {"compute": ("one", "pes"), "vector": ("one", "lanes"), "rest": ("one",)},
    "bram": {"rest": ("block_rams",)},
}


def options_of(machine):
    options = ["--array", machine[0]]
    for key, value in zip(KEYS, machine[1:]):
        options += [f"--{key}", str(value)]
    return options


def synthesize(qsim, target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, machine in {**MACHINES, **HELD_OUT}.items():
        command = [qsim, "synth", "--target", target, *options_of(machine), "--json", folder / f"{name}.json"]
        print(" ".join(map(str, command)), flush=True)
        subprocess.run(list(map(str, command)), check=True)


def parts_of(machine, resource):
    """What each part of a machine needs."""
    needs = dict.fromkeys(MODEL[resource], 0)
    for module in machine["modules"]:
        part = next((part for part, names in PARTS.items() if module["name"] in names), None)
        if part in needs:
            needs[part] += module["copies"] * module["resources"][resource]
    needs["rest"] = machine["resources"][resource] - sum(needs.values())
    return needs


def least_squares(rows, values):
    """Coefficients of at least zero: the worst negative one goes, until none is left."""
    kept = list(range(rows.shape[1]))
    while kept:
        found = numpy.linalg.lstsq(rows[:, kept], values, rcond=None)[0]
        if (found >= 0).all():
            break
        kept.pop(int(found.argmin()))
    coefficients = numpy.zeros(rows.shape[1])
    if kept:
        coefficients[kept] = found
    return coefficients


def fit(machines, resource):
    """Feature -> coefficient."""
    terms = {}
    for part, names in MODEL[resource].items():
        # Relative to the machine's size: a big machine's LUTs do not count for more.
        weights = numpy.array([1 / max(1, m["resources"][resource]) for m in machines])
        rows = numpy.array([[m["features"][name] for name in names] for m in machines], dtype=float)
        values = numpy.array([parts_of(m, resource)[part] for m in machines], dtype=float)
        for name, value in zip(names, least_squares(rows * weights[:, None], values * weights)):
            terms[name] = terms.get(name, 0) + float(value)
    return terms


def value_of(terms, machine):
    return sum(machine["features"][name] * value for name, value in terms.items())


def error_percent(terms, machine, resource):
    actual = machine["resources"][resource]
    return 100 * (value_of(terms, machine) - actual) / max(1, actual)


def check(machines, held_out):
    for what in [("target",), ("tool",)] + [("machine", key) for key in SCOPE]:
        values = {m[what[0]] if len(what) == 1 else m[what[0]][what[1]] for m in [*machines.values(), *held_out.values()]}
        if len(values) != 1:
            sys.exit(f"error: the machines differ in {what[-1]}: {', '.join(sorted(values))}")
    if len(machines) < 4:
        sys.exit(f"error: {len(machines)} machines; a fit needs 4 at least")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("synth")
    run.add_argument("--qsim", type=pathlib.Path, default=ROOT / "build/release/sim/cli/qsim")
    run.add_argument("--target", default="ecp5")
    run.add_argument("folder", type=pathlib.Path)
    fitting = commands.add_parser("fit")
    fitting.add_argument("--write", type=pathlib.Path, metavar="FILE", help="write the coefficients here")
    fitting.add_argument("files", type=pathlib.Path, nargs="+")
    options = parser.parse_args(arguments)
    if options.command == "synth":
        synthesize(options.qsim, options.target, options.folder)
        return 0
    read = {path.stem: json.loads(path.read_text()) for path in options.files}
    machines = {name: machine for name, machine in read.items() if name not in HELD_OUT}
    held_out = {name: machine for name, machine in read.items() if name in HELD_OUT}
    check(machines, held_out)
    first = next(iter(machines.values()))
    resources = {}
    print(f"{'machine':10}" + "".join(f"{r:>8}{'error':>9}" for r in RESOURCES) + "   (%, of machines not fitted)")
    errors = {name: {} for name in read}
    for resource in RESOURCES:
        whole = fit(list(machines.values()), resource)
        for name, machine in read.items():
            others = [m for other, m in machines.items() if other != name]
            terms = whole if name in held_out else fit(others, resource)
            errors[name][resource] = error_percent(terms, machine, resource)
        largest = max(abs(e[resource]) for e in errors.values())
        terms = {k: round(v, 4) for k, v in whole.items() if v > 0}
        resources[resource] = {"terms": terms, "largest_error_percent": round(largest, 1)}
    for name, machine in {**machines, **held_out}.items():
        print(f"{name:10}" + "".join(f"{machine['resources'][r]:8}{errors[name][r]:+9.1f}" for r in RESOURCES))
    if options.write:
        fits = {"targets": {first["target"]: {
            "origin": "fitted by scripts/fit_fpga.py; errors: the largest of machines left out of the fit",
            "tool": first["tool"], "machines": len(machines), "scope": {key: first["machine"][key] for key in SCOPE},
            "largest": {name: round(max(m["features"][name] for m in read.values())) for name in first["features"]},
            "measured": {name: m["resources"] for name, m in read.items()}, "resources": resources}}}
        options.write.write_text(json.dumps(fits, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
