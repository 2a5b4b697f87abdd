// Program::check(): what must hold of a program whether the compiler made it or a file brought it.
#include "hw/spec/program_check.h"

#include <algorithm>

#include "hw/spec/packing.h"
#include "hw/spec/program_place.h"

namespace qsim {
namespace {

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
    require_inside(place, "pack", entry.pack, 0,
                   std::min(program.arch.max_pack(), pack_of_bits(tensor.bits)));
    require_inside(place, "pixel_bytes", entry.pixel_bytes, packed_bytes(tensor.c, entry.pack),
                   1 << 30);
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
