#include "hw/spec/arithmetic_host.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hw/spec/arithmetic.h"
#include "hw/spec/arithmetic_pair.h"
#include "hw/spec/arithmetic_rows.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

void quantize_all(const Tensor& in, const NetTensor& to, Tensor& out) {
  quantize_row(in.data<float>(), to.quant.scale, static_cast<size_t>(out.size()),
               to.quant.zero_point, lowest_code(to.bits), highest_code(to.bits),
               out.data<int8_t>());
}

void dequantize_all(const Tensor& in, Quantization from, float* values) {
  const int8_t* codes = in.data<int8_t>();
  const int64_t count = in.size();
  for (int64_t i = 0; i < count; ++i) {
    values[i] = dequantize(codes[i], from.scale, from.zero_point);
  }
}

void softmax_all(const Tensor& in, const NetTensor& from, bool log, Tensor& out) {
  const auto channels = static_cast<size_t>(from.c);
  std::vector<float> values(static_cast<size_t>(in.size()));
  if (from.is_float) {
    values = in.as_floats();
  } else {
    dequantize_all(in, from.quant, values.data());
  }
  for (size_t i = 0; i < values.size(); i += channels) {
    softmax(values.data() + i, channels, log, out.data<float>() + i);
  }
}

void qlinear_softmax_all(const Tensor& in, const NetTensor& from, Quantization to, Tensor& out) {
  const auto channels = static_cast<size_t>(from.c);
  for (int64_t i = 0; i < in.size(); i += from.c) {
    qlinear_softmax(in.data<int8_t>() + i, channels, from.quant.scale, to.scale, to.zero_point,
                    out.data<int8_t>() + i);
  }
}

void permute_all(const IntegerNetwork& network, const Layer& layer,
                 const std::vector<const Tensor*>& inputs, int64_t samples, int8_t* out) {
  std::vector<int8_t> joined;
  for (int64_t sample = 0; sample < samples; ++sample) {
    joined.clear();
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int64_t elements = network.tensor(layer.inputs[i]).elements();
      const int8_t* from = inputs[i]->data<int8_t>() + sample * elements;
      joined.insert(joined.end(), from, from + elements);
    }
    for (int32_t index : layer.permutation) *out++ = joined[static_cast<size_t>(index)];
  }
}

// A35
void look_up_all(const Tensor& in, const Layer& layer, int64_t channels, int8_t* out) {
  const int8_t* codes = in.data<int8_t>();
  const int64_t count = in.size();
  const int64_t tables = static_cast<int64_t>(layer.table.size()) / 256;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t table = tables == 1 ? 0 : i % channels;
    out[i] = layer.table[static_cast<size_t>(table * 256 + codes[i] + 128)];
  }
}

// A39
void resize(const Layer& layer, const NetTensor& from, const NetTensor& to, const Tensor& in,
            int8_t* out) {
  constexpr int64_t kOne = int64_t{1} << kInterpolationBits;
  const int64_t zero = from.quant.zero_point, row_size = int64_t{from.w} * from.c;
  const int64_t images = in.size() / (from.h * row_size);
  for (int64_t image = 0; image < images; ++image) {
    const int8_t* map = in.data<int8_t>() + image * from.h * row_size;
    for (const Interpolation& row : layer.rows) {
      const int8_t *top = map + row.first * row_size, *bottom = map + row.second * row_size;
      for (const Interpolation& column : layer.columns) {
        const int64_t left = int64_t{column.first} * from.c,
                      right = int64_t{column.second} * from.c;
        for (int64_t c = 0; c < to.c; ++c) {
          const auto between = [&](const int8_t* line) {
            return (line[left + c] - zero) * (kOne - column.weight) +
                   (line[right + c] - zero) * column.weight;
          };
          const int64_t sum = between(top) * (kOne - row.weight) + between(bottom) * row.weight;
          *out++ = static_cast<int8_t>(std::clamp<int64_t>(
              rne_shift(sum, 2 * kInterpolationBits) + zero, layer.clamp_low, layer.clamp_high));
        }
      }
    }
  }
}

