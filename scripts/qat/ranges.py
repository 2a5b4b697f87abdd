"""Scales and zero points before training: least and greatest values, or least squared error, on calibration samples."""

import dataclasses

import numpy as np
import torch

SHRINKS = np.linspace(1.0, 0.1, 91)
KEPT = 1 << 16  # values of a tensor that `mse` looks at


@dataclasses.dataclass
class Range:
    low: float = 0.0  # every range holds 0
    high: float = 0.0
    values: list = dataclasses.field(default_factory=list)


def observe_ranges(network, samples, generator, batch=64):
    """{value: Range} of a FloatNetwork's quantized values."""
    ranges = {}
    batches = -(-len(samples) // batch)

    def observe(name, tensor):
        found = ranges.setdefault(name, Range())
        found.low, found.high = min(found.low, float(tensor.min())), max(found.high, float(tensor.max()))
        flat = tensor.reshape(-1)
        pick = torch.randint(len(flat), (min(KEPT // batches + 1, len(flat)),), generator=generator)
        found.values.append(flat[pick].numpy().astype(np.float64))

    with torch.no_grad():
        for first in range(0, len(samples), batch):
            network(samples[first : first + batch], observe)
    return ranges


def activation_scale(found, bits, method):
    """(scale, zero point) of codes [0, 2^bits - 1]."""
    most = 2**bits - 1
    values = np.concatenate(found.values)
    best = None
    for shrink in SHRINKS if method == "mse" else (1.0,):
        scale = max((found.high - found.low) * shrink / most, 1e-8)
        zero = int(np.clip(np.rint(-found.low * shrink / scale), 0, most))
        codes = np.clip(np.rint(values / scale) + zero, 0, most)
        error = np.mean((values - (codes - zero) * scale) ** 2)
        if best is None or error < best[0]:
            best = (error, scale, zero)
    return best[1:]


def weight_scales(weight, bits, method):
    """One scale an output channel; codes are symmetric, at most 2^(bits - 1) - 1."""
    most = 2 ** (bits - 1) - 1
    rows = weight.reshape(len(weight), -1).astype(np.float64)
    largest = np.maximum(np.abs(rows).max(1), 1e-8)
    best_error, best = np.full(len(rows), np.inf), largest / most
    for shrink in SHRINKS if method == "mse" else (1.0,):
        scale = largest * shrink / most
        codes = np.clip(np.rint(rows / scale[:, None]), -most, most)
        error = ((rows - codes * scale[:, None]) ** 2).sum(1)
        best = np.where(error < best_error, scale, best)
        best_error = np.minimum(error, best_error)
    return best.astype(np.float32)
