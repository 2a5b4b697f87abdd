#include "compiler/passes/operand.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/float/quantized_nodes.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

std::vector<int64_t> dense_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

int wrapped(int64_t axis, size_t rank) {
  return static_cast<int>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

// Calls visit(storage index, channel) for each element, row-major.
template <typename Visit>
void for_each_element(const Operand& o, Visit visit) {
  std::vector<int64_t> index(o.shape.size(), 0);
  int64_t at = 0;
  for (int64_t i = 0, n = o.size(); i < n; ++i) {
    visit(at, o.axis < 0 ? size_t{0} : static_cast<size_t>(index[static_cast<size_t>(o.axis)]));
    for (size_t d = o.shape.size(); d-- > 0;) {
      at += o.strides[d];
      if (++index[d] < o.shape[d]) break;
      at -= o.strides[d] * o.shape[d];
      index[d] = 0;
    }
  }
}

void set_parameters(const Graph& graph, const Node& node, Operand& o) {
  const CodeParameters p = read_parameters(graph, node, 1, 2);
  o.is_codes = true;
  o.scale = p.scale;
  o.zero_point.clear();
  for (float zero : p.zero_point) o.zero_point.push_back(static_cast<int32_t>(zero));
  o.axis = p.scale.size() == 1 ? -1 : wrapped(node.attr_int("axis", 1), o.shape.size());
}

bool is_wide(DataType type) { return type == DataType::kInt16 || type == DataType::kUint16; }

// Codes that no layer can have, as the reals they stand for.
Operand dequantized(const Graph& graph, const Node& node, const Operand& codes) {
  Operand real = codes;
  real.is_codes = false;
  real.is_wide = true;
  real.axis = -1;
  real.scale.clear();
  real.zero_point.clear();
  if (codes.is_filled()) return real;  // has no values that matter
  const std::vector<double> stored = stored_elements(codes);
  const CodeParameters p = read_parameters(graph, node, 1, 2);
  const ScaleIndex index(graph, node);
  auto tensor = std::make_shared<Tensor>(DataType::kFloat, codes.shape);
  size_t i = 0;
  for_each_element(real, [&](int64_t at, size_t) {
    const size_t c = index(i);
    tensor->data<float>()[i++] =
        (static_cast<float>(stored[static_cast<size_t>(at)]) - p.zero_point[c]) * p.scale[c];
  });
  real.owned = std::move(tensor);
  real.strides = dense_strides(real.shape);
  return real;
}

// float -> codes, as QuantizeLinear defines it.
Operand quantize_constant(const Graph& graph, const Node& node, const Operand& real) {
  if (node.attr_int("block_size", 0) != 0) {
    throw Error("node " + node.name + ": weights that it quantizes in blocks are not supported");
  }
  const Value& output = graph.value(node.outputs[0]);
  const DataType type = output.type;
  const CodeRange range = code_range(output);
  Operand codes = real;
  codes.codes = type_range(output);
  codes.is_clipped = false;
  codes.strides = dense_strides(real.shape);
  set_parameters(graph, node, codes);
  const std::vector<double> reals = real_values(real);
  auto tensor = std::make_shared<Tensor>(type, real.shape);
  size_t i = 0;
  for_each_element(codes, [&](int64_t, size_t c) {
    const float steps = static_cast<float>(reals[i]) / codes.scale[c];
    const double code =
        std::clamp(std::rint(double{steps}) + codes.zero_point[c], range.low, range.high);
    const auto narrow = static_cast<int32_t>(code);
    if (is_wide(type)) {
      tensor->data<uint16_t>()[i++] = static_cast<uint16_t>(narrow);
    } else {
      tensor->bytes[i++] = static_cast<uint8_t>(narrow);
    }
  });
  codes.owned = tensor;
  return codes;
}

// A file of a hundred bytes can fill a constant of any shape; 2^26 doubles are half a gigabyte.
std::vector<double> filled_elements(const Value& value) {
  constexpr int64_t kMaxFilled = int64_t{1} << 26;
  const int64_t count = element_count(value.shape);
  if (count > kMaxFilled) {
    throw Error("value " + value.name + ": ConstantOfShape = " + to_text(value.shape) +
                " is more than the " + std::to_string(kMaxFilled) +
                " elements that are quantized from a fill");
  }
  return std::vector<double>(static_cast<size_t>(count), value.fill);
}

Operand transposed(const Operand& o, std::vector<int64_t> perm) {
  if (perm.empty()) {
    perm.resize(o.shape.size());
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  Operand result = o;
  for (size_t d = 0; d < perm.size(); ++d) {
    result.shape[d] = o.shape[static_cast<size_t>(perm[d])];
    result.strides[d] = o.strides[static_cast<size_t>(perm[d])];
    if (perm[d] == o.axis) result.axis = static_cast<int>(d);
  }
  return result;
}

Operand reshaped(const Operand& o, const Shape& shape, const Node& node) {
  if (o.strides != dense_strides(o.shape)) {
    throw Error("node " + node.name +
                ": a Reshape after a Transpose of quantized weights is not supported");
  }
  Operand result = o;
  result.shape = shape;
  result.strides = dense_strides(shape);
  if (o.axis < 0) return result;
  // The channel dimension must be one dimension still, with as many elements before it.
  auto before = [](const Shape& dims, size_t axis) {
    return element_count(Shape(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis)));
  };
  const auto axis = static_cast<size_t>(o.axis);
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == o.shape[axis] && before(shape, d) == before(o.shape, axis)) {
      result.axis = static_cast<int>(d);
      return result;
    }
  }
  throw Error("node " + node.name +
              ": a Reshape that splits the channels of per-channel weights is not supported");
}

