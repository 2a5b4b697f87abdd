"""yosys takes the whole design: no latches, no loops, no wire with two drivers (scripts/synthesize.py)."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from rtl_machines import parameters

ROOT = pathlib.Path(__file__).resolve().parents[2]

LATCH = """module qsim_top (input logic enable_i, input logic data_i, output logic data_o);
  always_latch if (enable_i) data_o = data_i;
endmodule
"""
LOOP = """module qsim_top (input logic a_i, output logic a_o);
  logic b;
  assign b = a_o & a_i;
  assign a_o = ~b;
endmodule
"""


def synthesize(*arguments):
    command = [ROOT / "scripts" / "synthesize.py", *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


@unittest.skipUnless(shutil.which("yosys"), "yosys is not installed (scripts/setup.sh --test)")
class SynthesisTest(unittest.TestCase):
    def test_machines(self):
        for name in ("ws 2x3", "os 4x4", "ws 5x4 8-4-2", "os 4x8 8-4-2"):
            with self.subTest(name):
                run = synthesize(*parameters(name))
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertRegex(run.stdout, r"qsim_top .*: \d{3,} cells, \d{2,} memories")

    def refused(self, text):
        """The complaint about a design that is not the machine's."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "qsim_top.sv").write_text(text)
            run = synthesize("--rtl", folder)
        self.assertNotEqual(run.returncode, 0)
        return run.stderr

    def test_a_latch_is_refused(self):
        self.assertIn("Assertion failed: selection is not empty", self.refused(LATCH))

    def test_a_loop_is_refused(self):
        self.assertIn("found logic loop", self.refused(LOOP))


if __name__ == "__main__":
    unittest.main()
