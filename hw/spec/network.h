// IntegerNetwork: a network of integer operators, scale and zero point on every edge. The quantize
// pass writes it; a Program carries it as its layer table; the reference engine executes it. It
// says what is to be computed, exactly, and nothing about how a machine does it.
//
// All activations are int8 codes in NHWC order: real = scale * (code - zero_point). Codes may be
// narrower (rule A8), down to 2 bits. uint8 and other unsigned tensors of a file enter with an
// offset subtracted from code and zero point, which changes nothing else. Arithmetic:
// docs/reference/arithmetic.md, rules A1...; implemented in hw/spec/arithmetic.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/tensor.h"

namespace qsim {

using TensorId = int32_t;
using LayerId = int32_t;

struct Quantization {
  float scale = 1.0f;      // > 0
  int32_t zero_point = 0;  // in the range of the codes (A8), [-128, 127] for 8 bits
  bool operator==(const Quantization&) const = default;
};

// An edge: n x h x w x c int8 codes. A matrix [m, k] is n=m, h=w=1, c=k; a batch of sequences
// [n, s, k] is h=1, w=s, c=k.
struct NetTensor {
  std::string name;  // the ONNX value it stands for
  int32_t n = 1, h = 1, w = 1, c = 1;
  Quantization quant;     // of the codes; meaningless when the network has no values (see below)
  int32_t bits = 8;       // of a code, 2 to 8: codes are in [-2^(bits-1), 2^(bits-1) - 1]
  bool is_float = false;  // host tensors: float32 values in NHWC order (network input before
                          // quantization, output after dequantization or softmax)
  // How the ONNX value's elements are found: `onnx_shape` is its shape, and element order of the
  // ONNX tensor is obtained from NHWC by `onnx_order`, a permutation of "nhwc" letters such as
  // "nchw" (letters in the order of the ONNX tensor's dimensions after merging).
  Shape onnx_shape;
  std::string onnx_order = "nchw";
  // Element type of the ONNX value: kFloat, or kInt8 / kUint8 for values that are codes in the file
  // (network inputs and outputs of integer models), which are ours plus onnx_offset: 128 for uint8,
  // 0 for int8 (A8).
  DataType onnx_type = DataType::kFloat;
  int32_t onnx_offset = 0;

  int64_t elements() const { return int64_t{1} * n * h * w * c; }
};

enum class LayerOp : uint8_t {
  // On the array (convolution, Gemm, MatMul with a constant right side) or, when depthwise with
  // multiplier 1, on the vector unit.
  kConv,
  // On the vector unit.
  kAdd,          // two inputs of one shape (rule A-add)
  kMaxPool,      // on codes; the output shares the input's quantization
  kAveragePool,  // int32 sum, one requantization; global pools and spatial means as well
  kRescale,  // y = clamp(RNE((x - zx) * sx / sy) + zy): Relu, Clip, requantization, padding (window
             // 1x1)
  kConcat,   // along channels, every input rescaled
  // On the host, at a stated cost.
  kHostQuantize,        // float -> codes
  kHostDequantize,      // codes -> float
  kHostSoftmax,         // codes or float -> float, over channels; also LogSoftmax (log = true)
  kHostQlinearSoftmax,  // codes -> codes, com.microsoft QLinearSoftmax
  kHostPermute,  // codes -> codes: any Transpose/Reshape/Concat axis that is not a view of NHWC
  kHostTable,    // codes -> codes: any function of one element, looked up (A24, A35)
  // Of two activations; each dimension of an input is the output's, or 1 and repeated.
  kHostAdd,     // of activations of different shape; kAdd is for those of one (A36)
  kHostSub,     // (A36)
  kHostMul,     // (A37)
  kHostDiv,     // (A38)
  kHostResize,  // linear interpolation along height and width (A39); shares the quantization
  kHostLrn,     // local response normalization over channels (A40)
  kHostArgMax,  // codes or float -> float: the channel of the largest (A41)
};
constexpr LayerOp kLastLayerOp = LayerOp::kHostArgMax;
const char* name_of(LayerOp op);  // "conv", "add", ...
// kHostAdd to kHostDiv.
constexpr bool is_host_pair(LayerOp op) {
  return op >= LayerOp::kHostAdd && op <= LayerOp::kHostDiv;
}
// Whether Layer::clamp_low and clamp_high keep the output's codes in their range.
constexpr bool has_clamp(LayerOp op) {
  return op < LayerOp::kHostQuantize || (op >= LayerOp::kHostTable && op <= LayerOp::kHostLrn);
}

// Sliding window of convolution and pooling. Padding may be asymmetric; padding taps are the
// input's zero point (conv), skipped (max pool, average pool unless count_include_pad).
struct Window {
  int32_t kh = 1, kw = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

// Between two elements of an axis: (1 - w) of the first and w of the second, w = weight * 2^-20.
struct Interpolation {
  int32_t first = 0, second = 0;
  int32_t weight = 0;  // [0, 2^20]
};
constexpr int32_t kInterpolationBits = 20;

// y = x / (bias + alpha / size * (sum of x^2 over `size` channels around x's))^beta.
struct Normalization {
  int32_t size = 1;
  float alpha = 0, beta = 0, bias = 1;
};

struct Layer {
  std::string name;  // ONNX node that it stands for (fused nodes keep the first name)
  LayerOp op = LayerOp::kConv;
  std::vector<TensorId> inputs;
  TensorId output = -1;
  Window window;       // kConv, kMaxPool, kAveragePool, kRescale (pads alone)
  int32_t groups = 1;  // kConv

