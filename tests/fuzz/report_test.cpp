// What is left of a failing case, with an engine that is wrong on purpose.
#include "tests/fuzz/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/cli/command.h"
#include "sim/engines/analytic/engine.h"

namespace qsim::fuzz {
namespace {

bool has_max_pool(const IntegerNetwork& network) {
  return std::any_of(network.layers.begin(), network.layers.end(),
                     [](const Layer& layer) { return layer.op == LayerOp::kMaxPool; });
}

// HALT retires a cycle late in networks with a max pool.
constexpr cli::EngineRow kLate = {
    "late",
    "wrong",
    false,
    true,
    false,
    true,
    nullptr,
    [](const Program& program, const std::vector<Tensor>&, const cli::TimedOptions&) {
      RunResult result = run_analytic(program);
      if (has_max_pool(program.network)) ++result.timing.back().retire;
      return result;
    }};

TEST(FuzzReport, TheSmallestProgramAndHowToRunIt) {
  const fuzz::Setup setup{{&cli::find_engine("analytic", "test"), &kLate}};
  CaseSpec spec;
  Verdict verdict;
  for (uint32_t seed = 1; !verdict.failed(); ++seed) {
    ASSERT_LT(seed, 200u);
    spec = draw_case(1, seed);
    verdict = judge(spec, setup);
  }
  EXPECT_EQ(verdict.kind, Verdict::Kind::kDifference);
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "qsim_fuzz_report";
  std::filesystem::remove_all(folder);
  const std::string log = report_failure(spec, verdict, setup, folder.string());

  const std::string name = "case-1-" + std::to_string(spec.seed);
  const std::string path = (folder / (name + ".qprog")).string();
  const Program program = load_program(path);
  EXPECT_TRUE(has_max_pool(program.network));
  EXPECT_EQ(program.network.layers.size(), 3u);  // quantize, pool, dequantize
  EXPECT_EQ(program.network.tensor(program.network.inputs[0]).elements(), 1);
  const std::string command =
      "qsim check --engines analytic,late --seed " + std::to_string(spec.seed) + " " + path;
  EXPECT_NE(log.find(command), std::string::npos) << log;
  std::ifstream file(folder / (name + ".txt"));
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(command), std::string::npos);
  EXPECT_NE(text.str().find("qsim_fuzz --engines analytic,late --structures 1 --seed " +
                            std::to_string(spec.seed) + " --cases 1"),
            std::string::npos);
  EXPECT_NE(text.str().find(to_text(spec)), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(FuzzReport, AFailureThatDoesNotRepeatIsKeptWhole) {
  const fuzz::Setup setup{
      {&cli::find_engine("analytic", "test"), &cli::find_engine("systemc", "test")}};
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "qsim_fuzz_once";
  const CaseSpec spec = draw_case(1, 5);
  const Verdict verdict{Verdict::Kind::kTimeout, "no end"};
  const std::string log = report_failure(spec, verdict, setup, folder.string());
  EXPECT_NE(log.find("does not repeat: run again, agree: no end"), std::string::npos) << log;
  EXPECT_EQ(load_program((folder / "case-1-5.qprog").string()).network.layers.size(),
            build_network(spec).layers.size());
  std::filesystem::remove_all(folder);
}

TEST(FuzzVerdict, ComesBackFromItsProcess) {
  Verdict verdict{Verdict::Kind::kError, "two\nlines", "0110"};
  verdict.cycles = 1234567890123;
  verdict.retired = 7;
  const Verdict back = decode({ChildEnd::Kind::kReturned, encode(verdict)});
  EXPECT_EQ(back.kind, verdict.kind);
  EXPECT_EQ(back.text, verdict.text);
  EXPECT_EQ(back.features, verdict.features);
  EXPECT_EQ(back.cycles, verdict.cycles);
  EXPECT_EQ(back.retired, verdict.retired);
}

TEST(FuzzReport, Lists) {
  EXPECT_EQ(parse_list("0-3,7", "--structures"), (std::vector<int32_t>{0, 1, 2, 3, 7}));
  for (const char* bad : {"", "x", "1-", "3-1", "-2", "1,,2", "1 "}) {
    EXPECT_THROW(parse_list(bad, "--structures"), cli::UsageError) << bad;
  }
}

}  // namespace
}  // namespace qsim::fuzz
