// ConvTranspose: a convolution that computes all phases, and a move. Exact against the definition.
#include "hw/spec/arithmetic.h"
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

struct Case {
  const char* name;
  Shape input;   // [N, C, (H,) W]
  Shape weight;  // [C, M / groups, (kh,) kw]
  int64_t groups;
  Attributes attributes;
  Shape output;
  // Of the definition: output = input * stride + tap * dilation - pad.
  int64_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  const char* ops;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

constexpr const char* kMoved = "host_quantize conv host_permute host_dequantize";
constexpr const char* kUnmoved = "host_quantize conv host_dequantize";

// clang-format off
const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
    {"Plain", {1, 3, 4, 5}, {3, 4, 3, 3}, 1, {}, {1, 4, 6, 7}, 1, 1, 1, 1, 0, 0, kUnmoved},
    {"Batch", {3, 2, 3, 3}, {2, 3, 2, 2}, 1, {{"strides", ints({2, 2})}},
     {3, 3, 6, 6}, 2, 2, 1, 1, 0, 0, kMoved},
    {"KernelNoMultiple", {1, 2, 3, 4}, {2, 3, 3, 4}, 1, {{"strides", ints({2, 3})}},
     {1, 3, 7, 13}, 2, 3, 1, 1, 0, 0, kMoved},
    {"KernelBelowStride", {1, 2, 3, 2}, {2, 3, 1, 2}, 1, {{"strides", ints({3, 3})}},
     {1, 3, 7, 5}, 3, 3, 1, 1, 0, 0, kMoved},
    {"Pads", {1, 2, 5, 4}, {2, 3, 4, 4}, 1,
     {{"strides", ints({2, 2})}, {"pads", ints({1, 2, 0, 1})}},
     {1, 3, 11, 7}, 2, 2, 1, 1, 1, 2, kMoved},
    {"PadsBeyondTheKernel", {1, 2, 6, 6}, {2, 3, 1, 2}, 1, {{"pads", ints({1, 2, 2, 1})}},
     {1, 3, 3, 4}, 1, 1, 1, 1, 1, 2, kMoved},
    {"OutputPadding", {1, 2, 3, 3}, {2, 3, 3, 3}, 1,
     {{"strides", ints({3, 2})}, {"output_padding", ints({2, 1})}, {"pads", ints({1, 1, 1, 1})}},
     {1, 3, 9, 6}, 3, 2, 1, 1, 1, 1, kMoved},
    {"OutputShape", {1, 2, 3, 3}, {2, 3, 3, 3}, 1,
     {{"strides", ints({2, 2})}, {"output_shape", ints({6, 10})}},
     {1, 3, 6, 10}, 2, 2, 1, 1, 1, 0, kMoved},
    {"SameUpper", {1, 2, 3, 4}, {2, 3, 4, 3}, 1,
     {{"strides", ints({2, 2})}, {"auto_pad", std::string("SAME_UPPER")}},
     {1, 3, 6, 8}, 2, 2, 1, 1, 1, 0, kMoved},
    {"SameLower", {1, 2, 3, 4}, {2, 3, 4, 3}, 1,
     {{"strides", ints({2, 2})}, {"auto_pad", std::string("SAME_LOWER")}},
     {1, 3, 6, 8}, 2, 2, 1, 1, 1, 1, kMoved},
    {"Valid", {1, 2, 3, 3}, {2, 3, 2, 2}, 1, {{"auto_pad", std::string("VALID")}},
     {1, 3, 4, 4}, 1, 1, 1, 1, 0, 0, kUnmoved},
    {"Dilations", {1, 2, 4, 4}, {2, 3, 3, 2}, 1, {{"dilations", ints({2, 3})}},
     {1, 3, 8, 7}, 1, 1, 2, 3, 0, 0, kUnmoved},
    {"StridesAndDilations", {1, 2, 4, 3}, {2, 3, 3, 2}, 1,
     {{"strides", ints({2, 2})}, {"dilations", ints({3, 2})}, {"pads", ints({1, 0, 2, 1})}},
     {1, 3, 10, 6}, 2, 2, 3, 2, 1, 0, kMoved},
    {"Groups", {1, 6, 3, 3}, {6, 2, 3, 3}, 3, {{"strides", ints({2, 2})}, {"group", int64_t{3}}},
     {1, 6, 7, 7}, 2, 2, 1, 1, 0, 0, kMoved},
    {"Depthwise", {1, 4, 3, 3}, {4, 1, 4, 4}, 4,
     {{"strides", ints({2, 2})}, {"group", int64_t{4}}, {"pads", ints({1, 1, 1, 1})}},
     {1, 4, 6, 6}, 2, 2, 1, 1, 1, 1, kMoved},
    {"OneDimension", {1, 2, 5}, {2, 3, 4}, 1, {{"strides", ints({2})}, {"pads", ints({1, 1})}},
     {1, 3, 10}, 1, 2, 1, 1, 0, 1, kMoved},
  };
  return list;
}
// clang-format on

