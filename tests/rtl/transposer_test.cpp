// rtl: VTransposer qsim_transposer Rows=4
// rtl: VTransposer2 qsim_transposer Rows=4 PeModes=2
//
// Words of pixels in, one channel of every pixel out, row r a cycle after row r - 1.
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "VTransposer.h"
#include "VTransposer2.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr int kRows = 4;

class Transposer : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Transposer, testing::Values(1, 2));

struct Expected {
  uint16_t operand;
  bool valid;
};

// Tiles without a gap, then with gaps: channel j of the word that came in cycle t stands in row r
// in t + 1 + j, flagged `first` with channel 0 and `last` with channel 3 if its tile is, beside it
// the word's mode.
template <typename Dut>
void every_byte_in_its_cycle(int seed, uint32_t modes) {
  Bench<Dut> bench(seed);
  std::mt19937 random(static_cast<uint32_t>(seed));
  bench->en_i = 1;
  std::vector<std::deque<std::optional<Expected>>> rows(kRows);
  for (int tile = 0; tile < 200; ++tile) {
    const bool first = random() % 2, last = random() % 2;
    const int pixels = 1 + static_cast<int>(random() % kRows);
    for (int r = 0; r < kRows; ++r) {
      const uint32_t word = static_cast<uint32_t>(random());
      const uint32_t mode = random() % (modes + 1);
      bench->load_i = 1;
      bench->row_i = static_cast<uint8_t>(r);
      bench->valid_i = r < pixels;
      bench->first_i = first;
      bench->last_i = last;
      bench->word_i = word;
      bench->mode_i = static_cast<uint8_t>(mode);
      auto& row = rows[static_cast<size_t>(r)];
      row.clear();
      for (int j = 0; j < kRows; ++j) {
        const int flags = (first && j == 0 ? 0x100 : 0) | (last && j == kRows - 1 ? 0x200 : 0);
        row.push_back(Expected{static_cast<uint16_t>((word >> (8 * j) & 0xff) |
                                                     static_cast<uint32_t>(flags) | mode << 10),
                               r < pixels});
      }
      const int idle = r == kRows - 1 && random() % 3 == 0 ? static_cast<int>(random() % 6) : 0;
      for (int cycle = 0; cycle <= idle; ++cycle) {
        bench.tick();
        bench->load_i = 0;
        for (int q = 0; q < kRows; ++q) {
          auto& stream = rows[static_cast<size_t>(q)];
          const bool valid = bench->valid_o >> q & 1;
          if (stream.empty()) {
            EXPECT_FALSE(valid) << "row " << q;
            continue;
          }
          ASSERT_EQ(bench->operand_o >> (16 * q) & 0xffff, stream.front()->operand) << "row " << q;
          EXPECT_EQ(valid, stream.front()->valid) << "row " << q;
          stream.pop_front();
        }
      }
    }
  }
}

TEST_P(Transposer, EveryByteInItsCycle) {
  every_byte_in_its_cycle<VTransposer>(GetParam(), 0);
  every_byte_in_its_cycle<VTransposer2>(GetParam(), 2);
}

}  // namespace
}  // namespace qsim::rtl
