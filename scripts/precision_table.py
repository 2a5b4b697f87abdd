#!/usr/bin/python3
"""Cycles and bytes of a float network at several bit widths and memories, as the tables of docs/user/precision.md.

    scripts/precision_table.py [--qsim PATH] [--array RxC] MODEL.onnx

Uniform widths but for the network's input and output, which keep 8 bits; PE modes 8-4-2. Needs no data: cycles depend on
bits, not on values.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
WIDTHS = [(8, 8), (4, 8), (4, 4), (2, 2)]  # weights, codes
MEMORIES = {
    "ideal": ["--memory.model", "ideal"],
    "16 B/cycle": ["--memory.bytes_per_cycle", "16"],
    "4 B/cycle": ["--memory.bytes_per_cycle", "4"],
    "1 B/cycle": ["--memory.bytes_per_cycle", "1"],
}
STATES = ["useful", "edge", "weight_load", "fill_drain", "depthwise", "vector", "load", "store", "fetch", "host"]


def run(options, weights, codes, memory, folder):
    recipe, report = folder / "recipe.json", folder / "report.json"
    recipe.write_text(json.dumps({"weights": weights, "activations": codes}))
    command = [options.qsim, "run", "--array", options.array, "--array.pe_modes", "8-4-2", *MEMORIES[memory],
               "--recipe", recipe, options.model, "--json", report]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())


def row(cells):
    print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qsim", default=ROOT / "build/release/sim/cli/qsim", type=pathlib.Path)
    parser.add_argument("--array", default="16x16")
    parser.add_argument("model", type=pathlib.Path)
    options = parser.parse_args()
    row(["memory", "weights / codes", "cycles", "times", "ideal", "read from DRAM, MB", "written, MB", *STATES])
    row(["---"] * (7 + len(STATES)))
    with tempfile.TemporaryDirectory() as folder:
        for memory in MEMORIES:
            most = None
            for weights, codes in WIDTHS:
                report = run(options, weights, codes, memory, pathlib.Path(folder))
                figures, total = report["figures"], report["total"]
                value = {key: figures[key]["value"] for key in ("cycles", "dram_read_bytes", "dram_write_bytes")}
                most = most or value["cycles"]
                spent = [total[f"{state}_pe_cycles"] for state in STATES]
                row([memory, f"{weights} / {codes}", f"{value['cycles']:,}", f"{most / value['cycles']:.2f}", str(8 // codes),
                     f"{value['dram_read_bytes'] / 1e6:.1f}", f"{value['dram_write_bytes'] / 1e6:.1f}",
                     *(f"{100 * part / sum(spent):.1f}" for part in spent)])


if __name__ == "__main__":
    main()
