#include "sim/store/pareto.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"
#include "sim/store/page_data.h"

namespace qsim {
namespace {

PointResult point(const std::string& key, double cycles, double pes) {
  PointResult result;
  result.key = key;
  result.model = "net.onnx";
  result.values_key = "v" + key;
  result.machine = "edge16";
  result.machine_text = to_text(find_arch("edge16"));
  result.metrics = {{"cycles", cycles, "cycles", "measured"}, {"pes", pes, "PEs", "derived"}};
  return result;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

class ParetoTest : public testing::Test {
 protected:
  ParetoTest()
      : path_(std::filesystem::path(testing::TempDir()) /
              ("qsim_pareto_" + std::to_string(getpid()) + ".db")),
        store_((std::filesystem::remove(path_), path_), ResultStore::Mode::kWrite) {}
  ~ParetoTest() override { std::filesystem::remove(path_); }

  std::vector<std::string> front(const std::string& objectives) {
    std::vector<std::string> keys;
    for (const auto& candidate : pareto_front(store_, read_objectives(objectives, "p")).points) {
      keys.push_back(candidate.point.key);
    }
    return keys;
  }

  std::string path_;
  ResultStore store_;
};

TEST_F(ParetoTest, WhatIsNoNumberIsNoValue) {
  PointResult odd = point("a", std::nan(""), 1);
  store_.add({{odd, point("b", 20, 100), point("c", 30, 50)}}, {});
  EXPECT_EQ(front("cycles,pes"), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(pareto_front(store_, read_objectives("cycles", "p")).left_out, 1);
}

TEST_F(ParetoTest, PricesTellPointsApart) {
  PointResult ours = point("a", 10, 100);
  ours.prices = "ours 9bdf627b20f766ca";
  store_.add({{ours, point("b", 20, 50)}}, {});
  const std::string text = front_text(store_, read_objectives("cycles,pes", "p"));
  EXPECT_NE(text.find("ours 9bdf627b20f766ca"), std::string::npos) << text;
  EXPECT_NE(text.find("prices.technology"), std::string::npos) << text;
}

TEST_F(ParetoTest, InfiniteValuesAreOnTheFrontAndOnThePage) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  store_.add({{point("a", 10, kInfinity), point("b", 20, 50)}}, {});
  EXPECT_EQ(front("cycles,pes:max"), std::vector<std::string>{"a"});
  const std::string page = sweep_json(store_);
  EXPECT_NE(page.find(R"("values":{"cycles":10.0,"pes":"Infinity"})"), std::string::npos) << page;
}

TEST_F(ParetoTest, MachinesMayHaveOtherKeys) {
  PointResult old = point("a", 10, 100);
  old.machine_text = replaced(old.machine_text, "token_depth = 16\n", "");
  store_.add({{old, point("b", 20, 50)}}, {});
  const std::string text = front_text(store_, read_objectives("cycles,pes", "p"));
  EXPECT_NE(text.find("sync.token_depth"), std::string::npos) << text;
  EXPECT_NE(text.find(" -"), std::string::npos) << text;
}

TEST_F(ParetoTest, KeepsWhatNothingBeats) {
  store_.add(std::vector{point("a", 10, 4), point("b", 20, 2), point("c", 20, 4), point("d", 5, 9),
                         point("e", 10, 4), point("f", 30, 2)},
             {});
  // c and f are beaten; a and e have the same values and both stay.
  EXPECT_EQ(front("cycles,pes"), (std::vector<std::string>{"d", "a", "e", "b"}));
  EXPECT_EQ(front("cycles"), std::vector<std::string>{"d"});
  EXPECT_EQ(front("cycles:max,pes:max"), (std::vector<std::string>{"f", "c", "d"}));
}

TEST_F(ParetoTest, AgreesWithTheDefinitionOnRandomPoints) {
  std::mt19937 random(7);
  std::vector<PointResult> points;
  for (int i = 0; i < 200; ++i) {
    points.push_back(point(std::to_string(1000 + i), random() % 30, random() % 30));
    points.back().metrics.push_back({"x", static_cast<double>(random() % 30), "", "measured"});
  }
  store_.add(points, {});
  const auto value = [](const PointResult& p, int i) {
    return p.metrics[static_cast<size_t>(i)].value;
  };
  std::set<std::string> expected;
  for (const PointResult& p : points) {
    bool beaten = false;
    for (const PointResult& q : points) {
      bool no_worse = true, better = false;
      for (int i = 0; i < 3; ++i) {
        no_worse = no_worse && value(q, i) <= value(p, i);
        better = better || value(q, i) < value(p, i);
      }
      beaten = beaten || (no_worse && better);
    }
    if (!beaten) expected.insert(p.key);
  }
  const std::vector<std::string> found = front("cycles,pes,x");
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
  EXPECT_LT(expected.size(), points.size());
}

TEST_F(ParetoTest, JoinsAccuracyAndLeavesOutWhoLacksIt) {
  ValuesResult good{"va", "", "", "", "", "", "rne", "", {{"top1", 0.9, "share", "measured"}}};
  ValuesResult better{"vb", "", "", "", "", "", "rne", "", {{"top1", 0.95, "share", "measured"}}};
  PointResult failed = point("d", 1, 1);
  failed.metrics.clear();
  failed.failure = "does not fit";
  failed.values_key = "va";
  store_.add(std::vector{point("a", 10, 4), point("b", 20, 4), point("c", 1, 1), failed},
             std::vector{good, better});
  const Front result = pareto_front(store_, read_objectives("accuracy,cycles", "p"));
  ASSERT_EQ(result.points.size(), 2u);
  EXPECT_EQ(result.points[0].point.key, "b");  // the best accuracy first
  EXPECT_EQ(result.points[1].point.key, "a");
  EXPECT_EQ(result.candidates, 2u);
  EXPECT_EQ(result.left_out, 2u);
}

TEST_F(ParetoTest, TextShowsWhatDiffers) {
  PointResult other = point("b", 20, 2);
  Arch arch = find_arch("edge16");
  arch.array.rows = 8;
  other.machine_text = to_text(arch);
  store_.add(std::vector{point("a", 10, 4), point("c", 10, 4), other}, {});
  EXPECT_EQ(front_text(store_, read_objectives("cycles,pes", "p")),
            "Pareto front: 3 of 3 points\n"
            "cycles  pes  alike  array.rows\n"
            "10      4    2      16\n"
            "20      2    1      8\n");
}

TEST_F(ParetoTest, BatchesTellPointsApart) {
  PointResult one = point("a", 10, 4), four = point("b", 30, 2);
  one.shapes = "batch 1";
  four.shapes = "batch 4";
  store_.add(std::vector{one, four}, {});
  EXPECT_EQ(front_text(store_, read_objectives("cycles,pes", "p")),
            "Pareto front: 2 of 2 points\n"
            "cycles  pes  alike  shapes\n"
            "10      4    1      batch 1\n"
            "30      2    1      batch 4\n");
}

TEST_F(ParetoTest, PagesNameTheWeakestOrigin) {
  PointResult weak = point("a", 10, 4);
  weak.metrics[1].origin = "assumed";
  store_.add(std::vector{weak, point("b", 20, 2)}, {});
  const std::string json = sweep_json(store_);
  EXPECT_NE(json.find(R"("cycles":{"unit":"cycles","origin":"measured")"), std::string::npos);
  EXPECT_NE(json.find(R"("pes":{"unit":"PEs","origin":"assumed")"), std::string::npos) << json;
}

TEST_F(ParetoTest, SaysWhatIsMissing) {
  const auto message = [&](const std::string& objectives) {
    try {
      front(objectives);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(message("cycles"), path_ + ": no point has a result");
  store_.add(std::vector{point("a", 10, 4)}, {});
  EXPECT_EQ(message("cycles,x"), path_ + ": no point has x; there are cycles, pes");
  EXPECT_EQ(message("accuracy"), path_ +
                                     ": no point has top1, which needs a sweep with --data and "
                                     "labels; there are cycles, pes");
}

TEST(Objectives, SpacesDoNotCount) {
  const auto all = read_objectives(" cycles, accuracy ", "--pareto");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].metric, "cycles");
  EXPECT_EQ(all[1].metric, "top1");
}

TEST(Objectives, AMetricStandsOnce) {
  EXPECT_THROW(read_objectives("cycles,cycles:max", "--pareto"), Error);
  EXPECT_THROW(read_objectives("accuracy,top1", "--pareto"), Error);
}

TEST(Objectives, DirectionsAndNames) {
  const auto all = read_objectives("cycles,accuracy,pes:max,output_sqnr_db:min", "--pareto");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].metric, "top1");
  EXPECT_EQ(read_objectives("energy,area", "p")[0].metric, "energy_uj");
  EXPECT_EQ(read_objectives("energy,area", "p")[1].metric, "area_mm2");
  EXPECT_FALSE(all[0].is_greater_better);
  EXPECT_TRUE(all[1].is_greater_better);
  EXPECT_TRUE(all[2].is_greater_better);
  EXPECT_FALSE(all[3].is_greater_better);
  for (const char* wrong : {"", "cycles,", ",cycles", "cycles:up", ":min"}) {
    EXPECT_THROW(read_objectives(wrong, "--pareto"), Error) << wrong;
  }
}

}  // namespace
}  // namespace qsim
