// A Verilated compute unit on buffers in C++: matmuls of all kinds, and the sums and counts that
// must come out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "hw/spec/isa.h"
#include "hw/spec/packing.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {

constexpr int kAccumulators = 64;
constexpr int kZeros = 3000;  // from this word on both memories hold 0; draw() stays below

struct Shape {
  int rows, cols;
  bool os;
  int modes = 0;
};

// Reads ports that Verilator makes a number of 32 or 64 bits or an array of words, as it fits.
template <typename Port>
uint8_t* bytes_of(Port& port) {
  return reinterpret_cast<uint8_t*>(&port);
}

template <typename Dut>
class ComputeBench {
 public:
  ComputeBench(Shape shape, int seed) : shape_(shape), bench_(seed), random_(seed) {
    act_.resize(static_cast<size_t>(4096 * shape.rows));
    weights_.resize(static_cast<size_t>(4096 * shape.cols));
    // A quarter of the bytes is 0, for the counter of multiplications by it; in narrow codes also a
    // quarter of the other ones' 4-bit codes.
    for (std::vector<int8_t>* bytes : {&act_, &weights_}) {
      for (int8_t& byte : *bytes) {
        byte = random_() % 4 ? static_cast<int8_t>(random_()) : int8_t{0};
        if (shape.modes > 0 && random_() % 4 == 0) byte &= random_() % 2 ? 0x0f : -0x10;
      }
    }
    std::fill(act_.begin() + kZeros * shape.rows, act_.end(), int8_t{0});
    std::fill(weights_.begin() + kZeros * shape.cols, weights_.end(), int8_t{0});
    expected_.resize(static_cast<size_t>(kAccumulators * shape.cols));
    bench_->issue_i = 0;
    bench_->acc_re_i = 0;
  }

  int pixels_of(const Matmul& op) const { return op.out_h * op.out_w; }
  int tiles_of(const Matmul& op) const { return op.kh * op.kw * op.cblocks; }
  int64_t busy(const Matmul& op) const {
    const int pixels = pixels_of(op);
    if (!shape_.os) return int64_t{tiles_of(op)} * std::max(pixels, shape_.rows);
    return int64_t{tiles_of(op)} * shape_.rows * ((pixels + shape_.rows - 1) / shape_.rows);
  }
  // From issue to the last write.
  int64_t latency(const Matmul& op) const {
    const int rows = shape_.rows, cols = shape_.cols;
    if (shape_.os) return busy(op) + 1 - rows + 3 * rows + cols + 1;
    const int pixels = pixels_of(op);
    return 1 + int64_t{tiles_of(op) - 1} * std::max(pixels, rows) + pixels - 1 + rows + cols + 3;
  }

  // A matmul whose source lies in the act memory, with padding, strides and dilation of all kinds.
  Matmul draw() {
    const auto up_to = [&](int low, int high) {
      return low + static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
    };
    Matmul op;
    op.cblocks = up_to(1, 3);
    op.act_pixel_pitch = op.cblocks + up_to(0, 2);
    op.in_h = up_to(1, 6);
    op.in_w = up_to(1, 6);
    op.act_row_pitch = op.act_pixel_pitch * op.in_w + up_to(0, 3);
    op.act = up_to(0, 1000);
    op.y0 = up_to(-3, 2);
    op.x0 = up_to(-3, 2);
    op.out_h = up_to(1, 5);
    op.out_w = up_to(1, 5);
    op.stride_h = up_to(0, 3);
    op.stride_w = up_to(0, 3);
    op.dilation_h = up_to(1, 3);
    op.dilation_w = up_to(1, 3);
    op.kh = up_to(1, 3);
    op.kw = up_to(1, 3);
    op.weight = up_to(0, 1000);
    op.acc = up_to(0, kAccumulators - pixels_of(op));
    op.accumulate = written_all_ ? up_to(0, 1) : 0;
    op.pad_value = up_to(-128, 127);
    op.act_pack = up_to(0, shape_.modes);
    op.weight_pack = up_to(op.act_pack, shape_.modes);
    return op;
  }

  // A weight word serves so many rows.
  static int rows_per_word(const Matmul& op) { return 1 << (op.weight_pack - op.act_pack); }
  int words_per_tile(const Matmul& op) const {
    return (shape_.rows + rows_per_word(op) - 1) / rows_per_word(op);
  }

  void expect(const Matmul& op) {
    const int groups = shape_.os ? (pixels_of(op) + shape_.rows - 1) / shape_.rows : 1;
    expected_weight_reads_ += int64_t{tiles_of(op)} * words_per_tile(op) * groups;
    for (int y = 0, p = 0; y < op.out_h; ++y) {
      for (int x = 0; x < op.out_w; ++x, ++p) expect_pixel(op, y, x, p);
    }
  }

