// Real networks on the SystemC model, on named and odd machines and both dataflows: every
// instruction's cycles against the analytic engine, every layer's codes against the reference
// engine.
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/machines.h"
#include "sim/engines/analytic/engine.h"
#include "sim/systemc/engine.h"
#include "tests/support/data.h"
#include "tests/support/engines.h"

namespace qsim {
namespace {

const std::string kDigits = std::string(QSIM_SOURCE_DIR) + "/models/digits_qdq.onnx";

// "edge8", or "5x7": edge16 with another array.
Arch machine(const std::string& name, Dataflow dataflow) {
  const size_t x = name.find('x');
  const bool is_shape = x != std::string::npos && std::isdigit(name[0]);
  Arch arch = find_arch(is_shape ? "edge16" : name);
  if (is_shape) {
    set_arch_key(arch, "array.rows", name.substr(0, x), "test");
    set_arch_key(arch, "array.cols", name.substr(x + 1), "test");
  }
  arch.array.dataflow = dataflow;
  return arch;
}

Program compile(const std::string& path, const Arch& arch) {
  const Graph graph = import_onnx(path, {.batch = 1, .input_shapes = {}, .input_values = {}});
  const IntegerNetwork network = quantize(graph);
  Program program = emit(network, arch, make_plan(network, arch, segment_cycles));
  program.check();
  return program;
}

void compare(const std::string& path, const std::vector<std::string>& machines,
             const std::vector<MemoryModel>& memories) {
  for (const std::string& name : machines) {
    for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
      for (const MemoryModel memory : memories) {
        Arch arch = machine(name, dataflow);
        arch.memory.model = memory;
        EXPECT_EQ(first_engine_difference(compile(path, arch), 1), "")
            << path << " on " << name << (dataflow == Dataflow::kOs ? " os" : " ws");
      }
    }
  }
}

const std::vector<std::string> kMachines = {"tiny4", "edge8", "edge16", "5x7", "16x4", "32x16"};
const std::vector<MemoryModel> kMemories = {MemoryModel::kIdeal, MemoryModel::kLatency};

TEST(SystemcModels, Digits) { compare(kDigits, kMachines, kMemories); }

// What lies in the buffers is what is computed with: a byte of a weight buffer that flips while the
// network runs shows in its outputs, and not in its cycles.
TEST(SystemcModels, DigitsWithACorruptedByte) {
  const Program program = compile(kDigits, machine("edge16", Dataflow::kWs));
  const std::vector<Tensor> inputs = random_inputs(program.network, 1);
  const RunResult clean = SystemcEngine(program).run(inputs);
  int changed = 0;
  for (int64_t byte = 0; byte < 16; ++byte) {
    SystemcOptions options;
    for (size_t i = 0; i < program.instructions.size(); ++i) {
      const auto* op = std::get_if<Matmul>(&program.instructions[i].op);
      if (op == nullptr) continue;
      options.pokes.push_back({clean.timing[i].issue - 1, Poke::Target::kWeight,
                               int64_t{op->weight} * 16 + byte, 0x7f});
    }
    const RunResult corrupted = SystemcEngine(program, options).run(inputs);
    EXPECT_EQ(corrupted.timing, clean.timing);
    if (corrupted.outputs[0].bytes != clean.outputs[0].bytes) ++changed;
  }
  EXPECT_GT(changed, 12);
}

TEST(SystemcModels, ResNet8) {
  require_data("mlperf_tiny/resnet8_cifar10_qdq.onnx");
  compare(test::data_path("mlperf_tiny/resnet8_cifar10_qdq.onnx"), kMachines, kMemories);
}

TEST(SystemcModels, MobileNetV1) {
  require_data("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx");
  compare(test::data_path("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx"), kMachines, kMemories);
}

TEST(SystemcModels, MicroKws) {
  for (const char* form : {"qdq", "qoperator"}) {
    const std::string path = "micro_kws/micro_kws_m_static_" + std::string(form) + ".onnx";
    require_data(path);
    compare(test::data_path(path), kMachines, kMemories);
  }
}

TEST(SystemcModels, ResNet50ByCyclesAlone) {
  require_data("shapes/light_resnet50.onnx");
  compare(test::data_path("shapes/light_resnet50.onnx"), {"edge16"}, kMemories);
}

}  // namespace
}  // namespace qsim
