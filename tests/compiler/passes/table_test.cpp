// Functions of one element: one table each, exact to half a step of its output's scale.
#include <functional>

#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double hard_sigmoid(double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }
double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

constexpr const char* kTable = "host_quantize host_table host_dequantize";
const Shape kShape = {2, 3, 5, 4};

OnnxBuilder model_of(int64_t opset = 14) {
  OnnxBuilder model(opset);
  model.opset("com.microsoft", 1).input("x", {2, 3, 5, 4}).output("y");
  return model;
}

// The network is one table, and each result within half a step of function(value that was read,
// channel).
void expect_table(const OnnxBuilder& model, const std::function<double(double, size_t)>& function,
                  float low = -4, float high = 4) {
  const Comparison got = compare(model, random_tensor(kShape, 1, low, high));
  ASSERT_EQ(ops_of(got.network), kTable);
  const std::vector<float>&x = got.integer.at("x:codes"), &y = got.integer.at("y");
  const Quantization to = got.network.tensor(got.network.layers[1].output).quant;
  const double step = double{to.scale};
  const double least = (-128 - to.zero_point) * step, most = (127 - to.zero_point) * step;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = std::clamp(function(double{x[i]}, i / 20 % 3), least, most);
    ASSERT_NEAR(double{y[i]}, expected, 0.5001 * step) << double{x[i]};
  }
}

struct Case {
  const char* op;
  Attributes attributes;
  double (*function)(double x);
  float low = -4, high = 4;
  int64_t opset = 14;
  const char* domain = "";
};

