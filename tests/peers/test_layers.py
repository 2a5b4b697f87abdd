#!/usr/bin/env python3
"""Every quantized convolution and matrix product of our networks, alone, against onnxruntime's integer kernels.

    tests/peers/test_layers.py [--full]     (with .venv/bin/python)

With the requantization mode `f32` every code must be equal; with `rne` the codes that differ are counted. A `layers:` line
for each network carries the figures of docs/reference/onnxruntime.md.
"""

import dataclasses
import unittest

import numpy as np
import peer

if not peer.missing():
    import onnx
    import quantized_layers

NETWORKS = {
    "digits": peer.ROOT / "models/digits_qdq.onnx",
    "resnet8": "mlperf_tiny/resnet8_cifar10_qdq.onnx",
    "micro_kws_qdq": "micro_kws/micro_kws_m_static_qdq.onnx",
    "micro_kws_qoperator": "micro_kws/micro_kws_m_static_qoperator.onnx",
    "mobilenet": "mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx",
    "conv_u8u8": "qdq_graphs/conv_qdq_u8u8.onnx",
    "conv_s8s8": "qdq_graphs/conv_qdq_s8s8_perchannel.onnx",
    "transform_conv": "qdq_graphs/transform__qdq_conv.onnx",
}
LAYERS = {
    "digits": 6, "resnet8": 10, "micro_kws_qdq": 6, "micro_kws_qoperator": 6, "mobilenet": 28,
    "conv_u8u8": 1, "conv_s8s8": 1, "transform_conv": 1,
}  # fmt: skip
OUTPUTS_PER_LAYER = 1_000_000 if peer.FULL else 40_000
MOST_SAMPLES = 4000 if peer.FULL else 64
# The largest share of differing codes that `rne` may have: 2.5e-6 was measured on random accumulators.
RNE_RATE = 2e-5


