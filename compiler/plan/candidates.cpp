#include "compiler/plan/candidates.h"

#include <algorithm>

namespace qsim {
namespace {

// Tile shapes tried per layer, of those that fit: each has about half the pixels of the one before.
constexpr size_t kMaxShapes = 4;

struct TileShape {
  int32_t h, w;
};

// Bytes of the activation ring that one tile of a shape takes.
struct Footprint {
  int64_t source = 0, output = 0;
};

Footprint footprint(const LayerView& view, const Plan& plan, const TileShape& shape) {
  const auto streamed = [&](TensorId id) {
    return plan.tensors[static_cast<size_t>(id)].where != Placement::Where::kResident;
  };
  // An inner tile has the largest source region.
  const OutTile tile{0, view.out_h > shape.h ? shape.h : 0, view.out_w > shape.w ? shape.w : 0,
                     shape.h, shape.w};
  const SourceRegion region = source_region(view, tile);
  const int64_t pixels = int64_t{shape.h} * shape.w;
  Footprint bytes;
  if (view.packed) {
    bytes.source = pixels * view.packed_blocks() * view.arch.array.rows;
  } else {
    for (TensorId id : view.layer.inputs) {
      if (streamed(id)) {
        bytes.source += int64_t{region.h} * region.w *
                        pixel_pitch(view.arch, view.network.tensor(id).c);
      }
    }
  }
  if (streamed(view.layer.output)) bytes.output = pixels * pixel_pitch(view.arch, view.out_c);
  return bytes;
}

// Rows per tile such that `tiles` tiles cover `size` about evenly.
int32_t even(int32_t size, int64_t tiles) { return static_cast<int32_t>(ceil_div(size, tiles)); }

// Full-width tiles first, halving rows, then halving columns; at most `most_pixels` pixels each.
std::vector<TileShape> shapes(const LayerView& view, const Plan& plan, int64_t most_pixels,
                              int64_t first_tiles) {
  const LayerPlan& base = plan.layers[static_cast<size_t>(view.id)];
  const int64_t ring = base.ring_high - base.ring_low;
  int32_t w = even(view.out_w, ceil_div(view.out_w, most_pixels));
  const int64_t most_rows = std::max<int64_t>(1, most_pixels / w);
  int32_t h = even(view.out_h, std::max(first_tiles, ceil_div(view.out_h, most_rows)));
  std::vector<TileShape> found;
  for (;;) {
    const Footprint bytes = footprint(view, plan, {h, w});
    if (bytes.source + bytes.output <= ring) found.push_back({h, w});
    if (found.size() == kMaxShapes || (h == 1 && w == 1)) break;
    // Narrow tiles are for layers of which not even one row fits.
    if (h > 1) {
      h = even(h, 2);
    } else if (found.empty()) {
      w = even(w, 2);
    } else {
      break;
    }
  }
  return found;
}

}  // namespace

std::vector<LayerPlan> array_candidates(const LayerView& view, const Plan& plan) {
  const LayerPlan& base = plan.layers[static_cast<size_t>(view.id)];
  const int64_t ring = base.ring_high - base.ring_low;
  const int64_t most_pixels = std::max(1, view.arch.buffers.acc_entries / 2);
  int64_t weight_bytes = 0, largest_block = 0;
  for (int32_t block = 0; block < view.blocks; ++block) {
    int64_t bytes = 0;
    for (const ReductionBox& box : view.boxes(block, view.max_box_tiles())) {
      bytes += box.tiles() * view.arch.array.rows * view.arch.array.cols;
    }
    weight_bytes += bytes;
    largest_block = std::max(largest_block, bytes);
  }
  const int64_t param_bytes = view.param_block_bytes();
  const bool whole_fits = weight_bytes <= view.arch.weight_bytes() &&
                          view.blocks * param_bytes <= view.arch.param_bytes();
  std::vector<LayerPlan> candidates;
  for (const TileShape& shape : shapes(view, plan, most_pixels, 1)) {
    LayerPlan candidate = base;
    candidate.packed = view.packed;
    candidate.tile_h = shape.h, candidate.tile_w = shape.w;
    const int32_t tiles = static_cast<int32_t>(view.out_tiles(candidate));
    candidate.band_tiles = tiles;
    if (whole_fits) {
      candidate.group_blocks = view.blocks;
      candidates.push_back(candidate);
      continue;
    }
    // Weights outside: every group of blocks visits all tiles while the next group loads.
    const int64_t group = std::min(view.arch.weight_bytes() / 2 / largest_block,
                                   view.arch.param_bytes() / 2 / param_bytes);
    candidate.group_blocks = static_cast<int32_t>(std::clamp<int64_t>(group, 1, view.blocks));
    candidates.push_back(candidate);
    // Inputs outside: a band of tiles stays while all weights stream past.
    const Footprint bytes = footprint(view, plan, shape);
    const int64_t per_tile = std::max<int64_t>(1, bytes.source + bytes.output);
    for (const int64_t room : {ring / 2, ring}) {
      const int32_t band =
          static_cast<int32_t>(std::clamp<int64_t>(room / per_tile, 1, tiles));
      LayerPlan held = candidate;
      held.group_blocks = 1;
      held.hold_input = true;
      held.band_tiles = band;
      if (candidates.back().hold_input && candidates.back().band_tiles == band) continue;
      candidates.push_back(held);
    }
  }
  return candidates;
}

std::vector<LayerPlan> vector_candidates(const LayerView& view, const Plan& plan) {
  const LayerPlan& base = plan.layers[static_cast<size_t>(view.id)];
  std::vector<LayerPlan> candidates;
  constexpr int64_t kMostPixels = 1 << 14;
  const Footprint one = footprint(view, plan, {1, 1});
  // Nothing to stream: one tile. Otherwise several, so that load, vector and store overlap.
  const int64_t first_tiles = one.source + one.output == 0 ? 1 : 2;
  for (const TileShape& shape : shapes(view, plan, kMostPixels, first_tiles)) {
    LayerPlan candidate = base;
    candidate.tile_h = shape.h, candidate.tile_w = shape.w;
    candidate.group_blocks = view.blocks;
    if (view.layer.op == LayerOp::kConv) {
      const int64_t params = view.param_block_bytes();
      if (view.blocks * params > view.arch.param_bytes()) {
        candidate.group_blocks = static_cast<int32_t>(
            std::max<int64_t>(1, view.arch.param_bytes() / 2 / params));
      }
    }
    candidates.push_back(candidate);
    if (first_tiles == 1) break;
  }
  return candidates;
}

}  // namespace qsim
