"""What `qsim synth` counts does what the RTL does: the ECP5 netlist of the smallest machine of scripts/fit_fpga.py runs a random network, and its
values, cycles and counters are those of the analytic engine and SystemC, to the bit and to the cycle.

Environment: QSIM and QSIM_RTL_CHECK name the programs (of build/release if not set), QSIM_RTL_CACHE the folder of results, in which the netlist
of the machine may already stand. Runs with `--full` on the command line.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))

import fit_fpga
from fpga_netlist import prepare

QSIM = pathlib.Path(os.environ.get("QSIM") or ROOT / "build/release/sim/cli/qsim")
CHECK = pathlib.Path(os.environ.get("QSIM_RTL_CHECK") or ROOT / "build/release/tests/mutation/qsim_rtl_check")
MACHINE, STRUCTURE = "2x2", 0  # the same in scripts/fit_fpga.py and in tests/support/structures.cpp
CASES, LIMIT_SECONDS = 1, 3000


@unittest.skipUnless("--full" in sys.argv, "long: runs with --full")
@unittest.skipUnless(shutil.which("yosys"), "yosys is not installed (scripts/setup.sh --test)")
@unittest.skipUnless(os.access(QSIM, os.X_OK), "no qsim (set QSIM)")
@unittest.skipUnless(os.access(CHECK, os.X_OK), "no qsim_rtl_check (scripts/test.sh builds it; or set QSIM_RTL_CHECK)")
class FpgaNetlistTest(unittest.TestCase):
    def agreement(self, folder):
        report = folder / "synth.json"
        command = [QSIM, "synth", "--target", "ecp5", *fit_fpga.options_of(fit_fpga.MACHINES[MACHINE]), "--json", report]
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        prepare(pathlib.Path(json.loads(report.read_text())["netlist"]), folder / "netlist")
        command = [CHECK, folder / "netlist", STRUCTURE, CASES, 1, LIMIT_SECONDS, "netlist"]
        environment = dict(os.environ, QSIM_RTL_CACHE=f"{folder}/cache")
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)

    def test_runs_networks_as_the_rtl_does(self):
        with tempfile.TemporaryDirectory() as folder:
            run = self.agreement(pathlib.Path(folder))
        self.assertEqual(run.stdout.strip(), "agree", run.stderr)


if __name__ == "__main__":
    unittest.main(argv=[name for name in sys.argv if name != "--full"])
