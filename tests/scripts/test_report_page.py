"""HTML reports in headless Chromium: no script error, nothing loaded, charts with names, keyboard, light and dark."""

import contextlib
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
QSIM = ROOT / "build/release/sim/cli/qsim"
PAGE = ROOT / "sim/report/page"
CHECK = ROOT / "tests/sim/report/page_check.mjs"
SPACE = "array = 4x4 8x8 16x16\nbits = 8/8 4/4\narray.pe_modes = 8-4\n"


def missing():
    if not QSIM.exists():
        return f"{QSIM} is not built"
    if not (PAGE / "node_modules/playwright-core").exists():
        return "sim/report/page/node_modules is missing (scripts/setup.sh --report)"
    for program in ("node", "/usr/bin/chromium"):
        if shutil.which(program) is None:
            return f"{program} is not installed (scripts/setup.sh --test)"
    return None


@unittest.skipIf(missing(), missing())
class ReportPageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def qsim(self, *arguments):
        done = subprocess.run([str(QSIM), *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check(self, inputs, kind, *more):
        self.qsim("report", *inputs, "-o", "page.html")
        done = subprocess.run(
            ["node", str(CHECK), str(PAGE), str(self.folder / "page.html"), kind, *map(str, more)], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("", "", 0))

    def test_runs(self):
        model, data = ROOT / "models/digits_qdq.onnx", ROOT / "models/digits_test.npz"
        self.qsim("run", model, "--data", data, "--limit", 50, "--json", "a.json")
        self.qsim("run", model, "--array", "8x8", "--json", "b.json")
        self.check(["a.json"], "runs")
        self.check(["a.json", "b.json"], "runs")

    def test_a_run_without_cycles_beside_one_with_them(self):
        model, data = ROOT / "models/digits_qdq.onnx", ROOT / "models/digits_test.npz"
        self.qsim("run", model, "--json", "timed.json")
        self.qsim("run", model, "--engine", "reference", "--data", data, "--limit", 20, "--json", "values.json")
        self.check(["timed.json", "values.json"], "runs")
        self.check(["values.json", "timed.json"], "runs")

    def test_a_byte_order_mark_does_no_harm(self):
        self.qsim("run", ROOT / "models/digits_qdq.onnx", "--json", "a.json")
        run = self.folder / "a.json"
        run.write_text(run.read_text(encoding="utf-8"), encoding="utf-8-sig")
        self.check(["a.json"], "runs")

    def test_recipes_that_begin_alike_and_a_file_of_another_name(self):
        (self.folder / "space.cfg").write_text("array = 4x4 8x8 16x16\nrecipe = a.json b.json\n", encoding="utf-8")
        for name, bits in (("a", 4), ("b", 8)):
            recipe = {"activations": 4, "calibrator": "percentile:99.9", "first": {"activations": 8, "weights": 8}, "last": {"weights": bits}}
            (self.folder / f"{name}.json").write_text(json.dumps(recipe), encoding="utf-8")
        self.qsim("sweep", "space.cfg", ROOT / "models/digits_float.onnx", "-o", "r.sqlite")
        self.check(["r.sqlite"], "sweep")

    def test_sweep(self):
        (self.folder / "space.cfg").write_text(SPACE, encoding="utf-8")
        data = ROOT / "models/digits_test.npz"
        self.qsim("sweep", "space.cfg", ROOT / "models/digits_float.onnx", "-o", "r.db", "--data", data, "--limit", 100)
        self.check(["r.db"], "sweep")

    def test_infinite_values_are_on_the_front_as_the_tool_says(self):
        (self.folder / "space.cfg").write_text(SPACE, encoding="utf-8")
        data = ROOT / "models/digits_test.npz"
        self.qsim("sweep", "space.cfg", ROOT / "models/digits_float.onnx", "-o", "r.db", "--data", data, "--limit", 50)
        infinite = """UPDATE accuracy_values SET value = 9e999 WHERE metric = (SELECT id FROM metrics WHERE name = 'output_sqnr_db')
                      AND owner = (SELECT accuracies.id FROM accuracies JOIN networks ON networks.id = network WHERE recipe LIKE '%4%')"""
        with contextlib.closing(sqlite3.connect(self.folder / "r.db")) as store:
            self.assertEqual(store.execute(infinite).rowcount, 1)
            store.commit()
        for metrics in (("output_sqnr_db", "pes"), ("cycles", "output_sqnr_db")):
            front = self.qsim("sweep", "-o", "r.db", "--pareto", ",".join(metrics))
            self.assertIn("inf", front)
            self.check(["r.db"], "sweep", *metrics, re.match(r"Pareto front: (\d+) of 6 points", front)[1])


if __name__ == "__main__":
    unittest.main()
