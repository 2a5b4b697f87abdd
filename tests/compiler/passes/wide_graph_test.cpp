// Codes of 16 bits and scales for blocks: quantized anew, and said so.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

Tensor s16(const Shape& shape, const std::vector<int16_t>& values) {
  return tensor_of(DataType::kInt16, shape, values);
}

void add_wide_qdq(OnnxBuilder& model, const std::string& from) {
  model.node("QuantizeLinear", {from, "s16", "z16"}, {from + "_q"}, {}, from + "_quant");
  model.node("DequantizeLinear", {from + "_q", "s16", "z16"}, {from + "_dq"});
}

// x -> Q/DQ -> MatMul(w) -> Relu -> Q/DQ, all in 16 bits.
OnnxBuilder wide_model() {
  OnnxBuilder model(21, 10);
  model.input("x", {4, 8}).output("r_dq");
  model.initializer("s16", floats({}, {0.0005f})).initializer("z16", s16({}, {100}));
  std::vector<int16_t> codes;
  for (int i = 0; i < 24; ++i) codes.push_back(static_cast<int16_t>(i * 2701 % 65521 - 32000));
  model.initializer("w_q", s16({8, 3}, codes))
      .initializer("w_s", floats({3}, {1e-4f, 2e-4f, 3e-5f}));
  model.node("DequantizeLinear", {"w_q", "w_s"}, {"w"}, {{"axis", int64_t{1}}});
  add_wide_qdq(model, "x");
  model.node("MatMul", {"x_dq", "w"}, {"m"}, {}, "fc").node("Relu", {"m"}, {"r"});
  add_wide_qdq(model, "r");
  return model;
}

TEST(WideGraph, SixteenBitsAreCalibratedToEight) {
  const Comparison got = compare(wide_model(), random_tensor({4, 8}, 1));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("r_dq"), 4);
  EXPECT_EQ(got.network.layers[1].weight_scale.size(), 3u);
  EXPECT_EQ(got.network.notes,
            (std::vector<std::string>{
                "2 activations (x_q, r_q) with 16-bit codes in the file, here calibrated codes of "
                "8 bits at most",
                "the weights of 1 layer (fc) with 16-bit codes or a scale for each block in the "
                "file, here quantized anew with a scale for each channel"}));
  EXPECT_FALSE(quantize(import_model(wide_model())).has_values);
}

TEST(WideGraph, CodesOfSixteenBitsAtTheEndsHaveNoIntegerForm) {
  OnnxBuilder model(21, 10);
  model.input("x", {2}, kOnnxInt16).input("f", {2}).output("y").output("q");
  model.initializer("s16", floats({}, {0.5f})).initializer("z16", s16({}, {0}));
  model.node("DequantizeLinear", {"x", "s16", "z16"}, {"y"});
  model.node("QuantizeLinear", {"f", "s16", "z16"}, {"q"});
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: input x: type int16 has no integer form; output q: type "
            "int16 has no integer form");
}

