// com.microsoft's operators on codes: what qsim computes is the real result, rounded once.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

constexpr const char* kMs = "com.microsoft";

template <typename T>
OnnxBuilder code_model(DataType type, T zero_x, T zero_y) {
  OnnxBuilder model;
  model.opset(kMs, 1).input("x", {2, 3, 4, 4}, type == DataType::kInt8 ? kOnnxInt8 : kOnnxUint8);
  model.output("y")
      .initializer("sx", floats({}, {0.0313f}))
      .initializer("sy", floats({}, {0.0207f}));
  model.initializer("zx", tensor_of<T>(type, {}, {zero_x}));
  model.initializer("zy", tensor_of<T>(type, {}, {zero_y}));
  return model;
}

Tensor all_codes(DataType type) {
  Tensor x(type, {2, 3, 4, 4});
  for (size_t i = 0; i < x.bytes.size(); ++i) x.bytes[i] = static_cast<uint8_t>(i * 151);
  return x;
}

// Truth values, every third one false.
Tensor mask(const Shape& shape) {
  Tensor result(DataType::kBool, shape);
  for (size_t i = 0; i < result.bytes.size(); ++i) result.bytes[i] = i % 3 != 1;
  return result;
}

// How many codes differ between the integer network and the float executor, by one at most.
int differing(const OnnxBuilder& model, const std::vector<Tensor>& inputs, const std::string& ops) {
  const Comparison got = compare(import_model(model), inputs);
  EXPECT_EQ(ops_of(got.network), ops);
  EXPECT_LT(got.worst_steps("y"), 1.01);
  int count = 0;
  for (size_t i = 0; i < got.real.at("y").size(); ++i)
    count += std::abs(got.real.at("y")[i] - got.integer.at("y")[i]) > 0.01f;
  return count;
}

TEST(QLinearGraph, ConstantsOfChannels) {
  for (const char* op : {"QLinearMul", "QLinearAdd"}) {
    for (const Shape& shape : {Shape{}, {1, 3, 1, 1}, {3, 1, 1}}) {
      OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
      std::vector<uint8_t> codes(static_cast<size_t>(element_count(shape)));
      for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(200 - 70 * i);
      model.initializer("c", tensor_of(DataType::kUint8, shape, codes));
      model.initializer("sc", floats({}, {0.01f}));
      model.node(op, {"c", "sc", "zx", "x", "sx", "zx", "sy", "zy"}, {"y"}, {}, "", kMs);
      EXPECT_LE(differing(model, {all_codes(DataType::kUint8)}, "conv"), 1) << op;
    }
  }
}

TEST(QLinearGraph, SumWithConstantsAlongWidth) {
  OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
  model.initializer(
      "c", tensor_of(DataType::kUint8, {1, 1, 1, 4}, std::vector<uint8_t>{200, 130, 60, 0}));
  model.initializer("sc", floats({}, {0.01f}));
  model.node("QLinearAdd", {"x", "sx", "zx", "c", "sc", "zx", "sy", "zy"}, {"y"}, {}, "", kMs);
  const Comparison got = compare(import_model(model), {all_codes(DataType::kUint8)});
  EXPECT_LT(got.worst_steps("y"), 1.01);
}

TEST(QLinearGraph, SumWithConstantsThatAreNoChannelsIsAnError) {
  for (const Shape& shape : {Shape{1, 1, 4, 4}, {1, 3, 4, 4}}) {
    OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
    model.initializer(
        "c", tensor_of(DataType::kUint8, shape,
                       std::vector<uint8_t>(static_cast<size_t>(element_count(shape)), 7)));
    model.initializer("sc", floats({}, {0.01f}));
    model.node("QLinearAdd", {"x", "sx", "zx", "c", "sc", "zx", "sy", "zy"}, {"y"}, {}, "", kMs);
    EXPECT_THROW(compare(import_model(model), {all_codes(DataType::kUint8)}), Error);
  }
}

TEST(QLinearGraph, ProductOfActivations) {
  OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
  model.input("b", {2, 3, 4, 4}, kOnnxUint8);
  model.node("QLinearMul", {"x", "sx", "zx", "b", "sx", "zx", "sy", "zy"}, {"y"}, {}, "", kMs);
  Tensor b = all_codes(DataType::kUint8);
  for (uint8_t& code : b.bytes) code = static_cast<uint8_t>(code * 91 + 7);
  EXPECT_LE(differing(model, {all_codes(DataType::kUint8), b}, "host_mul"), 1);
}

