#!/usr/bin/env python3
"""Whole networks against onnxruntime: classes, outputs, accuracy, and the per-layer SQNR that qsim reports.

    tests/peers/test_networks.py [--full]   (with .venv/bin/python)

A `network:` line for each carries the figures of docs/reference/onnxruntime.md.
"""

import numpy as np
import peer

if not peer.missing():
    import onnx
    import quantized_layers


def resized(images, size):
    """uint8 NCHW images, bilinear with half-pixel centres: photographs of the right shape for a larger network."""

    def positions(length):
        at = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        low = np.minimum(at.astype(int), length - 2)
        return low, (at - low).astype(np.float32)

    (y, wy), (x, wx) = positions(images.shape[2]), positions(images.shape[3])
    wy = wy[:, None]
    rows = images[:, :, y] * (1 - wy) + images[:, :, y + 1] * wy
    return np.rint(rows[..., x] * (1 - wx) + rows[..., x + 1] * wx).astype(np.uint8)


class Comparison:
    """Outputs of both sides for the same samples, [samples, classes]."""

    def __init__(self, name, ours, theirs, report):
        self.name, self.report = name, report
        self.ours, self.theirs = (values.reshape(len(values), -1).astype(np.float64) for values in (ours, theirs))
        self.same = self.ours.argmax(1) == self.theirs.argmax(1)
        self.largest = float(np.abs(self.ours - self.theirs).max())
        self.differing = float(np.mean(self.ours != self.theirs))
        top = np.sort(self.theirs, axis=1)
        self.gap = top[:, -1] - top[:, -2]
        self.decided = self.gap > 2 * self.largest
        ratios = [layer["sqnr_db"] for layer in report["layers"] if layer["sqnr_db"] is not None]
        self.sqnr = (min(ratios), max(ratios), len(ratios)) if ratios else None

    def show(self, more=""):
        sqnr = "no SQNR" if self.sqnr is None else "SQNR {:.1f} to {:.1f} dB over {} layers".format(*self.sqnr)
        print(
            f"network: {self.name}: {len(self.same)} samples, same class on {self.same.sum()}, largest output difference "
            f"{self.largest:.6f}, {self.differing:.2%} of the outputs differ, gap above twice that on "
            f"{self.decided.sum()}, {sqnr}{more} [{peer.instruction_set()}]",
            flush=True,
        )


class NetworkTest(peer.PeerTest):
    def compare(self, name, model, x, *options, theirs=None, preprocess=None, feed=None, y=None, batch=1):
        """Runs both sides. `feed` is what onnxruntime gets where qsim preprocesses; `theirs` its outputs if known."""
        if theirs is None:
            theirs = peer.run_onnxruntime(peer.onnxruntime_session(model), x if feed is None else feed, batch)
        outputs, report = peer.run_qsim(model, x, *options, preprocess=preprocess, y=y)
        ours = next(values for key, values in outputs.items() if key != "index")
        np.testing.assert_array_equal(outputs["index"], np.arange(len(x)))
        return Comparison(name, ours, theirs, report)

    def kernels(self, path):
        optimised = self.temporary / "optimised.onnx"
        peer.onnxruntime_session(path, optimised_to=optimised)
        return {node.op_type for node in onnx.load(str(optimised)).graph.node}

    def calibration(self, x, preprocess=None):
        np.savez(self.temporary / "calibration.npz", x=x)
        if preprocess:
            (self.temporary / "calibration.json").write_text(peer.json.dumps(preprocess))
        return "--calibrate", self.temporary / "calibration.npz"

    def assert_argmax_where_decided(self, comparison, at_least):
        """Equal classes wherever onnxruntime's top-2 gap exceeds twice the largest difference; on enough samples to say so."""
        self.assertGreaterEqual(comparison.decided.mean(), at_least)
        self.assertTrue(np.all(comparison.same[comparison.decided]))


class DigitsTest(NetworkTest):
    """onnxruntime fuses all of it: with `f32` requantization both sides compute the same integers but for Add and the pool."""

    def test_digits(self):
        samples = np.load(peer.ROOT / "models/digits_test.npz")
        how = peer.json.loads((peer.ROOT / "models/digits_test.json").read_text())
        feed = (samples["x"].astype(np.float32) - np.float32(how["mean"][0])) * np.float32(how["scale"][0])
        model = peer.ROOT / "models/digits_qdq.onnx"
        for mode in ("f32", "rne"):
            c = self.compare(
                f"digits {mode}", model, samples["x"], "--vector.requant", mode,
                preprocess=how, feed=feed, y=samples["y"], batch=None,
            )  # fmt: skip
            theirs = float(np.mean(c.theirs.argmax(1) == samples["y"]))
            c.show(f", top-1 {c.report['accuracy']['top1']:.4f}, onnxruntime {theirs:.4f}")
            self.assertEqual(c.differing, 0)
            self.assertEqual(c.report["accuracy"]["top1"], theirs)


