"""A network as a list of steps, in the order of execution; what is quantized, and what moves codes unchanged.

kind          inputs  attributes
conv          1       strides, dilations, group, pads ([top, left, bottom, right] or "SAME_UPPER", "SAME_LOWER");
                      weight [O, I / group, ...], bias [O]
linear        1       weight [O, I], bias [O]; the input is [N, I]
add           2
concat        n       axis
average_pool  1       kernel [h, w], strides; kernel None: the whole image; keepdims
max_pool      1       kernel, strides, pads
pad           1       pads [top, left, bottom, right], with 0
reshape       1       shape without the batch
transpose     1       perm, the batch first
clamp         1       a Relu or Clip that no step before it can take up
softmax, log_softmax  1   axis; on the host, in float
"""

import dataclasses

import numpy as np

WEIGHTED = ("conv", "linear")
ARITHMETIC = (*WEIGHTED, "add", "concat", "average_pool", "clamp")  # whose results are quantized anew
MOVES = ("max_pool", "pad", "reshape", "transpose")  # results keep the scale of the input
HOST = ("softmax", "log_softmax")


@dataclasses.dataclass
class Quantization:
    """What a QDQ file says of a tensor: real value = scale * (code - zero), codes in [low, high]."""

    scale: np.ndarray  # float32, [] for a tensor, [O] for weights
    zero: int
    low: int
    high: int


@dataclasses.dataclass
class Step:
    kind: str
    name: str  # the node's, as qsim's reports print it
    inputs: list
    output: str
    attributes: dict = dataclasses.field(default_factory=dict)
    weight: np.ndarray = None
    bias: np.ndarray = None
    weight_quantization: Quantization = None
    clamp: tuple = (-np.inf, np.inf)  # Relu is (0, inf)


@dataclasses.dataclass
class Graph:
    name: str
    input: str
    input_shape: list  # without the batch
    steps: list
    output: str
    quantizations: dict = dataclasses.field(default_factory=dict)  # of values, if the file says so

    def readers(self, value):
        return [step for step in self.steps if value in step.inputs]

    def producer(self, value):
        return next((step for step in self.steps if step.output == value), None)

    def logits(self):
        """The value before the host's last steps: what is trained."""
        value = self.output
        while (step := self.producer(value)) is not None and step.kind in HOST:
            value = step.inputs[0]
        return value

    def source(self, value):
        """Where the codes of `value` come from: the value itself, or what was moved to become it."""
        while (step := self.producer(value)) is not None and step.kind in MOVES:
            value = step.inputs[0]
        return value

    def quantized_values(self):
        """Every value that has a scale of its own."""
        return [self.input, *(step.output for step in self.steps if step.kind in ARITHMETIC)]
