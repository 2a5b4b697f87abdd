#include "compiler/passes/parameters.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "compiler/passes/adaround.h"
#include "compiler/passes/calibrate.h"
#include "compiler/passes/channel_map.h"
#include "compiler/passes/error_feedback.h"
#include "compiler/passes/rewrites.h"
#include "compiler/passes/weight_index.h"
#include "compiler/passes/weight_scale.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

constexpr double kBiasLimit = 1 << 30;  // keeps room for the products in the accumulator

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
  Filler(const Op& op, const NetTensor& input, const ParameterMethod& method, Layer& layer)
      : op_(op),
        method_(method.weights),
        moments_(method.moments),
        scale_x_(input.quant.scale),
        most_(highest_code(layer.weight_bits)),
        repeat_(op.transposed ? static_cast<size_t>(op.transposed->phases()) : 1),
        layer_(layer) {}

  void take(const StatedWeights& stated) {
    layer_.weights = stated.codes;
    layer_.weight_scale = stated.scale;
    layer_.weight_zero_point.assign(stated.scale.size(), 0);
    for (size_t o = 0; o < stated.scale.size(); ++o)
      push_bias_code(o, std::rint(stated.bias[o] / bias_unit(o)), stated.bias[o]);
  }

  void fill_product(const WeightIndex& index, size_t channels) {
    set_map(channels);
    const Elements stored(op_.weight);
    const std::vector<double> bias = real_bias(channels);
    layer_.weights.reserve(channels * index.taps.size());
    const double common = method_.is_per_tensor ? common_scale(index, stored, bias) : 0;
    for (size_t o = 0; o < channels; ++o) {
      if (keeps_codes(o)) {
        keep_codes(o, index, stored);
        add_bias(o, bias[o]);
        continue;
      }
      const std::vector<double> weights = real_weights(o, index, stored);
      quantize(fitted(o, index, weights), bias[o], common, o, index);
      add_bias(o, bias[o] - mean_shift(o, index, weights));
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
        int code = best_code(std::abs(factor), offset);
        double scale = std::abs(factor) / code;
        if (method_.is_power_of_two) {
          scale = power_of_two_above(std::abs(factor) / most_);
          code = static_cast<int>(std::rint(std::abs(factor) / scale));
        }
        push_channel(static_cast<float>(scale), 0);
        layer_.weights.push_back(static_cast<int8_t>(factor < 0 ? -code : code));
      }
      add_bias(c, offset);
    }
  }

 private:
  void set_map(size_t channels) {
    const ChannelMap map = channel_map(op_.affines, channels / repeat_);
    map_ = {repeated(map.factor), repeated(map.offset)};
    if (op_.bias.exists() && op_.bias.is_codes && op_.bias.type() == DataType::kInt32) {
      bias_codes_ = stored_elements(op_.bias);
    }
  }

  // One entry for each output channel that computes a phase of the channel.
  std::vector<double> repeated(const std::vector<double>& values) const {
    std::vector<double> result;
    result.reserve(values.size() * repeat_);
    for (double value : values) result.insert(result.end(), repeat_, value);
    return result;
  }

  double weight_factor(size_t o) const { return op_.alpha * map_.factor[o]; }
  bool keeps_codes(size_t o) const { return op_.weight.is_codes && weight_factor(o) > 0; }

  void check_finite(double value, size_t channel) const {
    if (!std::isfinite(value))
      throw Error("layer " + layer_.name + ": a weight of channel " + std::to_string(channel) +
                  " is not finite");
  }

  void push_channel(float scale, int32_t zero_point) {
    scale = std::max(scale, 1e-30f);
    const bool is_given = op_.weight.is_codes && op_.kind != OpKind::kAffine;
    if (method_.is_power_of_two && !is_given)
      scale = static_cast<float>(power_of_two_above(double{scale}));
    layer_.weight_scale.push_back(scale);
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
      result[o] += entry(values, o / repeat_) * unit;
    }
    return result;
  }

  void keep_codes(size_t o, const WeightIndex& index, const Elements& stored) {
    const int64_t start = static_cast<int64_t>(o) * index.channel_stride;
    const int32_t shift = -op_.weight.narrowing().offset;
    const size_t channel = op_.weight.channel(static_cast<int64_t>(o));
    for (int64_t tap : index.taps)
      layer_.weights.push_back(
          static_cast<int8_t>(static_cast<int32_t>(stored[start + tap]) + shift));
    push_channel(static_cast<float>(op_.weight.scale[channel] * weight_factor(o)),
                 op_.weight.zero_point[channel] + shift);
  }

  // Of output channel o, in the order of Layer::weights, folded factors included.
  std::vector<double> real_weights(size_t o, const WeightIndex& index,
                                   const Elements& stored) const {
    const int64_t start = static_cast<int64_t>(o) * index.channel_stride;
    const size_t channel = op_.weight.is_codes ? op_.weight.channel(static_cast<int64_t>(o)) : 0;
    const double zero = op_.weight.is_codes ? op_.weight.zero_point[channel] : 0;
    const double unit =
        weight_factor(o) * (op_.weight.is_codes ? double{op_.weight.scale[channel]} : 1.0);
    std::vector<double> weights;
    weights.reserve(index.taps.size());
    for (int64_t tap : index.taps) {
      weights.push_back((stored[start + tap] - zero) * unit);
      check_finite(weights.back(), o);
    }
    return weights;
  }

  double scale_for_bias(double bias) const { return std::abs(bias) / (scale_x_ * kBiasLimit); }

  // One scale for all channels whose weights become codes here.
  double common_scale(const WeightIndex& index, const Elements& stored,
                      const std::vector<double>& bias) {
    std::vector<std::vector<double>> weights;
    std::vector<const std::vector<double>*> rows;
    double for_bias = 0, for_zeros = 0;
    for (size_t o = 0; o < bias.size(); ++o) {
      if (keeps_codes(o)) continue;
      weights.push_back(fitted(o, index, real_weights(o, index, stored)));
      for_bias = std::max(for_bias, scale_for_bias(bias[o]));
      for_zeros = std::max(for_zeros, double{zero_scale(bias[o])});
    }
    for (const std::vector<double>& row : weights) rows.push_back(&row);
    const double scale = weight_scale(rows, most_, method_);
    return scale == 0 ? for_zeros : std::max(scale, for_bias);
  }

  // `common`: the scale to take; 0: the channel's own.
  void quantize(const std::vector<double>& weights, double bias, double common, size_t o,
                const WeightIndex& index) {
    const bool has_feedback = method_.needs_products() && prepare_feedback(group_of(o));
    double own = common;
    if (common == 0) {
      own = has_feedback && method_.is_mse ? best_scale(rows_of(index, weights))
                                           : weight_scale({&weights}, most_, method_);
    }
    push_channel(
        own == 0 ? zero_scale(bias) : static_cast<float>(std::max(own, scale_for_bias(bias))), 0);
    const double scale = layer_.weight_scale.back();
    if (has_feedback) {
      const std::vector<int32_t> codes = rounded(rows_of(index, weights), scale);
      for (int64_t row : index.rows)
        layer_.weights.push_back(static_cast<int8_t>(codes[static_cast<size_t>(row)]));
      return;
    }
    const double most = most_;
    for (double w : weights)
      layer_.weights.push_back(static_cast<int8_t>(std::clamp(std::rint(w / scale), -most, most)));
  }

  // By the second moments of the inputs; `weights` in their order.
  std::vector<int32_t> rounded(const std::vector<double>& weights, double scale) const {
    return adaround_ ? adaround_->round(weights, scale, most_)
                     : feedback_->round(weights, scale, most_);
  }

  // Of shares of the scale that clips nothing the one whose codes miss the outputs least.
  double best_scale(const std::vector<double>& weights) const {
    const double widest = weight_scale({&weights}, most_, {});
    double best = widest, least = INFINITY;
    for (int percent = 100; percent >= 50 && widest > 0; percent -= 5) {
      const double scale = widest * percent / 100;
      const double error = feedback_->error(weights, scale, rounded(weights, scale));
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    return best;
  }

  static std::vector<double> rows_of(const WeightIndex& index, const std::vector<double>& weights) {
    std::vector<double> in_rows(weights.size());
    for (size_t t = 0; t < weights.size(); ++t)
      in_rows[static_cast<size_t>(index.rows[t])] = weights[t];
    return in_rows;
  }

  // The weights that come closest to what the float network's `weights` w yield, from inputs x that
  // are off from its r: H^-1 E[x rT] w, damped towards w, with H = E[x xT].
  std::vector<double> fitted(size_t o, const WeightIndex& index,
                             const std::vector<double>& weights) {
    if (!method_.needs_products() || moments_ == nullptr || !moments_->has_pairs()) return weights;
    if (!prepare_feedback(group_of(o))) return weights;
    const std::vector<double> in_rows = rows_of(index, weights);
    std::vector<double> miss = feedback_->times(in_rows);
    for (size_t i = 0; i < miss.size(); ++i) {
      miss[i] = -miss[i];
      for (size_t k = 0; k < miss.size(); ++k) miss[i] += cross_[i * miss.size() + k] * in_rows[k];
    }
    const std::vector<double> change = feedback_->solve(miss);
    std::vector<double> result = weights;
    for (size_t t = 0; t < result.size(); ++t)
      result[t] += change[static_cast<size_t>(index.rows[t])];
    return result;
  }

  int64_t group_of(size_t o) const {
    return static_cast<int64_t>(o) * layer_.groups / static_cast<int64_t>(map_.factor.size());
  }

  // Whether there is an ErrorFeedback for the group.
  bool prepare_feedback(int64_t group) {
    if (moments_ == nullptr) return false;
    if (feedback_ && feedback_group_ == group) return true;
    std::vector<double> moment = moments_->second_moment(group, method_.corrects_bias);
    if (moment.empty()) return false;
    if (method_.rounding == Rounding::kAdaRound) adaround_.emplace(moment, moments_->size);
    feedback_.emplace(std::move(moment), moments_->size);
    cross_ = moments_->cross_moment(group, method_.corrects_bias);
    // The same on both sides, so that equal inputs leave weights as they are.
    for (size_t i = 0; i < cross_.size(); i += static_cast<size_t>(moments_->size) + 1)
      cross_[i] += feedback_->damping();
    feedback_group_ = group;
    return true;
  }

  // What the codes of channel o, the last ones made, add to the mean of its output.
  double mean_shift(size_t o, const WeightIndex& index, const std::vector<double>& weights) const {
    if (!method_.corrects_bias || moments_ == nullptr) return 0;
    const double scale = layer_.weight_scale.back();
    const int8_t* codes = &layer_.weights[layer_.weights.size() - weights.size()];
    double shift = 0;
    const int64_t group = group_of(o);
    for (size_t t = 0; t < weights.size(); ++t)
      shift += codes[t] * scale * moments_->mean(group, index.rows[t]) -
               weights[t] * moments_->real_mean(group, index.rows[t]);
    return shift;
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
    if (method_.corrects_bias && !op_.weight.is_codes) return std::nullopt;
    if (bias_codes_.empty() || !op_.affines.empty() || op_.beta != 1) return std::nullopt;
    const size_t channel = b.scale.size() == 1 ? 0 : o / repeat_;
    if (b.zero_point[channel] != 0 || std::abs(b.scale[channel] / unit - 1) > 1e-6)
      return std::nullopt;
    return entry(bias_codes_, o / repeat_);
  }

  double bias_unit(size_t o) const { return double{scale_x_} * double{layer_.weight_scale[o]}; }

  void add_bias(size_t o, double bias) {
    const double unit = bias_unit(o);
    const std::optional<double> given = file_bias(o, unit);
    push_bias_code(o, given ? *given : std::rint(bias / unit), bias);
  }

  void push_bias_code(size_t o, double code, double bias) {
    if (!(std::abs(code) <= INT32_MAX)) {
      throw Error("layer " + layer_.name + ": bias of channel " + std::to_string(o) + " = " +
                  std::to_string(bias) + " does not fit int32 at input scale * weight scale = " +
                  std::to_string(bias_unit(o)));
    }
    layer_.bias.push_back(static_cast<int32_t>(code));
  }

  const Op& op_;
  const WeightMethod method_;
  const InputMoments* moments_;
  std::optional<ErrorFeedback> feedback_;  // of the output channels of one group
  std::optional<AdaRound> adaround_;       // alike
  std::vector<double> cross_;              // alike: E[x rT], damped as H is
  int64_t feedback_group_ = -1;
  const double scale_x_;
  const int32_t most_;   // greatest weight code made here; the least is its negative
  const size_t repeat_;  // output channels in a row that share bias and affines
  Layer& layer_;
  ChannelMap map_;
  std::vector<double> bias_codes_;  // int32 codes of a dequantized bias; empty for any other
};

}  // namespace

void fill_parameters(const Op& op, const LayerOrigin& origin, const NetTensor& input,
                     const ParameterMethod& method, Layer& layer) {
  if (op.transposed) {
    Op written = op;
    written.weight = transposed_weight(op);
    Filler filler(written, input, method, layer);
    if (method.stated != nullptr) return filler.take(*method.stated);
    return filler.fill_product(index_conv(written.weight),
                               static_cast<size_t>(written.weight.shape[0]));
  }
  Filler filler(op, input, method, layer);
  if (method.stated != nullptr) return filler.take(*method.stated);
  if (op.kind == OpKind::kAffine) return filler.fill_affine(static_cast<size_t>(input.c));
  if (op.kind == OpKind::kConv)
    return filler.fill_product(index_conv(op.weight), static_cast<size_t>(op.weight.shape[0]));
  filler.fill_product(index_matmul(op, origin, input, layer.window),
                      static_cast<size_t>(op.weight.shape[op.weight_rows ? 0 : 1]));
}

}  // namespace qsim
