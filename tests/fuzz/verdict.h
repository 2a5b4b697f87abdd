// One case, compiled and compared, in a process of its own.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sim/cli/engines.h"
#include "tests/fuzz/children.h"
#include "tests/support/random_case.h"

namespace qsim::fuzz {

struct Verdict {
  enum class Kind : uint8_t {
    kAgree,
    kRefused,     // the machine is too small, and the compiler says so
    kDifference,  // between two engines
    kError,  // of compiler or engine: a hang of the machine (T18), a hazard, a broken invariant
    kCrash,
    kTimeout  // of the process
  };
  Kind kind = Kind::kAgree;
  std::string text = {};      // the difference, the message
  std::string features = {};  // kAgree: as features_of() gives them
  int64_t cycles = 0;         // kAgree: of the run
  int64_t retired = 0;        // kAgree: instructions compared in lock-step
  bool failed() const { return kind >= Kind::kDifference; }
};
const char* name_of(Verdict::Kind kind);

// Who is compared, and for how long.
struct Setup {
  std::vector<const cli::EngineRow*> engines = {};
  std::string rtl_sources = {};  // RtlOptions::sources
  std::chrono::milliseconds limit = std::chrono::seconds(120);
};

// As `qsim check` does it: the same comparison of the same engines on the same inputs, which are
// those of --seed spec.seed. In this process.
Verdict judge_here(const CaseSpec& spec, const Setup& setup);

std::string encode(const Verdict& verdict);
Verdict decode(const ChildEnd& end);

Verdict judge(const CaseSpec& spec, const Setup& setup);

}  // namespace qsim::fuzz
