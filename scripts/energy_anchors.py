#!/usr/bin/env python3
"""Prints docs/reference/energy-anchors.md: energies that qsim computes beside published ones.

    .venv/bin/python scripts/energy_anchors.py [--qsim build/release/sim/cli/qsim] > docs/reference/energy-anchors.md

Needs the package onnx (scripts/setup.sh --test). Every figure of ours comes from a run of `qsim run`; published ones
carry their source.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parent.parent


def convolution(path, channels, outputs, height, width, kernel=1):
    """A model of one convolution; its weights are of no consequence to cycles and energy."""
    pad = kernel // 2
    weights = helper.make_tensor("w", TensorProto.FLOAT, [outputs, channels, kernel, kernel],
                                 numpy.full(outputs * channels * kernel * kernel, 0.01, numpy.float32))
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", kernel_shape=[kernel, kernel], pads=[pad] * 4)
    graph = helper.make_graph([node], "one", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, height, width])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs, height, width])], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))


class Anchors:
    def __init__(self, qsim, folder):
        self.qsim, self.folder = qsim, pathlib.Path(folder)

    def run(self, layer, keys):
        """The report of a layer (arguments of convolution()) on a machine, without host steps' cost."""
        model, out = self.folder / "layer.onnx", self.folder / "r.json"
        convolution(model, *layer)
        options = [word for key, value in {"host.step_cycles": 0, "host.elements_per_cycle": 4096, **keys}.items()
                   for word in (f"--{key}", str(value))]
        subprocess.run([str(self.qsim), "run", *options, "--json", str(out), str(model)], check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text(encoding="utf-8"))


def on_chip(report, end="value"):
    """nJ of everything but the DRAM."""
    return sum(part[end] for name, part in report["energy"]["components"].items() if name != "dram")


def seconds(report):
    return report["figures"]["cycles"]["value"] / (report["machine"]["clock.mhz"] * 1e6)


TPU = {"array.rows": 256, "array.cols": 256, "buffers.act_kib": 24576, "buffers.weight_kib": 256, "buffers.param_kib": 64,
       "buffers.acc_entries": 4096, "vector.lanes": 256, "memory.bus_bytes": 64, "memory.bytes_per_cycle": 48.571,
       "dma.load_outstanding": 128, "clock.mhz": 700, "prices.technology": "28nm"}
EYERISS = {"array.rows": 12, "array.cols": 14, "buffers.act_kib": 64, "buffers.weight_kib": 32, "buffers.param_kib": 8,
           "vector.lanes": 12, "clock.mhz": 200, "prices.technology": "45nm"}
VIT = {"memory.bus_bytes": 64, "memory.bytes_per_cycle": 64, "buffers.act_kib": 2048, "buffers.weight_kib": 1024, "buffers.param_kib": 128,
       "vector.lanes": 32, "clock.mhz": 500, "prices.technology": "45nm"}
VIT_LAYERS = ((768, 2304, 1, 197), (768, 768, 1, 197), (768, 3072, 1, 197), (3072, 768, 1, 197))  # of each of 12 blocks


def tpu_lines(anchors):
    report = anchors.run((256, 256, 96, 96, 3), TPU)
    macs = report["total"]["macs"]
    watts = {end: on_chip(report, end) * 1e-9 / seconds(report) for end in ("low", "value", "high")}
    parts = report["energy"]["components"]
    still = (parts["clock"]["value"] + parts["leakage"]["value"]) * 1e-9 / seconds(report)
    return [f"| TPU v1, busy | 40 W | {watts['value']:.1f} W ({watts['low']:.1f} .. {watts['high']:.1f}) |",
            f"| TPU v1, energy per MAC | 0.93 pJ (40 W at 86 TOPS) | {on_chip(report) * 1e3 / macs:.2f} pJ, "
            f"{report['figures']['utilization']['value']:.0f} % of the peak |",
            f"| TPU v1, idle | 28 W | {still:.1f} W of clock and leakage |",
            f"| TPU v1, area | 331 mm2 (recalled) | {report['figures']['area_mm2']['value']:.0f} mm2 "
            f"({report['figures']['area_mm2']['low']:.0f} .. {report['figures']['area_mm2']['high']:.0f}) |"]