TEST(Tables, EveryFunction) {
  const std::vector<Case> cases = {
      {"Abs", {}, [](double x) { return std::abs(x); }},
      {"Celu", {{"alpha", 2.0f}}, [](double x) { return x > 0 ? x : 2 * (std::exp(x / 2) - 1); }},
      {"Elu", {{"alpha", 0.5f}}, [](double x) { return x > 0 ? x : 0.5 * (std::exp(x) - 1); }},
      {"Erf", {}, [](double x) { return std::erf(x); }},
      {"Exp", {}, [](double x) { return std::exp(x); }},
      {"Gelu", {}, gelu, -4, 4, 20},
      {"Gelu", {}, gelu, -4, 4, 14, "com.microsoft"},
      {"HardSigmoid", {}, [](double x) { return std::min(std::max(0.2 * x + 0.5, 0.0), 1.0); }},
      {"HardSwish", {}, [](double x) { return x * hard_sigmoid(x); }},
      {"LeakyRelu", {}, [](double x) { return x < 0 ? 0.01 * x : x; }},
      {"Log", {}, [](double x) { return std::log(x); }, 0.25f, 4},
      {"Mish", {}, [](double x) { return x * std::tanh(std::log(1 + std::exp(x))); }, -4, 4, 18},
      {"Neg", {}, [](double x) { return -x; }},
      {"QuickGelu",
       {{"alpha", 2.0f}},
       [](double x) { return x * sigmoid(2 * x); },
       -4,
       4,
       14,
       "com.microsoft"},
      {"Reciprocal", {}, [](double x) { return 1 / x; }, 0.25f, 4},
      {"Selu",
       {{"alpha", 2.0f}, {"gamma", 3.0f}},
       [](double x) { return x > 0 ? 3 * x : 6 * (std::exp(x) - 1); }},
      {"Sigmoid", {}, sigmoid},
      {"Softplus", {}, [](double x) { return std::log(1 + std::exp(x)); }},
      {"Softsign", {}, [](double x) { return x / (1 + std::abs(x)); }},
      {"Sqrt", {}, [](double x) { return std::sqrt(x); }, 0.25f, 4},
      {"Swish", {}, [](double x) { return x * sigmoid(x); }, -4, 4, 24},
      {"Tanh", {}, [](double x) { return std::tanh(x); }},
      {"ThresholdedRelu", {{"alpha", 0.5f}}, [](double x) { return x > 0.5 ? x : 0; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.op);
    OnnxBuilder model = model_of(c.opset);
    model.node(c.op, {"x"}, {"y"}, c.attributes, "", c.domain);
    // A value that was read may lie a little outside what calibration saw.
    const auto within = [&](double x, size_t) {
      return c.function(std::clamp(x, double{c.low}, double{c.high}));
    };
    expect_table(model, within, c.low, c.high);
  }
}

TEST(Tables, ParametricReluHasASlopeOrOneForEachChannel) {
  OnnxBuilder one = model_of(), many = model_of();
  one.initializer("s", floats({1}, {0.25f})).node("PRelu", {"x", "s"}, {"y"});
  expect_table(one, [](double x, size_t) { return x < 0 ? 0.25 * x : x; });
  many.initializer("s", floats({3, 1, 1}, {0.25f, -2, 0})).node("PRelu", {"x", "s"}, {"y"});
  expect_table(many, [](double x, size_t c) {
    const double slopes[] = {0.25, -2, 0};
    return x < 0 ? slopes[c] * x : x;
  });
  OnnxBuilder image = model_of();
  image.initializer("s", random_tensor({3, 5, 1}, 2)).node("PRelu", {"x", "s"}, {"y"}, {}, "p");
  EXPECT_NE(quantize_error(image).find("node p (PRelu): a constant that varies along several"),
            std::string::npos);
}

TEST(Tables, PowersAndQuotientsOfConstants) {
  OnnxBuilder cube = model_of(), inverse = model_of();
  cube.initializer("three", floats({}, {3})).node("Pow", {"x", "three"}, {"y"});
  expect_table(cube, [](double x, size_t) { return x * x * x; });
  inverse.initializer("c", floats({3, 1, 1}, {1, -2, 3})).node("Div", {"c", "x"}, {"y"});
  const auto quotient = [](double x, size_t c) {
    const double over[] = {1, -2, 3};
    return over[c] / std::max(x, 0.5);
  };
  expect_table(inverse, quotient, 0.5f, 4);
}

// What exporters write where they have no operator.
TEST(Tables, DecompositionsAreOneTable) {
  OnnxBuilder silu = model_of(), hard = model_of(), clip = model_of(), square = model_of();
  silu.node("Sigmoid", {"x"}, {"s"}).node("Mul", {"x", "s"}, {"y"});
  expect_table(silu, [](double x, size_t) { return x * sigmoid(x); });
  hard.node("HardSigmoid", {"x"}, {"s"}, {{"alpha", 1.0f / 6}}).node("Mul", {"s", "x"}, {"y"});
  expect_table(hard, [](double x, size_t) { return x * hard_sigmoid(x); });
  clip.initializer("three", floats({}, {3})).initializer("zero", floats({}, {0}));
  clip.initializer("six", floats({}, {6})).node("Add", {"x", "three"}, {"a"});
  clip.node("Clip", {"a", "zero", "six"}, {"b"}).node("Mul", {"x", "b"}, {"c"});
  clip.node("Div", {"c", "six"}, {"y"});
  expect_table(clip, [](double x, size_t) { return x * hard_sigmoid(x); });
  square.node("Mul", {"x", "x"}, {"y"});
  expect_table(square, [](double x, size_t) { return x * x; });

  OnnxBuilder erf = model_of(), tanh = model_of();
  erf.initializer("root", floats({}, {1.41421356f})).initializer("one", floats({}, {1}));
  erf.initializer("half", floats({}, {0.5f})).node("Div", {"x", "root"}, {"a"});
  erf.node("Erf", {"a"}, {"b"}).node("Add", {"b", "one"}, {"c"}).node("Mul", {"x", "c"}, {"d"});
  erf.node("Mul", {"d", "half"}, {"y"});
  expect_table(erf, [](double x, size_t) { return gelu(x); });
  tanh.initializer("three", floats({}, {3})).initializer("one", floats({}, {1}));
  tanh.initializer("k", floats({}, {0.044715f})).initializer("r", floats({}, {0.7978846f}));
  tanh.initializer("half", floats({}, {0.5f})).node("Pow", {"x", "three"}, {"a"});
  tanh.node("Mul", {"a", "k"}, {"b"}).node("Add", {"x", "b"}, {"c"}).node("Mul", {"c", "r"}, {"d"});
  tanh.node("Tanh", {"d"}, {"e"}).node("Add", {"e", "one"}, {"f"});
  tanh.node("Mul", {"half", "x"}, {"g"}).node("Mul", {"g", "f"}, {"y"});
  expect_table(tanh, [](double x, size_t) {
    return 0.5 * x * (1 + std::tanh(0.7978846 * (x + 0.044715 * x * x * x)));
  });
}

TEST(Tables, AClampBelongsToTheTableBeforeIt) {
  OnnxBuilder model = model_of();
  model.node("Tanh", {"x"}, {"t"}).node("Relu", {"t"}, {"y"});
  expect_table(model, [](double x, size_t) { return std::max(std::tanh(x), 0.0); });
}

// A convolution keeps the Relu behind it, and the sum of an activation and its multiple the vector
// unit.
TEST(Tables, LeaveAloneWhatCostsLessElsewhere) {
  OnnxBuilder model = model_of();
  model.initializer("w", random_tensor({3, 3, 1, 1}, 3)).initializer("k", floats({}, {0.5f}));
  model.node("Conv", {"x", "w"}, {"c"}).node("Relu", {"c"}, {"r"}).node("Sigmoid", {"r"}, {"y"});
  EXPECT_EQ(ops_of(model), "host_quantize conv host_table host_dequantize");
  OnnxBuilder sum = model_of();
  sum.initializer("k", floats({}, {0.5f})).node("Mul", {"x", "k"}, {"a"});
  sum.node("Add", {"x", "a"}, {"y"});
  EXPECT_EQ(ops_of(sum), "host_quantize conv add host_dequantize");
}

// Hostile files: neither depth nor squares of squares may cost stack or time without bound.
TEST(Tables, LongChainsAreSeveralTables) {
  OnnxBuilder chain = model_of(), squares = model_of();
  for (int i = 0; i < 500; ++i) {
    const std::string from = i == 0 ? "x" : "v" + std::to_string(i),
                      to = i == 499 ? "y" : "v" + std::to_string(i + 1);
    chain.node("Tanh", {from}, {to});
    if (i < 60) squares.node("Mul", {from, from}, {i == 59 ? "y" : to});
  }
  const std::string ops = ops_of(compare(chain, random_tensor(kShape, 5)).network);
  EXPECT_EQ(ops,
            "host_quantize host_table host_table host_table host_table host_table "
            "host_dequantize");
  EXPECT_LT(ops_of(compare(squares, random_tensor(kShape, 6)).network).size(), 300u);
}

TEST(Tables, AFunctionForEachOfManyChannelsIsAnError) {
  OnnxBuilder model(14);
  model.input("x", {1, 70000}).output("y").initializer("s", floats({70000}));
  model.node("PRelu", {"x", "s"}, {"y"}, {}, "p");
  EXPECT_NE(quantize_error(model).find("a function of its own for more than 65536 channels"),
            std::string::npos);
}

TEST(Tables, AValueThatIsReadElsewhereStays) {
  OnnxBuilder model = model_of();
  model.output("s").node("Sigmoid", {"x"}, {"s"}).node("Mul", {"x", "s"}, {"y"});
  EXPECT_EQ(ops_of(model), "host_quantize host_table host_mul host_dequantize host_dequantize");
}

TEST(Tables, AValueThatTheFileQuantizesStays) {
  OnnxBuilder model = model_of();
  model.initializer("scale", floats({}, {1.0f / 256}));
  model.initializer("zero", tensor_of<uint8_t>(DataType::kUint8, {}, {0}));
  model.node("Sigmoid", {"x"}, {"s"}).node("QuantizeLinear", {"s", "scale", "zero"}, {"q"});
  model.node("DequantizeLinear", {"q", "scale", "zero"}, {"d"}).node("Mul", {"x", "d"}, {"y"});
  const Comparison got = compare(model, random_tensor(kShape, 4, -4, 4));
  EXPECT_EQ(ops_of(got.network), "host_quantize host_table host_mul host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 4.0);
}

}  // namespace
}  // namespace qsim::test
