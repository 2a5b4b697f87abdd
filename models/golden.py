#!/usr/bin/env python3
"""Golden tensors: the integer codes of every tensor of a QDQ network, for a few images.

Slow, obvious and sharing no code with qsim: NumPy integers, one function per operator, read straight from the
ONNX file. The rules cited (A5, A11, ...) are those of docs/reference/arithmetic.md, requantization mode `rne`.
Codes are the file's uint8, which is the rules' code plus 128.

    models/golden.py            # writes models/digits_golden.npz

In the result, `x` holds the first images of digits_test.npz, and each other array is named after the output of
the QuantizeLinear node whose codes it holds: `stem_q`, `res_a_q`, ... `fc_q`.

Needs numpy and onnx (Debian's python3-onnx or the .venv of `scripts/setup.sh --test`).
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

IMAGES = 8


class Codes:
    """An integer tensor and its scale (float32, scalar or per channel) and zero point."""

    def __init__(self, values, scale, zero):
        self.values = values.astype(np.int64)
        self.scale = np.asarray(scale, np.float32)
        self.zero = np.asarray(zero).astype(np.int64)

    def centred(self):
        """values - zero point, for one zero point per tensor (or all zero)."""
        return self.values - (self.zero if self.zero.ndim == 0 else 0)


def round_and_clamp(exact, target):
    """`exact` (float64, holding the exact value) in steps of the target scale -> uint8 codes (A2, A7)."""
    _, zero = target
    return np.clip(np.rint(exact).astype(np.int64) + int(zero), 0, 255).astype(np.uint8)


def requantize(acc, multiplier, target):
    """acc * M, exact, and one rounding (A11); M float32, a scalar or one per channel (axis 1)."""
    assert np.abs(acc).max() < 2**29, "acc * M would not be exact in a double"
    shape = (1, -1) + (1,) * (acc.ndim - 2)
    return round_and_clamp(acc * multiplier.astype(np.float64).reshape(shape), target)


def convolve(x, w, attributes):
    """Integer convolution [N, C, H, W] * [M, C/group, kh, kw], stride 1; padding is the zero point (A5)."""
    group, pads = attributes["group"], attributes["pads"]
    assert attributes["strides"] == [1, 1] and attributes["dilations"] == [1, 1]
    x = np.pad(x.centred(), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    w = w.centred()
    out_h, out_w = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    acc = np.zeros((x.shape[0], w.shape[0], out_h, out_w), np.int64)
    per_out, per_in = w.shape[0] // group, w.shape[1]
    for g in range(group):
        outputs, inputs = slice(g * per_out, (g + 1) * per_out), slice(g * per_in, (g + 1) * per_in)
        for dy in range(w.shape[2]):
            for dx in range(w.shape[3]):
                window = x[:, inputs, dy : dy + out_h, dx : dx + out_w]
                acc[:, outputs] += np.einsum("nchw,mc->nmhw", window, w[outputs, :, dy, dx])
    return acc


def product_multiplier(x, w, target):
    """M = fl32(fl32(sx * sw) / sy) per output channel (A10)."""
    return ((x.scale * w.scale).astype(np.float32) / np.float32(target[0])).astype(np.float32)


def conv(inputs, attributes, target):
    x, w, bias = inputs
    acc = convolve(x, w, attributes) + bias.values.reshape(1, -1, 1, 1)
    return requantize(acc, product_multiplier(x, w, target), target)


def gemm(inputs, attributes, target):
    x, w, bias = inputs
    assert attributes["transB"] == 1
    acc = x.centred() @ w.centred().T + bias.values
    return requantize(acc, product_multiplier(x, w, target), target)


def add(inputs, attributes, target):
    """Both operands on one common exponent, the larger multiplier of 22 bits, one rounding (A20)."""
    ratios = [np.float64(v.scale) / np.float64(target[0]) for v in inputs]
    shift = 22 - np.frexp(max(ratios))[1]
    if np.rint(np.ldexp(max(ratios), shift)) >= 2**22:
        shift -= 1
    total = sum(v.centred() * int(np.rint(np.ldexp(r, shift))) for v, r in zip(inputs, ratios))
    return round_and_clamp(np.ldexp(total.astype(np.float64), -shift), target)


def max_pool(inputs, attributes, target):
    (x,) = inputs
    assert attributes["kernel_shape"] == attributes["strides"] == [2, 2]
    n, c, h, w = x.values.shape
    return x.values.reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5)).astype(np.uint8)


def global_average_pool(inputs, attributes, target):
    (x,) = inputs
    pixels = x.values.shape[2] * x.values.shape[3]
    multiplier = x.scale / (np.float32(target[0]) * np.float32(pixels))  # two float32 roundings (A22)
    return requantize(x.centred().sum((2, 3), keepdims=True), multiplier, target)


def flatten(inputs, attributes, target):
    (x,) = inputs
    return x.values.reshape(len(x.values), -1).astype(np.uint8)


OPERATORS = {
    "Conv": conv,
    "Gemm": gemm,
    "Add": add,
    "MaxPool": max_pool,
    "GlobalAveragePool": global_average_pool,
    "Flatten": flatten,
}


def run(model, image):
    """The codes by tensor name of `model` on preprocessed float images.

    An operator waits in `pending` until its QuantizeLinear tells the output's scale. A Relu in between is the
    clamp at the zero point, which uint8 codes with zero point 0 already have.
    """
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    dequantized, pending, result = {}, {}, {}
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        output = node.output[0]
        if node.op_type == "DequantizeLinear":
            codes, scale, zero = (result.get(name, constants.get(name)) for name in node.input)
            dequantized[output] = Codes(codes, scale, zero)
        elif node.op_type == "QuantizeLinear":
            target = tuple(constants[name] for name in node.input[1:])
            source = node.input[0]
            if source == model.graph.input[0].name:
                steps = np.rint(image / np.float32(target[0]))  # A30
                result[output] = np.clip(steps + int(target[1]), 0, 255).astype(np.uint8)
                continue
            function, inputs, node_attributes, relu = pending[source]
            assert not relu or target[1] == 0
            result[output] = function(inputs, node_attributes, target)
        elif node.op_type == "Relu":
            pending[output] = pending[node.input[0]][:3] + (True,)
        else:
            inputs = [dequantized[name] for name in node.input]
            pending[output] = (OPERATORS[node.op_type], inputs, attributes, False)
    return result


def preprocess(path):
    """(raw x, float32 x, y) of an NCHW .npz and the .json beside it."""
    data, how = np.load(path), json.loads(path.with_suffix(".json").read_text())
    mean, scale = (np.array(how[k], np.float32).reshape(1, -1, 1, 1) for k in ("mean", "scale"))
    return data["x"], (data["x"].astype(np.float32) - mean) * scale, data["y"]


def golden(folder):
    """The arrays of digits_golden.npz."""
    model = onnx.load(str(folder / "digits_qdq.onnx"))
    raw, image, _ = preprocess(folder / "digits_test.npz")
    return {"x": raw[:IMAGES], **run(model, image[:IMAGES])}


def main():
    folder = pathlib.Path(__file__).resolve().parent
    arrays = golden(folder)
    np.savez_compressed(folder / "digits_golden.npz", **arrays)
    for name, values in arrays.items():
        print(f"{name:16} {values.dtype} {list(values.shape)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
