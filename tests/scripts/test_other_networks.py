"""Networks that the bundled models do not cover: what classifies nothing, and what keeps its weights in a file beside it."""

import importlib.util
import subprocess
import unittest

import sweeps

MISSING = [name for name in ("numpy", "onnx") if importlib.util.find_spec(name) is None]
if not MISSING:
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

SIZE = 8


@unittest.skipIf(MISSING, f"Python packages are missing: {', '.join(MISSING)} (scripts/setup.sh --test)")
class OtherNetworksTest(sweeps.SweepTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(1)
        self.weights = random.normal(0, 0.3, (4, 2, 3, 3)).astype(np.float32)
        np.savez(self.folder / "maps.npz", x=random.normal(0, 1, (80, 2, SIZE, SIZE)).astype(np.float32),
                 y=np.zeros(80, np.int64))
        node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1], name="conv")
        value = helper.make_tensor_value_info
        graph = helper.make_graph([node], "maps", [value("x", onnx.TensorProto.FLOAT, [1, 2, SIZE, SIZE])],
                                  [value("y", onnx.TensorProto.FLOAT, [1, 4, SIZE, SIZE])],
                                  [numpy_helper.from_array(self.weights, "w")])
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    def qsim(self, *words):
        done = subprocess.run([str(sweeps.QSIM), *map(str, words)], capture_output=True, text=True, cwd=self.folder)
        return done.returncode, done.stdout, done.stderr

    def test_what_classifies_nothing_has_no_accuracy(self):
        onnx.save(self.model, str(self.folder / "maps.onnx"))
        code, text, error = self.qsim("quantize", "maps.onnx", "--data", "maps.npz", "--analyze")
        self.assertEqual(code, 0, error)
        self.assertIn("as the recipe says: loss ", text)
        self.assertNotIn("0.00 %", text)
        for word, value in (("--drop", 1), ("--floor", 50)):
            code, _, error = self.qsim("quantize", "maps.onnx", "--data", "maps.npz", "--search", word, value,
                                       "--array.pe_modes", "8-4")
            self.assertEqual((code, "maps: is no classifier" in error), (1, True), error)

    def test_weights_beside_the_model_are_part_of_a_points_key(self):
        onnx.save_model(self.model, str(self.folder / "maps.onnx"), save_as_external_data=True, location="maps.bin",
                        size_threshold=0)
        (self.folder / "space.cfg").write_text("array = 8x8\n")
        said = [self.qsim("sweep", "space.cfg", "maps.onnx", "-o", "r.db")[1]]
        (self.folder / "maps.bin").write_bytes((self.weights * np.float32(2)).tobytes())
        said += [self.qsim("sweep", "space.cfg", "maps.onnx", "-o", "r.db")[1] for _ in range(2)]
        counts = [text.split(": ")[2].split(",")[0] for text in said]
        self.assertEqual(counts, ["0 were there", "0 were there", "1 were there"])


if __name__ == "__main__":
    unittest.main()
