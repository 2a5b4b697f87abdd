#include "tests/support/token_program.h"

#include <algorithm>

#include "tests/support/draw.h"

namespace qsim {
namespace {

constexpr int kUnits = 4;
constexpr int64_t kData = 0x10000;
constexpr int32_t kDramBytes = 0x20000;

class TokenWriter {
 public:
  TokenWriter(const Arch& arch, uint32_t seed) : draw_(seed) {
    program_.arch = arch;
    Arch& machine = program_.arch;
    machine.memory.model = draw_.one_in(3) ? MemoryModel::kIdeal : MemoryModel::kLatency;
    machine.memory.latency_cycles = draw_(1, 40);
    machine.memory.bytes_per_cycle = 64;  // units shall wait for each other, not for fetch
    program_.network.name = "tokens";
    Layer layer;
    layer.name = "layer0";
    layer.inputs = {0};
    layer.output = 0;
    program_.network.layers = {layer};
    program_.network.tensors.resize(1);
    program_.dram_bytes = kDramBytes;
  }

  Program write() {
    add_segment(100 + 8 * depth());
    add_segment(40);
    return program_;
  }

  Program write_repeated() {
    const double rates[] = {64, 16, 8, 5.5, 7};
    program_.arch.memory.bytes_per_cycle = rates[draw_(0, 4)];
    for (int segment = 0; segment < 2; ++segment) {
      const auto first = static_cast<int32_t>(program_.instructions.size());
      held_ = {};
      add_repeated(draw_(1, 10), draw_(20, 200));
      add_repeated(draw_(1, 10), draw_(1, 60));
      end_segment(first);
    }
    return program_;
  }

 private:
  int32_t depth() const { return program_.arch.sync.token_depth; }

  // Starts without tokens, whatever the one before has left.
  void add_segment(int32_t count) {
    const auto first = static_cast<int32_t>(program_.instructions.size());
    held_ = {};
    for (int32_t i = 0; i < count; ++i) add(draw_(0, kUnits - 1));
    end_segment(first);
  }

  void end_segment(int32_t first) {
    program_.instructions.push_back({Halt{}});
    program_.info.push_back({.layer = 0});
    const auto end = static_cast<int32_t>(program_.instructions.size());
    program_.steps.push_back({-1, first, end - first});
  }

  void add_repeated(int32_t count, int32_t times) {
    const size_t first = program_.instructions.size();
    for (int32_t i = 0; i < count; ++i) add(draw_(0, kUnits - 1));
    for (int taker = 0; taker < kUnits; ++taker) take_all(taker);
    const size_t end = program_.instructions.size();
    for (int32_t i = 1; i < times; ++i) {
      for (size_t j = first; j < end; ++j) {
        const Instruction again = program_.instructions[j];
        program_.instructions.push_back(again);
        program_.info.push_back({.layer = 0});
      }
    }
  }

  // Instructions that take what is left for a unit and give nothing.
  void take_all(int taker) {
    for (;;) {
      int take = 0;
      for (int giver = 0; giver < kUnits; ++giver) {
        int32_t& held = held_[static_cast<size_t>(giver)][static_cast<size_t>(taker)];
        if (held == 0) continue;
        take |= 1 << giver;
        --held;
      }
      if (take == 0) return;
      program_.instructions.push_back({operation(taker), static_cast<uint8_t>(take), 0});
      program_.info.push_back({.layer = 0});
    }
  }

  // More is given than taken until counters are full.
  void add(int unit) {
    int take = 0, give = 0;
    for (int giver = 0; giver < kUnits; ++giver) {
      int32_t& held = held_[static_cast<size_t>(giver)][static_cast<size_t>(unit)];
      if (held == 0 || !draw_.one_in(held == depth() ? 2 : 3)) continue;
      take |= 1 << giver;
      --held;
    }
    for (int taker = 0; taker < kUnits; ++taker) {
      int32_t& held = held_[static_cast<size_t>(unit)][static_cast<size_t>(taker)];
      if (held == depth() || draw_.one_in(3)) continue;
      give |= 1 << taker;
      ++held;
    }
    program_.instructions.push_back(
        {operation(unit), static_cast<uint8_t>(take), static_cast<uint8_t>(give)});
    program_.info.push_back({.layer = 0});
  }

  Operation operation(int unit) {
    switch (static_cast<Unit>(unit)) {
      case Unit::kLoad:
        return load();
      case Unit::kCompute:
        return matmul();
      case Unit::kVector:
        return max_pool();
      default:
        return store();
    }
  }

  // Some instructions of each unit take much longer than fetch needs for the next ones.
  bool is_long() { return draw_.one_in(3); }

  int32_t bytes() { return draw_(1, is_long() ? 800 : 40); }

  Load load() {
    Load op;
    op.buffer = draw_(0, 2);
    op.bytes = bytes();
    op.dram_address = kData + draw_(0, 4096);
    op.count0 = op.count1 = op.count2 = 1;
    return op;
  }

  Store store() {
    Store op;
    op.bytes = bytes();
    op.dram_address = kData + draw_(0, 4096);
    op.count0 = op.count1 = op.count2 = 1;
    return op;
  }

  Matmul matmul() {
    Matmul op;
    op.in_h = op.out_h = 1;
    op.in_w = op.out_w = draw_(1, std::min(8, program_.arch.buffers.acc_entries));
    op.act_pixel_pitch = 1;
    op.act_row_pitch = op.in_w;
    op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    op.kh = op.kw = 1;
    const int64_t tiles = program_.arch.weight_words() / program_.arch.array.rows;
    op.cblocks = is_long() ? static_cast<int32_t>(std::min<int64_t>(tiles, 20)) : 1;
    return op;
  }

  Vector max_pool() {
    const int32_t rows = program_.arch.array.rows, cols = program_.arch.array.cols;
    Vector op;
    op.function = static_cast<int32_t>(VectorFunction::kMaxPool);
    op.blocks = 1;
    op.last_channels = draw_(1, cols);
    op.in_h = op.out_h = 1;
    op.in_w = op.out_w = draw_(1, 4);
    op.dst_pixel_pitch = op.src_pixel_pitch = (cols + rows - 1) / rows * rows;
    op.dst_row_pitch = op.src_row_pitch = op.dst_pixel_pitch * op.in_w;
    op.kh = op.kw = is_long() ? 7 : 1;
    op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    op.clamp_low = -128;
    op.clamp_high = 127;
    op.drain = draw_.one_in(8);
    return op;
  }

  Draw draw_;
  Program program_;
  std::array<std::array<int32_t, kUnits>, kUnits> held_{};  // by giver and taker; in program order
};

}  // namespace

Program token_program(const Arch& arch, uint32_t seed) { return TokenWriter(arch, seed).write(); }

Program repeated_token_program(const Arch& arch, uint32_t seed) {
  return TokenWriter(arch, seed).write_repeated();
}

std::array<int64_t, 4> full_token_cycles(const Program& program, const RunResult& run) {
  std::array<int64_t, 4> waits{};
  std::array<int64_t, 4> earliest{};
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Operation& op = program.instructions[i].op;
    if (is_halt(op)) continue;
    const auto unit = static_cast<size_t>(unit_of(op));
    const InstructionTiming& timing = run.timing[i];
    waits[unit] += timing.retire - std::max(timing.done, earliest[unit]);
    earliest[unit] = timing.retire + 1;
  }
  return waits;
}

}  // namespace qsim
