#include "compiler/emit/emit.h"

#include <optional>

#include "compiler/compile.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int64_t kRegionAlignment = 4096;

// A matmul, its requantization, the store of a tile.
constexpr size_t kOpsPerStep = 3;

// Writes the device segments and host steps of a network in order.
class Emitter {
 public:
  Emitter(const IntegerNetwork& network, const Arch& arch, const Plan& plan) : plan_(plan) {
    program_.arch = arch;
    program_.network = network;
  }

  Program emit() {
    lay_out_dram();
    TokenWriter tokens(program_.arch, program_.instructions, program_.info);
    Scheduler scheduler(program_.arch, program_.network, tokens);
    const LayerId layers = static_cast<LayerId>(program_.network.layers.size());
    for (LayerId first = 0; first < layers;) {
      if (is_host(first)) {
        program_.steps.push_back({first++, 0, 0});
        continue;
      }
      LayerId last = first;
      while (last < layers && !is_host(last)) ++last;
      append_segment(first, last, tokens, scheduler);
      first = last;
    }
    const int64_t end = program_.constants_address + constants_bytes_;
    program_.instruction_address = round_up(end, kRegionAlignment);
    program_.dram_bytes = program_.instruction_address +
                          static_cast<int64_t>(program_.instructions.size()) * kInstructionBytes;
    return std::move(program_);
  }

 private:
  bool is_host(LayerId id) const {
    return program_.network.layers[static_cast<size_t>(id)].is_host();
  }

  // Activations, constants, instructions, one region after the other.
  void lay_out_dram() {
    for (size_t id = 0; id < plan_.tensors.size(); ++id) {
      const Placement& place = plan_.tensors[id];
      if (place.where != Placement::Where::kDram) continue;
      program_.dram_tensors.push_back({static_cast<TensorId>(id), place.address, place.pixel_bytes,
                                       place.pack, place.border_top, place.border_left,
                                       place.border_bottom, place.border_right});
    }
    program_.constants_address = round_up(plan_.activations_bytes, kRegionAlignment);
    int64_t address = program_.constants_address;
    const size_t count = program_.network.layers.size();
    views_.resize(count);
    constants_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      if (program_.network.layers[i].is_host()) continue;
      views_[i].emplace(program_.network, static_cast<LayerId>(i), program_.arch, plan_,
                        plan_.layers[i].packed);
      constants_[i] = lay_out_constants(*views_[i], address);
      address = constants_[i].end;
    }
    constants_bytes_ = address - program_.constants_address;
    if (!program_.network.has_values) return;
    program_.constants.resize(static_cast<size_t>(constants_bytes_));
    for (size_t i = 0; i < count; ++i) {
      if (!views_[i]) continue;
      write_constants(*views_[i], constants_[i], program_.constants_address, program_.constants);
    }
  }

  void append_segment(LayerId first, LayerId last, TokenWriter& tokens, Scheduler& scheduler) {
    Step step;
    step.first = static_cast<int32_t>(program_.instructions.size());
    Work work;
    for (LayerId id = first; id < last; ++id) {
      append_layer_steps(*views_[static_cast<size_t>(id)], plan_,
                         constants_[static_cast<size_t>(id)], work);
    }
    // Enough for most: what grows is copied.
    const size_t expected =
        program_.instructions.size() + kOpsPerStep * work.steps.size() + work.pieces.size() + 1;
    program_.instructions.reserve(expected);
    program_.info.reserve(expected);
    NoFit no_fit;
    if (!scheduler.append(work, plan_, no_fit)) {
      throw Error("layer " + program_.network.layers[static_cast<size_t>(no_fit.layer)].name +
                  ": its plan does not fit the buffers");
    }
    tokens.end_segment(last - 1);
    step.count = static_cast<int32_t>(program_.instructions.size()) - step.first;
    for (int32_t i = step.first; i < step.first + step.count; ++i) {
      const size_t index = static_cast<size_t>(i);
      if (fields_fit(program_.instructions[index])) continue;
      const size_t layer = static_cast<size_t>(program_.info[index].layer);
      check_fields(program_.instructions[index], "layer " + program_.network.layers[layer].name);
    }
    program_.steps.push_back(step);
  }

  const Plan& plan_;
  Program program_;
  std::vector<std::optional<LayerView>> views_;  // device layers only
  std::vector<LayerConstants> constants_;
  int64_t constants_bytes_ = 0;
};

}  // namespace

void append_layer_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                        Work& work) {
  if (plan.layers[static_cast<size_t>(view.id)].place == Place::kArray) {
    append_array_steps(view, plan, constants, work);
  } else {
    append_vector_steps(view, plan, constants, work);
  }
}

LayerConstants constants_alone(const LayerView& view, const Plan& plan) {
  return lay_out_constants(view, round_up(plan.activations_bytes, kRegionAlignment));
}

bool emit_alone(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                Work& work, std::vector<Instruction>& instructions, NoFit& no_fit) {
  instructions.clear();
  work.clear();
  std::vector<InstructionInfo> info;
  TokenWriter tokens(view.arch, instructions, info);
  Scheduler scheduler(view.arch, view.network, tokens);
  append_layer_steps(view, plan, constants, work);
  if (!scheduler.append(work, plan, no_fit)) return false;
  tokens.end_segment(view.id);
  return true;
}

Program emit(const IntegerNetwork& network, const Arch& arch, const Plan& plan) {
  return Emitter(network, arch, plan).emit();
}

}  // namespace qsim
