#include "sim/cli/junit.h"

#include <algorithm>

namespace qsim::cli {
namespace {

// Control characters are not allowed in XML 1.0, and bytes beyond ASCII may be anything.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else {
      result += c < ' ' || c > '~' ? '?' : c;
    }
  }
  return result;
}

int64_t count(const std::vector<JunitCase>& cases, JunitCase::Status status) {
  return std::count_if(cases.begin(), cases.end(),
                       [status](const JunitCase& entry) { return entry.status == status; });
}

}  // namespace

std::vector<JunitCase> junit_cases(const Program& program, const CheckResult& result) {
  using Status = JunitCase::Status;
  std::vector<JunitCase> cases;
  for (const PairResult& pair : result.pairs) {
    const std::string class_name = pair.a + " = " + pair.b;
    const auto& difference = pair.difference;
    const auto add = [&](const std::string& name, bool failed, bool reached) {
      cases.push_back({class_name, name,
                       failed    ? Status::kFailed
                       : reached ? Status::kPassed
                                 : Status::kSkipped,
                       failed ? difference->text : ""});
    };
    const auto layers = static_cast<LayerId>(program.network.layers.size());
    const LayerId end = difference && difference->layer >= 0 ? difference->layer : layers;
    const bool reached = difference || pair.compared();
    for (LayerId layer = 0; layer < layers; ++layer) {
      add("layer " + program.network.layers[static_cast<size_t>(layer)].name,
          difference && layer == difference->layer, reached && layer <= end);
    }
    const bool whole = difference && difference->layer < 0;
    add("steps, counters and the whole run", whole, pair.compared() && !difference);
  }
  return cases;
}

std::vector<JunitCase> junit_cases(const BaselineTable& table) {
  std::vector<JunitCase> cases;
  for (const BaselineRow& row : table.rows) {
    const bool failed = row.failed();
    cases.push_back({"baseline", row.name,
                     failed ? JunitCase::Status::kFailed : JunitCase::Status::kPassed,
                     failed ? row.text() : ""});
  }
  return cases;
}

std::string junit_text(const std::string& suite, const std::vector<JunitCase>& cases) {
  const std::string counts = " tests=\"" + std::to_string(cases.size()) + "\" failures=\"" +
                             std::to_string(count(cases, JunitCase::Status::kFailed)) +
                             "\" skipped=\"" +
                             std::to_string(count(cases, JunitCase::Status::kSkipped)) + "\"";
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts +
                     ">\n  <testsuite name=\"" + escaped(suite) + "\"" + counts + ">\n";
  for (const JunitCase& entry : cases) {
    text += "    <testcase classname=\"" + escaped(entry.class_name) + "\" name=\"" +
            escaped(entry.name) + "\"";
    if (entry.status == JunitCase::Status::kPassed) {
      text += "/>\n";
    } else if (entry.status == JunitCase::Status::kSkipped) {
      text += "><skipped/></testcase>\n";
    } else {
      text += "><failure message=\"" + escaped(entry.message) + "\"/></testcase>\n";
    }
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace qsim::cli
