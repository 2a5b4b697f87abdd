// Element types narrower than a byte: how they are packed, and that the graph remembers them.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

using Codes = std::vector<int64_t>;

// A tensor of `type` as the weights of x -> Add(DequantizeLinear(w)) -> y.
OnnxBuilder model_of() {
  OnnxBuilder model(25, 13);
  model.input("x", {1}).output("y").initializer("s", floats({}, {0.5f}));
  model.node("DequantizeLinear", {"w", "s"}, {"d"}).node("Add", {"x", "d"}, {"y"});
  return model;
}

Value raw(int type, const Shape& shape, const std::string& bytes) {
  return value_named(import_model(model_of().raw_initializer("w", type, shape, bytes)), "w");
}

Value typed(int type, const Shape& shape, const std::vector<double>& values) {
  return value_named(import_model(model_of().typed_initializer("w", type, shape, "int32", values)),
                     "w");
}

TEST(Narrow, LowestBitsComeFirst) {
  const Value int4 = raw(kOnnxInt4, {2}, "\x8f");
  EXPECT_EQ(int4.data.as_ints(), (Codes{-1, -8}));
  EXPECT_EQ(int4.type, DataType::kInt8);
  EXPECT_EQ(int4.bits, 4);
  EXPECT_EQ(type_name(int4), "int4");
  const Value uint4 = raw(kOnnxUint4, {2}, "\x8f");
  EXPECT_EQ(uint4.data.as_ints(), (Codes{15, 8}));
  EXPECT_EQ(uint4.type, DataType::kUint8);
  EXPECT_EQ(type_name(uint4), "uint4");
  const Value int2 = raw(kOnnxInt2, {4}, "\x1e");
  EXPECT_EQ(int2.data.as_ints(), (Codes{-2, -1, 1, 0}));
  EXPECT_EQ(int2.bits, 2);
  EXPECT_EQ(type_name(int2), "int2");
  const Value uint2 = raw(kOnnxUint2, {4}, "\x1e");
  EXPECT_EQ(uint2.data.as_ints(), (Codes{2, 3, 1, 0}));
  EXPECT_EQ(type_name(uint2), "uint2");
}

TEST(Narrow, TypedFieldHoldsTheSameBytes) {
  EXPECT_EQ(typed(kOnnxInt4, {2}, {0x8f}).data.as_ints(), (Codes{-1, -8}));
  EXPECT_EQ(typed(kOnnxUint4, {4}, {0x21, 0x43}).data.as_ints(), (Codes{1, 2, 3, 4}));
  EXPECT_EQ(typed(kOnnxInt2, {4}, {0x1e}).data.as_ints(), (Codes{-2, -1, 1, 0}));
  EXPECT_EQ(typed(kOnnxUint2, {8}, {0xe4, 0x1b}).data.as_ints(), (Codes{0, 1, 2, 3, 3, 2, 1, 0}));
}

TEST(Narrow, LastByteMayBePartlyUsed) {
  EXPECT_EQ(raw(kOnnxInt4, {3}, "\x21\xf7").data.as_ints(), (Codes{1, 2, 7}));
  EXPECT_EQ(raw(kOnnxInt2, {1}, "\xff").data.as_ints(), (Codes{-1}));
  EXPECT_EQ(raw(kOnnxUint2, {5}, "\xe4\xfe").data.as_ints(), (Codes{0, 1, 2, 3, 2}));
  EXPECT_EQ(typed(kOnnxUint2, {3}, {0x39}).data.as_ints(), (Codes{1, 2, 3}));
}

TEST(Narrow, WrongSizes) {
  const auto raw_error = [](int type, const Shape& shape, const std::string& bytes) {
    return error_of(model_of().raw_initializer("w", type, shape, bytes));
  };
  const std::string place = "m.onnx: initializer w: ";
  EXPECT_EQ(raw_error(kOnnxInt4, {5}, "12"), place + "raw_data = 2 bytes is not the 3 of int4 5");
  EXPECT_EQ(raw_error(kOnnxUint4, {2}, "12"), place + "raw_data = 2 bytes is not the 1 of uint4 2");
  EXPECT_EQ(raw_error(kOnnxInt2, {5}, "1"), place + "raw_data = 1 bytes is not the 2 of int2 5");
  EXPECT_EQ(raw_error(kOnnxUint2, {4}, "12"), place + "raw_data = 2 bytes is not the 1 of uint2 4");
  EXPECT_EQ(error_of(model_of().typed_initializer("w", kOnnxInt2, {5}, "int32", {1, 2, 3})),
            place + "data = 3 bytes is not the 2 of int2 5");
  EXPECT_EQ(error_of(model_of().typed_initializer("w", kOnnxUint4, {2}, "int32", {256})),
            place + "int32_data[0] = 256 does not fit the element type");
}

