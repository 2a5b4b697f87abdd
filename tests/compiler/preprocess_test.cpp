// From samples to network inputs.
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/dataset.h"
#include "hw/spec/error.h"
#include "tests/support/onnx_builder.h"

namespace qsim::test {
namespace {

std::vector<float> input(const Tensor& x, const Preprocess& how, const Shape& wanted) {
  const Tensor result = make_input({x, {}}, how, 0, x.shape[0], wanted);
  EXPECT_EQ(result.shape[0], x.shape[0]);
  return result.as_floats();
}

std::string error_of(const Tensor& x, const Preprocess& how, const Shape& wanted) {
  try {
    make_input({x, {}}, how, 0, x.shape[0], wanted);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

// 2 channels of 1 x 3: NCHW {1 2 3 | 4 5 6}.
const Tensor kImage = floats({1, 2, 1, 3});
const std::vector<float> kPlanes = {1, 2, 3, 4, 5, 6}, kPixels = {1, 4, 2, 5, 3, 6};

TEST(MakeInput, ArrangesImages) {
  EXPECT_EQ(input(kImage, {}, {1, 2, 1, 3}), kPlanes);
  EXPECT_EQ(input(kImage, {}, {1, 1, 3, 2}), kPixels);
  EXPECT_EQ(input(kImage, {}, {1, 6}), kPlanes);
  Preprocess last;
  last.layout = "NHWC";
  const Tensor pixels = floats({1, 1, 3, 2}, kPixels);
  EXPECT_EQ(input(pixels, last, {1, 2, 1, 3}), kPlanes);
  EXPECT_EQ(input(pixels, last, {1, 1, 3, 2}), kPixels);
}

TEST(MakeInput, AdaptsOtherShapes) {
  const Tensor features = floats({2, 3, 2});
  EXPECT_EQ(make_input({features, {}}, {}, 0, 2, {1, 3, 2, 1}).shape, (Shape{2, 3, 2, 1}));
  EXPECT_EQ(input(features, {}, {1, 6}), features.as_floats());
  EXPECT_EQ(error_of(features, {}, {1, 7}),
            "data: a sample of 6 elements does not fit a network input of 7 per sample");
}

TEST(MakeInput, SubtractsThenScalesInTheNetworksChannelOrder) {
  Preprocess how;
  how.channel_order = "BGR";
  how.mean = {1, 2};
  how.scale = {1, 10};
  EXPECT_EQ(input(kImage, how, {1, 2, 1, 3}), (std::vector<float>{3, 4, 5, -10, 0, 10}));
  how.mean = {1, 2, 3};
  EXPECT_EQ(error_of(kImage, how, {1, 2, 1, 3}), "preprocessing: mean has 3 values for 2 channels");
}

TEST(MakeInput, ResizesBilinearlyWithHalfPixelCentres) {
  Preprocess how;
  how.resize = {1, 4};
  EXPECT_EQ(input(floats({1, 1, 1, 2}, {0, 8}), how, {1, 1, 1, 4}),
            (std::vector<float>{0, 2, 6, 8}));
  how.resize = {1, 1};
  EXPECT_EQ(input(floats({1, 1, 2, 2}, {0, 4, 8, 12}), how, {1, 1, 1, 1}), (std::vector<float>{6}));
  how.resize = {2, 2};
  EXPECT_EQ(input(floats({1, 1, 1, 1}, {5}), how, {1, 1, 2, 2}), (std::vector<float>(4, 5.0f)));
}

TEST(MakeInput, TakesTheSamplesAskedFor) {
  const Tensor x = tensor_of<uint8_t>(DataType::kUint8, {3, 2}, {0, 1, 2, 3, 254, 255});
  const std::vector<int64_t> indices = {2, 0};
  EXPECT_EQ(make_input({x, {}}, {}, indices, {1, 2}).as_floats(),
            (std::vector<float>{254, 255, 0, 1}));
  EXPECT_THROW(make_input({x, {}}, {}, 2, 2, {1, 2}), Error);
}

class Sidecar : public ::testing::Test {
 protected:
  Preprocess load(const std::string& json) const {
    folder_.write("d.json", json);
    return load_preprocess(folder_.path() / "d.npz");
  }
  std::string error(const std::string& json) const {
    try {
      load(json);
    } catch (const Error& e) {
      return std::string(e.what()).substr((folder_.path() / "d.json").string().size() + 2);
    }
    return "no error";
  }
  TempFolder folder_;
};

TEST_F(Sidecar, IsRead) {
  const Preprocess how = load(
      R"({"layout": "NHWC", "mean": [1, 2, 3], "scale": 0.5, "channel_order": "BGR", "resize": [4, 6]})");
  EXPECT_EQ(how.layout, "NHWC");
  EXPECT_EQ(how.mean, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(how.scale, (std::vector<float>{0.5f}));
  EXPECT_EQ(how.channel_order, "BGR");
  EXPECT_EQ(how.resize, (std::vector<int64_t>{4, 6}));
}

TEST_F(Sidecar, MayBeAbsent) {
  const Preprocess how = load_preprocess(folder_.path() / "other.npz");
  EXPECT_EQ(how.layout, "NCHW");
  EXPECT_EQ(how.scale, (std::vector<float>{1}));
}

TEST_F(Sidecar, IsChecked) {
  EXPECT_EQ(error("{"), "is not a JSON object");
  EXPECT_EQ(error(R"({"layout": "CHW"})"), "layout = CHW is neither NCHW nor NHWC");
  EXPECT_EQ(error(R"({"channel_order": 3})"), "channel_order = 3 has the wrong type");
  EXPECT_EQ(error(R"({"mean": []})"), "mean = [] needs one value, or one per channel");
  EXPECT_EQ(error(R"({"resize": [0, 3]})"), "resize = [0,3] is not [height, width] in [1, 16384]");
  EXPECT_EQ(error(R"({"std": 1})"), "std is not one of layout, mean, scale, channel_order, resize");
}

TEST(Split, IsSeededDisjointAndComplete) {
  const Split a = split(100, 30, 7), b = split(100, 30, 7), c = split(100, 30, 8);
  EXPECT_EQ(a.calibration, b.calibration);
  EXPECT_NE(a.calibration, c.calibration);
  EXPECT_EQ(a.calibration.size(), 30u);
  std::vector<int64_t> all = a.calibration;
  all.insert(all.end(), a.scored.begin(), a.scored.end());
  std::sort(all.begin(), all.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], i);
  EXPECT_THROW(split(10, 11, 0), Error);
  // The same on every platform and in every version.
  EXPECT_EQ(split(10, 3, 1).calibration, (std::vector<int64_t>{2, 4, 8}));
}

}  // namespace
}  // namespace qsim::test
