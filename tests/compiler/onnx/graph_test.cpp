// Graph itself: text, invariants, attributes.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

Graph small_graph() {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3}).output("y").initializer("w", floats({4, 2, 1, 1}));
  model.initializer("b", floats({4}, {0.5f, -1, 1e-7f, 3})).initializer("dims", int64s({4, 4}));
  model.node("Conv", {"x", "w", "b"}, {"c"}, {{"strides", ints({2, 2})}}, "conv");
  model.node("Flatten", {"c"}, {"f"}, {{"axis", int64_t{2}}}, "flat");
  model.node("ConstantOfShape", {"dims"}, {"ones"}, {{"value", floats({1}, {1})}});
  model.node("MatMul", {"f", "ones"}, {"y"}, {}, "product");
  return import_model(model);
}

TEST(GraphText, OneLinePerThing) {
  EXPECT_EQ(to_text(small_graph()),
            "graph made\n"
            "input x: float32 1x2x3x3\n"
            "constant w: float32 4x2x1x1 = [1, 2, 3, 4, 5, 6, 7, 8]\n"
            "constant b: float32 4 = [0.5, -1, 1.00000001e-07, 3]\n"
            "constant ones: float32 4x4 filled with 1\n"
            "node conv: Conv(x, w, b) strides=[2, 2] -> c: float32 1x4x2x2\n"
            "node flat: Flatten(c) axis=2 -> f: float32 4x4\n"
            "node product: MatMul(f, ones) -> y: float32 4x4\n"
            "output y: float32 4x4\n");
}

TEST(GraphCheck, FindsWhatAnEditBroke) {
  const Graph good = small_graph();
  EXPECT_NO_THROW(good.check());
  const auto breaks = [&](auto edit) {
    Graph graph = good;
    edit(graph);
    EXPECT_THROW(graph.check(), std::logic_error);
  };
  breaks([](Graph& graph) { graph.values[1].name = graph.values[0].name; });
  breaks([](Graph& graph) { graph.nodes[1].name = graph.nodes[0].name; });
  breaks([](Graph& graph) { graph.values[0].type = DataType::kUndefined; });
  breaks([](Graph& graph) { graph.values[0].shape[0] = -1; });
  breaks([](Graph& graph) { graph.nodes[0].inputs[0] = 1000; });
  breaks([](Graph& graph) { graph.outputs[0] = -1; });
  breaks([](Graph& graph) { std::swap(graph.nodes[0], graph.nodes[1]); });
  breaks([](Graph& graph) { graph.nodes[1].outputs[0] = graph.nodes[0].outputs[0]; });
  breaks([](Graph& graph) { graph.nodes.pop_back(); });
  breaks([](Graph& graph) { graph.nodes[2].inputs[1] = graph.nodes[0].inputs[1]; });  // stale links
  breaks([](Graph& graph) { graph.nodes[0].inputs.push_back(kNoValue); });
  breaks([](Graph& graph) {
    for (Value& value : graph.values) {
      if (value.name == "w") value.data.bytes.pop_back();
    }
  });
}

TEST(GraphLink, CountsEveryUse) {
  OnnxBuilder model;
  model.input("x", {2}).output("y").node("Add", {"x", "x"}, {"y"});
  const Graph graph = import_model(model);
  EXPECT_EQ(value_named(graph, "x").consumers, (std::vector<int32_t>{0, 0}));
  EXPECT_EQ(value_named(graph, "y").producer, 0);
}

TEST(Attributes, FallBackWhenAbsentAndRefuseAnotherType) {
  const Graph graph = small_graph();
  const Node& conv = graph.nodes[0];
  EXPECT_EQ(conv.attr_ints("strides"), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(conv.attr_ints("pads", {7}), (std::vector<int64_t>{7}));
  EXPECT_EQ(conv.attr_int("group", 1), 1);
  EXPECT_EQ(conv.attr_float("alpha", 0.5f), 0.5f);
  EXPECT_EQ(conv.attr_string("auto_pad", "NOTSET"), "NOTSET");
  EXPECT_THROW(conv.attr_int("strides", 1), std::logic_error);
}

TEST(ConstantTensor, WritesFilledOnesOut) {
  const Graph graph = small_graph();
  EXPECT_EQ(constant_tensor(value_named(graph, "ones")).as_floats(), std::vector<float>(16, 1));
  EXPECT_EQ(constant_tensor(value_named(graph, "b")).as_floats()[3], 3);
  EXPECT_THROW(constant_tensor(value_named(graph, "x")), std::logic_error);
}

}  // namespace
}  // namespace qsim::test
