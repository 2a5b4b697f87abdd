// IntegerNetwork::check() on tables, pairs, interpolations and normalizations.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/random_layer.h"

namespace qsim {
namespace {

struct Damage {
  LayerOp op;
  const char* part;
  std::function<void(IntegerNetwork&)> damage;
};

TEST(NetworkHost, CheckNamesWhatIsBroken) {
  const Damage cases[] = {
      {LayerOp::kHostTable, "has a wrong number of table entries",
       [](IntegerNetwork& n) { n.layers[0].table.pop_back(); }},
      {LayerOp::kHostTable, "has a table entry outside its clamp bounds",
       [](IntegerNetwork& n) {
         n.layers[0].clamp_low = n.layers[0].clamp_high = 0;
         n.layers[0].table[3] = 1;
       }},
      {LayerOp::kHostTable, "changes the shape",
       [](IntegerNetwork& n) {
         n.tensors[1].h += 1;
         n.tensors[1].onnx_shape[2] += 1;
       }},
      {LayerOp::kHostMul, "operands do not broadcast to the output's shape",
       [](IntegerNetwork& n) {
         n.tensors[2].h += 7;
         n.tensors[2].onnx_shape[2] += 7;
       }},
      {LayerOp::kHostMul, "has a wrong number of inputs",
       [](IntegerNetwork& n) { n.layers[0].inputs.pop_back(); }},
      {LayerOp::kHostResize, "has a wrong number of interpolations",
       [](IntegerNetwork& n) { n.layers[0].rows.push_back({}); }},
      {LayerOp::kHostResize, "interpolates outside its input",
       [](IntegerNetwork& n) { n.layers[0].columns[0].second = n.tensors[0].w; }},
      {LayerOp::kHostResize, "has a weight of interpolation outside [0, 1]",
       [](IntegerNetwork& n) { n.layers[0].rows[0].weight = (1 << 20) + 1; }},
      {LayerOp::kHostResize, "changes the quantization",
       [](IntegerNetwork& n) { n.tensors[1].quant.scale *= 2; }},
      {LayerOp::kHostLrn, "has a normalization without size",
       [](IntegerNetwork& n) { n.layers[0].normalization.size = 0; }},
      {LayerOp::kHostLrn, "has a normalization without size or with constants that are not finite",
       [](IntegerNetwork& n) { n.layers[0].normalization.beta = NAN; }},
      {LayerOp::kHostArgMax, "changes the shape beyond its channels",
       [](IntegerNetwork& n) {
         n.tensors[1].c += 1;
         n.tensors[1].onnx_shape[1] += 1;
       }},
  };
  for (const Damage& c : cases) {
    std::mt19937 random(7);
    IntegerNetwork network = testing::random_layer(c.op, 1, random).network;
    EXPECT_NO_THROW(network.check());
    c.damage(network);
    try {
      network.check();
      ADD_FAILURE() << c.part;
    } catch (const std::logic_error& error) {
      EXPECT_NE(std::string(error.what()).find(c.part), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace qsim
