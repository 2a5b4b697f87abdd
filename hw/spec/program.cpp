#include "hw/spec/program.h"

#include <cstdio>

namespace qsim {
namespace {

std::string address_text(int64_t address) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(address));
  return buffer;
}

std::string shape_text(const NetTensor& tensor) {
  return to_text(Shape{tensor.n, tensor.h, tensor.w, tensor.c});
}

std::string layer_text(const IntegerNetwork& network, LayerId id) {
  const Layer& layer = network.layers[static_cast<size_t>(id)];
  return layer.name + " (" + name_of(layer.op) + ") -> " + shape_text(network.tensor(layer.output));
}

// Right-aligned in six columns, like the listing of an assembler.
std::string index_text(int64_t index) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%6lld", static_cast<long long>(index));
  return buffer;
}

std::string segment_text(const Program& program, const Step& step) {
  std::string text;
  LayerId layer = -1;
  for (int32_t i = step.first; i < step.first + step.count; ++i) {
    const InstructionInfo& info = program.info[static_cast<size_t>(i)];
    if (info.layer != layer) {
      layer = info.layer;
      text += "  layer " + layer_text(program.network, layer) + "\n";
    }
    text += index_text(i) + "  " + to_text(program.instructions[static_cast<size_t>(i)]);
    if (info.n >= 0) {
      text += "  ; final part at n=" + std::to_string(info.n) + " y=" + std::to_string(info.y) +
              " x=" + std::to_string(info.x) + " channel=" + std::to_string(info.channel);
    }
    if (info.useful_macs > 0) text += "  ; " + std::to_string(info.useful_macs) + " MACs";
    text += "\n";
  }
  return text;
}

}  // namespace

const DramTensor* Program::find_dram(TensorId tensor) const {
  for (const DramTensor& entry : dram_tensors) {
    if (entry.tensor == tensor) return &entry;
  }
  return nullptr;
}

std::string to_text(const Program& program) {
  std::string text = "program " + program.network.name + " for " + program.arch.name + "\n";
  text += "dram " + std::to_string(program.dram_bytes) + " bytes\n";
  text += "instructions " + std::to_string(program.instructions.size()) + " at " +
          address_text(program.instruction_address) + "\n";
  text += "constants " + std::to_string(program.constants.size()) + " bytes at " +
          address_text(program.constants_address) + "\n";
  for (const DramTensor& entry : program.dram_tensors) {
    const NetTensor& tensor = program.network.tensor(entry.tensor);
    text += "tensor " + tensor.name + " " + shape_text(tensor) + " at " +
            address_text(entry.address) + ", " + std::to_string(entry.pixel_bytes) +
            " bytes a pixel";
    if (entry.border_top || entry.border_left || entry.border_bottom || entry.border_right) {
      text += ", border " + std::to_string(entry.border_top) + " " +
              std::to_string(entry.border_left) + " " + std::to_string(entry.border_bottom) + " " +
              std::to_string(entry.border_right);
    }
    text += "\n";
  }
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const std::string title = "\nstep " + std::to_string(s) + ": ";
    if (step.host_layer >= 0) {
      text += title + "host " + layer_text(program.network, step.host_layer) + "\n";
    } else {
      text += title + "segment of " + std::to_string(step.count) + " instructions\n" +
              segment_text(program, step);
    }
  }
  return text;
}

}  // namespace qsim
