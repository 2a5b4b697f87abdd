#include "compiler/plan/candidates.h"

#include <algorithm>

#include "hw/spec/memory_timing.h"
#include "hw/spec/timing.h"

namespace qsim {
namespace {

// Tile shapes tried per layer, of those that fit: each has about half the pixels of the one before.
constexpr size_t kMaxShapes = 4;

// So many tiles in the ring at once let load, compute and store overlap.
constexpr int64_t kTilesAtOnce = 3;

struct TileShape {
  int32_t h, w;
};

// Bytes of the activation ring that one tile of a shape takes.
struct Footprint {
  int64_t source = 0, output = 0;
};

// `blocks` channel blocks of every tensor alone, where it is not 0.
Footprint footprint(const LayerView& view, const Plan& plan, const TileShape& shape,
                    int32_t blocks = 0) {
  const auto channels = [&](int32_t all) {
    return blocks == 0 ? all : std::min(all, blocks * view.arch.array.cols);
  };
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
                        pixel_pitch(view.arch, channels(view.network.tensor(id).c),
                                    plan.tensors[static_cast<size_t>(id)].pack);
      }
    }
  }
  if (streamed(view.layer.output))
    bytes.output = pixels * pixel_pitch(view.arch, channels(view.out_c), view.out_pack);
  return bytes;
}

// Rows per tile such that `tiles` tiles cover `size` about evenly.
int32_t even(int32_t size, int64_t tiles) { return static_cast<int32_t>(ceil_div(size, tiles)); }

// Full-width tiles first, halving rows, then halving columns; at most `most_pixels` pixels each.
// Ends with a tile of which the ring holds a few, so that loads run ahead of their use.
std::vector<TileShape> shapes(const LayerView& view, const Plan& plan, int64_t most_pixels,
                              int64_t first_tiles, int32_t blocks = 0) {
  const LayerPlan& base = plan.layers[static_cast<size_t>(view.id)];
  const int64_t ring = base.ring_high - base.ring_low;
  int32_t w = even(view.out_w, ceil_div(view.out_w, most_pixels));
  const int64_t most_rows = std::max<int64_t>(1, most_pixels / w);
  int32_t h = even(view.out_h, std::max(first_tiles, ceil_div(view.out_h, most_rows)));
  std::vector<TileShape> found;
  while (found.size() < kMaxShapes) {
    // Going round the ring wastes up to one piece.
    const Footprint bytes = footprint(view, plan, {h, w}, blocks);
    const int64_t tile = bytes.source + bytes.output;
    const bool one_tile = blocks == 0 && h == view.out_h && w == view.out_w && view.images == 1;
    const int64_t waste = one_tile ? 0 : std::max(bytes.source, bytes.output);
    if (tile + waste <= ring) found.push_back({h, w});
    if (h == 1 && (w == 1 || (!found.empty() && kTilesAtOnce * tile <= ring))) break;
    if (h > 1) {
      h = even(h, 2);
    } else {
      w = even(w, 2);
    }
  }
  return found;
}

struct WeightBytes {
  int64_t total = 0, largest_block = 0;
  int64_t reduction_tiles = 0;  // over all blocks
  bool split = false;           // some block needs more than one box
};

WeightBytes weight_bytes(const LayerView& view, const LayerConstants& constants) {
  WeightBytes bytes;
  for (const std::vector<ReductionBox>& boxes : constants.boxes) {
    int64_t tiles = 0;
    for (const ReductionBox& box : boxes) tiles += box.tiles();
    const int64_t size = tiles * view.tile_words() * view.arch.array.cols;
    bytes.total += size;
    bytes.largest_block = std::max(bytes.largest_block, size);
    bytes.reduction_tiles += tiles;
    bytes.split = bytes.split || boxes.size() > 1;
  }
  return bytes;
}

