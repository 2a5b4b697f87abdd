#include "compiler/passes/weight_index.h"

namespace qsim {

WeightIndex index_conv(const Operand& weight) {
  const size_t rank = weight.shape.size();
  const int64_t kh = rank == 4 ? weight.shape[2] : 1, kw = weight.shape.back();
  WeightIndex index{weight.strides[0], {}, {}};
  for (int64_t y = 0; y < kh; ++y) {
    for (int64_t x = 0; x < kw; ++x) {
      for (int64_t i = 0; i < weight.shape[1]; ++i) {
        index.taps.push_back(i * weight.strides[1] + x * weight.strides.back() +
                             (rank == 4 ? y * weight.strides[2] : 0));
        index.rows.push_back((i * kh + y) * kw + x);
      }
    }
  }
  return index;
}

WeightIndex index_matmul(const Op& op, const LayerOrigin& origin, const NetTensor& in,
                         const Window& window) {
  const Operand& weight = op.weight;
  const size_t k_axis = op.weight_rows ? 1 : 0;
  WeightIndex index{weight.strides[1 - k_axis], {}, {}};
  index.taps.resize(static_cast<size_t>(weight.shape[k_axis]));
  index.rows.resize(index.taps.size());
  for (int64_t k = 0; k < weight.shape[k_axis]; ++k) {
    int64_t rest = k, memory = 0;
    for (size_t a = origin.reduction.size(); a-- > 0; rest /= origin.reduction[a].extent) {
      memory += rest % origin.reduction[a].extent * origin.reduction[a].stride;
    }
    const int64_t y = memory / (int64_t{in.w} * in.c), x = memory / in.c % in.w, i = memory % in.c;
    const auto tap = static_cast<size_t>((y * window.kw + x) * in.c + i);
    index.taps[tap] = k * weight.strides[k_axis];
    index.rows[tap] = k;
  }
  return index;
}

}  // namespace qsim
