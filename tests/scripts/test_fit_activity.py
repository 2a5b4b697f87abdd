"""scripts/fit_activity.py: its gates compute what elements do, and sim/price/switching.cpp holds what it fits."""

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"
TRAIN = (ROOT / "models/digits_qdq.onnx", ROOT / "models/digits_test.npz")
HELD_OUT = (DATA / "mlperf_tiny/resnet8_cifar10_qdq.onnx", DATA / "cifar10/test100_lossless.npz")
FITTED_BY = "Yosys 0.23 "  # other versions make other gates


def missing():
    if not all(importlib.util.find_spec(package) for package in ("numpy", "onnx", "onnxruntime")):
        return "needs the packages numpy, onnx and onnxruntime (scripts/setup.sh --test)"
    if not shutil.which("yosys"):
        return "needs yosys"
    version = subprocess.run(["yosys", "-V"], check=True, capture_output=True, text=True).stdout
    return None if version.startswith(FITTED_BY) else f"needs {FITTED_BY.strip()}, found {version.strip()}"


@unittest.skipIf(missing(), missing())
class FitActivity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(ROOT / "scripts"))
        global fit_activity, numpy
        import fit_activity
        import numpy

    def test_gates_compute_sums(self):
        rng = numpy.random.default_rng(7)
        for dataflow, modes, pack in fit_activity.LAWS:
            operand, weight = rng.integers(-128, 128, (2, 3, 200)).astype(numpy.int8)
            before = rng.integers(-2**31, 2**31, operand.shape)
            element = fit_activity.Element(dataflow, modes)
            weights, sums, register = ("weight_q", "sum_i", "sum_o") if dataflow == "ws" else ("weight_i", "sum_q", "sum_q")
            wires = element.evaluate({"operand_i": fit_activity.unsigned(operand, 8) | pack << 10, weights: fit_activity.unsigned(weight, 8),
                                      sums: fit_activity.unsigned(before, 32)})
            found = sum(wires[element.registers[wire]].astype(numpy.int64) << bit for bit, wire in enumerate(element.names[register]))
            expected = fit_activity.unsigned(before + fit_activity.products(operand, weight, pack), 32)
            self.assertTrue((found == expected).all(), (dataflow, pack))

    def test_gates_that_stand_still_do_not_switch(self):
        words = numpy.full((50, 16), 77, dtype=numpy.int8)
        element = fit_activity.Element("ws", 0)
        self.assertEqual(fit_activity.run_ws(element, words, words[0], 0), (0, [0, 0, 0, 0]))

    def test_law_is_what_the_fit_finds(self):
        if not all(path.exists() for path in HELD_OUT):
            self.skipTest(f"needs {HELD_OUT[0]} and {HELD_OUT[1]}")
        source = (ROOT / "sim/price/switching.cpp").read_text(encoding="utf-8")
        for dataflow in ("Ws", "Os"):
            rows = re.search(rf"k{dataflow}\[\] = {{(.*?)}};", source, re.S).group(1)
            sign, operand, weight, total, random_sign, random_sum, above, below = map(float, re.search(r"{([^}]*)}", rows).group(1).split(","))
            law = (dataflow.lower(), 0, 0)
            cases, shares, _ = fit_activity.measure(law, TRAIN, HELD_OUT)
            uniform = cases["random"][fit_activity.UNIFORM]
            kinds = fit_activity.LAWS[law]
            written = {"sign": sign, "operand": operand, "weight": weight, "sum": total}
            for kind, share in zip(kinds, shares):
                self.assertAlmostEqual(written[kind], share, delta=0.002, msg=f"{dataflow} {kind}")
            self.assertAlmostEqual(random_sign, uniform["sign"], delta=0.01)
            self.assertAlmostEqual(random_sum, uniform["sum"], delta=0.01)
            errors = [error for traces in cases.values() for error in fit_activity.errors_of(law, shares, traces, uniform)]
            errors += [error for _, more in fit_activity.others(law, shares, HELD_OUT).values() for error in more]
            self.assertAlmostEqual(above, max(errors) / 100, delta=0.002)
            self.assertAlmostEqual(below, -min(errors) / 100, delta=0.002)


if __name__ == "__main__":
    unittest.main()
