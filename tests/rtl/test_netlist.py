"""What yosys makes of the RTL does what the RTL does: a netlist of a small machine (scripts/synthesize.py) runs random networks, and its
values, cycles and counters are those of the analytic engine and SystemC, to the bit and to the cycle.

Environment: QSIM_RTL_CHECK names the program that runs it (build/release/tests/mutation/qsim_rtl_check if not set). `--full` on the
command line adds a netlist of single gates, an output-stationary machine and one with narrow codes.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from rtl_machines import parameters

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = pathlib.Path(os.environ.get("QSIM_RTL_CHECK") or ROOT / "build/release/tests/mutation/qsim_rtl_check")
CASES, LIMIT_SECONDS = 6, 1200

# Our name of the machine, and its number in tests/support/structures.cpp.
MACHINES = {"ws 2x3": 17, "os 3x2": 4, "ws 2x2 8-4": 20}


@unittest.skipUnless(shutil.which("yosys"), "yosys is not installed (scripts/setup.sh --test)")
@unittest.skipUnless(os.access(CHECK, os.X_OK), "no qsim_rtl_check (scripts/test.sh builds it; or set QSIM_RTL_CHECK)")
class NetlistTest(unittest.TestCase):
    def agrees(self, name, *options):
        with tempfile.TemporaryDirectory() as folder:
            netlist = pathlib.Path(folder) / "netlist" / "qsim_top.v"
            command = [ROOT / "scripts" / "synthesize.py", "--netlist", netlist, *options, *parameters(name)]
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            command = [CHECK, netlist.parent, MACHINES[name], CASES, 1, LIMIT_SECONDS, "netlist"]
            environment = dict(os.environ, QSIM_RTL_CACHE=f"{folder}/cache")
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
            self.assertEqual(run.stdout.strip(), "agree", run.stderr)

    def test_words(self):
        self.agrees("ws 2x3")

    @unittest.skipUnless("--full" in sys.argv, "long: runs with --full")
    def test_words_output_stationary(self):
        self.agrees("os 3x2")

    @unittest.skipUnless("--full" in sys.argv, "long: runs with --full")
    def test_words_of_narrow_codes(self):
        self.agrees("ws 2x2 8-4")

    @unittest.skipUnless("--full" in sys.argv, "long: runs with --full")
    def test_gates(self):
        self.agrees("ws 2x3", "--gates")


if __name__ == "__main__":
    unittest.main(argv=[name for name in sys.argv if name != "--full"])