  // kConv. weights[o][ky][kx][i], i over input channels of the group, as int8 codes (uint8 codes
  // enter with 128 subtracted); real = weight_scale * (code - weight_zero_point).
  std::vector<int8_t> weights;             // empty when the network has no values
  int32_t weight_bits = 8;                 // of a weight code, 2 to 8, as for NetTensor::bits
  std::vector<int32_t> weight_zero_point;  // one per output channel, in the range of the codes
  std::vector<float> weight_scale;         // one per output channel
  std::vector<int32_t> bias;               // one per output channel, at input scale * weight scale

  bool count_include_pad = false;  // kAveragePool
  bool is_sum = false;             // kAveragePool: of the taps, not divided by their number
  // Output codes, in their range; carries fused Relu and Clip. Where has_clamp() says no, nothing
  // looks at it.
  int32_t clamp_low = -128, clamp_high = 127;
  bool log = false;                       // kHostSoftmax
  int32_t softmax_zero_point_signed = 0;  // 1: QLinearSoftmax on int8 codes in the file, 0: uint8
  // kHostPermute: output element i (NHWC order) is input element permutation[i]. Several inputs are
  // concatenated (in NHWC order) before indexing. Input codes keep their quantization.
  std::vector<int32_t> permutation;
  // kHostTable: 256 codes, or 256 for each channel of the output. Code q becomes entry q + 128 of
  // its channel's. Empty when the network has no values.
  std::vector<int8_t> table;
  // kHostResize: where the output's rows and columns come from, one entry each.
  std::vector<Interpolation> rows, columns;
  Normalization normalization;  // kHostLrn
  bool takes_last = false;      // kHostArgMax: of several largest the last, not the first

  bool is_depthwise(const std::vector<NetTensor>& tensors) const;
  bool is_host() const { return op >= LayerOp::kHostQuantize; }
};

struct IntegerNetwork {
  std::string name;
  bool has_values =
      false;  // false: shapes only (no calibration data, or weights without values);
              // weights, biases and quantization are then absent and cycles still exact
  std::vector<std::string> value_blockers;  // why has_values is false, one sentence each
  std::vector<NetTensor> tensors;
  std::vector<Layer> layers;  // topological order
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  const NetTensor& tensor(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  // Throws std::logic_error when an invariant is broken: ids, shapes that the windows imply,
  // lengths of parameter vectors, quantization that an operator demands.
  void check() const;
};

// Multiply-accumulates of one layer: real ones, padding taps included (kConv); 0 for others.
int64_t mac_count(const IntegerNetwork& network, const Layer& layer);

// One line per tensor and layer: what `--dump network` prints.
std::string to_text(const IntegerNetwork& network);

}  // namespace qsim
