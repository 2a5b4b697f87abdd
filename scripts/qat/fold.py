"""Operators on constants alone, which PyTorch's exporter leaves in a file around paddings and shapes."""

import numpy as np
import onnx


def slice_(data, starts, ends, axes=None, steps=None):
    index = [slice(None)] * data.ndim
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for axis, start, end, step in zip(axes, starts, ends, steps):
        start, end = int(start), int(end)
        index[axis] = slice(start, None if step < 0 and end < -data.shape[axis] else end, int(step))
    return data[tuple(index)]


FOLDS = {
    "Cast": lambda attributes, x: x.astype(element_type(attributes["to"])),
    "Concat": lambda attributes, *parts: np.concatenate(parts, attributes["axis"]),
    "ConstantOfShape": lambda attributes, shape: np.full(shape, attributes.get("value", np.float32(0))),
    "Reshape": lambda attributes, x, shape: x.reshape([int(n) or x.shape[i] for i, n in enumerate(shape)]),
    "Slice": lambda attributes, *inputs: slice_(*inputs),
    "Transpose": lambda attributes, x: np.transpose(x, attributes.get("perm")),
    "Unsqueeze": lambda attributes, x, axes=None: np.expand_dims(x, tuple(attributes["axes"] if axes is None else axes)),
}


def element_type(code):
    """numpy's type of an ONNX one, with onnx 1.12 and with what later versions call it."""
    convert = getattr(onnx.helper, "tensor_dtype_to_np_dtype", None)
    return convert(code) if convert else onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[code]


def fold(node, attributes, inputs):
    """The constant that the node computes, or None when it is none of these."""
    function = FOLDS.get(node.op_type)
    return None if function is None else np.asarray(function(attributes, *inputs))
