// QDQ and QLinear graphs: what the file says is kept to the bit.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

Tensor u8(const Shape& shape, const std::vector<int>& values) {
  Tensor t(DataType::kUint8, shape);
  for (size_t i = 0; i < values.size(); ++i) t.bytes[i] = static_cast<uint8_t>(values[i]);
  return t;
}
Tensor s8(const Shape& shape, const std::vector<int>& values) {
  Tensor t = u8(shape, values);
  t.type = DataType::kInt8;
  return t;
}
Tensor s32(const Shape& shape, const std::vector<int32_t>& values) {
  return tensor_of<int32_t>(DataType::kInt32, shape, values);
}

// Q and DQ of `from`: `from` -> `from`_q -> `from`_dq.
void add_qdq(OnnxBuilder& model, const std::string& from, float scale, const Tensor& zero) {
  model.initializer(from + "_s", floats({}, {scale})).initializer(from + "_z", zero);
  model.node("QuantizeLinear", {from, from + "_s", from + "_z"}, {from + "_q"});
  model.node("DequantizeLinear", {from + "_q", from + "_s", from + "_z"}, {from + "_dq"});
}

void add_weights(OnnxBuilder& model, const std::string& name, const Tensor& codes,
                 const Tensor& scale, const Tensor& zero, int64_t axis = 0) {
  model.initializer(name + "_q", codes)
      .initializer(name + "_s", scale)
      .initializer(name + "_z", zero);
  model.node("DequantizeLinear", {name + "_q", name + "_s", name + "_z"}, {name}, {{"axis", axis}});
}

// x{0.5, 130} -> Conv(w uint8 zero 131, int32 bias) -> Relu -> Q{0.75, 3}: everything is in the
// file.
OnnxBuilder conv_model() {
  OnnxBuilder model;
  model.input("x", {1, 2, 2, 2}).output("y_dq");
  add_qdq(model, "x", 0.5f, u8({}, {130}));
  add_weights(model, "w", u8({3, 2, 1, 1}, {0, 255, 131, 130, 128, 200}), floats({}, {0.25f}),
              u8({}, {131}));
  add_weights(model, "b", s32({3}, {100, -100, 7}), floats({}, {0.125f}), s32({}, {0}));
  model.node("Conv", {"x_dq", "w", "b"}, {"c"}).node("Relu", {"c"}, {"y"});
  add_qdq(model, "y", 0.75f, u8({}, {3}));
  return model;
}

TEST(QdqGraph, KeepsTheFilesNumbers) {
  const IntegerNetwork network = quantize(import_model(conv_model()));
  EXPECT_TRUE(network.has_values);
  EXPECT_EQ(ops_of(network), "host_quantize conv host_dequantize");
  const Layer& conv = network.layers[1];
  EXPECT_EQ(network.tensor(conv.inputs[0]).quant, (Quantization{0.5f, 2}));
  EXPECT_EQ(network.tensor(conv.output).quant, (Quantization{0.75f, -125}));
  EXPECT_EQ(network.tensor(conv.output).name, "y_q");
  EXPECT_EQ(conv.weights, (std::vector<int8_t>{-128, 127, 3, 2, 0, 72}));
  EXPECT_EQ(conv.weight_zero_point, (std::vector<int32_t>{3, 3, 3}));
  EXPECT_EQ(conv.weight_scale, (std::vector<float>{0.25f, 0.25f, 0.25f}));
  EXPECT_EQ(conv.bias, (std::vector<int32_t>{100, -100, 7}));
  EXPECT_EQ(conv.clamp_low, -125);  // Relu: the code of 0
  EXPECT_EQ(conv.clamp_high, 127);
}

TEST(QdqGraph, ComputesTheFakeQuantizationItDescribes) {
  const Comparison got = compare(conv_model(), random_tensor({1, 2, 2, 2}, 1, -60, 60));
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
}

TEST(QdqGraph, ClipBoundsBecomeCodes) {
  OnnxBuilder model;
  model.input("x", {1, 2})
      .output("y_dq")
      .initializer("lo", floats({}, {-1.0f}))
      .initializer("hi", floats({}, {6.0f}));
  add_qdq(model, "x", 0.1f, s8({}, {5}));
  add_weights(model, "w", s8({2, 2}, {10, -128, 127, 4}), floats({2}, {0.5f, 2.0f}),
              s8({2}, {0, 0}), 1);
  model.node("MatMul", {"x_dq", "w"}, {"m"}).node("Clip", {"m", "lo", "hi"}, {"y"});
  add_qdq(model, "y", 0.25f, s8({}, {-3}));
  const Comparison got = compare(model, floats({1, 2}, {3.0f, -0.7f}));
  const Layer& layer = got.network.layers[1];
  EXPECT_EQ(layer.clamp_low, -7);
  EXPECT_EQ(layer.clamp_high, 21);
  EXPECT_EQ(layer.weights, (std::vector<int8_t>{10, 127, -128, 4}));
  EXPECT_EQ(layer.weight_scale, (std::vector<float>{0.5f, 2.0f}));
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
}

