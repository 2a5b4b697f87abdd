"""Quantize the digits CNN and write it as a QDQ ONNX graph (QuantizeLinear / DequantizeLinear pairs).

The scheme, which is also what qsim's own quantizer does by default:
  - batch normalisation folded into the convolution before it;
  - weights int8, symmetric, per output channel: scale = max|w| / 127, zero point 0;
  - activations uint8, asymmetric, per tensor: minimum and maximum over the calibration images, widened to
    hold 0; max pool and flatten move codes and keep the parameters of their input;
  - bias int32 with scale fl32(sx * sw) and zero point 0.

The network is described once (`describe`) and read twice: by `Calibrator`, which computes in float and
records ranges, and by `QdqWriter`, which emits the graph.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from digits_net import CLASSES, INPUT_SHAPE

OPSET = 13
IR_VERSION = 7


def describe(net, b):
    """The network in terms of a builder `b`; each step names the tensor that it makes."""
    x = b.input("image")
    x = b.conv("stem", x, *folded(net.stem), relu=True)
    r = b.conv("res_a", x, *folded(net.res_a), relu=True)
    r = b.conv("res_b", r, *folded(net.res_b), relu=False)
    x = b.add_relu("res_add", x, r)
    x = b.max_pool("pool", x)
    x = b.conv("depthwise", x, *folded(net.depthwise), relu=True, groups=16)
    x = b.conv("pointwise", x, *folded(net.pointwise), relu=True)
    x = b.global_average_pool("global_pool", x)
    x = b.flatten("flatten", x)
    return b.gemm("fc", x, net.fc.weight.detach(), net.fc.bias.detach())


def folded(block):
    """(weight, bias) of a ConvBn block, with its batch normalisation folded in."""
    bn = block.bn
    gain = (bn.weight / torch.sqrt(bn.running_var + bn.eps)).detach()
    weight = block.conv.weight.detach() * gain.view(-1, 1, 1, 1)
    return weight, (bn.bias - bn.running_mean * gain).detach()


class Calibrator:
    """Runs the float network on `images`; `ranges[name]` is the (minimum, maximum) of each tensor."""

    def __init__(self, images):
        self.images = images
        self.ranges = {}

    def _record(self, name, x):
        self.ranges[name] = (float(x.min()), float(x.max()))
        return x

    def input(self, name):
        return self._record(name, self.images)

    def conv(self, name, x, weight, bias, relu, groups=1):
        y = torch.nn.functional.conv2d(x, weight, bias, padding=weight.shape[2] // 2, groups=groups)
        return self._record(name, torch.relu(y) if relu else y)

    def add_relu(self, name, a, b):
        return self._record(name, torch.relu(a + b))

    def max_pool(self, name, x):
        return torch.nn.functional.max_pool2d(x, 2)

    def global_average_pool(self, name, x):
        return self._record(name, x.mean((2, 3), keepdim=True))

    def flatten(self, name, x):
        return torch.flatten(x, 1)

    def gemm(self, name, x, weight, bias):
        return self._record(name, torch.nn.functional.linear(x, weight, bias))


def activation_parameters(low, high):
    """(scale float32, zero point uint8) of a range, widened to hold 0 exactly."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255.0)
    return scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255))


def quantize_weight(weight):
    """(int8 codes, float32 scales [outputs]); the first axis of `weight` is the output channel."""
    weight = weight.numpy().astype(np.float64)
    peak = np.abs(weight).reshape(weight.shape[0], -1).max(1)
    scale = np.where(peak > 0, peak / 127.0, 1.0).astype(np.float32)
    steps = weight / scale.reshape((-1,) + (1,) * (weight.ndim - 1))
    return np.clip(np.rint(steps), -127, 127).astype(np.int8), scale


class QdqWriter:
    """Emits the graph. A value is the name of a dequantized (float) tensor; `scale_of` knows its scale."""

    def __init__(self, ranges):
        self.ranges = ranges
        self.nodes = []
        self.initializers = []
        self.parameters = {}  # tensor name -> (scale, zero point)

    def _constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def _node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{output}_{op}", **attributes))
        return output

    def _quantize(self, x, name, parameters=None, output=None):
        """x (float) -> QuantizeLinear -> DequantizeLinear; returns the dequantized tensor."""
        scale, zero = parameters or activation_parameters(*self.ranges[name])
        pair = [self._constant(f"{name}_scale", scale), self._constant(f"{name}_zero_point", zero)]
        codes = self._node("QuantizeLinear", [x] + pair, f"{name}_q")
        result = self._node("DequantizeLinear", [codes] + pair, output or f"{name}_dq")
        self.parameters[result] = (scale, zero)
        return result

    def _weight_and_bias(self, name, x, weight, bias):
        """The two dequantized constant inputs of a convolution or matrix product on `x`."""
        codes, scale = quantize_weight(weight)
        bias_scale = (self.parameters[x][0] * scale).astype(np.float32)
        bias_codes = np.rint(bias.numpy().astype(np.float64) / bias_scale).astype(np.int32)
        constants = []
        for what, values, s in (("weight", codes, scale), ("bias", bias_codes, bias_scale)):
            stem = f"{name}.{what}"
            inputs = [
                self._constant(f"{stem}_q", values),
                self._constant(f"{stem}_scale", s),
                self._constant(f"{stem}_zero_point", np.zeros(len(s), values.dtype)),
            ]
            constants.append(self._node("DequantizeLinear", inputs, f"{stem}_dq", axis=0))
        return constants

    def input(self, name):
        return self._quantize(name, name)

    def conv(self, name, x, weight, bias, relu, groups=1):
        kernel = weight.shape[2]
        y = self._node(
            "Conv",
            [x] + self._weight_and_bias(name, x, weight, bias),
            f"{name}_conv" if relu else name,
            kernel_shape=[kernel, kernel],
            pads=[kernel // 2] * 4,
            strides=[1, 1],
            dilations=[1, 1],
            group=groups,
        )
        return self._quantize(self._node("Relu", [y], name) if relu else y, name)

    def add_relu(self, name, a, b):
        return self._quantize(self._node("Relu", [self._node("Add", [a, b], f"{name}_sum")], name), name)

    def max_pool(self, name, x):
        y = self._node("MaxPool", [x], name, kernel_shape=[2, 2], strides=[2, 2])
        return self._quantize(y, name, self.parameters[x])

    def global_average_pool(self, name, x):
        return self._quantize(self._node("GlobalAveragePool", [x], name), name)

    def flatten(self, name, x):
        return self._quantize(self._node("Flatten", [x], name, axis=1), name, self.parameters[x])

    def gemm(self, name, x, weight, bias):
        y = self._node("Gemm", [x] + self._weight_and_bias(name, x, weight, bias), name, transB=1)
        return self._quantize(y, name, output="logits")

    def model(self):
        float_input = helper.make_tensor_value_info(
            "image", TensorProto.FLOAT, ["batch"] + list(INPUT_SHAPE)
        )
        float_output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])
        graph = helper.make_graph(
            self.nodes, "digits_qdq", [float_input], [float_output], self.initializers
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        model.producer_name = "qsim models/digits_qdq.py"
        onnx.checker.check_model(model)
        return model


def write(net, calibration_images, path):
    """Calibrate `net` (evaluation mode) on the preprocessed images and write the QDQ graph."""
    calibrator = Calibrator(calibration_images)
    with torch.no_grad():
        describe(net, calibrator)
    writer = QdqWriter(calibrator.ranges)
    describe(net, writer)
    onnx.save(writer.model(), str(path))
