#!/usr/bin/python3
"""Fits what changed bits in the registers of an element make its gates switch, and shows how wrong the fit is.

    .venv/bin/python scripts/fit_activity.py --train models/digits_qdq.onnx models/digits_test.npz \\
        --held-out ../shared/data/mlperf_tiny/resnet8_cifar10_qdq.onnx ../shared/data/cifar10/test100_lossless.npz

Elements (hw/rtl/qsim_pe_*.sv) are synthesized by yosys to gates (abc -g cmos) and simulated without delays: a toggle is a gate's
output that differs from one slot to the next. Registers are left out: their bits are counted, not fitted. Operands are random codes of
several distributions (RANDOM) and the codes of a model's convolutions on one sample. The law (docs/user/energy.md), for each dataflow
and mode, relative to uniformly random codes:

    toggles / random toggles = sum of share x changed bits / random changed bits,   over the kinds of bits of LAWS; shares add up to 1

Shares are fitted to RANDOM and --train; errors are of --held-out, which the fit has not seen. Prints what sim/price/switching.cpp holds.
Needs yosys, and numpy, onnx and onnxruntime (.venv).
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
RTL = ROOT / "hw/rtl"
ROWS = 16
REDUCTION = 144  # codes of a sum, where random ones normalise: 9 taps of 16 channels
RANDOM_SLOTS = 512  # of a tile
TILES, COLUMNS = 9, 4  # of a convolution that are simulated
SEED = 1
BITS = numpy.array([bin(i).count("1") for i in range(256)], dtype=numpy.uint8)
# Dataflow, PeModes of the element, pack of the codes: kinds of bits. `sign` are those of `operand` that are a code's sign: it turns over the
# high half of a product. A kind that does not lower the errors of a mode is left out of it.
LAWS = {
    ("ws", 0, 0): ("sign", "operand", "sum"), ("ws", 2, 1): ("operand", "sum"), ("ws", 2, 2): ("operand", "sum"),
    ("os", 0, 0): ("operand", "weight", "sum"), ("os", 2, 1): ("operand", "weight", "sum"), ("os", 2, 2): ("operand", "weight", "sum"),
}
# PeModes of other elements that do these codes: the law is judged on their gates, and not fitted to them.
OTHERS = {("ws", 0, 0): (1, 2), ("os", 0, 0): (1, 2), ("ws", 2, 1): (1,), ("os", 2, 1): (1,)}
KINDS = ("sign", "operand", "weight", "sum")
SIGNS = (0x80, 0x88, 0xaa)  # of the codes in a byte, by their pack

GATES = {
    "$_NOT_": lambda a: ~a, "$_AND_": lambda a, b: a & b, "$_OR_": lambda a, b: a | b,
    "$_NAND_": lambda a, b: ~(a & b), "$_NOR_": lambda a, b: ~(a | b), "$_XOR_": lambda a, b: a ^ b, "$_XNOR_": lambda a, b: ~(a ^ b),
    "$_AOI3_": lambda a, b, c: ~((a & b) | c), "$_OAI3_": lambda a, b, c: ~((a | b) & c),
    "$_AOI4_": lambda a, b, c, d: ~((a & b) | (c & d)), "$_OAI4_": lambda a, b, c, d: ~((a | b) & (c | d)),
    "$_MUX_": lambda a, b, s: numpy.where(s, b, a), "$_NMUX_": lambda a, b, s: ~numpy.where(s, b, a),
}


class Element:
    """The gates of an element between its registers, in the order of their evaluation."""

    def __init__(self, dataflow, modes):
        name = f"qsim_pe_{dataflow}"
        with tempfile.TemporaryDirectory() as folder:
            script = (f"read_verilog -sv {RTL}/qsim_subword_pkg.sv {RTL}/{name}.sv; chparam -set PeModes {modes} {name}; "
                      f"synth -flatten -top {name}; abc -g cmos; opt_clean; write_json {folder}/pe.json")
            subprocess.run(["yosys", "-q", "-p", script], check=True)
            modules = json.loads((pathlib.Path(folder) / "pe.json").read_text())["modules"]
        module = next(m for m in modules.values() if m["attributes"].get("top"))
        self.names = {name: net["bits"] for name, net in module["netnames"].items()}
        cells = [(c["type"], c["connections"]) for c in module["cells"].values()]
        self.registers = {pins["Q"][0]: pins["D"][0] for kind, pins in cells if "DFF" in kind}  # wire out: wire in
        known = {"0", "1"}
        known |= {wire for port in module["ports"].values() if port["direction"] == "input" for wire in port["bits"]}
        known |= self.registers.keys()
        self.sources = known
        left = [(kind, [pins[p][0] for p in sorted(pins) if p != "Y"], pins["Y"][0]) for kind, pins in cells if "DFF" not in kind]
        self.gates = []
        while left:
            ready = [gate for gate in left if known.issuperset(gate[1])]
            self.gates += ready
            known = known | {gate[2] for gate in ready}
            left = [gate for gate in left if gate[2] not in known]

    def evaluate(self, inputs):
        """Every wire's values [element, slot]: `inputs` are integers for ports and registers by name, 0 where none is said."""
        shape = next(iter(inputs.values())).shape
        zero = numpy.zeros(shape, dtype=bool)
        wires = dict.fromkeys(self.sources, zero)
        wires["1"] = ~zero
        for name, values in inputs.items():
            for bit, wire in enumerate(self.names[name]):
                wires[wire] = (values >> bit & 1).astype(bool)
        for kind, pins, output in self.gates:
            wires[output] = GATES[kind](*(wires[pin] for pin in pins))
        return wires

    def toggles(self, inputs):
        """Of all gates, an element and slot."""
        wires = self.evaluate(inputs)
        return sum(float((wires[output][:, 1:] != wires[output][:, :-1]).mean()) for _, _, output in self.gates)


