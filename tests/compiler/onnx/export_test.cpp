// What export_onnx() writes is the same network when it is read again: layer by layer, and by its
// outputs. tests/peers/test_export.py runs such files in onnxruntime.
#include "compiler/onnx/export.h"

#include <tuple>

#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

IntegerNetwork written_and_read(const IntegerNetwork& network, const ExportOptions& options = {}) {
  const TempFolder folder;
  const std::string path = (folder.path() / "exported.onnx").string();
  export_onnx(network, path, options);
  return quantize(import_onnx(path));
}

IntegerNetwork calibrated(const OnnxBuilder& model, const Recipe& recipe = {}) {
  const Graph graph = import_model(model);
  Calibrator calibrator(graph, recipe.needs());
  std::vector<Tensor> inputs;
  for (ValueId id : graph.inputs) inputs.push_back(random_tensor(graph.value(id).shape, 7, -2, 3));
  calibrator.observe(inputs);
  const Recipe* given = recipe.weights == 8 && recipe.activations == 8 ? nullptr : &recipe;
  return quantize(graph, {.calibration = &calibrator.result(), .recipe = given});
}

std::vector<Tensor> run(const IntegerNetwork& network) {
  std::vector<Tensor> inputs;
  for (TensorId id : network.inputs) {
    const NetTensor& t = network.tensor(id);
    Tensor onnx(t.onnx_type, t.onnx_shape);
    if (t.is_float) {
      onnx = random_tensor(t.onnx_shape, 11, -3, 4);
    } else {
      for (size_t i = 0; i < onnx.bytes.size(); ++i) onnx.bytes[i] = static_cast<uint8_t>(i * 37);
    }
    inputs.push_back(engine_input(t, onnx));
  }
  return ReferenceEngine(network).run(inputs);
}

void expect_same_layer(const IntegerNetwork& a, const IntegerNetwork& b, size_t i) {
  const Layer &x = a.layers[i], &y = b.layers[i];
  SCOPED_TRACE("layer " + x.name);
  EXPECT_EQ(x.op, y.op);
  EXPECT_EQ(x.weights, y.weights);
  EXPECT_EQ(x.weight_bits, y.weight_bits);
  EXPECT_EQ(x.weight_zero_point, y.weight_zero_point);
  EXPECT_EQ(x.weight_scale, y.weight_scale);
  EXPECT_EQ(x.bias, y.bias);
  EXPECT_EQ(x.clamp_low, y.clamp_low);
  EXPECT_EQ(x.clamp_high, y.clamp_high);
  EXPECT_EQ(x.groups, y.groups);
  const NetTensor &s = a.tensor(x.output), &t = b.tensor(y.output);
  EXPECT_EQ(std::tie(s.n, s.h, s.w, s.c, s.bits, s.is_float),
            std::tie(t.n, t.h, t.w, t.c, t.bits, t.is_float));
  if (!s.is_float) {
    EXPECT_EQ(s.quant, t.quant);
  }
}

void expect_same_results(const IntegerNetwork& a, const IntegerNetwork& b) {
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  const std::vector<Tensor> ours = run(a), theirs = run(b);
  for (size_t i = 0; i < ours.size(); ++i) {
    const NetTensor &s = a.tensor(a.outputs[i]), &t = b.tensor(b.outputs[i]);
    EXPECT_EQ(s.name, t.name);
    EXPECT_EQ(s.onnx_shape, t.onnx_shape);
    EXPECT_EQ(s.onnx_type, t.onnx_type);
    EXPECT_EQ(s.onnx_offset, t.onnx_offset);
    EXPECT_EQ(reals_of(s, ours[i]), reals_of(t, theirs[i])) << s.name;
  }
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    const NetTensor &s = a.tensor(a.inputs[i]), &t = b.tensor(b.inputs[i]);
    EXPECT_EQ(s.name, t.name);
    EXPECT_EQ(s.onnx_shape, t.onnx_shape);
    EXPECT_EQ(s.onnx_type, t.onnx_type);
  }
}

void expect_same(const IntegerNetwork& a, const ExportOptions& options = {}) {
  ASSERT_TRUE(a.has_values);
  const IntegerNetwork b = written_and_read(a, options);
  ASSERT_EQ(a.layers.size(), b.layers.size()) << to_text(b);
  for (size_t i = 0; i < a.layers.size(); ++i) expect_same_layer(a, b, i);
  expect_same_results(a, b);
}

