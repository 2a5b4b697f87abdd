// Files with codes of fewer than 8 bits: narrow element types, and Clip between Q and DQ (QCDQ).
#include "hw/spec/packing.h"
#include "tests/compiler/passes/pass_helpers.h"
#include "tests/support/slow_reference.h"

namespace qsim::test {
namespace {

Tensor u8(int code) {
  return tensor_of<uint8_t>(DataType::kUint8, {}, {static_cast<uint8_t>(code)});
}
Tensor s8(int code) { return tensor_of<int8_t>(DataType::kInt8, {}, {static_cast<int8_t>(code)}); }

// Q, Clip and DQ of `from`: -> `from`_q -> `from`_c -> `from`_dq.
void add_qcdq(OnnxBuilder& model, const std::string& from, float scale, const Tensor& zero,
              const Tensor& low, const Tensor& high) {
  model.initializer(from + "_s", floats({}, {scale})).initializer(from + "_z", zero);
  model.initializer(from + "_lo", low).initializer(from + "_hi", high);
  model.node("QuantizeLinear", {from, from + "_s", from + "_z"}, {from + "_q"});
  model.node("Clip", {from + "_q", from + "_lo", from + "_hi"}, {from + "_c"});
  model.node("DequantizeLinear", {from + "_c", from + "_s", from + "_z"}, {from + "_dq"});
}

void add_qdq(OnnxBuilder& model, const std::string& from, float scale, int type,
             const std::string& zero) {
  model.initializer(from + "_s", floats({}, {scale})).raw_initializer(from + "_z", type, {}, zero);
  model.node("QuantizeLinear", {from, from + "_s", from + "_z"}, {from + "_q"});
  model.node("DequantizeLinear", {from + "_q", from + "_s", from + "_z"}, {from + "_dq"});
}

const Layer& layer_of(const IntegerNetwork& network, const std::string& output) {
  for (const Layer& layer : network.layers) {
    if (network.tensor(layer.output).name == output) return layer;
  }
  throw Error("test: no layer writes " + output);
}

const NetTensor& tensor_named(const IntegerNetwork& network, const std::string& name) {
  return network.tensor(layer_of(network, name).output);
}

// The reference engine gives what the rules say, the float executor what the file says; host
// quantize layers count as right already.
void expect_rules(const IntegerNetwork& network, const Tensor& x) {
  const std::vector<Tensor> inputs = {engine_input(network.tensor(network.inputs[0]), x)};
  const testing::SlowResult slow = testing::run_slow_reference(network, "rne", inputs);
  ReferenceEngine engine(network, {.mode = RequantMode::kRne});
  engine.run(inputs, [&](LayerId layer, int64_t, const Tensor& output) {
    EXPECT_EQ(output.bytes, slow.layers[static_cast<size_t>(layer)].bytes)
        << network.layers[static_cast<size_t>(layer)].name;
  });
}

TEST(NarrowGraph, TypesOfFourAndTwoBits) {
  OnnxBuilder model(25, 13);
  model.input("x", {1, 2}).output("y_dq");
  add_qdq(model, "x", 0.25f, kOnnxUint4, "\x06");
  model.raw_initializer("w_q", kOnnxInt2, {2, 2}, "\x1e").initializer("w_s", floats({}, {0.5f}));
  model.node("DequantizeLinear", {"w_q", "w_s"}, {"w"});
  model.node("MatMul", {"x_dq", "w"}, {"y"}, {}, "fc");
  add_qdq(model, "y", 0.125f, kOnnxInt4, "\x0f");
  const Tensor x = floats({1, 2}, {1.0f, -0.75f});
  const Comparison got = compare(model, x);
  const NetTensor &in = tensor_named(got.network, "x_q"), &out = tensor_named(got.network, "y_q");
  EXPECT_EQ(in.bits, 4);
  EXPECT_EQ(in.quant, (Quantization{0.25f, -2}));
  EXPECT_EQ(out.bits, 4);
  EXPECT_EQ(out.quant, (Quantization{0.125f, -1}));
  const Layer& fc = layer_of(got.network, "y_q");
  EXPECT_EQ(fc.weight_bits, 2);
  EXPECT_EQ(fc.weights, (std::vector<int8_t>{-2, 1, -1, 0}));  // per output channel
  EXPECT_EQ(fc.clamp_low, -8);
  EXPECT_EQ(fc.clamp_high, 7);
  EXPECT_EQ(got.network.layers[0].clamp_high, 7);
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
  expect_rules(got.network, x);
}

TEST(NarrowGraph, UnsignedWeightsWithZeroPoints) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 2}).output("y_dq");
  add_qdq(model, "x", 0.25f, kOnnxUint8, "\x80");
  model.raw_initializer("w_q", kOnnxUint4, {2, 2}, "\xf0\x31");
  model.raw_initializer("w_z", kOnnxUint4, {2}, "\x47").initializer("w_s", floats({2}, {0.5f, 1}));
  model.node("DequantizeLinear", {"w_q", "w_s", "w_z"}, {"w"}, {{"axis", int64_t{1}}});
  model.node("MatMul", {"x_dq", "w"}, {"y"}, {}, "fc");
  add_qdq(model, "y", 0.5f, kOnnxUint8, "\x80");
  const Comparison got = compare(model, floats({1, 2}, {1.0f, -0.75f}));
  const Layer& fc = layer_of(got.network, "y_q");
  EXPECT_EQ(fc.weight_bits, 4);
  EXPECT_EQ(fc.weights, (std::vector<int8_t>{-8, -7, 7, -5}));
  EXPECT_EQ(fc.weight_zero_point, (std::vector<int32_t>{-1, -4}));
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
}

