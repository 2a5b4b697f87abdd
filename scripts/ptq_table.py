#!/usr/bin/python3
"""Accuracy of float networks after post-training quantization, by method and bits: the tables of docs/user/quantization.md.

    scripts/ptq_table.py [--qsim PATH] [--data FOLDER] [--seeds N] [NETWORK ...]

Networks: digits mnist_cntk mnist_pytorch resnet8 kws; all if none is named. Digits comes with the project, the others from the
folder of test data. Samples that calibrate are never scored; they are drawn with seed 1, but for `resnet8`, which calibrates on
another file. --seeds N prints a second table instead: how the accuracy of KWS scatters over the seeds 1 to N.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BITS = {"W8A8": (8, 8), "W4A8": (4, 8), "W4A4": (4, 4)}
ALL = {"calibrator": "mse", "bias_correction": True, "rounding": "feedback"}
METHODS = {
    "minmax": {},
    "moving-average": {"calibrator": "moving-average"},
    "percentile": {"calibrator": "percentile"},
    "mse": {"calibrator": "mse"},
    "entropy": {"calibrator": "entropy"},
    "weight_scale mse": {"weight_scale": "mse"},
    "bias_correction": {"bias_correction": True},
    "equalization": {"equalization": True},
    "rounding feedback": {"rounding": "feedback"},
    "weights_per tensor": {"weights_per": "tensor"},
    "weights_per tensor, equalization": {"weights_per": "tensor", "equalization": True},
    "mse, bias_correction, feedback": ALL,
    "the same and equalization": {**ALL, "equalization": True},
}


def networks(data):
    """Options of each network; the first is the model."""
    return {
        "digits": [ROOT / "models/digits_float.onnx", "--data", ROOT / "models/digits_test.npz"],
        "mnist_cntk": [data / "mnist/mnist_cntk.onnx", "--data", data / "mnist/test.npz"],
        "mnist_pytorch": [data / "mnist/ort_java_cnn_mnist_pytorch.onnx", "--data", data / "mnist/test.npz",
                          "--mean", "33.31845", "--scale", "0.0127286"],
        "resnet8": [data / "mlperf_tiny/resnet8_cifar10_fp32.onnx", "--data", data / "cifar10/test5000_jpeg.npz",
                    "--calibrate", data / "cifar10/calib1000_lossless.npz"],
        "kws": [data / "mlperf_tiny/alibaba_model_kws.onnx", "--data", data / "kws/test500_int8.npz",
                "--mean", "83", "--scale", "0.58470291"],
    }


def accuracy(qsim, options, recipe, seed=1):
    """The report's account of accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        recipe_file, report = pathlib.Path(folder) / "recipe.json", pathlib.Path(folder) / "report.json"
        recipe_file.write_text(json.dumps(recipe))
        command = [qsim, "run", *options, "--seed", seed, "--recipe", recipe_file, "--json", report]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return json.loads(report.read_text())["accuracy"]


def with_bits(bits, method):
    weights, activations = BITS[bits]
    return {"weights": weights, "activations": activations, **method}


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def print_methods(qsim, name, options):
    measured = {}
    for method, keys in METHODS.items():
        for bits in BITS:
            measured[method, bits] = accuracy(qsim, options, with_bits(bits, keys))
    one = measured["minmax", "W8A8"]
    print(f"\n{name}: float {100 * one['float_top1']:.2f} % of {one['scored_samples']} samples; "
          f"{one['calibration_samples']} others calibrate, seed 1\n")
    row([name, *BITS])
    row(["---"] * (1 + len(BITS)))
    for method in METHODS:
        row([method, *(f"{100 * measured[method, bits]['top1']:.2f}" for bits in BITS)])


def print_scatter(qsim, options, seeds):
    row(["KWS, W8A8", "mean loss", "deviation", "greatest loss", "losses in points, by seed"])
    row(["---"] * 5)
    for method in ("minmax", "moving-average", "percentile", "mse", "entropy"):
        losses = []
        for seed in range(1, seeds + 1):
            result = accuracy(qsim, options, with_bits("W8A8", METHODS[method]), seed)
            losses.append(100 * (result["float_top1"] - result["top1"]))
        row([method, f"{statistics.mean(losses):.2f}", f"{statistics.stdev(losses):.2f}", f"{max(losses):.2f}",
             " ".join(f"{loss:.2f}" for loss in losses)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qsim", default=ROOT / "build/release/sim/cli/qsim", type=pathlib.Path)
    parser.add_argument("--data", default=ROOT.parent / "shared/data", type=pathlib.Path)
    parser.add_argument("--seeds", default=0, type=int)
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    options = parser.parse_args()
    known = networks(options.data)
    if options.seeds:
        return print_scatter(options.qsim, known["kws"], options.seeds)
    for name in options.networks or known:
        if name not in known:
            parser.error(f"{name} is not one of {', '.join(known)}")
        print_methods(options.qsim, name, known[name])


if __name__ == "__main__":
    main()
