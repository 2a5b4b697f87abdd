#include "tests/support/engines.h"

#include <map>
#include <random>

#include "sim/engines/analytic/engine.h"
#include "sim/engines/reference/reference_engine.h"
#include "sim/systemc/engine.h"

namespace qsim {
namespace {

std::string timing_text(const InstructionTiming& t) {
  return "issue " + std::to_string(t.issue) + " busy until " + std::to_string(t.busy_until) +
         " done " + std::to_string(t.done) + " retire " + std::to_string(t.retire);
}

}  // namespace

std::string timing_difference(const Program& program, const RunResult& a, const RunResult& b) {
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    if (a.timing[i] == b.timing[i]) continue;
    return "instr " + std::to_string(i) + " " + to_text(program.instructions[i]) + ": analytic " +
           timing_text(a.timing[i]) + ", systemc " + timing_text(b.timing[i]);
  }
  if (a.steps != b.steps || a.cycles != b.cycles) {
    return "steps: analytic " + std::to_string(a.cycles) + " cycles, systemc " +
           std::to_string(b.cycles);
  }
#define QSIM_COUNTER(name, kind, unit, meaning)                                              \
  if (std::string(#kind) == "timing" && a.counters.name != b.counters.name) {                \
    return "counter " #name ": analytic " + std::to_string(a.counters.name) + ", systemc " + \
           std::to_string(b.counters.name);                                                  \
  }
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  return "";
}

std::vector<Tensor> random_inputs(const IntegerNetwork& network, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Tensor> inputs;
  for (TensorId id : network.inputs) {
    const NetTensor& info = network.tensor(id);
    Tensor tensor(info.is_float ? DataType::kFloat : DataType::kInt8,
                  {info.n, info.h, info.w, info.c});
    float scale = info.quant.scale;
    int32_t zero = info.quant.zero_point;
    for (const Layer& layer : network.layers) {
      if (layer.op != LayerOp::kHostQuantize || layer.inputs[0] != id) continue;
      scale = network.tensor(layer.output).quant.scale;
      zero = network.tensor(layer.output).quant.zero_point;
    }
    for (int64_t i = 0; i < tensor.size(); ++i) {
      const int32_t code = static_cast<int32_t>(random() % 276) - 138;
      if (info.is_float) {
        tensor.data<float>()[i] = scale * static_cast<float>(code - zero);
      } else {
        tensor.data<int8_t>()[i] = static_cast<int8_t>(code);
      }
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

std::string first_engine_difference(const Program& program, uint32_t seed,
                                    int64_t* token_full_cycles) {
  const RunResult analytic = run_analytic(program);
  const std::string folding =
      timing_difference(program, run_analytic(program, {.fold = false}), analytic);
  if (!folding.empty()) return "analytic, unfolded and folded: " + folding;
  if (token_full_cycles) *token_full_cycles = analytic.counters.token_full_cycles;
  const std::vector<Tensor> inputs = random_inputs(program.network, seed);
  std::map<LayerId, Tensor> layers;
  SystemcOptions options;
  options.observer = [&](LayerId layer, const Tensor& output) { layers[layer] = output; };
  const RunResult systemc = SystemcEngine(program, options).run(inputs);
  const std::string timing = timing_difference(program, analytic, systemc);
  if (!timing.empty() || !program.network.has_values) return timing;

  std::string difference;
  ReferenceOptions reference_options;
  reference_options.mode = program.arch.vector.requant;
  ReferenceEngine reference(program.network, reference_options);
  reference.run(inputs, [&](LayerId layer, int64_t, const Tensor& output) {
    if (!difference.empty()) return;
    const std::string place = "layer " + program.network.layers[static_cast<size_t>(layer)].name;
    const auto found = layers.find(layer);
    if (found == layers.end()) {
      difference = place + ": systemc gave no output";
    } else if (found->second.bytes != output.bytes) {
      size_t i = 0;
      while (found->second.bytes[i] == output.bytes[i]) ++i;
      difference = place + " byte " + std::to_string(i) + ": reference " +
                   std::to_string(static_cast<int8_t>(output.bytes[i])) + ", systemc " +
                   std::to_string(static_cast<int8_t>(found->second.bytes[i]));
    }
  });
  return difference;
}

}  // namespace qsim