// x -> QuantizeLinear -> DequantizeLinear -> y
OnnxBuilder quantizer(int zero_type, const std::string& zero, const Attributes& attributes) {
  OnnxBuilder model(25, 13);
  model.input("x", {2}).output("y").initializer("s", floats({}, {0.5f}));
  std::vector<std::string> inputs = {"x", "s"};
  if (!zero.empty()) {
    model.raw_initializer("z", zero_type, {}, zero);
    inputs.push_back("z");
  }
  model.node("QuantizeLinear", inputs, {"q"}, attributes, "n");
  inputs[0] = "q";
  model.node("DequantizeLinear", inputs, {"y"}, {}, "d");
  return model;
}

std::string quantized_type(const OnnxBuilder& model) {
  return type_name(value_named(import_model(model), "q"));
}

TEST(Narrow, QuantizeLinearMakesTheTypeOfItsZeroPointOrAttribute) {
  EXPECT_EQ(quantized_type(quantizer(kOnnxInt4, "\x0f", {})), "int4");
  EXPECT_EQ(quantized_type(quantizer(kOnnxUint4, "\x0f", {})), "uint4");
  EXPECT_EQ(quantized_type(quantizer(kOnnxInt2, "\x03", {})), "int2");
  EXPECT_EQ(quantized_type(quantizer(kOnnxUint2, "\x03", {})), "uint2");
  EXPECT_EQ(quantized_type(quantizer(kOnnxInt8, "\x0f", {})), "int8");
  for (const auto& [type, name] : {std::pair(kOnnxInt4, "int4"), std::pair(kOnnxUint4, "uint4"),
                                   std::pair(kOnnxInt2, "int2"), std::pair(kOnnxUint2, "uint2")}) {
    EXPECT_EQ(quantized_type(quantizer(0, "", {{"output_dtype", int64_t{type}}})), name);
  }
}

TEST(Narrow, TypesThatContradictOneAnother) {
  EXPECT_EQ(error_of(quantizer(kOnnxInt4, "\x0f", {{"output_dtype", int64_t{kOnnxInt8}}})),
            "m.onnx: node n (QuantizeLinear): input 2 (z): element type = int4 is not int8");
  EXPECT_EQ(error_of(quantizer(kOnnxUint4, "\x0f", {{"output_dtype", int64_t{kOnnxInt4}}})),
            "m.onnx: node n (QuantizeLinear): input 2 (z): element type = uint8 is not int8");
  OnnxBuilder model = model_of();
  model.raw_initializer("w", kOnnxInt4, {1}, "\x0f").raw_initializer("z", kOnnxInt8, {}, "\x0f");
  model.node("DequantizeLinear", {"w", "s", "z"}, {"e"}, {}, "d").output("e");
  EXPECT_EQ(error_of(model),
            "m.onnx: node d (DequantizeLinear): input 2 (z): element type = int8 is not int4");
  EXPECT_EQ(error_of(quantizer(0, "", {{"output_dtype", int64_t{23}}})),
            "m.onnx: 1 unsupported operator: QuantizeLinear to float4e2m1 (23) (1 node, first n)");
}

TEST(Narrow, SurvivesFoldedLayoutOperators) {
  OnnxBuilder model(25, 13);
  model.input("x", {1, 2}).output("y").initializer("s", floats({}, {0.5f}));
  model.raw_initializer("w", kOnnxInt4, {3, 2}, "\x21\x43\x65").initializer("to", int64s({2, 3}));
  model.node("Reshape", {"w", "to"}, {"r"}).node("Transpose", {"r"}, {"t"});
  model.node("Transpose", {"t"}, {"u"});
  model.node("DequantizeLinear", {"u", "s"}, {"d"}).node("MatMul", {"x", "d"}, {"y"});
  const Value u = value_named(import_model(model), "u");
  EXPECT_EQ(type_name(u), "int4");
  EXPECT_EQ(u.data.as_ints(), (Codes{1, 2, 3, 4, 5, 6}));
}

TEST(Narrow, GraphText) {
  const std::string text =
      to_text(import_model(model_of().raw_initializer("w", kOnnxUint2, {3}, "\x39")));
  EXPECT_NE(text.find("constant w: uint2 3 = [1, 2, 3]\n"), std::string::npos) << text;
}

TEST(Narrow, ClipOfCodes) {
  OnnxBuilder model(13);
  model.input("x", {2}).output("y").initializer("s", floats({}, {0.5f}));
  model.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {}, {0}));
  model.initializer("hi", tensor_of<uint8_t>(DataType::kUint8, {}, {15}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("Clip", {"q", "", "hi"}, {"c"}).node("DequantizeLinear", {"c", "s", "z"}, {"y"});
  EXPECT_EQ(value_named(import_model(model), "c").type, DataType::kUint8);
}

TEST(Narrow, ClipWithBoundsOfAnotherType) {
  OnnxBuilder model(13);
  model.input("x", {2}, kOnnxUint8).output("y").initializer("hi", floats({}, {15}));
  model.node("Clip", {"x", "", "hi"}, {"y"}, {}, "n");
  EXPECT_EQ(error_of(model),
            "m.onnx: node n (Clip): input 2 (hi): element type = float32 is not uint8");
}

}  // namespace
}  // namespace qsim::test