TEST(QLinearGraph, Tables) {
  OnnxBuilder sigmoid = code_model<int8_t>(DataType::kInt8, 7, -100);
  sigmoid.node("QLinearSigmoid", {"x", "sx", "zx", "sy", "zy"}, {"y"}, {}, "", kMs);
  EXPECT_LE(differing(sigmoid, {all_codes(DataType::kInt8)}, "host_table"), 1);
  OnnxBuilder leaky = code_model<uint8_t>(DataType::kUint8, 100, 120);
  leaky.node("QLinearLeakyRelu", {"x", "sx", "zx", "sy", "zy"}, {"y"}, {{"alpha", 0.3f}}, "", kMs);
  EXPECT_LE(differing(leaky, {all_codes(DataType::kUint8)}, "host_table"), 1);
}

TEST(QLinearGraph, MeanOverSpace) {
  for (const std::vector<int64_t>& axes : {std::vector<int64_t>{2, 3}, {-1}}) {
    for (const int64_t keep : {0, 1}) {
      OnnxBuilder model = code_model<int8_t>(DataType::kInt8, 7, -3);
      model.node("QLinearReduceMean", {"x", "sx", "zx", "sy", "zy"}, {"y"},
                 {{"axes", ints(axes)}, {"keepdims", keep}}, "", kMs);
      EXPECT_LE(differing(model, {all_codes(DataType::kInt8)}, "average_pool"), 1);
    }
  }
}

// Of two activations with scales of their own: the chosen codes are rescaled, each once.
TEST(QLinearGraph, WhereOfActivations) {
  for (const Shape& shape : {Shape{2, 3, 4, 4}, {3, 1, 1}, {1, 4}}) {
    OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
    model.input("b", {1, 3, 1, 4}, kOnnxUint8).initializer("sb", floats({}, {0.027f}));
    model.initializer("choice", mask(shape));
    model.node("QLinearWhere", {"choice", "x", "sx", "zx", "b", "sb", "zy", "sy", "zy"}, {"y"}, {},
               "", kMs);
    Tensor b(DataType::kUint8, {1, 3, 1, 4});
    for (size_t i = 0; i < b.bytes.size(); ++i) b.bytes[i] = static_cast<uint8_t>(i * 91 + 7);
    EXPECT_LE(differing(model, {all_codes(DataType::kUint8), b}, "rescale rescale host_permute"),
              1);
  }
}

TEST(QLinearGraph, WhereOfAConstant) {
  for (const bool is_first : {false, true}) {
    OnnxBuilder model = code_model<int8_t>(DataType::kInt8, 7, -3);
    model.initializer("choice", mask({1, 1, 4, 4})).initializer("sc", floats({}, {0.04f}));
    model.initializer("c", tensor_of<int8_t>(DataType::kInt8, {3, 1, 1}, {-90, 3, 55}));
    const std::vector<std::string> x = {"x", "sx", "zx"}, c = {"c", "sc", "zy"};
    std::vector<std::string> inputs = {"choice"};
    for (const auto& part : {is_first ? c : x, is_first ? x : c})
      inputs.insert(inputs.end(), part.begin(), part.end());
    inputs.insert(inputs.end(), {"sy", "zy"});
    model.node("QLinearWhere", inputs, {"y"}, {}, "", kMs);
    const std::string ops = "host_permute host_table rescale host_permute";
    EXPECT_LE(differing(model, {all_codes(DataType::kInt8)}, ops), 1);
  }
}

TEST(QLinearGraph, ConstantsOfSeveralDimensionsAreAnError) {
  OnnxBuilder model = code_model<uint8_t>(DataType::kUint8, 100, 120);
  model.initializer("c", Tensor(DataType::kUint8, {3, 4, 1}));
  model.node("QLinearMul", {"x", "sx", "zx", "c", "sx", "zx", "sy", "zy"}, {"y"}, {}, "n", kMs);
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node n (QLinearMul): a constant that varies along several "
            "dimensions is not supported");
}

}  // namespace
}  // namespace qsim::test
