"""The arithmetic of training against integers and fractions, and its gradients against LSQ's formulas."""

import fractions
import random

from support import MISSING, QatTest

if not MISSING:
    import numpy as np
    import torch
    from qat import arithmetic
    from qat.qat_network import Quantizer

F = fractions.Fraction


def f32(value):
    """fl32 of a fraction, through numpy: float(Fraction) rounds once to float64, and no product of two float32 has more bits."""
    return F(float(np.float32(float(value))))


class ArithmeticTest(QatTest):
    def test_product_is_rounded_once(self):
        rng = random.Random(1)
        for _ in range(2000):
            sx, sw, sy = (F(float(np.float32(2.0 ** rng.uniform(-12, 2)))) for _ in range(3))
            accumulator = rng.randrange(-(2**29) + 1, 2**29)
            multiplier = F(float(np.float32(np.float32(float(f32(sx * sw))) / np.float32(float(sy)))))
            tensors = [torch.tensor(float(s), dtype=torch.float64) for s in (sx, sw, sy)]
            result = torch.round(accumulator * arithmetic.product_multiplier(*tensors))
            self.assertEqual(int(result), round(accumulator * multiplier))

    def test_add_has_22_bits(self):
        rng = random.Random(2)
        for _ in range(500):
            sa, sb, sy = (float(np.float32(2.0 ** rng.uniform(-9, 3))) for _ in range(3))
            ra, rb = sa / sy, sb / sy
            shift = max(s for s in range(-40, 70) if round(F(max(ra, rb)) * F(2) ** s) < 2**22)
            expected = [float(round(F(r) * F(2) ** shift) / F(2) ** shift) for r in (ra, rb)]
            found = arithmetic.add_multipliers(*(torch.tensor(s, dtype=torch.float64) for s in (sa, sb, sy)))
            self.assertEqual([float(m) for m in found], expected)

    def test_ties_go_to_even(self):
        v = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
        self.assertEqual(arithmetic.rounded(v).tolist(), [0, 2, 2, 0, -2])

    def test_gradient_of_a_step_size(self):
        v = torch.tensor([-3.0, -0.26, 0.1, 0.74, 9.0])
        quantizer = Quantizer(0.5, 2, 0, 7, True)  # codes - zero in [-2, 5]
        step = quantizer.step_size(len(v), torch.float32)
        (quantizer.codes(v / step) * step).sum().backward()
        inside = [round(x / 0.5) - x / 0.5 for x in (-0.26, 0.1, 0.74)]
        expected = (sum(inside) - 2 + 5) / (len(v) * 5) ** 0.5
        self.assertAlmostEqual(float(quantizer.scale.grad), expected, places=5)

    def test_gradient_of_values_is_straight_through(self):
        v = torch.tensor([-3.0, -0.26, 0.1, 0.74, 9.0], requires_grad=True)
        quantizer = Quantizer(0.5, 2, 0, 7, False)
        (quantizer.codes(v / 0.5) * 0.5).sum().backward()
        self.assertEqual(v.grad.tolist(), [0, 1, 1, 1, 0])
        self.assertIsNone(quantizer.scale.grad)


if __name__ == "__main__":
    import unittest

    unittest.main()
