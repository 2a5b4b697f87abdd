"""The machine's arithmetic (docs/reference/arithmetic.md) on PyTorch tensors, with gradients.

Tensors hold integers, code - zero point, as floats, and stand for integer * scale. Gradients pass every rounding unchanged
(straight-through), and multipliers are differentiable in the scales. LSQ follows by itself: for y = round(v / s) * s the
gradient in s is round(v / s) - v / s inside of the range and the bound outside (Esser et al. 2020, eq. 3), and here it
reaches s through the same two places.

In float64 every result below is exact while |accumulator| < 2^29: an accumulator times a 24-bit multiplier needs 53 bits. In
float32 accumulators are exact below 2^24, and a product is rounded before it is rounded to a code: what is next to a tie may
fall to its other side.
"""

import math

import torch


class _Substitute(torch.autograd.Function):
    @staticmethod
    def forward(context, differentiable, value):
        return value.expand_as(differentiable).clone()

    @staticmethod
    def backward(context, gradient):
        return gradient, None


class _ScaleGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, value, factor):
        context.factor = factor
        return value.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * context.factor, None


def substitute(differentiable, value):
    """`value`, with the gradient of `differentiable`."""
    return _Substitute.apply(differentiable, value.detach())


def scale_gradient(value, factor):
    return _ScaleGradient.apply(value, factor)


def rounded(v):
    """RNE, straight-through."""
    return substitute(v, torch.round(v))


def clamped_to(v, clamp, scale):
    """Relu or Clip to real bounds of what will be codes at `scale`; no gradient outside of them."""
    low, high = clamp
    if low != -math.inf:
        v = torch.clamp(v, min=0) if low == 0 else torch.maximum(v, low / scale)
    return v if high == math.inf else torch.minimum(v, high / scale)


def f32(v):
    """fl32 (A3), in the type that v has."""
    return substitute(v, v.detach().to(torch.float32).to(v.dtype)) if v.dtype != torch.float32 else v


def product_multiplier(scale_x, scale_w, scale_y):
    """M of A10, mode rne: fl32(fl32(sx * sw) / sy)."""
    return f32(f32(scale_x * scale_w) / scale_y)


def rescale_multiplier(scale_x, scale_y):
    """M of A21."""
    return f32(scale_x / scale_y)


def average_multiplier(scale_x, scale_y, taps):
    """M of A22 over `taps` elements."""
    return f32(scale_x / f32(scale_y * taps))


def add_multipliers(scale_a, scale_b, scale_y):
    """ma * 2^-s and mb * 2^-s of A20, the greater rounded to 22 significant bits. Ratios beyond A20's range are left to the
    importer to refuse."""
    ratios = [scale_a.double() / scale_y.double(), scale_b.double() / scale_y.double()]
    greatest = torch.stack(ratios).detach().max()
    shift = 21 - torch.floor(torch.log2(greatest))
    if torch.round(greatest * 2**shift) >= 2**22:
        shift = shift - 1
    if torch.round(greatest * 2 ** (shift + 1)) < 2**22:
        shift = shift + 1
    return [substitute(r, torch.round(r * 2**shift) / 2**shift).to(scale_a.dtype) for r in ratios]


def bias_codes(bias, unit):
    """int32 at scale `unit` = sx * sw."""
    return rounded(torch.clamp(bias / unit, -(2.0**30), 2.0**30))


def input_quotient(x, scale):
    """What A30 rounds: a float32 division."""
    return x.to(torch.float32) / scale.to(torch.float32)
