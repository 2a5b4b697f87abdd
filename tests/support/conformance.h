// The operator tests of the ONNX project: a folder per case with model.onnx and
// test_data_set_<n>/{input,output}_<i>.pb. Imports a case, runs it on the float executor and
// compares, with the tolerances of ONNX's own backend test; writes docs/reference/conformance.md.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph.h"

namespace qsim::test {

struct ConformanceCase {
  std::filesystem::path folder;
  std::string op;  // with its domain, "Conv", "com.microsoft.QGemm"; "" when nodes are several
};

// Where Debian's package libonnx-testdata puts its cases: folders node, simple, ...
std::filesystem::path debian_onnx_data();

// Every case below `root`, at any depth, sorted by path.
std::vector<ConformanceCase> conformance_cases(const std::filesystem::path& root);

// Data of the case's set `set` by input name, from input number `first` on.
std::map<std::string, Tensor> input_data(const std::filesystem::path& folder, int first,
                                         int set = 0);

enum class Verdict {
  kRun,      // the float executor's results are the expected ones
  kFolded,   // the importer computed the results, from shapes or with all inputs constant
  kRefused,  // one qsim::Error
  kFailed    // anything else: other results, another exception, an error of several lines
};

struct Outcome {
  Verdict verdict = Verdict::kFailed;
  std::string text;  // kRefused: the error without file and node; kFailed: what went wrong
  Graph graph = {};  // kRun: what ran
};

// Tries the case with all inputs as they are, then with all but input 0 constant, then with all
// constant. The verdict is the first that is not a refusal. A refusal's text is the second try's:
// it no longer complains that weights are computed.
Outcome run_conformance_case(const ConformanceCase& c);

// One set of cases and what came of them.
struct ConformanceSuite {
  std::string title;
  std::vector<ConformanceCase> cases;
  std::vector<Outcome> outcomes;  // parallel to cases

  int count(Verdict verdict) const;
};

// docs/reference/conformance.md.
std::string conformance_page(const std::vector<ConformanceSuite>& suites);

}  // namespace qsim::test
