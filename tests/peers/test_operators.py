#!/usr/bin/env python3
"""Operators that our networks do not have, one at a time, and networks of integer products, against onnxruntime.

    tests/peers/test_operators.py [--full]   (with .venv/bin/python)

An `operator:` line for each carries the figures of docs/reference/onnxruntime.md.
"""

import numpy as np
import peer

if not peer.missing():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

SAMPLES = 4000 if peer.FULL else 300
U8, S8 = np.uint8, np.int8


def model_of(nodes, constants, inputs, outputs, opset=13):
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, ir_version=8, opset_imports=opsets)


class OperatorTest(peer.PeerTest):
    def save(self, model):
        path = self.temporary / "model.onnx"
        onnx.save(model, str(path))
        return path

    def calibration(self, x):
        np.savez(self.temporary / "calibration.npz", x=x)
        return "--calibrate", self.temporary / "calibration.npz"

    def compare(self, name, model, x, *options):
        """(codes or numbers of qsim, of onnxruntime) for all samples."""
        path = self.save(model)
        theirs = peer.run_onnxruntime(peer.onnxruntime_session(path), x, 1)
        outputs, report = peer.run_qsim(path, x, *options)
        ours = next(values for key, values in outputs.items() if key != "index")
        ours = ours.reshape(theirs.shape)
        difference = np.abs(ours.astype(float) - theirs.astype(float))
        print(
            f"operator: {name}: {theirs.size:,} outputs, {int(np.sum(difference != 0))} differ "
            f"({np.mean(difference != 0):.1e}), by at most {difference.max():g} [{peer.instruction_set()}]",
            flush=True,
        )
        return ours, theirs, report

    def assert_codes(self, ours, theirs, rate):
        difference = np.abs(ours.astype(int) - theirs.astype(int))
        self.assertGreater(len(np.unique(theirs)), 20)
        self.assertLessEqual(difference.max(), 1)
        self.assertLessEqual(np.mean(difference != 0), rate)


