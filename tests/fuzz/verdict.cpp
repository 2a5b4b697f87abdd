#include "tests/fuzz/verdict.h"

#include <sstream>
#include <stdexcept>

#include "sim/cli/check.h"
#include "tests/support/case_features.h"

namespace qsim::fuzz {

const char* name_of(Verdict::Kind kind) {
  constexpr const char* kNames[] = {"agree", "refused", "difference", "error", "crash", "timeout"};
  return kNames[static_cast<size_t>(kind)];
}

Verdict judge_here(const CaseSpec& spec, const Setup& setup) {
  Verdict verdict;
  try {
    cli::CompiledModel model;
    try {
      model.program = compile_case(spec);
    } catch (const Error& error) {
      if (!is_refusal(error)) throw;
      return {Verdict::Kind::kRefused, error.what()};
    }
    model.samples.options.seed = spec.seed;
    cli::ProgressLine progress;
    const cli::CheckResult result =
        cli::check_engines(model, setup.engines, setup.rtl_sources, progress);
    if (const cli::PairResult* failure = result.failure()) {
      return {Verdict::Kind::kDifference, failure->difference->text};
    }
    verdict.features = features_of(spec, model.program, result.timed.counters.token_full_cycles);
    verdict.cycles = result.timed.cycles;
    for (const cli::PairResult& pair : result.pairs) verdict.retired += pair.retired;
  } catch (const std::exception& error) {
    return {Verdict::Kind::kError, error.what()};
  }
  return verdict;
}

std::string encode(const Verdict& verdict) {
  return std::to_string(static_cast<int>(verdict.kind)) + " " + std::to_string(verdict.cycles) +
         " " + std::to_string(verdict.retired) + " " + verdict.features + "\n" + verdict.text;
}

Verdict decode(const ChildEnd& end) {
  if (end.kind == ChildEnd::Kind::kCrashed) return {Verdict::Kind::kCrash, end.text};
  if (end.kind == ChildEnd::Kind::kTimedOut) return {Verdict::Kind::kTimeout, end.text};
  Verdict verdict;
  std::istringstream in(end.text);
  int kind = 0;
  in >> kind >> verdict.cycles >> verdict.retired;
  in.get();
  std::getline(in, verdict.features);
  verdict.kind = static_cast<Verdict::Kind>(kind);
  std::getline(in, verdict.text, '\0');
  return verdict;
}

Verdict judge(const CaseSpec& spec, const Setup& setup) {
  return decode(run_in_child([&] { return encode(judge_here(spec, setup)); }, setup.limit));
}

}  // namespace qsim::fuzz
