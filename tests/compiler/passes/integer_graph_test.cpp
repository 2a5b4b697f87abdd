// ConvInteger, MatMulInteger and DynamicQuantizeLinear as quantizers write them: the same layers as
// those of the Q/DQ form.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

Tensor u8(const Shape& shape, const std::vector<int>& values) {
  return tensor_of(DataType::kUint8, shape, std::vector<uint8_t>(values.begin(), values.end()));
}
Tensor drawn(const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int> values(static_cast<size_t>(element_count(shape)));
  for (int& v : values) v = static_cast<int>(random() % 256);
  return u8(shape, values);
}

struct Weights {
  Tensor codes, scale, zero;
};

// x{0.5, 130}, quantized.
OnnxBuilder quantized_input(const Shape& shape) {
  OnnxBuilder model;
  model.input("x", {shape.begin(), shape.end()}).output("y");
  model.initializer("sx", floats({}, {0.5f})).initializer("zx", u8({}, {130}));
  model.node("QuantizeLinear", {"x", "sx", "zx"}, {"q"});
  return model;
}

// The layer that `model` is: what it multiplies by, and the quantization of both ends.
void expect_same_layer(const OnnxBuilder& a, const OnnxBuilder& b) {
  const IntegerNetwork found = quantize(import_model(a)), wanted = quantize(import_model(b));
  EXPECT_EQ(ops_of(found), "host_quantize conv host_dequantize");
  EXPECT_TRUE(found.has_values);
  EXPECT_TRUE(found.notes.empty());
  ASSERT_EQ(found.layers.size(), wanted.layers.size());
  const Layer &f = found.layers[1], &w = wanted.layers[1];
  EXPECT_EQ(f.weights, w.weights);
  EXPECT_EQ(f.weight_scale, w.weight_scale);
  EXPECT_EQ(f.weight_zero_point, w.weight_zero_point);
  EXPECT_EQ(f.bias, w.bias);
  EXPECT_EQ(found.tensor(f.inputs[0]).quant, wanted.tensor(w.inputs[0]).quant);
  EXPECT_EQ(found.tensor(f.output).quant, wanted.tensor(w.output).quant);
}

void finish(OnnxBuilder& model, const Shape& bias) {
  model.initializer("b", random_tensor(bias, 3)).node("Add", {"product", "b"}, {"sum"});
  model.initializer("sy", floats({}, {0.75f})).initializer("zy", u8({}, {3}));
  model.node("QuantizeLinear", {"sum", "sy", "zy"}, {"yq"});
  model.node("DequantizeLinear", {"yq", "sy", "zy"}, {"y"});
}

void expect_qdq_layer(const std::string& integer_op, const std::string& op, const Shape& x,
                      const Weights& w, const Shape& scale_shape, int64_t axis,
                      const Attributes& attributes, const Shape& bias) {
  OnnxBuilder model = quantized_input(x), qdq = quantized_input(x);
  std::vector<float> scales = w.scale.as_floats();
  for (float& scale : scales) scale *= 0.5f;
  model.initializer("w", w.codes).initializer("zw", w.zero);
  model.initializer("s", floats(scale_shape, scales));
  model.node(integer_op, {"q", "w", "zx", "zw"}, {"acc"}, attributes, "n");
  model.node("Cast", {"acc"}, {"real"}, {{"to", int64_t{kOnnxFloat}}});
  model.node("Mul", {"s", "real"}, {"product"});
  finish(model, bias);
  qdq.initializer("wq", w.codes).initializer("zw", w.zero).initializer("sw", w.scale);
  qdq.node("DequantizeLinear", {"q", "sx", "zx"}, {"xd"});
  qdq.node("DequantizeLinear", {"wq", "sw", "zw"}, {"w"}, {{"axis", axis}});
  qdq.node(op, {"xd", "w"}, {"product"}, attributes, "n");
  finish(qdq, bias);
  expect_same_layer(model, qdq);
}

TEST(IntegerGraph, ConvIntegerIsAConvolution) {
  expect_qdq_layer("ConvInteger", "Conv", {1, 4, 5, 5},
                   {drawn({6, 2, 3, 3}, 1), floats({}, {0.03f}), u8({}, {120})}, {}, 0,
                   {{"group", int64_t{2}}, {"pads", ints({1, 0, 1, 0})}, {"strides", ints({2, 1})}},
                   {6, 1, 1});
}

TEST(IntegerGraph, ConvIntegerWithAScalePerChannel) {
  expect_qdq_layer("ConvInteger", "Conv", {1, 2, 4, 4},
                   {drawn({3, 2, 1, 1}, 2), floats({3}, {0.5f, 0.03f, 0.07f}), u8({3}, {1, 2, 3})},
                   {1, 3, 1, 1}, 0, {}, {3, 1, 1});
}

TEST(IntegerGraph, MatMulIntegerIsAProduct) {
  expect_qdq_layer("MatMulInteger", "MatMul", {1, 3, 8},
                   {drawn({8, 2}, 4), floats({2}, {0.5f, 0.03f}), u8({2}, {100, 130})}, {2}, 1, {},
                   {2});
}

