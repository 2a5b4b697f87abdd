"""A function for each ONNX operator that training reads: adds to the Reader's steps, or throws Unsupported."""

import numpy as np
from onnx import numpy_helper

from .errors import Unsupported
from .graph import WEIGHTED
from .read_quantized import read_code_clip, read_dequantize, read_quantize

OPERATORS = {"QuantizeLinear": read_quantize, "DequantizeLinear": read_dequantize}


def operator(*names):
    def register(function):
        for name in names:
            OPERATORS[name] = function
        return function

    return register


@operator("Constant")
def read_constant(reader, node, name, attributes):
    if "value" not in attributes:
        raise Unsupported("only the attribute value is read")
    reader.constants[node.output[0]] = numpy_helper.to_array(attributes["value"])


@operator("Identity", "Dropout")
def read_identity(reader, node, name, attributes):
    reader.aliases[node.output[0]] = node.input[0]


def window(reader, attributes, kernel):
    if len(kernel) != 2:
        raise Unsupported(f"its window {list(kernel)} has {len(kernel)} dimensions, expected 2")
    if attributes.get("ceil_mode", 0):
        raise Unsupported("ceil_mode is 1, expected 0")
    padding = attributes.get("auto_pad", b"NOTSET").decode()
    pads = list(attributes.get("pads", [0, 0, 0, 0])) if padding == "NOTSET" else padding
    return {
        "strides": list(attributes.get("strides", [1, 1])),
        "dilations": list(attributes.get("dilations", [1, 1])),
        "pads": [0, 0, 0, 0] if pads == "VALID" else pads,
    }


@operator("Conv")
def read_conv(reader, node, name, attributes):
    weight = reader.constant(node, 1)
    bias = reader.constant(node, 2, np.zeros(len(weight), np.float32))
    found = window(reader, attributes, weight.shape[2:])
    found["group"] = attributes.get("group", 1)
    reader.add("conv", node, name, found, weight=weight, bias=bias,
               weight_quantization=reader.weight_quantizations.get(reader.resolve(node.input[1])))


@operator("Gemm")
def read_gemm(reader, node, name, attributes):
    if attributes.get("transA", 0):
        raise Unsupported("transA is 1, expected 0")
    weight = reader.constant(node, 1) * np.float32(attributes.get("alpha", 1.0))
    given = reader.weight_quantizations.get(reader.resolve(node.input[1])) if attributes.get("transB", 0) else None
    weight = weight if attributes.get("transB", 0) else weight.T
    bias = reader.constant(node, 2, np.zeros(len(weight), np.float32)) * np.float32(attributes.get("beta", 1.0))
    bias = np.broadcast_to(bias.reshape(-1), (len(weight),))
    reader.add("linear", node, name, weight=weight, bias=bias, weight_quantization=given)


@operator("MatMul")
def read_matmul(reader, node, name, attributes):
    weight = reader.constant(node, 1)
    if weight.ndim != 2:
        raise Unsupported(f"its weights have {weight.ndim} dimensions, expected 2")
    reader.add("linear", node, name, weight=weight.T, bias=np.zeros(weight.shape[1], np.float32))


@operator("BatchNormalization")
def read_batch_norm(reader, node, name, attributes):
    step = reader.sole_producer(node.input[0])
    if step is None or step.kind not in WEIGHTED or step.clamp != (-np.inf, np.inf):
        raise Unsupported("it can only be folded into a Conv, Gemm or MatMul before it that nothing else reads")
    gain, shift, mean, variance = (reader.constant(node, i).astype(np.float64) for i in range(1, 5))
    gain = gain / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    step.weight = (step.weight * gain.reshape(-1, *[1] * (step.weight.ndim - 1))).astype(np.float32)
    step.bias = ((step.bias - mean) * gain + shift).astype(np.float32)
    step.weight_quantization = None
    reader.aliases[node.output[0]] = step.output


@operator("Relu", "Clip")
def read_clamp(reader, node, name, attributes):
    if node.input[0] in reader.codes or node.input[0] in reader.constants:
        return read_code_clip(reader, node)
    low, high = 0.0, np.inf
    if node.op_type == "Clip":
        low = float(reader.constant(node, 1, attributes.get("min", -np.inf)))
        high = float(reader.constant(node, 2, attributes.get("max", np.inf)))
    step = reader.sole_producer(node.input[0])
    while step is not None and step.kind == "max_pool":  # the clamp passes it
        step = reader.sole_producer(reader.read_from[step.output], readers=1)
    if step is None or step.kind not in ("conv", "linear", "add", "average_pool", "concat", "clamp"):
        return reader.add("clamp", node, name, clamp=(low, high))
    step.clamp = (min(max(step.clamp[0], low), high), max(min(step.clamp[1], high), low))
    reader.aliases[node.output[0]] = node.input[0]


