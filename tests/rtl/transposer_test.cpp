// rtl: VTransposer4 qsim_transposer Rows=4
// rtl: VTransposer8 qsim_transposer Rows=8 PeModes=2
// rtl: VTransposer18 qsim_transposer Rows=18
//
// Words of pixels in, one channel of every pixel out, row r a cycle after row r - 1. A row's bytes
// are in one, one and three pieces; the second has modes.
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "VTransposer18.h"
#include "VTransposer4.h"
#include "VTransposer8.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/port_bytes.h"

namespace qsim::rtl {
namespace {

struct Expected {
  uint32_t operand;
  bool valid;
};

template <typename Dut>
class TransposerBench {
 public:
  TransposerBench(int rows, int modes, int seed)
      : count_(rows),
        modes_(modes),
        bench_(seed),
        random_(static_cast<uint32_t>(seed)),
        rows_(static_cast<size_t>(rows)) {}

  void tile() {
    const bool first = draw(2), last = draw(2);
    const int pixels = 1 + draw(count_);
    for (int r = 0; r < count_; ++r) {
      wait();
      word(r, r < pixels, first, last);
      const int idle = r == count_ - 1 && draw(3) == 0 ? draw(2 * count_) : 0;
      for (int cycle = 0; cycle <= idle; ++cycle) {
        bench_->en_i = 1;
        bench_.tick();
        for (auto& row : rows_) {
          if (!row.empty()) row.pop_front();
        }
        bench_->load_i = 0;
        expect();
      }
    }
  }

 private:
  int draw(int count) { return static_cast<int>(random_() % static_cast<uint32_t>(count)); }

  // Without enable nothing moves, whatever the inputs say.
  void wait() {
    for (int cycles = draw(8) == 0 ? 1 + draw(2 * count_) : 0; cycles > 0; --cycles) {
      word(draw(count_), draw(2), draw(2), draw(2), false);
      bench_->load_i = static_cast<uint8_t>(draw(2));
      bench_->en_i = 0;
      bench_.tick();
      expect();
    }
  }

  // The streams that a word gives begin with what is seen before its cycle has ended.
  void word(int r, bool valid, bool first, bool last, bool taken = true) {
    std::vector<uint8_t> bytes(static_cast<size_t>(count_));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    bench_->load_i = 1;
    bench_->row_i = static_cast<uint8_t>(r);
    bench_->valid_i = valid;
    bench_->first_i = first;
    bench_->last_i = last;
    const uint32_t mode = static_cast<uint32_t>(draw(modes_));
    bench_->mode_i = static_cast<uint8_t>(mode);
    set_bytes(bench_->word_i, bytes);
    if (!taken) return;
    auto& row = rows_[static_cast<size_t>(r)];
    row.assign(1, std::nullopt);
    for (int j = 0; j < count_; ++j) {
      const uint32_t flags =
          (first && j == 0 ? 0x100u : 0u) | (last && j == count_ - 1 ? 0x200u : 0u);
      row.push_back(Expected{bytes[static_cast<size_t>(j)] | flags | mode << 10, valid});
    }
  }

  void expect() {
    for (size_t q = 0; q < rows_.size(); ++q) {
      const auto& row = rows_[q];
      const bool valid = bit_of(bench_->valid_o, q);
      if (row.empty()) {
        EXPECT_FALSE(valid) << "row " << q;
        continue;
      }
      const uint32_t operand =
          byte_of(bench_->operand_o, 2 * q) | uint32_t{byte_of(bench_->operand_o, 2 * q + 1)} << 8;
      EXPECT_EQ(operand & 0xfff, row.front()->operand) << "row " << q;
      EXPECT_EQ(valid, row.front()->valid) << "row " << q;
    }
  }

  int count_, modes_;
  Bench<Dut> bench_;
  std::mt19937 random_;
  std::vector<std::deque<std::optional<Expected>>> rows_;
};

class Transposer : public testing::TestWithParam<int> {
 protected:
  template <typename Dut>
  void run(int rows, int modes = 1) {
    TransposerBench<Dut> bench(rows, modes, GetParam());
    for (int tile = 0; tile < 200 && !HasFailure(); ++tile) bench.tile();
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Transposer, testing::Values(1, 2));

// Tiles without a gap, then with gaps: channel j of the word that came in cycle t stands in row r
// in t + 1 + j, flagged `first` with channel 0 and `last` with the last one if its tile is, beside
// it the word's mode.
TEST_P(Transposer, EveryByteInItsCycle) {
  run<VTransposer4>(4);
  run<VTransposer8>(8, 3);
  run<VTransposer18>(18);
}

}  // namespace
}  // namespace qsim::rtl
