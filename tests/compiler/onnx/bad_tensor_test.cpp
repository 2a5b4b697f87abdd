// Initializers: element types and where their data is, right and wrong.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

// A model whose output is the initializer "w".
OnnxBuilder model_of() {
  OnnxBuilder model;
  model.output("y").node("Identity", {"w"}, {"y"});
  return model;
}

std::string error_of_dims(const Shape& dims) {
  return error_of(model_of().raw_initializer("w", kOnnxFloat, dims, "1234"));
}

std::vector<float> values(OnnxBuilder& model) {
  return constant_tensor(value_named(import_model(model), "y")).as_floats();
}

using Floats = std::vector<float>;

TEST(BadTensor, Dimensions) {
  EXPECT_EQ(error_of_dims({1}), "no error");
  EXPECT_EQ(error_of_dims({2}),
            "m.onnx: initializer w: raw_data = 4 bytes is not the 8 of float 2");
  EXPECT_EQ(error_of_dims({0}),
            "m.onnx: initializer w: raw_data = 4 bytes is not the 0 of float 0");
  EXPECT_EQ(error_of_dims({2, -1}),
            "m.onnx: initializer w: dims[1] = -1 is outside [0, 2147483647]");
  EXPECT_EQ(error_of_dims({int64_t{1} << 40}),
            "m.onnx: initializer w: dims[0] = 1099511627776 is outside [0, 2147483647]");
  EXPECT_EQ(error_of_dims({1 << 20, 1 << 20, 1 << 24}),
            "m.onnx: initializer w: dims = 1048576x1048576x16777216 is more than 2^40 elements");
  // The product of 4 times 2^16 is 0 in 64 bits.
  EXPECT_EQ(error_of_dims({1 << 16, 1 << 16, 1 << 16, 1 << 16}),
            "m.onnx: initializer w: dims = 65536x65536x65536x65536 is more than 2^40 elements");
  EXPECT_EQ(error_of_dims(Shape(17, 1)), "m.onnx: initializer w: rank = 17 is more than 16");
  // 4 TB are never allocated: the data's size is compared first.
  EXPECT_EQ(error_of_dims({1 << 20, 1 << 20}),
            "m.onnx: initializer w: raw_data = 4 bytes is not the 4398046511104 of float "
            "1048576x1048576");
}

TEST(BadTensor, Types) {
  const auto error = [](int type) {
    return error_of(model_of().raw_initializer("w", type, {1}, "1234"));
  };
  EXPECT_EQ(error(0), "m.onnx: initializer w: data_type = undefined (0) is not supported");
  EXPECT_EQ(error(kOnnxString), "m.onnx: initializer w: data_type = string (8) is not supported");
  EXPECT_EQ(error(17), "m.onnx: initializer w: data_type = float8e4m3fn (17) is not supported");
  EXPECT_EQ(error(99), "m.onnx: initializer w: data_type = unknown (99) is not supported");
}

TEST(BadTensor, TypedFields) {
  const auto error = [](int type, const char* field, const std::vector<double>& data) {
    return error_of(model_of().typed_initializer("w", type, {2}, field, data));
  };
  EXPECT_EQ(error(kOnnxFloat, "float", {1, 2}), "no error");
  EXPECT_EQ(error(kOnnxFloat, "float", {1}),
            "m.onnx: initializer w: data = 4 bytes is not the 8 of float 2");
  EXPECT_EQ(error(kOnnxFloat, "int32", {1, 2}),
            "m.onnx: initializer w: data = 0 bytes is not the 8 of float 2");
  EXPECT_EQ(error(kOnnxInt8, "int32", {-128, 128}),
            "m.onnx: initializer w: int32_data[1] = 128 does not fit the element type");
  EXPECT_EQ(error(kOnnxUint8, "int32", {-1, 0}),
            "m.onnx: initializer w: int32_data[0] = -1 does not fit the element type");
}

TEST(Tensor, EveryTypeFromItsField) {
  const auto read = [](int type, const char* field, const std::vector<double>& data) {
    OnnxBuilder model = model_of();
    return values(model.typed_initializer("w", type, {2}, field, data));
  };
  EXPECT_EQ(read(kOnnxFloat, "float", {1.5, -2}), (Floats{1.5f, -2}));
  EXPECT_EQ(read(kOnnxDouble, "double", {1.5, -2}), (Floats{1.5f, -2}));
  EXPECT_EQ(read(kOnnxInt8, "int32", {-128, 127}), (Floats{-128, 127}));
  EXPECT_EQ(read(kOnnxUint8, "int32", {0, 255}), (Floats{0, 255}));
  EXPECT_EQ(read(kOnnxInt16, "int32", {-32768, 5}), (Floats{-32768, 5}));
  EXPECT_EQ(read(kOnnxUint16, "int32", {65535, 5}), (Floats{65535, 5}));
  EXPECT_EQ(read(kOnnxInt32, "int32", {-70000, 5}), (Floats{-70000, 5}));
  EXPECT_EQ(read(kOnnxUint32, "uint64", {70000, 5}), (Floats{70000, 5}));
  EXPECT_EQ(read(kOnnxInt64, "int64", {-70000, 5}), (Floats{-70000, 5}));
  EXPECT_EQ(read(kOnnxBool, "int32", {1, 0}), (Floats{1, 0}));
  EXPECT_EQ(read(kOnnxFloat16, "int32", {0x3c00, 0xc000}), (Floats{1, -2}));
  EXPECT_EQ(read(kOnnxBfloat16, "int32", {0x3f80, 0xc000}), (Floats{1, -2}));
}

TEST(Tensor, RawDataOfNarrowTypes) {
  OnnxBuilder halves = model_of();
  halves.raw_initializer("w", kOnnxFloat16, {4},
                         std::string("\x01\x00\xff\x7b\x00\x7c\x00\x80", 8));
  const Floats read = values(halves);  // smallest subnormal, largest, infinity, -0
  EXPECT_EQ(read, (Floats{0x1p-24f, 65504, INFINITY, -0.0f}));
  EXPECT_TRUE(std::signbit(read[3]));
  OnnxBuilder bools = model_of();
  bools.raw_initializer("w", kOnnxBool, {2}, "\x02\xff");
  EXPECT_EQ(values(bools), (Floats{1, 1}));
  // Two elements a byte, the first in the low nibble; the last byte half empty.
  OnnxBuilder int4 = model_of();
  int4.raw_initializer("w", kOnnxInt4, {5}, "\x7f\x80\x09");
  EXPECT_EQ(values(int4), (Floats{-1, 7, 0, -8, -7}));
  OnnxBuilder uint4 = model_of();
  uint4.typed_initializer("w", kOnnxUint4, {3}, "int32", {0x2f, 0x03});
  EXPECT_EQ(values(uint4), (Floats{15, 2, 3}));
  EXPECT_EQ(error_of(model_of().raw_initializer("w", kOnnxInt4, {5}, "12")),
            "m.onnx: initializer w: raw_data = 2 bytes is not the 3 of int4 5");
}

}  // namespace
}  // namespace qsim::test
