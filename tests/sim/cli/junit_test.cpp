// JUnit XML of a check.
#include "sim/cli/junit.h"

#include <gtest/gtest.h>

#include "tests/support/hand_program.h"

namespace qsim::cli {
namespace {

using Status = JunitCase::Status;

CheckResult result_of(std::vector<PairResult> pairs) {
  CheckResult result;
  result.pairs = std::move(pairs);
  return result;
}

std::vector<Status> statuses(const std::vector<JunitCase>& cases) {
  std::vector<Status> result;
  for (const JunitCase& entry : cases) result.push_back(entry.status);
  return result;
}

// Layers of hand_made_program(): quantize, conv1, dequantize.
TEST(Junit, APairHasACasePerLayerAndOneForTheRest) {
  PairResult pair{"systemc", "rtl"};
  pair.layers = 3;
  const auto cases = junit_cases(hand_made_program(), result_of({pair}));
  ASSERT_EQ(statuses(cases), std::vector<Status>(4, Status::kPassed));
  EXPECT_EQ(cases[1].class_name, "systemc = rtl");
  EXPECT_EQ(cases[1].name, "layer conv1");
}

TEST(Junit, WhatComesAfterTheDifferenceIsSkipped) {
  PairResult good{"reference", "systemc"}, bad{"systemc", "rtl"}, never{"reference", "rtl"};
  good.layers = 3;
  bad.retired = 2;
  bad.difference = Difference{"layer conv1 instr 3 MATMUL retire: systemc 1, rtl 2", 1, 1};
  const auto cases = junit_cases(hand_made_program(), result_of({good, bad, never}));
  const Status passed = Status::kPassed, failed = Status::kFailed, skipped = Status::kSkipped;
  EXPECT_EQ(statuses(cases), (std::vector<Status>{passed, passed, passed, passed,    //
                                                  passed, failed, skipped, skipped,  //
                                                  skipped, skipped, skipped, skipped}));
  EXPECT_EQ(cases[5].message, "layer conv1 instr 3 MATMUL retire: systemc 1, rtl 2");
}

TEST(Junit, ADifferenceOfNoLayerFailsTheRest) {
  PairResult pair{"analytic", "systemc"};
  pair.difference = Difference{"counter load_beats: analytic 1, systemc 2"};
  const auto cases = junit_cases(hand_made_program(), result_of({pair}));
  EXPECT_EQ(statuses(cases), (std::vector<Status>{Status::kPassed, Status::kPassed, Status::kPassed,
                                                  Status::kFailed}));
}

TEST(Junit, TextIsXmlWhateverNamesAre) {
  EXPECT_EQ(junit_text("a&b", {{"x = y", "layer \"<é>\"", Status::kPassed, ""},
                               {"x = y", "l", Status::kFailed, "1 < 2\n"},
                               {"x = y", "m", Status::kSkipped, ""}}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" skipped=\"1\">\n"
            "  <testsuite name=\"a&amp;b\" tests=\"3\" failures=\"1\" skipped=\"1\">\n"
            "    <testcase classname=\"x = y\" name=\"layer &quot;&lt;??&gt;&quot;\"/>\n"
            "    <testcase classname=\"x = y\" name=\"l\"><failure message=\"1 &lt; 2?\"/>"
            "</testcase>\n"
            "    <testcase classname=\"x = y\" name=\"m\"><skipped/></testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

}  // namespace
}  // namespace qsim::cli
