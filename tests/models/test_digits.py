"""The bundled digits network: files, data split, quantization, golden tensors and accuracy are as README says.

Needs numpy and onnx; what needs onnxruntime or torch skips without it.
"""

import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest

import numpy as np

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
sys.path.insert(0, str(MODELS))

# models/README.md states these.
CORRECT = 494
IMAGES = 500
MAX_BYTES = 300_000


def have(module):
    return importlib.util.find_spec(module) is not None


class FilesTest(unittest.TestCase):
    def test_bundled_files_are_small(self):
        for path in MODELS.glob("digits_*"):
            self.assertLess(path.stat().st_size, MAX_BYTES, path.name)

    def test_images(self):
        test, calibration = np.load(MODELS / "digits_test.npz"), np.load(MODELS / "digits_calib.npz")
        self.assertEqual(test["x"].shape, (IMAGES, 1, 8, 8))
        self.assertEqual(test["x"].dtype, np.uint8)
        self.assertEqual(test["y"].dtype, np.int64)
        self.assertEqual(test["x"].max(), 16)
        self.assertGreaterEqual(np.bincount(test["y"]).min(), 45)  # stratified
        held_out = {image.tobytes() for image in test["x"]}
        self.assertFalse(held_out & {image.tobytes() for image in calibration["x"]})

    def test_preprocessing_is_the_same_for_both(self):
        texts = [(MODELS / f"digits_{what}.json").read_text() for what in ("test", "calib")]
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(set(json.loads(texts[0])), {"layout", "mean", "scale", "channel_order"})


@unittest.skipUnless(have("onnx"), "the Python package onnx is missing (scripts/setup.sh --test)")
class QdqTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import onnx
        from onnx import numpy_helper

        cls.model = onnx.load(str(MODELS / "digits_qdq.onnx"))
        cls.constants = {t.name: numpy_helper.to_array(t) for t in cls.model.graph.initializer}
        cls.producer = {node.output[0]: node for node in cls.model.graph.node}

    def test_every_operator_reads_dequantized_tensors(self):
        for node in self.model.graph.node:
            if node.op_type in ("Conv", "Gemm", "Add", "MaxPool", "GlobalAveragePool", "Flatten"):
                for name in node.input:
                    self.assertEqual(self.producer[name].op_type, "DequantizeLinear", node.name)

    def test_weights_are_symmetric_per_channel_and_biases_have_the_product_scale(self):
        def parameters(tensor):
            return [self.constants[name] for name in self.producer[tensor].input]

        checked = 0
        for node in self.model.graph.node:
            if node.op_type not in ("Conv", "Gemm"):
                continue
            x_scale = self.constants[self.producer[node.input[0]].input[1]]
            weight, weight_scale, weight_zero = parameters(node.input[1])
            bias, bias_scale, bias_zero = parameters(node.input[2])
            self.assertEqual((weight.dtype, bias.dtype), (np.int8, np.int32))
            self.assertEqual(weight_scale.shape, (weight.shape[0],))
            self.assertFalse(weight_zero.any() or bias_zero.any())
            self.assertGreaterEqual(weight.min(), -127)
            np.testing.assert_array_equal(bias_scale, (x_scale * weight_scale).astype(np.float32))
            checked += 1
        self.assertEqual(checked, 6)

    def test_zero_points_are_not_all_trivial(self):
        for name in ("image", "res_b", "fc"):
            self.assertGreater(self.constants[f"{name}_zero_point"], 0, name)


@unittest.skipUnless(have("onnx"), "the Python package onnx is missing (scripts/setup.sh --test)")
class GoldenTest(unittest.TestCase):
    def test_golden_file_is_fresh(self):
        import golden

        made, stored = golden.golden(MODELS), np.load(MODELS / "digits_golden.npz")
        self.assertEqual(set(made), set(stored.files))
        for name, values in made.items():
            np.testing.assert_array_equal(values, stored[name], name)

    def test_accuracy_of_the_integer_network(self):
        import golden
        import onnx

        _, image, y = golden.preprocess(MODELS / "digits_test.npz")
        codes = golden.run(onnx.load(str(MODELS / "digits_qdq.onnx")), image)
        self.assertEqual(np.sum(codes["fc_q"].argmax(1) == y), CORRECT)


@unittest.skipUnless(
    have("onnxruntime") and have("onnx"), "onnxruntime is missing (scripts/setup.sh --test)"
)
class OnnxruntimeTest(unittest.TestCase):
    def test_accuracy(self):
        import evaluate

        x, y = evaluate.load(MODELS / "digits_test.npz")
        for name in ("digits_float.onnx", "digits_qdq.onnx"):
            correct = np.sum(evaluate.logits_of(MODELS / name, x).argmax(1) == y)
            self.assertLessEqual(abs(correct - CORRECT), 1, name)  # its int8 kernels depend on the processor

    def test_golden_codes(self):
        """Each code is within one step of onnxruntime's, and all but a few are equal."""
        import golden
        import onnx
        import onnxruntime

        model = onnx.load(str(MODELS / "digits_qdq.onnx"))
        _, image, _ = golden.preprocess(MODELS / "digits_test.npz")
        codes = golden.run(model, image)
        for name in codes:
            info = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None)
            model.graph.output.append(info)
        options = onnxruntime.SessionOptions()  # no 16-bit saturation on processors without VNNI
        options.add_session_config_entry("session.x64quantprecision", "1")
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        for name, peer in zip(codes, session.run(list(codes), {"image": image})):
            difference = np.abs(peer.astype(int) - codes[name])
            self.assertLessEqual(difference.max(), 1, name)
            self.assertLess(np.mean(difference != 0), 1e-3, name)


class TopologiesTest(unittest.TestCase):
    def test_list_needs_no_torch(self):
        import generate_topologies

        names = [topology.name for topology in generate_topologies.TOPOLOGIES]
        self.assertEqual(names, ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "vgg16"])
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(generate_topologies.main(["--list"]), 0)
        self.assertEqual([line.split()[0] for line in output.getvalue().splitlines()], names)

    @unittest.skipUnless(
        have("torchvision") and have("onnx"), "torchvision is missing (scripts/setup.sh --models)"
    )
    def test_mobilenet_v2_exports_with_its_macs(self):
        import generate_topologies
        import onnx

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            generate_topologies.main(["--only", "mobilenet_v2", "--output", folder])
            model = onnx.load(f"{folder}/mobilenet_v2.onnx")
        model = onnx.shape_inference.infer_shapes(model)
        pixels = {
            value.name: np.prod([d.dim_value for d in value.type.tensor_type.shape.dim[2:]])
            for value in model.graph.value_info
        }
        weights = {tensor.name: np.prod(tensor.dims) for tensor in model.graph.initializer}
        macs = sum(
            weights[node.input[1]] * pixels.get(node.output[0], 1)
            for node in model.graph.node
            if node.op_type in ("Conv", "Gemm")
        )
        expected = {t.name: t.million_macs for t in generate_topologies.TOPOLOGIES}["mobilenet_v2"]
        self.assertEqual(round(macs / 1e6), expected)


if __name__ == "__main__":
    unittest.main()