// Sum of x * w and bias for every output element, by the definition.
template <typename T>
std::vector<T> by_definition(const Case& c, const std::vector<T>& x, const std::vector<T>& w,
                             const std::vector<T>& bias) {
  const bool is_image = c.input.size() == 4;
  const int64_t in_h = is_image ? c.input[2] : 1, in_w = c.input.back(), out_w = c.output.back();
  const int64_t out_h = is_image ? c.output[2] : 1, kw = c.weight.back();
  const int64_t kh = is_image ? c.weight[2] : 1, per_group = c.weight[1];
  std::vector<T> y(static_cast<size_t>(element_count(c.output)));
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = bias[i / static_cast<size_t>(out_h * out_w) % bias.size()];
  for (int64_t n = 0; n < c.input[0]; ++n)
    for (int64_t i = 0; i < c.input[1]; ++i)
      for (int64_t o = 0; o < per_group; ++o)
        for (int64_t iy = 0; iy < in_h; ++iy)
          for (int64_t ix = 0; ix < in_w; ++ix)
            for (int64_t ky = 0; ky < kh; ++ky)
              for (int64_t kx = 0; kx < kw; ++kx) {
                const int64_t oy = iy * c.stride_h + ky * c.dilation_h - c.pad_top;
                const int64_t ox = ix * c.stride_w + kx * c.dilation_w - c.pad_left;
                if (oy < 0 || oy >= out_h || ox < 0 || ox >= out_w) continue;
                const int64_t group = i / (c.input[1] / c.groups);
                const int64_t channel = n * c.output[1] + group * per_group + o;
                y[static_cast<size_t>((channel * out_h + oy) * out_w + ox)] +=
                    x[static_cast<size_t>(((n * c.input[1] + i) * in_h + iy) * in_w + ix)] *
                    w[static_cast<size_t>(((i * per_group + o) * kh + ky) * kw + kx)];
              }
  return y;
}

class ConvTransposeCases : public testing::TestWithParam<Case> {};

TEST_P(ConvTransposeCases, FloatModel) {
  const Case& c = GetParam();
  OnnxBuilder model;
  model.input("x", {c.input.begin(), c.input.end()}).output("y");
  const Tensor w = random_tensor(c.weight, 1), b = random_tensor({c.output[1]}, 2);
  model.initializer("w", w).initializer("b", b);
  model.node("ConvTranspose", {"x", "w", "b"}, {"y"}, c.attributes);
  const Tensor x = random_tensor(c.input, 3);
  const Comparison got = compare(model, x);
  EXPECT_EQ(ops_of(got.network), c.ops);
  EXPECT_EQ(import_model(model).value(import_model(model).outputs[0]).shape, c.output);
  const std::vector<float> expected = by_definition(c, x.as_floats(), w.as_floats(), b.as_floats());
  ASSERT_EQ(got.real.at("y").size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got.real.at("y")[i], expected[i], 1e-5);
  EXPECT_LT(got.worst_steps("y"), 3.0);
}

