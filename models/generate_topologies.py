#!/usr/bin/python3
"""Export well-known network topologies as float ONNX with seeded random weights.

The graphs are torchvision's own definitions; nothing is downloaded, and no trained weight is involved:
the files are meant for cycles, traffic and memory, not for accuracy. They are large (VGG-16: 550 MB),
made on demand, and never committed.

    models/generate_topologies.py                     # all, into models/generated/
    models/generate_topologies.py --only resnet18 --only mobilenet_v2 --output DIR
    models/generate_topologies.py --list

Needs Debian's python3-torch and python3-torchvision (scripts/setup.sh --models).
"""

import argparse
import collections
import pathlib
import sys
import time
import warnings

# Input is always [1, 3, 224, 224]; the multiply-accumulate counts are of convolutions and fully
# connected layers, for --list and as a check of the exported graph.
Topology = collections.namedtuple("Topology", "name million_macs description")

TOPOLOGIES = [
    Topology("resnet18", 1814, "basic residual blocks, 21 layers"),
    Topology("resnet50", 4089, "bottleneck residual blocks, 54 layers"),
    Topology("mobilenet_v2", 301, "inverted residuals, depthwise 3x3, ReLU6"),
    Topology("mobilenet_v3_small", 57, "inverted residuals, hard-swish, squeeze and excite"),
    Topology("vgg16", 15470, "plain 3x3 convolutions, 124 M parameters in fully connected layers"),
]

OPSET = 13
INPUT_SHAPE = (1, 3, 224, 224)


def build(name, seed):
    """The torchvision model `name` in evaluation mode; equal seeds give equal weights.

    One batch of noise sets the batch-normalisation statistics: left at their defaults (0 and 1), the
    activations of MobileNetV2 would die out (1e-10 at the output) and could not be quantized sensibly.
    """
    import torch
    import torchvision

    torch.manual_seed(seed)
    model = getattr(torchvision.models, name)(weights=None)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # the statistics of this batch alone
    if norms:
        with torch.no_grad():
            model.train()(torch.randn((4,) + INPUT_SHAPE[1:]))
    return model.eval()


def export(model, path, keep_batch_norm=False):
    """Write `model` to `path`; batch normalisation is folded into the convolutions by default."""
    import torch

    mode = torch.onnx.TrainingMode.PRESERVE if keep_batch_norm else torch.onnx.TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            torch.zeros(INPUT_SHAPE),
            str(path),
            opset_version=OPSET,
            do_constant_folding=not keep_batch_norm,
            training=mode,
            input_names=["input"],
            output_names=["logits"],
        )


def parse_args(argv):
    default_output = pathlib.Path(__file__).resolve().parent / "generated"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the topologies and exit")
    parser.add_argument(
        "--only",
        action="append",
        choices=[topology.name for topology in TOPOLOGIES],
        help="export this one alone; may be repeated",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=default_output, help="folder, default models/generated/"
    )
    parser.add_argument("--keep-bn", action="store_true", help="leave BatchNormalization nodes unfolded")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random weights (default 1)")
    return parser.parse_args(argv)


def main(argv):
    args = parse_args(argv)
    if args.list:
        for topology in TOPOLOGIES:
            print(f"{topology.name:18} {topology.million_macs:6} MMAC  {topology.description}")
        return 0
    args.output.mkdir(parents=True, exist_ok=True)
    for topology in TOPOLOGIES:
        if args.only and topology.name not in args.only:
            continue
        path = args.output / f"{topology.name}.onnx"
        start = time.monotonic()
        export(build(topology.name, args.seed), path, args.keep_bn)
        size_mb = path.stat().st_size / 1e6
        print(f"{path}: {size_mb:.1f} MB in {time.monotonic() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