// As Brevitas writes a network of 4-bit weights, 4-bit unsigned activations, 3-bit signed output.
OnnxBuilder qcdq_model(bool clip_of_float_weights) {
  OnnxBuilder model(13);
  model.input("x", {1, 2, 3, 3}).output("y_dq");
  add_qcdq(model, "x", 0.125f, s8(0), s8(-8), s8(7));
  const Tensor real = random_tensor({4, 2, 1, 1}, 1, -2, 2);
  model.initializer("w_s", floats({}, {0.2f})).initializer("w_z", s8(0));
  model.initializer("w_lo", s8(-7)).initializer("w_hi", s8(7));
  if (clip_of_float_weights) {
    model.initializer("w", real).node("QuantizeLinear", {"w", "w_s", "w_z"}, {"w_q"});
  } else {
    Tensor codes(DataType::kInt8, real.shape);
    for (int64_t i = 0; i < codes.size(); ++i) {
      codes.data<int8_t>()[i] = static_cast<int8_t>(std::rint(real.data<float>()[i] / 0.2f));
    }
    model.initializer("w_q", codes);
  }
  model.node("Clip", {"w_q", "w_lo", "w_hi"}, {"w_c"});
  model.node("DequantizeLinear", {"w_c", "w_s", "w_z"}, {"w_dq"});
  model.node("Conv", {"x_dq", "w_dq"}, {"c"}, {}, "conv").node("Relu", {"c"}, {"r"});
  add_qcdq(model, "r", 0.0625f, u8(0), u8(0), u8(15));
  model.node("MaxPool", {"r_dq"}, {"p"}, {{"kernel_shape", ints({2, 2})}}, "pool");
  model.node("Conv", {"p", "w2_dq"}, {"y"}, {}, "conv2");
  model.initializer("w2", random_tensor({2, 4, 1, 1}, 2)).initializer("w2_s", floats({}, {0.25f}));
  model.node("QuantizeLinear", {"w2", "w2_s", "w_z"}, {"w2_q"});
  model.node("DequantizeLinear", {"w2_q", "w2_s", "w_z"}, {"w2_dq"});
  add_qcdq(model, "y", 0.25f, s8(0), s8(-4), s8(3));
  return model;
}