// Code 0 is no real 0 there.
TEST(WideGraph, PadOfWideCodesIsAnError) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 2, 4, 4}).output("y");
  model.initializer("s", floats({}, {0.5f})).initializer("z", s16({}, {100}));
  model.initializer("p", int64s({0, 0, 1, 1, 0, 0, 1, 1}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("Pad", {"q", "p"}, {"padded"}, {}, "pad");
  model.node("DequantizeLinear", {"padded", "s", "z"}, {"y"});
  EXPECT_NE(quantize_error(model).find("a number beside 16-bit codes is not supported"),
            std::string::npos)
      << quantize_error(model);
}

TEST(WideGraph, BlocksOfWeightsAreOneScaleForEachChannel) {
  OnnxBuilder model(21, 10);
  model.input("x", {2, 5}).output("y");
  std::vector<int8_t> codes;
  for (int i = 0; i < 15; ++i) codes.push_back(static_cast<int8_t>(i * 37 % 255 - 127));
  model.initializer("q", tensor_of(DataType::kInt8, {5, 3}, codes));
  const Tensor scales = random_tensor({3, 3}, 2, 0.01f, 0.02f);
  model.initializer("s", scales);
  model.node("DequantizeLinear", {"q", "s"}, {"w"},
             {{"axis", int64_t{0}}, {"block_size", int64_t{2}}});
  model.node("MatMul", {"x", "w"}, {"y"}, {}, "fc");
  const Tensor x = random_tensor({2, 5}, 3);
  const Comparison got = compare(model, x);
  EXPECT_LT(got.worst_steps("y"), 3);
  ASSERT_EQ(got.network.notes.size(), 1u);
  const std::vector<float>&real = got.real.at("y"), a = x.as_floats(), s = scales.as_floats();
  for (size_t i = 0; i < 6; ++i) {
    double sum = 0;
    for (size_t k = 0; k < 5; ++k)
      sum += double{a[i / 3 * 5 + k]} * codes[k * 3 + i % 3] * double{s[k / 2 * 3 + i % 3]};
    EXPECT_NEAR(real[i], sum, 1e-5);
  }
}

// Codes are those of the file, but for the rounding of what is quantized; a product for each
// channel makes reals of them.
TEST(WideGraph, ActivationsWithAScalePerChannel) {
  for (const bool is_signed : {false, true}) {
    OnnxBuilder model(21, 10);
    model.input("x", {2, 3, 4, 4}).output("y");
    model.initializer("s", floats({3}, {0.01f, 0.02f, 0.005f}));
    const std::vector<int8_t> zeros = {10, 0, 127};
    if (is_signed) {
      model.initializer("z", tensor_of(DataType::kInt8, {3}, zeros));
    } else {
      model.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {3}, {128, 0, 255}));
    }
    model.node("QuantizeLinear", {"x", "s", "z"}, {"q"}, {{"axis", int64_t{1}}}, "quant");
    model.node("DequantizeLinear", {"q", "s", "z"}, {"y"}, {{"axis", int64_t{-3}}}, "dequant");
    const Comparison got = compare(model, random_tensor({2, 3, 4, 4}, 5));
    EXPECT_EQ(ops_of(got.network), "host_quantize conv conv host_dequantize");
    EXPECT_EQ(got.network.tensor(got.network.layers[1].output).quant,
              (Quantization{1.0f, is_signed ? 0 : -128}));
    // Half a step of x, 1 / 255, moves a code by one at most: 0.02, or 2.6 steps of y.
    EXPECT_LT(got.worst_steps("q"), 1.4);
    EXPECT_LT(got.worst_steps("y"), 3.1);
    EXPECT_TRUE(got.network.notes.empty());
  }
}

// Of codes that come from outside nothing is lost: y is what the file says, to half a step.
TEST(WideGraph, CodesOfTheInputWithAScalePerChannel) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 3, 8, 4}, kOnnxUint8).output("y");
  model.initializer("s", floats({3}, {0.01f, 0.02f, 0.005f}));
  model.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {3}, {128, 0, 255}));
  model.node("DequantizeLinear", {"x", "s", "z"}, {"y"}, {{"axis", int64_t{1}}}, "dequant");
  Tensor x(DataType::kUint8, {1, 3, 8, 4});
  for (int64_t i = 0; i < x.size(); ++i) x.data<uint8_t>()[i] = static_cast<uint8_t>(i * 53);
  const Comparison got = compare(model, x);
  EXPECT_EQ(ops_of(got.network), "conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 0.52);
}

TEST(WideGraph, ActivationsWithAScalePerBlockAreRefused) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 4}).output("y").initializer("s", floats({1, 2}));
  const Attributes attributes = {{"axis", int64_t{1}}, {"block_size", int64_t{2}}};
  model.node("QuantizeLinear", {"x", "s"}, {"q"}, attributes, "q");
  model.node("DequantizeLinear", {"q", "s"}, {"y"}, attributes, "d");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node q (QuantizeLinear): a scale for each block of an "
            "activation is not supported; node d (DequantizeLinear): a scale for each block of an "
            "activation is not supported");
}

}  // namespace
}  // namespace qsim::test