TEST(QdqGraph, BiasOfAnotherScaleIsRescaled) {
  OnnxBuilder model = conv_model();
  OnnxBuilder other;
  other.input("x", {1, 2, 2, 2}).output("y_dq");
  add_qdq(other, "x", 0.5f, u8({}, {130}));
  add_weights(other, "w", u8({1, 2, 1, 1}, {0, 255}), floats({}, {0.25f}), u8({}, {131}));
  add_weights(other, "b", s8({1}, {-10}), floats({}, {0.3f}), s8({}, {2}));
  other.node("Conv", {"x_dq", "w", "b"}, {"y"});
  add_qdq(other, "y", 20.0f, u8({}, {128}));
  const IntegerNetwork network = quantize(import_model(other));
  EXPECT_EQ(network.layers[1].bias, (std::vector<int32_t>{-29}));  // RNE(-12 * 0.3 / 0.125)
}

TEST(QdqGraph, PartlyQuantizedGraphsTakeTheRestFromCalibration) {
  OnnxBuilder model;
  model.input("x", {1, 2, 2, 2}).output("y");
  add_qdq(model, "x", 0.5f, u8({}, {130}));
  add_weights(model, "w", s8({3, 2, 1, 1}, {1, 2, 3, 4, 5, 6}), floats({}, {0.25f}), s8({}, {0}));
  model.initializer("b", floats({3}, {0.25f, -1.0f, 3.3f})).node("Conv", {"x_dq", "w", "b"}, {"y"});
  const IntegerNetwork bare = quantize(import_model(model));
  ASSERT_EQ(bare.value_blockers.size(), 1u);
  EXPECT_TRUE(bare.value_blockers[0].starts_with("1 tensors need calibration data (y:codes)"))
      << bare.value_blockers[0];
  const Comparison got = compare(model, random_tensor({1, 2, 2, 2}, 1, -20, 20));
  EXPECT_EQ(got.network.layers[1].bias, (std::vector<int32_t>{2, -8, 26}));
  EXPECT_EQ(got.network.layers[1].weights, (std::vector<int8_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_LT(got.worst_steps("y"), 1.5);
}

TEST(QdqGraph, CodesPassThroughMaxPoolAndViews) {
  OnnxBuilder model;
  model.input("x", {1, 4, 2, 2}).output("y").initializer("shape", int64s({1, 4}));
  add_qdq(model, "x", 0.5f, u8({}, {130}));
  model.node("MaxPool", {"x_dq"}, {"m"}, {{"kernel_shape", ints({2, 2})}});
  add_qdq(model, "m", 0.5f, u8({}, {130}));
  model.node("Reshape", {"m_dq", "shape"}, {"r"});
  add_qdq(model, "r", 0.5f, u8({}, {130}));
  add_weights(model, "w", s8({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), floats({}, {0.25f}), s8({}, {0}));
  model.node("MatMul", {"r_dq", "w"}, {"p"});
  add_qdq(model, "p", 1.0f, u8({}, {0}));
  model.node("Softmax", {"p_dq"}, {"t"});
  add_qdq(model, "t", 1.0f / 256, u8({}, {0}));
  model.node("Identity", {"t_dq"}, {"y"});
  EXPECT_EQ(ops_of(model),
            "host_quantize max_pool conv host_softmax host_quantize host_dequantize");
}

TEST(QdqGraph, MaxPoolToAnotherScaleIsRescaledAfterwards) {
  OnnxBuilder model;
  model.input("x", {1, 1, 2, 2}).output("m_dq");
  add_qdq(model, "x", 0.5f, u8({}, {130}));
  model.node("MaxPool", {"x_dq"}, {"m"}, {{"kernel_shape", ints({2, 2})}});
  add_qdq(model, "m", 0.75f, u8({}, {10}));
  const Comparison got = compare(model, floats({1, 1, 2, 2}, {1, 7, -3, 2}));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool rescale host_dequantize");
  EXPECT_EQ(got.integer.at("m_dq"), got.real.at("m_dq"));
}

TEST(QdqGraph, AddPoolAndConcat) {
  OnnxBuilder model;
  model.input("a", {1, 2, 2, 2}).input("b", {1, 2, 2, 2}).output("g_dq").output("c_dq");
  add_qdq(model, "a", 0.5f, u8({}, {130}));
  add_qdq(model, "b", 0.3f, s8({}, {-10}));
  model.node("Add", {"a_dq", "b_dq"}, {"s"}).node("Relu", {"s"}, {"t"});
  add_qdq(model, "t", 0.4f, u8({}, {0}));
  model.node("GlobalAveragePool", {"t_dq"}, {"g"});
  add_qdq(model, "g", 0.2f, u8({}, {1}));
  model.node("Concat", {"a_dq", "b_dq", "t_dq"}, {"c"}, {{"axis", int64_t{1}}});
  add_qdq(model, "c", 0.45f, u8({}, {50}));
  const Graph graph = import_model(model);
  const Comparison got = compare(
      graph, {random_tensor({1, 2, 2, 2}, 1, -30, 30), random_tensor({1, 2, 2, 2}, 2, -30, 30)});
  EXPECT_EQ(ops_of(got.network),
            "host_quantize host_quantize add average_pool concat host_dequantize host_dequantize");
  EXPECT_EQ(got.integer.at("g_dq"), got.real.at("g_dq"));
  EXPECT_EQ(got.integer.at("c_dq"), got.real.at("c_dq"));
}

// A constant operand has no tensor of its own: a depthwise convolution with one weight a channel.
TEST(QdqGraph, AddOfAQuantizedConstant) {
  OnnxBuilder model;
  model.input("x", {1, 3}).output("y_dq");
  add_qdq(model, "x", 0.02f, s8({}, {-19}));
  add_weights(model, "b", s8({3}, {-100, 3, 77}), floats({}, {0.0057f}), s8({}, {4}));
  model.node("Add", {"x_dq", "b"}, {"y"});
  add_qdq(model, "y", 0.0136f, s8({}, {-128}));
  const Comparison got = compare(model, floats({1, 3}, {1.3f, 0.1f, 0.9f}));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_TRUE(got.network.layers[1].is_depthwise(got.network.tensors));
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
  const Layer& layer = got.network.layers[1];
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_GE(layer.weights[c], 64);
    const double offset = layer.bias[c] * 0.02 * double{layer.weight_scale[c]};
    const double wanted = (std::vector<int>{-104, -1, 73})[c] * 0.0057;
    EXPECT_NEAR(offset, wanted, 0.02 / 127 / 10) << "channel " << c;
  }
}

TEST(QdqGraph, QLinearModelsFromCodesToCodes) {
  OnnxBuilder model;
  model.opset("com.microsoft", 1).input("x", {1, 2, 2, 2}, kOnnxUint8).output("y");
  model.initializer("s", floats({}, {0.5f}))
      .initializer("z", u8({}, {100}))
      .initializer("ws", floats({2}, {0.25f, 0.125f}));
  model.initializer("wz", u8({2}, {120, 120}))
      .initializer("w", u8({2, 2, 1, 1}, {1, 250, 120, 3}))
      .initializer("b", s32({2}, {40, -9}));
  model.node("QLinearConv", {"x", "s", "z", "w", "ws", "wz", "s", "z", "b"}, {"c"});
  model.node("QLinearAdd", {"c", "s", "z", "x", "s", "z", "s", "z"}, {"a"}, {}, "",
             "com.microsoft");
  model.node("QLinearGlobalAveragePool", {"a", "s", "z", "s", "z"}, {"y"}, {}, "", "com.microsoft");
  const Graph graph = import_model(model);
  const Tensor x = u8({1, 2, 2, 2}, {100, 101, 90, 95, 104, 100, 99, 130});
  const Comparison got = compare(graph, {x});
  EXPECT_EQ(ops_of(got.network), "conv add average_pool");
  EXPECT_EQ(got.network.tensor(got.network.inputs[0]).onnx_type, DataType::kUint8);
  EXPECT_EQ(got.network.tensor(got.network.outputs[0]).onnx_type, DataType::kUint8);
  for (const char* name : {"c", "a", "y"})
    EXPECT_EQ(got.integer.at(name), got.real.at(name)) << name;
}

TEST(QdqGraph, QLinearMatrixProductsAndConcat) {
  OnnxBuilder model;
  model.opset("com.microsoft", 1).input("x", {2, 3}, kOnnxUint8).output("y").output("f");
  model.initializer("s", floats({}, {0.5f})).initializer("z", u8({}, {100}));
  model.initializer("ws", floats({2}, {0.25f, 0.125f})).initializer("wz", s8({2}, {0, 0}));
  model.initializer("w1", s8({3, 2}, {1, -2, 3, 4, 50, -60}));
  model.initializer("w2", s8({2, 3}, {1, -2, 3, 4, 50, -60})).initializer("b", s32({2}, {40, -9}));
  model.node("QLinearMatMul", {"x", "s", "z", "w1", "ws", "wz", "s", "z"}, {"m"});
  model.node("QGemm", {"x", "s", "z", "w2", "ws", "wz", "b", "s", "z"}, {"g"},
             {{"transB", int64_t{1}}, {"alpha", 0.5f}}, "", "com.microsoft");
  model.node("QLinearConcat", {"s", "z", "m", "s", "z", "g", "s", "z"}, {"y"},
             {{"axis", int64_t{1}}}, "", "com.microsoft");
  model.node("QGemm", {"x", "s", "z", "w2", "ws", "wz"}, {"f"}, {{"transB", int64_t{1}}}, "",
             "com.microsoft");
  const Graph graph = import_model(model);
  const Comparison got = compare(graph, {u8({2, 3}, {100, 101, 90, 95, 104, 130})});
  EXPECT_EQ(ops_of(got.network), "conv conv concat conv host_dequantize");
  for (const char* name : {"m", "g", "y"})
    EXPECT_EQ(got.integer.at(name), got.real.at(name)) << name;
  EXPECT_LT(got.worst_steps("f"), 0.51);
}

// Weights that reach their product through Q, DQ and Transpose; an activation that is an output
// too.
TEST(QdqGraph, WeightsQuantizedAndTransposedInTheGraph) {
  OnnxBuilder model;
  model.input("x", {1, 3})
      .output("y_dq")
      .output("y")
      .initializer("w", floats({2, 3}, {0.1f, -0.52f, 0.9f, 1.1f, 2, -40}));
  add_qdq(model, "x", 0.5f, u8({}, {130}));
  model.initializer("ws", floats({2}, {0.25f, 0.5f})).initializer("wz", s8({2}, {3, -1}));
  model.node("QuantizeLinear", {"w", "ws", "wz"}, {"wq"}, {{"axis", int64_t{0}}});
  model.node("DequantizeLinear", {"wq", "ws", "wz"}, {"wd"}, {{"axis", int64_t{0}}});
  model.node("Transpose", {"wd"}, {"wt"}).node("MatMul", {"x_dq", "wt"}, {"y"});
  add_qdq(model, "y", 0.75f, u8({}, {3}));
  const Comparison got = compare(model, floats({1, 3}, {7, -3, 2}));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize host_dequantize");
  EXPECT_EQ(got.network.layers[1].weights, (std::vector<int8_t>{3, 1, 7, 1, 3, -81}));
  EXPECT_EQ(got.network.layers[1].weight_zero_point, (std::vector<int32_t>{3, -1}));
  EXPECT_EQ(got.integer.at("y_dq"), got.real.at("y_dq"));
}

TEST(QdqGraph, TwoScalesForOneActivation) {
  OnnxBuilder model;
  model.input("x", {1, 2}).output("p_dq").output("q_dq");
  add_qdq(model, "x", 0.5f, u8({}, {128}));
  add_weights(model, "w", s8({2, 2}, {10, 20, 30, 40}), floats({}, {0.1f}), s8({}, {0}));
  model.node("MatMul", {"x_dq", "w"}, {"m"});
  for (const auto& [name, scale] : {std::pair("p", 0.5f), std::pair("q", 0.7f)}) {
    const std::string n = name;
    model.initializer(n + "_s", floats({}, {scale})).initializer(n + "_z", u8({}, {128}));
    model.node("QuantizeLinear", {"m", n + "_s", n + "_z"}, {n + "_q"})
        .node("DequantizeLinear", {n + "_q", n + "_s", n + "_z"}, {n + "_dq"});
  }
  const Comparison got = compare(model, floats({1, 2}, {3, -4}));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv rescale host_dequantize host_dequantize");
  EXPECT_EQ(got.integer.at("p_dq"), got.real.at("p_dq"));
}

}  // namespace
}  // namespace qsim::test