@dataclasses.dataclass
class Count:
    runs: int = 0
    codes: int = 0
    unsaturated: int = 0
    differing: int = 0
    largest: int = 0
    first: str = ""

    def add(self, name, ours, theirs):
        difference = np.abs(ours.astype(int) - theirs.astype(int))
        limits = np.iinfo(theirs.dtype)
        self.runs += 1
        self.codes += theirs.size
        self.unsaturated += int(np.sum((theirs > limits.min) & (theirs < limits.max)))
        self.differing += int(np.sum(difference != 0))
        self.largest = max(self.largest, int(difference.max(initial=0)))
        if difference.any() and not self.first:
            at = tuple(int(i) for i in np.argwhere(difference)[0])
            self.first = f"{name} at {at}: qsim {int(ours[at])}, onnxruntime {int(theirs[at])}"

    def __iadd__(self, other):
        for field in ("runs", "codes", "unsaturated", "differing"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.largest = max(self.largest, other.largest)
        return self


def random_codes(layer, samples, seed):
    """Half the samples uniform over all codes, half normal around the zero point, which saturates fewer outputs."""
    rng = np.random.default_rng(seed)
    limits = np.iinfo(layer.x_zero.dtype)
    uniform = rng.integers(limits.min, limits.max + 1, (samples, *layer.x_shape))
    normal = np.rint(rng.normal(int(layer.x_zero), 16, (samples // 2, *layer.x_shape)))
    uniform[: samples // 2] = np.clip(normal, limits.min, limits.max)
    return uniform.astype(layer.x_zero.dtype)


class LayersTest(peer.PeerTest):
    total = {}

    def layers(self, network):
        path = NETWORKS[network]
        return quantized_layers.layers_of(self.data(path) if isinstance(path, str) else path, network)

    def run_layer(self, layer, form, modes, counts):
        model = self.temporary / "layer.onnx"
        onnx.save(form(layer), str(model))
        optimised = self.temporary / "optimised.onnx"
        session = peer.onnxruntime_session(model, optimised_to=optimised)
        kernels = {node.op_type for node in onnx.load(str(optimised)).graph.node} - {"Transpose"}
        self.assertEqual(len(kernels), 1, f"{layer.name}: onnxruntime runs {kernels}")
        self.assertTrue(kernels <= quantized_layers.INTEGER_KERNELS, f"{layer.name}: onnxruntime runs {kernels}")

        one = np.zeros((1, *layer.x_shape), layer.x_zero.dtype)
        per_sample = peer.run_onnxruntime(session, one).size
        samples = min(max(4, OUTPUTS_PER_LAYER // per_sample), MOST_SAMPLES)
        x = random_codes(layer, samples, seed=len(layer.name) + per_sample)
        theirs = peer.run_onnxruntime(session, x, batch=16)
        for mode in modes:
            outputs, report = peer.run_qsim(model, x, "--vector.requant", mode)
            self.assertEqual(report["machine"]["vector.requant"], mode)
            ours = outputs["y"]
            self.assertEqual((ours.dtype, ours.shape), (theirs.dtype, theirs.shape), layer.name)
            counts.setdefault(mode, Count()).add(f"{layer.name} ({form.__name__})", ours, theirs)

    def check_network(self, network, keep=1):
        layers = self.layers(network)
        self.assertEqual(len(layers), LAYERS[network])
        counts = {}
        for layer in layers if peer.FULL else layers[::keep]:
            modes = ["f32", "rne"]
            self.run_layer(layer, quantized_layers.as_qoperator, modes, counts)
            unsigned = quantized_layers.with_unsigned_activations(layer)
            self.run_layer(unsigned, quantized_layers.as_qdq, modes if peer.FULL else ["f32"], counts)
        for mode, count in counts.items():
            rate = count.differing / count.codes
            print(
                f"layers: {network} {mode}: {count.runs} one-layer models, {count.codes:,} codes, "
                f"{count.unsaturated / count.codes:.0%} unsaturated, {count.differing} differ ({rate:.1e}), "
                f"by at most {count.largest} [{peer.instruction_set()}]",
                flush=True,
            )
            total = LayersTest.total.setdefault(mode, Count())
            total += count
        self.assertEqual(counts["f32"].differing, 0, counts["f32"].first)
        self.assertLessEqual(counts["rne"].largest, 1)
        self.assertLessEqual(counts["rne"].differing, max(1, RNE_RATE * counts["rne"].codes), counts["rne"].first)

    @classmethod
    def tearDownClass(cls):
        for mode, count in cls.total.items():
            print(
                f"layers: total {mode}: {count.runs} one-layer models, {count.codes:,} codes, {count.unsaturated:,} "
                f"unsaturated, {count.differing} differ: {count.differing / count.codes:.1e} of all, "
                f"{count.differing / count.unsaturated:.1e} of the unsaturated",
                flush=True,
            )

    def test_digits(self):
        self.check_network("digits")

    def test_resnet8(self):
        self.check_network("resnet8")

    def test_micro_kws_qdq(self):
        self.check_network("micro_kws_qdq")

    def test_micro_kws_qoperator(self):
        self.check_network("micro_kws_qoperator")

    def test_mobilenet_with_asymmetric_weights(self):
        self.check_network("mobilenet", keep=3)

    def test_conv_u8u8(self):
        self.check_network("conv_u8u8")

    def test_conv_s8s8(self):
        self.check_network("conv_s8s8")

    def test_transform_conv(self):
        self.check_network("transform_conv")

    def test_additions_of_constants(self):
        """Every code of every channel through micro_kws's QLinearAdd, whose second operand is constant. qsim multiplies by one
        and adds a bias of finite resolution (A5) where A20 would add codes: a sum next to a tie may fall on its other side."""
        graph = quantized_layers.Graph(self.data("micro_kws/micro_kws_m_static_qoperator.onnx"))
        count = Count()
        for layer, x in quantized_layers.additions_of_constants(graph):
            model = self.temporary / "layer.onnx"
            onnx.save(layer, str(model))
            theirs = peer.run_onnxruntime(peer.onnxruntime_session(model), x)
            outputs, _ = peer.run_qsim(model, x)
            count.add("addition", outputs["y"], theirs)
        print(f"layers: additions of constants: {count.codes:,} sums, {count.differing} differ, by at most {count.largest}")
        self.assertEqual(count.runs, 3)
        self.assertLessEqual(count.largest, 1)
        self.assertLessEqual(count.differing, 1e-3 * count.codes, count.first)

    def test_the_comparison_sees_other_rounding(self):
        """The same comparison with a 16-bit multiplier and with double rounding does find differences, all of one step."""
        for mode in ("m16", "tflite"):
            counts = {}
            for layer in self.layers("digits")[:3]:
                self.run_layer(layer, quantized_layers.as_qoperator, [mode], counts)
            self.assertGreater(counts[mode].differing, 0, mode)
            self.assertEqual(counts[mode].largest, 1, mode)
            self.assertLess(counts[mode].differing, 0.05 * counts[mode].codes, mode)

    def test_the_comparison_sees_one_wrong_weight(self):
        layer = self.layers("digits")[1]
        model = self.temporary / "layer.onnx"
        onnx.save(quantized_layers.as_qoperator(layer), str(model))
        x = random_codes(layer, 16, seed=1)
        theirs = peer.run_onnxruntime(peer.onnxruntime_session(model), x)
        layer.w = layer.w.copy()
        layer.w[0, 0, 0, 0] ^= 1
        onnx.save(quantized_layers.as_qoperator(layer), str(model))
        outputs, _ = peer.run_qsim(model, x, "--vector.requant", "f32")
        self.assertTrue(np.any(outputs["y"][:, 0] != theirs[:, 0]))
        np.testing.assert_array_equal(outputs["y"][:, 1:], theirs[:, 1:])


if __name__ == "__main__":
    peer.main()