// A40
void normalize(const Layer& layer, const NetTensor& from, const NetTensor& to, const Tensor& in,
               int8_t* out) {
  const Normalization& norm = layer.normalization;
  const double share = double{norm.alpha} / norm.size;
  const int64_t before = (norm.size - 1) / 2, after = norm.size / 2, channels = from.c;
  std::vector<double> x(static_cast<size_t>(channels));
  for (int64_t pixel = 0; pixel < in.size(); pixel += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      x[static_cast<size_t>(c)] =
          double{from.quant.scale} * (in.data<int8_t>()[pixel + c] - from.quant.zero_point);
    }
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      const int64_t last = std::min(c + after, channels - 1);
      for (int64_t i = std::max<int64_t>(c - before, 0); i <= last; ++i)
        sum += x[static_cast<size_t>(i)] * x[static_cast<size_t>(i)];
      const double y =
          x[static_cast<size_t>(c)] / std::pow(double{norm.bias} + share * sum, double{norm.beta});
      *out++ = static_cast<int8_t>(code_of(y / double{to.quant.scale}, to.quant.zero_point,
                                           layer.clamp_low, layer.clamp_high));
    }
  }
}

// A41
void arg_max(const Tensor& in, int64_t channels, bool takes_last, float* out) {
  const std::vector<float> values = in.as_floats();
  for (size_t pixel = 0; pixel < values.size(); pixel += static_cast<size_t>(channels)) {
    size_t best = 0;
    for (size_t c = 1; c < static_cast<size_t>(channels); ++c) {
      const float value = values[pixel + c], largest = values[pixel + best];
      if (value > largest || (takes_last && value == largest)) best = c;
    }
    *out++ = static_cast<float>(best);
  }
}

}  // namespace

int32_t code_of(double steps, int32_t zero_point, int32_t lo, int32_t hi) {
  const double rounded = std::isnan(steps) ? 0.0 : std::rint(std::clamp(steps, -512.0, 512.0));
  return std::clamp(static_cast<int32_t>(rounded) + zero_point, lo, hi);
}

Tensor run_host_layer(const IntegerNetwork& network, const Layer& layer,
                      const std::vector<const Tensor*>& inputs) {
  const NetTensor& from = network.tensor(layer.inputs[0]);
  const NetTensor& to = network.tensor(layer.output);
  const int64_t samples = inputs[0]->size() / from.elements();
  Tensor out(to.is_float ? DataType::kFloat : DataType::kInt8, {samples * to.n, to.h, to.w, to.c});
  switch (layer.op) {
    case LayerOp::kHostQuantize:
      quantize_all(*inputs[0], to, out);
      break;
    case LayerOp::kHostDequantize:
      dequantize_all(*inputs[0], from.quant, out.data<float>());
      break;
    case LayerOp::kHostSoftmax:
      softmax_all(*inputs[0], from, layer.log, out);
      break;
    case LayerOp::kHostQlinearSoftmax:
      qlinear_softmax_all(*inputs[0], from, to.quant, out);
      break;
    case LayerOp::kHostPermute:
      permute_all(network, layer, inputs, samples, out.data<int8_t>());
      break;
    case LayerOp::kHostTable:
      look_up_all(*inputs[0], layer, to.c, out.data<int8_t>());
      break;
    case LayerOp::kHostAdd:
    case LayerOp::kHostSub:
    case LayerOp::kHostMul:
    case LayerOp::kHostDiv:
      run_pair_layer(network, layer, inputs, samples, out.data<int8_t>());
      break;
    case LayerOp::kHostResize:
      resize(layer, from, to, *inputs[0], out.data<int8_t>());
      break;
    case LayerOp::kHostLrn:
      normalize(layer, from, to, *inputs[0], out.data<int8_t>());
      break;
    case LayerOp::kHostArgMax:
      arg_max(*inputs[0], from.c, layer.takes_last, out.data<float>());
      break;
    default:
      throw std::logic_error("layer " + layer.name + ": is not a host layer");
  }
  return out;
}

}  // namespace qsim
