// The bursts of random transfers against rule T10, piece by piece and byte by byte.
#include "sim/engines/analytic/burst_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "hw/spec/isa.h"

namespace qsim::analytic {
namespace {

constexpr int kTransfers = 3000;

struct Burst {
  int64_t address, beats;  // of the first beat
  bool operator==(const Burst&) const = default;
};

int32_t draw(std::mt19937& random, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(random() % static_cast<uint32_t>(high - low + 1));
}

// Short pieces in long rows, as packed layers have, and long ones.
Load random_load(std::mt19937& random) {
  Load op;
  op.dram_address = draw(random, 0, 20000);
  op.bytes = draw(random, 0, 1) ? draw(random, 1, 100) : draw(random, 1, 9000);
  op.count0 = draw(random, 1, 12), op.count1 = draw(random, 1, 4), op.count2 = draw(random, 1, 3);
  op.dram_stride0 = draw(random, -300, 3000);
  op.dram_stride1 = draw(random, 0, 9000), op.dram_stride2 = draw(random, 0, 9000);
  op.dram_address += 20000;
  return op;
}

void append_piece(int64_t address, int64_t bytes, int64_t bus, std::vector<Burst>& bursts) {
  int64_t beat = address / bus;
  const int64_t end = (address + bytes - 1) / bus + 1;
  while (beat < end) {
    const int64_t boundary = (beat * bus / 4096 + 1) * 4096 / bus;
    const int64_t beats = std::min({end - beat, int64_t{16}, boundary - beat});
    bursts.push_back({beat * bus, beats});
    beat += beats;
  }
}

std::vector<Burst> bursts_of(const Load& op, int64_t bus) {
  std::vector<Burst> bursts;
  for (int64_t i2 = 0; i2 < op.count2; ++i2) {
    for (int64_t i1 = 0; i1 < op.count1; ++i1) {
      for (int64_t i0 = 0; i0 < op.count0; ++i0) {
        append_piece(
            op.dram_address + i0 * op.dram_stride0 + i1 * op.dram_stride1 + i2 * op.dram_stride2,
            op.bytes, bus, bursts);
      }
    }
  }
  return bursts;
}

TEST(BurstWalk, OneAfterTheOther) {
  std::mt19937 random(1);
  for (int i = 0; i < kTransfers; ++i) {
    Arch arch;
    arch.memory.bus_bytes = 4 << draw(random, 0, 4);
    const Load op = random_load(random);
    std::vector<Burst> walked;
    for (BurstWalk walk(arch, op); !walk.finished();) {
      EXPECT_EQ(walk.requested(), static_cast<int64_t>(walked.size()));
      const int64_t address = walk.address();
      walked.push_back({address, walk.next()});
    }
    ASSERT_EQ(walked, bursts_of(op, arch.memory.bus_bytes)) << "transfer " << i;
  }
}

TEST(BurstWalk, ManyAtOnceAndRefusedAnywhere) {
  std::mt19937 random(2);
  for (int i = 0; i < kTransfers; ++i) {
    Arch arch;
    arch.memory.bus_bytes = 4 << draw(random, 0, 4);
    const Load op = random_load(random);
    const std::vector<Burst> expected = bursts_of(op, arch.memory.bus_bytes);
    size_t taken = 0;
    for (BurstWalk walk(arch, op); !walk.finished();) {
      ASSERT_LT(taken, expected.size());
      ASSERT_EQ(walk.address(), expected[taken].address) << "transfer " << i;
      ASSERT_EQ(walk.requested(), static_cast<int64_t>(taken));
      int32_t left = draw(random, 1, 40);
      walk.take_while([&](int64_t beats) {
        if (left-- == 0) return false;
        EXPECT_EQ(beats, expected[taken].beats) << "transfer " << i << ", burst " << taken;
        ++taken;
        return true;
      });
    }
    ASSERT_EQ(taken, expected.size()) << "transfer " << i;
  }
}

}  // namespace
}  // namespace qsim::analytic
