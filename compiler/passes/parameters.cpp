#include "compiler/passes/parameters.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

constexpr double kBiasLimit = 1 << 30;  // keeps room for the products in the accumulator

// Real factor and offset per output channel: y = factor * (x * w) + offset.
struct ChannelMap {
  std::vector<double> factor, offset;
};

double entry(const std::vector<double>& values, size_t channel) {
  return values[values.size() == 1 ? 0 : channel];
}

void apply(const Affine& affine, ChannelMap& map) {
  const size_t channels = map.factor.size();
  if (affine.addend.exists()) {
    const std::vector<double> addend = real_values(affine.addend);
    for (size_t c = 0; c < channels; ++c) map.offset[c] += entry(addend, c);
    return;
  }
  const std::vector<double> scale = real_values(affine.scale), shift = real_values(affine.shift);
  const std::vector<double> mean = real_values(affine.mean),
                            variance = real_values(affine.variance);
  for (size_t c = 0; c < channels; ++c) {
    const double factor = entry(scale, c) / std::sqrt(entry(variance, c) + affine.epsilon);
    map.factor[c] *= factor;
    map.offset[c] = (map.offset[c] - entry(mean, c)) * factor + entry(shift, c);
  }
}

// Where the stored weight of (output channel, tap) lies: start of the channel plus offset of the
// tap.
struct WeightIndex {
  int64_t channel_stride = 0;
  std::vector<int64_t> taps;  // in the order of Layer::weights: ky, kx, i
};

WeightIndex index_conv(const Operand& weight) {
  const size_t rank = weight.shape.size();
  const int64_t kh = rank == 4 ? weight.shape[2] : 1, kw = weight.shape.back();
  WeightIndex index{weight.strides[0], {}};
  for (int64_t y = 0; y < kh; ++y) {
    for (int64_t x = 0; x < kw; ++x) {
      for (int64_t i = 0; i < weight.shape[1]; ++i) {
        index.taps.push_back(i * weight.strides[1] + x * weight.strides.back() +
                             (rank == 4 ? y * weight.strides[2] : 0));
      }
    }
  }
  return index;
}

// The k-th row of the matrix belongs to the element of the window at the memory offset of k.
WeightIndex index_matmul(const Op& op, const LayerOrigin& origin, const NetTensor& in,
                         const Window& window) {
  const Operand& weight = op.weight;
  const size_t k_axis = op.weight_rows ? 1 : 0;
  WeightIndex index{weight.strides[1 - k_axis], {}};
  index.taps.resize(static_cast<size_t>(weight.shape[k_axis]));
  for (int64_t k = 0; k < weight.shape[k_axis]; ++k) {
    int64_t rest = k, memory = 0;
    for (size_t a = origin.reduction.size(); a-- > 0; rest /= origin.reduction[a].extent) {
      memory += rest % origin.reduction[a].extent * origin.reduction[a].stride;
    }
    const int64_t y = memory / (int64_t{in.w} * in.c), x = memory / in.c % in.w, i = memory % in.c;
    index.taps[static_cast<size_t>((y * window.kw + x) * in.c + i)] = k * weight.strides[k_axis];
  }
  return index;
}

// Stored elements of an operand; float data is read in place, since it may be hundreds of
// megabytes.
class Elements {
 public:
  explicit Elements(const Operand& o) {
    if (!o.is_filled() && o.type() == DataType::kFloat) {
      floats_ = (o.owned != nullptr ? *o.owned : o.value->data).data<float>();
    } else {
      converted_ = stored_elements(o);
    }
  }
  double operator[](int64_t i) const {
    return floats_ != nullptr ? double{floats_[i]} : converted_[static_cast<size_t>(i)];
  }

 private:
  const float* floats_ = nullptr;
  std::vector<double> converted_;
};

class Filler {
 public:
  Filler(const Op& op, const NetTensor& input, Layer& layer)
      : op_(op),
        scale_x_(input.quant.scale),
        most_(highest_code(layer.weight_bits)),
        layer_(layer) {}

  void fill_product(const WeightIndex& index, size_t channels) {
    set_map(channels);
    const Elements stored(op_.weight);
    const std::vector<double> bias = real_bias(channels);
    layer_.weights.reserve(channels * index.taps.size());
    for (size_t o = 0; o < channels; ++o) {
      const int64_t start = static_cast<int64_t>(o) * index.channel_stride;
      const bool keep = op_.weight.is_codes && weight_factor(o) > 0;
      keep ? keep_codes(o, index, stored, start) : quantize(o, index, stored, start, bias[o]);
      add_bias(o, bias[o]);
    }
  }

  void fill_affine(size_t channels) {
    set_map(channels);
    for (size_t c = 0; c < channels; ++c) {
      const double factor = map_.factor[c], offset = map_.offset[c];
      check_finite(factor, c);
      if (factor == 0) {
        push_channel(zero_scale(offset), 0);
        layer_.weights.push_back(0);
      } else {
        const int code = best_code(std::abs(factor), offset);
        push_channel(static_cast<float>(std::abs(factor) / code), 0);
        layer_.weights.push_back(static_cast<int8_t>(factor < 0 ? -code : code));
      }
      add_bias(c, offset);
    }
  }

