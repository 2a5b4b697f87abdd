// Sweeps of the bundled network: what they store is what runs report, however often they start.
#include "sim/cli/sweep/sweep.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "hw/spec/error.h"
#include "sim/cli/build_version.h"
#include "sim/cli/pipeline.h"

namespace qsim::cli {
namespace {

const std::string kModel = QSIM_SOURCE_DIR "/models/digits_float.onnx";
const std::string kData = QSIM_SOURCE_DIR "/models/digits_test.npz";

SampleOptions some_samples() {
  SampleOptions samples;
  samples.data = kData;
  samples.limit = 40;
  return samples;
}

class SweepTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) /
            (std::string("qsim_sweep_") +
             testing::UnitTest::GetInstance()->current_test_info()->name() +
             std::to_string(getpid()) + ".db");
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  SweepSummary run(const std::string& text, const SampleOptions& samples = {}, int threads = 2) {
    const Space space = Space::from_text(text, "s.cfg", {kModel});
    Evaluator evaluator({samples, 1, {}});
    ResultStore store(path_, ResultStore::Mode::kWrite);
    SweepProgress progress{ProgressLine::Silent{}};
    return sweep(space, evaluator, store, threads, progress);
  }
  std::vector<PointResult> points() {
    return ResultStore(path_, ResultStore::Mode::kRead).points();
  }
  std::vector<ValuesResult> values() {
    return ResultStore(path_, ResultStore::Mode::kRead).values();
  }

  std::string path_;
};