def changed_bits(values):
    """Of a register [element, slot], a slot."""
    change = numpy.ascontiguousarray(values[:, 1:] ^ values[:, :-1])
    return float(BITS[change.view(numpy.uint8)].sum()) / change.size


def products(operand, weight, pack):
    """Sums of the 2^pack products of two bytes of codes."""
    width = 8 >> pack
    code = lambda byte, i: (((byte.astype(numpy.int32) >> (width * i)) & ((1 << width) - 1)) ^ (1 << (width - 1))) - (1 << (width - 1))
    return sum(code(operand, i) * code(weight, i) for i in range(1 << pack)).astype(numpy.int32)


def unsigned(values, bits):
    return values.astype(numpy.int64) & ((1 << bits) - 1)


def run_ws(element, words, weights, pack):
    """A tile: words [pixel, row], the weights [row] of a column. Returns (toggles, changed bits) a slot and element."""
    operand = numpy.ascontiguousarray(words.T)
    weight = numpy.repeat(weights[:, None], operand.shape[1], 1)
    sums = numpy.cumsum(products(operand, weight, pack), 0, dtype=numpy.int32)
    above = numpy.vstack([numpy.zeros((1, sums.shape[1]), numpy.int32), sums[:-1]])
    inputs = {"operand_i": unsigned(operand, 8) | pack << 10, "weight_q": unsigned(weight, 8), "sum_i": unsigned(above, 32),
              "en_i": numpy.ones(sums.shape, int)}
    return element.toggles(inputs), register_bits(operand, weight, sums, pack)


def run_os(element, words, weights, pack):
    """A group: words [pixel, code] of a whole sum, the weights [code] of a column, one sum after the other where there are several."""
    operand = numpy.ascontiguousarray(words)
    weight = numpy.repeat(weights[None, :], operand.shape[0], 0)
    sums = numpy.cumsum(products(operand, weight, pack), 1, dtype=numpy.int32)
    before = numpy.hstack([numpy.zeros((sums.shape[0], 1), numpy.int32), sums[:, :-1]])
    first = numpy.zeros(sums.shape[1], int)
    first[0] = 1
    inputs = {"operand_i": unsigned(operand, 8) | first << 8 | pack << 10, "weight_i": unsigned(weight, 8), "sum_q": unsigned(before, 32),
              "en_i": numpy.ones(sums.shape, int)}
    return element.toggles(inputs), register_bits(operand, weight, sums, pack)


def register_bits(operand, weight, sums, pack):
    signs = operand.view(numpy.uint8) & numpy.uint8(SIGNS[pack])
    return [changed_bits(values) for values in (signs, operand, weight, sums)]


def mean(samples):
    """Toggles and changed bits by kind, a slot and element."""
    return {"toggles": float(numpy.mean([toggles for toggles, _ in samples])),
            **dict(zip(KINDS, numpy.mean([bits for _, bits in samples], 0)))}


def packed(codes, pack):
    """Codes [..., n] of 8 bits, their low bits cut off, 2^pack in a byte [..., n / 2^pack]."""
    width = 8 >> pack
    narrow = (codes.astype(numpy.int32) >> (8 - width)) & ((1 << width) - 1)
    narrow = narrow.reshape(*codes.shape[:-1], codes.shape[-1] >> pack, 1 << pack)
    return (narrow << (width * numpy.arange(1 << pack))).sum(-1).astype(numpy.uint8).view(numpy.int8)


def clipped(values):
    return numpy.clip(numpy.round(values), -128, 127).astype(numpy.int8)


