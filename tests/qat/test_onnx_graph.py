"""What training reads: modules and files compute what they did; what is not supported is named, all of it."""

import importlib.util
import inspect

from support import MISSING, MODELS, QatTest, network_of

if not MISSING:
    import numpy as np
    import onnx
    import torch
    from networks import Everything, PoolFirst
    from onnx import TensorProto, helper, numpy_helper
    from qat.errors import Error
    from qat.export import to_onnx
    from qat.float_network import FloatNetwork
    from qat.onnx_graph import read_module, read_onnx


def model_of(nodes, constants=(), shape=("n", 3, 8, 8)):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, shape)], [value("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(np.asarray(array), name) for name, array in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


class ReadTest(QatTest):
    def refused(self, nodes, constants=(), **options):
        path = self.temporary / "model.onnx"
        onnx.save(model_of(nodes, constants, **options), str(path))
        with self.assertRaises(Error) as caught:
            read_onnx(path)
        return str(caught.exception)

    def test_module_keeps_its_function(self):
        torch.manual_seed(5)
        for module, shape in ((Everything(), (4, 3, 12, 12)), (PoolFirst(), (4, 1, 8, 8))):
            x = torch.randn(shape)
            logits = FloatNetwork(read_module(module, x[:1]))(x)
            result = torch.softmax(logits, 1) if isinstance(module, Everything) else logits
            torch.testing.assert_close(result, module.eval()(x), rtol=1e-4, atol=1e-5)

    def test_file_of_the_new_exporter(self):
        if importlib.util.find_spec("onnxscript") is None or "dynamo" not in inspect.signature(torch.onnx.export).parameters:
            self.skipTest("torch.onnx.export(dynamo=True) needs PyTorch 2.5 or later, and onnxscript")
        torch.manual_seed(5)
        module, x, path = Everything().eval(), torch.randn(4, 3, 12, 12), self.temporary / "model.onnx"
        torch.onnx.export(module, (x[:1],), str(path), dynamo=True, opset_version=18, verbose=False)
        result = torch.softmax(FloatNetwork(read_onnx(path))(x), 1)
        torch.testing.assert_close(result, module(x), rtol=1e-4, atol=1e-5)

    def test_batch_norm_is_folded(self):
        graph = read_module(Everything(), torch.randn(1, 3, 12, 12))
        self.assertEqual([step.kind for step in graph.steps].count("conv"), 5)
        self.assertNotIn("batch_norm", {step.kind for step in graph.steps})

    def test_written_file_is_read_with_its_scales(self):
        x = torch.randn(8, 3, 12, 12)
        network, _ = network_of(read_module(Everything(), x[:1]), {"weights": 4, "activations": 5}, x)
        path = self.temporary / "qdq.onnx"
        onnx.save(to_onnx(network), str(path))
        again = read_onnx(path)
        self.assertEqual([step.kind for step in again.steps], [step.kind for step in network.graph.steps])
        for value in network.graph.quantized_values():
            quantizer = network.quantizer(value)
            name = value if value == network.graph.input else next(
                step.output for step in again.steps if step.name == network.graph.producer(value).name)
            said = again.quantizations[name]
            self.assertEqual((float(said.scale), said.zero, said.low, said.high),
                             (quantizer.scale.item(), quantizer.zero, quantizer.low, quantizer.high))
        restarted, _ = network_of(again, {"weights": 4, "activations": 5}, x)
        torch.testing.assert_close(restarted(x), network(x), rtol=0, atol=0)

    def test_bundled_qdq_file(self):
        graph = read_onnx(MODELS / "digits_qdq.onnx")
        self.assertEqual(set(graph.quantizations) >= set(graph.quantized_values()), True)
        self.assertTrue(all(step.weight_quantization for step in graph.steps if step.weight is not None))

    def test_bad_operators_are_all_named(self):
        message = self.refused([
            helper.make_node("Sigmoid", ["x"], ["a"], name="first"),
            helper.make_node("LRN", ["a"], ["b"], name="second", size=3),
            helper.make_node("Constant", [], ["c"], name="fourth", value_float=1.0),
            helper.make_node("Add", ["b", "c"], ["d"], name="fifth"),
            helper.make_node("MatMul", ["d", "d"], ["y"], name="third"),
        ])  # fmt: skip
        for part in ("Sigmoid first: is not one of Add,", "LRN second:", "MatMul third: input 1 (d) is not a constant",
                     "Constant fourth: only the attribute value is read"):
            self.assertIn(part, message)

    def test_bad_attributes(self):
        weight = ("w", np.ones((4, 3, 3), np.float32))
        pool = {"kernel_shape": [2, 2]}
        three = ("c", np.ones((3, 1, 1), np.float32))
        for node, constants, expected in (
            (("Conv", ["x", "w"], {}), [weight], "its window [3] has 1 dimensions, expected 2"),
            (("MaxPool", ["x"], {**pool, "ceil_mode": 1}), [], "ceil_mode is 1, expected 0"),
            (("AveragePool", ["x"], {**pool, "pads": [1, 1, 1, 1]}), [], "pads are [1, 1, 1, 1], expected none"),
            (("Add", ["x", "c"], {}), [three], "a constant can only be added to a Conv"),
            (("Gemm", ["x", "c"], {"transA": 1}), [three], "transA is 1, expected 0"),
            (("MatMul", ["x", "c"], {}), [three], "its weights have 3 dimensions, expected 2"),
            (("Flatten", ["x"], {"axis": 2}), [], "axis is 2, expected 1"),
            (("Reshape", ["x", "c"], {}), [("c", np.array([8, 3, 64]))], "shape is [8, 3, 64], expected the batch"),
            (("Transpose", ["x"], {"perm": [1, 0, 2, 3]}), [], "expected the batch to stay first"),
            (("ReduceMean", ["x"], {"axes": [1]}), [], "axes are [1], expected those of the image, 2 and 3"),
            (("Concat", ["x", "c"], {"axis": 1}), [three], "one of its inputs is a constant"),
            (("BatchNormalization", ["x"] + ["c"] * 4, {}), [three], "it can only be folded into a Conv"),
            (("QuantizeLinear", ["x", "c"], {}), [("c", np.ones(3, np.float32))], "an activation has 3 scales, expected one"),
            (("DequantizeLinear", ["x", "c"], {}), [three], "its input is neither a constant nor a QuantizeLinear's"),
            (("DequantizeLinear", ["c", "s", "z"], {}),
             [("c", np.zeros(3, np.int32)), ("s", np.float32(1)), ("z", np.float32(0))],
             "codes are float32, expected int8 or uint8"),
            (("Pad", ["x", "c"], {"mode": "reflect"}), [("c", np.array([0, 0, 1, 1, 0, 0, 1, 1]))], "mode reflect"),
            (("Constant", [], {"value_float": 1.0}), [], "only the attribute value is read"),
        ):  # fmt: skip
            op, inputs, attributes = node
            self.assertIn(expected, self.refused([helper.make_node(op, inputs, ["y"], name="n", **attributes)], constants))

    def test_bad_softmax_in_the_middle(self):
        nodes = [helper.make_node("Softmax", ["x"], ["a"], name="s"), helper.make_node("Relu", ["a"], ["y"])]
        self.assertIn("Softmax s: it may only be the network's last operator", self.refused(nodes))

    def test_bad_bias_shape(self):
        nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Add", ["a", "b"], ["y"], name="add")]
        constants = [("w", np.ones((4, 3, 1, 1), np.float32)), ("b", np.ones((4, 1, 8), np.float32))]
        self.assertIn("Add add: the constant of shape [4, 1, 8] is not one number a channel", self.refused(nodes, constants))

    def test_bad_input(self):
        self.assertIn("only the batch may be of unknown size",
                      self.refused([helper.make_node("Relu", ["x"], ["y"])], shape=("n", 3, "h", "w")))
        model = model_of([helper.make_node("Add", ["x", "x2"], ["y"])])
        model.graph.input.append(helper.make_tensor_value_info("x2", TensorProto.FLOAT, ["n", 3, 8, 8]))
        onnx.save(model, str(self.temporary / "two.onnx"))
        with self.assertRaisesRegex(Error, "the network has 2 inputs and 1 outputs, expected one of each"):
            read_onnx(self.temporary / "two.onnx")
        (self.temporary / "text.onnx").write_text("not a network")
        with self.assertRaisesRegex(Error, "text.onnx: not an ONNX file"):
            read_onnx(self.temporary / "text.onnx")


if __name__ == "__main__":
    import unittest

    unittest.main()
