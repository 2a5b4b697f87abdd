// What the engine shows at each retirement: the cycle, and memories as they are at its end.
#include <gtest/gtest.h>

#include <map>

#include "compiler/compile.h"
#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "tests/sim/systemc/tiny_program.h"
#include "tests/support/engines.h"
#include "tests/support/random_case.h"

namespace qsim::test {
namespace {

using Shown = std::map<int32_t, std::pair<int64_t, std::vector<uint8_t>>>;

// By instruction: the cycle of retirement and the bytes that can be compared.
Shown shown_by(const Program& program, SystemcOptions options, uint32_t seed) {
  Shown shown;
  options.fill = seed;
  options.retirement = [&](const Retirement& retirement) {
    const int64_t cycle = retirement.timing[static_cast<size_t>(retirement.index)].retire;
    const auto bytes = read_written(comparable(program, retirement), retirement.read);
    EXPECT_TRUE(shown.insert({retirement.index, {cycle, bytes}}).second);
  };
  SystemcEngine(program, options).run(random_inputs(program.network, seed));
  return shown;
}

// Bytes are moved in bulk, after the fact, or one access at a time: at a retirement both are there.
TEST(SystemcRetirement, ShowsEveryInstructionOnceWithTheBytesOfThatCycle) {
  SystemcOptions single;
  single.bulk = false;
  for (uint32_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    const Program program = random_program(seed);
    const Shown fast = shown_by(program, {}, seed);
    EXPECT_EQ(fast.size(), program.instructions.size());
    if (fast.rbegin()->second.first > 100000) continue;
    EXPECT_EQ(fast, shown_by(program, single, seed));
  }
}

// Whatever a run changes in a buffer, some instruction is known to write.
TEST(SystemcRetirement, NothingIsWrittenThatWrittenByDoesNotName) {
  for (uint32_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    const Program program = random_program(seed);
    std::map<Memory, std::vector<bool>> named;
    for (size_t i = 0; i < program.instructions.size(); ++i) {
      const Written written = written_by(program, static_cast<int32_t>(i));
      std::vector<bool>& bytes = named[written.memory];
      bytes.resize(static_cast<size_t>(size_of(written.memory, program)));
      for (const WrittenPiece& piece : written.pieces) {
        std::fill_n(bytes.begin() + piece.address, piece.bytes, true);
      }
    }
    SystemcOptions options;
    options.fill = seed;
    options.retirement = [&](const Retirement& retirement) {
      const auto last = static_cast<int32_t>(program.instructions.size()) - 1;
      if (retirement.index != last) return;
      for (const auto& [memory, bytes] : named) {
        if (memory == Memory::kDram) continue;  // the host writes there
        std::vector<uint8_t> content(bytes.size());
        retirement.read(memory, 0, content);
        for (size_t i = 0; i < bytes.size(); ++i) {
          if (bytes[i]) continue;
          ASSERT_EQ(content[i], fill_byte(seed, memory, static_cast<int64_t>(i)))
              << name_of(memory) << " byte " << i;
        }
      }
    };
    SystemcEngine(program, options).run(random_inputs(program.network, seed));
  }
}

// Two loads of the same bytes, the second in flight when the first retires.
TEST(SystemcRetirement, BytesBeingOverwrittenAreNotComparedTwice) {
  TinyProgram tiny;
  tiny.data(std::vector<uint8_t>(2048, 5));
  tiny.add(load(BufferId::kWeight, 0, kData, 1024)).add(load(BufferId::kWeight, 512, kData, 1024));
  std::vector<size_t> sizes;
  SystemcOptions options;
  Program program = tiny.program();
  program.instructions.push_back({Halt{}});
  options.retirement = [&](const Retirement& retirement) {
    sizes.push_back(read_written(comparable(program, retirement), retirement.read).size());
  };
  tiny.run(options);
  EXPECT_EQ(sizes, (std::vector<size_t>{512, 1024, 0}));
}

TEST(SystemcRetirement, WhatTheObserverThrowsEndsTheRun) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kWeight, 0, kData, 64)).add(load(BufferId::kParam, 0, kData, 64));
  SystemcOptions options;
  int calls = 0;
  options.retirement = [&](const Retirement&) {
    ++calls;
    throw Error("enough");
  };
  EXPECT_EQ(failure(tiny, options), "enough");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(TinyProgram().run().cycles, 4);
}

TEST(SystemcRetirement, DefinedBytesDoNotDependOnWhatMemoriesStartWith) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    const Program program = random_program(seed);
    const std::vector<Tensor> inputs = random_inputs(program.network, seed);
    SystemcOptions options;
    options.fill = 1;
    const RunResult once = SystemcEngine(program, options).run(inputs);
    options.fill = 2;
    const RunResult again = SystemcEngine(program, options).run(inputs);
    for (size_t i = 0; i < once.outputs.size(); ++i) {
      EXPECT_EQ(once.outputs[i].bytes, again.outputs[i].bytes) << seed;
    }
  }
}

}  // namespace
}  // namespace qsim::test
