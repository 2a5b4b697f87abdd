#include "sim/cli/trial.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/compile.h"
#include "compiler/float/executor.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"
#include "sim/cli/calibration.h"
#include "sim/cli/chunk_scores.h"
#include "sim/cli/layout.h"
#include "sim/cli/sequence.h"
#include "sim/engines/analytic/engine.h"
#include "sim/engines/reference/reference_engine.h"
#include "sim/report/account.h"
#include "sim/report/energy.h"

namespace qsim::cli {
namespace {

// Samples that run through the float network and an engine at once.
constexpr int64_t kPassSamples = 64;

int64_t batch_of(const NetTensor& input) {
  return input.onnx_shape.empty() ? 1 : input.onnx_shape[0];
}

// Classes of the first output; 0: no classifier.
int64_t classes_of(const IntegerNetwork& network) {
  const NetTensor& output = network.tensor(network.outputs[0]);
  const int64_t batch = batch_of(output);
  return output.h == 1 && output.w == 1 && output.elements() > batch ? output.elements() / batch
                                                                     : 0;
}

enum class OutputKind { kScores, kProbabilities, kLogarithms };

OutputKind kind_of(const IntegerNetwork& network) {
  for (const Layer& layer : network.layers) {
    if (layer.output != network.outputs[0]) continue;
    if (layer.op == LayerOp::kHostQlinearSoftmax) return OutputKind::kProbabilities;
    if (layer.op == LayerOp::kHostSoftmax)
      return layer.log ? OutputKind::kLogarithms : OutputKind::kProbabilities;
  }
  return OutputKind::kScores;
}

// Of all classes; nothing is impossible.
std::vector<double> log_probabilities(std::span<const float> outputs, OutputKind kind) {
  constexpr double kLeast = 1e-6;
  std::vector<double> result(outputs.begin(), outputs.end());
  if (kind == OutputKind::kProbabilities) {
    for (double& value : result) value = std::log(std::max(value, kLeast));
  }
  const double most = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double value : result) sum += std::exp(value - most);
  for (double& value : result) value -= most + std::log(sum);
  return result;
}

double divergence(std::span<const float> expected, std::span<const float> actual, OutputKind kind) {
  const std::vector<double> p = log_probabilities(expected, kind),
                            q = log_probabilities(actual, kind);
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return std::max(sum, 0.0);
}

Tensor rows_of(const Tensor& whole, int64_t first, int64_t count, int64_t of) {
  Tensor part;
  part.type = whole.type;
  part.shape = {whole.size() / of * count};
  const auto size = static_cast<std::ptrdiff_t>(whole.bytes.size()) / of;
  part.bytes.assign(whole.bytes.begin() + first * size,
                    whole.bytes.begin() + (first + count) * size);
  return part;
}

}  // namespace

TrialBench::TrialBench(Graph graph, Samples samples, Arch arch, PriceSource prices, int threads,
                       const Progress& progress)
    : graph_(std::move(graph)),
      samples_(std::move(samples)),
      arch_(std::move(arch)),
      prices_(std::move(prices)),
      threads_(threads) {
  calibration_ =
      calibrate(graph_, {.histograms = true, .means = true, .products = true}, samples_, progress);
}

bool TrialBench::has_labels() const { return !samples_.data->dataset.y.empty(); }

IntegerNetwork TrialBench::quantized(const Recipe& recipe) const {
  if (!recipe.is_sequential) {
    return quantize(graph_, {.calibration = &calibration_, .recipe = &recipe});
  }
  const Recipe fitted = fit_in_sequence(graph_, recipe, calibration_, samples_,
                                        arch_.vector.requant, [](double) { return true; });
  return quantize(graph_, {.calibration = &calibration_, .recipe = &fitted});
}

