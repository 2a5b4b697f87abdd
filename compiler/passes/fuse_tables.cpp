#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "compiler/passes/channel_map.h"
#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

// Calls that evaluating a table may take: functions call each other, so that this bounds the stack,
// and the time that squares of squares take.
constexpr int kMostCalls = 100;

// A function of one element, and the operators that it is made of.
struct Map {
  ScalarFunction function;
  int64_t axis = -1;  // dimension of the channels; -1: the same function for all
  std::vector<Op*> ops;
  bool has_table = false;
  int calls = 0;
};

// Of tables that have been fused; others take one.
using Calls = std::map<const Op*, int>;

ScalarFunction affine_function(const std::vector<Affine>& affines) {
  const auto map = std::make_shared<std::optional<ChannelMap>>();
  return [=](double x, size_t) {
    if (!*map) *map = channel_map(affines, 1);
    return (*map)->factor[0] * x + (*map)->offset[0];
  };
}

ScalarFunction clamped(ScalarFunction function, double low, double high) {
  return [=](double x, size_t channel) { return std::clamp(function(x, channel), low, high); };
}

bool is_map(const Op& op) {
  return op.kind == OpKind::kTable || op.kind == OpKind::kClamp ||
         (op.kind == OpKind::kAffine && op.axis < 0);
}

ScalarFunction function_of(const Op& op) {
  const ScalarFunction plain = op.kind == OpKind::kTable    ? op.function
                               : op.kind == OpKind::kAffine ? affine_function(op.affines)
                                                            : [](double x, size_t) { return x; };
  return op.is_clamped() ? clamped(plain, op.clamp_low, op.clamp_high) : plain;
}

// `inner` first; nothing when their channels run along different dimensions.
std::optional<Map> composed(Op& inner, const Map& outer, const Calls& calls) {
  const int64_t axis = inner.kind == OpKind::kTable ? inner.axis : -1;
  if (axis >= 0 && outer.axis >= 0 && axis != outer.axis) return std::nullopt;
  Map result = outer;
  const auto fused = calls.find(&inner);
  result.calls += fused == calls.end() ? 1 : fused->second;
  if (result.calls > kMostCalls) return std::nullopt;
  result.axis = std::max(axis, outer.axis);
  result.function = [f = function_of(inner), g = outer.function](double x, size_t channel) {
    return g(f(x, channel), channel);
  };
  result.ops.push_back(&inner);
  result.has_table = outer.has_table || inner.kind == OpKind::kTable;
  return result;
}

struct Root {
  EdgeId edge;
  Map map;  // from that edge
};

// The edges of which `map`, a function of `edge`, is a function: `edge` itself and those above it.
std::vector<Root> roots_of(Flow& flow, EdgeId edge, const Map& map, const Calls& calls) {
  std::vector<Root> roots = {{edge, map}};
  for (;;) {
    Op* producer = flow.producer(edge);
    if (producer == nullptr || !is_map(*producer) || flow.edge(edge).form ||
        !flow.has_one_reader(edge))
      return roots;
    const std::optional<Map> next = composed(*producer, roots.back().map, calls);
    if (!next) return roots;
    edge = producer->inputs[0];
    roots.push_back({edge, *next});
  }
}

Map identity() {
  return {[](double x, size_t) { return x; }, -1, {}, false, 0};
}

double apply(OpKind kind, double a, double b) {
  return kind == OpKind::kAdd   ? a + b
         : kind == OpKind::kSub ? a - b
         : kind == OpKind::kMul ? a * b
                                : a / b;
}

bool is_pair(const Op& op) {
  return op.kind == OpKind::kAdd || op.kind == OpKind::kSub || op.kind == OpKind::kMul ||
         op.kind == OpKind::kDiv;
}

// A pair whose operands are functions of one edge, as a function of the nearest such edge.
std::optional<Root> root_of_pair(Flow& flow, const Op& op, const Calls& calls) {
  const Shape& shape = flow.edge(op.output).shape;
  for (EdgeId input : op.inputs) {
    if (flow.edge(input).shape != shape) return std::nullopt;
  }
  const std::vector<Root> a = roots_of(flow, op.inputs[0], identity(), calls),
                          b = roots_of(flow, op.inputs[1], identity(), calls);
  for (const Root& left : a) {
    for (const Root& right : b) {
      const int64_t axes[] = {left.map.axis, right.map.axis};
      if (left.edge != right.edge || (axes[0] >= 0 && axes[1] >= 0 && axes[0] != axes[1])) continue;
      Map map{[kind = op.kind, f = left.map.function, g = right.map.function](double x, size_t c) {
                return apply(kind, f(x, c), g(x, c));
              },
              std::max(axes[0], axes[1]), left.map.ops, left.map.has_table || right.map.has_table,
              left.map.calls + right.map.calls + 1};
      if (map.calls > kMostCalls) continue;
      map.ops.insert(map.ops.end(), right.map.ops.begin(), right.map.ops.end());
      // The vector unit adds.
      if (op.kind == OpKind::kAdd && !map.has_table) return std::nullopt;
      return Root{left.edge, map};
    }
  }
  return std::nullopt;
}

// The farthest edge that a chain of operators from there to `op` makes a table of, `op` included.
std::optional<Root> root_of_map(Flow& flow, Op& op, const Calls& calls) {
  const std::optional<Map> own = composed(op, identity(), calls);
  std::vector<Root> roots = roots_of(flow, op.inputs[0], *own, calls);
  if (roots.size() < 2 || !roots.back().map.has_table) return std::nullopt;
  Root root = roots.back();
  std::erase(root.map.ops, &op);
  return root;
}

// `op` becomes the table; the operators that it is made of lose their edges and join `gone`.
void replace(Op& op, const Root& root, Calls& calls, std::vector<const Op*>& gone) {
  Op table{};
  table.kind = OpKind::kTable;
  table.name = op.name;
  table.inputs = {root.edge};
  table.output = op.output;
  table.function = root.map.function;
  table.axis = root.map.axis;
  op = table;
  calls[&op] = root.map.calls;
  for (Op* part : root.map.ops) {
    part->inputs.clear();
    part->output = -1;
    gone.push_back(part);
  }
}

}  // namespace

void fuse_tables(Flow& flow) {
  std::vector<const Op*> gone;
  Calls calls;
  for (Op& op : flow.ops) {
    if (is_pair(op)) {
      std::optional<Root> root = root_of_pair(flow, op, calls);
      if (!root) continue;
      if (op.is_clamped())
        root->map.function = clamped(root->map.function, op.clamp_low, op.clamp_high);
      replace(op, *root, calls, gone);
    }
    if (!is_map(op)) continue;
    if (const std::optional<Root> root = root_of_map(flow, op, calls))
      replace(op, *root, calls, gone);
  }
  flow.remove(gone);
}

}  // namespace qsim
