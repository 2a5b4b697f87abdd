// Graphs that are valid, small in their file, and would be huge in memory.
#include <gtest/gtest.h>

#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/error.h"
#include "tests/support/onnx_builder.h"

namespace qsim::test {
namespace {

// A terabyte of weights, quantized from a fill.
TEST(Hostile, QuantizedFill) {
  constexpr int64_t kSize = int64_t{1} << 20;
  OnnxBuilder model;
  model.input("x", {int64_t{1}, kSize}).output("y").initializer("n", int64s({kSize, kSize}));
  model.initializer("s", floats({}, {1}));
  model.node("ConstantOfShape", {"n"}, {"w"}, {{"value", floats({1}, {1})}});
  model.node("QuantizeLinear", {"w", "s"}, {"q"}).node("DequantizeLinear", {"q", "s"}, {"d"});
  model.node("MatMul", {"x", "d"}, {"y"});
  const TempFolder folder;
  const Graph graph = import_onnx(model.save(folder.path() / "m.onnx"));
  try {
    quantize(graph);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what())
                  .find("value w: ConstantOfShape = 1048576x1048576 is more "
                        "than the 67108864 elements"),
              std::string::npos)
        << error.what();
  }
}

// More nodes behind each other than the stack could hold calls.
TEST(Hostile, LongChainBehindWeights) {
  constexpr int kNodes = 60'000;
  OnnxBuilder model;
  model.input("x", {1, 2}).output("y").initializer("s", floats({}, {1}));
  model.initializer("w", tensor_of<int8_t>(DataType::kInt8, {2, 2}, {1, 2, 3, 4}));
  model.node("DequantizeLinear", {"w", "s"}, {"t0"});
  for (int i = 0; i < kNodes; ++i) {
    model.node("Transpose", {"t" + std::to_string(i)}, {"t" + std::to_string(i + 1)});
  }
  model.node("MatMul", {"x", "t" + std::to_string(kNodes)}, {"y"});
  const TempFolder folder;
  const Graph graph = import_onnx(model.save(folder.path() / "m.onnx"));
  EXPECT_FALSE(quantize(graph).layers.empty());
}

}  // namespace
}  // namespace qsim::test