  // What row r gets of a tile for output pixel (y, x), and the byte of the weight word that serves
  // it.
  int8_t operand(const Matmul& op, int tile, int y, int x, int r) const {
    const int cb = tile % op.cblocks, kx = tile / op.cblocks % op.kw,
              ky = tile / op.cblocks / op.kw;
    const int sy = op.y0 + y * op.stride_h + ky * op.dilation_h;
    const int sx = op.x0 + x * op.stride_w + kx * op.dilation_w;
    if (sy < 0 || sy >= op.in_h || sx < 0 || sx >= op.in_w)
      return static_cast<int8_t>(op.pad_value);
    const int word = op.act + sy * op.act_row_pitch + sx * op.act_pixel_pitch + cb;
    return act_.at(static_cast<size_t>(word * shape_.rows + r));
  }
  int8_t weight_word(const Matmul& op, int tile, int r, int c) const {
    const int word = op.weight + tile * words_per_tile(op) + r / rows_per_word(op);
    return weights_.at(static_cast<size_t>(word * shape_.cols + c));
  }

  // One cycle: memories answer what was read in it, in the next.
  void tick() {
    bench_.settle();
    const bool act = bench_->act_re_o, weight = bench_->weight_re_o;
    const uint32_t act_at = bench_->act_addr_o, weight_at = bench_->weight_addr_o;
    zero_macs_ += bench_->zero_macs_o;
    weight_reads_ += bench_->weight_read_o;
    if (bench_->done_o) done_.push_back(bench_.cycle());
    bench_.tick();
    bench_->issue_i = 0;
    if (act) copy(act_, act_at, shape_.rows, bytes_of(bench_->act_rdata_i));
    if (weight) copy(weights_, weight_at, shape_.cols, bytes_of(bench_->weight_rdata_i));
  }

  bool free() {
    bench_.settle();
    return bench_->free_o;
  }
  void issue(const Matmul& op) {
    const auto words = encode({op, 0, 0});
    std::copy(words.begin(), words.end(), bytes_of(bench_->instr_i));
    bench_->issue_i = 1;
    expect(op);
  }
  int64_t cycle() const { return bench_.cycle(); }
  Dut* operator->() { return bench_.operator->(); }
  const std::vector<int64_t>& done() const { return done_; }
  int64_t zero_macs() const { return zero_macs_; }
  int64_t weight_reads() const { return weight_reads_; }
  int64_t expected_weight_reads() const { return expected_weight_reads_; }
  int64_t expected_zero_macs() const { return expected_zero_macs_; }

  void fill() {
    Matmul op;
    op.out_h = kAccumulators / 8;
    op.out_w = 8;
    op.kh = op.kw = op.cblocks = op.dilation_h = op.dilation_w = 1;
    issue(op);
    run_until_done(1);
    done_.clear();
    written_all_ = true;
  }
  void run_until_done(size_t count) {
    for (int i = 0; i < 20000 && done_.size() < count; ++i) tick();
    ASSERT_EQ(done_.size(), count);
  }

  void compare() {
    tick();
    for (int word = 0; word < kAccumulators; ++word) {
      bench_->acc_re_i = 1;
      bench_->acc_raddr_i = static_cast<uint16_t>(word);
      tick();
      bench_->acc_re_i = 0;
      const auto* lanes = reinterpret_cast<const int32_t*>(bytes_of(bench_->acc_rdata_o));
      for (int c = 0; c < shape_.cols; ++c) {
        ASSERT_EQ(lanes[c], expected_[static_cast<size_t>(word * shape_.cols + c)])
            << "word " << word << " lane " << c;
      }
    }
  }

 private:
  void copy(const std::vector<int8_t>& from, uint32_t at, int count, uint8_t* to) {
    for (int i = 0; i < count; ++i)
      to[i] = static_cast<uint8_t>(from.at(at + static_cast<uint32_t>(i)));
  }
  void expect_pixel(const Matmul& op, int y, int x, int p) {
    for (int c = 0; c < shape_.cols; ++c) {
      int32_t& acc = expected_[static_cast<size_t>((op.acc + p) * shape_.cols + c)];
      int64_t sum = op.accumulate ? acc : 0;
      for (int tile = 0; tile < tiles_of(op); ++tile) {
        for (int r = 0; r < shape_.rows; ++r) {
          const int8_t act = operand(op, tile, y, x, r), weight = weight_word(op, tile, r, c);
          const int codes = codes_per_byte(op.act_pack);
          for (int i = 0; i < codes; ++i) {
            const int a = code_at(&act, i, op.act_pack);
            const int w = code_at(&weight, r % rows_per_word(op) * codes + i, op.weight_pack);
            sum += a * w;
            expected_zero_macs_ += a == 0 || w == 0;
          }
        }
      }
      acc = static_cast<int32_t>(sum);
    }
  }

  Shape shape_;
  Bench<Dut> bench_;
  std::mt19937 random_;
  std::vector<int8_t> act_, weights_;
  std::vector<int32_t> expected_;
  std::vector<int64_t> done_;
  int64_t zero_macs_ = 0, expected_zero_macs_ = 0;
  int64_t weight_reads_ = 0, expected_weight_reads_ = 0;
  bool written_all_ = false;
};

}  // namespace qsim::rtl
