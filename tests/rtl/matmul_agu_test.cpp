// rtl: VMatmulAgu qsim_matmul_agu Rows=5
//
// Addresses and padding of every pixel of every tile, in both orders that the dataflows need,
// against loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "VMatmulAgu.h"
#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr int kRows = 5;

class MatmulAgu : public testing::TestWithParam<int> {
 protected:
  int up_to(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  Matmul draw() {
    Matmul op;
    op.act = up_to(0, 1 << 20);
    op.act_row_pitch = up_to(0, 1 << 12);
    op.act_pixel_pitch = up_to(0, 100);
    op.in_h = up_to(1, 8);
    op.in_w = up_to(1, 8);
    op.y0 = up_to(-4, 4);
    op.x0 = up_to(-4, 4);
    op.out_h = up_to(1, 4);
    op.out_w = up_to(1, 4);
    op.stride_h = up_to(0, 63);
    op.stride_w = up_to(0, 3);
    op.dilation_h = up_to(1, 3);
    op.dilation_w = up_to(1, 63);
    op.kh = up_to(1, 3);
    op.kw = up_to(1, 3);
    op.cblocks = up_to(1, 3);
    return op;
  }
  void load(const Matmul& op) {
    const auto bytes = encode({op, 0, 0});
    std::copy_n(bytes.begin(), sizeof(bench_->op_i), reinterpret_cast<uint8_t*>(&bench_->op_i));
    bench_->load_i = 1;
    bench_->step_i = 0;
    bench_.tick();
    bench_->load_i = 0;
  }
  void expect(const Matmul& op, int tile, int pixel) {
    const int cb = tile % op.cblocks;
    const int sy =
        op.y0 + pixel / op.out_w * op.stride_h + tile / op.cblocks / op.kw * op.dilation_h;
    const int sx =
        op.x0 + pixel % op.out_w * op.stride_w + tile / op.cblocks % op.kw * op.dilation_w;
    const bool padding = sy < 0 || sy >= op.in_h || sx < 0 || sx >= op.in_w;
    bench_.settle();
    ASSERT_EQ(bench_->padding_o, padding) << "tile " << tile << " pixel " << pixel;
    if (padding) return;
    const int64_t word =
        op.act + int64_t{sy} * op.act_row_pitch + int64_t{sx} * op.act_pixel_pitch + cb;
    ASSERT_EQ(bench_->address_o, word * kRows) << "tile " << tile << " pixel " << pixel;
  }
  void step(bool tile, bool mark) {
    bench_->step_i = 1;
    bench_->tile_i = tile;
    bench_->mark_i = mark;
    bench_.tick();
    bench_->step_i = 0;
    bench_.tick(static_cast<int>(random_() % 2));  // standing still changes nothing
  }

  Bench<VMatmulAgu> bench_{GetParam()};
  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Seeds, MatmulAgu, testing::Values(1, 2));

TEST_P(MatmulAgu, TileByTile) {
  for (int i = 0; i < 100; ++i) {
    const Matmul op = draw();
    const int pixels = op.out_h * op.out_w;
    load(op);
    for (int tile = 0; tile < op.kh * op.kw * op.cblocks; ++tile) {
      for (int pixel = 0; pixel < pixels; ++pixel) {
        ASSERT_NO_FATAL_FAILURE(expect(op, tile, pixel));
        step(pixel == pixels - 1, false);
      }
    }
  }
}

// Groups of kRows pixels, each through all tiles; the last may be short, and is stepped through
// whole.
TEST_P(MatmulAgu, GroupByGroup) {
  for (int i = 0; i < 100; ++i) {
    const Matmul op = draw();
    const int pixels = op.out_h * op.out_w, tiles = op.kh * op.kw * op.cblocks;
    load(op);
    for (int group = 0; group < pixels; group += kRows) {
      for (int tile = 0; tile < tiles; ++tile) {
        for (int r = 0; r < kRows; ++r) {
          if (group + r < pixels) {
            ASSERT_NO_FATAL_FAILURE(expect(op, tile, group + r));
          }
          step(r == kRows - 1, r == kRows - 1 && tile == tiles - 1);
        }
      }
    }
  }
}

}  // namespace
}  // namespace qsim::rtl
