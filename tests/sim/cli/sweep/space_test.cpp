#include "sim/cli/sweep/space.h"

#include <gtest/gtest.h>

#include "hw/spec/error.h"
#include "sim/cli/sweep/space_lines.h"

namespace qsim::cli {
namespace {

using Words = std::vector<std::string>;

Space space(const std::string& text) { return Space::from_text(text, "s.cfg", {"a.onnx"}); }

std::string message(const std::string& text, const std::vector<std::string>& models = {"a.onnx"}) {
  try {
    Space::from_text(text, "s.cfg", models);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// "array.rows=8 recipe=..." of every point.
Words points(const Space& all) {
  Words list;
  for (int64_t i = 0; i < all.size(); ++i) {
    const Point point = all.point(i);
    std::string text = point.model + " " + point.machine.arch;
    for (const auto& [key, value] : point.machine.keys) text += " " + key + "=" + value;
    list.push_back(text + " " + point.recipe);
  }
  return list;
}

TEST(Space, IsTheProductOfItsLines) {
  const Space all = space("machine = edge8 edge16\narray.rows = 8 16  # a remark\n");
  EXPECT_EQ(points(all), (Words{"a.onnx edge8 array.rows=8 ", "a.onnx edge8 array.rows=16 ",
                                "a.onnx edge16 array.rows=8 ", "a.onnx edge16 array.rows=16 "}));
}

TEST(Space, ChoicesAreOneOfEachAxis) {
  const Space all = space("array.rows = 8 16\n");
  EXPECT_EQ(all.point(std::vector<size_t>{0, 1}).machine.keys[0].second, "16");
  const auto wrong = [&](const std::vector<size_t>& choices) {
    try {
      all.point(choices);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(wrong({0}), "a point has 2 choices, one of each axis, not 1");
  EXPECT_EQ(wrong({0, 1, 0}), "a point has 2 choices, one of each axis, not 3");
  EXPECT_EQ(wrong({0, 2}), "choice 2 of array.rows is outside [0, 1]");
}

TEST(Space, SectionsPrefixKeys) {
  EXPECT_EQ(points(space("[buffers]\nact_kib = 64\n[recipe]\nweights = 4\n")),
            Words{"a.onnx  buffers.act_kib=64 {\"weights\":4}"});
}

TEST(Space, SomeKeysGoTogether) {
  EXPECT_EQ(points(space("array = 8x16 4x4\nbits = 4/8\ndataflow = os\ncalibrator = mse\n")),
            (Words{"a.onnx  array.rows=8 array.cols=16 array.dataflow=os "
                   "{\"activations\":8,\"calibrator\":\"mse\",\"weights\":4}",
                   "a.onnx  array.rows=4 array.cols=4 array.dataflow=os "
                   "{\"activations\":8,\"calibrator\":\"mse\",\"weights\":4}"}));
  EXPECT_EQ(points(space("[buffers]\nact_kib, weight_kib = 64,32 128,64\n")),
            (Words{"a.onnx  buffers.act_kib=64 buffers.weight_kib=32 ",
                   "a.onnx  buffers.act_kib=128 buffers.weight_kib=64 "}));
}

TEST(Space, PointsAreOneAxis) {
  const Space all =
      space("array.rows = 8 16\n[points]\nvector.lanes=4\nbits=4/4 memory.latency_cycles=9\n");
  EXPECT_EQ(points(all),
            (Words{"a.onnx  array.rows=8 vector.lanes=4 ",
                   "a.onnx  array.rows=8 memory.latency_cycles=9 {\"activations\":4,\"weights\":4}",
                   "a.onnx  array.rows=16 vector.lanes=4 ",
                   "a.onnx  array.rows=16 memory.latency_cycles=9 "
                   "{\"activations\":4,\"weights\":4}"}));
}

TEST(Space, ModelsOfTheFileAndTheCallerAreOneAxis) {
  const Space all = Space::from_text("model = b.onnx\n", "s.cfg", {"a.onnx", "c.onnx"});
  EXPECT_EQ(points(all), (Words{"b.onnx  ", "a.onnx  ", "c.onnx  "}));
}

TEST(Space, RecipesAreTextsThatCompare) {
  // The same recipe by three ways of writing it.
  const Space all = space(
      "[points]\nbits=4/8\nrecipe.activations=8 recipe.weights=4\n"
      "recipe=none bits=4/8\n");
  EXPECT_EQ(all.point(int64_t{0}).recipe, all.point(int64_t{1}).recipe);
  EXPECT_EQ(all.point(int64_t{0}).recipe, all.point(int64_t{2}).recipe);
}

TEST(Space, Ranges) {
  EXPECT_EQ(expand_range("8"), Words{"8"});
  EXPECT_EQ(expand_range("1..4"), (Words{"1", "2", "3", "4"}));
  EXPECT_EQ(expand_range("10..35+10"), (Words{"10", "20", "30"}));
  EXPECT_EQ(expand_range("8..64*2"), (Words{"8", "16", "32", "64"}));
  EXPECT_EQ(expand_range("5..5*3"), Words{"5"});
  EXPECT_EQ(expand_range("../net.onnx"), Words{"../net.onnx"});
  EXPECT_EQ(expand_range("a/../b.json"), Words{"a/../b.json"});
  for (const char* wrong : {"4..1", "1..", "1..x", "1..4+0", "1..4*1", "0..4*2", "1..4+", "1..4*x",
                            "1..9999999999999999", "1..1000000"}) {
    EXPECT_THROW(expand_range(wrong), Error) << wrong;
  }
}

TEST(Space, EveryWrongLineIsNamed) {
  EXPECT_EQ(message("array.rowz = 8\nok\narray.cols = 1 8\n[bufers]\n"),
            "s.cfg:1: unknown key 'array.rowz' (did you mean array.rows?)\n"
            "s.cfg:2: 'ok' is not KEY = VALUE ...\n"
            "s.cfg:3: array.cols = 1 is outside [2, 256]\n"
            "s.cfg:4: unknown section '[bufers]' (did you mean [buffers]?)");
}

TEST(Space, EveryMessage) {
  EXPECT_EQ(message("", {}), "s.cfg: names no model, and none was passed beside it");
  EXPECT_EQ(message("array.rows =\n"), "s.cfg:1: array.rows has no value");
  EXPECT_EQ(message("array = 8\n"), "s.cfg:1: array = 8 is not like 16x16");
  EXPECT_EQ(message("bits = 4\n"), "s.cfg:1: bits = 4 is not like 4/8");
  EXPECT_EQ(message("bits = 4/9\n"),
            "s.cfg:1: recipe: activations = 9 is not a whole number in [2, 8]");
  EXPECT_EQ(message("recipe.waits = 4\n").substr(0, 50),
            "s.cfg:1: recipe: waits is not one of weights, acti");
  EXPECT_EQ(message("recipe = no.json\n"), "s.cfg:1: no.json: cannot be read");
  EXPECT_EQ(message("machine = edge9\n").substr(0, 37), "s.cfg:1: machine 'edge9' is not known");
  EXPECT_EQ(message("array.rows, array.cols = 8,8 4\n"),
            "s.cfg:1: array.rows, array.cols = 4 has 1 values between commas for 2 keys");
  EXPECT_EQ(message("array.rows = 8\n[array]\nrows = 4\n"),
            "s.cfg:3: array.rows is set already, in line 1");
  EXPECT_EQ(message("array.rows = 8\n[points]\narray=4x4\n"),
            "s.cfg:2: array.rows is set already, in line 1");
  EXPECT_EQ(message("[points]\narray=4x4 array.rows=4\n"), "s.cfg:2: array.rows is set twice");
  EXPECT_EQ(message("[points]\nx=\n"), "s.cfg:2: 'x=' is not KEY=VALUE");
  EXPECT_EQ(message("[points]\n"), "s.cfg:1: [points] has no line");
  EXPECT_EQ(message("array.rows = 4..1\n"),
            "s.cfg:1: '4..1' is not a range such as 8..64*2, 1..4 or 10..30+10");
  EXPECT_EQ(message("host.step_cycles = 0..1000000\n"),
            "s.cfg:1: '0..1000000' has too many values");
  EXPECT_EQ(message("host.step_cycles = 1..5000\nclock.mhz = 1..5000\n"),
            "s.cfg: has more than 10000000 points");
}

}  // namespace
}  // namespace qsim::cli