RANDOM = {
    "uniform": lambda rng, shape: rng.integers(-128, 128, shape).astype(numpy.int8),
    "normal 32": lambda rng, shape: clipped(rng.normal(0, 32, shape)),
    "normal 10": lambda rng, shape: clipped(rng.normal(0, 10, shape)),
    "relu at 0": lambda rng, shape: clipped(numpy.maximum(rng.normal(0, 40, shape), 0)),
    "relu at -128": lambda rng, shape: clipped(numpy.maximum(rng.normal(0, 40, shape), 0) - 128),
}


UNIFORM = "uniform x uniform"


def random_cases(element, dataflow, pack, rng):
    """Name -> toggles and changed bits; a distribution of activations with one of weights each."""
    cases = {}
    for name, activations in RANDOM.items():
        for weight_name in ("uniform", "normal 32", "normal 10"):
            weights = RANDOM[weight_name]
            pixels, codes = (RANDOM_SLOTS, ROWS << pack) if dataflow == "ws" else (ROWS, REDUCTION << pack)
            run = run_ws if dataflow == "ws" else run_os
            cases[f"{name} x {weight_name}"] = mean([
                run(element, packed(activations(rng, (pixels, codes)), pack), packed(weights(rng, codes), pack), pack) for _ in range(32)])
    return cases


def convolutions(model_path, data_path):
    """Name, codes [c, h, w] of one sample, their zero point, weights [n, c, kh, kw], attributes."""
    model = onnx.load(model_path)
    graph = model.graph
    values = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    quantized = {node.output[0]: node.input for node in graph.node if node.op_type == "DequantizeLinear"}
    found = []
    for node in graph.node:
        attributes = {a.name: list(a.ints) or a.i for a in node.attribute}
        if node.op_type == "Conv" and attributes.get("group", 1) == 1:
            found.append((node.output[0], quantized[node.input[0]], values[quantized[node.input[1]][0]], attributes))
    names = sorted({codes[0] for _, codes, _, _ in found})
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    plain = onnxruntime.SessionOptions()
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), plain)
    described = pathlib.Path(data_path).with_suffix(".json")
    scaling = json.loads(described.read_text()) if described.exists() else {"mean": [0], "scale": [1]}
    image = (numpy.load(data_path)["x"][:1].astype(numpy.float32) - scaling["mean"][0]) * scaling["scale"][0]
    outputs = dict(zip(names, session.run(names, {session.get_inputs()[0].name: image.astype(numpy.float32)})))
    for name, (codes, _, zero), weights, attributes in found:
        shift = 128 if outputs[codes].dtype == numpy.uint8 else 0  # the machine's codes are signed
        yield name, (outputs[codes][0].astype(int) - shift).astype(numpy.int8), int(values[zero]) - shift, weights, attributes