 private:
  void set_map(size_t channels) {
    map_ = {std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
    for (const Affine& affine : op_.affines) apply(affine, map_);
    if (op_.bias.exists() && op_.bias.is_codes && op_.bias.type() == DataType::kInt32) {
      bias_codes_ = stored_elements(op_.bias);
    }
  }

  double weight_factor(size_t o) const { return op_.alpha * map_.factor[o]; }

  void check_finite(double value, size_t channel) const {
    if (!std::isfinite(value))
      throw Error("layer " + layer_.name + ": a weight of channel " + std::to_string(channel) +
                  " is not finite");
  }

  void push_channel(float scale, int32_t zero_point) {
    layer_.weight_scale.push_back(std::max(scale, 1e-30f));
    layer_.weight_zero_point.push_back(zero_point);
  }

  float zero_scale(double bias) const {
    return bias == 0 ? 1.0f : static_cast<float>(std::abs(bias) / (scale_x_ * (1 << 20)));
  }

  // Biases in reals, folded offsets included. Accumulator codes are at input scale * weight scale.
  std::vector<double> real_bias(size_t channels) const {
    std::vector<double> result = map_.offset;
    if (!op_.bias.exists()) return result;
    const std::vector<double> values =
        op_.bias_is_accumulator ? stored_elements(op_.bias) : real_values(op_.bias);
    for (size_t o = 0; o < channels; ++o) {
      double unit = op_.beta * map_.factor[o];
      if (op_.bias_is_accumulator) {
        const size_t channel = op_.weight.channel(static_cast<int64_t>(o));
        unit = scale_x_ * op_.weight.scale[channel] * weight_factor(o);
      }
      result[o] += entry(values, o) * unit;
    }
    return result;
  }

  void keep_codes(size_t o, const WeightIndex& index, const Elements& stored, int64_t start) {
    const int32_t shift = -op_.weight.narrowing().offset;
    const size_t channel = op_.weight.channel(static_cast<int64_t>(o));
    for (int64_t tap : index.taps)
      layer_.weights.push_back(
          static_cast<int8_t>(static_cast<int32_t>(stored[start + tap]) + shift));
    push_channel(static_cast<float>(op_.weight.scale[channel] * weight_factor(o)),
                 op_.weight.zero_point[channel] + shift);
  }

  void quantize(size_t o, const WeightIndex& index, const Elements& stored, int64_t start,
                double bias) {
    const size_t channel = op_.weight.is_codes ? op_.weight.channel(static_cast<int64_t>(o)) : 0;
    const double zero = op_.weight.is_codes ? op_.weight.zero_point[channel] : 0;
    const double unit =
        weight_factor(o) * (op_.weight.is_codes ? double{op_.weight.scale[channel]} : 1.0);
    double largest = 0;
    for (int64_t tap : index.taps) {
      check_finite(stored[start + tap], o);
      largest = std::max(largest, std::abs((stored[start + tap] - zero) * unit));
    }
    check_finite(largest, o);
    const double for_bias = std::abs(bias) / (scale_x_ * kBiasLimit);
    push_channel(
        largest == 0 ? zero_scale(bias) : static_cast<float>(std::max(largest / most_, for_bias)),
        0);
    const double scale = layer_.weight_scale.back();
    const double most = most_;
    for (int64_t tap : index.taps) {
      layer_.weights.push_back(static_cast<int8_t>(
          std::clamp(std::rint((stored[start + tap] - zero) * unit / scale), -most, most)));
    }
  }

  // The code whose unit of the bias, sx * factor / code, comes closest to dividing the offset.
  int best_code(double factor, double offset) const {
    int best = most_;
    double least = INFINITY;
    for (int code = most_; code >= (most_ + 1) / 2; --code) {
      const double unit = scale_x_ * double{static_cast<float>(factor / code)};
      const double error = std::abs(std::rint(offset / unit) * unit - offset);
      if (error < least) {
        least = error;
        best = code;
      }
    }
    return best;
  }

  // int32 codes of the file, when their scale is that of the accumulator.
  std::optional<double> file_bias(size_t o, double unit) const {
    const Operand& b = op_.bias;
    if (bias_codes_.empty() || !op_.affines.empty() || op_.beta != 1) return std::nullopt;
    const size_t channel = b.scale.size() == 1 ? 0 : o;
    if (b.zero_point[channel] != 0 || std::abs(b.scale[channel] / unit - 1) > 1e-6)
      return std::nullopt;
    return entry(bias_codes_, o);
  }

  void add_bias(size_t o, double bias) {
    const double unit = double{scale_x_} * double{layer_.weight_scale[o]};
    const std::optional<double> given = file_bias(o, unit);
    const double code = given ? *given : std::rint(bias / unit);
    if (!(std::abs(code) <= INT32_MAX)) {
      throw Error("layer " + layer_.name + ": bias of channel " + std::to_string(o) + " = " +
                  std::to_string(bias) +
                  " does not fit int32 at input scale * weight scale = " + std::to_string(unit));
    }
    layer_.bias.push_back(static_cast<int32_t>(code));
  }

  const Op& op_;
  const double scale_x_;
  const int32_t most_;  // greatest weight code made here; the least is its negative
  Layer& layer_;
  ChannelMap map_;
  std::vector<double> bias_codes_;  // int32 codes of a dequantized bias; empty for any other
};

}  // namespace

void fill_parameters(const Op& op, const LayerOrigin& origin, const NetTensor& input,
                     Layer& layer) {
  Filler filler(op, input, layer);
  if (op.kind == OpKind::kAffine) return filler.fill_affine(static_cast<size_t>(input.c));
  if (op.kind == OpKind::kConv)
    return filler.fill_product(index_conv(op.weight), static_cast<size_t>(op.weight.shape[0]));
  filler.fill_product(index_matmul(op, origin, input, layer.window),
                      static_cast<size_t>(op.weight.shape[op.weight_rows ? 0 : 1]));
}

}  // namespace qsim
