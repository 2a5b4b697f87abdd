// Programs of a few instructions, for tests of single units. Memory is ideal and the bus 64 bytes
// wide unless a test says otherwise: instruction i is then requested in cycle i, dispatched in
// cycle i + 2 and issues in cycle i + 3 when nothing holds it up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/program.h"
#include "sim/systemc/engine.h"

namespace qsim::test {

constexpr int64_t kData = 0x10000;    // where data() puts constants
constexpr int64_t kResult = 0x20000;  // DRAM that the run returns: outputs[0]
constexpr int64_t kDramBytes = 0x30000;

constexpr uint8_t kLoadBit = 1, kComputeBit = 2, kVectorBit = 4, kStoreBit = 8;

class TinyProgram {
 public:
  TinyProgram() {
    program_.arch.memory.model = MemoryModel::kIdeal;
    program_.arch.memory.bus_bytes = 64;
    program_.arch.buffers.act_kib = 16;
    program_.arch.buffers.weight_kib = 16;
    program_.arch.buffers.param_kib = 16;
    program_.network.name = "tiny";
    program_.network.has_values = true;
    Layer layer;
    layer.name = "layer0";
    layer.inputs = {0};
    layer.output = 0;
    program_.network.layers = {layer};
    program_.network.tensors.resize(1);
    program_.network.tensors[0].name = "result";
    program_.instruction_address = 0;
    program_.constants_address = kData;
    program_.dram_bytes = kDramBytes;
  }

  TinyProgram& array(int32_t rows, int32_t cols, Dataflow dataflow = Dataflow::kWs) {
    arch().array = {rows, cols, dataflow};
    return *this;
  }
  TinyProgram& pe_modes(PeModes modes) {
    arch().array.pe_modes = modes;
    return *this;
  }
  TinyProgram& add(const Operation& op, uint8_t take = 0, uint8_t give = 0) {
    program_.instructions.push_back({op, take, give});
    program_.info.push_back({.layer = 0});
    return *this;
  }
  TinyProgram& data(std::vector<uint8_t> bytes) {
    program_.constants = std::move(bytes);
    return *this;
  }
  // DRAM bytes [kResult, kResult + bytes) become the run's output.
  TinyProgram& result(int32_t bytes) {
    program_.network.tensors[0].c = bytes;
    program_.network.outputs = {0};
    program_.dram_tensors = {{0, kResult, bytes}};
    return *this;
  }
  Arch& arch() { return program_.arch; }
  const Arch& arch() const { return program_.arch; }
  Program& program() { return program_; }

  // With the HALT that ends it.
  Program whole() const {
    Program program = program_;
    program.instructions.push_back({Halt{}});
    program.info.push_back({.layer = 0});
    program.steps = {{-1, 0, static_cast<int32_t>(program.instructions.size())}};
    return program;
  }
  RunResult run(SystemcOptions options = {}) {
    return SystemcEngine(whole(), std::move(options)).run({});
  }

 private:
  Program program_;
};

inline Load load(BufferId buffer, int64_t address, int64_t dram, int32_t bytes) {
  Load op;
  op.buffer = static_cast<int32_t>(buffer);
  op.buffer_address = static_cast<int32_t>(address);
  op.dram_address = dram;
  op.bytes = bytes;
  op.count0 = op.count1 = op.count2 = 1;
  return op;
}

inline Store store(int64_t address, int64_t dram, int32_t bytes) {
  Store op;
  op.buffer_address = static_cast<int32_t>(address);
  op.dram_address = dram;
  op.bytes = bytes;
  op.count0 = op.count1 = op.count2 = 1;
  return op;
}

// A 1x1 window over a row of `pixels` pixels, one word each, at word 0.
inline Matmul matmul(int32_t pixels) {
  Matmul op;
  op.in_h = op.out_h = 1;
  op.in_w = op.out_w = pixels;
  op.act_row_pitch = pixels;
  op.act_pixel_pitch = 1;
  op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
  op.kh = op.kw = op.cblocks = 1;
  return op;
}

// A 1x1 window over a row of `pixels` pixels of one block; pitches of one word of `rows` bytes.
inline Vector vector(VectorFunction function, int32_t pixels, int32_t channels, int32_t rows) {
  Vector op;
  op.function = static_cast<int32_t>(function);
  op.blocks = 1;
  op.last_channels = channels;
  op.in_h = op.out_h = 1;
  op.in_w = op.out_w = pixels;
  op.dst_pixel_pitch = op.src_pixel_pitch = op.src2_pixel_pitch =
      (channels + rows - 1) / rows * rows;
  op.dst_row_pitch = op.src_row_pitch = op.src2_row_pitch = op.dst_pixel_pitch * pixels;
  op.kh = op.kw = op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
  op.clamp_low = -128;
  op.clamp_high = 127;
  return op;
}

// Runs and returns the message of the exception, "" when there is none.
inline std::string failure(TinyProgram& program, SystemcOptions options = {}) {
  try {
    program.run(std::move(options));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace qsim::test
