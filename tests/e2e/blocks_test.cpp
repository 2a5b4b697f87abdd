// Blocks of networks with tables and gates on the host, from float ONNX to codes: every engine
// gives the same, and what they give is close to the float network.
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "hw/spec/machines.h"
#include "sim/cli/check.h"
#include "sim/engines/analytic/engine.h"
#include "tests/compiler/passes/pass_helpers.h"
#include "tests/support/engines.h"

namespace qsim::test {
namespace {

constexpr int kChannels = 16, kWide = 40, kSqueezed = 8;

// 1x1 convolution, 3x3 depthwise, squeeze and excite, 1x1 convolution, residual. `activation`
// appends itself to a value and returns its name; `gate` likewise.
class BlockBuilder {
 public:
  BlockBuilder() : model_(14) {
    model_.input("x", {1, kChannels, 12, 12}).output("y");
    for (const char* name : {"three", "six"})
      model_.initializer(name, floats({}, {name[0] == 't' ? 3.0f : 6.0f}));
  }

  std::string conv(const std::string& x, int out, int in, int kernel, bool depthwise = false) {
    const std::string y = next();
    model_.initializer(
        y + ":w", random_tensor({out, depthwise ? 1 : in, kernel, kernel}, ++seed_, -0.5f, 0.5f));
    model_.initializer(y + ":b", random_tensor({out}, ++seed_));
    const int64_t pad = kernel / 2;
    model_.node("Conv", {x, y + ":w", y + ":b"}, {y},
                {{"pads", ints({pad, pad, pad, pad})}, {"group", int64_t{depthwise ? out : 1}}}, y);
    return y;
  }
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const Attributes& attributes = {}) {
    const std::string y = next();
    model_.node(op, inputs, {y}, attributes, y);
    return y;
  }

  using Step = std::string (*)(BlockBuilder&, const std::string&);
  OnnxBuilder make(Step activation, Step squeezed, Step gate) {
    std::string y = activation(*this, conv("x", kWide, kChannels, 1));
    y = activation(*this, conv(y, kWide, kWide, 3, true));
    std::string s = node("GlobalAveragePool", {y});
    s = squeezed(*this, conv(s, kSqueezed, kWide, 1));
    s = gate(*this, conv(s, kWide, kSqueezed, 1));
    y = conv(node("Mul", {y, s}), kChannels, kWide, 1);
    model_.node("Add", {"x", y}, {"y"}, {}, "residual");
    return std::move(model_);
  }

 private:
  std::string next() { return "v" + std::to_string(++values_); }

  OnnxBuilder model_;
  uint32_t seed_ = 0;
  int values_ = 0;
};

std::string silu(BlockBuilder& b, const std::string& x) {
  return b.node("Mul", {x, b.node("Sigmoid", {x})});
}
std::string sigmoid(BlockBuilder& b, const std::string& x) { return b.node("Sigmoid", {x}); }
std::string relu(BlockBuilder& b, const std::string& x) { return b.node("Relu", {x}); }
std::string hard_swish(BlockBuilder& b, const std::string& x) { return b.node("HardSwish", {x}); }
std::string hard_sigmoid(BlockBuilder& b, const std::string& x) {
  return b.node("HardSigmoid", {x}, {{"alpha", 1.0f / 6}});
}

OnnxBuilder mobilenet_v3_block() { return BlockBuilder().make(hard_swish, relu, hard_sigmoid); }
OnnxBuilder efficientnet_block() { return BlockBuilder().make(silu, silu, sigmoid); }

Program compile(const IntegerNetwork& network) {
  const Arch arch = find_arch("edge8");
  Program program = emit(network, arch, make_plan(network, arch, segment_cycles));
  program.check();
  return program;
}

Comparison quantized(const OnnxBuilder& model) {
  return compare(model, random_tensor({1, kChannels, 12, 12}, 99, -2, 2));
}

double sqnr_db(const Comparison& got) {
  const std::vector<float>&real = got.real.at("y"), &integer = got.integer.at("y");
  double signal = 0, noise = 0;
  for (size_t i = 0; i < real.size(); ++i) {
    signal += double{real[i]} * double{real[i]};
    noise += std::pow(double{real[i]} - double{integer[i]}, 2);
  }
  return 10 * std::log10(signal / noise);
}

void expect_equal_engines(const OnnxBuilder& model, const std::string& layers) {
  const Comparison got = quantized(model);
  EXPECT_EQ(ops_of(got.network), layers);
  EXPECT_GT(sqnr_db(got), 30);
  ::testing::Test::RecordProperty("sqnr_db", std::to_string(sqnr_db(got)));
  const Program program = compile(got.network);
  for (uint32_t seed : {1u, 2u, 3u}) EXPECT_EQ(first_engine_difference(program, seed), "");
}

TEST(Blocks, OfMobileNetV3) {
  expect_equal_engines(mobilenet_v3_block(),
                       "host_quantize conv host_table conv host_table average_pool conv conv "
                       "host_table host_mul conv add host_dequantize");
}

TEST(Blocks, OfEfficientNet) {
  expect_equal_engines(efficientnet_block(),
                       "host_quantize conv host_table conv host_table average_pool conv host_table "
                       "conv host_table host_mul conv add host_dequantize");
}

// The RTL as well, instruction by instruction.
TEST(FullBlocks, AreEqualOnTheRtl) {
  for (const OnnxBuilder& model : {mobilenet_v3_block(), efficientnet_block()}) {
    cli::CompiledModel compiled;
    compiled.program = compile(quantized(model).network);
    std::vector<const cli::EngineRow*> engines;
    for (const char* name : {"reference", "analytic", "systemc", "rtl"})
      engines.push_back(&cli::find_engine(name, "engines"));
    cli::ProgressLine progress(false);
    const cli::CheckResult result = cli::check_engines(compiled, engines, "", progress);
    EXPECT_EQ(result.failure(), nullptr);
    EXPECT_EQ(result.pairs.size(), 5u);  // all but reference and analytic
    for (const cli::PairResult& pair : result.pairs) EXPECT_TRUE(pair.compared()) << pair.text();
  }
}

}  // namespace
}  // namespace qsim::test
