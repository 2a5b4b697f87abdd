#!/usr/bin/python3
"""Puts an ECP5 netlist of `qsim synth` into a folder that `--rtl` runs, with models of its cells.

    tests/rtl/fpga_netlist.py NETLIST.v FOLDER

The cells are yosys' own (ecp5/cells_sim.v), but for block RAM and multiplier, which it has none of: tests/rtl/cells/ecp5.v.
"""

import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
YOSYS_CELLS = ("LUT2", "LUT4", "PFUMX", "L6MUX21", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4")


def yosys_folder():
    return pathlib.Path(shutil.which("yosys")).resolve().parent.parent / "share" / "yosys"


def cell_models():
    text = (yosys_folder() / "ecp5" / "cells_sim.v").read_text()
    models = []
    for name in YOSYS_CELLS:
        model = re.search(rf"^module {name}\b.*?^endmodule\n", text, re.DOTALL | re.MULTILINE)[0]
        model = re.sub(r"^\s*specify\b.*?^\s*endspecify\n", "", model, flags=re.DOTALL | re.MULTILINE)
        # Verilator wants no delayed assignment at the start of time.
        models.append(model.replace("mem[i] <= INITVAL", "mem[i] = INITVAL"))
    return "\n".join(models) + (HERE / "cells" / "ecp5.v").read_text()


def prepare(netlist, folder):
    folder.mkdir(parents=True, exist_ok=True)
    text = netlist.read_text()
    # Contents at power-up are zeros, as the model's.
    text = re.sub(r"^\s*\.INITVAL_\w\w\(320'h[0x]+\),\n", "", text, flags=re.MULTILINE)
    (folder / "qsim_top.v").write_text(text)
    (folder / "cells.v").write_text(cell_models())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    prepare(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
