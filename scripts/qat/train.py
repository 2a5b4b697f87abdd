"""The training loop: Adam on weights, biases and step sizes, each in proportion to its magnitude, under a cosine."""

import dataclasses
import math
import time

import torch
from torch.nn import functional


@dataclasses.dataclass
class Settings:
    epochs: int = 10
    batch: int = 32
    rate: float = 0.01  # of a step, in parts of a parameter's root mean square
    distillation: float = 1.0  # weight of the teacher's answers; labels have the rest
    temperature: float = 2.0
    shift: int = 0  # augmentation: pixels
    flip: bool = False
    seed: int = 1


def parameter_groups(network, rate):
    """A group for each parameter. Layers differ by orders of magnitude (pixels of 0 to 255 meet small weights): a step is a
    part of the parameter's own size."""
    groups = []
    biases = {id(bias): i for i, bias in enumerate(network.biases)}
    for parameter in network.parameters():
        if not parameter.requires_grad:
            continue
        size = float(parameter.detach().square().mean().sqrt())
        if id(parameter) in biases:  # may be 0 throughout: what it is added to has the size of products
            size = max(size, 0.1 * float(network.biases[biases[id(parameter)]].detach().abs().max()), 1e-3)
        groups.append({"params": [parameter], "lr": rate * size, "first": rate * size})
    return groups


def augmented(x, settings, generator):
    """A batch is moved as one, an image is mirrored by itself. Padding is 0, as the network's own."""
    if settings.flip:
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x = torch.where(mirrored.reshape(-1, *[1] * (x.dim() - 1)), x.flip(-1), x)
    if settings.shift:
        most = settings.shift
        dy, dx = (int(n) for n in torch.randint(0, 2 * most + 1, (2,), generator=generator))
        x = functional.pad(x, (most,) * 4)[..., dy : dy + x.shape[-2], dx : dx + x.shape[-1]]
    return x


def loss_of(logits, labels, teacher, settings):
    """Cross entropy with labels, where there are any (-1 is none), and divergence from the teacher's answers."""
    total = logits.new_zeros(())
    share = settings.distillation
    if share > 0:
        t = settings.temperature
        answers = functional.log_softmax(logits / t, 1), functional.softmax(teacher / t, 1)
        total = total + share * t * t * functional.kl_div(*answers, reduction="batchmean")
    known = labels >= 0
    if share < 1 and known.any():
        total = total + (1 - share) * functional.cross_entropy(logits[known], labels[known])
    return total


def train(network, teacher, x, y, settings, log=print):
    """Trains in place. x: float32 samples, y: labels, -1 where there is none."""
    generator = torch.Generator().manual_seed(settings.seed)
    groups = parameter_groups(network, settings.rate)
    optimizer = torch.optim.Adam(groups)
    batches = max(len(x) // settings.batch, 1)
    started, step = time.monotonic(), 0
    for epoch in range(settings.epochs):
        order = torch.randperm(len(x), generator=generator)
        total = 0.0
        for batch in range(batches):
            index = order[batch * settings.batch : (batch + 1) * settings.batch]
            inputs = augmented(x[index], settings, generator)
            with torch.no_grad():
                answers = teacher(inputs) if settings.distillation > 0 else None
            factor = 0.5 * (1 + math.cos(math.pi * step / (settings.epochs * batches)))
            for group in optimizer.param_groups:
                group["lr"] = group["first"] * factor
            optimizer.zero_grad()
            loss = loss_of(network(inputs), y[index], answers, settings)
            loss.backward()
            optimizer.step()
            total, step = total + float(loss.detach()), step + 1
        log(f"epoch {epoch + 1} of {settings.epochs}: loss {total / batches:.4f}, {time.monotonic() - started:.0f} s")
