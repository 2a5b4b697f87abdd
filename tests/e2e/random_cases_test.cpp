// Seeded random networks on random machines: analytic and SystemC agree on the cycle of every
// instruction and on every timing counter, SystemC and reference on every code of every layer.
#include <gtest/gtest.h>

#include <iostream>

#include "compiler/compile.h"
#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "tests/support/engines.h"
#include "tests/support/random_case.h"

namespace qsim {
namespace {

// A machine may be too small for a layer drawn for it; that is a clear refusal, not a difference.
bool is_refusal(const Error& error) {
  return std::string(error.what()).find("no tiling fits") != std::string::npos;
}

void compare(uint32_t first_seed, uint32_t last_seed) {
  FeatureCounts features;
  int refused = 0;
  for (uint32_t seed = first_seed; seed <= last_seed; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomCase drawn = random_case(seed, features);
    Program program;
    try {
      const Plan plan = make_plan(drawn.network, drawn.arch, segment_cycles);
      plan.check(drawn.network, drawn.arch);
      program = emit(drawn.network, drawn.arch, plan);
    } catch (const Error& error) {
      ASSERT_TRUE(is_refusal(error)) << error.what();
      ++refused;
      continue;
    }
    program.check();
    int64_t token_full_cycles = 0;
    ASSERT_EQ(first_engine_difference(program, seed, &token_full_cycles), "");
    count_program_features(program, token_full_cycles, features);
  }
  std::cout << "random cases " << first_seed << " to " << last_seed << ", " << refused
            << " refused; features:\n";
  for (const auto& [name, count] : features) {
    std::cout << "  " << name << ": " << count << "\n";
    EXPECT_GT(count, 0) << name << " never occurred";
  }
  EXPECT_LE(refused, static_cast<int>(last_seed - first_seed) / 100);
}

TEST(RandomCases, EnginesAgree) { compare(1, 600); }
TEST(FullRandomCases, EnginesAgree) { compare(601, 10000); }

}  // namespace
}  // namespace qsim