// Fills bound and instruction count from what a plan moves and computes.
Candidate bounded(const LayerView& view, const Plan& plan, const LayerPlan& layer_plan,
                  const WeightBytes& weights) {
  const Arch& arch = view.arch;
  const bool array = layer_plan.place == Place::kArray;
  const int64_t rows = arch.array.rows;
  const int64_t down = ceil_div(view.out_h, layer_plan.tile_h) * view.images;
  const int64_t across = ceil_div(view.out_w, layer_plan.tile_w);
  const int64_t tiles = down * across;
  const int64_t bands = ceil_div(tiles, layer_plan.band_tiles);
  const int64_t groups = ceil_div(view.blocks, layer_plan.group_blocks);
  const int64_t pixels = int64_t{view.images} * view.out_h * view.out_w;
  const int64_t tile_pixels = int64_t{layer_plan.tile_h} * layer_plan.tile_w;

  const Footprint bytes = footprint(view, plan, {layer_plan.tile_h, layer_plan.tile_w});
  int64_t loaded = tiles * bytes.source, stored = tiles * bytes.output;
  int64_t compute = 0, vector = 0, loads = bytes.source > 0 ? tiles : 0;
  int64_t first_weights = 0;
  if (array) {
    const int64_t weight_loads = weights.split ? tiles : groups == 1 ? 1 : bands;
    if (!layer_plan.hold_input) {
      loaded *= groups;
      loads *= groups;
    }
    loaded += weight_loads * weights.total;
    loads += weight_loads * view.blocks + groups * bands;
    const int64_t fed = arch.array.dataflow == Dataflow::kWs ? std::max(pixels, tiles * rows)
                                                             : tiles * round_up(tile_pixels, rows);
    compute = weights.reduction_tiles * fed;
    vector = view.blocks * (pixels + tiles * timing::kVectorBlockSetupCycles);
    first_weights = weights.total / view.blocks;
  } else {
    const int64_t taps = std::max<int64_t>(1, int64_t{view.window.kh} * view.window.kw);
    const int64_t reads = view.layer.op == LayerOp::kAdd ? 2 : taps;
    vector = ceil_div(view.out_c, arch.lanes()) * pixels * reads +
             tiles * view.blocks * timing::kVectorBlockSetupCycles;
  }
  Candidate candidate;
  candidate.plan = layer_plan;
  candidate.instructions = tiles * (array ? 2 * view.blocks : 1) + loads + tiles;
  const auto transfer = [&](int64_t moved) {
    return static_cast<int64_t>(static_cast<double>(moved) / peak_bytes_per_cycle(arch));
  };
  // The array starts after its first operands have come; the last tile leaves after the array's
  // end.
  const int64_t fill = transfer(bytes.source + first_weights) + transfer(bytes.output);
  candidate.bound_cycles = std::max(
      {std::max(compute, vector) + fill,
       transfer(loaded + candidate.instructions * timing::kInstructionBytes), transfer(stored)});
  return candidate;
}

std::vector<LayerPlan> array_plans(const LayerView& view, const Plan& plan,
                                   const std::vector<TileShape>& tile_shapes,
                                   const WeightBytes& weights) {
  const LayerPlan& base = plan.layers[static_cast<size_t>(view.id)];
  const int64_t ring = base.ring_high - base.ring_low;
  const int64_t param_bytes = view.param_block_bytes();
  const bool whole_fits = !weights.split && weights.total <= view.arch.weight_bytes() &&
                          view.blocks * param_bytes <= view.arch.param_bytes();
  std::vector<LayerPlan> plans;
  for (const TileShape& shape : tile_shapes) {
    LayerPlan candidate = base;
    candidate.packed = view.packed;
    candidate.tile_h = shape.h, candidate.tile_w = shape.w;
    const int32_t tiles = static_cast<int32_t>(view.out_tiles(candidate));
    candidate.band_tiles = tiles;
    if (whole_fits) {
      candidate.group_blocks = view.blocks;
      plans.push_back(candidate);
      continue;
    }
    // Weights outside: every group of blocks visits all tiles while the next group loads.
    const int64_t group = std::min(view.arch.weight_bytes() / 2 / weights.largest_block,
                                   view.arch.param_bytes() / 2 / param_bytes);
    candidate.group_blocks = static_cast<int32_t>(std::clamp<int64_t>(group, 1, view.blocks));
    plans.push_back(candidate);
    // Inputs outside: a band of tiles stays while all weights stream past.
    const Footprint bytes = footprint(view, plan, shape);
    const int64_t per_tile = std::max<int64_t>(1, bytes.source + bytes.output);
    for (const int64_t room : {ring / 2, ring}) {
      LayerPlan held = candidate;
      held.group_blocks = 1;
      held.hold_input = true;
      held.band_tiles = static_cast<int32_t>(std::clamp<int64_t>(room / per_tile, 1, tiles));
      if (plans.back().hold_input && plans.back().band_tiles == held.band_tiles) continue;
      plans.push_back(held);
    }
  }
  return plans;
}

