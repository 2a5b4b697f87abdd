// Host layers by rules A35 to A41, element by element.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/support/slow_arithmetic.h"

namespace qsim::testing {
namespace {

struct Element {
  int64_t n, y, x, c;
};

class SlowHost {
 public:
  SlowHost(const IntegerNetwork& network, const Layer& layer,
           const std::vector<const Tensor*>& inputs)
      : network_(network), layer_(layer), inputs_(inputs), to_(network.tensor(layer.output)) {}

  double element(Element at) const {
    switch (layer_.op) {
      case LayerOp::kHostTable: {
        const size_t table = layer_.table.size() == 256 ? 0 : static_cast<size_t>(at.c);
        return layer_.table[table * 256 + static_cast<size_t>(code(0, at) + 128)];
      }
      case LayerOp::kHostAdd:
        return sum(at, 1);
      case LayerOp::kHostSub:
        return sum(at, -1);
      case LayerOp::kHostMul: {
        volatile float product = scale(0) * scale(1);
        volatile float ratio = product / to_.quant.scale;
        return clamp(slow_scale(Exact{steps(0, at)} * steps(1, at), ratio));
      }
      case LayerOp::kHostDiv:
        return nearest(double{scale(0)} * steps(0, at) / (double{scale(1)} * steps(1, at)));
      case LayerOp::kHostResize:
        return interpolated(at);
      case LayerOp::kHostLrn:
        return normalized(at);
      case LayerOp::kHostArgMax:
        return arg_max(at);
      default:
        throw std::logic_error("slow reference: not a host layer");
    }
  }

 private:
  const NetTensor& from(size_t i) const { return network_.tensor(layer_.inputs[i]); }
  float scale(size_t i) const { return from(i).quant.scale; }

  // A coordinate beyond a dimension of 1 repeats its only element.
  int64_t index(size_t i, Element at) const {
    const NetTensor& t = from(i);
    const int64_t n = t.n == 1 ? 0 : at.n, y = t.h == 1 ? 0 : at.y;
    const int64_t x = t.w == 1 ? 0 : at.x, c = t.c == 1 ? 0 : at.c;
    return ((n * t.h + y) * t.w + x) * t.c + c;
  }
  int32_t code(size_t i, Element at) const { return inputs_[i]->data<int8_t>()[index(i, at)]; }
  int32_t steps(size_t i, Element at) const { return code(i, at) - from(i).quant.zero_point; }
  int32_t clamp(Exact value) const {
    return slow_clamp(value, to_.quant.zero_point, layer_.clamp_low, layer_.clamp_high);
  }
  int32_t nearest(double real) const {
    const double y = std::rint(real / double{to_.quant.scale});
    if (std::isnan(y)) return clamp(0);
    return clamp(y > 1000 ? 1000 : y < -1000 ? -1000 : static_cast<int>(y));
  }

  // A36, with A20's multipliers.
  int32_t sum(Element at, int sign) const {
    const double ra = double{scale(0)} / double{to_.quant.scale};
    const double rb = double{scale(1)} / double{to_.quant.scale};
    int s = 62;
    while (s > 0 && std::rint(std::ldexp(std::max(ra, rb), s)) >= 4194304.0) --s;
    const auto ma = static_cast<int64_t>(std::rint(std::ldexp(ra, s)));
    const auto mb = static_cast<int64_t>(std::rint(std::ldexp(rb, s)));
    return clamp(
        slow_round_half_even(Exact{ma} * steps(0, at) + Exact{sign} * mb * steps(1, at), s));
  }

  int32_t interpolated(Element at) const {
    const Interpolation row = layer_.rows[static_cast<size_t>(at.y)];
    const Interpolation column = layer_.columns[static_cast<size_t>(at.x)];
    Exact total = 0;
    for (const bool lower : {false, true}) {
      for (const bool right : {false, true}) {
        const Exact high = lower ? row.weight : (1 << 20) - row.weight;
        const Exact wide = right ? column.weight : (1 << 20) - column.weight;
        total += high * wide *
                 steps(0, {at.n, lower ? row.second : row.first,
                           right ? column.second : column.first, at.c});
      }
    }
    return clamp(slow_round_half_even(total, 40));
  }

  int32_t normalized(Element at) const {
    const Normalization& norm = layer_.normalization;
    const auto real = [&](int64_t c) { return double{scale(0)} * steps(0, {at.n, at.y, at.x, c}); };
    double sum_of_squares = 0;
    for (int64_t c = at.c - (norm.size - 1) / 2; c <= at.c + norm.size / 2; ++c) {
      if (c >= 0 && c < to_.c) sum_of_squares += real(c) * real(c);
    }
    const double base = double{norm.bias} + double{norm.alpha} / norm.size * sum_of_squares;
    return nearest(real(at.c) / std::pow(base, double{norm.beta}));
  }

  double arg_max(Element at) const {
    const std::vector<float> values = inputs_[0]->as_floats();
    int64_t best = 0;
    const auto value = [&](int64_t c) {
      return values[static_cast<size_t>(index(0, {at.n, at.y, at.x, c}))];
    };
    for (int64_t c = 0; c < from(0).c; ++c) {
      if (layer_.takes_last ? value(c) >= value(best) : value(c) > value(best)) best = c;
    }
    return static_cast<double>(best);
  }

  const IntegerNetwork& network_;
  const Layer& layer_;
  const std::vector<const Tensor*>& inputs_;
  const NetTensor& to_;
};

}  // namespace

Tensor slow_late_host_layer(const IntegerNetwork& network, const Layer& layer,
                            const std::vector<const Tensor*>& inputs) {
  const NetTensor& to = network.tensor(layer.output);
  const SlowHost host(network, layer, inputs);
  Tensor out(to.is_float ? DataType::kFloat : DataType::kInt8, {to.n, to.h, to.w, to.c});
  int64_t i = 0;
  for (int64_t n = 0; n < to.n; ++n) {
    for (int64_t y = 0; y < to.h; ++y) {
      for (int64_t x = 0; x < to.w; ++x) {
        for (int64_t c = 0; c < to.c; ++c, ++i) {
          const double value = host.element({n, y, x, c});
          if (to.is_float) {
            out.data<float>()[i] = static_cast<float>(value);
          } else {
            out.data<int8_t>()[i] = static_cast<int8_t>(value);
          }
        }
      }
    }
  }
  return out;
}

}  // namespace qsim::testing
