"""Codes of the trained network's forward pass against `qsim run` on the file that it exports: all of them, of every tensor."""

from support import MISSING, MODELS, QatTest, network_of

if not MISSING:
    import numpy as np
    import torch
    from networks import Everything, PoolFirst
    from qat import data
    from qat.export import code_tensors, save
    from qat.onnx_graph import read_module, read_onnx
    from qat.train import Settings, train

FOUR = {"weights": 4, "activations": 4}


def codes_of(network, x):
    """({value: codes}, logits) of a QatNetwork."""
    codes = {}
    with torch.no_grad():
        logits = network(x, lambda value, found: codes.update({value: found.numpy()}))
    return codes, logits.numpy()


class BitExactTest(QatTest):
    def compare(self, name, network, x):
        model = save(network, self.temporary / "model.onnx", code_outputs=True)
        outputs = self.qsim_outputs(self.temporary / "model.onnx", x.numpy())
        single, _ = codes_of(network, x)
        double, logits = codes_of(network.double(), x)
        rounded = elements = 0
        for value, tensor in code_tensors(model).items():
            qsim = outputs[tensor].reshape(double[value].shape)
            self.assertGreater(len(np.unique(qsim)), 1, value)
            np.testing.assert_array_equal(double[value], qsim, f"{name}: codes of {value}")
            rounded += int(np.sum(single[value] != qsim))
            elements += qsim.size
        if network.graph.logits() == network.graph.output:
            np.testing.assert_array_equal(logits, outputs["output"].reshape(logits.shape))
        print(f"qat: {name}: {elements} codes, 0 differ in float64, {rounded} in float32", flush=True)
        self.assertLess(rounded, 1e-3 * elements + 10)

    def test_every_operator_at_all_bits(self):
        torch.manual_seed(7)
        x = torch.randn(16, 3, 12, 12) * 2
        for weights, activations in ((8, 8), (7, 5), (4, 4), (3, 6), (2, 2)):
            recipe = {"weights": weights, "activations": activations, "input": activations}
            network, _ = network_of(read_module(Everything(weights), x[:1]), recipe, x)
            self.compare(f"every operator, {weights}-bit weights, {activations}-bit codes", network, x)

    def test_relu_behind_a_pool(self):
        x = torch.randn(16, 1, 8, 8)
        self.compare("pool first", network_of(read_module(PoolFirst(), x[:1]), FOUR, x)[0], x)

    def test_after_training(self):
        x = torch.randn(64, 3, 12, 12)
        graph = read_module(Everything(), x[:1])
        for method in ("lsq", "ste"):
            network, teacher = network_of(graph, {"weights": 3, "activations": 4}, x, method, "minmax")
            train(network, teacher, x, torch.full((64,), -1), Settings(epochs=2, batch=16), log=lambda line: None)
            self.compare(f"after training, {method}", network, x)

    def third_party(self, model, samples, **preprocess):
        graph = read_onnx(self.data(model))
        path = self.data(samples)
        stored, _ = data.load(path)
        x = torch.tensor(data.preprocessed(stored[:50], data.description(path, **preprocess), graph.input_shape))
        self.compare(model, network_of(graph, FOUR, x)[0], x)

    def test_resnet8(self):
        self.third_party("mlperf_tiny/resnet8_cifar10_fp32.onnx", "cifar10/calib1000_lossless.npz")

    def test_keyword_spotting(self):
        self.third_party("mlperf_tiny/alibaba_model_kws.onnx", "kws/test500_int8.npz", mean=83, scale=0.58470291)

    def test_mnist(self):
        self.third_party("mnist/mnist_cntk.onnx", "mnist/test.npz")
        self.third_party("mnist/ort_java_cnn_mnist_pytorch.onnx", "mnist/test.npz", mean=33.31845, scale=0.0127286)

    def test_bundled_files(self):
        path = MODELS / "digits_test.npz"
        for model, recipe in (("digits_float.onnx", FOUR), ("digits_qdq.onnx", {})):
            graph = read_onnx(MODELS / model)
            x = torch.tensor(data.preprocessed(data.load(path)[0][:100], data.description(path), graph.input_shape))
            self.compare(model, network_of(graph, recipe, x)[0], x)


if __name__ == "__main__":
    import unittest

    unittest.main()