std::vector<LayerPlan> vector_plans(const LayerView& view, const Plan& plan,
                                    const std::vector<TileShape>& tile_shapes, int32_t slice) {
  std::vector<LayerPlan> plans;
  for (const TileShape& shape : tile_shapes) {
    LayerPlan candidate = plan.layers[static_cast<size_t>(view.id)];
    candidate.tile_h = shape.h, candidate.tile_w = shape.w;
    candidate.group_blocks = view.blocks;
    candidate.slice_blocks = slice;
    if (view.layer.op == LayerOp::kConv) {
      const int64_t params = view.param_block_bytes();
      if (view.blocks * params > view.arch.param_bytes()) {
        candidate.group_blocks =
            static_cast<int32_t>(std::max<int64_t>(1, view.arch.param_bytes() / 2 / params));
      }
    }
    plans.push_back(candidate);
  }
  return plans;
}

std::vector<Candidate> judgeable(const LayerView& view, const Plan& plan,
                                 const LayerConstants& constants,
                                 const std::vector<TileShape>& tile_shapes, int32_t slice = 0) {
  const bool array = plan.layers[static_cast<size_t>(view.id)].place == Place::kArray;
  const WeightBytes weights = array ? weight_bytes(view, constants) : WeightBytes{};
  std::vector<Candidate> candidates;
  for (const LayerPlan& layer_plan : array ? array_plans(view, plan, tile_shapes, weights)
                                           : vector_plans(view, plan, tile_shapes, slice)) {
    candidates.push_back(bounded(view, plan, layer_plan, weights));
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     return a.bound_cycles != b.bound_cycles ? a.bound_cycles < b.bound_cycles
                                                             : a.instructions < b.instructions;
                   });
  return candidates;
}

}  // namespace

std::vector<Candidate> candidates_of(const LayerView& view, const Plan& plan,
                                     const LayerConstants& constants) {
  if (plan.layers[static_cast<size_t>(view.id)].place == Place::kArray) {
    const int64_t most_pixels = std::max(1, view.arch.buffers.acc_entries / 2);
    return judgeable(view, plan, constants, shapes(view, plan, most_pixels, 1));
  }
  constexpr int64_t kMostPixels = 1 << 14;
  const Footprint one = footprint(view, plan, {1, 1});
  // Nothing to stream: one tile. Otherwise several, so that load, vector and store overlap.
  if (one.source + one.output == 0) {
    const std::vector<TileShape> whole = shapes(view, plan, kMostPixels, 1);
    return judgeable(view, plan, constants, {whole.front()});
  }
  std::vector<TileShape> tile_shapes = shapes(view, plan, kMostPixels, 2);
  int32_t slice = 0;
  // Where not even one pixel's window over all channels fits, fewer channels at a time.
  if (view.layer.op != LayerOp::kConcat) {
    for (int32_t blocks = view.blocks / 2; tile_shapes.empty() && blocks > 0; blocks /= 2) {
      tile_shapes = shapes(view, plan, kMostPixels, 2, blocks);
      slice = blocks;
    }
  }
  return judgeable(view, plan, constants, tile_shapes, slice);
}

std::vector<Candidate> smallest_candidates(const LayerView& view, const Plan& plan,
                                           const LayerConstants& constants) {
  return judgeable(view, plan, constants, {{1, 1}});
}

}  // namespace qsim
