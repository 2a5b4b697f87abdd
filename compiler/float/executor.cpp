#include "compiler/float/executor.h"

#include <algorithm>
#include <map>

#include "compiler/float/kernels.h"
#include "compiler/float/quantized_nodes.h"
#include "hw/spec/error.h"

namespace qsim {

struct FloatExecutor::State {
  std::map<ValueId, Activation> constants;  // and what depends on constants alone
  std::vector<Kernel> kernels;              // per node; null for nodes evaluated already
  std::vector<int> uses;                    // per value: consumers that run, plus one for an output
  std::map<ValueId, CodeScale> code_scales;
};

namespace {

constexpr int64_t kMaxElements = int64_t{1} << 30;

bool is_integer(DataType type) { return type != DataType::kFloat && type != DataType::kDouble; }

Activation constant_activation(const Value& value) {
  if (!value.is_filled) return make_activation(value.shape, value.data.as_floats());
  return make_activation(value.shape,
                         std::vector<float>(static_cast<size_t>(element_count(value.shape)),
                                            static_cast<float>(value.fill)));
}

// Scales of values that hold codes: from the node that writes them, from a node that reads them
// (graph inputs), or from the input of a node that only moves codes.
std::map<ValueId, CodeScale> find_code_scales(const Graph& graph) {
  std::map<ValueId, CodeScale> scales;
  auto add = [&](const Node& node, ValueId id, const CodeOperand& at) {
    const CodeParameters p = read_parameters(graph, node, at.scale, at.zero_point);
    if (p.scale.size() == 1) scales.try_emplace(id, CodeScale{p.scale[0], p.zero_point[0]});
  };
  for (const Node& node : graph.nodes) {
    const CodeSignature signature = code_signature(node);
    for (const CodeOperand& operand : signature.inputs) {
      const ValueId id = node.inputs[operand.value];
      if (graph.value(id).producer < 0 && !graph.value(id).is_constant) add(node, id, operand);
    }
    if (signature.has_output) {
      add(node, node.outputs[0], signature.output);
    } else if (signature.inputs.empty() && !node.inputs.empty() &&
               is_integer(graph.value(node.outputs[0]).type) && node.op != "ArgMax") {
      const auto from = scales.find(node.inputs[0]);
      if (from != scales.end()) scales.try_emplace(node.outputs[0], from->second);
    }
  }
  return scales;
}

Call make_call(const Graph& graph, const Node& node, const std::map<ValueId, Activation>& constants,
               const std::vector<Activation>& live) {
  Call call{graph, node, {}};
  for (ValueId id : node.inputs) {
    const auto constant = constants.find(id);
    call.inputs.push_back(id == kNoValue                ? nullptr
                          : constant != constants.end() ? &constant->second
                                                        : &live[static_cast<size_t>(id)]);
  }
  return call;
}

void observe(const FloatExecutor& executor, const FloatExecutor::Observer& observer, ValueId id,
             const Activation& value) {
  if (!observer) return;
  const CodeScale* code = executor.code_scale(id);
  if (code == nullptr) return observer(id, value.shape, *value.data);
  std::vector<float> reals(*value.data);
  for (float& v : reals) v = (v - code->zero_point) * code->scale;
  observer(id, value.shape, reals);
}

// How many sample batches the inputs hold.
int64_t count_batches(const Graph& graph, const std::vector<Tensor>& inputs) {
  if (inputs.size() != graph.inputs.size()) {
    throw Error(graph.name + ": " + std::to_string(inputs.size()) + " inputs given for " +
                std::to_string(graph.inputs.size()));
  }
  int64_t batches = -1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs[i]);
    const Shape &want = value.shape, &have = inputs[i].shape;
    const bool fits =
        want == have || (!want.empty() && want.size() == have.size() && have[0] % want[0] == 0 &&
                         std::equal(want.begin() + 1, want.end(), have.begin() + 1));
    const int64_t count = want.empty() || !fits ? 1 : have[0] / want[0];
    if (!fits || (batches >= 0 && count != batches)) {
      throw Error(graph.name + ": input " + value.name + ": shape = " + to_text(have) +
                  " is not a batch of " + to_text(want));
    }
    batches = count;
  }
  return std::max<int64_t>(batches, 0);
}

}  // namespace

