#include "sim/cli/decisions.h"

#include <algorithm>
#include <numeric>

#include "hw/spec/packing.h"

namespace qsim::cli {
namespace {

class Sets {
 public:
  explicit Sets(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  size_t find(size_t i) const {
    while (parent_[i] != i) i = parent_[i];
    return i;
  }
  void join(TensorId a, TensorId b) {
    const size_t x = find(static_cast<size_t>(a)), y = find(static_cast<size_t>(b));
    parent_[std::max(x, y)] = std::min(x, y);
  }

 private:
  std::vector<size_t> parent_;
};

// A trial recipe with all layers narrow tells which tensors a recipe can narrow at all.
constexpr int32_t kWide = 8, kNarrow = 4;

}  // namespace

Choices find_choices(const TrialBench& bench, const Recipe& recipe) {
  Recipe wide = recipe, narrow = recipe;
  for (Recipe* r : {&wide, &narrow}) {
    r->layers.clear();
    r->is_sequential = false;
    r->weight_method = {};
    r->weights = r->activations = r == &wide ? kWide : kNarrow;
    r->input = r->outputs = kWide;
  }
  const IntegerNetwork from = bench.quantized(wide), to = bench.quantized(narrow);

  Sets sets(from.tensors.size());
  for (const Layer& layer : from.layers) {
    // A recipe has one number for all that a layer reads.
    for (size_t i = 1; i < layer.inputs.size(); ++i) sets.join(layer.inputs[0], layer.inputs[i]);
    const NetTensor& output = from.tensor(layer.output);
    if (output.is_float) continue;
    const bool passes_on = layer.op == LayerOp::kMaxPool || layer.op == LayerOp::kHostPermute ||
                           layer.op == LayerOp::kConcat || layer.op == LayerOp::kRescale ||
                           layer.op == LayerOp::kHostResize;
    for (TensorId id : layer.inputs) {
      const NetTensor& input = from.tensor(id);
      // Equal quantization at both widths is no accident.
      if (passes_on && !input.is_float && input.quant == output.quant &&
          to.tensor(id).quant == to.tensor(layer.output).quant)
        sets.join(id, layer.output);
    }
  }
  Choices choices;
  choices.group_of_tensor.assign(from.tensors.size(), -1);
  for (size_t i = 0; i < from.tensors.size(); ++i) {
    if (from.tensors[i].is_float) continue;
    const size_t first = sets.find(i);
    if (first == i) {
      choices.group_of_tensor[i] = static_cast<int32_t>(choices.groups.size());
      choices.groups.push_back({.tensors = {}, .readers = {}, .name = from.tensors[i].name});
    }
    const int32_t group = choices.group_of_tensor[i] = choices.group_of_tensor[first];
    CodeGroup& to_fill = choices.groups[static_cast<size_t>(group)];
    to_fill.tensors.push_back(static_cast<TensorId>(i));
    to_fill.is_open |= to.tensors[i].bits == kNarrow && from.tensors[i].bits == kWide;
    for (const Layer& layer : from.layers) {
      if (std::count(layer.inputs.begin(), layer.inputs.end(), static_cast<TensorId>(i)) != 0)
        to_fill.readers.push_back(layer.name);
    }
  }
  for (size_t i = 0; i < from.layers.size(); ++i) {
    if (from.layers[i].op == LayerOp::kConv && to.layers[i].weight_bits == kNarrow &&
        from.layers[i].weight_bits == kWide)
      choices.weighted.push_back(i);
  }
  for (int32_t pack = 0; pack <= bench.arch().max_pack(); ++pack)
    choices.bits.push_back(bits_of_pack(pack));
  return choices;
}

Assignment uniform(const Choices& choices, int32_t weights, int32_t codes) {
  Assignment assignment;
  assignment.weights.assign(choices.weighted.size(), weights);
  for (const CodeGroup& group : choices.groups)
    assignment.codes.push_back(group.is_open ? codes : 0);
  return assignment;
}

Recipe with_bits(const Recipe& recipe, const Choices& choices, const IntegerNetwork& network,
                 const Assignment& assignment) {
  Recipe result = recipe;
  for (size_t i = 0; i < choices.weighted.size(); ++i)
    result.layers[network.layers[choices.weighted[i]].name].weights = assignment.weights[i];
  for (size_t g = 0; g < choices.groups.size(); ++g) {
    if (!choices.groups[g].is_open) continue;
    for (const std::string& reader : choices.groups[g].readers) {
      std::optional<int32_t>& bits = result.layers[reader].activations;
      bits = std::max(bits.value_or(0), assignment.codes[g]);
    }
  }
  return result;
}

Sensitivity measure_sensitivity(const TrialBench& bench, const Recipe& recipe,
                                const Choices& choices, const TrialPart& part,
                                const std::vector<int32_t>& bits, const Progress& progress) {
  Recipe plain = recipe;  // the methods of weights matter to the weights alone
  plain.is_sequential = false;
  Recipe nearest = plain;
  nearest.weight_method = {};
  nearest.layers.clear();
  const Assignment wide = uniform(choices, kWide, kWide);
  const IntegerNetwork names = bench.quantized(nearest);
  const IntegerNetwork base = bench.quantized(with_bits(plain, choices, names, wide));

  Sensitivity result;
  result.widest = bench.score(base, part);
  result.weights.resize(choices.weighted.size());
  result.codes.resize(choices.groups.size());
  const auto total =
      static_cast<double>(bits.size() * (choices.weighted.size() + choices.groups.size()));
  double done = 0;
  for (int32_t narrow : bits) {
    // Weights depend on what a layer reads, which stays, and not on other layers' weights.
    const IntegerNetwork all =
        bench.quantized(with_bits(plain, choices, names, uniform(choices, narrow, kWide)));
    for (size_t i = 0; i < choices.weighted.size(); ++i) {
      IntegerNetwork one = base;
      one.layers[choices.weighted[i]] = all.layers[choices.weighted[i]];
      result.weights[i].push_back(narrow == kWide ? result.widest : bench.score(one, part));
      progress(++done / total);
    }
    for (size_t g = 0; g < choices.groups.size(); ++g) {
      ++done;
      if (!choices.groups[g].is_open) continue;
      Assignment assignment = wide;
      assignment.codes[g] = narrow;
      result.codes[g].push_back(
          narrow == kWide
              ? result.widest
              : bench.score(bench.quantized(with_bits(nearest, choices, names, assignment)), part));
      progress(done / total);
    }
  }
  return result;
}

}  // namespace qsim::cli
