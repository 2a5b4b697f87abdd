// What the host does, for every engine that carries values in a DRAM image: fills the image before
// a run, runs its layers between segments, reads the outputs. No time passes here.
//
// Tensors that the host holds or exchanges are NHWC: float32 where the network's tensor is_float,
// else int8 codes, shape [n, h, w, c]. In DRAM they lie as DramTensor says.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hw/spec/program.h"

namespace qsim {

// The instructions as DRAM holds them, kInstructionBytes each.
std::vector<uint8_t> encode_instructions(const Program& program);

class Host {
 public:
  // Both must outlive the host; `dram` holds program.dram_bytes bytes or more.
  Host(const Program& program, std::span<uint8_t> dram) : program_(program), dram_(dram) {}

  // Writes instructions (as encode_instructions() gives them), constants, and the borders of all
  // tensors, with their zero points. Other bytes keep their values.
  void load(std::span<const uint8_t> instructions);

  // Takes one tensor per network input and puts codes into DRAM. Throws Error when the number of
  // inputs, a type or a number of elements is not the network's; shapes are not looked at.
  void set_inputs(const std::vector<Tensor>& inputs);

  // Runs one host layer on what it and the device have written; returns its output.
  const Tensor& run_layer(LayerId layer);

  // One tensor per network output.
  std::vector<Tensor> outputs() const;

  // A tensor's present value: the host's own copy or else DRAM's.
  Tensor read(TensorId id) const;

 private:
  int64_t pixel_address(const DramTensor& place, int64_t n, int64_t y, int64_t x) const;
  int8_t* codes_at(const DramTensor& place, int64_t n, int64_t y, int64_t x) const;  // packed
  void write_codes(const DramTensor& place, const Tensor& codes);
  void write_border(const DramTensor& place);

  const Program& program_;
  std::span<uint8_t> dram_;
  std::vector<Tensor> held_;  // by TensorId; empty where DRAM has it
};

// Elements that decide how long a host layer takes (T3): the larger of those read and written.
int64_t host_elements(const IntegerNetwork& network, LayerId layer);

}  // namespace qsim
