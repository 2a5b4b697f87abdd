#!/usr/bin/python3
"""Synthesize the accelerator with yosys, for a machine given by its RTL parameters.

    scripts/synthesize.py Rows=4 Cols=4 ActKib=8 ...                  checks alone
    scripts/synthesize.py --netlist out/qsim_top.v Rows=4 Cols=4 ...  and a flat netlist in Verilog
    scripts/synthesize.py --gates --netlist ...                       of single gates, not of adders and multiplexers

Checks: every module of hw/rtl is read; `check -assert` finds no combinational loop, no wire with two drivers and none without;
there is no latch. Memories stay memories ($mem cells), as a vendor's tool would map them to block RAM.
The netlist is plain Verilog without parameters: `qsim run --engine rtl --rtl out` executes it. Parameters that are not given
have the defaults of qsim_top. The last line counts cells.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NO_LATCH = "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$_DLATCH* t:$_SR_*"


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--netlist", type=pathlib.Path, metavar="FILE", help="write a netlist here")
    parser.add_argument("--gates", action="store_true", help="map all but memories to gates of one bit")
    parser.add_argument("--top", default="qsim_top", help="module to synthesize (default: qsim_top)")
    parser.add_argument("--rtl", type=pathlib.Path, default=ROOT / "hw" / "rtl", metavar="DIR", help="sources")
    parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    for parameter in options.parameters:
        if not re.fullmatch(r"[A-Z]\w*=\d+", parameter):
            parser.error(f"{parameter}: expected NAME=VALUE, like Rows=4")
    return options


def sources(folder):
    """Packages first: the others use them."""
    return sorted(folder.glob("*.sv"), key=lambda path: (not path.stem.endswith("_pkg"), path.name))


def commands(options):
    """The yosys script."""
    lines = ["read_verilog -sv -defer " + " ".join(f'"{path}"' for path in sources(options.rtl))]
    settings = "".join(" -set {} {}".format(*p.split("=")) for p in options.parameters)
    if settings:
        lines.append(f"chparam{settings} {options.top}")
    lines.append(f"hierarchy -check -top {options.top}")
    lines += ["proc", "flatten", "opt_expr", "opt_clean", "check -assert", NO_LATCH]
    lines += ["opt -fast", "memory -nomap", "opt_clean", "check -assert"]
    if options.netlist:
        lines += ["wreduce", "peepopt", "opt -fast", "check -assert", NO_LATCH]
    if options.gates:
        lines += ["alumacc", "maccmap -unmap", "opt", "techmap", "opt -fast", "check -assert", NO_LATCH]
    if options.netlist:
        lines.append(f'write_verilog -noattr "{options.netlist}"')
    return lines + ["tee -o {statistics} stat"]


def run_yosys(lines):
    """Statistics of the design, as yosys prints them; exits with its errors."""
    with tempfile.TemporaryDirectory() as folder:
        statistics = pathlib.Path(folder) / "stat.txt"
        script = pathlib.Path(folder) / "synthesize.ys"
        script.write_text("\n".join(lines).format(statistics=statistics) + "\n")
        run = subprocess.run(["yosys", "-q", "-s", str(script)], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit((run.stdout + run.stderr)[-4000:] + "\nerror: yosys refuses the design")
        return statistics.read_text()


def main(arguments):
    options = parse_arguments(arguments)
    if options.netlist:
        options.netlist.parent.mkdir(parents=True, exist_ok=True)
    statistics = run_yosys(commands(options))
    cells = int(re.search(r"Number of cells:\s+(\d+)", statistics)[1])
    bits = re.search(r"Number of memory bits:\s+(\d+)", statistics)
    memories = re.search(r"\$mem\w*\s+(\d+)", statistics)
    print(f"{options.top} {' '.join(options.parameters)}: {cells} cells, {memories[1] if memories else 0} memories")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
