// The result of a check as JUnit XML, which CI systems show: a test case per pair of engines and
// layer, one per pair for what belongs to no layer, one per layer of a baseline. What was not
// reached after a failure is skipped.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/baseline.h"
#include "sim/cli/check.h"

namespace qsim::cli {

struct JunitCase {
  enum class Status { kPassed, kFailed, kSkipped };
  std::string class_name, name;
  Status status = Status::kPassed;
  std::string message;  // of a failure
};

std::vector<JunitCase> junit_cases(const Program& program, const CheckResult& result);
std::vector<JunitCase> junit_cases(const BaselineTable& table);

// The file; `suite` names the model and the machine.
std::string junit_text(const std::string& suite, const std::vector<JunitCase>& cases);

}  // namespace qsim::cli
