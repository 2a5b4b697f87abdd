"""Takes every quantized convolution and matrix product out of an ONNX file, as one-layer models of its own.

Reads both forms: QLinearConv, QLinearMatMul and QGemm; or Conv, MatMul and Gemm between DequantizeLinear and
QuantizeLinear, with Relu or Clip in between. Writes both forms too, with codes as input and output.
"""

import dataclasses

import numpy as np
import onnx
import peer
from onnx import TensorProto, helper, numpy_helper

ONNX_TYPE = {np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int8): TensorProto.INT8}
INTEGER_KERNELS = {"QLinearConv", "QLinearMatMul", "QGemm"}


@dataclasses.dataclass
class Layer:
    network: str
    name: str
    op: str  # Conv, MatMul or Gemm
    attributes: dict
    x_scale: np.ndarray
    x_zero: np.ndarray  # its type is that of the activations
    w: np.ndarray
    w_scale: np.ndarray
    w_zero: np.ndarray
    bias: np.ndarray | None
    y_scale: np.ndarray
    y_zero: np.ndarray
    bounds: tuple | None  # of Relu or Clip behind it
    x_name: str
    x_type: int  # of that tensor: codes, or float32 in a QDQ graph
    x_shape: tuple = ()  # of one sample, batch dropped


def with_unsigned_activations(layer):
    """The same layer on codes + 128: onnxruntime for x86 runs QDQ graphs in integers only with uint8 activations."""

    def moved(zero):
        return zero if zero.dtype == np.uint8 else (zero.astype(np.int32) + 128).astype(np.uint8)

    return dataclasses.replace(layer, x_zero=moved(layer.x_zero), y_zero=moved(layer.y_zero))


def cuts_codes(layer):
    """Do the layer's bounds forbid a code that its output's type has?"""
    limits = np.iinfo(layer.y_zero.dtype)
    low, high = ((code - int(layer.y_zero)) * float(layer.y_scale) for code in (limits.min, limits.max))
    return layer.bounds is not None and (layer.bounds[0] > low or layer.bounds[1] < high)


def scalar(array):
    """Per-tensor parameters are scalars here, whatever the file says."""
    return array.reshape(()) if array.size == 1 else array


