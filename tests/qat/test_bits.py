"""Bits of layers and tensors from a recipe, as qsim assigns them."""

from support import MISSING, MODELS, QatTest

if not MISSING:
    from qat.bits import assign_bits
    from qat.graph import WEIGHTED
    from qat.onnx_graph import read_onnx


class BitsTest(QatTest):
    def test_first_and_last(self):
        graph = read_onnx(MODELS / "digits_float.onnx")
        names = [step.name for step in graph.steps if step.kind in WEIGHTED]
        recipe = {"weights": 4, "activations": 4, "first": {"weights": 8}, "last": {"weights": 7, "activations": 6}}
        weights, codes = assign_bits(graph, recipe)
        self.assertEqual([weights[name] for name in names], [8, *[4] * (len(names) - 2), 7])
        last = next(step for step in graph.steps if step.name == names[-1])
        self.assertEqual(codes[graph.source(last.inputs[0])], 6)

    def test_layers_come_before_policies(self):
        graph = read_onnx(MODELS / "digits_float.onnx")
        names = [step.name for step in graph.steps if step.kind in WEIGHTED]
        weights, _ = assign_bits(graph, {"weights": 4, "first": {"weights": 8}, "layers": {names[0]: {"weights": 5}}})
        self.assertEqual(weights[names[0]], 5)


if __name__ == "__main__":
    import unittest

    unittest.main()
