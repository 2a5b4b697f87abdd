"""What the tests of scripts/qat share. They need PyTorch and onnx, which Debian's Python has after scripts/setup.sh --test."""

import contextlib
import importlib.util
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
QSIM = pathlib.Path(os.environ.get("QSIM") or ROOT / "build/release/sim/cli/qsim")
DATA = pathlib.Path(os.environ.get("QSIM_DATA") or ROOT.parent / "shared" / "data")
MODELS = ROOT / "models"
sys.path.insert(0, str(ROOT / "scripts"))

MISSING = [name for name in ("torch", "onnx") if importlib.util.find_spec(name) is None]
if not MISSING:
    import torch

    from qat.float_network import FloatNetwork
    from qat.qat_network import QatNetwork
    from qat.ranges import observe_ranges

    torch.set_num_threads(1)


class QatTest(unittest.TestCase):
    def setUp(self):
        if MISSING:
            self.skipTest(f"the Python package {' and '.join(MISSING)} is missing (scripts/setup.sh --test, then {sys.argv[0]} "
                          "with /usr/bin/python3)")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.temporary = pathlib.Path(folder.name)

    def data(self, relative):
        path = DATA / relative
        if not path.exists():
            self.skipTest(f"test data missing: {relative} (set QSIM_DATA to the folder that holds it)")
        return path

    def qsim(self, *words):
        if not os.access(QSIM, os.X_OK):
            self.skipTest("no qsim binary (scripts/test.sh builds it; or set QSIM)")
        done = subprocess.run([str(QSIM), *map(str, words)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def qsim_outputs(self, model, x):
        """Outputs of `qsim run` by their names, for float32 samples that need no preprocessing."""
        np.savez(self.temporary / "samples.npz", x=x)
        self.qsim("run", model, "--data", self.temporary / "samples.npz", "--calibration-samples", 0,
                  "--save-outputs", self.temporary / "outputs.npz")
        with np.load(self.temporary / "outputs.npz") as outputs:
            return dict(outputs)


def network_of(graph, recipe, x, method="lsq", start="mse"):
    """(QatNetwork calibrated on x, FloatNetwork)."""
    teacher = FloatNetwork(graph)
    ranges = observe_ranges(teacher, x, torch.Generator().manual_seed(1))
    return QatNetwork(graph, recipe, ranges, method, start), teacher


def run_command(*words):
    """(exit code, stdout, stderr) of scripts/qat, in this process."""
    from qat.command_line import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()