class Graph:
    def __init__(self, path):
        self.model = onnx.load(str(path))
        self.nodes = self.model.graph.node
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.producer = {name: node for node in self.nodes for name in node.output}
        self.consumers = {}
        for node in self.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def constant(self, names, i, default=None):
        return self.constants[names[i]] if i < len(names) and names[i] else default

    def dequantized(self, name):
        """(codes or the name of the tensor that holds them, scale, zero point), or None. Looks through a reshape."""
        node = self.producer.get(name)
        while node is not None and node.op_type in ("Reshape", "Flatten", "Squeeze", "Unsqueeze"):
            node = self.producer.get(node.input[0])
        if node is None or node.op_type != "DequantizeLinear":
            return None
        codes = self.constants.get(node.input[0], node.input[0])
        default = np.zeros((), codes.dtype if isinstance(codes, np.ndarray) else np.uint8)
        return codes, self.constants[node.input[1]], self.constant(node.input, 2, default)

    def quantized(self, name):
        """(scale, zero point, bounds) of the QuantizeLinear behind a tensor, or None."""
        bounds = None
        for _ in range(2):
            consumers = self.consumers.get(name, [])
            if len(consumers) != 1:
                return None
            node = consumers[0]
            if node.op_type == "QuantizeLinear":
                return self.constants[node.input[1]], self.constant(node.input, 2, np.zeros((), np.uint8)), bounds
            if node.op_type == "Relu":
                bounds = (0.0, np.inf)
            elif node.op_type == "Clip":
                bounds = (float(self.constant(node.input, 1, -np.inf)), float(self.constant(node.input, 2, np.inf)))
            else:
                return None
            name = node.output[0]
        return None

    def layer_of_qdq(self, node):
        x, w, y = self.dequantized(node.input[0]), self.dequantized(node.input[1]), self.quantized(node.output[0])
        if x is None or w is None or y is None or not isinstance(w[0], np.ndarray):
            return None
        bias = None
        if len(node.input) > 2 and node.input[2]:
            bias = self.dequantized(node.input[2])
            if bias is None:
                return None
        return {
            "x_name": node.input[0], "x_type": TensorProto.FLOAT, "x_scale": x[1], "x_zero": x[2],
            "w": w[0], "w_scale": w[1], "w_zero": w[2],
            "bias": None if bias is None else bias[0], "y_scale": y[0], "y_zero": y[1], "bounds": y[2],
        }  # fmt: skip

    def layer_of_qoperator(self, node):
        keys = ["x_name", "x_scale", "x_zero", "w", "w_scale", "w_zero"]
        keys += ["bias"] if node.op_type == "QGemm" else []
        keys += ["y_scale", "y_zero"] + (["bias"] if node.op_type == "QLinearConv" else [])
        values = dict.fromkeys(["bias", "bounds"])
        for key, name in zip(keys, node.input):
            values[key] = name if key == "x_name" else self.constants[name] if name else None
        values["x_type"] = ONNX_TYPE[values["x_zero"].dtype]
        return values

    def layers(self, network):
        found = []
        for node in self.nodes:
            values = None
            if node.op_type in ("Conv", "MatMul", "Gemm"):
                values = self.layer_of_qdq(node)
            elif node.op_type in INTEGER_KERNELS:
                values = self.layer_of_qoperator(node)
            if values is None:
                continue
            for key in ("x_scale", "x_zero", "w_scale", "w_zero", "y_scale", "y_zero"):
                values[key] = scalar(values[key])
            op = {"QLinearConv": "Conv", "QLinearMatMul": "MatMul", "QGemm": "Gemm"}.get(node.op_type, node.op_type)
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            found.append(Layer(network, f"{len(found)}_{op}", op, attributes, **values))
        self.set_shapes(found)
        return found

    def set_shapes(self, found):
        """onnxruntime says which shape every layer's input has: the network runs once, on nothing in particular."""
        inputs = {value.name for value in self.model.graph.input}
        types = {layer.x_name: layer.x_type for layer in found if layer.x_name not in inputs}
        for name in types.keys() - {value.name for value in self.model.graph.output}:
            self.model.graph.output.append(helper.make_tensor_value_info(name, types[name], None))
        session = peer.onnxruntime_session(self.model.SerializeToString(), optimise=False)
        feed = {}
        for value in session.get_inputs():
            shape = [d if isinstance(d, int) else 1 for d in value.shape]
            feed[value.name] = np.zeros(shape, np.uint8 if "uint8" in value.type else np.float32)
        shapes = {name: value.shape for name, value in feed.items()}
        shapes |= {name: value.shape for name, value in zip(types, session.run(list(types), feed))}
        for layer in found:
            layer.x_shape = tuple(shapes[layer.x_name][1:])


def layers_of(path, network):
    return Graph(path).layers(network)


class Builder:
    def __init__(self):
        self.nodes, self.initializers = [], []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def node(self, op, inputs, output, domain="", **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output

    def model(self, x_zero, y_zero, x_shape):
        x = helper.make_tensor_value_info("x", ONNX_TYPE[x_zero.dtype], ["batch", *x_shape])
        y = helper.make_tensor_value_info("y", ONNX_TYPE[y_zero.dtype], None)
        graph = helper.make_graph(self.nodes, "layer", [x], [y], self.initializers)
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, ir_version=7, opset_imports=opsets)


def as_qoperator(layer):
    """One QLinearConv, QLinearMatMul or QGemm. Bounds are those of the codes' type: Relu and Clip are left out."""
    b = Builder()
    parameters = {}
    for key in ("x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"):
        parameters[key] = b.constant(key, getattr(layer, key))
    x = ["x", parameters["x_scale"], parameters["x_zero"]]
    w = [parameters["w"], parameters["w_scale"], parameters["w_zero"]]
    y = [parameters["y_scale"], parameters["y_zero"]]
    bias = [b.constant("bias", layer.bias)] if layer.bias is not None else []
    if layer.op == "Conv":
        b.node("QLinearConv", x + w + y + bias, "y", **layer.attributes)
    elif layer.op == "MatMul":
        b.node("QLinearMatMul", x + w + y, "y")
    else:
        b.node("QGemm", x + w + (bias or [""]) + y, "y", "com.microsoft", **layer.attributes)
    return b.model(layer.x_zero, layer.y_zero, layer.x_shape)


