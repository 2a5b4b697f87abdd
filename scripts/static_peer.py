#!/usr/bin/env python3
"""Top-1 of a float network after onnxruntime's own static quantization, in percent: for ptq_table.py, in the environment .venv.

    .venv/bin/python scripts/static_peer.py MODEL.onnx --data FILE.npz [--calibrate FILE.npz] [--mean M] [--scale S]

QDQ, int8 weights per channel (per tensor where onnxruntime fails with them), uint8 activations by least and greatest values. Calibrates on
--calibrate, else on 64 samples of --data drawn by numpy with seed 1, which are then not scored.
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference


class Reader(quantization.CalibrationDataReader):
    def __init__(self, name, samples):
        self.feeds = iter([{name: sample} for sample in samples])

    def get_next(self):
        return next(self.feeds, None)


def load(path, options, shape):
    arrays = np.load(path)
    side = pathlib.Path(path).with_suffix(".json")
    keys = json.loads(side.read_text()) if side.exists() else {}
    mean = np.float32(options.mean if options.mean is not None else keys.get("mean", [0])[0])
    scale = np.float32(options.scale if options.scale is not None else keys.get("scale", [1])[0])
    x = (arrays["x"].astype(np.float32) - mean) * scale
    return x.reshape(-1, 1, *shape[1:]), arrays["y"] if "y" in arrays else None


def quantize(source, model, name, samples, per_channel):
    quantization.quantize_static(source, model, Reader(name, samples), per_channel=per_channel,
                                 quant_format=quantization.QuantFormat.QDQ, activation_type=quantization.QuantType.QUInt8,
                                 weight_type=quantization.QuantType.QInt8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", required=True)
    parser.add_argument("--calibrate")
    parser.add_argument("--mean", type=float)
    parser.add_argument("--scale", type=float)
    options = parser.parse_args()
    value = onnxruntime.InferenceSession(options.model).get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in value.shape]
    x, y = load(options.data, options, shape)
    if options.calibrate:
        calibrating = load(options.calibrate, options, shape)[0]
    else:
        order = np.random.default_rng(1).permutation(len(x))
        calibrating, x, y = x[order[:64]], x[order[64:]], y[order[64:]]
    note = ""
    with tempfile.TemporaryDirectory() as folder:
        model, source = f"{folder}/quantized.onnx", f"{folder}/source.onnx"
        loaded = onnx.load(options.model)
        if max(o.version for o in loaded.opset_import if o.domain in ("", "ai.onnx")) < 13:
            loaded = onnx.version_converter.convert_version(loaded, 13)  # per-channel QDQ needs it
        onnx.save(loaded, source)
        shape_inference.quant_pre_process(source, source, skip_symbolic_shape=True)
        try:
            quantize(source, model, value.name, calibrating, per_channel=True)
        except ValueError:  # onnxruntime 1.32: a bias beside a matrix whose channels have scales
            quantize(source, model, value.name, calibrating, per_channel=False)
            note = " (per tensor)"
        session = onnxruntime.InferenceSession(model)
        hits = sum(np.argmax(session.run(None, {value.name: sample})[0]) == label for sample, label in zip(x, y))
    print(f"{100 * hits / len(x):.2f}{note}")


if __name__ == "__main__":
    main()
