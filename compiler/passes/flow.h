// Flow: a Graph without its Q and DQ nodes. Operators compute on reals; what the file says about
// quantization stands on the edges. It lives between import and lowering, inside quantize() only.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "compiler/float/window.h"
#include "compiler/graph.h"
#include "compiler/passes/code_form.h"
#include "compiler/passes/operand.h"
#include "hw/spec/network.h"

namespace qsim {

using EdgeId = int32_t;

// A value in real meaning. `QuantizeLinear(x)` and its DequantizeLinear are the same edge as x.
struct Edge {
  std::string name;                       // the ONNX value
  Shape shape;                            // its ONNX shape
  ValueId range_value = kNoValue;         // the value whose calibrated range it has
  std::optional<CodeForm> form;           // as the file says
  bool is_float = false;                  // float32 on the host: network inputs, results of softmax
  DataType file_type = DataType::kFloat;  // kInt8 or kUint8: the ONNX value is codes itself,
  int32_t file_offset = 0;                //   and these are ours plus this
};

enum class OpKind {
  kConv,           // weight [O, I / groups, (kh,) kw]
  kConvTranspose,  // weight [I, O / groups, (kh,) kw]; until expand_transposed()
  kMatMul,         // input [..., K], weight [K, N], or [N, K] when weight_rows
  kAffine,         // y = x * factor[c] + offset[c], channel along `axis`; -1: one for all
  kAdd,            // of two activations; their shapes broadcast
  kSub,
  kMul,
  kDiv,
  kTable,  // y = function(x), element by element, channel along `axis`; -1: one for all
  kMaxPool,
  kAveragePool,
  kReduceMax,  // over dimensions `axes`
  kReduceMean,
  kReduceSum,
  kInterpolate,  // linear Resize: `rows`, `columns`
  kLrn,
  kArgMax,      // codes or float -> float: index along `axis`
  kClamp,       // Relu, Clip
  kConcat,      // along `axis`
  kPad,         // zeros, `pads` (begins, then ends)
  kRequantize,  // codes -> codes of another scale
  kReshape,     // same elements in the same order, another shape
  kTranspose,   // `axes` is the permutation
  kSelect,      // element i is element sources[i] of the input, both in ONNX order
  kWhere,       // the same of all inputs, one behind another
  kQuantize,    // float -> codes
  kSoftmax,     // codes or float -> float; of `axis`, see softmax_rest
  kQlinearSoftmax,
};

// A kConv that expand_transposed() has made of a kConvTranspose: output channel
// (m * stride_h + r) * stride_w + c computes the pixels of channel m whose row is r modulo
// stride_h, and whose column is c modulo stride_w. Op::weight stays that of the kConvTranspose.
struct Transposed {
  Window window;                     // of the kConvTranspose
  int32_t first_h = 0, first_w = 0;  // tap 0 of output pixel 0 reads this pixel
  int64_t phases() const { return int64_t{window.stride_h} * window.stride_w; }
};

// One step of y = x * factor + offset per channel, evaluated when values are needed.
struct Affine {
  // BatchNormalization: factor = scale / sqrt(variance + epsilon), offset = shift - mean * factor.
  Operand scale, shift, mean, variance;
  double epsilon = 0;
  // Addition of a constant, when it exists: factor 1, offset = addend. Elements as many as
  // channels, or one.
  Operand addend;
  // Division by a constant, when it exists: factor 1 / divisor.
  Operand divisor;
};

// A function of one element, given the channel that it is in. Constants of the file that it needs
// are read when it is first called.
using ScalarFunction = std::function<double(double x, size_t channel)>;

struct Op {
  OpKind kind;
  std::string name;  // the ONNX node
  std::vector<EdgeId> inputs;
  EdgeId output = -1;

  Operand weight;
  bool weight_rows = false;          // kMatMul: weight is [N, K]
  double alpha = 1, beta = 1;        // kMatMul: alpha * x * weight + beta * bias
  Operand bias;                      // along the output channels; may not exist
  bool bias_is_accumulator = false;  // codes at input scale * weight scale, as QLinearConv has them
  std::vector<Affine> affines;       // applied to the result in order; kAffine: all there is

  ScalarFunction function;  // kTable
  NodeWindow window;        // kConv, kConvTranspose, pools
  std::optional<Transposed> transposed;
  int32_t groups = 1;
  bool count_include_pad = false;
  double clamp_low = -std::numeric_limits<double>::infinity();  // applied last, in reals
  double clamp_high = std::numeric_limits<double>::infinity();
  std::vector<int64_t> axes;
  std::vector<int32_t> sources;
  std::vector<Interpolation> rows, columns;
  Normalization normalization;
  bool takes_last = false;  // kArgMax
  std::vector<int64_t> pads;
  double pad_value = 0;
  int64_t axis = -1;
  bool softmax_rest = false;  // softmax over all dimensions from `axis` on (before opset 13)
  bool log = false;

  bool is_clamped() const {
    return clamp_low != -std::numeric_limits<double>::infinity() ||
           clamp_high != std::numeric_limits<double>::infinity();
  }
};

struct Flow {
  std::string name;
  std::vector<Edge> edges;
  std::vector<Op> ops;          // topological order
  std::vector<EdgeId> inputs;   // of the graph
  std::vector<EdgeId> outputs;  // parallel to the graph's; codes where output_is_float says no
  std::vector<std::string> output_names;
  std::vector<Shape> output_shapes;
  std::vector<bool> output_is_float;  // the ONNX output is float: dequantize
  // Names of what runs with other codes than the file's, for IntegerNetwork::notes.
  std::vector<std::string> wide_values, wide_weights, dynamic_values;

  Edge& edge(EdgeId id) { return edges[static_cast<size_t>(id)]; }
  const Edge& edge(EdgeId id) const { return edges[static_cast<size_t>(id)]; }
  EdgeId add_edge(Edge edge) {
    edges.push_back(std::move(edge));
    return static_cast<EdgeId>(edges.size()) - 1;
  }
  // Operator that writes the edge; nullptr for inputs.
  Op* producer(EdgeId id);
  // Operators that read the edge, each once, and how often the graph does as an output.
  std::vector<Op*> readers(EdgeId id);
  bool is_output(EdgeId id) const;
  // Exactly one operator reads it and no graph output is it.
  bool has_one_reader(EdgeId id) { return readers(id).size() == 1 && !is_output(id); }
  void remove(const std::vector<const Op*>& ops_to_remove);
};

// What cannot be expressed, collected so that the user sees all of it at once.
class Problems {
 public:
  void add(const std::string& node, const std::string& what) {
    list_.push_back(node + ": " + what);
  }
  bool empty() const { return list_.empty(); }
  // Throws Error "<network>: cannot be quantized: <all problems>" when there are any.
  void raise(const std::string& network) const;

 private:
  std::vector<std::string> list_;
};

// Graph -> Flow. Every Sum has two inputs (expand_sums). Activations that the file quantizes to 16
// bits are left for calibration, as if it said nothing; so are those that it quantizes anew for
// every input. Problems: operators without an integer form, codes read with another scale than they
// were written with.
Flow build_flow(const Graph& graph, Problems& problems);

}  // namespace qsim
