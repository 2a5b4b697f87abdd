// ONNX bytes through the compiler as far as shapes carry: import, quantize, plan and emit for the
// smallest machine.
#include <algorithm>

#include "compiler/compile.h"
#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/machines.h"
#include "sim/engines/analytic/engine.h"
#include "tests/fuzz/import/input_file.h"
#include "tests/fuzz/import/model_mutator.h"

namespace {

// A planner's time grows with the network, rightly so; what is larger ends after quantize().
bool is_small(const qsim::IntegerNetwork& network) {
  constexpr int64_t kMaxElements = 20'000;
  constexpr size_t kMaxLayers = 12;
  int64_t elements = 0;
  for (const qsim::NetTensor& tensor : network.tensors) {
    elements += qsim::element_count({tensor.n, tensor.h, tensor.w, tensor.c});
    if (elements > kMaxElements) return false;
  }
  const auto taps = [](const qsim::Layer& layer) {
    return int64_t{1} * layer.window.kh * layer.window.kw;
  };
  return network.layers.size() <= kMaxLayers &&
         std::all_of(network.layers.begin(), network.layers.end(),
                     [&](const qsim::Layer& layer) { return taps(layer) <= 256; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer([&] {
    const std::string path = qsim::fuzz::write_input(data, size, ".onnx");
    const qsim::Graph graph = qsim::import_onnx(path);
    qsim::to_text(graph);
    const qsim::IntegerNetwork network = qsim::quantize(graph);
    network.check();
    qsim::to_text(network);
    if (!is_small(network)) return;
    static const qsim::Arch arch = qsim::find_arch("tiny4");
    const qsim::Plan plan = qsim::make_plan(network, arch, qsim::segment_cycles);
    plan.check(network, arch);
    qsim::emit(network, arch, plan).check();
  });
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  return qsim::fuzz::mutate_model(data, size, max_size, seed);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* a, size_t a_size, const uint8_t* b,
                                            size_t b_size, uint8_t* out, size_t max_size,
                                            unsigned int seed) {
  return qsim::fuzz::cross_models({a, a_size}, {b, b_size}, {out, max_size}, seed);
}
