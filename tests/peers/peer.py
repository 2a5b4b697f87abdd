"""What the tests against onnxruntime share: where things are, running both sides, comparing.

Environment: QSIM names the binary (build/release/sim/cli/qsim if not set), QSIM_DATA the folder of the third-party data
(../shared/data from the project's root). `--full` on the command line runs the long tests as well.
"""

import importlib.util
import json
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
FULL = "--full" in sys.argv


def missing():
    """Why nothing can be compared here, or None."""
    for module in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(module) is None:
            return f"the Python package {module} is missing (scripts/setup.sh --test, then .venv/bin/python)"
    if not os.access(QSIM, os.X_OK):
        return "no qsim binary (scripts/test.sh builds it; or set QSIM)"
    return None


class PeerTest(unittest.TestCase):
    def setUp(self):
        if missing():
            self.skipTest(missing())
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.temporary = pathlib.Path(folder.name)

    def data(self, relative):
        path = DATA / relative
        if not path.exists():
            self.skipTest(f"test data missing: {relative} (set QSIM_DATA to the folder that holds it)")
        return path


def instruction_set():
    """Which integer kernels onnxruntime picks on this processor, as far as its flags tell."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    flags = set(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())
    names = ("amx_int8", "avx512_vnni", "avx_vnni", "avx512bw", "avx2", "i8mm", "asimddp")
    return " ".join(name for name in names if name in flags) or "baseline"


def onnxruntime_session(model, optimise=True, optimised_to=None):
    """`model`: a path or a serialised model. Without VNNI its exact integer kernels are asked for; with VNNI they are what
    it uses, and the option would turn int8 weights into uint8, for which it has no kernel with int8 activations: without
    VNNI such networks cannot be compared, and the test is skipped."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    is_exact_by_option = "vnni" not in instruction_set()
    if is_exact_by_option:
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if optimised_to is not None:
        options.optimized_model_filepath = str(optimised_to)
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented as reason:
        if not is_exact_by_option or "types are incompatible" not in str(reason):
            raise
        raise unittest.SkipTest("onnxruntime has no exact kernels for int8 codes on a processor without VNNI") from reason


def run_onnxruntime(session, x, batch=None):
    """The first output for all samples; `batch` samples at a time, all at once when it is None."""
    name = session.get_inputs()[0].name
    step = batch or len(x)
    return np.concatenate([session.run(None, {name: x[i : i + step]})[0] for i in range(0, len(x), step)])


def run_qsim(model, x, *options, y=None, preprocess=None):
    """(outputs by name and `index`, the JSON report) of `qsim run --data x`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arrays = {"x": x} if y is None else {"x": x, "y": y}
        np.savez(folder / "data.npz", **arrays)
        if preprocess:
            (folder / "data.json").write_text(json.dumps(preprocess))
        command = [QSIM, "run", model, "--data", folder / "data.npz", "--save-outputs", folder / "outputs.npz"]
        command += ["--json", folder / "report.json", *options]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"qsim run {pathlib.Path(model).name} failed: {done.stderr.strip()}")
        with np.load(folder / "outputs.npz") as outputs:
            return dict(outputs), json.loads((folder / "report.json").read_text())


def main():
    unittest.main(argv=[word for word in sys.argv if word != "--full"])
