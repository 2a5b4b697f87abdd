// docs/reference/conformance.md.
#include <algorithm>
#include <sstream>

#include "tests/support/conformance.h"

namespace qsim::test {
namespace {

struct Tally {
  int cases = 0, run = 0, folded = 0;
  std::map<std::string, int> reasons;  // of refusals -> cases

  int refused() const { return cases - run - folded; }
};

Tally tally_of(const ConformanceSuite& suite) {
  return {static_cast<int>(suite.cases.size()),
          suite.count(Verdict::kRun),
          suite.count(Verdict::kFolded),
          {}};
}

void add(Tally& tally, const Outcome& outcome) {
  ++tally.cases;
  tally.run += outcome.verdict == Verdict::kRun;
  tally.folded += outcome.verdict == Verdict::kFolded;
  if (outcome.verdict == Verdict::kRefused) ++tally.reasons[outcome.text];
}

std::string counts(const Tally& tally) {
  return std::to_string(tally.cases) + " | " + std::to_string(tally.run) + " | " +
         std::to_string(tally.folded) + " | " + std::to_string(tally.refused()) + " |";
}

// "|" would end a cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\|");
  return text;
}

std::string list(const std::map<std::string, int>& cases_of, const char* separator) {
  std::string text;
  for (const auto& [what, cases] : cases_of) {
    text += (text.empty() ? "" : separator) + cell(what) + " (" + std::to_string(cases) + ")";
  }
  return text;
}

// The reasons of graphs, which are lists themselves: each of their entries with its cases.
std::map<std::string, int> single_reasons(const Tally& tally) {
  std::map<std::string, int> result;
  for (const auto& [reason, cases] : tally.reasons) {
    for (size_t at = 0; at < reason.size();) {
      const size_t end = std::min(reason.find(", ", at), reason.size());
      // A comma within "[7, 25]" is none of the list's.
      const bool is_list = reason.find('[') == std::string::npos;
      const size_t stop = is_list ? end : reason.size();
      result[reason.substr(at, stop - at)] += cases;
      at = stop + 2;
    }
  }
  return result;
}

}  // namespace

std::string conformance_page(const std::vector<ConformanceSuite>& suites) {
  std::ostringstream out;
  out << "# Conformance to ONNX\n\n"
         "Written by `test_compiler_float --gtest_filter='*ConformancePage*'`; do not edit.\n\n"
         "The ONNX project's operator tests, each imported and run on the float reference path "
         "(`compiler/float`).\n*Run*: its results are the expected ones (relative 1e-3, absolute "
         "1e-7; what the file calls bfloat16: 2^-7; integers exact). *Folded*: the importer "
         "computed\nthe expected results itself, "
         "from shapes or with all inputs constant. *Refused*: one error. A case is tried with all\n"
         "inputs as they are, then with all but the first constant, then with all constant.\n\n"
         "| tests | cases | run | folded | refused |\n|---|---|---|---|---|\n";
  std::map<std::string, Tally> by_op;
  Tally graphs;
  for (const ConformanceSuite& suite : suites) {
    out << "| " << suite.title << " | " << counts(tally_of(suite)) << "\n";
    for (size_t i = 0; i < suite.cases.size(); ++i) {
      const std::string& op = suite.cases[i].op;
      add(op.empty() ? graphs : by_op[op], suite.outcomes[i]);
    }
  }
  out << "\n## By operator\n\nCases of one node. Operators that qsim does not know are at the end."
         "\n\n| operator | cases | run | folded | refused | why, with the number of cases |\n"
         "|---|---|---|---|---|---|\n";
  std::map<std::string, int> unknown;
  for (const auto& [op, tally] : by_op) {
    if (tally.reasons.size() == 1 && tally.refused() == tally.cases &&
        tally.reasons.begin()->first == op) {
      unknown[op] = tally.cases;
      continue;
    }
    out << "| " << op << " | " << counts(tally) << " " << list(tally.reasons, "; ") << " |\n";
  }
  out << "\nNot known: " << list(unknown, ", ") << ".\n";
  out << "\n## Graphs of several nodes\n\n"
      << graphs.cases << " cases: " << graphs.run << " run, " << graphs.folded << " folded, "
      << graphs.refused()
      << " refused.\n\nWhy, with the number of cases; a case may have several reasons: "
      << list(single_reasons(graphs), "; ") << ".\n";
  return out.str();
}

}  // namespace qsim::test
