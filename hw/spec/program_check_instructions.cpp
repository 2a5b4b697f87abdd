// The instructions' part of Program::check(): fields, addresses, layers. Every sum is taken in 64
// bits; fields are checked against their encoding first, so none overflows.
#include <algorithm>
#include <stdexcept>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"
#include "hw/spec/program_check.h"
#include "hw/spec/program_place.h"

namespace qsim {
namespace {

struct Extent {
  int64_t low, high;
};

// Offsets that count steps of a stride reach, relative to the start.
Extent reach(std::initializer_list<std::pair<int64_t, int64_t>> counts_and_strides) {
  Extent extent{0, 0};
  for (const auto& [count, stride] : counts_and_strides) {
    const int64_t last = (count - 1) * stride;
    extent.low += std::min<int64_t>(last, 0);
    extent.high += std::max<int64_t>(last, 0);
  }
  return extent;
}

template <typename Transfer>
void check_transfer(const Program& program, const Place& place, const Transfer& op,
                    int64_t buffer_bytes, int64_t room) {
  require_inside(place, "bytes", op.bytes, 1, int64_t{1} << 24);
  require_inside(place, "count0", op.count0, 1, 1 << 16);
  require_inside(place, "count1", op.count1, 1, 1 << 16);
  require_inside(place, "count2", op.count2, 1, 1 << 16);
  // No byte of the destination is written twice; also bounds how long an engine works on it.
  const int64_t pieces = int64_t{op.count0} * op.count1 * op.count2;
  require_inside(place, "pieces", pieces, 1, room);
  require_inside(place, "bytes of all pieces", pieces * op.bytes, 1, room);
  const Extent dram = reach(
      {{op.count0, op.dram_stride0}, {op.count1, op.dram_stride1}, {op.count2, op.dram_stride2}});
  require_range(place, "dram_address", op.dram_address + dram.low,
                op.dram_address + dram.high + op.bytes, program.dram_bytes);
  const Extent buffer = reach({{op.count0, op.buffer_stride0},
                               {op.count1, op.buffer_stride1},
                               {op.count2, op.buffer_stride2}});
  require_range(place, "buffer_address", op.buffer_address + buffer.low,
                op.buffer_address + buffer.high + op.bytes, buffer_bytes);
}

// Rows or columns of the source that taps touch, padding left out; low > high when there are none.
Extent touched(int64_t origin, int64_t out, int64_t stride, int64_t taps, int64_t dilation,
               int64_t in) {
  return {std::max<int64_t>(origin, 0),
          std::min<int64_t>(origin + (out - 1) * stride + (taps - 1) * dilation, in - 1)};
}

template <typename Windowed>
void check_source(const Place& place, const Windowed& op, int64_t address, int64_t row_pitch,
                  int64_t pixel_pitch, int64_t pixel_size, int64_t buffer_size) {
  const Extent rows = touched(op.y0, op.out_h, op.stride_h, op.kh, op.dilation_h, op.in_h);
  const Extent columns = touched(op.x0, op.out_w, op.stride_w, op.kw, op.dilation_w, op.in_w);
  if (rows.low > rows.high || columns.low > columns.high) return;
  require_range(place, "source", address + rows.low * row_pitch + columns.low * pixel_pitch,
                address + rows.high * row_pitch + columns.high * pixel_pitch + pixel_size,
                buffer_size);
}

template <typename Windowed>
void check_counts(const Place& place, const Windowed& op, bool has_window) {
  require_inside(place, "out_h", op.out_h, 1, 1 << 14);
  require_inside(place, "out_w", op.out_w, 1, 1 << 14);
  if (!has_window) return;
  require_inside(place, "kh", op.kh, 1, 255);
  require_inside(place, "kw", op.kw, 1, 255);
}

void check_pack(const Place& place, const char* name, int32_t pack, const Arch& arch) {
  require_inside(place, name, pack, 0, arch.max_pack());
}

void check_op(const Program&, const Place&, const Halt&) {}

void check_op(const Program& program, const Place& place, const Load& op) {
  require_inside(place, "buffer", op.buffer, 0, 2);
  const int64_t sizes[] = {program.arch.act_bytes(), program.arch.weight_bytes(),
                           program.arch.param_bytes()};
  check_transfer(program, place, op, sizes[op.buffer], sizes[op.buffer]);
}

void check_op(const Program& program, const Place& place, const Store& op) {
  check_transfer(program, place, op, program.arch.act_bytes(), program.dram_bytes);
}

void check_op(const Program& program, const Place& place, const Matmul& op) {
  const Arch& arch = program.arch;
  check_counts(place, op, true);
  require_inside(place, "cblocks", op.cblocks, 1, 1 << 14);
  check_pack(place, "act_pack", op.act_pack, arch);
  require_inside(place, "weight_pack", op.weight_pack, op.act_pack, arch.max_pack());
  const int64_t tiles = int64_t{1} * op.kh * op.kw * op.cblocks;
  const int64_t words = packed_bytes(arch.array.rows, op.weight_pack - op.act_pack);
  require_range(place, "weight", op.weight, op.weight + tiles * words, arch.weight_words());
  require_range(place, "acc", op.acc, op.acc + int64_t{1} * op.out_h * op.out_w,
                arch.buffers.acc_entries);
  check_source(place, op, op.act, op.act_row_pitch, op.act_pixel_pitch, op.cblocks,
               arch.act_words());
}

void check_pitch(const Place& place, const char* name, int64_t pitch, int64_t rows) {
  if (pitch % rows != 0) fail(place, name, pitch, "is not a multiple of array.rows");
}

void check_op(const Program& program, const Place& place, const Vector& op) {
  const Arch& arch = program.arch;
  require_inside(place, "function", op.function, 0, 5);
  const VectorFunction function{static_cast<uint8_t>(op.function)};
  check_counts(place, op, function != VectorFunction::kRequant);
  require_inside(place, "blocks", op.blocks, 1, 1 << 12);
  require_inside(place, "last_channels", op.last_channels, 1, arch.array.cols);
  check_pack(place, "dst_pack", op.dst_pack, arch);
  check_pack(place, "src_pack", op.src_pack, arch);
  check_pack(place, "src2_pack", op.src2_pack, arch);
  check_pack(place, "weight_pack", op.weight_pack, arch);
  // Every result is clamped, so it fits its container.
  const int32_t bits = bits_of_pack(op.dst_pack);
  require_inside(place, "clamp_high", op.clamp_high, lowest_code(bits), highest_code(bits));
  require_inside(place, "clamp_low", op.clamp_low, lowest_code(bits), op.clamp_high);
  check_pitch(place, "dst_row_pitch", op.dst_row_pitch, arch.array.rows);
  check_pitch(place, "dst_pixel_pitch", op.dst_pixel_pitch, arch.array.rows);
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const int64_t channels = int64_t{1} * (op.blocks - 1) * arch.array.cols + op.last_channels;
  const int64_t taps = int64_t{1} * op.kh * op.kw;
  if (function == VectorFunction::kAdd || function == VectorFunction::kRescale) {
    require_inside(place, "kh x kw", taps, 1, 1);
  }
  const int64_t dst_bytes = packed_bytes(channels, op.dst_pack);
  require_inside(place, "output bytes", pixels * dst_bytes, 1, arch.act_bytes());
  require_range(place, "dst", op.dst,
                op.dst + (op.out_h - 1) * int64_t{op.dst_row_pitch} +
                    (op.out_w - 1) * int64_t{op.dst_pixel_pitch} + dst_bytes,
                arch.act_bytes());
  if (function == VectorFunction::kRequant) {
    require_range(place, "src", op.src, op.src + op.blocks * pixels, arch.buffers.acc_entries);
  } else {
    check_pitch(place, "src_row_pitch", op.src_row_pitch, arch.array.rows);
    check_pitch(place, "src_pixel_pitch", op.src_pixel_pitch, arch.array.rows);
    check_source(place, op, op.src, op.src_row_pitch, op.src_pixel_pitch,
                 packed_bytes(channels, op.src_pack), arch.act_bytes());
  }
  if (function == VectorFunction::kAdd) {
    check_pitch(place, "src2_row_pitch", op.src2_row_pitch, arch.array.rows);
    check_pitch(place, "src2_pixel_pitch", op.src2_pixel_pitch, arch.array.rows);
    check_source(place, op, op.src2, op.src2_row_pitch, op.src2_pixel_pitch,
                 packed_bytes(channels, op.src2_pack), arch.act_bytes());
  }
  const int64_t cols = arch.array.cols;
  const int64_t stride =
      16 * cols + (function == VectorFunction::kDepthwise
                       ? 4 * cols * ((packed_bytes(taps, op.weight_pack) + 3) / 4)
                       : int64_t{0});
  if (function == VectorFunction::kRequant || function == VectorFunction::kDepthwise) {
    require_range(place, "param", op.param, op.param + op.blocks * stride, arch.param_bytes());
  }
}

}  // namespace

void check_instructions(const Program& program) {
  const IntegerNetwork& network = program.network;
  const auto last_layer = static_cast<int64_t>(network.layers.size()) - 1;
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    const Place place{"instruction", static_cast<int64_t>(i), mnemonic_of(instruction.op)};
    try {
      static const std::string kProgram = "program";
      check_fields(instruction, kProgram);
    } catch (const Error& error) {
      throw std::logic_error(place.text() + ": " + error.what());
    }
    std::visit([&](const auto& op) { check_op(program, place, op); }, instruction.op);

    const InstructionInfo& info = program.info[i];
    require_inside(place, "layer", info.layer, 0, last_layer);
    require_inside(place, "useful_macs", info.useful_macs, 0, int64_t{1} << 48);
    if (info.n < 0) continue;
    const NetTensor& output =
        network.tensor(network.layers[static_cast<size_t>(info.layer)].output);
    require_inside(place, "part n", info.n, 0, output.n - 1);
    require_inside(place, "part y", info.y, 0, output.h - 1);
    require_inside(place, "part x", info.x, 0, output.w - 1);
    require_inside(place, "part channel", info.channel, 0, output.c - 1);
  }
}

}  // namespace qsim
