// The fast reference against the slow one: random layers of every operator, in every mode, on every
// path of the GEMM.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "sim/engines/reference/reference_engine.h"
#include "sim/engines/reference/window_product.h"
#include "tests/support/random_layer.h"
#include "tests/support/slow_reference.h"

namespace qsim {
namespace {

using reference::GemmPath;
using testing::random_layer;
using testing::RandomLayer;
using testing::run_slow_reference;

Tensor one_sample(const Tensor& batch, int64_t samples, int64_t sample) {
  Shape shape = batch.shape;
  shape[0] /= samples;
  Tensor part(batch.type, shape);
  std::memcpy(part.bytes.data(),
              batch.bytes.data() + part.bytes.size() * static_cast<size_t>(sample),
              part.bytes.size());
  return part;
}

// Runs both; expects equal outputs and equal wraps. Returns the number of wraps.
uint64_t compare(const RandomLayer& random, int64_t samples, const ReferenceOptions& options) {
  ReferenceEngine engine(random.network, options);
  const std::vector<Tensor> fast = engine.run(random.inputs);
  uint64_t slow_wraps = 0;
  for (int64_t sample = 0; sample < samples; ++sample) {
    std::vector<Tensor> inputs;
    for (const Tensor& input : random.inputs) inputs.push_back(one_sample(input, samples, sample));
    const auto slow = run_slow_reference(random.network, name_of(options.mode), inputs);
    EXPECT_EQ(one_sample(fast[0], samples, sample).bytes, slow.layers[0].bytes)
        << name_of(options.mode) << " sample " << sample << "\n"
        << to_text(random.network);
    slow_wraps += slow.wraps;
  }
  EXPECT_EQ(engine.wraps(), slow_wraps) << to_text(random.network);
  return slow_wraps;
}

// Those that every processor has, and what it can do besides.
std::vector<GemmPath> exact_paths() {
  std::vector<GemmPath> paths = {GemmPath::kAuto, GemmPath::kFloat};
  if (reference::WindowProduct::is_possible()) paths.push_back(GemmPath::kInt16);
  return paths;
}

void compare_many(LayerOp op, int first_seed, int seeds) {
  for (int seed = first_seed; seed < first_seed + seeds; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    const int64_t samples = 1 + seed % 3;
    const RandomLayer layer = random_layer(op, samples, random);
    ReferenceOptions options;
    options.mode = kRequantModes[static_cast<size_t>(seed) % kRequantModes.size()];
    options.threads = 1 + seed / 2 % 2;
    options.samples_per_pass = seed % 5 == 0 ? 1 : 0;
    compare(layer, samples, options);
    if (op == LayerOp::kConv) {
      for (GemmPath path : exact_paths()) {
        options.gemm = path;
        compare(layer, samples, options);
      }
    }
    if (::testing::Test::HasFailure()) {
      FAIL() << name_of(op) << " seed " << seed;
    }
  }
}

class ReferenceLayers : public ::testing::TestWithParam<LayerOp> {};

TEST_P(ReferenceLayers, EqualTheSlowReference) {
  compare_many(GetParam(), 0, GetParam() == LayerOp::kConv ? 300 : 100);
}

class FullReferenceLayers : public ::testing::TestWithParam<LayerOp> {};

TEST_P(FullReferenceLayers, EqualTheSlowReference) { compare_many(GetParam(), 1000, 3000); }

const auto kOps = ::testing::Values(
    LayerOp::kConv, LayerOp::kAdd, LayerOp::kMaxPool, LayerOp::kAveragePool, LayerOp::kRescale,
    LayerOp::kConcat, LayerOp::kHostQuantize, LayerOp::kHostDequantize, LayerOp::kHostSoftmax,
    LayerOp::kHostQlinearSoftmax, LayerOp::kHostPermute, LayerOp::kHostTable, LayerOp::kHostAdd,
    LayerOp::kHostSub, LayerOp::kHostMul, LayerOp::kHostDiv, LayerOp::kHostResize,
    LayerOp::kHostLrn, LayerOp::kHostArgMax);
const auto kOpName = [](const ::testing::TestParamInfo<LayerOp>& op) {
  return std::string(name_of(op.param));
};
INSTANTIATE_TEST_SUITE_P(Op, ReferenceLayers, kOps, kOpName);
INSTANTIATE_TEST_SUITE_P(FullOp, FullReferenceLayers, kOps, kOpName);

// K products of 128 * 128 and more: the accumulator wraps once, twice, and in the other direction.
RandomLayer wide_gemm(int32_t k, int8_t weight, int32_t bias) {
  RandomLayer made;
  NetTensor in, out;
  in.name = "in", out.name = "out";
  in.c = k, out.c = 4;
  in.quant = {0.5f, 127};
  out.quant = {0x1p24f, 3};
  in.onnx_shape = {1, k, 1, 1}, out.onnx_shape = {1, 4, 1, 1};
  made.network.tensors = {in, out};
  Layer layer;
  layer.inputs = {0};
  layer.output = 1;
  for (int8_t w : {weight, int8_t{0}, static_cast<int8_t>(-weight / 2), weight}) {
    layer.weights.insert(layer.weights.end(), static_cast<size_t>(k), w);
  }
  layer.weight_zero_point = {0, 0, 0, 5};
  layer.weight_scale.assign(4, 1.0f);
  layer.bias = {bias, bias, 7, 0};
  made.network.layers = {layer};
  made.network.inputs = {0};
  made.network.outputs = {1};
  made.network.has_values = true;
  made.network.check();
  made.inputs = {Tensor(DataType::kInt8, {1, 1, 1, k})};
  std::memset(made.inputs[0].bytes.data(), -128, static_cast<size_t>(k));
  return made;
}

TEST(ReferenceWraps, AreCountedExactlyAndKeepTheValueModulo32Bits) {
  for (GemmPath path : exact_paths()) {
    ReferenceOptions options;
    options.gemm = path;
    // 65,793 * 255 * 128 = 2^31 - 128: the last length that cannot wrap without a bias.
    EXPECT_EQ(compare(wide_gemm(65793, -128, 0), 1, options), 1u);  // the one with zero point 5
    EXPECT_EQ(compare(wide_gemm(65793, -128, 1000), 1, options), 2u);
    EXPECT_EQ(compare(wide_gemm(140000, -128, 0), 1, options), 3u);
    EXPECT_EQ(compare(wide_gemm(140000, 127, 0), 1, options), 3u);
    EXPECT_EQ(compare(wide_gemm(140000, 1, INT32_MAX), 1, options), 0u);
  }
}

}  // namespace
}  // namespace qsim
