"""scripts/codesign.py: searches over a small sweep, against the sweep's own rows."""

import pathlib
import subprocess
import sys
import unittest

import sweeps

SCRIPT = sweeps.ROOT / "scripts" / "codesign.py"
SPACE = """
array = 4x4 8x8 16x16
array.pe_modes = 8-4-2
bits = 8/8 4/4 2/4
"""


class CodesignTest(sweeps.SweepTest):
    def run_script(self, *words):
        done = subprocess.run([sys.executable, SCRIPT, self.folder / "results.db", *words], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def sweep(self, *data):
        space = pathlib.Path(self.folder) / "codesign.cfg"
        space.write_text(SPACE)
        subprocess.run([sweeps.QSIM, "sweep", space, sweeps.MODEL, "-o", self.folder / "results.db", *data],
                       check=True, capture_output=True)

    def gains(self, text, metric):
        """{search: gain} of the first table."""
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith(f"| {metric} |")]
        return {row[1]: row[-1] for row in rows[:4]}

    def test_searches_find_the_least(self):
        self.sweep(*sweeps.DATA)
        code, text, error = self.run_script("--reference", "array.rows=8", "--reference", "array.cols=8", "--drop", "2",
                                            "--area", "100")
        self.assertEqual(code, 0, error)
        rows = {}
        for key, metric, value in sweeps.query(self.folder / "results.db", "SELECT key, metric, value FROM results"):
            rows.setdefault(key, {})[metric] = value
        floor = next(iter(rows.values()))["float_top1"] - 0.02
        allowed = [row for row in rows.values() if row["top1"] >= floor]
        self.assertLess(len(allowed), len(rows))  # 2-bit weights fall below the floor
        gains = self.gains(text, "time")
        self.assertEqual(gains["reference"], "1.00x")
        base = float(next(line for line in text.splitlines() if line.startswith("| time | reference |")).split("|")[7])
        least = min(row["time_ms"] for row in allowed)
        self.assertAlmostEqual(float(gains["together"].rstrip("x")), base / least, delta=0.01)
        for alone in ("quantization alone", "hardware alone"):
            self.assertLessEqual(float(gains[alone].rstrip("x")), float(gains["together"].rstrip("x")))

    def test_what_cannot_be_compared(self):
        self.sweep()
        code, _, error = self.run_script("--reference", "array.rows=8")
        self.assertEqual((code, "expected a sweep with --data" in error), (1, True))
        self.sweep(*sweeps.DATA)
        code, _, error = self.run_script("--reference", "array.rows=9")
        self.assertEqual((code, "has array.rows=9 and 8/8 bits" in error), (1, True))


if __name__ == "__main__":
    unittest.main()
