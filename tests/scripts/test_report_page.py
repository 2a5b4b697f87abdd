"""HTML reports in headless Chromium: no script error, nothing loaded, charts with names, keyboard, light and dark."""

import pathlib
import shutil
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

    def check(self, inputs, kind):
        self.qsim("report", *inputs, "-o", "page.html")
        done = subprocess.run(
            ["node", str(CHECK), str(PAGE), str(self.folder / "page.html"), kind], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("", "", 0))

    def test_runs(self):
        model, data = ROOT / "models/digits_qdq.onnx", ROOT / "models/digits_test.npz"
        self.qsim("run", model, "--data", data, "--limit", 50, "--json", "a.json")
        self.qsim("run", model, "--array", "8x8", "--json", "b.json")
        self.check(["a.json"], "runs")
        self.check(["a.json", "b.json"], "runs")

    def test_sweep(self):
        (self.folder / "space.cfg").write_text(SPACE, encoding="utf-8")
        data = ROOT / "models/digits_test.npz"
        self.qsim("sweep", "space.cfg", ROOT / "models/digits_float.onnx", "-o", "r.db", "--data", data, "--limit", 100)
        self.check(["r.db"], "sweep")


if __name__ == "__main__":
    unittest.main()
