// Seeded random networks on random machines: analytic and SystemC agree on the cycle of every
// instruction and on every timing counter, SystemC and reference on every code of every layer.
#include <gtest/gtest.h>

#include <array>
#include <iostream>

#include "sim/engines/analytic/engine.h"
#include "tests/support/case_features.h"
#include "tests/support/engines.h"
#include "tests/support/structures.h"
#include "tests/support/token_program.h"

namespace qsim {
namespace {

// Every other case on a structure of the pool, the rest on structures of their own.
CaseSpec case_of(uint32_t seed) {
  const auto index = static_cast<int32_t>(seed);
  return draw_case(seed % 2 == 0 ? index / 2 % kStructurePool : kStructurePool + index, seed);
}

void compare(uint32_t first_seed, uint32_t last_seed) {
  FeatureCounts features = no_features();
  int refused = 0;
  for (uint32_t seed = first_seed; seed <= last_seed; ++seed) {
    const CaseSpec spec = case_of(seed);
    SCOPED_TRACE(to_text(spec));
    Program program;
    try {
      program = compile_case(spec);
    } catch (const Error& error) {
      ASSERT_TRUE(is_refusal(error)) << error.what();
      ++refused;
      continue;
    }
    int64_t token_full_cycles = 0;
    ASSERT_EQ(first_engine_difference(program, seed, &token_full_cycles), "");
    add_features(features_of(spec, program, token_full_cycles), features);
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

// Among them what a compiler's program never has: a store that waits for a full counter.
TEST(RandomTokens, EnginesAgree) {
  std::array<int64_t, 4> waits{};
  for (int32_t index = 0; index < 2 * kStructurePool; ++index) {
    for (uint32_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE("structure " + std::to_string(index) + " seed " + std::to_string(seed));
      const Program program = token_program(structure(index), seed);
      ASSERT_EQ(first_engine_difference(program, seed), "");
      const RunResult run = run_analytic(program);
      const std::array<int64_t, 4> found = full_token_cycles(program, run);
      int64_t sum = 0;
      for (size_t unit = 0; unit < 4; ++unit) waits[unit] += found[unit];
      for (const int64_t cycles : found) sum += cycles;
      EXPECT_EQ(run.counters.token_full_cycles, sum);
    }
  }
  for (const int64_t cycles : waits) EXPECT_GT(cycles, 0);
}

// What repeats is jumped over (and first_engine_difference() compares with a run without jumps).
void compare_repeated(uint32_t first_seed, uint32_t last_seed) {
  int64_t jumped_over = 0, all = 0;
  for (uint32_t seed = first_seed; seed <= last_seed; ++seed) {
    const auto index = static_cast<int32_t>(seed) % (2 * kStructurePool);
    SCOPED_TRACE("structure " + std::to_string(index) + " seed " + std::to_string(seed));
    const Program program = repeated_token_program(structure(index), seed);
    ASSERT_EQ(first_engine_difference(program, seed), "");
    int64_t instructions = 0;
    run_analytic(program, {}, &instructions);
    jumped_over += instructions;
    all += static_cast<int64_t>(program.instructions.size());
  }
  std::cout << "jumped over " << jumped_over << " of " << all << " instructions\n";
  EXPECT_GT(jumped_over, all / 4);
}

TEST(RandomRepeatedTokens, EnginesAgree) { compare_repeated(1, 200); }
TEST(FullRandomRepeatedTokens, EnginesAgree) { compare_repeated(201, 5000); }

}  // namespace
}  // namespace qsim
