// Operators that copy elements: what they make of bad parameters, and how Split is read.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

// The part of the message behind "m.onnx: node n (<op>): " or "1 unsupported operator: ".
std::string select_error(const std::string& op, const Shape& input, const Attributes& attributes,
                         const std::vector<Tensor>& constants = {}, int64_t opset = 13,
                         const std::vector<std::string>& outputs = {"y"}) {
  OnnxBuilder model(opset);
  model.input("x", std::vector<OnnxDim>(input.begin(), input.end())).output(outputs[0]);
  std::vector<std::string> inputs = {"x"};
  for (const Tensor& constant : constants) {
    inputs.push_back("c" + std::to_string(inputs.size()));
    model.initializer(inputs.back(), constant);
  }
  const std::string error = error_of(model.node(op, inputs, outputs, attributes, "n"));
  for (const std::string& prefix :
       {"m.onnx: node n (" + op + "): ", std::string("m.onnx: 1 unsupported operator: ")}) {
    if (error.starts_with(prefix)) return error.substr(prefix.size());
  }
  return error;
}

TEST(BadSelect, Gather) {
  EXPECT_EQ(select_error("Gather", {2, 3}, {}, {int64s({0, 2})}), "index = 2 is outside [-2, 1]");
  OnnxBuilder model;
  model.input("x", {2}).input("i", {1}, kOnnxInt64).output("y");
  EXPECT_EQ(error_of(model.node("Gather", {"x", "i"}, {"y"}, {}, "n")),
            "m.onnx: 1 unsupported operator: Gather with computed indices (1 node, first n)");
}

TEST(BadSelect, Expand) {
  EXPECT_EQ(select_error("Expand", {2, 3}, {}, {int64s({2, -1})}),
            "shape = 2x-1 has a negative dimension");
  EXPECT_EQ(select_error("Expand", {2, 3}, {}, {int64s({2})}),
            "operand shapes = 2x3 and 2 do not broadcast");
}

TEST(BadSelect, Where) {
  OnnxBuilder computed;
  computed.input("x", {2, 3}).input("m", {3}, kOnnxBool).output("y");
  EXPECT_EQ(error_of(computed.node("Where", {"m", "x", "x"}, {"y"}, {}, "n")),
            "m.onnx: 1 unsupported operator: Where with computed conditions (1 node, first n)");
  OnnxBuilder codes;
  codes.opset("com.microsoft", 1).input("x", {2, 3}, kOnnxUint8).input("m", {3}, kOnnxBool);
  codes.output("y").initializer("s", floats({}, {0.1f}));
  codes.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {}, {128}));
  codes.node("QLinearWhere", {"m", "x", "s", "z", "x", "s", "z", "s", "z"}, {"y"}, {}, "n",
             "com.microsoft");
  EXPECT_EQ(error_of(codes),
            "m.onnx: 1 unsupported operator: com.microsoft.QLinearWhere with computed conditions "
            "(1 node, first n)");
  OnnxBuilder numbers;
  numbers.input("x", {2, 3}).output("y").initializer("m", floats({3}));
  EXPECT_EQ(error_of(numbers.node("Where", {"m", "x", "x"}, {"y"}, {}, "n")),
            "m.onnx: node n (Where): input 0 (m): element type = float32 is not bool");
  OnnxBuilder shapes;
  shapes.input("x", {2, 3}).output("y").initializer("m", Tensor(DataType::kBool, {4}));
  EXPECT_EQ(error_of(shapes.node("Where", {"m", "x", "x"}, {"y"}, {}, "n")),
            "m.onnx: node n (Where): operand shapes = 4 and 2x3 do not broadcast");
}

TEST(BadSelect, DepthAndSpace) {
  const auto block = [](int64_t size) { return Attributes{{"blocksize", size}}; };
  EXPECT_EQ(select_error("DepthToSpace", {1, 4, 2, 2}, block(0)),
            "blocksize = 0 is outside [1, 32768]");
  EXPECT_EQ(select_error("DepthToSpace", {1, 6, 2, 2}, block(2)),
            "6 channels are not a multiple of 4");
  EXPECT_EQ(select_error("DepthToSpace", {4, 2, 2}, block(2)),
            "input 0 (x): shape = 4x2x2 is not of rank 4");
  EXPECT_EQ(select_error("DepthToSpace", {1, 4, 2, 2},
                         {{"blocksize", int64_t{2}}, {"mode", std::string("RCD")}}),
            "mode = RCD is not DCR or CRD");
  EXPECT_EQ(select_error("SpaceToDepth", {1, 1, 3, 2}, block(2)), "3 rows are not a multiple of 2");
  EXPECT_EQ(select_error("SpaceToDepth", {1, 1, 2, 3}, block(2)),
            "3 columns are not a multiple of 2");
}