class ConvTransposeTest(OperatorTest):
    """onnxruntime has no integer kernel: it dequantizes, and rounds a float32 sum once more."""

    def test_qdq(self):
        rng = np.random.default_rng(1)
        constants = {
            "sx": np.float32(0.02), "zx": U8(120), "sy": np.float32(0.05), "zy": U8(128),
            "wq": rng.integers(-127, 128, (4, 3, 4, 4)).astype(S8), "sw": np.float32(0.004), "zw": S8(0),
            "bq": rng.integers(-3000, 3000, 3).astype(np.int32), "sb": np.float32(0.02) * np.float32(0.004), "zb": np.int32(0),
        }  # fmt: skip
        nodes = [
            helper.make_node("DequantizeLinear", ["x", "sx", "zx"], ["xf"]),
            helper.make_node("DequantizeLinear", ["wq", "sw", "zw"], ["w"]),
            helper.make_node("DequantizeLinear", ["bq", "sb", "zb"], ["b"]),
            helper.make_node("ConvTranspose", ["xf", "w", "b"], ["t"], strides=[2, 2], pads=[1, 1, 1, 1]),
            helper.make_node("QuantizeLinear", ["t", "sy", "zy"], ["y"]),
        ]
        model = model_of(nodes, constants, [("x", TensorProto.UINT8, [1, 4, 8, 8])], [("y", TensorProto.UINT8)])
        x = rng.integers(0, 256, (SAMPLES // 10, 4, 8, 8)).astype(U8)
        ours, theirs, _ = self.compare("ConvTranspose QDQ", model, x)
        self.assert_codes(ours, theirs, 1e-4)


class QLinearTest(OperatorTest):
    """onnxruntime multiplies in float32 and rounds more than once."""

    def test_mul_by_a_constant(self):
        rng = np.random.default_rng(2)
        for shape in ((), (3, 1, 1)):
            constants = {
                "sx": np.float32(0.02), "zx": U8(120), "sc": np.float32(0.011), "zc": U8(100),
                "c": rng.integers(0, 256, shape).astype(U8), "sy": np.float32(0.03), "zy": U8(128),
            }  # fmt: skip
            inputs = ["x", "sx", "zx", "c", "sc", "zc", "sy", "zy"]
            nodes = [helper.make_node("QLinearMul", inputs, ["y"], domain="com.microsoft")]
            model = model_of(nodes, constants, [("x", TensorProto.UINT8, [1, 3, 16, 16])], [("y", TensorProto.UINT8)])
            x = rng.integers(0, 256, (SAMPLES // 4, 3, 16, 16)).astype(U8)
            for mode in ("f32", "rne"):
                name = f"QLinearMul by {'one number' if shape == () else 'one per channel'}, {mode}"
                ours, theirs, _ = self.compare(name, model, x, "--vector.requant", mode)
                # Ties; and where its kernel forms other products.
                self.assert_codes(ours, theirs, 1e-2)
                # On each processor all its codes are those of one of two products, and ours in f32 those of the first.
                products = self.float32_products(x, constants)
                self.assertIn(0, [np.count_nonzero(theirs != codes) for codes in products])
                if mode == "f32":
                    np.testing.assert_array_equal(ours, products[0])

    def float32_products(self, x, constants):
        """What QLinearMul rounds to, scaling each operand before the product, and scaling the product of codes once."""
        scales = [np.float32(constants[name]) for name in ("sx", "sc", "sy")]
        a = (x.astype(np.int32) - int(constants["zx"])).astype(np.float32)
        b = (constants["c"].astype(np.int32) - int(constants["zc"])).astype(np.float32)
        first = (a * scales[0]) * (b * scales[1]) / scales[2]
        second = (a * b) * (scales[0] * scales[1] / scales[2])
        return [np.clip(np.rint(values) + int(constants["zy"]), 0, 255).astype(U8) for values in (first, second)]

    def one(self, op, inputs, constants, **attributes):
        constants = {"sx": np.float32(0.04), "zx": U8(120), "sy": np.float32(0.03), "zy": U8(100)} | constants
        nodes = [helper.make_node(op, inputs, ["y"], domain="com.microsoft", **attributes)]
        return model_of(nodes, constants, [("x", TensorProto.UINT8, [1, 3, 16, 16])], [("y", TensorProto.UINT8)])

    def test_of_activations(self):
        x = np.random.default_rng(4).integers(0, 256, (SAMPLES // 4, 3, 16, 16)).astype(U8)
        ends = ["sx", "zx", "sy", "zy"]
        for op, inputs, constants, attributes in (
            ("QLinearSigmoid", ["x", *ends], {"sy": np.float32(1 / 255), "zy": U8(0)}, {}),
            ("QLinearLeakyRelu", ["x", *ends], {}, {"alpha": 0.3}),
            ("QLinearMul", ["x", "sx", "zx", "x", "sx", "zx", "sy", "zy"], {"sy": np.float32(0.11)}, {}),
        ):
            ours, theirs, _ = self.compare(op, self.one(op, inputs, constants, **attributes), x)
            self.assert_codes(ours, theirs, 0)

    def test_where(self):
        rng = np.random.default_rng(5)
        x = rng.integers(0, 256, (SAMPLES // 4, 3, 16, 16)).astype(U8)
        chosen = {"sc": np.float32(0.05), "zc": U8(90), "m": rng.integers(0, 2, (1, 16, 16)).astype(bool)}
        for name, part, constants in (
            ("a constant", ["c", "sc", "zc"], {"c": rng.integers(0, 256, (3, 1, 1)).astype(U8)}),
            ("activations", ["x", "sx", "zx"], {"m": rng.integers(0, 2, (3, 1, 16)).astype(bool)}),
        ):
            inputs = ["m", "x", "sx", "zx", *part, "sy", "zy"]
            ours, theirs, _ = self.compare(f"QLinearWhere of {name}", self.one("QLinearWhere", inputs, chosen | constants), x)
            self.assert_codes(ours, theirs, 1e-2)


class IntegerProductTest(OperatorTest):
    def network(self, rng):
        """Float: Conv, Relu, MaxPool, Conv, Relu, Flatten, Gemm."""

        def weights(*shape):
            return (rng.normal(0, 1, shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

        constants = {
            "w1": weights(8, 1, 3, 3), "b1": weights(8), "w2": weights(16, 8, 3, 3), "b2": weights(16),
            "w3": weights(10, 256), "b3": weights(10),
        }  # fmt: skip
        nodes = [
            helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], name="conv1"),
            helper.make_node("Relu", ["c1"], ["r1"]),
            helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1], strides=[2, 2], name="conv2"),
            helper.make_node("Relu", ["c2"], ["r2"]),
            helper.make_node("Flatten", ["r2"], ["f"]),
            helper.make_node("Gemm", ["f", "w3", "b3"], ["y"], transB=1, name="fc"),
        ]
        return model_of(nodes, constants, [("x", TensorProto.FLOAT, [1, 1, 16, 16])], [("y", TensorProto.FLOAT)])

    def test_what_quantize_dynamic_writes(self):
        from onnxruntime.quantization import QuantType, quantize_dynamic

        rng = np.random.default_rng(3)
        x = rng.random((SAMPLES // 3, 1, 16, 16), np.float32)
        calibration = rng.random((64, 1, 16, 16), np.float32)
        float_model = self.temporary / "float.onnx"
        onnx.save(self.network(rng), str(float_model))
        for kind in (QuantType.QUInt8, QuantType.QInt8):
            path = self.temporary / "dynamic.onnx"
            quantize_dynamic(str(float_model), str(path), weight_type=kind, op_types_to_quantize=["Conv", "MatMul", "Gemm"])
            model = onnx.load(str(path))
            names = [node.op_type for node in model.graph.node]
            self.assertEqual((names.count("ConvInteger"), names.count("MatMulInteger")), (2, 1), names)
            ours, theirs, report = self.compare(f"quantize_dynamic {kind.name}", model, x, *self.calibration(calibration))
            noise = 10 * np.log10(np.sum(theirs**2) / np.sum((ours - theirs) ** 2))
            same = np.mean(ours.argmax(1) == theirs.argmax(1))
            print(f"operator: quantize_dynamic {kind.name}: {noise:.1f} dB, same class on {same:.1%}", flush=True)
            self.assertGreater(noise, 30)
            self.assertGreater(same, 0.95)
            self.assertEqual(len(report["notes"]), 1)

    def test_mnist(self):
        samples = np.load(self.data("mnist/test.npz"))
        count = 10000 if peer.FULL else 500
        x, y = samples["x"][:count], samples["y"][:count]
        x = x.reshape(count, 1, 28, 28)
        path = self.data("mnist/connxr_mnist_quantized.onnx")
        feed = x.astype(np.float32) / np.float32(255)
        theirs = peer.run_onnxruntime(peer.onnxruntime_session(path), feed, 1)
        np.savez(self.temporary / "calibration.npz", x=samples["x"][-64:].reshape(64, 1, 28, 28))
        how = {"scale": [1 / 255]}
        (self.temporary / "calibration.json").write_text(peer.json.dumps(how))
        options = ("--calibrate", self.temporary / "calibration.npz")
        outputs, report = peer.run_qsim(path, x, *options, y=y, preprocess=how)
        ours = next(values for key, values in outputs.items() if key != "index").reshape(theirs.shape)
        top1, accuracy = report["accuracy"]["top1"], float(np.mean(theirs.argmax(1) == y))
        same = np.mean(ours.argmax(1) == theirs.argmax(1))
        print(
            f"operator: mnist of integer products: {count} samples, top-1 {top1:.4f}, onnxruntime {accuracy:.4f}, "
            f"same class on {same:.2%}, largest output difference {np.abs(ours - theirs).max():.3f}",
            flush=True,
        )
        self.assertLessEqual(abs(top1 - accuracy), 0.0005 if peer.FULL else 0.004)
        self.assertGreater(same, 0.99)


if __name__ == "__main__":
    peer.main()