def tiles_of(codes, zero, weights, attributes, lanes):
    """Words [pixel, lane] and weights [lane, column] of each reduction tile. Few channels are packed with their taps, as the compiler does."""
    (kh, kw), (sh, sw), pads = attributes["kernel_shape"], attributes["strides"], attributes["pads"]
    image = numpy.pad(codes, ((0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=zero)
    height, width = (image.shape[1] - kh) // sh + 1, (image.shape[2] - kw) // sw + 1
    taps = [(image[:, y:y + sh * height:sh, x:x + sw * width:sw][:, :height, :width].reshape(codes.shape[0], -1).T, weights[:, :, y, x].T)
            for y in range(kh) for x in range(kw)]
    if codes.shape[0] * len(taps) <= 4 * ROWS:
        taps = [(numpy.hstack([tap[0] for tap in taps]), numpy.vstack([tap[1] for tap in taps]))]
    tiles = []
    for words, columns in taps:
        for first in range(0, words.shape[1], lanes):
            missing = max(0, first + lanes - words.shape[1])
            tiles.append((numpy.pad(words[:, first:first + lanes], ((0, 0), (0, missing))),
                          numpy.pad(columns[first:first + lanes], ((0, missing), (0, 0)))))
    return tiles


def model_cases(element, dataflow, pack, model, data, rng):
    cases = {}
    for name, *convolution in convolutions(model, data):
        tiles = tiles_of(*convolution, ROWS << pack)
        columns = rng.choice(tiles[0][1].shape[1], COLUMNS, replace=False)
        samples = []
        if dataflow == "ws":
            for tile in rng.permutation(len(tiles))[:TILES]:
                words, weights = tiles[tile]
                samples += [run_ws(element, packed(words, pack), packed(weights[:, j], pack), pack) for j in columns]
        else:
            words, weights = numpy.hstack([t[0] for t in tiles]), numpy.vstack([t[1] for t in tiles])
            for first in range(0, len(words), max(ROWS, len(words) // TILES)):
                samples += [run_os(element, packed(words[first:first + ROWS], pack), packed(weights[:, j], pack), pack) for j in columns]
        cases[f"{pathlib.Path(model).stem} {name}"] = mean(samples)
    return cases


def ratios_of(case, random, kinds):
    return numpy.array([case[kind] / random[kind] for kind in kinds])


def fit(cases, random, kinds):
    """Shares of the kinds of bits that add up to 1, for the least squares of relative errors."""
    rows = numpy.array([ratios_of(case, random, kinds) for case in cases])
    toggles = numpy.array([case["toggles"] / random["toggles"] for case in cases])
    # The last share is what the others leave.
    left = (rows[:, :-1] - rows[:, -1:]) / toggles[:, None]
    shares = numpy.linalg.lstsq(left, 1 - rows[:, -1] / toggles, rcond=None)[0]
    shares = numpy.append(shares, 1 - shares.sum())
    if (shares < 0).any():
        raise SystemExit(f"error: a share of {', '.join(kinds)} is negative: {shares}")
    return shares


def error_percent(shares, case, random, kinds):
    return 100 * (float(shares @ ratios_of(case, random, kinds)) / (case["toggles"] / random["toggles"]) - 1)


def print_table(cases, shares, random, kinds):
    print(f"    {'toggles, bits changed in a slot':42}{'toggles':>9}" + "".join(f"{kind:>9}" for kind in KINDS) + f"{'error %':>9}")
    for name, case in cases.items():
        print(f"    {name:42}{case['toggles']:9.1f}" + "".join(f"{case[kind]:9.2f}" for kind in KINDS) +
              f"{error_percent(shares, case, random, kinds):9.1f}")


def print_errors(name, cases, errors, random):
    without = numpy.mean([100 * (random["toggles"] / case["toggles"] - 1) for case in cases.values()])
    errors = numpy.array(errors)
    print(f"    {name}: {len(errors)} traces, error {errors.mean():+.1f} % on average, {numpy.sqrt((errors ** 2).mean()):.1f} % rms, "
          f"{errors.min():+.1f} .. {errors.max():+.1f} %; as random codes {without:+.0f} % on average")


def measure(law, train, held_out):
    """Cases by what they are for, and the shares that fit the first two; `train`, `held_out`: model and samples."""
    dataflow, modes, pack = law
    rng = numpy.random.default_rng(SEED)
    element = Element(dataflow, modes)
    cases = {"random": random_cases(element, dataflow, pack, rng),
             "trained on": model_cases(element, dataflow, pack, *train, rng),
             "held out": model_cases(element, dataflow, pack, *held_out, rng)}
    fitted = [*cases["random"].values(), *cases["trained on"].values()]
    return cases, fit(fitted, cases["random"][UNIFORM], LAWS[law]), len(element.gates)


def errors_of(law, shares, cases, random):
    return [error_percent(shares, case, random, LAWS[law]) for case in cases.values()]


def others(law, shares, held_out):
    """By PeModes of an element that the fit has not seen: its cases of random codes and of `held_out`, and the errors on them."""
    dataflow, _, pack = law
    found = {}
    for modes in OTHERS.get(law, ()):
        rng = numpy.random.default_rng(SEED)
        element = Element(dataflow, modes)
        cases = random_cases(element, dataflow, pack, rng)
        uniform = cases[UNIFORM]
        cases |= model_cases(element, dataflow, pack, *held_out, rng)
        found[modes] = cases, errors_of(law, shares, cases, uniform)
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--train", "--held-out"):
        parser.add_argument(name, nargs=2, metavar=("MODEL.onnx", "DATA.npz"), required=True, help="a quantized network (QDQ) and samples for it")
    options = parser.parse_args(arguments)
    for law, kinds in LAWS.items():
        cases, shares, gates = measure(law, options.train, options.held_out)
        uniform = cases["random"][UNIFORM]
        print(f"{law[0]}, {8 >> law[2]}-bit codes, {gates} gates: shares " +
              ", ".join(f"{kind} {share:.3f}" for kind, share in zip(kinds, shares)) +
              "; random bits " + ", ".join(f"{kind} {uniform[kind]:.2f}" for kind in KINDS))
        for traces in cases.values():
            print_table(traces, shares, uniform, kinds)
        for name, traces in cases.items():
            print_errors(name, traces, errors_of(law, shares, traces, uniform), uniform)
        for modes, (traces, errors) in others(law, shares, options.held_out).items():
            print_errors(f"element of PeModes {modes}", traces, errors, traces[UNIFORM])


if __name__ == "__main__":
    main()