Operand constant_operand(const Value& value) {
  Operand o;
  o.value = &value;
  o.shape = value.shape;
  o.strides = dense_strides(value.shape);
  o.codes = type_range(value);
  return o;
}

// What `node` makes of its first input.
Operand behind(const Graph& graph, const Node& node, Operand o) {
  const Value& value = graph.value(node.outputs[0]);
  if (node.op == "QuantizeLinear") return quantize_constant(graph, node, o);
  if (node.op == "DequantizeLinear") {
    if (is_wide(o.type()) || node.attr_int("block_size", 0) != 0)
      return dequantized(graph, node, o);
    set_parameters(graph, node, o);
    return o;
  }
  if (node.op == "Transpose") return transposed(o, node.attr_ints("perm"));
  if (node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" ||
      node.op == "Unsqueeze") {
    return reshaped(o, value.shape, node);
  }
  if (node.op == "Identity" || node.op == "Cast") return o;
  if (node.op == "Clip" && (value.type == DataType::kInt8 || value.type == DataType::kUint8)) {
    o.codes = clipped(graph, node, o.codes);
    o.is_clipped = true;
    return o;
  }
  throw Error("node " + node.name + ": weights that " + node.op + " computes are not supported");
}

}  // namespace

std::vector<double> stored_elements(const Operand& o) {
  if (o.is_clipped) {
    Operand whole = o;
    whole.is_clipped = false;
    std::vector<double> codes = stored_elements(whole);
    const double low = o.codes.low, high = o.codes.high;
    for (double& code : codes) code = std::clamp(code, low, high);
    return codes;
  }
  if (o.is_filled()) return filled_elements(*o.value);
  const Tensor& tensor = o.owned != nullptr ? *o.owned : o.value->data;
  if (tensor.type == DataType::kFloat || tensor.type == DataType::kDouble) {
    const std::vector<float> values = tensor.as_floats();
    return {values.begin(), values.end()};
  }
  const std::vector<int64_t> values = tensor.as_ints();
  return {values.begin(), values.end()};
}

std::vector<double> real_values(const Operand& o) {
  const std::vector<double> stored = stored_elements(o);
  std::vector<double> result;
  result.reserve(stored.size());
  for_each_element(o, [&](int64_t at, size_t c) {
    const double v = stored[static_cast<size_t>(at)];
    result.push_back(o.is_codes ? (v - o.zero_point[c]) * double{o.scale[c]} : v);
  });
  return result;
}

Operand operand_of(const Shape& shape, const std::vector<float>& values) {
  auto tensor = std::make_shared<Tensor>(DataType::kFloat, shape);
  std::copy(values.begin(), values.end(), tensor->data<float>());
  Operand operand;
  operand.owned = std::move(tensor);
  operand.shape = shape;
  operand.strides = dense_strides(shape);
  return operand;
}

Operand resolve_operand(const Graph& graph, ValueId id) {
  // Not by recursion: a file may put any number of nodes behind each other.
  std::vector<const Node*> chain;  // from the last node to the first
  while (!graph.value(id).is_constant) {
    const Value& value = graph.value(id);
    if (value.producer < 0) throw Error("value " + value.name + ": is not constant");
    chain.push_back(&graph.nodes[static_cast<size_t>(value.producer)]);
    id = chain.back()->inputs[0];
  }
  Operand o = constant_operand(graph.value(id));
  for (size_t i = chain.size(); i-- > 0;) o = behind(graph, *chain[i], std::move(o));
  return o;
}

}  // namespace qsim