TEST(NarrowGraph, ClipBetweenQuantizeAndDequantize) {
  for (const bool of_float : {false, true}) {
    const Tensor x = random_tensor({1, 2, 3, 3}, 3, -1.2f, 1.2f);
    const Comparison got = compare(qcdq_model(of_float), x);
    const IntegerNetwork& network = got.network;
    EXPECT_EQ(ops_of(network), "host_quantize conv max_pool conv host_dequantize");
    EXPECT_EQ(network.tensor(network.layers[0].output).bits, 4);
    EXPECT_EQ(network.tensor(network.layers[0].output).quant, (Quantization{0.125f, 0}));
    EXPECT_EQ(network.layers[0].clamp_low, -8);
    EXPECT_EQ(network.layers[0].clamp_high, 7);
    const Layer& conv = network.layers[1];
    EXPECT_EQ(conv.weight_bits, 4);
    EXPECT_EQ(*std::max_element(conv.weights.begin(), conv.weights.end()), 7);
    EXPECT_EQ(network.tensor(conv.output).bits, 4);
    EXPECT_EQ(network.tensor(conv.output).quant, (Quantization{0.0625f, -8}));
    EXPECT_EQ(network.tensor(network.layers[2].output).bits, 4);
    EXPECT_EQ(network.layers[3].weight_bits, 8);
    EXPECT_EQ(network.tensor(network.layers[3].output).bits, 3);
    EXPECT_EQ(network.layers[3].clamp_low, -4);
    EXPECT_EQ(network.layers[3].clamp_high, 3);
    for (const char* name : {"x_c", "r_c", "p", "y_dq"}) {
      EXPECT_EQ(got.integer.at(name), got.real.at(name)) << name;
    }
    expect_rules(network, x);
  }
}

// Bits, offset and clamp of x -> Q -> Clip -> DQ -> Relu-less product.
std::string narrowed(const Tensor& zero, const Tensor& low, const Tensor& high) {
  OnnxBuilder model(13);
  model.input("x", {1, 2}).output("y");
  add_qcdq(model, "x", 1.0f, zero, low, high);
  model.initializer("w_q", tensor_of<int8_t>(DataType::kInt8, {2, 1}, {1, 2}));
  model.initializer("w_s", floats({}, {1})).node("DequantizeLinear", {"w_q", "w_s"}, {"w"});
  model.node("MatMul", {"x_dq", "w"}, {"y"});
  const IntegerNetwork network = quantize(import_model(model));
  const NetTensor& t = network.tensor(network.layers[0].output);
  return std::to_string(t.bits) + " bits, zero " + std::to_string(t.quant.zero_point) + ", [" +
         std::to_string(network.layers[0].clamp_low) + ", " +
         std::to_string(network.layers[0].clamp_high) + "]";
}

TEST(NarrowGraph, BitsAndOffsetOfARange) {
  EXPECT_EQ(narrowed(s8(0), s8(-8), s8(7)), "4 bits, zero 0, [-8, 7]");
  EXPECT_EQ(narrowed(s8(0), s8(-7), s8(7)), "4 bits, zero 0, [-7, 7]");
  EXPECT_EQ(narrowed(s8(0), s8(-1), s8(1)), "2 bits, zero 0, [-1, 1]");
  EXPECT_EQ(narrowed(s8(0), s8(0), s8(1)), "2 bits, zero 0, [0, 1]");
  EXPECT_EQ(narrowed(s8(0), s8(0), s8(15)), "4 bits, zero -8, [-8, 7]");
  EXPECT_EQ(narrowed(u8(0), u8(0), u8(15)), "4 bits, zero -8, [-8, 7]");
  EXPECT_EQ(narrowed(u8(0), u8(0), u8(3)), "2 bits, zero -2, [-2, 1]");
  EXPECT_EQ(narrowed(u8(3), u8(1), u8(6)), "3 bits, zero -2, [-4, 1]");
  EXPECT_EQ(narrowed(u8(0), u8(0), u8(16)), "5 bits, zero -16, [-16, 0]");
  EXPECT_EQ(narrowed(u8(128), u8(0), u8(255)), "8 bits, zero 0, [-128, 127]");
  // A zero point outside the bounds is a code of the tensor as well.
  EXPECT_EQ(narrowed(s8(-5), s8(0), s8(3)), "4 bits, zero -5, [0, 3]");
}

