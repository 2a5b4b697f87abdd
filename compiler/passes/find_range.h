// The calibrators: from what was seen of a tensor to the range that its codes shall cover.
#pragma once

#include "compiler/passes/calibrate.h"
#include "compiler/passes/histogram.h"
#include "compiler/passes/methods.h"

namespace qsim {

// What calibration saw of the tensors that share one quantization.
struct Observed {
  Range range;          // least and greatest value
  Range average;        // as kMovingAverage has it
  Histogram histogram;  // empty unless the method needs it
};

// The range, in reals, for codes of `bits` bits, 2 to 8, that quantization_of(range, bits, form)
// makes into scale and zero point. A tensor of zeros keeps its range.
//
//   minmax          least and greatest value
//   moving-average  least and greatest value of each batch, averaged with weights that fall by 0.99
//                   a batch and sum to 1 (Jacob et al., "Quantization and training of neural
//                   networks for efficient integer-arithmetic-only inference", CVPR 2018, sec. 3.1;
//                   without bias towards the first batch as in Kingma and Ba, "Adam", ICLR 2015)
//   percentile P    without the greatest and the least (100 - P) / 2 percent of values; symmetric:
//                   without 100 - P percent of magnitudes (Wu et al., "Integer quantization for
//                   deep learning inference", 2020). Rounded out to a bin's edge.
//   mse             least sum of squared rounding and clipping errors; the ends are shrunk by
//   powers
//                   of 0.97, together, on a coarse grid and then each alone; at a tie the range
//                   tried first, the widest of them
//                   (Nagel et al., "A white paper on neural network quantization", 2021, sec. 3.1)
//   entropy         least Kullback-Leibler divergence between values and codes (Migacz, "8-bit
//                   inference with TensorRT", GTC 2017), of at most 2048 bins on a side, over
//                   ranges within [-t, t], t shrunk by powers of 0.97; at a tie the widest. What is
//                   beyond the range counts at its ends in the distribution of values and is
//                   missing in that of codes; zeros, which are exact, are left out.
Range find_range(const Observed& seen, const RangeMethod& method, int32_t bits, ScaleForm form);

}  // namespace qsim