// Codes with zero points, a scale for each channel, a bias, all from the file.
TEST_P(ConvTransposeCases, CodesAreExact) {
  const Case& c = GetParam();
  const int zx = 100, zy = 120;
  const float sx = 0.5f, sy = 60.0f;
  std::mt19937 random(7);
  const auto draw = [&](int64_t count, int low, int high) {
    std::vector<int32_t> values(static_cast<size_t>(count));
    for (int32_t& v : values) v = low + static_cast<int32_t>(random() % (high - low + 1u));
    return values;
  };
  const std::vector<int32_t> x = draw(element_count(c.input), 0, 255),
                             w = draw(element_count(c.weight), 0, 255),
                             zw = draw(c.weight[1], 100, 150), b = draw(c.output[1], -3000, 3000);
  std::vector<float> sw, sb;
  for (int64_t o = 0; o < c.output[1]; ++o) {
    if (o < c.weight[1]) sw.push_back(0.25f * static_cast<float>(o + 1));
    sb.push_back(sx * sw[static_cast<size_t>(o % c.weight[1])]);
  }
  const auto bytes = [](const std::vector<int32_t>& values) {
    return std::vector<uint8_t>(values.begin(), values.end());
  };
  OnnxBuilder model;
  model.input("x", {c.input.begin(), c.input.end()}).output("y");
  model.initializer("sx", floats({}, {sx})).initializer("sy", floats({}, {sy}));
  model.initializer("zx", tensor_of<uint8_t>(DataType::kUint8, {}, {zx}));
  model.initializer("zy", tensor_of<uint8_t>(DataType::kUint8, {}, {zy}));
  model.initializer("wq", tensor_of(DataType::kUint8, c.weight, bytes(w)));
  model.initializer("sw", floats({c.weight[1]}, sw));
  model.initializer("zw", tensor_of(DataType::kUint8, {c.weight[1]}, bytes(zw)));
  model.initializer("bq", tensor_of(DataType::kInt32, {c.output[1]}, b));
  model.initializer("sb", floats({c.output[1]}, sb));
  model.node("QuantizeLinear", {"x", "sx", "zx"}, {"xq"});
  model.node("DequantizeLinear", {"xq", "sx", "zx"}, {"xd"});
  model.node("DequantizeLinear", {"wq", "sw", "zw"}, {"w"}, {{"axis", int64_t{1}}});
  model.node("DequantizeLinear", {"bq", "sb"}, {"b"}, {{"axis", int64_t{0}}});
  model.node("ConvTranspose", {"xd", "w", "b"}, {"t"}, c.attributes);
  model.node("QuantizeLinear", {"t", "sy", "zy"}, {"tq"});
  model.node("DequantizeLinear", {"tq", "sy", "zy"}, {"y"});

  std::vector<int32_t> centred = x, weights = w;
  const int64_t taps = element_count(c.weight) / (c.weight[0] * c.weight[1]);
  Tensor reals(DataType::kFloat, c.input);
  for (size_t i = 0; i < x.size(); ++i) {
    centred[i] -= zx;
    reals.data<float>()[i] = sx * static_cast<float>(centred[i]);
  }
  for (size_t i = 0; i < w.size(); ++i) weights[i] -= zw[i / static_cast<size_t>(taps) % zw.size()];
  const std::vector<int32_t> acc = by_definition(c, centred, weights, b);
  const int64_t pixels = element_count(c.output) / (c.output[0] * c.output[1]);
  for (const RequantMode mode : kRequantModes) {
    const Comparison got = compare(import_model(model), {reals}, mode);
    EXPECT_EQ(ops_of(got.network), c.ops);
    int saturated = 0;
    for (size_t i = 0; i < acc.size(); ++i) {
      const size_t channel = i / static_cast<size_t>(pixels) % static_cast<size_t>(c.output[1]);
      const RequantParams params =
          derive_requant(mode, sx, sw[channel % static_cast<size_t>(c.weight[1])], sy);
      const int32_t code = requantize(mode, acc[i], params, zy - 128, -128, 127);
      EXPECT_EQ(got.integer.at("y")[i], sy * static_cast<float>(code - (zy - 128))) << i;
      saturated += code == -128 || code == 127;
    }
    EXPECT_LT(saturated, static_cast<int>(acc.size() / 2));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConvTransposeCases, testing::ValuesIn(cases()),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(ConvTranspose, NormalizationAndReluFoldIntoIt) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3}).output("y").initializer("w", random_tensor({2, 3, 4, 4}, 1));
  model.initializer("scale", random_tensor({3}, 2, 0.5f, 2)).initializer("shift", floats({3}));
  model.initializer("mean", random_tensor({3}, 3));
  model.initializer("variance", random_tensor({3}, 4, 0.5f, 2));
  model.node("ConvTranspose", {"x", "w"}, {"c"}, {{"strides", ints({2, 2})}});
  model.node("BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"n"});
  model.node("Relu", {"n"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 2, 3, 3}, 5));
  EXPECT_EQ(ops_of(got.network), kMoved);
  EXPECT_EQ(got.network.layers[1].weight_scale.size(), 12u);
  EXPECT_LT(got.worst_steps("y"), 3.0);
}

