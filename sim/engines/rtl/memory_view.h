// The model's memories as the program addresses them, through the banks of docs/developer/rtl.md:
// byte a of a buffer is element a / NB of bank a mod NB; word w of lane c of the accumulators is
// element w of column c's memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/rtl/model.h"
#include "sim/engines/written.h"

namespace qsim::rtl {

class MemoryView {
 public:
  // Both must outlive the view.
  MemoryView(const Model& model, const Program& program, std::span<uint8_t> dram);

  // False when the model's memories are not found under their names: then only kDram can be read.
  bool available() const { return available_; }

  // As the model stands. Bytes beyond a memory's end read as 0.
  void read(Memory memory, int64_t address, std::span<uint8_t> to) const;

  // All memories but DRAM get the content that fill_memory() gives them.
  void fill(uint32_t seed) const;

 private:
  using Banks = std::vector<MemoryArray>;

  uint8_t* byte(Memory memory, int64_t address) const;  // null: there is none

  const Program& program_;
  std::span<uint8_t> dram_;
  std::array<Banks, 4> banks_;  // by Memory
  bool available_;
};

}  // namespace qsim::rtl
