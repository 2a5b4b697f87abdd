#include "compiler/passes/equalize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace qsim {
namespace {

constexpr int kMostRounds = 100;
constexpr double kStill = 1e-4;  // |log s| that ends the search

// Conv, Gemm or MatMul with what follows and belongs to it.
struct Product {
  bool is_conv = false;
  bool is_transposed = false;  // weight [O, K], not [K, O]; Gemm and MatMul
  ValueId weight = kNoValue;
  int64_t outputs = 0, inputs = 0;  // channels; inputs of a Gemm: K
  int64_t groups = 1;
  std::vector<ValueId> offsets;        // bias and added constants, one element per output
  ValueId norm_scale = kNoValue;       // batch normalization: divides instead of the weights
  std::vector<double> norm_deviation;  // sqrt(variance + epsilon)
  ValueId end = kNoValue;              // the last value that belongs to it
  int32_t node = -1;
};

struct Pair {
  size_t first, second;  // products
  int64_t block;         // inputs of the second per channel of the first
};

class Equalizer {
 public:
  explicit Equalizer(const Graph& graph) : graph_(graph) {}

  Graph run() {
    const auto nodes = static_cast<int32_t>(graph_.nodes.size());
    for (int32_t i = 0; i < nodes; ++i) {
      if (std::optional<Product> product = read_product(i)) products_.push_back(*product);
    }
    for (size_t i = 0; i < products_.size(); ++i) find_pair(i);
    for (int round = 0; round < kMostRounds; ++round) {
      double most = 0;
      for (const Pair& pair : pairs_) most = std::max(most, balance(pair));
      if (most < kStill) break;
    }
    for (const auto& [id, values] : real_) {
      float* data = graph_.value(id).data.data<float>();
      for (size_t k = 0; k < values.size(); ++k) data[k] = static_cast<float>(values[k]);
    }
    graph_.link();
    return std::move(graph_);
  }

 private:
  const Node& node(int32_t index) const { return graph_.nodes[static_cast<size_t>(index)]; }

  bool is_float_constant(const Node& node, size_t input) const {
    if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return false;
    const Value& value = graph_.value(node.inputs[input]);
    return value.is_constant && value.type == DataType::kFloat;
  }

  // The constant as one that this node alone reads, and its elements in doubles.
  ValueId own(int32_t index, size_t input) {
    Node& reader = graph_.nodes[static_cast<size_t>(index)];
    const ValueId id = reader.inputs[input];
    if (graph_.value(id).consumers.size() > 1) {
      Value copy = graph_.value(id);
      copy.name += ":" + reader.name;
      copy.consumers = {index};
      graph_.values.push_back(copy);
      reader.inputs[input] = static_cast<ValueId>(graph_.values.size()) - 1;
      graph_.link();
    }
    Value& value = graph_.value(reader.inputs[input]);
    value.data = constant_tensor(value);
    value.is_filled = false;
    const float* data = value.data.data<float>();
    real_[reader.inputs[input]] = {data, data + value.data.size()};
    return reader.inputs[input];
  }

  // The one node that reads a value; -1 when there are several or it is an output of the graph.
  int32_t only_reader(ValueId id) const {
    const std::vector<int32_t>& readers = graph_.value(id).consumers;
    const bool is_output =
        std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end();
    return readers.size() == 1 && !is_output ? readers[0] : -1;
  }

  std::optional<Product> read_product(int32_t index) {
    const Node& n = node(index);
    const bool is_conv = n.op == "Conv", is_gemm = n.op == "Gemm";
    if (!is_conv && !is_gemm && n.op != "MatMul") return std::nullopt;
    if (!is_float_constant(n, 1)) return std::nullopt;
    const bool has_bias = n.inputs.size() > 2 && n.inputs[2] != kNoValue;
    if (has_bias && !is_float_constant(n, 2)) return std::nullopt;
    const Shape shape = graph_.value(n.inputs[1]).shape;
    if (!is_conv && (shape.size() != 2 || n.attr_int("transA", 0) != 0 ||
                     graph_.value(n.inputs[0]).shape.size() != 2))
      return std::nullopt;
    Product product;
    product.node = index;
    product.is_conv = is_conv;
    product.is_transposed = is_gemm && n.attr_int("transB", 0) != 0;
    product.groups = is_conv ? n.attr_int("group", 1) : 1;
    product.outputs = is_conv || product.is_transposed ? shape[0] : shape[1];
    product.inputs =
        is_conv ? shape[1] * product.groups : (product.is_transposed ? shape[1] : shape[0]);
    if (has_bias && graph_.value(n.inputs[2]).data.size() != product.outputs) return std::nullopt;
    product.end = n.outputs[0];
    product.weight = own(index, 1);
    if (has_bias) product.offsets.push_back(own(index, 2));
    while (take_follower(product)) {
    }
    return product;
  }

  // A batch normalization or an added constant that nothing but it reads.
  bool take_follower(Product& product) {
    const int32_t index = only_reader(product.end);
    if (index < 0) return false;
    const Node& n = node(index);
    if (n.op == "BatchNormalization" && product.norm_scale == kNoValue && n.outputs.size() == 1) {
      for (size_t i = 1; i < 5; ++i)
        if (!is_float_constant(n, i)) return false;
      product.offsets = {own(index, 2)};
      product.norm_scale = own(index, 1);
      const double epsilon = double{node(index).attr_float("epsilon", 1e-5f)};
      for (float v : constant_tensor(graph_.value(node(index).inputs[4])).as_floats())
        product.norm_deviation.push_back(std::sqrt(double{v} + epsilon));
    } else if (n.op == "Add") {
      const size_t constant = n.inputs[0] == product.end ? 1 : 0;
      if (!is_float_constant(n, constant)) return false;
      const Shape& shape = graph_.value(n.inputs[constant]).shape;
      const Shape& result = graph_.value(n.outputs[0]).shape;
      const size_t lacking = result.size() - std::min(result.size(), shape.size());
      // All its elements lie along dimension 1.
      if (lacking > 1 || shape[1 - lacking] != product.outputs ||
          element_count(shape) != product.outputs)
        return false;
      product.offsets.push_back(own(index, constant));
    } else {
      return false;
    }
    product.end = node(index).outputs[0];
    return true;
  }

