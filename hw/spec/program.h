// Program: everything an engine needs to run a network on one machine. Made by the compiler, stored
// as a .qprog file, executed by every engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "hw/spec/network.h"

namespace qsim {

// Where an activation tensor lives in DRAM, in the machine's layout: pixel by pixel, each pixel
// `pixel_bytes` long, its codes packed (hw/spec/packing.h). A border of border_* pixels around each
// image holds the zero point (written when memory is initialised and never overwritten), so that
// packed layers can read over the edge. Pixel (n, y, x) starts at
//   address + ((n * (h + border_top + border_bottom) + y + border_top)
//              * (w + border_left + border_right) + x + border_left) * pixel_bytes
struct DramTensor {
  TensorId tensor = -1;
  int64_t address = 0;
  int32_t pixel_bytes = 0;
  int32_t pack = 0;  // log2 of the codes in a byte
  int32_t border_top = 0, border_left = 0, border_bottom = 0, border_right = 0;
};

// One step of the timeline: a stretch of instructions that ends with HALT, or one host layer.
struct Step {
  LayerId host_layer = -1;       // >= 0: a host step for this layer
  int32_t first = 0, count = 0;  // instructions of a device segment, HALT included
};

// What an instruction is for; parallel to Program::instructions.
struct InstructionInfo {
  LayerId layer = -1;  // HALT: the last layer of the segment
  // For the vector instruction that writes a final part of the layer's output: the image, pixel and
  // channel at which the part starts; n = -1 for every other instruction. The instruction's pixel
  // (r, c) is the output's pixel number ((n * h + y) * w + x) + r * w + c, counted over all images
  // (on 1 x 1 maps a row of the instruction runs over images).
  int32_t n = -1, y = 0, x = 0, channel = 0;
  // Matmul: multiply-accumulates of the layer it performs, padding taps included, lanes beyond the
  // last channel excluded.
  int64_t useful_macs = 0;
};

struct Program {
  Arch arch;
  IntegerNetwork network;   // the layer table
  std::vector<Step> steps;  // in order of execution
  std::vector<Instruction> instructions;
  std::vector<InstructionInfo> info;
  int64_t instruction_address = 0;  // DRAM address of instruction 0, multiple of 64
  int64_t dram_bytes = 0;           // addresses used are below
  int64_t constants_address = 0;    // `constants` is loaded there before the run
  std::vector<uint8_t> constants;   // weights and parameter blocks; empty when !network.has_values
  std::vector<DramTensor>
      dram_tensors;  // tensors that host steps exchange with the device, and any
                     // other tensor that passes through DRAM; at most one entry each

  const DramTensor* find_dram(TensorId tensor) const;
  // Throws std::logic_error when an invariant is broken (addresses inside buffers and DRAM, fields
  // in range, steps that cover all instructions, HALT at each segment's end).
  void check() const;
};

// The .qprog format, version 3: see program_file.cpp. load_program() throws Error for a file that
// is not a .qprog, of another version, truncated or damaged (a CRC-32 covers the content).
constexpr uint32_t kProgramVersion = 3;
void save_program(const Program& program, const std::string& path);
Program load_program(const std::string& path);

// Disassembly with layer names: what `qsim disasm` prints.
std::string to_text(const Program& program);

}  // namespace qsim
