// Constant folding of operators that compute: for chains of shapes, and parameters that exporters
// leave uncomputed.
#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/graph_unary.h"
#include "compiler/onnx/element_type.h"
#include "compiler/onnx/fold.h"

namespace qsim {
namespace {

Tensor new_output(const NodeView& view) {
  const Value& value = view.out();
  view.spend(element_count(value.shape) * static_cast<int64_t>(size_of(value.type)));
  return Tensor(value.type, value.shape);
}

template <typename T>
T compute(const NodeView& view, char op, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return op == 'A' ? a + b : op == 'S' ? a - b : op == 'M' ? a * b : a / b;
  } else {
    // Integers wrap, as in ONNX; unsigned arithmetic makes that defined.
    const auto ua = static_cast<uint64_t>(a);
    const auto ub = static_cast<uint64_t>(b);
    if (op != 'D') return static_cast<T>(op == 'A' ? ua + ub : op == 'S' ? ua - ub : ua * ub);
    if (b == 0) view.fail("divisor = 0 in a constant division");
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return static_cast<T>(uint64_t{0} - ua);
    }
    return static_cast<T>(a / b);
  }
}

// Steps through an operand whose dimensions of 1 (or missing ones) repeat.
std::vector<int64_t> broadcast_steps(const Shape& operand, const Shape& result) {
  std::vector<int64_t> steps(result.size(), 0);
  int64_t stride = 1;
  for (size_t i = 1; i <= operand.size(); ++i) {
    const int64_t dim = operand[operand.size() - i];
    if (dim != 1) steps[result.size() - i] = stride;
    stride *= dim;
  }
  return steps;
}

template <typename T>
Tensor compute_all(const NodeView& view) {
  const Tensor left = view.data(0);
  const Tensor right = view.data(1);
  Tensor result = new_output(view);
  const std::vector<int64_t> left_steps = broadcast_steps(left.shape, result.shape);
  const std::vector<int64_t> right_steps = broadcast_steps(right.shape, result.shape);
  std::vector<int64_t> index(result.shape.size(), 0);
  int64_t a = 0, b = 0;
  const int64_t count = result.size();
  for (int64_t done = 0; done < count; ++done) {
    result.data<T>()[done] = compute(view, view.op()[0], left.data<T>()[a], right.data<T>()[b]);
    for (size_t i = index.size(); i-- > 0;) {
      a += left_steps[i];
      b += right_steps[i];
      if (++index[i] < result.shape[i]) break;
      a -= left_steps[i] * result.shape[i];
      b -= right_steps[i] * result.shape[i];
      index[i] = 0;
    }
  }
  return result;
}

// Out-of-range floats have no defined result in ONNX; here they saturate, and NaN gives 0.
template <typename To, typename From>
To cast_one(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != 0;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(value)) return 0;
    const auto low = static_cast<From>(std::numeric_limits<To>::min());
    const auto high = static_cast<From>(std::numeric_limits<To>::max());
    if (value <= low) return std::numeric_limits<To>::min();
    return value >= high ? std::numeric_limits<To>::max() : static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

// Calls action with a zero of the C++ type that stores `type`.
template <typename Action>
void with_type(DataType type, Action action) {
  switch (type) {
    case DataType::kFloat:
      return action(float{});
    case DataType::kDouble:
      return action(double{});
    case DataType::kInt8:
      return action(int8_t{});
    case DataType::kUint8:
      return action(uint8_t{});
    case DataType::kInt16:
      return action(int16_t{});
    case DataType::kUint16:
      return action(uint16_t{});
    case DataType::kInt32:
      return action(int32_t{});
    case DataType::kUint32:
      return action(uint32_t{});
    case DataType::kInt64:
      return action(int64_t{});
    case DataType::kBool:
      return action(bool{});
    case DataType::kUndefined:
      return;
  }
}