def eyeriss_lines(anchors):
    report = anchors.run((256, 384, 13, 13, 3), EYERISS)
    per_mac = {end: on_chip(report, end) * 1e3 / report["total"]["macs"] for end in ("low", "value", "high")}
    return [f"| Eyeriss, energy per MAC without DRAM | 11.9 pJ (AlexNet), 22 (VGG-16) at 65 nm, 16 bits | {per_mac['value']:.2f} pJ "
            f"({per_mac['low']:.2f} .. {per_mac['high']:.2f}) at 45 nm, 8 bits |"]


def vit_lines(anchors):
    energy, cycles = {}, {}
    for size in (32, 128):
        reports = [anchors.run(layer, {**VIT, "array.rows": size, "array.cols": size}) for layer in VIT_LAYERS]
        energy[size] = sum(on_chip(report) for report in reports)
        cycles[size] = sum(report["figures"]["cycles"]["value"] for report in reports)
    return [f"| ViT-base, cycles of 32x32 over 128x128 | 6.53 (SCALE-Sim v3) | {cycles[32] / cycles[128]:.2f} |",
            f"| ViT-base, energy of 128x128 over 32x32 | 2.86 (SCALE-Sim v3) | {energy[128] / energy[32]:.2f} |"]


TEXT = """# Energy beside published figures

Printed by `scripts/energy_anchors.py`, which runs qsim for every figure of ours; do not edit. A test keeps the page fresh.

| anchor | published | qsim |
|---|---|---|
{lines}

## What is compared

- **TPU v1** (Jouppi et al., ISCA 2017): 256x256, 28 nm, 700 MHz, 24 MiB of activations, 4 MiB of accumulators, 34 GB/s. Ours is a 3x3 convolution of 256 to 256 channels
  on a machine of that size, chip alone. The published powers are of a chip with pins, and of CNN0 at 78 % of its peak.
- **Eyeriss** (Chen et al., JSSC 2017): 168 elements, 108 KiB, 65 nm, 16 bits, row-stationary, 278 mW at 35 frames/s. Ours is AlexNet's third convolution on 12x14 with 104 KiB.
- **ViT-base** (SCALE-Sim v3, Raj et al., ISPASS 2025): 32x32 beside 128x128 with equal buffers. Ours are the matrix products with weights of a block (197 tokens), chip alone.

## Where we agree, where not, and why

- Interval: prices at one end at once give a range of about ten. A published figure inside of it says that the prices are not wrong by their kind, no more.
- Eyeriss: 16-bit products cost four times as much, 65 nm about 1.25 times 45 nm, and its elements read and write a register file of 0.5 KiB for each
  multiply-accumulate, which a systolic array does not have. Ours should be lower by several times; the two machines share little but the task.
- TPU v1: power and area agree within the interval; the value of the power is close, but at a lower load. The energy per multiply-accumulate is higher, in part because our layer uses the array less.
- TPU v1, idle: its 28 W are pins, PCIe and DRAM interfaces, too, which are not modelled here.
- ViT-base: cycles agree roughly (machines, buffers and stalls are not the same), energy does not even in its direction. Idle elements of the larger array pay clock and leakage here
  as well, but each word of a buffer serves four times as many elements, and that outweighs it by our prices; in SCALE-Sim's the array costs more than the
  buffers. Who trusts either should look at the breakdown: the answer hangs on the price of a buffer's access, which published figures leave open by a factor of three.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qsim", type=pathlib.Path, default=ROOT / "build/release/sim/cli/qsim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qsim_anchors_") as folder:
        anchors = Anchors(options.qsim.resolve(), folder)
        lines = tpu_lines(anchors) + eyeriss_lines(anchors) + vit_lines(anchors)
    print(TEXT.format(lines="\n".join(lines)), end="")


if __name__ == "__main__":
    main()