// r -> Q(4 bits) -> conv, and r -> Add in float: r keeps 8 bits, and is narrowed for the one.
TEST(NarrowGraph, FewBitsForOneReaderAreNotForAll) {
  OnnxBuilder model(13);
  model.input("x", {1, 2, 3, 3}).output("y");
  model.initializer("v", random_tensor({2, 2, 1, 1}, 1))
      .initializer("w", random_tensor({2, 2, 1, 1}, 2));
  model.node("Conv", {"x", "v"}, {"c"}, {}, "conv1").node("Relu", {"c"}, {"r"});
  add_qcdq(model, "r", 0.125f, u8(0), u8(0), u8(15));
  model.node("Conv", {"r_dq", "w"}, {"d"}, {}, "conv2").node("Add", {"d", "r"}, {"y"}, {}, "add");
  const Comparison got = compare(model, random_tensor({1, 2, 3, 3}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv rescale conv add host_dequantize");
  EXPECT_EQ(got.network.tensor(got.network.layers[1].output).bits, 8);
  EXPECT_EQ(got.network.tensor(got.network.layers[2].output).bits, 4);
  EXPECT_LT(got.worst_steps("y"), 8);
}

// The same behind a max pool, which shares its input's codes only where that costs no reader bits.
TEST(NarrowGraph, FewBitsOfAPoolAreNotForOtherReadersOfItsInput) {
  for (const bool has_other : {false, true}) {
    OnnxBuilder model(13);
    model.input("x", {1, 2, 4, 4}).output("y_dq").initializer("v", random_tensor({2, 2, 1, 1}, 1));
    model.node("Conv", {"x", "v"}, {"c"}, {}, "conv1");
    model.node("MaxPool", {"c"}, {"y"}, {{"kernel_shape", ints({2, 2})}}, "pool");
    add_qcdq(model, "y", 0.125f, s8(0), s8(-8), s8(7));
    if (has_other) model.node("GlobalAveragePool", {"c"}, {"g"}, {}, "mean").output("g");
    const IntegerNetwork network = quantize(import_model(model));
    EXPECT_EQ(ops_of(network),
              has_other ? "host_quantize conv max_pool rescale average_pool host_dequantize "
                          "host_dequantize"
                        : "host_quantize conv max_pool host_dequantize");
    EXPECT_EQ(network.tensor(network.layers[1].output).bits, has_other ? 8 : 4);
  }
}

// Q -> Clip, then operators on codes, then DQ: the offset goes with the codes.
TEST(NarrowGraph, OperatorsThatMoveNarrowCodes) {
  OnnxBuilder model(13);
  model.input("x", {1, 2, 3, 3}).output("y").initializer("v", random_tensor({2, 2, 1, 1}, 1));
  model.initializer("s", floats({}, {0.125f})).initializer("z", u8(3)).initializer("lo", u8(0));
  model.initializer("hi", u8(15)).initializer("pads", int64s({0, 0, 1, 1, 0, 0, 1, 1}));
  model.initializer("shape", int64s({1, 2, 16})).initializer("s8", floats({}, {0.25f}));
  model.node("Conv", {"x", "v"}, {"c"}, {}, "conv1").node("QuantizeLinear", {"c", "s", "z"}, {"q"});
  model.node("Clip", {"q", "lo", "hi"}, {"n"});
  model.node("Pad", {"n", "pads", "z"}, {"p"}, {}, "pad");
  model.node("MaxPool", {"p"}, {"m"}, {{"kernel_shape", ints({2, 2})}}, "pool");
  model.node("Concat", {"m", "m"}, {"t"}, {{"axis", int64_t{1}}}, "concat");
  model.node("DequantizeLinear", {"t", "s", "z"}, {"d"});
  model.node("GlobalAveragePool", {"d"}, {"g"}, {}, "mean");
  model.node("QuantizeLinear", {"g", "s", "z"}, {"gq"});
  model.node("DequantizeLinear", {"gq", "s", "z"}, {"y"});
  const Tensor x = random_tensor({1, 2, 3, 3}, 2, -2, 2);
  const Comparison got = compare(model, x);
  for (const char* name : {"m", "t"}) {
    const NetTensor& t = tensor_named(got.network, name);
    EXPECT_EQ(t.bits, 4) << name;
    EXPECT_EQ(t.quant, (Quantization{0.125f, -5})) << name;
  }
  EXPECT_LE(got.worst_steps("t"), 1.01);  // conv1's weights are rounded here
  expect_rules(got.network, x);
}

TEST(NarrowGraph, ClippedQLinearOperators) {
  OnnxBuilder model(13);
  model.opset("com.microsoft", 1).input("x", {1, 2, 2, 2}, kOnnxUint8).output("y");
  model.initializer("s", floats({}, {0.5f})).initializer("z", u8(100)).initializer("zn", u8(0));
  model.initializer("hi", u8(3)).initializer("w_s", floats({}, {0.25f}));
  model.initializer("w", tensor_of<int8_t>(DataType::kInt8, {1, 2, 1, 1}, {9, -5}));
  model.initializer("w_z", s8(0));
  model.node("QLinearConv", {"x", "s", "z", "w", "w_s", "w_z", "s", "zn"}, {"c"});
  model.node("Clip", {"c", "zn", "hi"}, {"n"});
  model.node("QLinearGlobalAveragePool", {"n", "s", "zn", "s", "z"}, {"y"}, {}, "",
             "com.microsoft");
  Tensor x(DataType::kUint8, {1, 2, 2, 2});
  x.bytes = {100, 101, 99, 108, 98, 105, 100, 110};
  const Comparison got = compare(import_model(model), {x});
  EXPECT_EQ(ops_of(got.network), "conv average_pool");
  EXPECT_EQ(got.network.tensor(got.network.layers[0].output).bits, 2);
  EXPECT_EQ(got.integer.at("y"), got.real.at("y"));
  EXPECT_EQ(got.integer.at("n"), got.real.at("n"));
}

TEST(NarrowGraph, TwoQuantizersOfOneValueAreOneTensor) {
  OnnxBuilder model(13);
  model.input("x", {1, 2, 3, 3}).output("a").output("b");
  model.initializer("v", random_tensor({2, 2, 1, 1}, 1));
  model.node("Conv", {"x", "v"}, {"c"}, {}, "conv1").node("Relu", {"c"}, {"r"});
  model.initializer("s", floats({}, {0.125f})).initializer("z", u8(0)).initializer("hi", u8(15));
  for (const std::string n : {"1", "2"}) {
    model.node("QuantizeLinear", {"r", "s", "z"}, {"q" + n});
    model.node("Clip", {"q" + n, "z", "hi"}, {"c" + n});
    model.node("DequantizeLinear", {"c" + n, "s", "z"}, {"d" + n});
  }
  model.node("GlobalAveragePool", {"d1"}, {"a"}).node("Conv", {"d2", "v"}, {"b"}, {}, "conv2");
  EXPECT_EQ(ops_of(model), "host_quantize conv average_pool conv host_dequantize host_dequantize");
}

// Codes at the ends of the network: uint8 in, of which a Clip lets 4 bits pass; uint4 out.
TEST(NarrowGraph, CodesInAndOut) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 4}, kOnnxUint8).output("y_q");
  model.initializer("x_s", floats({}, {0.5f})).initializer("x_z", u8(2)).initializer("hi", u8(15));
  model.node("Clip", {"x", "", "hi"}, {"x_c"}, {}, "clip");
  model.node("DequantizeLinear", {"x_c", "x_s", "x_z"}, {"x_dq"});
  model.raw_initializer("w_q", kOnnxInt4, {4, 1}, "\x21\xe3").initializer("w_s", floats({}, {1}));
  model.node("DequantizeLinear", {"w_q", "w_s"}, {"w"}).node("MatMul", {"x_dq", "w"}, {"y"});
  model.initializer("y_s", floats({}, {1.0f})).raw_initializer("y_z", kOnnxUint4, {}, "\x03");
  model.node("QuantizeLinear", {"y", "y_s", "y_z"}, {"y_q"});
  Tensor x(DataType::kUint8, {1, 4});
  x.bytes = {3, 200, 0, 9};
  const Comparison got = compare(import_model(model), {x});
  EXPECT_EQ(ops_of(got.network), "rescale conv");
  const NetTensor& in = got.network.tensor(got.network.inputs[0]);
  EXPECT_EQ(in.bits, 8);
  EXPECT_EQ(in.onnx_offset, 128);
  EXPECT_EQ(got.network.tensor(got.network.layers[0].output).bits, 4);
  EXPECT_EQ(got.network.layers[0].clamp_high, 7);
  const NetTensor& out = got.network.tensor(got.network.outputs[0]);
  EXPECT_EQ(out.bits, 4);
  EXPECT_EQ(out.onnx_type, DataType::kUint8);
  EXPECT_EQ(out.onnx_offset, 8);
  EXPECT_EQ(got.integer.at("y_q"), got.real.at("y_q"));
}