// Where a product of scales is no multiple of the input's, the weights' scale is the nearest.
TEST(IntegerGraph, TheScaleIsTheQuotientToTheLastBit) {
  OnnxBuilder model = quantized_input({1, 2});
  std::mt19937 random(9);
  for (int i = 0; i < 20; ++i) {
    const float product = 0.001f + static_cast<float>(random() >> 8) * 0x1p-26f;
    OnnxBuilder one = quantized_input({1, 2});
    one.initializer("w", drawn({2, 1}, 5)).initializer("s", floats({}, {product}));
    one.node("MatMulInteger", {"q", "w", "zx"}, {"acc"});
    one.node("Cast", {"acc"}, {"real"}, {{"to", int64_t{kOnnxFloat}}});
    one.node("Mul", {"real", "s"}, {"product"});
    finish(one, {1});
    const IntegerNetwork network = quantize(import_model(one));
    EXPECT_EQ(0.5f * network.layers[1].weight_scale[0], product);
  }
}

// x -> DynamicQuantizeLinear -> ConvInteger -> Cast -> Mul(scale of x * scale of w) -> Add.
OnnxBuilder dynamic_model(const std::string& scale_of = "s", const std::string& zero_of = "z") {
  OnnxBuilder model;
  model.input("x", {1, 2, 5, 5}).output("y").initializer("w", drawn({3, 2, 3, 3}, 6));
  model.initializer("sw", floats({}, {0.01f})).initializer("zw", u8({}, {128}));
  model.initializer("b", random_tensor({1, 3, 1, 1}, 7)).initializer("gain", floats({}, {2.0f}));
  model.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"}, {}, "d");
  model.node("Mul", {"x", "gain"}, {"x2"});
  model.node("DynamicQuantizeLinear", {"x2"}, {"q2", "s2", "z2"}, {}, "d2");
  model.node("ConvInteger", {"q", "w", zero_of, "zw"}, {"acc"}, {}, "n");
  model.node("Cast", {"acc"}, {"real"}, {{"to", int64_t{kOnnxFloat}}}, "c");
  model.node("Mul", {scale_of, "sw"}, {"scale"}, {}, "m1");
  model.node("Mul", {"real", "scale"}, {"product"}, {}, "m2");
  model.node("Add", {"product", "b"}, {"y"});
  return model;
}

TEST(IntegerGraph, ADynamicScaleIsCalibrated) {
  // One sample that has the range of the calibration: the codes are those that the file means.
  const Comparison got = compare(dynamic_model(), random_tensor({1, 2, 5, 5}, 8));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 0.75);
  ASSERT_EQ(got.network.notes.size(), 1u);
  EXPECT_EQ(got.network.notes[0],
            "1 activation (x) with a scale for every input anew in the file "
            "(DynamicQuantizeLinear), here one scale from calibration");
}

TEST(IntegerGraph, WithoutCalibrationThereAreNoValues) {
  const IntegerNetwork network = quantize(import_model(dynamic_model()));
  EXPECT_FALSE(network.has_values);
  ASSERT_EQ(network.value_blockers.size(), 1u);
  EXPECT_NE(network.value_blockers[0].find("need calibration data"), std::string::npos);
}

TEST(IntegerGraph, ScaleAndZeroPointMustBeTheInputs) {
  for (const auto& [scale, zero] : {std::pair{"s2", "z"}, {"s", "z2"}}) {
    EXPECT_EQ(quantize_error(dynamic_model(scale, zero)),
              "made: cannot be quantized: node m2 (Mul): its input's scale and zero point are not "
              "those of its DynamicQuantizeLinear");
  }
  OnnxBuilder model = quantized_input({1, 2});
  model.initializer("w", drawn({2, 1}, 1)).initializer("s", floats({}, {0.5f}));
  model.node("MatMulInteger", {"q", "w"}, {"acc"});
  model.node("Cast", {"acc"}, {"real"}, {{"to", int64_t{kOnnxFloat}}});
  model.node("Mul", {"real", "s"}, {"y"}, {}, "m");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node m (Mul): reads the codes of q with another zero point "
            "than they have");
}

TEST(IntegerGraph, BareResultsHaveNoIntegerForm) {
  OnnxBuilder model;
  model.input("x", {1, 2}).output("acc").output("s").output("q2").output("z3").output("t");
  model.initializer("w", drawn({2, 1}, 1));
  for (const char* n : {"", "2", "3"}) {
    const std::string i = n;
    model.node("DynamicQuantizeLinear", {"x"}, {"q" + i, "s" + i, "z" + i}, {}, "d" + i);
  }
  model.node("MatMulInteger", {"q", "w", "z"}, {"acc"}, {}, "n");
  model.node("Mul", {"s2", "x"}, {"t"}, {}, "m");
  EXPECT_EQ(
      quantize_error(model),
      "made: cannot be quantized: node d2 (DynamicQuantizeLinear): its codes have an integer form "
      "only where ConvInteger or MatMulInteger reads them; node m (Mul): a run-time scale times "
      "anything but the weights' scale is not supported; output acc: the int32 result acc has an "
      "integer form only where Cast and Mul by the input's scale times the weights' follow; output "
      "s: the run-time statistic s has an integer form only in the scale of a ConvInteger or "
      "MatMulInteger; output z3: the run-time statistic "
      "z3 has an integer form only in the scale of a ConvInteger or MatMulInteger");
}

}  // namespace
}  // namespace qsim::test