// Every operator that is exported layer for layer, with one clamp of each kind.
OnnxBuilder many_layers() {
  OnnxBuilder m;
  m.input("x", {1, 4, 9, 8}).output("p");
  m.initializer("w1", random_tensor({8, 4, 3, 2}, 1)).initializer("b1", random_tensor({8}, 2));
  m.initializer("w2", random_tensor({16, 1, 3, 3}, 3))
      .initializer("w3", random_tensor({16, 10}, 4));
  m.initializer("low", floats({}, {-0.5f})).initializer("high", floats({}, {0.75f}));
  m.node("Conv", {"x", "w1", "b1"}, {"c1"},
         {{"pads", ints({1, 0, 2, 1})}, {"strides", ints({2, 1})}, {"dilations", ints({1, 2})}});
  m.node("Clip", {"c1", "low", "high"}, {"k1"});
  m.node("MaxPool", {"k1"}, {"m"}, {{"kernel_shape", ints({3, 3})}, {"pads", ints({1, 1, 1, 1})}});
  m.node("Add", {"k1", "m"}, {"a"}).node("Relu", {"a"}, {"r"});
  m.node("AveragePool", {"r"}, {"v"},
         {{"kernel_shape", ints({2, 2})},
          {"pads", ints({0, 0, 1, 1})},
          {"count_include_pad", int64_t{1}}});
  m.node("Concat", {"v", "a"}, {"n"}, {{"axis", int64_t{1}}});
  m.node("Conv", {"n", "w2"}, {"d"}, {{"group", int64_t{16}}});
  m.node("GlobalAveragePool", {"d"}, {"g"}).node("Flatten", {"g"}, {"f"});
  m.node("MatMul", {"f", "w3"}, {"l"}).node("Softmax", {"l"}, {"p"}, {{"axis", int64_t{1}}});
  return m;
}

TEST(Export, LayersStayWhatTheyAre) { expect_same(calibrated(many_layers())); }

TEST(Export, CodesOfEveryWidth) {
  for (int32_t weights = 2; weights <= 8; ++weights) {
    for (int32_t activations : {2, 3, 4, 7, 8}) {
      SCOPED_TRACE(std::to_string(weights) + " / " + std::to_string(activations));
      expect_same(calibrated(many_layers(), {.weights = weights, .activations = activations}));
    }
  }
}

TEST(Export, WeightsOfFourBitsPacked) {
  expect_same(calibrated(many_layers(), {.weights = 4}), {.packs_weights = true});
  expect_same(calibrated(many_layers(), {.weights = 3}), {.packs_weights = true});
}

TEST(Export, SymmetricAndPerTensor) {
  Recipe recipe{.weights = 7};
  recipe.activation_form = {.is_symmetric = true, .is_power_of_two = true};
  recipe.weight_method.is_per_tensor = true;
  expect_same(calibrated(many_layers(), recipe));
}

// Sums over space, two activations of different shape, padding that no window takes.
TEST(Export, OtherOperators) {
  OnnxBuilder m;
  m.input("x", {1, 4, 6, 5}).output("y").output("q");
  m.initializer("axes", int64s({2, 3})).initializer("one", int64s({3}));
  m.initializer("pads", int64s({0, 0, 1, 0, 0, 0, 0, 2}));
  m.node("ReduceSum", {"x", "axes"}, {"s"}, {{"keepdims", int64_t{1}}});
  m.node("ReduceSum", {"x", "one"}, {"t"}, {{"keepdims", int64_t{1}}});
  m.node("Mul", {"x", "s"}, {"a"}).node("Sub", {"a", "t"}, {"b"}).node("Add", {"b", "s"}, {"c"});
  m.node("Relu", {"c"}, {"d"}).node("Pad", {"d", "pads"}, {"e"});
  m.node("Sigmoid", {"s"}, {"unused"});
  m.node("Div", {"e", "s"}, {"q"}).node("LogSoftmax", {"b"}, {"y"}, {{"axis", int64_t{1}}});
  expect_same(calibrated(m));
}

// Inputs and outputs that lie otherwise than [n, c, h, w].
TEST(Export, OtherLayouts) {
  OnnxBuilder m;
  m.input("x", {1, 6, 5, 3}).output("y").output("z");
  m.initializer("w", random_tensor({4, 3, 1, 1}, 1));
  m.initializer("order", int64s({2, 0, 1, 3}));
  m.node("Transpose", {"x"}, {"t"}, {{"perm", ints({0, 3, 1, 2})}});
  m.node("Conv", {"t", "w"}, {"c"}).node("Transpose", {"c"}, {"y"}, {{"perm", ints({0, 2, 3, 1})}});
  m.node("Gather", {"c", "order"}, {"z"}, {{"axis", int64_t{1}}});
  const IntegerNetwork network = calibrated(m);
  EXPECT_NE(ops_of(network).find("host_permute"), std::string::npos);
  expect_same_results(network, written_and_read(network));
}