class MicroKwsTest(NetworkTest):
    """Every input in [0, 1) that we tried is of class 0, for onnxruntime too. So a second set covers the range that the first
    quantization of the file can tell apart, in smooth patterns: it reaches more classes and says something about the class."""

    STEP = 1 / 255 + 1e-6  # of the codes of the QDQ form's output, the coarser one

    def samples(self, seed):
        count = 500 if peer.FULL else 30
        rng = np.random.default_rng(seed)
        uniform = rng.random((count, 1960), np.float32)
        coarse = rng.normal(0, 2.5, (count, 7, 5)).astype(np.float32)
        wide = np.clip(np.repeat(np.repeat(coarse, 7, axis=1), 8, axis=2), -4.9, 4.9)
        return {"[0, 1)": uniform, "[-4.9, 4.9]": wide.reshape(count, 1960)}

    def check(self, form, most, decided, *options, mode="rne"):
        model = self.data(f"micro_kws/micro_kws_m_static_{form}.onnx")
        for values, x in self.samples(1).items():
            c = self.compare(f"micro_kws {form} {mode}, inputs in {values}", model, x, "--vector.requant", mode, *options)
            classes = len(np.unique(c.theirs.argmax(1)))
            c.show(f", {classes} classes, largest difference to the fp32 form in onnxruntime {self.to_float(x, c):.4f}")
            self.assertGreaterEqual(classes, 1 if values == "[0, 1)" else 3)
            self.assertLessEqual(c.largest, most)
            self.assert_argmax_where_decided(c, decided)
            yield c

    def to_float(self, x, c):
        session = peer.onnxruntime_session(self.data("micro_kws/micro_kws_m_static_fp32.onnx"))
        return float(np.abs(peer.run_onnxruntime(session, x, 1) - c.ours).max())

    def test_qdq(self):
        """onnxruntime's softmax is QLinearSoftmax here, qsim's that of float numbers, as the file says: a step or more apart."""
        for mode in ("f32", "rne"):
            list(self.check("qdq", 8 * self.STEP, 0.7, mode=mode))

    def test_qoperator(self):
        """All of it runs in integers on both sides."""
        for mode in ("f32", "rne"):
            for c in self.check("qoperator", self.STEP, 0.9, mode=mode):
                self.assertLessEqual(c.differing, 0.001)

    def test_fp32_calibrated(self):
        calibrating = np.concatenate([x[:30] for x in self.samples(2).values()])
        list(self.check("fp32", 0.2, 0.5, *self.calibration(calibrating)))


class MobileNetTest(NetworkTest):
    def test_qdq(self):
        model = self.data("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx")
        images = np.load(self.data("cifar10/test100_lossless.npz"))["x"][: 100 if peer.FULL else 16]
        images = resized(images, 128)
        feed = (images.astype(np.float32) - np.float32(127.5)) * np.float32(1 / 127.5)
        how = {"mean": [127.5], "scale": [1 / 127.5]}
        for mode in ("f32", "rne") if peer.FULL else ("rne",):
            c = self.compare(f"mobilenet qdq {mode}", model, images, "--vector.requant", mode, preprocess=how, feed=feed)
            c.show()
            self.assertLessEqual(c.largest, 2 / 256)
            self.assertLessEqual(c.differing, 1e-4)
            self.assert_argmax_where_decided(c, 0.8)


class SqueezeNetTest(NetworkTest):
    """CIFAR-10 enlarged sevenfold: right in shape and statistics, but the network is seldom sure what it sees."""

    def test_fp16_calibrated(self):
        model = self.data("squeezenet/SqueezeNet_fp16.onnx")
        images = np.load(self.data("cifar10/test100_lossless.npz"))["x"]
        calibration = np.load(self.data("cifar10/calib1000_lossless.npz"))["x"]
        images = resized(images[: 100 if peer.FULL else 4], 224)
        calibration = resized(calibration[: 256 if peer.FULL else 16], 224)
        how = {"channel_order": "BGR", "mean": [104, 117, 123]}
        feed = (images[:, ::-1] - np.array(how["mean"], np.float32).reshape(3, 1, 1)).astype(np.float16)
        c = self.compare("squeezenet fp16", model, images, *self.calibration(calibration, how), preprocess=how, feed=feed)
        c.show()
        self.assertLessEqual(c.largest, 0.35)
        self.assertGreaterEqual(c.same.mean(), 0.8 if peer.FULL else 0.5)
        self.assert_argmax_where_decided(c, 0)


class ResNet8Test(NetworkTest):
    def test_qdq_accuracy(self):
        model = self.data("mlperf_tiny/resnet8_cifar10_qdq.onnx")
        samples = np.load(self.data("cifar10/test5000_jpeg.npz"))
        count = 5000 if peer.FULL else 100
        x, y = samples["x"][:count], samples["y"][:count]
        c = self.compare("resnet8 qdq", model, x, feed=x.astype(np.float32), y=y)
        theirs = float(np.mean(c.theirs.argmax(1) == y))
        top1 = c.report["accuracy"]["top1"]
        c.show(f", top-1 {top1:.4f}, onnxruntime {theirs:.4f}")
        self.assertEqual(top1, float(np.mean(c.ours.argmax(1) == y)))
        self.assertLessEqual(abs(top1 - theirs), 0.002 if peer.FULL else 0.02)
        self.assert_argmax_where_decided(c, 0.5)

    def test_in_integers(self):
        """The same network with uint8 activations, up to the softmax: onnxruntime then runs all of it in integers."""
        model = onnx.load(str(self.data("mlperf_tiny/resnet8_cifar10_qdq.onnx")))
        model = quantized_layers.without_softmax(quantized_layers.with_unsigned_codes(model))
        path = self.temporary / "resnet8.onnx"
        onnx.save(model, str(path))
        kernels = self.kernels(path)
        self.assertFalse({"Conv", "FusedConv", "Gemm", "Add"} & kernels, kernels)
        x = np.load(self.data("cifar10/test5000_jpeg.npz"))["x"][: 1000 if peer.FULL else 100]
        c = self.compare("resnet8 uint8, logits, f32", path, x, "--vector.requant", "f32", feed=x.astype(np.float32))
        c.show()
        self.assertLessEqual(c.differing, 0.02)
        self.assertLessEqual(c.largest, 3 * 0.1719)  # the last tensor's scale
        self.assertGreaterEqual(c.same.mean(), 0.99)


if __name__ == "__main__":
    peer.main()
