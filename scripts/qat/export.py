"""Writes a QatNetwork as QDQ ONNX: opset 13, which onnx 1.12 and every later version write and onnxruntime runs.

Codes of activations are uint8, of weights int8, of biases int32; a Clip between them and DequantizeLinear says that they have
fewer than 8 bits (docs/user/cli.md, Bits). Every tensor has one QuantizeLinear and DequantizeLinear; what moves codes has the
scale of its input.
"""

import copy

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .errors import Error
from .graph import HOST, WEIGHTED

OPSET = 13
IR_VERSION = 7


class Writer:
    def __init__(self, network):
        self.network = copy.deepcopy(network).double()
        self.graph = network.graph
        self.nodes, self.constants, self.real = [], {}, {}
        self.code_names = {}  # of values: the tensor that holds their codes

    def constant(self, name, value):
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def node(self, op, inputs, output, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def bounds(self, name, quantizer, element):
        """Of a Clip of codes."""
        return [self.constant(f"{name}:{which}", element(getattr(quantizer, which))) for which in ("low", "high")]

    def real_name(self, value):
        return "output" if value == self.graph.output else f"{value}:real"

    def quantize(self, value, source, tensor):
        """Q, Clip, DQ of `tensor` by the quantizer of `source`; `value` names them."""
        quantizer = self.network.quantizer(source)
        scale = self.constant(f"{source}:scale", np.float32(quantizer.scale.detach().abs().numpy()))
        zero = self.constant(f"{source}:zero", np.uint8(quantizer.zero))
        codes = self.node("QuantizeLinear", [tensor, scale, zero], f"{value}:codes", f"{value}:quantize")
        if (quantizer.low, quantizer.high) != (0, 255):
            bounds = self.bounds(source, quantizer, np.uint8)
            codes = self.node("Clip", [codes, *bounds], f"{value}:clipped", f"{value}:clip")
        self.code_names[value] = codes
        self.real[value] = self.real_name(value)
        self.node("DequantizeLinear", [codes, scale, zero], self.real[value], f"{value}:dequantize")

    def weights(self, step):
        """Names of the dequantized weights and bias."""
        x = self.network.quantizer(self.graph.source(step.inputs[0]))
        quantizer = self.network.layer(step)[2]
        codes, scale = self.network.weight_codes(step)
        unit = (x.scale.abs() * scale).to(torch.float32).double()
        bias = torch.round(torch.clamp(self.network.layer(step)[1] / unit, -(2.0**30), 2.0**30))
        scale = self.constant(f"{step.name}:weight_scale", scale.detach().numpy().astype(np.float32))
        zero = self.constant(f"{step.name}:weight_zero", np.zeros(len(codes), np.int8))
        stored = self.constant(f"{step.name}:weight_codes", codes.detach().numpy().astype(np.int8))
        if quantizer.high < 127:
            bounds = self.bounds(f"{step.name}:weight", quantizer, np.int8)
            stored = self.node("Clip", [stored, *bounds], f"{step.name}:weight_clipped", f"{step.name}:weight_clip")
        weight = self.node("DequantizeLinear", [stored, scale, zero], f"{step.name}:weight",
                           f"{step.name}:weight_dequantize", axis=0)
        bias_inputs = [
            self.constant(f"{step.name}:bias_codes", bias.detach().numpy().astype(np.int32)),
            self.constant(f"{step.name}:bias_scale", unit.detach().numpy().astype(np.float32)),
            self.constant(f"{step.name}:bias_zero", np.zeros(len(codes), np.int32)),
        ]
        return weight, self.node("DequantizeLinear", bias_inputs, f"{step.name}:bias", f"{step.name}:bias_dequantize", axis=0)

    def write(self, code_outputs):
        self.real[self.graph.input] = self.graph.input
        self.quantize(self.graph.input, self.graph.input, self.graph.input)
        for step in self.graph.steps:
            inputs = [self.real[value] for value in step.inputs]
            if step.kind in HOST:
                op = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[step.kind]
                self.real[step.output] = self.node(op, inputs, self.real_name(step.output), step.name, **step.attributes)
                continue
            tensor = clamp(self, step, operator(self, step, inputs))
            self.quantize(step.output, self.graph.source(step.output), tensor)
        shapes = {}
        sample = torch.zeros(1, *self.graph.input_shape)
        logits = self.network(sample, lambda value, codes: shapes.update({value: codes.shape[1:]}))
        outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", *logits.shape[1:]])]
        if code_outputs:
            outputs += [helper.make_tensor_value_info(self.code_names[value], TensorProto.UINT8, ["batch", *shapes[value]])
                        for value in self.graph.quantized_values()]
        image = helper.make_tensor_value_info(self.graph.input, TensorProto.FLOAT, ["batch", *self.graph.input_shape])
        graph = helper.make_graph(self.nodes, self.graph.name, [image], outputs, list(self.constants.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                                 producer_name="qsim scripts/qat")


def window(attributes):
    found = {"strides": attributes["strides"], "dilations": attributes["dilations"]}
    key = "auto_pad" if isinstance(attributes["pads"], str) else "pads"
    return {**found, key: attributes["pads"]}


def operator(writer, step, inputs):
    """The node itself; the name of its result."""
    attributes, output = step.attributes, f"{step.output}:raw"
    if step.kind in WEIGHTED:
        inputs = [*inputs, *writer.weights(step)]
        if step.kind == "linear":
            return writer.node("Gemm", inputs, output, step.name, transB=1)
        return writer.node("Conv", inputs, output, step.name, group=attributes["group"], **window(attributes))
    if step.kind == "average_pool":
        if attributes["kernel"] is not None:
            return writer.node("AveragePool", inputs, output, step.name, kernel_shape=attributes["kernel"],
                               strides=attributes["strides"])
        if attributes["keepdims"]:
            return writer.node("GlobalAveragePool", inputs, output, step.name)
        return writer.node("ReduceMean", inputs, output, step.name, axes=[2, 3], keepdims=0)
    if step.kind == "max_pool":
        kernel = attributes["kernel"]
        return writer.node("MaxPool", inputs, output, step.name, kernel_shape=kernel, **window(attributes))
    if step.kind == "pad":
        top, left, bottom, right = attributes["pads"]
        pads = writer.constant(f"{step.name}:pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
        return writer.node("Pad", [*inputs, pads], output, step.name)
    if step.kind == "reshape":
        shape = writer.constant(f"{step.name}:shape", np.array([0, *attributes["shape"]], np.int64))
        return writer.node("Reshape", [*inputs, shape], output, step.name)
    if step.kind == "transpose":
        return writer.node("Transpose", inputs, output, step.name, perm=attributes["perm"])
    if step.kind == "concat":
        return writer.node("Concat", inputs, output, step.name, axis=attributes["axis"])
    return writer.node("Add", inputs, output, step.name) if step.kind == "add" else inputs[0]


def clamp(writer, step, tensor):
    low, high = step.clamp
    if (low, high) == (-np.inf, np.inf):
        return tensor
    name = step.name if step.kind == "clamp" else f"{step.name}:clamp"
    if (low, high) == (0, np.inf):
        return writer.node("Relu", [tensor], f"{step.output}:clamped", name)
    bounds = ["" if np.isinf(b) else writer.constant(f"{step.name}:clamp_{which}", np.float32(b))
              for which, b in (("low", low), ("high", high))]
    return writer.node("Clip", [tensor, *bounds], f"{step.output}:clamped", name)


def to_onnx(network, code_outputs=False):
    """The QDQ ModelProto. `code_outputs`: codes of every quantized value are outputs too, by the names of code_tensors()."""
    with torch.no_grad():
        return Writer(network).write(code_outputs)


def code_tensors(model):
    """{quantized value: name of the tensor of its codes} of what to_onnx() wrote with `code_outputs`."""
    return {output.name.rsplit(":", 1)[0]: output.name for output in model.graph.output[1:]}


def save(network, path, code_outputs=False):
    model = to_onnx(network, code_outputs)
    onnx.checker.check_model(model)
    try:
        onnx.save(model, str(path))
    except OSError as reason:
        raise Error(f"{path}: cannot be written: {reason}") from reason
    return model