double metric(const std::vector<Metric>& metrics, const std::string& name) {
  for (const Metric& one : metrics) {
    if (one.name == name) return one.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

TEST_F(SweepTest, StoresWhatRunsReport) {
  run("array = 8x8\nbits = 4/8\nvector.requant = m16\n", some_samples());
  ASSERT_EQ(points().size(), 1u);
  const PointResult point = points()[0];
  RunRequest request;
  request.model.path = kModel;
  request.model.machine.keys = {
      {"array.rows", "8"}, {"array.cols", "8"}, {"vector.requant", "m16"}};
  request.model.recipe = R"({"weights": 4, "activations": 8})";
  request.model.samples = some_samples();
  ProgressLine progress{ProgressLine::Silent{}};
  const Report report = run_model(request, progress);
  size_t counted = 0;
  for (const Figure& figure : report.figures) {
    if (figure.key == "weight_bytes") continue;  // known with values alone
    EXPECT_EQ(metric(point.metrics, figure.key), figure.value) << figure.key;
    ++counted;
  }
  EXPECT_GT(counted, 10u);
  EXPECT_EQ(metric(point.metrics, "pes"), 64);
  EXPECT_EQ(point.machine_text, to_text(report.arch));
  ASSERT_EQ(values().size(), 1u);
  EXPECT_EQ(values()[0].key, point.values_key);
  EXPECT_EQ(metric(values()[0].metrics, "top1"), *report.accuracy->top1);
  EXPECT_EQ(metric(values()[0].metrics, "output_sqnr_db"), *report.accuracy->output_sqnr_db);
}

TEST_F(SweepTest, CommandsReproducePoints) {
  run("machine = tiny4\nbits = 4/4\narray.dataflow = os\n");
  EXPECT_EQ(points()[0].command,
            "qsim run --arch tiny4 --array.dataflow os --recipe "
            "'{\"activations\":4,\"weights\":4}' " +
                kModel);
}

TEST_F(SweepTest, WhatIsThereIsNotEvaluatedAgain) {
  const SweepSummary first = run("array = 4x4 8x8\n");
  EXPECT_EQ(first.points, 2);
  EXPECT_EQ(first.evaluated, 2);
  const SweepSummary second = run("array = 8x8 16x16\n");
  EXPECT_EQ(second.points, 2);
  EXPECT_EQ(second.there, 1);
  EXPECT_EQ(second.evaluated, 1);
  EXPECT_EQ(points().size(), 3u);
}

TEST_F(SweepTest, AccuraciesAreSharedByMachinesThatRoundAlike) {
  const SweepSummary summary =
      run("array = 4x4 8x8\nvector.requant = rne pot\nbits = 8/8 4/4\n", some_samples());
  EXPECT_EQ(summary.points, 8);
  EXPECT_EQ(summary.accuracies, 4);
  EXPECT_EQ(values().size(), 4u);
}

TEST_F(SweepTest, AccuraciesMayComeLater) {
  run("array = 4x4 8x8\n");
  const SweepSummary summary = run("array = 4x4 8x8\n", some_samples());
  EXPECT_EQ(summary.there, 2);
  EXPECT_EQ(summary.evaluated, 0);
  EXPECT_EQ(summary.accuracies, 1);
}

TEST(SweepSamples, SmallDifferencesOfPreprocessingAreOtherSamples) {
  SampleOptions samples = some_samples();
  samples.scale = "0.0000001";
  const std::string one = Evaluator({samples, 1, {}}).samples_description();
  EXPECT_EQ(Evaluator({samples, 1, {}}).samples_description(), one);
  samples.scale = "0.0000002";
  EXPECT_NE(Evaluator({samples, 1, {}}).samples_description(), one);
}

// A copy of the built-in table is the same table; another price makes another point.
TEST_F(SweepTest, KeysRestOnTheContentOfPrices) {
  const std::string file = path_ + ".cfg";
  const auto about = [&](const std::string& prices) {
    EvaluatorOptions options;
    options.prices = prices;
    const Space space = Space::from_text("array = 8x8\n", "s.cfg", {kModel});
    return Evaluator(options).describe(space.point(0));
  };
  std::string text = PriceSource().of(Arch{}).text;
  std::ofstream(file) << text;
  const PointResult plain = about(""), copied = about(file);
  EXPECT_EQ(copied.key, plain.key);
  EXPECT_EQ(plain.prices, "");
  EXPECT_EQ(copied.prices, "28nm " + sha256_of(text).substr(0, 16));
  EXPECT_EQ(copied.command,
            "qsim run --array.rows 8 --array.cols 8 --prices " + file + " " + kModel);
  std::ofstream(file) << text << "# a remark\n";
  EXPECT_NE(about(file).key, plain.key);
  EXPECT_EQ(about(file).values_key, plain.values_key);
  std::filesystem::remove(file);
}

TEST_F(SweepTest, AStoreOfAnotherBuildIsRefused) {
  run("array = 4x4\n");
  EXPECT_EQ(points()[0].version, build_version());
  EXPECT_TRUE(build_version().starts_with(qsim_version() + "+")) << build_version();
  EXPECT_EQ(build_version().size(), qsim_version().size() + 17);
  Database(path_, Database::Mode::kWrite).run("UPDATE points SET version = '0.1.0'");
  EXPECT_THROW(run("array = 4x4 8x8\n"), Error);
  EXPECT_EQ(points().size(), 1u);
}

TEST_F(SweepTest, EqualMachinesCountOnce) {
  const SweepSummary summary = run("[points]\nmachine=edge16\narray=16x16\n");
  EXPECT_EQ(summary.points, 1);
  EXPECT_EQ(summary.same, 1);
}

TEST_F(SweepTest, FailuresAreResults) {
  const SweepSummary summary =
      run("[points]\n"
          "array=4x4\n"
          "array=256x256 buffers.weight_kib=1\n"  // keys that do not fit together
          "recipe.layers={\"nowhere\":{\"weights\":4}}\n");
  EXPECT_EQ(summary.evaluated, 3);
  EXPECT_EQ(summary.failed, 2);
  std::vector<std::string> failures;
  for (const PointResult& point : points()) {
    EXPECT_EQ(point.failure.empty(), !point.metrics.empty());
    if (!point.failure.empty()) failures.push_back(point.failure);
  }
  std::sort(failures.begin(), failures.end(),
            [](const auto& a, const auto& b) { return a.size() < b.size(); });
  ASSERT_EQ(failures.size(), 2u);
  const std::string all = failures[0] + failures[1];
  EXPECT_NE(all.find("buffers.weight_kib = 1 gives 4 words"), std::string::npos) << all;
  EXPECT_NE(all.find("nowhere"), std::string::npos) << all;
}

TEST_F(SweepTest, WhatFailedElsewhereStaysWhenItIsTriedAgain) {
  run("array = 200x8\nbuffers.weight_kib = 1 2\n");
  ASSERT_EQ(points().size(), 2u);
  Evaluator evaluator((EvaluatorOptions()));
  ResultStore store(path_, ResultStore::Mode::kWrite);
  remove_failed(Space::from_text("array = 200x8\nbuffers.weight_kib = 2\n", "s.cfg", {kModel}),
                evaluator, store);
  const std::vector<PointResult> rest = store.points();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_NE(rest[0].failure.find("buffers.weight_kib = 1"), std::string::npos);
}

TEST_F(SweepTest, TheNumberOfThreadsDoesNotMatter) {
  const std::string text = "array = 4x4 8x8 16x16\nbits = 8/8 4/8\nmemory.latency_cycles = 9 99\n";
  run(text, some_samples(), 1);
  const std::vector<PointResult> one = points();
  const std::vector<ValuesResult> one_values = values();
  std::filesystem::remove(path_);
  run(text, some_samples(), 4);
  EXPECT_EQ(points(), one);
  EXPECT_EQ(values(), one_values);
}

TEST_F(SweepTest, WhatIsWrongWithAModelEndsTheSweep) {
  const Space space = Space::from_text("array = 4x4\n", "s.cfg", {"missing.onnx"});
  Evaluator evaluator({});
  ResultStore store(path_, ResultStore::Mode::kWrite);
  SweepProgress progress{ProgressLine::Silent{}};
  EXPECT_THROW(sweep(space, evaluator, store, 2, progress), Error);
  Evaluator compiled({});
  EXPECT_THROW(compiled.load("net.qprog"), Error);
}

TEST(SweepProgressText, RateAndTimeLeft) {
  SweepSummary summary;
  summary.evaluated = 120;
  EXPECT_EQ(progress_text(summary, 1000, 0, 0), "120 of 1000 points");
  EXPECT_EQ(progress_text(summary, 1000, 0, 220), "120 of 1000 points, 220 points/s, 4 s left");
  summary.failed = 3;
  summary.accuracies = 1;
  EXPECT_EQ(progress_text(summary, 121, 2, 0.5),
            "1 of 2 accuracies, 120 of 121 points, 3 failed, 0.5 points/s, 2 s left");
}

TEST(OnceCache, MakesAValueOnceAndForgetsTheOldest) {
  OnceCache<int> cache(2);
  int made = 0;
  const auto get = [&](const std::string& key) { return *cache.get(key, [&] { return ++made; }); };
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("b"), 2);
  EXPECT_EQ(get("a"), 1);  // used last
  EXPECT_EQ(get("c"), 3);  // pushes b out
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("b"), 4);
  const auto fail = [&]() -> int { throw Error("no"); };
  EXPECT_THROW(cache.get("d", fail), Error);
  EXPECT_THROW(cache.get("d", fail), Error);
}

}  // namespace
}  // namespace qsim::cli
