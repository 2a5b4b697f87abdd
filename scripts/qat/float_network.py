"""A Graph in float: the teacher, and what calibration looks at."""

import torch
from torch import nn
from torch.nn import functional


def pads_of(attributes, kernel, shape):
    """[top, left, bottom, right] for an input of `shape`."""
    pads = attributes["pads"]
    if not isinstance(pads, str):
        return pads
    total = []
    for size, k, stride, dilation in zip(shape[2:], kernel, attributes["strides"], attributes["dilations"]):
        outputs = -(-size // stride)
        total.append(max((outputs - 1) * stride + (k - 1) * dilation + 1 - size, 0))
    less, more = [n // 2 for n in total], [n - n // 2 for n in total]
    return [*less, *more] if pads == "SAME_UPPER" else [*more, *less]


def padded(x, pads, value=0.0):
    top, left, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), value=value) if any(pads) else x


def convolve(x, weight, attributes):
    x = padded(x, pads_of(attributes, weight.shape[2:], x.shape))
    return functional.conv2d(x, weight, None, attributes["strides"], 0, attributes["dilations"], attributes["group"])


def max_pool(x, attributes):
    x = padded(x, pads_of(attributes, attributes["kernel"], x.shape), -1e30)
    return functional.max_pool2d(x, attributes["kernel"], attributes["strides"], 0, attributes["dilations"])


def pooled_sum(x, attributes):
    """Sum over each window, and how many elements a window has."""
    kernel = attributes["kernel"]
    if kernel is None:
        total = x.sum((2, 3), keepdim=bool(attributes["keepdims"]))
        return total, x.shape[2] * x.shape[3]
    if any(pads_of(attributes, kernel, x.shape)):
        raise ValueError("an average pool with padding")
    return functional.avg_pool2d(x, kernel, attributes["strides"], divisor_override=1), kernel[0] * kernel[1]


def moved(step, x):
    """The result of a step that moves codes, of whatever x holds."""
    if step.kind == "max_pool":
        return max_pool(x, step.attributes)
    if step.kind == "pad":
        return padded(x, step.attributes["pads"])
    if step.kind == "transpose":
        return x.permute(step.attributes["perm"])
    return x.reshape(x.shape[0], *step.attributes["shape"])


def channels_last(step, values):
    """A number a channel, shaped to meet the results of a convolution or of a matrix product."""
    return values.reshape(1, -1, 1, 1) if step.kind == "conv" else values.reshape(1, -1)


class FloatNetwork(nn.Module):
    def __init__(self, graph):
        super().__init__()
        self.graph = graph
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.index = {}
        for step in graph.steps:
            if step.weight is not None:
                self.index[step.name] = len(self.weights)
                self.weights.append(nn.Parameter(torch.tensor(step.weight)))
                self.biases.append(nn.Parameter(torch.tensor(step.bias)))

    def forward(self, x, observe=None):
        """Logits. `observe(value, tensor)` sees every value that is quantized later."""
        values = {self.graph.input: x}
        observed = set(self.graph.quantized_values()) if observe else ()
        if observe:
            observe(self.graph.input, x)
        for step in self.graph.steps:
            if step.kind in ("softmax", "log_softmax"):
                break
            values[step.output] = self.run(step, [values[name] for name in step.inputs])
            if step.output in observed:
                observe(step.output, values[step.output])
        return values[self.graph.logits()]

    def run(self, step, inputs):
        if step.kind in ("conv", "linear"):
            weight, bias = self.weights[self.index[step.name]], self.biases[self.index[step.name]]
            y = convolve(inputs[0], weight, step.attributes) if step.kind == "conv" else inputs[0] @ weight.T
            y = y + channels_last(step, bias)
        elif step.kind == "add":
            y = inputs[0] + inputs[1]
        elif step.kind == "concat":
            y = torch.cat(inputs, step.attributes["axis"])
        elif step.kind == "average_pool":
            total, taps = pooled_sum(inputs[0], step.attributes)
            y = total / taps
        elif step.kind == "clamp":
            y = inputs[0]
        else:
            return moved(step, inputs[0])
        return y if step.clamp == (-float("inf"), float("inf")) else torch.clamp(y, *step.clamp)
