#include "sim/cli/layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hw/spec/arithmetic.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim::cli {
namespace {

int64_t batches_of(const NetTensor& tensor, const Tensor& value) {
  const int64_t elements = tensor.elements();
  if (elements == 0 || value.size() % elements != 0) {
    throw Error("input " + tensor.name + ": " + std::to_string(value.size()) +
                " elements are not a whole number of batches of " + std::to_string(elements));
  }
  return value.size() / elements;
}

int8_t code_of(const NetTensor& tensor, float value) {
  const float code = value - static_cast<float>(tensor.onnx_offset);
  const int32_t low = lowest_code(tensor.bits), high = highest_code(tensor.bits);
  if (!(code >= static_cast<float>(low) && code <= static_cast<float>(high)) ||
      code != std::floor(code)) {
    throw Error("input " + tensor.name + ": value " + std::to_string(value) +
                " is not a code in [" + std::to_string(low + tensor.onnx_offset) + ", " +
                std::to_string(high + tensor.onnx_offset) + "]");
  }
  return static_cast<int8_t>(code);
}

// In ONNX order, from one index of n, h, w, c to the next.
std::array<int64_t, 4> onnx_strides(const NetTensor& tensor) {
  const int64_t sizes[4] = {tensor.n, tensor.h, tensor.w, tensor.c};
  const std::string axes = "nhwc";
  std::array<int64_t, 4> strides{};
  int64_t stride = 1;
  for (size_t i = 4; i-- > 0;) {
    const size_t axis = axes.find(tensor.onnx_order[i]);
    strides[axis] = stride;
    stride *= sizes[axis];
  }
  return strides;
}

// One batch: result[NHWC index] = convert(onnx[ONNX index]). Lines channel by channel, so that what
// is read lies together where channels come first.
template <typename T, typename Convert>
void reorder(const NetTensor& tensor, const float* onnx, T* result, const Convert& convert) {
  const std::array<int64_t, 4> strides = onnx_strides(tensor);
  for (int64_t n = 0; n < tensor.n; ++n) {
    for (int64_t h = 0; h < tensor.h; ++h, result += int64_t{tensor.w} * tensor.c) {
      for (int64_t c = 0; c < tensor.c; ++c) {
        const float* from = onnx + n * strides[0] + h * strides[1] + c * strides[3];
        for (int64_t w = 0; w < tensor.w; ++w)
          result[w * tensor.c + c] = convert(from[w * strides[2]]);
      }
    }
  }
}

// result[batch][onnx index] = value(batch, NHWC index)
template <typename T, typename Value>
void permute(const NetTensor& tensor, int64_t batches, T* result, Value&& value) {
  const std::vector<int64_t> order = onnx_order_of(tensor);
  const auto elements = static_cast<int64_t>(order.size());
  for (int64_t b = 0; b < batches; ++b) {
    for (int64_t i = 0; i < elements; ++i) {
      result[b * elements + order[static_cast<size_t>(i)]] = value(b * elements + i);
    }
  }
}

}  // namespace

std::vector<int64_t> onnx_order_of(const NetTensor& tensor) {
  const int64_t sizes[4] = {tensor.n, tensor.h, tensor.w, tensor.c};
  const std::array<int64_t, 4> strides = onnx_strides(tensor);
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(tensor.elements()));
  for (int64_t n = 0; n < sizes[0]; ++n) {
    for (int64_t h = 0; h < sizes[1]; ++h) {
      for (int64_t w = 0; w < sizes[2]; ++w) {
        for (int64_t c = 0; c < sizes[3]; ++c) {
          order.push_back(n * strides[0] + h * strides[1] + w * strides[2] + c * strides[3]);
        }
      }
    }
  }
  return order;
}

Tensor to_engine(const NetTensor& tensor, const Tensor& onnx) {
  const int64_t batches = batches_of(tensor, onnx);
  std::vector<float> converted;
  if (onnx.type != DataType::kFloat) converted = onnx.as_floats();
  const float* values = converted.empty() ? onnx.data<float>() : converted.data();
  const int64_t count = onnx.size(), elements = tensor.elements();
  Tensor result(tensor.is_float ? DataType::kFloat : DataType::kInt8,
                {batches * tensor.n, tensor.h, tensor.w, tensor.c});
  for (int64_t first = 0; first < count; first += elements) {
    if (tensor.is_float) {
      reorder(tensor, values + first, result.data<float>() + first, [](float v) { return v; });
    } else {
      reorder(tensor, values + first, result.data<int8_t>() + first,
              [&](float v) { return code_of(tensor, v); });
    }
  }
  return result;
}

Tensor from_engine(const NetTensor& tensor, const Tensor& nhwc) {
  const int64_t batches = batches_of(tensor, nhwc);
  Shape shape = tensor.onnx_shape;
  if (shape.empty()) {
    shape = {batches};
  } else {
    shape[0] *= batches;
  }
  Tensor result(tensor.is_float ? DataType::kFloat : tensor.onnx_type, shape);
  if (tensor.is_float) {
    permute(tensor, batches, result.data<float>(),
            [&](int64_t i) { return nhwc.data<float>()[i]; });
    if (tensor.onnx_type != DataType::kInt64) return result;
    Tensor indices(DataType::kInt64, shape);
    std::copy_n(result.data<float>(), indices.size(), indices.data<int64_t>());
    return indices;
  } else {
    // One byte a code either way; int8 and uint8 differ in how it is read.
    if (tensor.onnx_type != DataType::kUint8) result = Tensor(DataType::kInt8, shape);
    permute(tensor, batches, result.bytes.data(), [&](int64_t i) {
      return static_cast<uint8_t>(nhwc.data<int8_t>()[i] + tensor.onnx_offset);
    });
  }
  return result;
}

std::vector<float> reals_of(const NetTensor& tensor, const Tensor& nhwc) {
  const int64_t batches = batches_of(tensor, nhwc);
  std::vector<float> reals(static_cast<size_t>(nhwc.size()));
  permute(tensor, batches, reals.data(), [&](int64_t i) {
    return nhwc.type == DataType::kFloat
               ? nhwc.data<float>()[i]
               : dequantize(nhwc.data<int8_t>()[i], tensor.quant.scale, tensor.quant.zero_point);
  });
  return reals;
}

}  // namespace qsim::cli
