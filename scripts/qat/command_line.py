"""scripts/qat split and scripts/qat train."""

import argparse
import sys

import numpy as np
import torch

from . import data
from .bits import read_recipe
from .errors import Error
from .export import save
from .float_network import FloatNetwork
from .onnx_graph import read_onnx
from .qat_network import QatNetwork
from .ranges import observe_ranges
from .train import Settings, train


LEAST = {"calibration_samples": 1, "epochs": 0, "batch": 1, "rate": 0, "temperature": 1e-3, "shift": 0, "threads": 1}


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/qat",
                                     description="quantization-aware training; docs/user/training.md")
    commands = parser.add_subparsers(dest="command", required=True)
    split = commands.add_parser("split", help="put samples aside that are scored, before anything is trained")
    split.add_argument("data", metavar="DATA.npz")
    split.add_argument("--score", type=int, required=True, metavar="N",
                       help="samples for scored.npz; all others are for training.npz")
    split.add_argument("--seed", type=int, default=1)
    split.add_argument("-o", "--output", required=True, metavar="FOLDER")
    run = commands.add_parser("train", help="train a network in the machine's arithmetic and write it as QDQ ONNX")
    run.add_argument("model", metavar="MODEL.onnx", help="float, or QDQ: then it starts from its own scales")
    run.add_argument("--data", required=True, metavar="TRAINING.npz", help="samples to train on, labels y or not")
    run.add_argument("--unlabelled", metavar="MORE.npz", help="more of them, whose labels, if any, are not used")
    run.add_argument("--mean", type=float, help="of the samples' preprocessing: (x - mean) * scale")
    run.add_argument("--scale", type=float)
    run.add_argument("--recipe", metavar="BITS.json", help="bits of layers, as for qsim run")
    run.add_argument("--method", choices=("lsq", "ste"), default="lsq", help="learned step sizes, or fixed ones")
    run.add_argument("--start", choices=("mse", "minmax"), default="mse", help="scales before training")
    run.add_argument("--calibration-samples", type=int, default=512, metavar="N", help="of the training samples")
    run.add_argument("--epochs", type=int, default=Settings.epochs)
    run.add_argument("--batch", type=int, default=Settings.batch)
    run.add_argument("--rate", type=float, default=Settings.rate, help="greatest step, in parts of a parameter's size")
    run.add_argument("--distillation", type=float, default=Settings.distillation, metavar="SHARE",
                     help="of the loss that the float network's answers have; labels have the rest (1)")
    run.add_argument("--temperature", type=float, default=Settings.temperature)
    run.add_argument("--shift", type=int, default=0, metavar="PIXELS", help="augmentation: move images")
    run.add_argument("--flip", action="store_true", help="augmentation: mirror images")
    run.add_argument("--seed", type=int, default=Settings.seed)
    run.add_argument("--threads", type=int, default=1)
    run.add_argument("-o", "--output", required=True, metavar="TRAINED.onnx")
    options = parser.parse_args(arguments)
    for name, least in LEAST.items():
        value = getattr(options, name, least)
        if value < least:
            parser.error(f"--{name.replace('_', '-')} {value} is less than {least}")
    if not 0 <= getattr(options, "distillation", 0) <= 1:
        parser.error(f"--distillation {options.distillation} is outside [0, 1]")
    return options


def samples(options, shape):
    """float32 x, labels y (-1: none) of all training samples, and how many have no label."""
    x, y = data.load(options.data)
    images = [data.preprocessed(x, data.description(options.data, options.mean, options.scale), shape)]
    labels = [np.full(len(x), -1) if y is None else y]
    if options.unlabelled:
        more, _ = data.load(options.unlabelled)
        images.append(data.preprocessed(more, data.description(options.unlabelled, options.mean, options.scale), shape))
        labels.append(np.full(len(more), -1))
    x, y = torch.tensor(np.concatenate(images)), torch.tensor(np.concatenate(labels))
    if options.distillation == 0 and (y < 0).any():
        raise Error(f"{int((y < 0).sum())} samples have no label: with --distillation 0 they teach nothing")
    return x, y


def run_train(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    graph = read_onnx(options.model)
    x, y = samples(options, graph.input_shape)
    recipe = read_recipe(options.recipe) if options.recipe else {}
    generator = torch.Generator().manual_seed(options.seed)
    chosen = torch.randperm(len(x), generator=generator)[: options.calibration_samples]
    teacher = FloatNetwork(graph)
    ranges = observe_ranges(teacher, x[chosen], generator)
    network = QatNetwork(graph, recipe, ranges, options.method, options.start)
    print(f"{options.model}: {len(x)} samples train, {int((y < 0).sum())} of them without labels, {len(chosen)} of them "
          f"calibrate; seed {options.seed}, method {options.method}, PyTorch {torch.__version__}", flush=True)
    settings = Settings(options.epochs, options.batch, options.rate, options.distillation, options.temperature,
                        options.shift, options.flip, options.seed)
    train(network, teacher, x, y, settings, log=lambda line: print(line, flush=True))
    save(network, options.output)
    print(f"{options.output} is written")


def main(arguments):
    options = parse(arguments)
    try:
        if options.command == "split":
            rest = data.split(options.data, options.score, options.seed, options.output)
            print(f"{options.output}: {options.score} samples in scored.npz, {rest} others in training.npz; "
                  f"seed {options.seed}")
        else:
            run_train(options)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
