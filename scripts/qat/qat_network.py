"""A Graph in the machine's arithmetic, trainable: every value is an integer tensor and its scale."""

import numpy as np
import torch
from torch import nn

from . import arithmetic as a
from .bits import assign_bits
from .float_network import channels_last, convolve, moved, pooled_sum
from .graph import HOST, MOVES, WEIGHTED
from .ranges import activation_scale, weight_scales


class Quantizer(nn.Module):
    """Codes of a tensor or of a layer's weights: scale (learned by LSQ, else fixed), zero point, bounds."""

    def __init__(self, scale, zero, low, high, is_learned):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float32), requires_grad=is_learned)
        self.zero, self.low, self.high = int(zero), int(low), int(high)

    def step_size(self, elements, dtype):
        """The scale, its gradient times 1 / sqrt(elements * greatest code) (LSQ, section 2.2)."""
        scale = self.scale.abs().clamp_min(1e-12).to(dtype)
        return a.scale_gradient(scale, (elements * max(self.high - self.zero, 1)) ** -0.5)

    def codes(self, v):
        """code - zero point of v, reals over the scale. Bounds are whole: clamping first changes no code, but gradients."""
        return a.rounded(torch.clamp(v, self.low - self.zero, self.high - self.zero))


class QatNetwork(nn.Module):
    """forward() gives the logits that qsim computes, but for float32's roundings (arithmetic.py); after double(), these."""

    def __init__(self, graph, recipe, ranges, method="lsq", start="mse"):
        """`ranges`: of observe_ranges(); what the file says of a value, in no more than the recipe's bits, goes before.
        `method`: lsq or ste. `start`: mse or minmax."""
        super().__init__()
        self.graph = graph
        weight_bits, code_bits = assign_bits(graph, recipe)
        is_learned = method == "lsq"
        self.names = {}
        self.quantizers, self.weight_quantizers = nn.ModuleList(), nn.ModuleList()
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for value in graph.quantized_values():
            self.names[value] = len(self.quantizers)
            self.quantizers.append(self.start_codes(value, code_bits[value], ranges[value], is_learned, start))
        for step in graph.steps:
            if step.kind not in WEIGHTED:
                continue
            self.names[step.name, "weight"] = len(self.weights)
            most = 2 ** (weight_bits[step.name] - 1) - 1
            given = step.weight_quantization
            scales = weight_scales(step.weight, weight_bits[step.name], start)
            largest = abs(step.weight.reshape(len(step.weight), -1)).max(1)
            if given is not None and (largest <= given.scale * (most + 0.5)).all():
                scales = np.broadcast_to(given.scale, scales.shape).copy()
            self.weight_quantizers.append(Quantizer(scales, 0, -most, most, is_learned))
            self.weights.append(nn.Parameter(torch.tensor(step.weight)))
            self.biases.append(nn.Parameter(torch.tensor(step.bias)))

    def start_codes(self, value, bits, found, is_learned, start):
        given = self.graph.quantizations.get(value)
        if given is not None and given.high - given.low < 2**bits:
            return Quantizer(given.scale, given.zero - given.low, 0, given.high - given.low, is_learned)
        scale, zero = activation_scale(found, bits, start)
        return Quantizer(scale, zero, 0, 2**bits - 1, is_learned)

    def quantizer(self, value):
        return self.quantizers[self.names[value]]

    def layer(self, step):
        """(weights, bias, quantizer of the weights) of a conv or linear step."""
        i = self.names[step.name, "weight"]
        return self.weights[i], self.biases[i], self.weight_quantizers[i]

    def weight_codes(self, step):
        """(integers, scales [O])."""
        weight, _, quantizer = self.layer(step)
        scale = quantizer.step_size(weight[0].numel(), weight.dtype)
        return quantizer.codes(weight / scale.reshape(-1, *[1] * (weight.dim() - 1))), scale

    def forward(self, x, observe=None):
        """Logits of float32 samples. `observe(value, codes)` sees codes of every quantized value, zero points added."""
        dtype = self.weights[0].dtype
        first = self.quantizer(self.graph.input)
        scale = first.step_size(x[0].numel(), dtype)
        codes = first.codes(a.input_quotient(x, scale).to(dtype))
        values = {self.graph.input: (codes, scale)}
        if observe:
            observe(self.graph.input, values[self.graph.input][0] + first.zero)
        for step in self.graph.steps:
            if step.kind in HOST:
                break
            inputs = [values[name] for name in step.inputs]
            if step.kind in MOVES:
                values[step.output] = (moved(step, inputs[0][0]), inputs[0][1])
                continue
            values[step.output] = self.compute(step, inputs, dtype)
            if observe:
                observe(step.output, values[step.output][0] + self.quantizer(step.output).zero)
        codes, scale = values[self.graph.logits()]
        return (codes * scale).to(torch.float32)

    def compute(self, step, inputs, dtype):
        quantizer = self.quantizer(step.output)
        if step.kind in WEIGHTED:
            v, scale = self.product(step, inputs[0], quantizer)
        else:
            scale = quantizer.step_size(inputs[0][0][0].numel(), dtype)
            v = self.combined(step, inputs, scale)
        return quantizer.codes(a.clamped_to(v, step.clamp, scale)), scale

    def product(self, step, x, quantizer):
        """Reals over the output's scale, and this scale: A5 and the product of A11, not yet rounded."""
        codes, scale_w = self.weight_codes(step)
        bias = self.layer(step)[1]
        sums = convolve(x[0], codes, step.attributes) if step.kind == "conv" else x[0] @ codes.T
        sums = sums + channels_last(step, a.bias_codes(bias, a.f32(x[1] * scale_w)))
        scale = quantizer.step_size(sums[0].numel(), sums.dtype)
        return sums * channels_last(step, a.product_multiplier(x[1], scale_w, scale)), scale

    def combined(self, step, inputs, scale):
        if step.kind == "add":
            (left, scale_l), (right, scale_r) = inputs
            factor_l, factor_r = a.add_multipliers(scale_l, scale_r, scale)
            return left * factor_l + right * factor_r
        if step.kind == "average_pool":
            total, taps = pooled_sum(inputs[0][0], step.attributes)
            return total * a.average_multiplier(inputs[0][1], scale, taps)
        parts = [codes * a.rescale_multiplier(scale_x, scale) for codes, scale_x in inputs]
        return torch.cat(parts, step.attributes["axis"]) if step.kind == "concat" else parts[0]
