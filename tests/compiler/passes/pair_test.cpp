// Operators of two activations, of one shape or broadcast.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

constexpr double kRounding = 4.0;  // both operands' and the result's

OnnxBuilder model_of(const std::vector<OnnxDim>& a, const std::vector<OnnxDim>& b) {
  OnnxBuilder model;
  model.input("a", a).input("b", b).output("y");
  return model;
}

Comparison run(const OnnxBuilder& model, const Shape& a, const Shape& b, float least = -1) {
  return compare(import_model(model),
                 {random_tensor(a, 1, least, 2), random_tensor(b, 2, least, 2)});
}

TEST(Pairs, OfOneShape) {
  const std::map<std::string, std::string> layers = {
      {"Sub", "host_sub"}, {"Mul", "host_mul"}, {"Div", "host_div"}, {"Add", "add"}};
  for (const auto& [op, layer] : layers) {
    OnnxBuilder model = model_of({2, 3, 5, 4}, {2, 3, 5, 4});
    model.node(op, {"a", "b"}, {"y"});
    const Shape shape = {2, 3, 5, 4};
    const Comparison got = run(model, shape, shape, op == "Div" ? 0.5f : -1.0f);
    EXPECT_EQ(ops_of(got.network), "host_quantize host_quantize " + layer + " host_dequantize");
    EXPECT_LT(got.worst_steps("y"), kRounding) << op;
  }
}

TEST(Pairs, Broadcast) {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{2, 3, 5, 4}, {2, 3, 1, 1}},
                                                       {{1, 3, 1, 1}, {2, 3, 5, 4}},
                                                       {{2, 3, 5, 4}, {1, 1, 5, 4}},
                                                       {{2, 1, 5, 1}, {1, 3, 1, 4}},
                                                       {{2, 3, 5, 4}, {5, 1}},
                                                       {{6, 5}, {6, 1}},
                                                       {{4, 1}, {1, 7}},
                                                       {{2, 7, 5}, {7, 1}},
                                                       {{2, 3, 5, 4}, {1}}};
  const std::map<std::string, std::string> layers = {
      {"Sub", "host_sub"}, {"Mul", "host_mul"}, {"Div", "host_div"}, {"Add", "host_add"}};
  for (const auto& [a, b] : shapes) {
    for (const auto& [op, layer] : layers) {
      OnnxBuilder model = model_of({a.begin(), a.end()}, {b.begin(), b.end()});
      model.node(op, {"a", "b"}, {"y"});
      const Comparison got = run(model, a, b, op == "Div" ? 0.5f : -1.0f);
      EXPECT_NE(ops_of(got.network).find(layer), std::string::npos) << ops_of(got.network);
      EXPECT_LT(got.worst_steps("y"), kRounding) << op << to_text(a) << to_text(b);
    }
  }
}

TEST(Pairs, MoreThanFourDimensionsAreAnErrorWhereTheyAreBroadcast) {
  OnnxBuilder model = model_of({2, 2, 2, 2, 2}, {2, 1, 2, 1, 2});
  model.node("Mul", {"a", "b"}, {"y"}, {}, "m");
  EXPECT_NE(quantize_error(model).find("node m: activations of more than four dimensions that are "
                                       "broadcast are not supported"),
            std::string::npos)
      << quantize_error(model);
}

// The clamp of what follows, and the file's own quantization, are the product's.
TEST(Pairs, TakeAClampAndAQuantization) {
  OnnxBuilder model = model_of({1, 3, 5, 4}, {1, 3, 1, 1});
  model.initializer("scale", floats({}, {1.0f / 64}));
  model.initializer("zero", tensor_of<int8_t>(DataType::kInt8, {}, {-128}));
  model.node("Mul", {"a", "b"}, {"m"}).node("Relu", {"m"}, {"r"});
  model.node("QuantizeLinear", {"r", "scale", "zero"}, {"q"});
  model.node("DequantizeLinear", {"q", "scale", "zero"}, {"y"});
  const Comparison got = run(model, {1, 3, 5, 4}, {1, 3, 1, 1});
  EXPECT_EQ(ops_of(got.network), "host_quantize host_quantize host_mul host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kRounding);
}

TEST(Pairs, QuotientsOfConstantsFoldIntoAConvolution) {
  OnnxBuilder model;
  model.input("x", {1, 3, 5, 4}).output("y").initializer("w", random_tensor({4, 3, 1, 1}, 3));
  model.initializer("by", random_tensor({4, 1, 1}, 4, 0.5f, 2));
  model.node("Conv", {"x", "w"}, {"c"}).node("Div", {"c", "by"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 3, 5, 4}, 5));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 3.0);
}

}  // namespace
}  // namespace qsim::test