@operator("Add")
def read_add(reader, node, name, attributes):
    for data, addend in ((0, 1), (1, 0)):
        if not reader.is_constant(node, addend):
            continue
        step, bias = reader.sole_producer(node.input[data]), reader.constant(node, addend)
        if step is None or step.kind not in WEIGHTED or step.clamp != (-np.inf, np.inf):
            raise Unsupported("a constant can only be added to a Conv, Gemm or MatMul that nothing else reads")
        channel_axis = -3 if step.kind == "conv" else -1
        shape = (1,) * 4 + bias.shape
        if any(n != 1 for axis, n in enumerate(shape) if axis - len(shape) != channel_axis):
            raise Unsupported(f"the constant of shape {list(bias.shape)} is not one number a channel")
        step.bias = (step.bias + bias.reshape(-1)).astype(np.float32)
        reader.aliases[node.output[0]] = step.output
        return
    reader.add("add", node, name, inputs=2)


@operator("Concat")
def read_concat(reader, node, name, attributes):
    if any(reader.is_constant(node, i) for i in range(len(node.input))):
        raise Unsupported("one of its inputs is a constant")
    reader.add("concat", node, name, {"axis": attributes["axis"]}, inputs=len(node.input))


@operator("MaxPool")
def read_max_pool(reader, node, name, attributes):
    kernel = list(attributes["kernel_shape"])
    reader.add("max_pool", node, name, {"kernel": kernel, **window(reader, attributes, kernel)})


@operator("AveragePool")
def read_average_pool(reader, node, name, attributes):
    kernel = list(attributes["kernel_shape"])
    found = window(reader, attributes, kernel)
    if found["pads"] not in ([0, 0, 0, 0], "SAME_UPPER", "SAME_LOWER"):
        raise Unsupported(f"pads are {found['pads']}, expected none")
    reader.add("average_pool", node, name, {"kernel": kernel, "keepdims": 1, **found})


@operator("GlobalAveragePool")
def read_global_average_pool(reader, node, name, attributes):
    reader.add("average_pool", node, name, {"kernel": None, "keepdims": 1})


@operator("ReduceMean")
def read_reduce_mean(reader, node, name, attributes):
    axes = attributes.get("axes", reader.constant(node, 1))
    if axes is None or sorted(axis % 4 for axis in axes) != [2, 3]:
        raise Unsupported(f"axes are {axes}, expected those of the image, 2 and 3")
    reader.add("average_pool", node, name, {"kernel": None, "keepdims": attributes.get("keepdims", 1)})


@operator("Reshape", "Flatten")
def read_reshape(reader, node, name, attributes):
    if node.op_type == "Flatten":
        if attributes.get("axis", 1) != 1:
            raise Unsupported(f"axis is {attributes['axis']}, expected 1")
        return reader.add("reshape", node, name, {"shape": [-1]})
    shape = [int(n) for n in reader.constant(node, 1)]
    if shape[0] not in (-1, 0, 1) or 0 in shape[1:]:
        raise Unsupported(f"shape is {shape}, expected the batch (-1, 0 or 1) and sizes")
    return reader.add("reshape", node, name, {"shape": shape[1:]})


@operator("Transpose")
def read_transpose(reader, node, name, attributes):
    perm = attributes.get("perm")
    if not perm or perm[0] != 0:
        raise Unsupported(f"perm is {perm}, expected the batch to stay first")
    reader.add("transpose", node, name, {"perm": list(perm)})


@operator("Pad")
def read_pad(reader, node, name, attributes):
    pads = [int(n) for n in attributes.get("pads", reader.constant(node, 1))]
    value = float(reader.constant(node, 2, attributes.get("value", 0.0)))
    if not any(pads):
        return read_identity(reader, node, name, attributes)
    half = len(pads) // 2
    mode = attributes.get("mode", b"constant").decode()
    is_around_image = half == 4 and not any(pads[:2] + pads[4:6]) and min(pads) >= 0
    if mode != "constant" or value != 0 or not is_around_image:
        raise Unsupported(f"mode {mode}, pads {pads}, value {value}: expected 0 around an image")
    return reader.add("pad", node, name, {"pads": [*pads[2:4], *pads[6:8]]})


@operator("Softmax", "LogSoftmax")
def read_softmax(reader, node, name, attributes):
    if node.output[0] not in reader.outputs:
        raise Unsupported("it may only be the network's last operator")
    kind = "softmax" if node.op_type == "Softmax" else "log_softmax"
    reader.add(kind, node, name, {"axis": attributes.get("axis", 1)})
