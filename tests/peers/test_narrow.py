#!/usr/bin/env python3
"""Networks whose file has codes of fewer than 8 bits, against onnxruntime: int4 and uint4 elements, and Clip between
QuantizeLinear and DequantizeLinear as Brevitas writes it.

    tests/peers/test_narrow.py      (with .venv/bin/python)

All scales are powers of two: what onnxruntime computes in float32 is then exact, and every code must be equal.
"""

import dataclasses

import numpy as np
import peer

if not peer.missing():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

SAMPLES = 16
SHAPE = (4, 6, 6)  # of a sample


def packed(codes, element_type):
    """An initializer's tensor of two codes a byte, the first in the low bits."""
    flat = codes.reshape(-1).astype(np.int64) & 15
    flat = np.append(flat, 0) if len(flat) % 2 else flat
    data = (flat[0::2] | flat[1::2] << 4).astype(np.uint8).tobytes()
    return {"data_type": element_type, "dims": codes.shape, "vals": data, "raw": True}


@dataclasses.dataclass
class Builder:
    """A chain of nodes; every method returns the name of its result."""

    opset: int
    nodes: list = dataclasses.field(default_factory=list)
    constants: list = dataclasses.field(default_factory=list)

    def name(self, what):
        return f"{what}{len(self.nodes) + len(self.constants)}"

    def constant(self, value):
        name = self.name("constant")
        tensor = helper.make_tensor(name, **value) if isinstance(value, dict) else numpy_helper.from_array(value, name)
        self.constants.append(tensor)
        return name

    def node(self, op, *inputs, **attributes):
        output = self.name(op.lower())
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def quantized(self, x, scale, zero, low=None, high=None):
        """Q, Clip if there are bounds, DQ. `zero` is an array, or a packed tensor."""
        scale, zero = self.constant(np.float32(scale)), self.constant(zero)
        codes = self.node("QuantizeLinear", x, scale, zero)
        if low is not None:
            codes = self.node("Clip", codes, self.constant(low), self.constant(high))
        return self.node("DequantizeLinear", codes, scale, zero)

    def model(self, y):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "narrow", [value("x", TensorProto.FLOAT, ["n", *SHAPE])],
            [value(y, TensorProto.FLOAT, None)], self.constants,
        )  # fmt: skip
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)


def scales(rng, channels):
    return (2.0 ** rng.integers(-4, -1, channels)).astype(np.float32)


class NarrowTest(peer.PeerTest):
    def compare(self, name, model):
        path = self.temporary / "model.onnx"
        onnx.save(model, path)
        x = np.random.default_rng(7).normal(0, 1, (SAMPLES, *SHAPE)).astype(np.float32)
        theirs = peer.run_onnxruntime(peer.onnxruntime_session(path, optimise=False), x)
        outputs, _ = peer.run_qsim(path, x, "--engine", "reference")
        ours = next(values for key, values in outputs.items() if key != "index")
        values = len(np.unique(theirs))
        print(f"narrow: {name}: {theirs.size} outputs of {values} values, {np.sum(ours != theirs)} differ", flush=True)
        self.assertGreater(values, 2)
        np.testing.assert_array_equal(ours, theirs)

    def test_four_bit_weights(self):
        for signed in (True, False):
            rng = np.random.default_rng(1)
            element = TensorProto.INT4 if signed else TensorProto.UINT4
            low = -8 if signed else 0
            b = Builder(21)
            x = b.quantized("x", 2**-5, np.uint8(131))
            scale = b.constant(scales(rng, 8))
            zero = b.constant(packed(np.full(8, low + 8) if signed else rng.integers(4, 12, 8), element))
            w = b.constant(packed(rng.integers(low, low + 16, (8, 4, 3, 3)), element))
            y = b.node("Conv", x, b.node("DequantizeLinear", w, scale, zero, axis=0), pads=[1, 1, 1, 1])
            y = b.quantized(b.node("Relu", y), 2**-4, np.uint8(0))
            w = b.constant(packed(rng.integers(low, low + 16, (288, 5)), element))
            scale = b.constant(np.float32(2**-3))
            zero = b.constant(packed(np.array(low + 8), element))
            y = b.node("MatMul", b.node("Flatten", y), b.node("DequantizeLinear", w, scale, zero))
            self.compare(f"weights {'int4' if signed else 'uint4'}", b.model(b.quantized(y, 0.5, np.int8(-3))))

    def test_four_bit_activations(self):
        rng = np.random.default_rng(2)
        b = Builder(21)
        x = b.quantized("x", 2**-2, packed(np.array(-1), TensorProto.INT4))
        w = rng.integers(-127, 128, (8, 4, 3, 3)).astype(np.int8)
        w = b.node("DequantizeLinear", b.constant(w), b.constant(np.float32(2**-6)))
        y = b.quantized(b.node("Conv", x, w), 0.5, packed(np.array(5), TensorProto.UINT4))
        y = b.node("MaxPool", y, kernel_shape=[2, 2])
        self.compare("activations int4, uint4", b.model(b.quantized(y, 0.25, packed(np.array(0), TensorProto.INT4))))

    def test_clipped_codes(self):
        for bits in (2, 3, 4, 5, 7):
            rng = np.random.default_rng(bits)
            half = 2 ** (bits - 1)
            b = Builder(13)
            x = b.quantized("x", 4 / 2**bits, np.int8(0), np.int8(-half), np.int8(half - 1))
            real = rng.normal(0, 1, (8, 4, 3, 3)).astype(np.float32)
            w = b.quantized(b.constant(real), 2 / 2**bits, np.int8(0), np.int8(1 - half), np.int8(half - 1))
            y = b.node("Relu", b.node("Conv", x, w))
            y = b.quantized(y, 8 / 2**bits, np.uint8(0), np.uint8(0), np.uint8(2**bits - 1))
            codes = rng.integers(-128, 128, (128, 5)).astype(np.int8)
            codes = b.node("Clip", b.constant(codes), b.constant(np.int8(-half)), b.constant(np.int8(half - 1)))
            w = b.node("DequantizeLinear", codes, b.constant(np.float32(0.25)))
            y = b.quantized(b.node("MatMul", b.node("Flatten", y), w), 0.5, np.int8(3))
            self.compare(f"clipped to {bits} bits", b.model(y))


if __name__ == "__main__":
    peer.main()
