"""QuantizeLinear, Clip of codes and DequantizeLinear of a QDQ file: taken off the network, and kept as what the file says
of a tensor. The trained network starts from these scales, and weights from the values of their codes."""

import numpy as np

from .errors import Unsupported
from .graph import Quantization

RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


def parameters(reader, node):
    scale = np.asarray(reader.constant(node, 1), np.float32)
    zero = np.asarray(reader.constant(node, 2, np.uint8(0)))
    if zero.dtype.name not in (*RANGES, "int32"):
        raise Unsupported(f"codes are {zero.dtype.name}, expected int8 or uint8")
    return scale, zero


def read_quantize(reader, node, name, attributes):
    scale, zero = parameters(reader, node)
    low, high = RANGES[zero.dtype.name]
    if reader.is_constant(node):
        codes = np.rint(reader.constant(node, 0) / along(scale, reader.constant(node, 0), attributes))
        codes = np.clip(codes + along(zero.astype(np.float32), codes, attributes), low, high)
        reader.constants[node.output[0]] = codes.astype(zero.dtype)
        return
    if scale.size != 1:
        raise Unsupported(f"an activation has {scale.size} scales, expected one")
    reader.codes[node.output[0]] = (node.input[0], Quantization(scale.reshape(()), int(zero.reshape(())), low, high))


def read_code_clip(reader, node):
    low, high = (int(reader.constant(node, i, default)) for i, default in ((1, -128), (2, 255)))
    if node.input[0] in reader.constants:
        reader.constants[node.output[0]] = np.clip(reader.constant(node, 0), low, high)
        return
    real, q = reader.codes[node.input[0]]
    reader.codes[node.output[0]] = (real, Quantization(q.scale, q.zero, max(q.low, low), min(q.high, high)))


def read_dequantize(reader, node, name, attributes):
    if reader.is_constant(node):
        codes = reader.constant(node, 0)
        scale, zero = parameters(reader, node)
        centred = codes.astype(np.float32) - along(zero.astype(np.float32), codes, attributes)
        reader.constants[node.output[0]] = (centred * along(scale, codes, attributes)).astype(np.float32)
        if not zero.any() and attributes.get("axis", 1) in (0, -codes.ndim) or scale.size == 1:
            reader.weight_quantizations[node.output[0]] = Quantization(scale.reshape(-1), 0, -128, 127)
        return
    if node.input[0] not in reader.codes:
        raise Unsupported("its input is neither a constant nor a QuantizeLinear's")
    real, quantization = reader.codes[node.input[0]]
    reader.quantizations.setdefault(reader.resolve(real), quantization)
    reader.aliases[node.output[0]] = real


def along(values, tensor, attributes):
    """Scales or zero points, shaped so that they meet the axis of `tensor` that they are of."""
    if values.size == 1:
        return values.reshape(())
    shape = [1] * tensor.ndim
    shape[attributes.get("axis", 1)] = values.size
    return values.reshape(shape)