// A Concat along width is a permutation of two inputs.
TEST(Export, PermutationOfSeveral) {
  OnnxBuilder m;
  m.input("x", {1, 2, 3, 4}).output("y");
  const Attributes window = {{"kernel_shape", ints({2, 2})}};
  m.node("MaxPool", {"x"}, {"p"}, window).node("AveragePool", {"x"}, {"a"}, window);
  m.node("Concat", {"p", "a"}, {"c"}, {{"axis", int64_t{3}}});
  m.node("MaxPool", {"c"}, {"y"}, window);
  const IntegerNetwork network = calibrated(m);
  EXPECT_NE(ops_of(network).find("host_permute"), std::string::npos) << ops_of(network);
  expect_same_results(network, written_and_read(network));
}

Tensor bytes_of(DataType type, const Shape& shape, uint8_t start) {
  Tensor tensor(type, shape);
  for (size_t i = 0; i < tensor.bytes.size(); ++i)
    tensor.bytes[i] = static_cast<uint8_t>(start + i * 29);
  return tensor;
}

// Codes in and out, and uint8 weights with zero points of their own, keep their types.
TEST(Export, CodesAtTheNetworksEdges) {
  for (const DataType type : {DataType::kUint8, DataType::kInt8}) {
    OnnxBuilder m;
    const int onnx = type == DataType::kUint8 ? kOnnxUint8 : kOnnxInt8;
    m.input("x", {1, 3, 4, 4}, onnx).output("y", onnx);
    m.initializer("s", floats({}, {0.25f})).initializer("z", bytes_of(type, {}, 5));
    m.initializer("w", bytes_of(DataType::kUint8, {2, 3, 2, 2}, 3));
    m.initializer("ws", floats({}, {0.125f}))
        .initializer("wz", bytes_of(DataType::kUint8, {}, 117));
    m.node("QLinearConv", {"x", "s", "z", "w", "ws", "wz", "s", "z"}, {"y"});
    expect_same(quantize(import_model(m)));
  }
}

std::string export_error(const IntegerNetwork& network, const std::string& path) {
  try {
    export_onnx(network, path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Export, NamesAllLayersWithoutForm) {
  OnnxBuilder m;
  m.input("x", {1, 4, 6, 5}).output("y");
  m.node("Sigmoid", {"x"}, {"s"}, {}, "sigmoid").node("Relu", {"s"}, {"r"}, {}, "relu");
  m.node("LRN", {"r"}, {"y"}, {{"size", int64_t{3}}}, "lrn");
  const std::string error = export_error(calibrated(m), "/nowhere/x.onnx");
  EXPECT_NE(error.find(": 2 layers have no form in QDQ ONNX here: sigmoid (host_table), lrn "
                       "(host_lrn)"),
            std::string::npos)
      << error;
}

// AveragePool has dilations from opset 19 on; the file is of opset 13.
TEST(Export, DilatedAveragePoolHasNoForm) {
  OnnxBuilder m(19, 10);
  m.input("x", {1, 2, 9, 9}).output("y");
  m.node("AveragePool", {"x"}, {"y"},
         {{"kernel_shape", ints({2, 2})}, {"dilations", ints({2, 2})}, {"strides", ints({3, 3})}},
         "pool");
  const std::string error = export_error(calibrated(m), "/nowhere/x.onnx");
  EXPECT_NE(error.find("no form in QDQ ONNX here: pool (average_pool)"), std::string::npos)
      << error;
}

TEST(Export, NeedsValuesAndAPlace) {
  const IntegerNetwork bare = quantize(import_model(many_layers()));
  EXPECT_NE(export_error(bare, "x.onnx").find("has no values to export"), std::string::npos);
  EXPECT_EQ(export_error(calibrated(many_layers()), "/nowhere/x.onnx"),
            "/nowhere/x.onnx: cannot be written");
}

// Layers whose names are those of values, and names that the export would give.
TEST(Export, NamesStayUnique) {
  OnnxBuilder m;
  m.input("x", {1, 4, 3, 3}).output("y");
  m.initializer("w", random_tensor({4, 4, 1, 1}, 1));
  m.node("Conv", {"x", "w"}, {"x:real"}, {}, "x");
  m.node("Conv", {"x:real", "w"}, {"x:codes"}, {}, "x:codes:weights");
  m.node("Relu", {"x:codes"}, {"y"}, {}, "y");
  expect_same(calibrated(m));
}

}  // namespace
}  // namespace qsim::test