// As runtimes multiply: in float32, where 0.7 times 10 is 7.
TEST(Select, ResizeMultipliesInFloat) {
  for (const auto& [scale, size, result] :
       {std::tuple{0.7f, 10, 7}, {1.4f, 10, 14}, {0.35f, 20, 7}, {0.9f, 10, 9}, {0.66f, 3, 1}}) {
    OnnxBuilder model;
    model.input("x", {1, 1, 1, size}).output("y");
    model.initializer("s", floats({4}, {1, 1, 1, scale}));
    model.node("Resize", {"x", "", "s"}, {"y"});
    const Graph graph = import_model(model);
    EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{1, 1, 1, result})) << scale;
  }
}

TEST(BadSelect, Resize) {
  const Tensor none = floats({0}), twice = floats({2}, {1, 2});
  const Attributes plain;
  EXPECT_EQ(select_error("Resize", {1, 4}, plain, {none}), "scales and sizes = 0 lists is not 1");
  EXPECT_EQ(select_error("Resize", {1, 4}, plain, {none, twice, int64s({1, 8})}),
            "scales and sizes = 2 lists is not 1");
  EXPECT_EQ(select_error("Resize", {4}, plain, {none, twice}), "scales = 2 numbers is not 1");
  EXPECT_EQ(select_error("Resize", {4}, plain, {none, floats({1}, {0.1f})}),
            "scales = 0.100000 makes a dimension of 4 empty or too large");
  EXPECT_EQ(select_error("Resize", {4}, plain, {none, none, int64s({0})}),
            "sizes = 0.000000 makes a dimension of 4 empty or too large");
  EXPECT_EQ(select_error("Resize", {1, 4}, {{"axes", ints({1, -1})}}, {none, twice}, 18),
            "axes = -1 appears twice");
  EXPECT_EQ(select_error("Resize", {1, 4}, {{"mode", std::string("cubic")}}, {none, twice}),
            "Resize with mode = cubic (1 node, first n)");
  EXPECT_EQ(select_error("Resize", {1, 4}, {{"mode", std::string("linear")}},
                         {none, floats({2}, {1, 1e6f})}),
            "Resize with mode = linear to a dimension above 2^20 (1 node, first n)");
  EXPECT_EQ(select_error("Resize", {1, 4}, {{"antialias", int64_t{1}}}, {none, twice}, 18),
            "Resize with antialias = 1 (1 node, first n)");
  EXPECT_EQ(select_error("Upsample", {1, 4}, plain, {twice}, 10),
            "opset = 10 is outside [7, 9], the versions that have it");
}

TEST(BadSelect, Split) {
  const std::vector<std::string> two = {"y", "z"};
  EXPECT_EQ(select_error("Split", {5}, {}, {}, 13, two),
            "5 elements of the axis are not a multiple of 2");
  EXPECT_EQ(select_error("Split", {5}, {}, {int64s({2, 4})}, 13, two),
            "split = 2x4 for 2 outputs does not add up to the 5 elements of the axis");
  EXPECT_EQ(select_error("Split", {5}, {}, {int64s({-1, 6})}, 13, two),
            "split = -1 is outside [0, 5]");
  EXPECT_EQ(select_error("Split", {6}, {{"num_outputs", int64_t{3}}}, {}, 18, two),
            "split = 3x3 for 2 outputs does not add up to the 6 elements of the axis");
}

// One Slice for each output that is needed; its names stay unique.
TEST(Select, SplitIsReadAsSlices) {
  OnnxBuilder model(18);
  model.input("x", {7, 2}).output("c").output("r");
  model.node("Split", {"x"}, {"a", "b", "c"}, {{"num_outputs", int64_t{3}}}, "n");
  model.node("Relu", {"a"}, {"r"}, {}, "n/0");
  const Graph graph = import_model(model);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[0].op, "Slice");
  EXPECT_EQ(graph.nodes[0].name, "n/0_");
  EXPECT_EQ(graph.nodes[1].op, "Slice");
  EXPECT_EQ(graph.nodes[1].name, "n/2");
  EXPECT_EQ(shape_of(graph, "a"), "3x2");
  EXPECT_EQ(shape_of(graph, "c"), "1x2");
}

TEST(Select, ConstantsFold) {
  OnnxBuilder model;
  model.initializer("v", int64s({1, 2})).initializer("s", int64s({2, 2})).output("y");
  const Graph graph = import_model(model.node("Expand", {"v", "s"}, {"y"}));
  EXPECT_EQ(value_named(graph, "y").data.as_ints(), std::vector<int64_t>({1, 2, 1, 2}));
}

}  // namespace
}  // namespace qsim::test