TEST(NarrowGraph, RecipeFillsInWhatTheFileLeavesOpen) {
  const Recipe recipe = {.source = "r.json", .weights = 3, .activations = 5};
  OnnxBuilder model(21, 10);
  model.input("x", {1, 2}).output("y");
  add_qdq(model, "x", 0.25f, kOnnxUint8, "\x80");
  model.raw_initializer("w_q", kOnnxInt4, {2, 2}, "\x1e\x32")
      .initializer("w_s", floats({}, {0.5f}));
  model.node("DequantizeLinear", {"w_q", "w_s"}, {"w"}).initializer("v", floats({2, 2}));
  model.node("MatMul", {"x_dq", "w"}, {"a"}, {}, "fc1")
      .node("MatMul", {"a", "v"}, {"y"}, {}, "fc2");
  const IntegerNetwork network = quantize(import_model(model), {.recipe = &recipe});
  EXPECT_EQ(network.tensor(network.layers[0].output).bits, 8);
  EXPECT_EQ(network.layers[1].weight_bits, 4);
  EXPECT_EQ(network.tensor(network.layers[1].output).bits, 5);
  EXPECT_EQ(network.layers[2].weight_bits, 3);
  const Recipe named = {.source = "r.json", .layers = {{"fc1", {3, 4}}}};
  try {
    quantize(import_model(model), {.recipe = &named});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "r.json: 2 entries do not fit made: layers.fc1.weights = 3, but the file quantizes "
        "its weights; layers.fc1.activations = 4, but the file quantizes what it reads");
  }
}

TEST(NarrowGraph, WeightsOfThirtyTwoBitsAreRefused) {
  OnnxBuilder model(21, 10);
  model.input("x", {1, 2}).output("y").initializer("w_s", floats({}, {0.5f}));
  model.initializer("w_q", tensor_of<int32_t>(DataType::kInt32, {2, 1}, {1000, -3}));
  model.node("DequantizeLinear", {"w_q", "w_s"}, {"w"}).node("MatMul", {"x", "w"}, {"y"}, {}, "fc");
  EXPECT_EQ(
      quantize_error(model),
      "made: cannot be quantized: node fc (MatMul): weights of int32 codes are not supported");
}

}  // namespace
}  // namespace qsim::test