Tensor cast_tensor(const Tensor& from, const ElementType& to) {
  Tensor result(to.stored, from.shape);
  const int64_t count = result.size();
  with_type(from.type, [&](auto from_zero) {
    with_type(to.stored, [&](auto to_zero) {
      using From = decltype(from_zero);
      using To = decltype(to_zero);
      for (int64_t i = 0; i < count; ++i) {
        result.data<To>()[i] = cast_one<To>(from.data<From>()[i]);
      }
    });
  });
  if (to.stored == DataType::kFloat && to.bits == 16) {
    float* values = result.data<float>();
    const auto round = to.onnx == 10 ? round_to_half : round_to_bfloat16;
    std::transform(values, values + count, values, round);
  }
  return result;
}

// Keeps one element as is_filled when a double holds it exactly.
void set_fill(NodeView& view, const Tensor& element) {
  with_type(element.type, [&](auto zero) {
    using T = decltype(zero);
    const T value = element.data<T>()[0];
    const auto fill = static_cast<double>(value);
    if (std::is_floating_point_v<T> || std::abs(fill) <= 0x1p53) return view.set_filled(fill);
    Tensor result = new_output(view);
    std::fill_n(result.data<T>(), result.size(), value);
    view.set_data(std::move(result));
  });
}

}  // namespace

void fold_shape(NodeView& view) {
  const Shape& input = view.shape(0);
  Tensor result = new_output(view);
  const auto rank = static_cast<int64_t>(input.size());
  int64_t start = view.node().attr_int("start", 0);
  if (start < 0) start = std::max<int64_t>(start + rank, 0);
  std::copy_n(input.begin() + std::min(start, rank), result.size(), result.data<int64_t>());
  view.set_data(std::move(result));
}

void fold_constant(NodeView& view) {
  const Attribute& value = view.node().attributes.begin()->second;
  if (const auto* tensor = std::get_if<Tensor>(&value)) return view.set_data(*tensor);
  Tensor result = new_output(view);
  if (const auto* one = std::get_if<int64_t>(&value)) *result.data<int64_t>() = *one;
  if (const auto* one = std::get_if<float>(&value)) *result.data<float>() = *one;
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    std::copy(list->begin(), list->end(), result.data<int64_t>());
  }
  if (const auto* list = std::get_if<std::vector<float>>(&value)) {
    std::copy(list->begin(), list->end(), result.data<float>());
  }
  view.set_data(std::move(result));
}

void fold_constant_of_shape(NodeView& view) {
  const auto value = view.node().attributes.find("value");
  if (value == view.node().attributes.end()) return view.set_filled(0);
  set_fill(view, std::get<Tensor>(value->second));
}

void fold_arithmetic(NodeView& view) {
  with_type(view.type(0), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, bool>) {
      view.unsupported("of bool");
    } else {
      view.set_data(compute_all<T>(view));
    }
  });
}

void fold_unary(NodeView& view) {
  const RealFunction function = unary_function(view.node());
  Tensor result = new_output(view);
  const std::vector<float> x = view.data(0).as_floats();
  for (size_t i = 0; i < x.size(); ++i)
    result.data<float>()[i] = static_cast<float>(function(double{x[i]}));
  view.set_data(std::move(result));
}

void fold_pow(NodeView& view) {
  Tensor result = new_output(view);
  const std::vector<float> x = view.data(0).as_floats();
  const double exponent = double{view.data(1).as_floats().at(0)};
  for (size_t i = 0; i < x.size(); ++i)
    result.data<float>()[i] = static_cast<float>(std::pow(double{x[i]}, exponent));
  view.set_data(std::move(result));
}

void fold_cast(NodeView& view) {
  const Value& input = view.in(0);
  const ElementType to = element_type(view.node().attr_int("to", 0));
  if (!input.is_filled) {
    view.spend(element_count(input.shape) * static_cast<int64_t>(size_of(to.stored)));
    return view.set_data(cast_tensor(view.data(0), to));
  }
  Value element = input;
  element.shape = {1};
  set_fill(view, cast_tensor(constant_tensor(element), to));
}

}  // namespace qsim
