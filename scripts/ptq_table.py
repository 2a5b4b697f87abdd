#!/usr/bin/python3
"""Networks after post-training quantization, by method and bits: the tables of docs/user/quantization.md.

    scripts/ptq_table.py [--qsim PATH] [--data FOLDER] [--methods A;B] [--seeds N | --rounding | --bytes] [NETWORK ...]

Networks: digits mnist_cntk mnist_pytorch resnet8 kws, by top-1; squeezenet mobilenet micro_kws, which have no labelled samples, by
output SQNR and agreement with float. All if none is named. Digits comes with the project, the others from the folder of test data.
Samples that calibrate are never scored; they are drawn with seed 1, but for `resnet8`, which calibrates on another file. Other tables:
--seeds N: how the accuracy of KWS scatters over the seeds 1 to N; --rounding: ways to round weights, at most 2000 samples scored; --bytes: cycles on edge16 with
PE modes 8-4-2, and bytes of weights. With onnxruntime in .venv a line says what its own static quantization reaches (static_peer.py).
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
BITS = {"W8A8": (8, 8), "W4A8": (4, 8), "W4A4": (4, 4)}
ROUNDING_BITS = {"W4A8": (4, 8), "W3A8": (3, 8), "W4A4": (4, 4)}
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
    "mse, bias_correction, feedback, sequential": {**ALL, "sequential": True},
}
# With calibrator mse and bias correction.
ROUNDINGS = {
    "nearest": {"rounding": "nearest"},
    "nearest, weight_scale mse": {"rounding": "nearest", "weight_scale": "mse"},
    "adaround": {"rounding": "adaround"},
    "feedback": {"rounding": "feedback"},
    "adaround, sequential": {"rounding": "adaround", "sequential": True},
    "feedback, sequential": {"rounding": "feedback", "sequential": True},
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


def unlabelled(data, folder):
    """Networks without labelled samples. Pictures of CIFAR-10, enlarged; uniform noise for the spotter of keywords."""
    noise = folder / "noise.npz"
    np.savez(noise, x=np.random.default_rng(1).random((300, 1960), dtype=np.float32))
    pictures = ["--data", data / "cifar10/test100_lossless.npz"]
    return {
        "squeezenet": [data / "squeezenet/SqueezeNet_fp16.onnx", *pictures, "--resize", "224x224", "--channel-order", "BGR",
                       "--mean", "104,117,123"],
        "mobilenet": [data / "mobilenet/mobilenet_v1_0.25_128_quant_float.onnx", *pictures, "--resize", "128x128",
                      "--mean", "127.5", "--scale", "0.00784314"],
        "micro_kws": [data / "micro_kws/micro_kws_m_static_fp32.onnx", "--data", noise],
    }


def report_of(qsim, options, recipe, seed=1):
    with tempfile.TemporaryDirectory() as folder:
        recipe_file, report = pathlib.Path(folder) / "recipe.json", pathlib.Path(folder) / "report.json"
        recipe_file.write_text(json.dumps(recipe))
        command = [qsim, "run", *options, "--seed", seed, "--recipe", recipe_file, "--json", report]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return json.loads(report.read_text())


def accuracy(qsim, options, recipe, seed=1):
    """The report's account of accuracy."""
    return report_of(qsim, options, recipe, seed)["accuracy"]


def with_bits(bits, method):
    weights, activations = {**BITS, **ROUNDING_BITS}[bits]
    return {"weights": weights, "activations": activations, **method}


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(cells):
    row(cells)
    row(["---"] * len(cells))


def top1(share):
    return f"{100 * share:.2f}"


def peer(options):
    """What onnxruntime's static quantization reaches: a cell, or nothing without onnxruntime."""
    python = ROOT / ".venv/bin/python"
    if not python.exists():
        return None
    command = [python, ROOT / "scripts/static_peer.py", *options]
    result = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True)
    return result.stdout.strip()


def print_methods(qsim, name, options, methods):
    one = accuracy(qsim, options, with_bits("W8A8", {}))
    print(f"\n{name}: float {top1(one['float_top1'])} % of {one['scored_samples']} samples; "
          f"{one['calibration_samples']} others calibrate, seed 1\n")
    head([name, *BITS])
    if static := peer(options):
        row(["onnxruntime's own", static, "", ""])
    for method in methods:
        cells = [accuracy(qsim, [*options, "--skip-float"], with_bits(bits, METHODS[method])) for bits in BITS]
        row([method, *(top1(cell["top1"]) for cell in cells)])


def print_rounding(qsim, name, options):
    head([name, *ROUNDING_BITS])
    for method, keys in ROUNDINGS.items():
        cells = [accuracy(qsim, [*options, "--limit", 2000], with_bits(bits, {"calibrator": "mse", "bias_correction": True, **keys}))
                 for bits in ROUNDING_BITS]
        row([method, *(f"{top1(cell['top1'])}, {cell['output_sqnr_db']:.1f} dB" for cell in cells)])


def print_bytes(qsim, known):
    head(["network", *(f"{bits} {what}" for bits in BITS for what in ("cycles", "bytes"))])
    for name, options in known.items():
        cells = []
        for bits in BITS:
            figures = report_of(qsim, [*options, "--limit", 1, "--skip-float", "--array.pe_modes", "8-4-2"], with_bits(bits, {}))["figures"]
            cells += [f"{figures[key]['value']:,}" for key in ("cycles", "weight_bytes")]
        row([name, *cells])


def print_unlabelled(qsim, name, options):
    head([name, *BITS])
    for method in ("minmax", "mse, bias_correction, feedback", "mse, bias_correction, feedback, sequential"):
        cells = [accuracy(qsim, options, with_bits(bits, METHODS[method])) for bits in BITS]
        row([method, *(f"{cell['output_sqnr_db']:.1f} dB, {100 * cell['agreement']:.1f} %" for cell in cells)])


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
    parser.add_argument("--rounding", action="store_true")
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--methods", default=";".join(METHODS), help="separated by semicolons")
    options = parser.parse_args()
    known = networks(options.data)
    if options.seeds:
        return print_scatter(options.qsim, known["kws"], options.seeds)
    with tempfile.TemporaryDirectory() as folder:
        others = unlabelled(options.data, pathlib.Path(folder))
        every = {**known, **others}
        for name in options.networks:
            if name not in every:
                parser.error(f"{name} is not one of {', '.join(every)}")
        for name in options.networks or (every if not options.rounding else ("resnet8", "kws")):
            if options.bytes:
                continue
            if options.rounding:
                print_rounding(options.qsim, name, every[name])
            elif name in others:
                print_unlabelled(options.qsim, name, every[name])
            else:
                print_methods(options.qsim, name, every[name], options.methods.split(";"))
        if options.bytes:
            print_bytes(options.qsim, {name: every[name] for name in options.networks or every})


if __name__ == "__main__":
    main()
