#!/usr/bin/env python3
"""QDQ files of others in training, and trained files elsewhere: onnxruntime's quantize_static writes one that qsim runs and
that scripts/qat trains on; onnxruntime runs what scripts/qat writes.

    tests/peers/test_training.py      (with .venv/bin/python; training itself is run by /usr/bin/python3)
"""

import json
import subprocess

import numpy as np
import peer

if not peer.missing():
    import onnx
    import onnxruntime
    from onnxruntime import quantization

PYTHON = "/usr/bin/python3"
MODELS = peer.ROOT / "models"


def samples():
    """(x as the digits network wants it, labels)."""
    with np.load(MODELS / "digits_test.npz") as file:
        return (file["x"].astype(np.float32) - np.float32(4.875)) * np.float32(0.15625), file["y"]


if not peer.missing():

    class Images(quantization.CalibrationDataReader):
        def __init__(self, x):
            self.batches = iter([{"image": x[i : i + 1]} for i in range(len(x))])

        def get_next(self):
            return next(self.batches, None)


class TrainingTest(peer.PeerTest):
    def quantized(self):
        """The digits network, its batch normalizations folded and itself quantized by onnxruntime on 100 samples."""
        folded, path = self.temporary / "folded.onnx", self.temporary / "onnxruntime.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folded)
        onnxruntime.InferenceSession(str(MODELS / "digits_float.onnx"), options, providers=["CPUExecutionProvider"])
        quantization.quantize_static(
            str(folded), str(path), Images(samples()[0][:100]), per_channel=True,
            quant_format=quantization.QuantFormat.QDQ, activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )  # fmt: skip
        return path

    def train(self, model, *words):
        has_torch = subprocess.run([PYTHON, "-c", "import torch, onnx"], capture_output=True, check=False)
        if has_torch.returncode != 0:
            self.skipTest(f"{PYTHON} has no torch or onnx (scripts/setup.sh --test)")
        x, y = samples()
        np.savez(self.temporary / "training.npz", x=x[:250], y=y[:250])
        trained = self.temporary / "trained.onnx"
        command = [PYTHON, peer.ROOT / "scripts/qat", "train", model, "--data", self.temporary / "training.npz", *words]
        command += ["-o", trained]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return trained

    def compare(self, name, model):
        """Top-1 of qsim on the 250 samples that train nothing, after counting outputs that differ from onnxruntime's."""
        x, y = samples()
        x, y = x[250:], y[250:]
        outputs, report = peer.run_qsim(model, x, "--calibration-samples", 0, y=y)
        ours = next(values for key, values in outputs.items() if key != "index").reshape(len(x), -1)
        theirs = peer.run_onnxruntime(peer.onnxruntime_session(model, optimise=False), x).reshape(len(x), -1)
        differing = np.mean(ours != theirs)
        top1 = report["accuracy"]["top1"]
        print(f"training: {name}: {differing:.2%} of {ours.size} outputs differ from onnxruntime's, top-1 {100 * top1:.1f} %, "
              f"same class on {np.sum(ours.argmax(1) == theirs.argmax(1))} of {len(x)}", flush=True)
        self.assertLess(differing, 0.02)
        return top1

    def test_onnxruntime_file_is_trained_on(self):
        model = self.quantized()
        before = self.compare("onnxruntime's quantize_static", model)
        untrained = self.compare("the same through scripts/qat, 0 epochs", self.train(model, "--epochs", 0))
        self.assertLess(abs(untrained - before), 0.01)
        trained = self.compare("the same, 1 epoch", self.train(model, "--epochs", 1, "--rate", 0.001))
        self.assertGreater(trained, before - 0.02)

    def test_onnxruntime_scales_are_kept(self):
        given = onnx.load(self.quantized())
        written = onnx.load(self.train(self.temporary / "onnxruntime.onnx", "--epochs", 0))
        def scales(model, end):
            named = (t for t in model.graph.initializer if t.name.endswith(end) and not t.dims)
            return {float(onnx.numpy_helper.to_array(t)) for t in named}

        self.assertEqual(scales(written, ":scale") - scales(given, "_scale"), set())
        self.assertGreater(len(scales(written, ":scale")), 6)

    def test_narrow_file_runs_on_onnxruntime(self):
        (self.temporary / "bits.json").write_text(json.dumps({"weights": 4, "activations": 4}))
        model = self.train(MODELS / "digits_float.onnx", "--epochs", 3, "--recipe", self.temporary / "bits.json")
        self.compare("scripts/qat, W4A4", model)


if __name__ == "__main__":
    peer.main()
