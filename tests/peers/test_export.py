#!/usr/bin/env python3
"""What `qsim quantize -o` writes: the same network for qsim, to the bit, and the same result in onnxruntime.

    tests/peers/test_export.py [--full]   (with .venv/bin/python)

Networks are compared without their softmax, in codes: `export:` lines carry the figures of docs/user/quantization.md. qsim's
requantization is onnxruntime's (`f32`), and its own (`rne`). Samples that calibrate are not compared.
"""

import dataclasses
import json

import numpy as np
import peer
from test_networks import resized

if not peer.missing():
    import onnx
    import quantized_layers

BITS = {"W8A8": (8, 8), "W4A8": (4, 8), "W4A4": (4, 4)}


@dataclasses.dataclass
class Case:
    """`x` are samples as the network takes them, `calibration` others; None: the file quantizes itself."""

    name: str
    model: object
    x: np.ndarray
    calibration: np.ndarray = None
    y: np.ndarray = None
    most: float = 0  # share of codes that may differ from onnxruntime's with `f32`


class ExportTest(peer.PeerTest):
    def quantized(self, case, recipe, *options):
        """(the exported file, options that quantize the original in the same way)."""
        how = []
        if case.calibration is not None:
            np.savez(self.temporary / "calibration.npz", x=case.calibration)
            (self.temporary / "recipe.json").write_text(json.dumps(recipe))
            how = ["--calibrate", self.temporary / "calibration.npz", "--recipe", self.temporary / "recipe.json"]
        path = self.temporary / "exported.onnx"
        command = [str(word) for word in [peer.QSIM, "quantize", case.model, *how, *options, "-o", path]]
        done = peer.subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, how

    def outputs(self, model, x, mode, *options):
        outputs, _ = peer.run_qsim(
            model, x, "--engine", "reference", "--skip-float", "--vector.requant", mode, *options)  # fmt: skip
        outputs.pop("index")
        return outputs

    def compare(self, case, bits="its own bits", recipe=None, *options):
        path, how = self.quantized(case, recipe, *options)
        model = onnx.load(str(path))
        onnx.checker.check_model(model, full_check=True)
        original = onnx.load(str(case.model), load_external_data=False)
        for ours, theirs in ((model.graph.input, original.graph.input), (model.graph.output, original.graph.output)):
            constants = {tensor.name for tensor in original.graph.initializer}
            self.assertEqual([v.name for v in ours], [v.name for v in theirs if v.name not in constants])
        for mode in ("rne", "f32"):
            before, after = self.outputs(case.model, case.x, mode, *how), self.outputs(path, case.x, mode)
            self.assertEqual(list(before), list(after))
            for name, values in before.items():
                np.testing.assert_array_equal(values, after[name], f"{case.name} {bits} {mode} {name}")

        codes = self.temporary / "codes.onnx"
        onnx.save(up_to_softmax(model), str(codes))
        figures = []
        theirs = {}
        for level in ("all", "none"):
            session = peer.onnxruntime_session(codes, optimise=level == "all")
            shape = session.get_inputs()[0].shape
            theirs[level] = peer.run_onnxruntime(session, case.x.reshape(-1, *shape[1:]), 1)
        for mode in ("f32", "rne"):
            ours = next(iter(self.outputs(codes, case.x, mode).values())).reshape(theirs["all"].shape)
            for level, values in theirs.items():
                figures.append((mode, level, float(np.mean(ours != values)), int(np.sum(classes(ours) != classes(values)))))
            if case.y is not None:
                accuracy = [float(np.mean(classes(v) == case.y)) for v in (ours, theirs["all"])]
                self.assertLessEqual(abs(accuracy[0] - accuracy[1]), 0.002 if peer.FULL else 0.01, accuracy)
        text = "; ".join(f"{mode}/{level} {rate:.4%}, {other} classes" for mode, level, rate, other in figures)
        top1 = "" if case.y is None else f", top-1 {np.mean(classes(theirs['all']) == case.y):.4f}"
        print(f"export: {case.name} {bits} {' '.join(options)}: {ours.size} codes of {len(np.unique(ours))} values, differ: {text}{top1}", flush=True)
        self.assertLessEqual(figures[0][2], case.most)

    def every_width(self, case):
        for bits, (weights, activations) in BITS.items():
            self.compare(case, bits, {"weights": weights, "activations": activations, "calibrator": "mse"})

    def count(self, few, many):
        return many if peer.FULL else few

    def images(self, count, size=None):
        """Images of CIFAR-10, resized, and others that calibrate."""
        x = np.load(self.data("cifar10/test100_lossless.npz"))["x"][:count]
        calibration = np.load(self.data("cifar10/calib1000_lossless.npz"))["x"][: self.count(8, 64)]
        return (x, calibration) if size is None else (resized(x, size), resized(calibration, size))

    def digits(self):
        samples = np.load(peer.ROOT / "models/digits_test.npz")
        how = json.loads((peer.ROOT / "models/digits_test.json").read_text())
        x = (samples["x"].astype(np.float32) - np.float32(how["mean"][0])) * np.float32(how["scale"][0])
        return Case("digits", peer.ROOT / "models/digits_float.onnx", x[64:], x[:64], samples["y"][64:])

    def test_digits(self):
        self.every_width(self.digits())

    def test_digits_packed(self):
        case = self.digits()
        case.most = 0.02
        self.compare(case, "W4A8", {"weights": 4}, "--int4")

    def test_digits_all_widths(self):
        case = self.digits()
        for bits in range(2, 8):
            self.compare(case, f"W{bits}A{bits}", {"weights": bits, "activations": bits, "calibrator": "mse"})
        self.compare(case, "symmetric", {"symmetric": True, "weights_per": "tensor", "scales": "power_of_two"})

    def test_digits_qdq(self):
        case = self.digits()
        case.model, case.calibration = peer.ROOT / "models/digits_qdq.onnx", None
        self.compare(case)

    def test_mnist(self):
        samples = np.load(self.data("mnist/test.npz"))
        count = self.count(100, 5064)
        x, y = samples["x"][:count].astype(np.float32), samples["y"][:count]
        case = Case("mnist_cntk", self.data("mnist/mnist_cntk.onnx"), x[64:], x[:64], y[64:])
        self.every_width(case)
        x = (x - np.float32(33.31845)) * np.float32(0.0127286)
        model = self.data("mnist/ort_java_cnn_mnist_pytorch.onnx")
        self.every_width(Case("mnist_pytorch", model, x[64:], x[:64], y[64:]))

    def test_resnet8(self):
        samples = np.load(self.data("cifar10/test5000_jpeg.npz"))
        x, y = (samples[key][: self.count(50, 5000)] for key in "xy")
        calibration = np.load(self.data("cifar10/calib1000_lossless.npz"))["x"][: self.count(32, 256)]
        model = self.data("mlperf_tiny/resnet8_cifar10_fp32.onnx")
        self.every_width(Case("resnet8", model, x.astype(np.float32), calibration.astype(np.float32), y))

    def test_kws(self):
        samples = np.load(self.data("kws/test500_int8.npz"))
        x = (samples["x"].astype(np.float32) - np.float32(83)) * np.float32(0.58470291)
        count = self.count(128, 500)
        model = self.data("mlperf_tiny/alibaba_model_kws.onnx")
        self.every_width(Case("kws", model, x[64:count], x[:64], samples["y"][64:count]))

    def test_micro_kws(self):
        rng = np.random.default_rng(1)
        coarse = rng.normal(0, 2.5, (self.count(40, 300), 7, 5)).astype(np.float32)
        wide = np.clip(np.repeat(np.repeat(coarse, 7, axis=1), 8, axis=2), -4.9, 4.9).reshape(len(coarse), 1960)
        x, calibration = wide[20:], wide[:20]
        self.every_width(Case("micro_kws", self.data("micro_kws/micro_kws_m_static_fp32.onnx"), x, calibration))
        for form, most in (("qdq", 0.5), ("qoperator", 0)):  # pools that tie
            self.compare(Case(f"micro_kws {form}", self.data(f"micro_kws/micro_kws_m_static_{form}.onnx"), x, most=most))

    def test_mobilenet(self):
        x, calibration = ((v.astype(np.float32) - np.float32(127.5)) * np.float32(1 / 127.5)
                          for v in self.images(self.count(8, 100), 128))  # fmt: skip
        for form, data in (("float", calibration), ("qdq", None)):
            model = self.data(f"mobilenet/mobilenet_v1_0.25_128_quant_{form}.onnx")
            case = Case(f"mobilenet {form}", model, x, data)
            self.every_width(case) if data is not None else self.compare(case)

    def test_squeezenet(self):
        mean = np.array([104, 117, 123], np.float32).reshape(3, 1, 1)
        x, calibration = (v[:, ::-1] - mean for v in self.images(self.count(4, 100), 224))
        self.every_width(Case("squeezenet", self.data("squeezenet/SqueezeNet_fp16.onnx"), x, calibration[:16]))

    def test_resnet8_qdq(self):
        x = np.load(self.data("cifar10/test5000_jpeg.npz"))["x"][: self.count(50, 1000)].astype(np.float32)
        self.compare(Case("resnet8 qdq", self.data("mlperf_tiny/resnet8_cifar10_qdq.onnx"), x, most=0.02))


def up_to_softmax(model):
    """The network up to the input of its last Softmax or LogSoftmax, where it has one: codes, dequantized."""
    log = [node for node in model.graph.node if node.op_type == "LogSoftmax"]
    for node in log:
        node.op_type = "Softmax"
    has_softmax = any(node.op_type == "Softmax" for node in model.graph.node)
    return quantized_layers.without_softmax(model) if has_softmax else model


def classes(values):
    return values.reshape(len(values), -1).argmax(1)


if __name__ == "__main__":
    peer.main()
