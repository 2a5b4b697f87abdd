#include "sim/cli/analysis.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "compiler/float/executor.h"
#include "hw/spec/packing.h"
#include "sim/cli/chunk_scores.h"
#include "sim/cli/decisions.h"
#include "sim/cli/layout.h"
#include "sim/engines/reference/reference_engine.h"

namespace qsim::cli {
namespace {

constexpr int64_t kMostWatched = 128;            // samples
constexpr int64_t kMostMacs = int64_t{4} << 30;  // of accumulators that are watched

// Runs both networks on some of the samples and compares what lies inside them.
class Watch {
 public:
  Watch(const TrialBench& bench, const IntegerNetwork& network, const TrialPart& part)
      : bench_(bench), network_(network), part_(part) {
    for (size_t v = 0; v < bench.graph().values.size(); ++v)
      if (!bench.graph().values[v].is_constant)
        ids_[bench.graph().values[v].name] = static_cast<ValueId>(v);
    noise_.resize(network.layers.size());
    clipped_.resize(network.layers.size());
    values_.resize(network.layers.size());
    ranges_.resize(network.layers.size());
  }

  int64_t run() {
    int64_t macs = 1;
    for (const Layer& layer : network_.layers) macs += mac_count(network_, layer);
    const NetTensor& input = network_.tensor(network_.inputs[0]);
    const int64_t batch = input.onnx_shape.empty() ? 1 : input.onnx_shape[0];
    const auto batches = static_cast<int64_t>(part_.indices.size()) / batch;
    const int64_t count =
        std::clamp<int64_t>(std::min(kMostWatched / batch, kMostMacs / macs), 1, batches);
    const FloatExecutor floats(bench_.graph());
    ReferenceEngine engine(network_, {.mode = bench_.arch().vector.requant});
    for (int64_t k = 0; k < count; ++k) {
      const auto first = part_.indices.begin() + k * batches / count * batch;
      const Tensor onnx =
          samples_for(*bench_.samples().data, {first, first + batch}, input.onnx_shape);
      std::map<ValueId, std::vector<float>> real;
      floats.run({onnx}, [&](ValueId id, const Shape&, std::span<const float> values) {
        real[id] = {values.begin(), values.end()};
      });
      std::map<TensorId, Tensor> codes;
      engine.run({to_engine(input, onnx)}, [&](LayerId id, int64_t, const Tensor& output) {
        const Layer& layer = network_.layers[static_cast<size_t>(id)];
        codes[layer.output] = output;
        compare(static_cast<size_t>(id), output, real);
      });
      for (size_t i = 0; i < network_.layers.size(); ++i) {
        const Layer& layer = network_.layers[i];
        if (layer.op != LayerOp::kConv) continue;
        if (!ranges_[i]) ranges_[i] = bound_accumulators(network_, layer);
        const auto found = codes.find(layer.inputs[0]);
        if (found != codes.end()) watch_accumulators(network_, layer, found->second, *ranges_[i]);
      }
    }
    return count * batch;
  }

  void fill(size_t i, LayerAnalysis& layer) const {
    layer.sqnr_db = noise_[i].sqnr_db();
    layer.accumulator = ranges_[i];
    if (values_[i] > 0)
      layer.clipped = static_cast<double>(clipped_[i]) / static_cast<double>(values_[i]);
  }

 private:
  void compare(size_t i, const Tensor& output, const std::map<ValueId, std::vector<float>>& real) {
    const NetTensor& tensor = network_.tensor(network_.layers[i].output);
    const auto id = ids_.find(tensor.name);
    if (id == ids_.end()) return;
    const auto found = real.find(id->second);
    if (found == real.end() || found->second.size() != static_cast<size_t>(tensor.elements()))
      return;
    noise_[i].add(found->second, reals_of(tensor, output));
    if (tensor.is_float) return;
    // Half a step beyond the outermost codes is still rounded to them.
    const double low = (lowest_code(tensor.bits) - tensor.quant.zero_point - 0.5),
                 high = (highest_code(tensor.bits) - tensor.quant.zero_point + 0.5);
    for (float value : found->second) {
      const double steps = double{value} / double{tensor.quant.scale};
      clipped_[i] += steps < low || steps > high;
    }
    values_[i] += tensor.elements();
  }

