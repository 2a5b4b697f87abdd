// LayerView: the geometry of one device layer in the terms of the machine.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"
#include "hw/spec/packing.h"
#include "hw/spec/program.h"

namespace qsim {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Bytes from pixel to pixel of a feature map of `channels` channels in the machine's layout.
inline int64_t pixel_pitch(const Arch& arch, int64_t channels, int32_t pack) {
  return round_up(packed_bytes(channels, pack), arch.array.rows);
}

// A part of the reduction that one matmul instruction performs: taps and channel words. `pass` 1 is
// the second half of weights that need 9 bits (w = clamp(w) + rest).
struct ReductionBox {
  int32_t ky = 0, kh = 1, kx = 0, kw = 1, cblock = 0, cblocks = 1;
  int32_t pass = 0;
  int64_t tiles() const { return int64_t{1} * kh * kw * cblocks; }
};

// A rectangle of output pixels of one image.
struct OutTile {
  int32_t n = 0, y = 0, x = 0, h = 1, w = 1;
};

struct LayerView {
  // Of `plan` it takes the packs alone, which must have been chosen (plan/containers.h).
  LayerView(const IntegerNetwork& net, LayerId layer_id, const Arch& machine, const Plan& plan,
            bool packed_input);

  const IntegerNetwork& network;
  const Arch& arch;
  LayerId id;
  const Layer& layer;
  bool packed;

  // Images and maps. Layers on 1 x 1 maps see the batch as the columns of one image.
  int32_t images, in_h, in_w, in_c, out_h, out_w, out_c;
  Window window;
  int32_t blocks;                          // channel blocks of array.cols output channels
  int32_t in_pack, out_pack, weight_pack;  // of the first input, the output, the weights
  int32_t passes = 1;                      // 2 when some weight needs 9 bits

  int64_t out_tiles(const LayerPlan& plan) const {
    return int64_t{images} * ceil_div(out_h, plan.tile_h) * ceil_div(out_w, plan.tile_w);
  }
  int32_t block_channels(int32_t block) const;  // output channels of a block
  // Says that an instruction produces the layer's output from `channel` on at a tile.
  void set_part(const OutTile& tile, int32_t channel, InstructionInfo& info) const {
    const bool folded = network.tensor(layer.output).n != images;  // the tile's columns are images
    info.n = folded ? tile.x : tile.n;
    info.y = tile.y;
    info.x = folded ? 0 : tile.x;
    info.channel = channel;
  }

  // Matmul: reduction lanes of a word, and words of weights of a tile.
  int32_t word_lanes() const { return arch.array.rows << in_pack; }
  int64_t tile_words() const { return ceil_div(word_lanes(), codes_per_byte(weight_pack)); }
  // Reduction elements of a packed layer, and the words that hold them.
  int32_t packed_elements() const { return window.kh * window.kw * in_c; }
  int32_t packed_blocks() const;
  // The boxes whose sum is the reduction of a channel block, each at most `max_tiles` tiles, in the
  // order in which weights lie in DRAM.
  std::vector<ReductionBox> boxes(int32_t block, int64_t max_tiles) const;
  int64_t max_box_tiles() const;  // half the weight buffer
  // Multiply-accumulates of one output pixel that a box performs for a block (real channels only).
  int64_t useful_macs(int32_t block, const ReductionBox& box) const;

  // Bytes of one parameter block (docs/reference/isa.md).
  int64_t param_block_bytes() const;
};

std::vector<OutTile> tiles_of(const LayerView& view, const LayerPlan& plan);

// The source pixels that a tile needs, clipped to the image, never empty: h x w of them from (y, x)
// on, every step_h-th row and step_w-th column (1, unless a window of one tap strides over the
// others).
struct SourceRegion {
  int32_t y = 0, x = 0, h = 1, w = 1;
  int32_t step_h = 1, step_w = 1;
};
SourceRegion source_region(const LayerView& view, const OutTile& tile);

}  // namespace qsim