// What a recipe states of its weights is what it gets.
TEST(ConvTranspose, StatedWeights) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3}).output("y");
  model.initializer("w", random_tensor({2, 3, 2, 2}, 1));
  model.node("ConvTranspose", {"x", "w"}, {"y"}, {{"strides", ints({2, 2})}}, "up");
  const Graph graph = import_model(model);
  Calibrator calibrator(graph);
  calibrator.observe({random_tensor({1, 2, 3, 3}, 2)});
  const IntegerNetwork own = quantize(graph, {.calibration = &calibrator.result()});
  const Layer& conv = *std::find_if(own.layers.begin(), own.layers.end(),
                                    [](const Layer& layer) { return layer.op == LayerOp::kConv; });
  Recipe stated;
  stated.weights_of[conv.name] = {std::vector<int8_t>(conv.weights.size(), 3), conv.weight_scale,
                                  std::vector<double>(conv.bias.size(), 0)};
  const IntegerNetwork other =
      quantize(graph, {.calibration = &calibrator.result(), .recipe = &stated});
  for (const Layer& layer : other.layers) {
    if (layer.op != LayerOp::kConv) continue;
    EXPECT_EQ(layer.weights, std::vector<int8_t>(conv.weights.size(), 3));
  }
}

TEST(ConvTranspose, ErrorsNameThePlace) {
  OnnxBuilder wide;
  wide.input("x", {1, 1, 2, 2}).output("y").initializer("w", random_tensor({1, 2, 1, 1}, 1));
  wide.node("ConvTranspose", {"x", "w"}, {"y"}, {{"strides", ints({1024, 1024})}}, "up");
  EXPECT_EQ(
      quantize_error(wide),
      "made: cannot be quantized: node up (ConvTranspose): as a convolution it would have more "
      "than 2^20 channels, taps or pixels of padding, or 2^28 weights, which is not supported");

  OnnxBuilder large;
  large.input("x", {1, 1, 4096, 4096}).output("y").initializer("w", random_tensor({1, 2, 1, 1}, 1));
  large.node("ConvTranspose", {"x", "w"}, {"y"}, {{"strides", ints({2, 2})}}, "up");
  EXPECT_NE(quantize_error(large).find("node up (ConvTranspose): moving more than 2^26 elements"),
            std::string::npos);

  OnnxBuilder scaled;
  scaled.input("x", {1, 2, 2, 2}).output("y");
  scaled.initializer("q", tensor_of<int8_t>(DataType::kInt8, {2, 1, 1, 1}, {1, 2}));
  scaled.initializer("s", floats({2})).initializer("z", Tensor(DataType::kInt8, {2}));
  scaled.node("DequantizeLinear", {"q", "s", "z"}, {"w"}, {{"axis", int64_t{0}}});
  scaled.node("ConvTranspose", {"x", "w"}, {"y"}, {}, "up");
  EXPECT_NE(quantize_error(scaled).find(
                "node up (ConvTranspose): a weight scale per input channel is not supported"),
            std::string::npos);
}

}  // namespace
}  // namespace qsim::test
