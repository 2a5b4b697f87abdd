// Operators that the host computes as a whole, and sums over space.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

OnnxBuilder image_model(int64_t opset = 13) {
  OnnxBuilder model(opset);
  model.input("x", {2, 3, 5, 4}).output("y");
  return model;
}

const Tensor kImage = random_tensor({2, 3, 5, 4}, 1);

TEST(HostOps, LinearResize) {
  for (const char* mode : {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"}) {
    for (const auto& [height, width] : {std::pair{10, 8}, {3, 9}, {1, 1}, {5, 7}}) {
      OnnxBuilder model = image_model();
      model.initializer("sizes", int64s({2, 3, height, width}));
      model.node(
          "Resize", {"x", "", "", "sizes"}, {"y"},
          {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string(mode)}});
      const Comparison got = compare(model, kImage);
      EXPECT_EQ(ops_of(got.network), "host_quantize host_resize host_dequantize");
      EXPECT_LT(got.worst_steps("y"), 1.01) << mode << height << width;
    }
  }
}

TEST(HostOps, LinearUpsampleAndResizeOfOpset10) {
  for (const char* op : {"Upsample", "Resize"}) {
    OnnxBuilder model(op == std::string("Resize") ? 10 : 9);
    model.input("x", {1, 2, 3}).output("y").initializer("s", floats({3}, {1, 1, 2.5f}));
    model.node(op, {"x", "s"}, {"y"}, {{"mode", std::string("linear")}});
    const Comparison got = compare(model, random_tensor({1, 2, 3}, 2));
    EXPECT_EQ(ops_of(got.network), "host_quantize host_resize host_dequantize");
    EXPECT_LT(got.worst_steps("y"), 1.01);
  }
}

TEST(HostOps, InterpolatedChannelsAreAnError) {
  OnnxBuilder model = image_model();
  model.initializer("sizes", int64s({2, 6, 5, 4}));
  model.node("Resize", {"x", "", "", "sizes"}, {"y"}, {{"mode", std::string("linear")}}, "r");
  EXPECT_NE(quantize_error(model).find("node r (Resize): interpolation of other dimensions than "
                                       "height and width is not supported"),
            std::string::npos);
}

TEST(HostOps, ReduceSumOverSpace) {
  OnnxBuilder model = image_model();
  model.initializer("axes", int64s({2, 3}));
  model.node("ReduceSum", {"x", "axes"}, {"y"}, {{"keepdims", int64_t{0}}});
  const Comparison got = compare(model, kImage);
  EXPECT_EQ(ops_of(got.network), "host_quantize average_pool host_dequantize");
  EXPECT_TRUE(got.network.layers[1].is_sum);
  EXPECT_LT(got.worst_steps("y"), 20 * 0.51);  // 20 elements, each rounded once
  OnnxBuilder channels = image_model();
  channels.initializer("axes", int64s({1}))
      .node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  channels.node("ReduceSum", {"p", "axes"}, {"y"}, {}, "s");
  EXPECT_NE(quantize_error(channels).find("node s: a sum over other dimensions"), std::string::npos)
      << quantize_error(channels);
}

TEST(HostOps, Lrn) {
  OnnxBuilder model = image_model();
  model.node("LRN", {"x"}, {"y"}, {{"size", int64_t{3}}, {"alpha", 0.5f}, {"bias", 2.0f}});
  const Comparison got = compare(model, kImage);
  EXPECT_EQ(ops_of(got.network), "host_quantize host_lrn host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 1.5);
}

TEST(HostOps, ArgMaxOfCodes) {
  OnnxBuilder model = image_model();
  model.node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  model.node("ArgMax", {"p"}, {"y"}, {{"axis", int64_t{1}}, {"select_last_index", int64_t{1}}});
  const Comparison got = compare(model, kImage);
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_arg_max");
  EXPECT_EQ(got.network.tensor(got.network.outputs[0]).onnx_type, DataType::kInt64);
  const std::vector<float>&p = got.integer.at("p"), &y = got.integer.at("y");
  for (size_t pixel = 0; pixel < y.size(); ++pixel) {
    const size_t first = pixel / 20 * 60 + pixel % 20;
    size_t best = 0;
    for (size_t c = 1; c < 3; ++c)
      if (p[first + 20 * c] >= p[first + 20 * best]) best = c;
    EXPECT_EQ(y[pixel], static_cast<float>(best));
  }
}

TEST(HostOps, ArgMaxOfReals) {
  for (const bool softmax : {false, true}) {
    for (const int64_t keeps : {0, 1}) {
      OnnxBuilder model = image_model();
      if (softmax) model.node("Softmax", {"x"}, {"p"}, {{"axis", int64_t{1}}});
      model.node("ArgMax", {softmax ? "p" : "x"}, {"y"},
                 {{"axis", int64_t{1}}, {"keepdims", keeps}});
      const Comparison got = compare(model, kImage);
      EXPECT_EQ(ops_of(got.network), softmax ? "host_softmax host_arg_max" : "host_arg_max");
      EXPECT_EQ(got.integer.at("y"), got.real.at("y"));
    }
  }
}

}  // namespace
}  // namespace qsim::test
