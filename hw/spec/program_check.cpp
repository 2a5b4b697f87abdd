// Program::check(): what must hold of a program whether the compiler made it or a file brought it.
// Every sum is taken in 64 bits; fields are checked against their encoding first, so none
// overflows.
#include <algorithm>
#include <stdexcept>

#include "hw/spec/error.h"
#include "hw/spec/program.h"

namespace qsim {
namespace {

// What is being checked; becomes text only when it fails, for programs have 100,000 instructions.
struct Place {
  const char* what = "";  // "instruction", "step", or "" for the program itself
  int64_t index = 0;
  const char* detail = "";  // the mnemonic

  std::string text() const {
    if (!*what) return "program";
    return std::string("program: ") + what + " " + std::to_string(index) +
           (*detail ? std::string(" (") + detail + ")" : "");
  }
};

[[noreturn]] void fail(const Place& place, const char* name, int64_t value,
                       const std::string& expectation) {
  throw std::logic_error(place.text() + ": " + name + " = " + std::to_string(value) + " " +
                         expectation);
}

void require_inside(const Place& place, const char* name, int64_t value, int64_t low,
                    int64_t high) {
  if (value >= low && value <= high) return;
  fail(place, name, value,
       "is outside [" + std::to_string(low) + ", " + std::to_string(high) + "]");
}

// [first, end) of a buffer or DRAM.
void require_range(const Place& place, const char* name, int64_t first, int64_t end, int64_t size) {
  require_inside(place, name, first, 0, size);
  if (end < first || end > size) {
    fail(place, name, first,
         "ends at " + std::to_string(end) + ", outside [0, " + std::to_string(size) + "]");
  }
}

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
  const int64_t tiles = int64_t{1} * op.kh * op.kw * op.cblocks;
  require_range(place, "weight", op.weight, op.weight + tiles * arch.array.rows,
                arch.weight_words());
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
  require_inside(place, "clamp_low", op.clamp_low, -128, op.clamp_high);
  check_pitch(place, "dst_row_pitch", op.dst_row_pitch, arch.array.rows);
  check_pitch(place, "dst_pixel_pitch", op.dst_pixel_pitch, arch.array.rows);
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const int64_t channels = int64_t{1} * (op.blocks - 1) * arch.array.cols + op.last_channels;
  const int64_t taps = int64_t{1} * op.kh * op.kw;
  require_inside(place, "output bytes", pixels * channels, 1, arch.act_bytes());
  require_range(place, "dst", op.dst,
                op.dst + (op.out_h - 1) * int64_t{op.dst_row_pitch} +
                    (op.out_w - 1) * int64_t{op.dst_pixel_pitch} + channels,
                arch.act_bytes());
  if (function == VectorFunction::kRequant) {
    require_range(place, "src", op.src, op.src + op.blocks * pixels, arch.buffers.acc_entries);
  } else {
    check_pitch(place, "src_row_pitch", op.src_row_pitch, arch.array.rows);
    check_pitch(place, "src_pixel_pitch", op.src_pixel_pitch, arch.array.rows);
    check_source(place, op, op.src, op.src_row_pitch, op.src_pixel_pitch, channels,
                 arch.act_bytes());
  }
  if (function == VectorFunction::kAdd) {
    check_pitch(place, "src2_row_pitch", op.src2_row_pitch, arch.array.rows);
    check_pitch(place, "src2_pixel_pitch", op.src2_pixel_pitch, arch.array.rows);
    check_source(place, op, op.src2, op.src2_row_pitch, op.src2_pixel_pitch, channels,
                 arch.act_bytes());
  }
  const int64_t cols = arch.array.cols;
  const int64_t stride =
      16 * cols +
      (function == VectorFunction::kDepthwise ? 4 * cols * ((taps + 3) / 4) : int64_t{0});
  if (function == VectorFunction::kRequant || function == VectorFunction::kDepthwise) {
    require_range(place, "param", op.param, op.param + op.blocks * stride, arch.param_bytes());
  }
}

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

void check_steps(const Program& program) {
  int64_t next = 0;
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const Place place{"step", static_cast<int64_t>(s)};
    if (step.host_layer >= 0) {
      require_inside(place, "host_layer", step.host_layer, 0,
                     static_cast<int64_t>(program.network.layers.size()) - 1);
      if (!program.network.layers[static_cast<size_t>(step.host_layer)].is_host()) {
        fail(place, "host_layer", step.host_layer, "is not a layer of the host");
      }
      require_inside(place, "count", step.count, 0, 0);
      continue;
    }
    require_inside(place, "first", step.first, next, next);
    require_inside(place, "count", step.count, 1,
                   static_cast<int64_t>(program.instructions.size()) - next);
    next += step.count;
    for (int64_t i = step.first; i < next; ++i) {
      if (is_halt(program.instructions[static_cast<size_t>(i)].op) != (i == next - 1)) {
        fail(place, "instruction", i, "breaks the rule that HALT ends a segment, and only that");
      }
    }
  }
  require_inside(Place{}, "instructions in steps", next,
                 static_cast<int64_t>(program.instructions.size()),
                 static_cast<int64_t>(program.instructions.size()));
}

