"""tests/mutation: what the generator changes and what it leaves alone; a few mutants are caught. `--full` on the command line runs all
that are written by hand, and drawn ones.

Environment: QSIM_BUILD names the build folder (build/release if not set).
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import mutants  # noqa: E402
import operators  # noqa: E402

BUILD = pathlib.Path(os.environ.get("QSIM_BUILD") or FOLDER.parents[1] / "build" / "release")
FULL = "--full" in sys.argv

MODULE = """// a < b
module m #(
  parameter int unsigned Depth = 4
) (
  input logic clk_i
);
  if (Depth < 1) $error("Depth is less than 1");
  logic [7:0] a_q, b;
  assign b = a_q <= 8'd3 ? a_q + 8'd1 : {a_q[6:0], 1'b0};
  for (genvar i = 0; i < 4; i++) begin : gen_x
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) a_q <= '0;
      else if (b == 8'd9) a_q <= b;
    end
  end
endmodule
"""


def changes(operator):
    """The changed lines that an operator makes of MODULE."""
    found = [c for c in operators.mutants(MODULE) if c.operator == operator]
    before = MODULE.splitlines()
    after = [operators.apply(MODULE, change).splitlines() for change in found]
    return [[new.strip() for old, new in zip(before, lines) if old != new] for lines in after]


class OperatorsTest(unittest.TestCase):
    def test_comparisons(self):
        self.assertEqual(
            changes("comparison"),
            [
                ["assign b = a_q < 8'd3 ? a_q + 8'd1 : {a_q[6:0], 1'b0};"],
                ["else if (b != 8'd9) a_q <= b;"],
            ],
        )

    def test_swapped_choice(self):
        self.assertEqual(
            changes("swapped choice"), [["assign b = a_q <= 8'd3 ? ({a_q[6:0], 1'b0}) : (a_q + 8'd1);"]]
        )

    def test_dropped_assignments(self):
        self.assertEqual(
            changes("dropped assignment"), [["if (!rst_ni) ;"], ["else if (b == 8'd9) ;"]]
        )

    def test_reset_value(self):
        self.assertEqual(changes("reset value"), [["if (!rst_ni) a_q <= '1;"]])

    def test_conditions(self):
        self.assertEqual(
            changes("condition"),
            [["else if (!(b == 8'd9)) a_q <= b;"], ["else if (1'b1) a_q <= b;"]],
        )

    def test_slices(self):
        self.assertEqual(
            changes("index"),
            [
                ["assign b = a_q <= 8'd3 ? a_q + 8'd1 : {a_q[(6)+1:(0)+1], 1'b0};"],
                ["assign b = a_q <= 8'd3 ? a_q + 8'd1 : {a_q[(6)-1:(0)-1], 1'b0};"],
            ],
        )

    def test_untouched(self):
        """No comment, header, range check, loop header or declared width changes."""
        first = MODULE.splitlines()
        kept = [line for line in first if line and "assign" not in line and "a_q <=" not in line]
        for change in operators.mutants(MODULE):
            after = operators.apply(MODULE, change).splitlines()
            self.assertEqual([line for line in kept if line in after], kept)


class MutantsTest(unittest.TestCase):
    def test_by_hand_fits_the_rtl(self):
        self.assertGreaterEqual(len(mutants.by_hand()), 20)

    def test_drawn_by_seed(self):
        first, again, other = mutants.drawn(1, 200), mutants.drawn(1, 200), mutants.drawn(2, 200)
        self.assertEqual(first, again)
        self.assertEqual(len({mutant.text for mutant in first}), 200)
        self.assertNotEqual([m.key() for m in first], [m.key() for m in other])
        self.assertGreater(len({mutant.file for mutant in first}), 20)


@unittest.skipUnless(
    os.access(BUILD / "tests/mutation/qsim_rtl_check", os.X_OK), "no qsim_rtl_check (scripts/test.sh builds it)"
)
class CaughtTest(unittest.TestCase):
    def caught(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, FOLDER / "run.py", "--build", BUILD, "--output", f"{folder}/mutants.json"]
            run = subprocess.run(list(map(str, [*command, *options])), capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("0 survive unexplained", run.stdout)

    def test_three(self):
        names = ("hand/rne-ties-up", "hand/token-dropped", "hand/load-contexts-misordered")
        self.caught(*(option for name in names for option in ("--only", name)))

    @unittest.skipUnless(FULL, "long: runs with --full")
    def test_all(self):
        self.caught("--benches", "--jobs", os.cpu_count())


if __name__ == "__main__":
    unittest.main(argv=[name for name in sys.argv if name != "--full"])
