"""Reads a float or QDQ ONNX file, or a PyTorch module, into a Graph. What it cannot read it names all at once."""

import inspect
import io
import warnings

import onnx
from onnx import helper, numpy_helper

from .errors import Error, Unsupported
from .fold import fold
from .graph import Graph, Step
from .operators import OPERATORS


class Reader:
    def __init__(self, model):
        graph = model.graph
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.steps, self.aliases, self.read_from = [], {}, {}
        self.codes = {}  # of integer values: the real value and its Quantization
        self.quantizations, self.weight_quantizations = {}, {}
        inputs = [value for value in graph.input if value.name not in self.constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise Error(f"the network has {len(inputs)} inputs and {len(graph.output)} outputs, expected one of each")
        self.input = inputs[0].name
        self.outputs = {output.name for output in graph.output}
        self.uses = {}
        for node in graph.node:
            for name in node.input:
                self.uses[name] = self.uses.get(name, 0) + 1
        self.read_nodes(graph.node)
        shape = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim[1:]]
        if 0 in shape:
            raise Error(f"input {self.input}: only the batch may be of unknown size, its shape is [batch, {shape}]")
        self.graph = Graph(graph.name or "network", self.input, shape, self.steps, self.resolve(graph.output[0].name),
                           self.quantizations)

    def read_nodes(self, nodes):
        refused = []
        for node in nodes:
            name = node.name or node.output[0]
            read = OPERATORS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            try:
                if self.folded(node, attributes):
                    continue
                if read is None:
                    raise Unsupported("is not one of " + ", ".join(sorted(OPERATORS)))
                read(self, node, name, attributes)
            except Unsupported as reason:
                refused.append(f"{node.op_type} {name}: {reason}")
                if node.input:  # so that what reads it is judged by itself
                    self.aliases[node.output[0]] = node.input[0]
        if refused:
            raise Error("operators that training does not support:\n  " + "\n  ".join(refused))

    def folded(self, node, attributes):
        """Whether the node computes a constant from constants."""
        names = [self.resolve(name) for name in node.input]
        if not names or not all(name in self.constants for name in names):
            return False
        attributes = {key: numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
                      for key, value in attributes.items()}
        result = fold(node, attributes, [self.constants[name] for name in names])
        if result is not None:
            self.constants[node.output[0]] = result
        return result is not None

    def resolve(self, name):
        while name in self.aliases:
            name = self.aliases[name]
        return name

    def constant(self, node, index, default=None):
        if index >= len(node.input) or not node.input[index]:
            return default
        name = self.resolve(node.input[index])
        if name not in self.constants:
            raise Unsupported(f"input {index} ({node.input[index]}) is not a constant")
        return self.constants[name]

    def is_constant(self, node, index=0):
        return self.resolve(node.input[index]) in self.constants

    def add(self, kind, node, name, attributes=None, inputs=1, **fields):
        sources = [self.resolve(i) for i in node.input[:inputs]]
        self.steps.append(Step(kind, name, sources, node.output[0], attributes or {}, **fields))
        self.read_from[node.output[0]] = node.input[0]

    def sole_producer(self, value, readers=0):
        """The step whose result nothing but the present node reads, and `readers` of the steps before."""
        name = self.resolve(value)
        is_shared = self.uses[value] != 1 or sum(name in step.inputs for step in self.steps) != readers
        if is_shared or name in self.outputs or name in self.quantizations:
            return None
        return next((step for step in self.steps if step.output == name), None)


def read_onnx(path):
    """The Graph of a file. Throws Error with every operator that is not supported."""
    try:
        model = onnx.load(str(path))
    except Exception as reason:
        raise Error(f"{path}: not an ONNX file that onnx {onnx.__version__} reads: {reason}") from reason
    try:
        return Reader(model).graph
    except Error as error:
        raise Error(f"{path}: {error}") from None


def read_module(module, example):
    """The Graph of a torch.nn.Module; `example` is a batch of one sample."""
    import torch

    file = io.BytesIO()
    options = {"input_names": ["input"], "output_names": ["output"], "opset_version": 13}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False  # the tracing exporter, which every version has
    was_training = module.training
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of that exporter, since PyTorch 2.9
            torch.onnx.export(module.eval(), example, file, **options)
    finally:
        module.train(was_training)
    return Reader(onnx.load_from_string(file.getvalue())).graph