TrialPart TrialBench::part(std::vector<int64_t> indices) const {
  const IntegerNetwork network = quantize(graph_, {.calibration = &calibration_});
  const NetTensor& input = network.tensor(network.inputs[0]);
  const int64_t batch = batch_of(input), classes = classes_of(network);
  indices.resize(indices.size() / static_cast<size_t>(batch) * static_cast<size_t>(batch));
  if (indices.empty()) throw Error(samples_.data->path + ": has too few samples to divide");
  TrialPart part{.indices = std::move(indices), .inputs = {}, .outputs = {}, .float_accuracy = {}};
  const FloatExecutor floats(graph_);
  const CodeScale* scale = floats.code_scale(graph_.outputs[0]);
  const auto count = static_cast<int64_t>(part.indices.size());
  for (int64_t i = 0; i < count; i += batch) {
    const auto first = part.indices.begin() + i;
    const Tensor onnx = samples_for(*samples_.data, {first, first + batch}, input.onnx_shape);
    const Tensor engine = to_engine(input, onnx);
    part.inputs.type = engine.type;
    part.inputs.bytes.insert(part.inputs.bytes.end(), engine.bytes.begin(), engine.bytes.end());
    for (float value : floats.run({onnx}).at(0).as_floats()) {
      part.outputs.push_back(scale ? scale->scale * (value - scale->zero_point) : value);
    }
  }
  part.inputs.shape = {input.elements() / batch * count};
  if (classes > 0) part.float_accuracy = 1;
  if (has_labels() && classes > 0) {
    HitCount hits;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t label =
          samples_.data->dataset.y[static_cast<size_t>(part.indices[static_cast<size_t>(i)])];
      if (label < 0 || label >= classes) {
        throw Error(samples_.data->path + ": label " + std::to_string(label) +
                    " is none of the network's " + std::to_string(classes) + " classes");
      }
      hits.add(std::span(part.outputs)
                   .subspan(static_cast<size_t>(i * classes), static_cast<size_t>(classes)),
               label);
    }
    part.float_accuracy = static_cast<double>(hits.top1) / static_cast<double>(count);
  }
  return part;
}

TrialScore TrialBench::score(const IntegerNetwork& network, const TrialPart& part) const {
  const NetTensor& output = network.tensor(network.outputs[0]);
  const int64_t batch = batch_of(network.tensor(network.inputs[0]));
  const auto count = static_cast<int64_t>(part.indices.size());
  const auto classes = static_cast<size_t>(classes_of(network));
  const OutputKind kind = kind_of(network);
  ReferenceEngine engine(network, {.mode = arch_.vector.requant, .threads = threads_});
  TrialScore score;
  score.samples = count;
  NoiseSum noise;
  HitCount hits;
  int64_t agreements = 0;
  double loss = 0;
  const int64_t pass = std::max<int64_t>(kPassSamples / batch, 1) * batch;
  for (int64_t first = 0; first < count; first += pass) {
    const int64_t some = std::min(pass, count - first);
    const std::vector<Tensor> outputs = engine.run({rows_of(part.inputs, first, some, count)});
    const std::vector<float> reals = reals_of(output, outputs[0]);
    const auto expected =
        std::span(part.outputs)
            .subspan(static_cast<size_t>(first) * part.outputs.size() / static_cast<size_t>(count),
                     reals.size());
    noise.add(expected, reals);
    for (size_t i = 0; i < static_cast<size_t>(some) && classes > 0; ++i) {
      const auto is = std::span(reals).subspan(i * classes, classes);
      const auto should = expected.subspan(i * classes, classes);
      loss += divergence(should, is, kind);
      agreements += argmax(is) == argmax(should);
      const auto sample = static_cast<size_t>(part.indices[static_cast<size_t>(first) + i]);
      if (has_labels()) hits.add(is, samples_.data->dataset.y[sample]);
    }
  }
  const auto all = static_cast<double>(count);
  score.sqnr_db = noise.sqnr_db().value_or(0);
  score.loss = classes > 0 ? loss / all : noise.noise / std::max(noise.signal, 1e-30);
  if (classes > 0) {
    score.agreement = static_cast<double>(agreements) / all;
    score.accuracy = has_labels() ? static_cast<double>(hits.top1) / all : *score.agreement;
  }
  score.wraps = static_cast<int64_t>(engine.wraps());
  return score;
}

TrialCost TrialBench::cost(const IntegerNetwork& network) const {
  const Program program = emit(network, arch_, make_plan(network, arch_, segment_cycles));
  const RunResult run = run_analytic(program);
  TrialCost cost;
  cost.cycles = run.cycles;
  const std::vector<LayerAccount> times = account_for(program, run).layers;
  for (const LayerAccount& layer : times) cost.layer_cycles.push_back(layer.cycles);
  const PriceList list = make_price_list(arch_, prices());
  const RunEnergy energy = price_run(program, run, false, times, count_traffic(program), list);
  for (const EnergyAccount& layer : energy.layers) {
    cost.layer_energy_nj.push_back(layer.total().nj());
  }
  cost.energy_nj = energy.total.total().nj();
  for (const Layer& layer : network.layers) {
    cost.weight_bytes +=
        packed_bytes(static_cast<int64_t>(layer.weights.size()), pack_of_bits(layer.weight_bits));
  }
  return cost;
}

}  // namespace qsim::cli