void check_dram(const Program& program) {
  if (program.instruction_address % kInstructionBytes != 0) {
    fail(Place{}, "instruction_address", program.instruction_address, "is not a multiple of 64");
  }
  require_inside(Place{}, "dram_bytes", program.dram_bytes, 0, int64_t{1} << 36);
  const auto instruction_bytes =
      static_cast<int64_t>(program.instructions.size()) * kInstructionBytes;
  require_inside(Place{}, "instruction_address", program.instruction_address, 0,
                 program.dram_bytes - instruction_bytes);
  require_inside(Place{}, "constants_address", program.constants_address, 0,
                 program.dram_bytes - static_cast<int64_t>(program.constants.size()));
  if (!program.network.has_values && !program.constants.empty()) {
    fail(Place{}, "constants", static_cast<int64_t>(program.constants.size()),
         "bytes in a program without values");
  }
  std::vector<bool> seen(program.network.tensors.size());
  for (const DramTensor& entry : program.dram_tensors) {
    const Place place{"DRAM tensor", entry.tensor};
    require_inside(place, "id", entry.tensor, 0, static_cast<int64_t>(seen.size()) - 1);
    if (seen[static_cast<size_t>(entry.tensor)]) fail(place, "id", entry.tensor, "appears twice");
    seen[static_cast<size_t>(entry.tensor)] = true;
    const NetTensor& tensor = program.network.tensor(entry.tensor);
    require_inside(place, "pixel_bytes", entry.pixel_bytes, tensor.c, 1 << 30);
    for (int32_t border :
         {entry.border_top, entry.border_left, entry.border_bottom, entry.border_right}) {
      require_inside(place, "border", border, 0, 1 << 16);
    }
    const Shape padded = {tensor.n, int64_t{tensor.h} + entry.border_top + entry.border_bottom,
                          int64_t{tensor.w} + entry.border_left + entry.border_right,
                          entry.pixel_bytes};
    require_inside(place, "address", entry.address, 0, program.dram_bytes);
    require_inside(place, "end", entry.address + element_count(padded), 0, program.dram_bytes);
  }
}

// What the report calls useful must be the layer's multiply-accumulates, no more and no less.
void check_macs(const Program& program) {
  std::vector<int64_t> macs(program.network.layers.size());
  std::vector<bool> on_array(macs.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    if (!std::holds_alternative<Matmul>(program.instructions[i].op)) continue;
    const auto layer = static_cast<size_t>(program.info[i].layer);
    macs[layer] += program.info[i].useful_macs;
    on_array[layer] = true;
  }
  for (size_t layer = 0; layer < macs.size(); ++layer) {
    const Layer& entry = program.network.layers[layer];
    const double rough = static_cast<double>(program.network.tensor(entry.output).elements()) *
                         entry.window.kh * entry.window.kw *
                         program.network.tensor(entry.inputs[0]).c;
    const int64_t expected = rough < 0x1p62 ? mac_count(program.network, entry) : -1;
    if (!on_array[layer] || macs[layer] == expected) continue;
    fail(Place{"layer", static_cast<int64_t>(layer), entry.name.c_str()}, "useful MACs",
         macs[layer], "differ from the layer's " + std::to_string(expected));
  }
}

}  // namespace

void Program::check() const {
  arch.check();
  network.check();
  if (info.size() != instructions.size()) {
    fail(Place{}, "info", static_cast<int64_t>(info.size()), "is not one entry an instruction");
  }
  check_steps(*this);
  check_dram(*this);
  check_instructions(*this);
  check_macs(*this);
}

}  // namespace qsim
