// Weights and parameter blocks as the load unit fetches them from DRAM.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/emit/view.h"

namespace qsim {

// Where a layer's constants lie in DRAM; every address is a multiple of 64. Layers without weights
// or parameters take no bytes.
struct LayerConstants {
  std::vector<std::vector<ReductionBox>> boxes;      // [block]; conv on the array only
  std::vector<std::vector<int64_t>> weight_address;  // [block][box]
  int64_t param_address = 0;                         // block b at + b * param_block_bytes()
  int64_t begin = 0, end = 0;
};

LayerConstants lay_out_constants(const LayerView& view, int64_t address);

// Bytes of one reduction box of weights.
inline int64_t box_bytes(const LayerView& view, const ReductionBox& box) {
  return box.tiles() * view.tile_words() * view.arch.array.cols;
}

// Writes the layer's constants into `image`, whose byte 0 is DRAM address `image_address`.
void write_constants(const LayerView& view, const LayerConstants& constants, int64_t image_address,
                     std::vector<uint8_t>& image);

}  // namespace qsim
