#include "compiler/plan/plan.h"

#include <stdexcept>

#include "compiler/emit/view.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

std::string pack_text(int32_t pack) {
  return pack == 0 ? "" : ", " + std::to_string(codes_per_byte(pack)) + " codes a byte";
}

std::string place_text(const Placement& place) {
  switch (place.where) {
    case Placement::Where::kNowhere:
      return "host";
    case Placement::Where::kResident:
      return "resident at " + std::to_string(place.address);
    case Placement::Where::kDram:
      break;
  }
  return "dram at " + std::to_string(place.address) + ", " + std::to_string(place.pixel_bytes) +
         " bytes a pixel";
}

}  // namespace

const char* name_of(Place place) {
  constexpr const char* kNames[] = {"array", "vector", "host"};
  return kNames[static_cast<int>(place)];
}

void Plan::check(const IntegerNetwork& network, const Arch& arch) const {
  if (tensors.size() != network.tensors.size() || layers.size() != network.layers.size()) {
    throw std::logic_error("plan: sizes differ from the network's");
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].place == Place::kHost) continue;
    if (layers[i].ring_high > arch.act_bytes() || layers[i].ring_low > layers[i].ring_high) {
      throw std::logic_error("plan: ring of layer " + network.layers[i].name + " is no range");
    }
    const Layer& layer = network.layers[i];
    std::vector<TensorId> operands = layer.inputs;
    operands.push_back(layer.output);
    for (TensorId id : operands) {
      const Placement& place = tensors[static_cast<size_t>(id)];
      if (place.where != Placement::Where::kResident) continue;
      const NetTensor& tensor = network.tensor(id);
      const int64_t bytes = tensor.elements() / tensor.c * pixel_pitch(arch, tensor.c, place.pack);
      if (place.address + bytes > layers[i].ring_low) {
        throw std::logic_error("plan: " + tensor.name + " overlaps the ring of " + layer.name);
      }
    }
  }
}

std::string to_text(const Plan& plan, const IntegerNetwork& network) {
  std::string text;
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    text += "tensor " + network.tensors[i].name + ": " + place_text(plan.tensors[i]) +
            pack_text(plan.tensors[i].pack) + "\n";
  }
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerPlan& layer = plan.layers[i];
    text += "layer " + network.layers[i].name + ": " + name_of(layer.place);
    if (layer.place != Place::kHost) {
      text += ", tiles of " + std::to_string(layer.tile_h) + "x" + std::to_string(layer.tile_w) +
              ", bands of " + std::to_string(layer.band_tiles) + " tiles" +
              (layer.hold_input ? " held" : "") + ", groups of " +
              std::to_string(layer.group_blocks) + " blocks" +
              (layer.slice_blocks ? ", slices of " + std::to_string(layer.slice_blocks) + " blocks"
                                  : "") +
              (layer.packed ? ", packed taps" : "") +
              (layer.weight_pack ? ", weights" + pack_text(layer.weight_pack) : "") + ", ring " +
              std::to_string(layer.ring_low) + ".." + std::to_string(layer.ring_high) + ", alone " +
              std::to_string(layer.cycles_alone) + " cycles";
    }
    text += "\n";
  }
  return text;
}

}  // namespace qsim
