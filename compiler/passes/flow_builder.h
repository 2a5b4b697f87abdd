// Graph -> Flow, node by node. Private to compiler/passes; the entry is build_flow() in flow.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/float/quantized_nodes.h"
#include "compiler/passes/flow.h"

namespace qsim {

class FlowBuilder {
 public:
  FlowBuilder(const Graph& graph, Problems& problems);
  Flow build();

 private:
  using Handler = void (FlowBuilder::*)(const Node&);
  struct Row {
    std::string_view op;
    Handler handler;
  };
  static const Row* find_row(std::string_view op);

  // Edges. edge_of() is the edge an activation stands for; codes_of() the same, quantized first
  // when it is float; new_edge() makes the one that value `id` will stand for.
  EdgeId edge_of(ValueId id) const;
  EdgeId codes_of(ValueId id);
  EdgeId new_edge(ValueId id);
  void alias(ValueId id, EdgeId edge) { edges_[static_cast<size_t>(id)] = edge; }
  Op& add_op(OpKind kind, const Node& node, std::vector<EdgeId> inputs, EdgeId output);
  EdgeId add_transpose(const Node& node, EdgeId input, const std::vector<int64_t>& perm);

  bool is_frozen(ValueId id) const { return frozen_[static_cast<size_t>(id)]; }
  bool has(const Node& node, size_t i) const {
    return i < node.inputs.size() && node.inputs[i] != kNoValue;
  }
  const Shape& shape_of(const Node& node, size_t i) const {
    return graph_.value(node.inputs[i]).shape;
  }
  const Shape& output_shape(const Node& node) const { return graph_.value(node.outputs[0]).shape; }
  Operand operand(const Node& node, size_t i) const;
  Operand weight_operand(const Node& node, size_t i);  // throws for codes of 32 bits
  Operand code_operand(const Node& node, const CodeOperand& at, int axis) const;
  Operand matrix(Operand weight) const;  // drops leading dimensions of 1
  // Real value that a constant of the node's element type stands for: codes by the edge's scale.
  double real_of(const Node& node, double stored) const;

  // The form of the codes `codes` with the per-tensor scale and zero point that `node` has at `at`.
  CodeForm read_form(const Node& node, const CodeOperand& at, ValueId codes);
  // What the codes of a value are more than ours.
  int32_t offset_of(ValueId id) const;
  void set_offset(ValueId id, int32_t offset);
  bool may_settle(const Node& quantize, const CodeForm& form) const;
  // The edge of codes that `node` reads with these parameters.
  EdgeId read_codes(const Node& node, const CodeOperand& at);
  EdgeId new_code_edge(const Node& node);

  void build_node(const Node& node);
  void build_outputs();

  void quantize_linear(const Node& node);
  void dequantize_linear(const Node& node);
  // Q and DQ of an activation with a scale for each channel, or for each block (an error).
  bool has_channels(const Node& node) const;
  CodeForm number_form(ValueId codes);  // of codes that count as the numbers that they are
  void quantize_channels(const Node& node);
  void dequantize_channels(const Node& node);
  void dynamic_quantize_linear(const Node& node);
  void integer_product(const Node& node);
  void qlinear_conv(const Node& node);
  void qlinear_matmul(const Node& node);
  void qgemm(const Node& node);
  void qlinear_add(const Node& node);
  // Of an operator on codes with one constant operand, `fixed`.
  void add_code_affine(const Node& node, const CodeOperand& moving, const CodeOperand& fixed,
                       const Affine& affine);
  void qlinear_mul(const Node& node);
  void qlinear_unary(const Node& node);
  void qlinear_reduce_mean(const Node& node);
  void qlinear_average_pool(const Node& node);
  void qlinear_concat(const Node& node);
  void qlinear_softmax(const Node& node);
  void qlinear_where(const Node& node);

  void conv(const Node& node);
  void conv_transpose(const Node& node);
  void gemm(const Node& node);
  void matmul(const Node& node);
  void add(const Node& node);
  void sub(const Node& node);
  void mul(const Node& node);
  void div(const Node& node);
  // Whether both inputs are activations; then the operator of `kind` exists.
  bool pair(const Node& node, OpKind kind);
  void constant_affine(const Node& node, size_t constant, const Affine& affine);
  // The one dimension of the output along which constant input i varies; -1: none.
  int64_t channel_axis(const Node& node, size_t i) const;
  void unary(const Node& node);
  void prelu(const Node& node);
  void power(const Node& node);
  void table(const Node& node, size_t activation, int64_t axis, ScalarFunction function);
  void batch_normalization(const Node& node);
  void clamp(const Node& node);
  void clip_codes(const Node& node);
  void pool(const Node& node);
  void reduce(const Node& node);
  void extreme(const Node& node);
  void concat(const Node& node);
  void pad(const Node& node);
  void reshape(const Node& node);
  void transpose(const Node& node);
  void select(const Node& node);
  void where(const Node& node);
  // One of the two that Where chooses from: an activation, or else a constant.
  struct Choice {
    Shape shape;
    EdgeId edge = -1;
    Operand constant;
  };
  void choose(const Node& node, Choice x, Choice y, EdgeId output);
  EdgeId constant_edge(const Node& node, const Choice& constant, EdgeId other, EdgeId output);
  void resize(const Node& node);
  void lrn(const Node& node);
  void arg_max(const Node& node);
  void softmax(const Node& node);
  void same(const Node& node);

  // ConvInteger and MatMulInteger become products when the Mul that gives their result a scale is
  // reached. True when `mul` is one of these, or makes such a scale.
  bool scale_product(const Node& mul);
  void scaled_product(const Node& product, const Node& mul, ValueId factor);
  // Scales of the weights, one or as many as channels, so that the factor is the product with the
  // input's scale; channels lie along dimension `axis` of the result.
  std::vector<float> weight_scales(const Node& product, const Node& mul, ValueId factor,
                                   size_t axis);

  // scale * factor, of what a DynamicQuantizeLinear finds for `source`.
  struct RunTimeScale {
    ValueId source = kNoValue;
    Operand factor;
  };

  void set_pool(const Node& node, const Shape& input, const Shape& output, Op& op);

  const Graph& graph_;
  Problems& problems_;
  Flow flow_;
  std::vector<EdgeId> edges_;      // per value; -1 before it is written
  std::vector<bool> frozen_;       // per value: depends on constants alone
  std::vector<FileRange> ranges_;  // per value: what its codes are in, as the file counts
  std::vector<std::optional<int32_t>> offsets_;  // per value: see offset_of()
  std::map<EdgeId, EdgeId> quantized_;           // float edge -> its implicit codes
  // Values that are no edges: what DynamicQuantizeLinear finds, and int32 results with the node
  // that computes them.
  std::map<ValueId, ValueId> dynamic_codes_, dynamic_zeros_;  // to the real value
  std::map<ValueId, RunTimeScale> dynamic_scales_;
  std::map<ValueId, const Node*> accumulators_;
};

}  // namespace qsim
