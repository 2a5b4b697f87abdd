// What cannot become an integer network: one message that names all of it.
#include <limits>

#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

TEST(BadQuantize, NamesEveryProblemAtOnce) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3})
      .output("y")
      .output("z")
      .initializer("p", int64s({0, 0, 1, 1, 0, 0, 1, 1}))
      .initializer("five", floats({}, {5}));
  model.initializer("grid", random_tensor({1, 1, 3, 3}, 1));
  model.node("Pad", {"x", "p", "five"}, {"q"}, {}, "pad")
      .node("MaxPool", {"q"}, {"y"}, {{"kernel_shape", ints({2, 2})}});
  model.node("Add", {"x", "grid"}, {"z"}, {}, "add");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node add (Add): a constant that varies along several "
            "dimensions is not supported");
  OnnxBuilder two;
  two.input("x", {1, 2, 3, 3})
      .output("z")
      .output("u")
      .initializer("p", int64s({0, 1, 0, 0, 0, 0, 0, 0}));
  two.node("MaxPool", {"x"}, {"m"}, {{"kernel_shape", ints({1, 1})}})
      .node("ReduceMean", {"m"}, {"z"}, {{"axes", ints({1})}}, "mean")
      .node("Pad", {"m", "p"}, {"u"}, {}, "channels");
  EXPECT_EQ(quantize_error(two),
            "made: cannot be quantized: node mean: a mean over other "
            "dimensions than height and width is not supported; node channels: padding of other "
            "dimensions than height and width is not supported");
}

TEST(BadQuantize, NothingToRun) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3}).output("y").node("Flatten", {"x"}, {"y"});
  EXPECT_EQ(quantize_error(model), "made: has no operator to run");
}

TEST(BadQuantize, PaddingWithOtherConstants) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3})
      .output("y")
      .initializer("p", int64s({0, 0, 1, 1, 0, 0, 1, 1}))
      .initializer("five", floats({}, {5}));
  model.node("Pad", {"x", "p", "five"}, {"y"}, {}, "pad");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node pad (Pad): padding with a constant other than 0 is "
            "not supported");
}

TEST(BadQuantize, CodesReadWithAnotherScale) {
  OnnxBuilder model;
  model.input("x", {1, 2})
      .output("y")
      .initializer("s", floats({}, {0.5f}))
      .initializer("t", floats({}, {0.25f}));
  model.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {}, {1}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("DequantizeLinear", {"q", "t", "z"}, {"y"}, {}, "dq");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node dq (DequantizeLinear): reads the codes of q with "
            "another scale or zero point than they have");
}

TEST(BadQuantize, ActivationsOfSixteenBits) {
  OnnxBuilder model(21);
  model.input("x", {1, 2})
      .output("y")
      .initializer("s", floats({}, {0.5f}))
      .initializer("z", tensor_of<int16_t>(DataType::kInt16, {}, {1}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"}, {}, "q")
      .node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  const std::string error = quantize_error(model);
  EXPECT_NE(error.find("node q (QuantizeLinear): an activation of int16 codes is not supported"),
            std::string::npos)
      << error;
}

TEST(BadQuantize, BiasBeyondInt32) {
  OnnxBuilder model;
  model.input("x", {1, 1, 1, 1})
      .output("y")
      .initializer("s", floats({}, {1e-6f}))
      .initializer("z", tensor_of<int8_t>(DataType::kInt8, {}, {0}));
  model.initializer("w", tensor_of<int8_t>(DataType::kInt8, {1, 1, 1, 1}, {5}))
      .initializer("b", floats({1}, {1e6f}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("DequantizeLinear", {"q", "s", "z"}, {"d"})
      .node("DequantizeLinear", {"w", "s", "z"}, {"v"});
  model.node("Conv", {"d", "v", "b"}, {"c"}, {}, "conv")
      .node("QuantizeLinear", {"c", "s", "z"}, {"r"})
      .node("DequantizeLinear", {"r", "s", "z"}, {"y"});
  const std::string error = quantize_error(model);
  EXPECT_TRUE(
      error.starts_with("layer conv: bias of channel 0 = 1000000.000000 does not fit int32"))
      << error;
}

TEST(BadQuantize, WeightsThatAreNotFinite) {
  OnnxBuilder model;
  model.input("x", {1, 2})
      .output("y")
      .initializer("w", floats({2, 1}, {1, std::numeric_limits<float>::infinity()}))
      .node("MatMul", {"x", "w"}, {"y"}, {}, "m");
  const Graph graph = import_model(model);
  CalibrationResult ranges;
  for (size_t i = 0; i < graph.values.size(); ++i) ranges.ranges[static_cast<ValueId>(i)] = {-1, 1};
  try {
    quantize(graph, {.calibration = &ranges});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "layer m: a weight of channel 0 is not finite");
  }
}

TEST(BadCalibration, ValuesThatAreNotFinite) {
  OnnxBuilder model;
  model.input("x", {1, 2}).output("y").node("Relu", {"x"}, {"y"});
  const Graph graph = import_model(model);
  Calibrator calibrator(graph);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    try {
      calibrator.observe(floats({1, 2}, {1, bad}));
      FAIL();
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "calibration: value x is infinite or not a number");
    }
  }
}

TEST(QuantizationOf, RangesIncludeZeroAndHave255Steps) {
  EXPECT_EQ(quantization_of({0, 255}), (Quantization{1, -128}));
  EXPECT_EQ(quantization_of({-128, 127}), (Quantization{1, 0}));
  EXPECT_EQ(quantization_of({51, 510}), (Quantization{2, -128}));
  EXPECT_EQ(quantization_of({-510, -3}), (Quantization{2, 127}));
  EXPECT_EQ(quantization_of({0, 0}), (Quantization{1, 0}));
  EXPECT_EQ(quantization_of({-1, 2}).zero_point, -43);
}

}  // namespace
}  // namespace qsim::test
