// Between the element order of ONNX values and the NHWC order of engines.
#pragma once

#include <vector>

#include "hw/spec/network.h"

namespace qsim::cli {

// ONNX index of each NHWC element of one batch of the tensor (tensor.elements() of them).
std::vector<int64_t> onnx_order_of(const NetTensor& tensor);

// Batches one after the other, elements of any type. Input values in ONNX order become what an
// engine takes: float32 in NHWC order where the tensor is float; int8 codes otherwise (those of the
// file less NetTensor::onnx_offset). Throws Error when the count is not a whole number of batches,
// or a code is no whole number in range.
Tensor to_engine(const NetTensor& tensor, const Tensor& onnx);

// What an engine returned, as the ONNX value: its shape with the first dimension times the number
// of batches, elements of NetTensor::onnx_type.
Tensor from_engine(const NetTensor& tensor, const Tensor& nhwc);

// int8 codes as the reals they stand for, float32 values as they are, in ONNX order.
std::vector<float> reals_of(const NetTensor& tensor, const Tensor& nhwc);

}  // namespace qsim::cli