  const TrialBench& bench_;
  const IntegerNetwork& network_;
  const TrialPart& part_;
  std::map<std::string, ValueId> ids_;
  std::vector<NoiseSum> noise_;            // per layer, as are
  std::vector<int64_t> clipped_, values_;  // these
  std::vector<std::optional<AccumulatorRange>> ranges_;
};

struct Change {
  std::string text;
  std::function<void(LayerBits&)> layer;
  std::function<void(Recipe&)> network;
};

// What a recipe can say for one layer, and for the network.
std::vector<Change> changes() {
  std::vector<Change> list = {
      {"\"weights\": 8", [](LayerBits& b) { b.weights = 8; }, nullptr},
      {"\"activations\": 8", [](LayerBits& b) { b.activations = 8; }, nullptr},
      {"\"weights\": 8, \"activations\": 8", [](LayerBits& b) { b.weights = b.activations = 8; },
       nullptr},
      {"\"rounding\": \"feedback\"", [](LayerBits& b) { b.rounding = Rounding::kFeedback; },
       [](Recipe& r) { r.weight_method.rounding = Rounding::kFeedback; }},
      {"\"bias_correction\": true", [](LayerBits& b) { b.corrects_bias = true; },
       [](Recipe& r) { r.weight_method.corrects_bias = true; }},
      {"\"weight_scale\": \"mse\"", [](LayerBits& b) { b.is_mse = true; },
       [](Recipe& r) { r.weight_method.is_mse = true; }},
      {"\"weights_per\": \"channel\"", [](LayerBits& b) { b.is_per_tensor = false; },
       [](Recipe& r) { r.weight_method.is_per_tensor = false; }},
      {"\"rounding\": \"feedback\", \"bias_correction\": true", nullptr,
       [](Recipe& r) {
         r.weight_method.rounding = Rounding::kFeedback;
         r.weight_method.corrects_bias = true;
       }},
      {"\"rounding\": \"feedback\", \"bias_correction\": true, \"sequential\": true, "
       "\"calibrator\": \"mse\"",
       nullptr,
       [](Recipe& r) {
         r.weight_method.rounding = Rounding::kFeedback;
         r.weight_method.corrects_bias = r.is_sequential = true;
         r.calibrator = {.rule = RangeRule::kMse};
       }},
  };
  for (const char* name : {"minmax", "moving-average", "percentile", "mse", "entropy"}) {
    const RangeMethod method = *read_range_method(name);
    list.push_back({std::string("\"calibrator\": \"") + name + "\"",
                    [method](LayerBits& b) { b.calibrator = method; },
                    [method](Recipe& r) { r.calibrator = method; }});
  }
  return list;
}

class Analyzer {
 public:
  Analyzer(const TrialBench& bench, const Recipe& recipe, const AnalyzeOptions& options,
           const Progress& progress)
      : bench_(bench), recipe_(recipe), options_(options), progress_(progress) {}

  Analysis run() {
    part_ = bench_.part(bench_.samples().scored);
    network_ = bench_.quantized(recipe_);
    result_.network = network_.name;
    result_.bits = options_.bits;
    result_.scored = static_cast<int64_t>(part_.indices.size());
    result_.calibrated = bench_.calibration().samples;
    result_.float_accuracy = part_.float_accuracy;
    result_.has_labels = bench_.has_labels();
    result_.base = bench_.score(network_, part_);
    look_inside();
    measure_layers();
    rank();
    try_remedies();
    return std::move(result_);
  }

 private:
  void look_inside() {
    Watch watch(bench_, network_, part_);
    result_.watched = watch.run();
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i];
      LayerAnalysis one;
      one.name = layer.name;
      one.op = name_of(layer.op);
      for (TensorId id : layer.inputs) {
        const NetTensor& tensor = network_.tensor(id);
        if (!tensor.is_float) one.code_bits = std::max(one.code_bits.value_or(0), tensor.bits);
      }
      if (layer.op == LayerOp::kConv) one.weight_bits = layer.weight_bits;
      watch.fill(i, one);
      result_.layers.push_back(std::move(one));
    }
    progress_(0.1);
  }