def as_qdq(layer):
    """Dequantize, the operator, its Relu or Clip, Quantize. A Clip that cuts no code is left out: it changes nothing, but
    onnxruntime does not fuse over it and would convolve in float."""
    b = Builder()
    per_channel = layer.w_scale.ndim > 0
    axis = {"axis": 0 if layer.op == "Conv" or layer.attributes.get("transB") else 1} if per_channel else {}
    x_scale, x_zero = b.constant("x_scale", layer.x_scale), b.constant("x_zero", layer.x_zero)
    x = b.node("DequantizeLinear", ["x", x_scale, x_zero], "xf")
    w_scale, w_zero = b.constant("w_scale", layer.w_scale), b.constant("w_zero", layer.w_zero)
    inputs = [x, b.node("DequantizeLinear", [b.constant("w", layer.w), w_scale, w_zero], "wf", **axis)]
    if layer.bias is not None:
        scale = b.constant("b_scale", (layer.x_scale * layer.w_scale).astype(np.float32))
        zero = b.constant("b_zero", np.zeros(layer.w_scale.shape, np.int32))
        axis = {"axis": 0} if per_channel else {}
        inputs.append(b.node("DequantizeLinear", [b.constant("bias", layer.bias), scale, zero], "bf", **axis))
    y = b.node(layer.op, inputs, "yf", **layer.attributes)
    if layer.bounds == (0.0, np.inf):
        y = b.node("Relu", [y], "yr")
    elif cuts_codes(layer):
        limits = [b.constant(name, np.float32(v)) for name, v in zip(("low", "high"), layer.bounds)]
        y = b.node("Clip", [y, *limits], "yr")
    b.node("QuantizeLinear", [y, b.constant("y_scale", layer.y_scale), b.constant("y_zero", layer.y_zero)], "y")
    return b.model(layer.x_zero, layer.y_zero, layer.x_shape)


def additions_of_constants(graph):
    """(model, all codes for every channel) of each QLinearAdd with a constant second operand."""
    for node in graph.nodes:
        if node.op_type != "QLinearAdd":
            continue
        b = Builder()
        values = [graph.constants.get(name) for name in node.input]
        constant = values[3] if values[0] is None else values[0]
        inputs = ["x" if value is None else b.constant(f"p{i}", value) for i, value in enumerate(values)]
        zero = values[2]
        b.node("QLinearAdd", inputs, "y", "com.microsoft")
        limits = np.iinfo(zero.dtype)
        codes = np.arange(limits.min, limits.max + 1).astype(zero.dtype)
        yield b.model(zero, zero, (constant.size,)), np.repeat(codes[:, None], constant.size, axis=1)


def with_unsigned_codes(model):
    """The same network with 128 added to its int8 activations' codes and zero points; weights stay as they are."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    moved = {}
    for node in model.graph.node:
        activation = node.op_type == "QuantizeLinear" or (
            node.op_type == "DequantizeLinear" and node.input[0] not in constants
        )
        if not activation:
            continue
        zero = numpy_helper.to_array(constants[node.input[2]])
        if zero.dtype == np.int8:
            name = node.input[2] + "_u8"
            moved[name] = numpy_helper.from_array((zero.astype(np.int32) + 128).astype(np.uint8), name)
            node.input[2] = name
    model.graph.initializer.extend(moved.values())
    del model.graph.value_info[:]
    return model


def without_softmax(model):
    """The network up to the input of its last Softmax."""
    nodes = list(model.graph.node)
    last = max(i for i, node in enumerate(nodes) if node.op_type == "Softmax")
    del model.graph.node[last:]
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(nodes[last].input[0], TensorProto.FLOAT, None))
    return model
