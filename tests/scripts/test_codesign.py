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
        # Times of two batches are not compared.
        subprocess.run([sweeps.QSIM, "sweep", self.folder / "codesign.cfg", sweeps.MODEL, "-o", self.folder / "results.db", "--batch", "2"],
                       check=True, capture_output=True)
        code, _, error = self.run_script("--reference", "array.rows=8")
        self.assertEqual((code, "have 2 batches or input shapes; expected a file of one" in error), (1, True), error)

    def test_errors_are_one_line(self):
        path = self.folder / "results.db"
        for words, message in ((["--reference", "array.rows"], "--reference array.rows is not KEY=VALUE"),
                               (["--reference", "array.rows=8"], "cannot be read as a file of qsim sweep: unable to open")):
            code, _, error = self.run_script(*words)
            self.assertNotEqual(code, 0)
            self.assertIn(message, error)
        path.write_text("no database, but long enough to be looked at")
        code, _, error = self.run_script("--reference", "array.rows=8")
        self.assertEqual(error, f"{path}: cannot be read as a file of qsim sweep: file is not a database\n")

    def test_bits_of_the_ends_make_a_recipe_mixed(self):
        bits_of = sweeps.script("codesign").bits_of
        self.assertEqual(bits_of({"weights": 4, "activations": 8}), "4/8")
        self.assertEqual(bits_of({"weights": 4, "first": {"weights": 8}}), "mixed")
        self.assertEqual(bits_of({"weights": 4, "last": {"calibrator": "mse"}}), "4/8")


if __name__ == "__main__":
    unittest.main()
