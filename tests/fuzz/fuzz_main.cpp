// qsim_fuzz: random networks on random machines, compared by several engines. See
// docs/developer/fuzzing.md.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>

#include "hw/spec/error.h"
#include "sim/cli/command.h"
#include "tests/fuzz/report.h"
#include "tests/support/case_features.h"
#include "tests/support/structures.h"

namespace qsim::fuzz {
namespace {

constexpr const char* kUsage =
    "usage: qsim_fuzz [OPTIONS]\n"
    "  --seed N          of the first case (1); the others follow one by one\n"
    "  --cases N         how many (200)\n"
    "  --engines A,B     to compare (all of this build, analytic first)\n"
    "  --structures LIST such as 0-3,7: cases take them in turn (the pool, 0-19; greater ones are "
    "drawn)\n"
    "  --rtl DIR         SystemVerilog sources instead of those built in\n"
    "  --jobs N          processes at a time (2)\n"
    "  --limit N         seconds for one case (120)\n"
    "  --out DIR         for failing cases (fuzz)\n"
    "  --failures N      stop after so many (3)\n"
    "  --demand-features fail when a feature never occurred\n";

struct Options {
  uint32_t seed = 1;
  int64_t cases = 200;
  std::string engines, rtl, structures = "0-" + std::to_string(kStructurePool - 1), out = "fuzz";
  int jobs = 2, failures = 3;
  int64_t limit_seconds = 120;
  bool demand_features = false;
};

int64_t number(const std::string& text, const std::string& option) {
  try {
    size_t used = 0;
    const long long value = std::stoll(text, &used);
    if (used == text.size() && value > 0) return value;
  } catch (const std::logic_error&) {
  }
  throw cli::UsageError(option + " = " + text + " is not a positive number");
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--demand-features") {
      options.demand_features = true;
      continue;
    }
    if (i + 1 == argc) throw cli::UsageError(name + ": unknown, or its value is missing");
    const std::string value = argv[++i];
    if (name == "--seed") {
      options.seed = static_cast<uint32_t>(number(value, name));
    } else if (name == "--cases") {
      options.cases = number(value, name);
    } else if (name == "--engines") {
      options.engines = value;
    } else if (name == "--rtl") {
      options.rtl = value;
    } else if (name == "--structures") {
      options.structures = value;
    } else if (name == "--jobs") {
      options.jobs = static_cast<int>(number(value, name));
    } else if (name == "--limit") {
      options.limit_seconds = number(value, name);
    } else if (name == "--out") {
      options.out = value;
    } else if (name == "--failures") {
      options.failures = static_cast<int>(number(value, name));
    } else {
      throw cli::UsageError(name + ": unknown option");
    }
  }
  return options;
}

// Comma-separated; "": all.
std::vector<const cli::EngineRow*> find_engines(const std::string& list) {
  std::vector<const cli::EngineRow*> engines;
  if (list.empty()) {
    for (const cli::EngineRow& row : cli::engine_rows()) engines.push_back(&row);
  }
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) {
    engines.push_back(&cli::find_engine(name, "--engines"));
  }
  if (engines.size() < 2) throw cli::UsageError("--engines = " + list + " names fewer than two");
  return engines;
}

class Fuzzer {
 public:
  explicit Fuzzer(const Options& options)
      : options_(options),
        setup_{find_engines(options.engines), options.rtl,
               std::chrono::seconds(options.limit_seconds)},
        structures_(parse_list(options.structures, "--structures")) {}

  int run() {
    build_models();
    std::printf("%lld cases from seed %u on %zu structures: %s\n",
                static_cast<long long>(options_.cases), options_.seed, structures_.size(),
                names_of(setup_).c_str());
    run_in_children(
        options_.cases, options_.jobs, setup_.limit,
        [&](int64_t index) { return encode(judge_here(case_of(index), setup_)); },
        [&](int64_t index, const ChildEnd& end) {
          take(case_of(index), decode(end));
          return failures_ < options_.failures;
        });
    return summary();
  }

 private:
  CaseSpec case_of(int64_t index) const {
    return draw_case(structures_[static_cast<size_t>(index) % structures_.size()],
                     options_.seed + static_cast<uint32_t>(index));
  }

  // A smallest case on each structure first, with time for its RTL model to be built.
  void build_models() {
    if (names_of(setup_).find("rtl") == std::string::npos) return;
    const auto spec_of = [&](int64_t index) {
      CaseSpec spec;
      spec.structure = structures_[static_cast<size_t>(index)];
      spec.seed = 1;
      spec.arch = structure(spec.structure);
      spec.layers.resize(1);
      return spec;
    };
    run_in_children(
        static_cast<int64_t>(structures_.size()), options_.jobs, std::chrono::minutes(20),
        [&](int64_t index) { return encode(judge_here(spec_of(index), setup_)); },
        [&](int64_t index, const ChildEnd& end) {
          const Verdict verdict = decode(end);
          std::printf("structure %d: %s %s\n", structures_[static_cast<size_t>(index)],
                      name_of(verdict.kind), verdict.text.c_str());
          std::fflush(stdout);
          return true;
        });
  }

  void take(const CaseSpec& spec, const Verdict& verdict) {
    ++judged_;
    ++by_structure_[spec.structure];
    if (verdict.kind == Verdict::Kind::kRefused) ++refused_;
    add_features(verdict.features, features_);
    cycles_ += verdict.cycles;
    retired_ += verdict.retired;
    if (verdict.failed()) {
      ++failures_;
      std::printf("structure %d seed %u: %s: %s\n", spec.structure, spec.seed,
                  name_of(verdict.kind), verdict.text.c_str());
      std::fflush(stdout);
      std::printf("%s", report_failure(spec, verdict, setup_, options_.out).c_str());
    }
    if (judged_ % 100 == 0) {
      std::printf("%lld cases, %d failed\n", static_cast<long long>(judged_), failures_);
    }
    std::fflush(stdout);
  }

  int summary() const {
    int missing = 0;
    std::printf("features\n");
    for (const auto& [name, count] : features_) {
      std::printf("  %s: %d\n", name.c_str(), count);
      missing += count == 0;
    }
    std::printf("cases by structure:");
    for (const auto& [index, count] : by_structure_) std::printf(" %d:%d", index, count);
    std::printf(
        "\n%lld cases, %d refused, %lld cycles, %lld instructions in lock-step, %d failed\n",
        static_cast<long long>(judged_), refused_, static_cast<long long>(cycles_),
        static_cast<long long>(retired_), failures_);
    if (options_.demand_features && missing > 0) {
      std::printf("%d features never occurred\n", missing);
      return 1;
    }
    return failures_ > 0 ? 1 : 0;
  }

  Options options_;
  Setup setup_;
  std::vector<int32_t> structures_;
  FeatureCounts features_ = no_features();
  std::map<int32_t, int> by_structure_;
  int64_t judged_ = 0, cycles_ = 0, retired_ = 0;
  int refused_ = 0, failures_ = 0;
};

}  // namespace
}  // namespace qsim::fuzz

int main(int argc, char** argv) {
  // Processes share the cores, not threads.
  setenv("OMP_NUM_THREADS", "1", 1);
  try {
    return qsim::fuzz::Fuzzer(qsim::fuzz::parse(argc, argv)).run();
  } catch (const qsim::cli::UsageError& error) {
    std::fprintf(stderr, "qsim_fuzz: %s\n%s", error.what(), qsim::fuzz::kUsage);
    return 2;
  } catch (const qsim::Error& error) {
    std::fprintf(stderr, "qsim_fuzz: %s\n", error.what());
    return 1;
  }
}
