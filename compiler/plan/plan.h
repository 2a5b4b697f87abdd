// Plan: where every tensor lives and how every layer is cut into instructions, for one network on
// one machine. Made by the planner, turned into instructions by compiler/emit.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "hw/spec/network.h"

namespace qsim {

// Cycles that a stretch of instructions (ending with HALT) takes on a machine. The caller passes
// the analytic engine's, so that the plan is chosen by the timing rules themselves.
using CostFunction = std::function<int64_t(const Arch&, std::span<const Instruction>)>;

// Where a tensor lives for its whole life.
struct Placement {
  enum class Where : uint8_t {
    kNowhere,   // float tensors of the host
    kDram,      // streamed in tiles; `address` in DRAM
    kResident,  // stays in the activation buffer; `address` in bytes there
  };
  Where where = Where::kNowhere;
  int64_t address = 0;
  int32_t pixel_bytes =
      0;  // from pixel to pixel; DRAM: packed codes, rounded up to words unless a packed layer's
  int32_t pack = 0;  // log2 of the codes in a byte
  int32_t border_top = 0, border_left = 0, border_bottom = 0, border_right = 0;  // DRAM, pixels
};

enum class Place : uint8_t { kArray, kVector, kHost };
const char* name_of(Place place);  // "array", "vector", "host"

// How one layer is executed. Output pixels are cut into tiles of tile_h x tile_w; array layers
// visit
//   for each band of band_tiles tiles, for each group of group_blocks channel blocks,
//     for each tile of the band, for each block of the group: matmul, requant
// and hold the weights of a group while it lasts (of all groups when there is only one).
struct LayerPlan {
  Place place = Place::kVector;
  bool packed = false;  // the kernel's taps are packed into the channel dimension by the load unit
  int32_t weight_pack = 0;  // conv: log2 of the weights in a byte
  int32_t tile_h = 1, tile_w = 1;
  int32_t slice_blocks = 0;  // vector layers: channel blocks of a tile handled at once; 0: all
  int32_t band_tiles = 1;
  int32_t group_blocks = 1;
  bool hold_input = false;  // source tiles stay in the buffer for a whole band
  int64_t ring_low = 0,
          ring_high = 0;     // bytes of the activation buffer that this layer streams through
  int64_t cycles_alone = 0;  // of the chosen candidate, run by itself; 0 for host layers
};

struct Plan {
  std::vector<Placement> tensors;  // parallel to IntegerNetwork::tensors
  std::vector<LayerPlan> layers;   // parallel to IntegerNetwork::layers
  int64_t activations_bytes = 0;   // DRAM region of all kDram tensors, from address 0 on

  // Throws std::logic_error when tensors overlap in the activation buffer while both live, or a
  // layer's ring overlaps a resident tensor.
  void check(const IntegerNetwork& network, const Arch& arch) const;
};

// One line per tensor and layer: what `--dump plan` prints.
std::string to_text(const Plan& plan, const IntegerNetwork& network);

}  // namespace qsim
