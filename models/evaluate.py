#!/usr/bin/env python3
"""Top-1 accuracy of ONNX classifiers by onnxruntime, and how often they agree with the first one.

    .venv/bin/python models/evaluate.py models/digits_float.onnx models/digits_qdq.onnx --data models/digits_test.npz

Images are read from <data>.npz (x, y) and preprocessed as <data>.json beside it says.
Needs onnxruntime and numpy: the .venv that `scripts/setup.sh --test` makes.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime


def load(path):
    """(x float32 NCHW preprocessed, y) of a labelled .npz with its .json sidecar."""
    data = np.load(path)
    how = json.loads(path.with_suffix(".json").read_text())
    if how["layout"] != "NCHW":
        raise SystemExit(f"{path.with_suffix('.json')}: layout = {how['layout']}, expected NCHW")
    mean = np.array(how["mean"], np.float32).reshape(1, -1, 1, 1)
    scale = np.array(how["scale"], np.float32).reshape(1, -1, 1, 1)
    return (data["x"].astype(np.float32) - mean) * scale, data["y"]


def logits_of(path, x):
    options = onnxruntime.SessionOptions()
    if "vnni" not in pathlib.Path("/proc/cpuinfo").read_text():  # the kernels used there saturate at 16 bits
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    args = parser.parse_args(argv)
    x, y = load(args.data)
    first = None
    for path in args.models:
        top1 = logits_of(path, x).argmax(1)
        first = top1 if first is None else first
        print(
            f"{path.name}: top-1 {100 * np.mean(top1 == y):.2f} % ({np.sum(top1 == y)} of {len(y)}), "
            f"agrees with {args.models[0].name} on {np.sum(top1 == first)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