FloatExecutor::FloatExecutor(const Graph& graph) : graph_(graph) {
  auto state = std::make_unique<State>();
  state->uses.assign(graph.values.size(), 0);
  std::string unknown;
  for (const Node& node : graph.nodes) {
    const Kernel kernel = find_kernel(node.op);
    if (kernel == nullptr)
      unknown += (unknown.empty() ? "" : ", ") + node.op + " (" + node.name + ")";
    state->kernels.push_back(kernel);
  }
  for (const Value& value : graph.values) {
    if (element_count(value.shape) > kMaxElements) {
      throw Error(graph.name + ": value " + value.name + ": shape = " + to_text(value.shape) +
                  " is too large to execute (more than 2^30 elements)");
    }
  }
  if (!unknown.empty()) throw Error(graph.name + ": no float implementation of " + unknown);
  for (size_t id = 0; id < graph.values.size(); ++id) {
    if (graph.values[id].is_constant)
      state->constants[static_cast<ValueId>(id)] = constant_activation(graph.values[id]);
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool frozen = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id == kNoValue || state->constants.count(id) != 0;
    });
    if (frozen) {
      state->constants[node.outputs[0]] =
          state->kernels[i](make_call(graph, node, state->constants, {}));
      state->kernels[i] = nullptr;
    } else {
      for (ValueId id : node.inputs) {
        if (id != kNoValue) ++state->uses[static_cast<size_t>(id)];
      }
    }
  }
  for (ValueId id : graph.outputs) ++state->uses[static_cast<size_t>(id)];
  state->code_scales = find_code_scales(graph);
  state_ = std::move(state);
}

FloatExecutor::~FloatExecutor() = default;

const CodeScale* FloatExecutor::code_scale(ValueId id) const {
  const auto found = state_->code_scales.find(id);
  return found == state_->code_scales.end() ? nullptr : &found->second;
}

std::vector<Tensor> FloatExecutor::run(const std::vector<Tensor>& inputs,
                                       const Observer& observer) const {
  const int64_t batches = count_batches(graph_, inputs);
  std::vector<std::vector<float>> reals;
  for (const Tensor& input : inputs) reals.push_back(input.as_floats());
  std::vector<Tensor> outputs;
  for (ValueId id : graph_.outputs) {
    Shape shape = graph_.value(id).shape;
    if (shape.empty() && batches > 1) shape = {1};
    if (!shape.empty()) shape[0] *= batches;
    outputs.emplace_back(DataType::kFloat, shape);
  }
  for (int64_t batch = 0; batch < batches; ++batch) {
    std::vector<Activation> live(graph_.values.size());
    std::vector<int> uses = state_->uses;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const ValueId id = graph_.inputs[i];
      const int64_t size = element_count(graph_.value(id).shape);
      const auto from = reals[i].begin() + batch * size;
      live[static_cast<size_t>(id)] = make_activation(graph_.value(id).shape, {from, from + size});
      observe(*this, observer, id, live[static_cast<size_t>(id)]);
    }
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (state_->kernels[i] == nullptr) continue;
      const ValueId out = node.outputs[0];
      live[static_cast<size_t>(out)] =
          state_->kernels[i](make_call(graph_, node, state_->constants, live));
      observe(*this, observer, out, live[static_cast<size_t>(out)]);
      for (ValueId id : node.inputs) {
        if (id != kNoValue && --uses[static_cast<size_t>(id)] == 0)
          live[static_cast<size_t>(id)] = {};
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const ValueId id = graph_.outputs[i];
      const auto constant = state_->constants.find(id);
      const Activation& value =
          constant != state_->constants.end() ? constant->second : live[static_cast<size_t>(id)];
      std::copy(value.data->begin(), value.data->end(),
                outputs[i].data<float>() + batch * value.size());
    }
  }
  return outputs;
}

}  // namespace qsim
