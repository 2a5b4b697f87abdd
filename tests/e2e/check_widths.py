#!/usr/bin/python3
"""Runs `qsim check` on float networks quantized to few bits, on machines with PE modes 8-4-2, and prints one line each.

    tests/e2e/check_widths.py [--engines A,B,...] [--machines A,B,...] [--only NAME,...] [--recipes A,B,...] [--qsim PATH]

Recipes: four (all weights and codes 4 bits), two (2 bits), mixed (another pair of widths for each layer, in turn). Networks: those of
NETWORKS that are present, the bundled one always. Otherwise like check_matrix.py.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import tempfile

import check_matrix
from check_matrix import DATA, ROOT

NETWORKS = {
    ROOT / "models/digits_float.onnx": ["--calibrate", ROOT / "models/digits_calib.npz"],
    DATA / "mlperf_tiny/resnet8_cifar10_fp32.onnx":
        ["--calibrate", DATA / "cifar10/calib1000_lossless.npz"],
    DATA / "mlperf_tiny/alibaba_model_kws.onnx": ["--calibrate", DATA / "kws/test500_int8.npz"],
    DATA / "mobilenet/mobilenet_v1_0.25_128_quant_float.onnx": [(2, 3, 128, 128), 1.0],
}
# Weights and codes of one layer after the other: all modes, weights narrower than codes, odd widths.
MIXED = [(8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (3, 5), (2, 8), (4, 3), (8, 4)]
MODES = ["--array.pe_modes", "8-4-2"]


def mixed(options, model, extra, folder):
    """A recipe that names every layer with weights."""
    report = folder / "report.json"
    command = [options.qsim, "run", *extra, model, "--json", report]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    layers = [layer["name"] for layer in json.loads(report.read_text())["layers"] if layer["op"] in ("conv", "depthwise")]
    widths = zip(layers, itertools.cycle(MIXED))
    return {"layers": {name: {"weights": w, "activations": a} for name, (w, a) in widths}}


def recipe(name, options, model, extra, folder):
    if name == "mixed":
        content = mixed(options, model, extra, folder)
    else:
        bits = {"four": 4, "two": 2}[name]
        content = {"weights": bits, "activations": bits, "input": bits}
    path = folder / f"{model.stem}-{name}.json"
    path.write_text(json.dumps(content))
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engines", default="reference,analytic,systemc")
    parser.add_argument("--machines", type=lambda text: text.split(","), default=["edge8", "edge16"])
    parser.add_argument("--only", type=lambda text: text.split(","), default=[""])
    parser.add_argument("--recipes", type=lambda text: text.split(","), default=["four", "two", "mixed"])
    parser.add_argument("--qsim", default=ROOT / "build/release/sim/cli/qsim", type=pathlib.Path)
    options = parser.parse_args()
    present = {m: e for m, e in NETWORKS.items() if m.exists() and any(name in m.stem for name in options.only)}
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for model, extra in present.items():
            extra = check_matrix.arguments(extra, folder)
            for name, machine in itertools.product(options.recipes, options.machines):
                path = recipe(name, options, model, extra, pathlib.Path(folder))
                arguments = [*extra, *MODES, "--recipe", path]
                for dataflow, memory in itertools.product(("ws", "os"), check_matrix.MEMORIES):
                    print(f"{name}: ", end="")
                    results.append(check_matrix.check(options, model, arguments, ["--arch", machine], dataflow, memory))
    print(f"{len(results)} checks, {results.count(False)} failed")
    return 1 if not all(results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
