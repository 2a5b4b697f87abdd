#!/usr/bin/python3
"""Runs `qsim check` for networks x machines x dataflows x memories and prints one line each.

    tests/e2e/check_matrix.py [--quick] [--engines A,B,...] [--machines A,B,...] [--memories A,B,...] [--only NAME,...] [--qsim PATH] [MODEL.onnx ...]

Without models: every network that the issue of the engines' equality names and that is present, bundled
ones always; of these, with --only, those whose file's name contains one of the names. Quick: the bundled network alone, one memory.
Machines: names or RxC, memories: models or bytes a cycle, of those below. Exits with 1 when any check fails, and ends with a line that counts them.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"

# path -> arguments that give a float network its values: calibration data, or the shape and the largest
# value of noise to calibrate on where there is none.
NETWORKS = {
    ROOT / "models/digits_qdq.onnx": [],
    DATA / "mnist/mnist_cntk.onnx": ["--calibrate", DATA / "mnist/test.npz"],
    DATA / "mnist/ort_java_cnn_mnist_pytorch.onnx": ["--calibrate", DATA / "mnist/test.npz"],
    DATA / "mlperf_tiny/resnet8_cifar10_fp32.onnx":
        ["--calibrate", DATA / "cifar10/calib1000_lossless.npz"],
    DATA / "mlperf_tiny/resnet8_cifar10_qdq.onnx": [],
    DATA / "mlperf_tiny/alibaba_model_kws.onnx": ["--calibrate", DATA / "kws/test500_int8.npz"],
    DATA / "micro_kws/micro_kws_m_static_fp32.onnx": [(8, 1960), 1.0],
    DATA / "micro_kws/micro_kws_m_static_qdq.onnx": [],
    DATA / "micro_kws/micro_kws_m_static_qoperator.onnx": [],
    DATA / "mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx": [],
    DATA / "squeezenet/SqueezeNet_fp16.onnx": [(2, 3, 224, 224), 255.0],
    DATA / "shapes/light_resnet50.onnx": [],
}
MACHINES = [["--arch", "tiny4"], ["--arch", "edge8"], ["--arch", "edge16"],
            ["--array", "5x7"], ["--array", "16x4"], ["--array", "32x16"]]
MEMORIES = [["--memory.model", "ideal"], ["--memory.bytes_per_cycle", "3.3"],
            ["--memory.model", "ddr4-2400"], ["--memory.model", "lpddr4-3200", "--memory.channel_bits", "32"]]


def arguments(extra, folder):
    """What to pass for an entry of NETWORKS; writes noise into `folder` where it asks for it."""
    if not extra or isinstance(extra[0], str):
        return extra
    shape, largest = extra
    path = pathlib.Path(folder) / ("noise" + "x".join(map(str, shape)) + ".npz")
    noise = numpy.random.default_rng(1).uniform(0, largest, shape)
    numpy.savez(path, x=noise.astype(numpy.float32))
    return ["--calibrate", path]


def check(options, model, extra, machine, dataflow, memory):
    command = [options.qsim, "check", "--engines", options.engines, *machine, "--dataflow", dataflow, *memory, *extra, model]
    begin = time.time()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    name = f"{model.stem} {machine[1]} {dataflow} {memory[1]}"
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    verdict = "equal" if done.returncode == 0 else "DIFFERS"
    print(f"{verdict}: {name} ({time.time() - begin:.1f} s): {'; '.join(lines)}", flush=True)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engines", default="reference,analytic,systemc")
    parser.add_argument("--machines", type=lambda text: text.split(","))
    parser.add_argument("--memories", type=lambda text: text.split(","))
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--qsim", default=ROOT / "build/release/sim/cli/qsim", type=pathlib.Path)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    networks = {model: [] for model in options.models} or NETWORKS
    if options.quick:
        networks = dict(list(NETWORKS.items())[:1])
    if options.only:
        chosen = [model for model in networks if any(name in model.stem for name in options.only)]
        networks = {model: networks[model] for model in chosen}
    results = []
    folder = tempfile.TemporaryDirectory()
    for model, extra in networks.items():
        if not model.exists():
            print(f"skipped: {model.name} is not there")
            continue
        extra = arguments(extra, folder.name)
        for machine in (m for m in MACHINES if not options.machines or m[1] in options.machines):
            for dataflow in ("ws", "os"):
                for memory in MEMORIES[:1] if options.quick else MEMORIES:
                    if options.memories and memory[1] not in options.memories:
                        continue
                    results.append(check(options, model, extra, machine, dataflow, memory))
    print(f"{sum(results)} checks equal, {len(results) - sum(results)} differ")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main())