  void measure_layers() {
    choices_ = find_choices(bench_, recipe_);
    const Sensitivity found =
        measure_sensitivity(bench_, recipe_, choices_, part_, {options_.bits},
                            [&](double share) { return progress_(0.1 + 0.4 * share); });
    result_.widest = found.widest;
    for (size_t i = 0; i < choices_.weighted.size(); ++i)
      result_.layers[choices_.weighted[i]].narrow_weights = found.weights[i][0];
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const int32_t group =
          choices_.group_of_tensor[static_cast<size_t>(network_.layers[i].inputs[0])];
      if (group >= 0 && choices_.groups[static_cast<size_t>(group)].is_open)
        result_.layers[i].narrow_codes = found.codes[static_cast<size_t>(group)][0];
    }
  }

  void rank() {
    std::vector<size_t> order(result_.layers.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto harm = [&](size_t i) { return result_.layers[i].harm(result_.widest.loss); };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return harm(a) > harm(b); });
    for (size_t i : order) {
      const LayerAnalysis& layer = result_.layers[i];
      const bool has_choice = layer.narrow_weights || layer.narrow_codes;
      if (has_choice && static_cast<int64_t>(result_.worst.size()) < options_.worst)
        result_.worst.push_back(i);
    }
  }

  // Whether the recipe's change makes another network.
  static bool differs(const IntegerNetwork& a, const IntegerNetwork& b) {
    for (size_t i = 0; i < a.tensors.size(); ++i)
      if (a.tensors[i].bits != b.tensors[i].bits || !(a.tensors[i].quant == b.tensors[i].quant))
        return true;
    for (size_t i = 0; i < a.layers.size(); ++i)
      if (a.layers[i].weights != b.layers[i].weights || a.layers[i].bias != b.layers[i].bias ||
          a.layers[i].weight_scale != b.layers[i].weight_scale)
        return true;
    return false;
  }

  void try_remedies() {
    const std::vector<Change> list = changes();
    const auto total = static_cast<double>(list.size() * (result_.worst.size() + 1));
    double done = 0;
    for (size_t place = 0; place <= result_.worst.size(); ++place) {
      const bool is_network = place == result_.worst.size();
      const LayerAnalysis* layer = is_network ? nullptr : &result_.layers[result_.worst[place]];
      std::vector<Remedy> tried;
      for (const Change& change : list) {
        progress_(0.5 + 0.5 * ++done / total);
        Recipe recipe = recipe_;
        if (is_network) {
          if (!change.network) continue;
          change.network(recipe);
        } else {
          if (!change.layer) continue;
          LayerBits& bits = recipe.layers[layer->name];
          change.layer(bits);
          const bool is_of_weights = bits.weights || bits.is_per_tensor || bits.is_mse ||
                                     bits.rounding || bits.corrects_bias;
          const bool is_of_codes = bits.activations || bits.calibrator;
          if ((is_of_weights && !layer->narrow_weights) || (is_of_codes && !layer->narrow_codes))
            continue;
        }
        const IntegerNetwork network = bench_.quantized(recipe);
        if (!differs(network, network_)) continue;
        tried.push_back({is_network ? "" : layer->name, change.text, bench_.score(network, part_)});
      }
      std::stable_sort(tried.begin(), tried.end(), [](const Remedy& a, const Remedy& b) {
        return a.score.loss < b.score.loss;
      });
      result_.remedies.insert(result_.remedies.end(), tried.begin(), tried.end());
    }
  }

  const TrialBench& bench_;
  const Recipe& recipe_;
  const AnalyzeOptions& options_;
  const Progress& progress_;
  TrialPart part_;
  IntegerNetwork network_;
  Choices choices_;
  Analysis result_;
};

}  // namespace

double LayerAnalysis::harm(double base_loss) const {
  double sum = 0;
  for (const std::optional<TrialScore>* score : {&narrow_weights, &narrow_codes})
    if (*score) sum += std::max((*score)->loss - base_loss, 0.0);
  return sum;
}

Analysis analyze(const TrialBench& bench, const Recipe& recipe, const AnalyzeOptions& options,
                 const Progress& progress) {
  return Analyzer(bench, recipe, options, progress).run();
}

}  // namespace qsim::cli