  void find_pair(size_t first) {
    int64_t block = 1;
    for (ValueId at = products_[first].end;;) {
      const int32_t index = only_reader(at);
      if (index < 0) return;
      const Node& n = node(index);
      const auto second = std::find_if(products_.begin(), products_.end(),
                                       [&](const Product& p) { return p.node == index; });
      if (second != products_.end()) {
        if (n.inputs[0] == at && second->inputs == products_[first].outputs * block)
          pairs_.push_back({first, static_cast<size_t>(second - products_.begin()), block});
        return;
      }
      const Shape &from = graph_.value(at).shape, &to = graph_.value(n.outputs[0]).shape;
      if (n.op == "Flatten" || n.op == "Reshape") {
        if (n.inputs[0] != at || to.size() != 2 || from.size() < 2 || to[0] != from[0] ||
            from[1] != products_[first].outputs || block != 1)
          return;
        block = to[1] / from[1];
      } else if (n.op != "Relu" && n.op != "MaxPool" && n.op != "AveragePool" &&
                 n.op != "GlobalAveragePool" && n.op != "Identity") {
        return;
      }
      at = n.outputs[0];
    }
  }

  // The factor of a batch normalization.
  double factor(const Product& p, int64_t output) const {
    if (p.norm_scale == kNoValue) return 1;
    const auto o = static_cast<size_t>(output);
    return std::abs(real_.at(p.norm_scale)[o]) / p.norm_deviation[o];
  }

  // Calls visit(weight, output channel) for all weights of an output, or of an input.
  template <typename Visit>
  void weights_of_output(const Product& p, int64_t output, Visit visit) {
    std::vector<double>& weights = real_.at(p.weight);
    const auto size = static_cast<int64_t>(weights.size()) / p.outputs;
    const bool in_rows = p.is_conv || p.is_transposed;
    for (int64_t k = 0; k < size; ++k)
      visit(weights[static_cast<size_t>(in_rows ? output * size + k : k * p.outputs + output)],
            output);
  }

  template <typename Visit>
  void weights_of_input(const Product& p, int64_t input, Visit visit) {
    std::vector<double>& weights = real_.at(p.weight);
    const auto size = static_cast<int64_t>(weights.size()) / p.outputs;
    if (!p.is_conv) {
      for (int64_t o = 0; o < p.outputs; ++o)
        visit(weights[static_cast<size_t>(p.is_transposed ? o * size + input
                                                          : input * p.outputs + o)],
              o);
      return;
    }
    const int64_t depth = p.inputs / p.groups, taps = size / depth,
                  per_group = p.outputs / p.groups;
    for (int64_t o = input / depth * per_group; o < (input / depth + 1) * per_group; ++o)
      for (int64_t t = 0; t < taps; ++t)
        visit(weights[static_cast<size_t>(o * size + input % depth * taps + t)], o);
  }

  // Magnitude of what is added to an output.
  double offset(const Product& p, int64_t output) const {
    double sum = 0;
    for (ValueId id : p.offsets) sum += real_.at(id)[static_cast<size_t>(output)];
    return std::abs(sum);
  }

  // Returns the greatest |log s|.
  double balance(const Pair& pair) {
    const Product &first = products_[pair.first], &second = products_[pair.second];
    double most = 0, most_offset = std::numeric_limits<double>::min();
    for (int64_t c = 0; c < first.outputs; ++c)
      most_offset = std::max(most_offset, offset(first, c));
    for (int64_t c = 0; c < first.outputs; ++c) {
      double r1 = 0, r2 = 0;
      weights_of_output(first, c, [&](double w, int64_t) { r1 = std::max(r1, std::abs(w)); });
      r1 *= factor(first, c);
      for (int64_t k = c * pair.block; k < (c + 1) * pair.block; ++k) {
        weights_of_input(second, k, [&](double w, int64_t o) {
          r2 = std::max(r2, std::abs(w) * factor(second, o));
        });
      }
      // No offset becomes greater than the greatest of the layer: small weights beside an ordinary
      // bias would stretch the range of all its codes.
      const double s = std::max(std::sqrt(r1 / r2), offset(first, c) / most_offset);
      if (!(r1 > 0 && r2 > 0 && std::isfinite(s) && s > 0)) continue;
      most = std::max(most, std::abs(std::log(s)));
      if (first.norm_scale != kNoValue) {
        real_.at(first.norm_scale)[static_cast<size_t>(c)] /= s;
      } else {
        weights_of_output(first, c, [&](double& w, int64_t) { w /= s; });
      }
      for (ValueId id : first.offsets) real_.at(id)[static_cast<size_t>(c)] /= s;
      for (int64_t k = c * pair.block; k < (c + 1) * pair.block; ++k)
        weights_of_input(second, k, [&](double& w, int64_t) { w *= s; });
    }
    return most;
  }

  Graph graph_;
  std::vector<Product> products_;
  std::vector<Pair> pairs_;
  std::map<ValueId, std::vector<double>> real_;  // constants that change
};

}  // namespace

Graph equalize(const Graph& graph) { return Equalizer(graph).run(); }

}  // namespace qsim
