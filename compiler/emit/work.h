// Work: a layer's instructions before they are written.
//
// A layer is a list of steps. A step holds a few instructions that belong together (a matmul of one
// tile and channel block, with the last of them its requantization; the store of a finished tile).
// What they read and write in the buffers are pieces: allocations that are filled by a load (or by
// the vector unit) and live from their first step to their last. The scheduler (scheduler.h)
// allocates pieces, hoists their loads ahead of the steps that need them, and derives every
// dependency from the byte ranges that instructions touch. Steps and pieces come first; a step's
// instructions are written when its pieces have addresses (step_writer.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hw/spec/isa.h"
#include "hw/spec/program.h"

namespace qsim {

class StepWriter;

using PieceId = int32_t;
constexpr PieceId kNoPiece = -1;

// Address spaces in which instructions can collide.
enum class Space : uint8_t { kActivation, kWeight, kParam, kAccumulator, kDram };

// A byte range (accumulator: words) that an instruction touches; relative to the piece if there is
// one. In DRAM ranges are relative to `tensor`; constants never change and are not tracked.
struct Access {
  Space space = Space::kActivation;
  bool write = false;
  PieceId piece = kNoPiece;
  TensorId tensor = -1;
  int64_t low = 0, high = 0;
};

struct Piece {
  BufferId buffer = BufferId::kActivation;
  int64_t bytes = 0;
  std::optional<Load>
      load;       // with buffer_address relative to the piece; none: filled by the vector unit
  Access source;  // what the load reads in DRAM; source.tensor < 0 for constants
  LayerId layer = -1;
  int32_t first_step = 0, last_step = 0;
  int64_t address = -1;  // given by the scheduler
};

// The steps of one layer, numbered from 0 on.
class LayerSteps {
 public:
  virtual ~LayerSteps() = default;
  // Writes the instructions of a step, whose pieces have been placed.
  virtual void write(int32_t step, StepWriter& out) = 0;
};

struct WorkStep {
  LayerId layer = -1;
  LayerSteps* steps = nullptr;
  int32_t number = 0;
};

struct Work {
  std::vector<Piece> pieces;
  std::vector<WorkStep> steps;
  std::vector<std::unique_ptr<LayerSteps>> layers;  // what `steps` point to

  void clear() {
    pieces.clear();
    steps.clear();
    layers.clear();
  }
  int32_t next_step() const { return static_cast<int32_t>(steps.size()); }
  // A piece that lives in the next step.
  PieceId add(BufferId buffer, LayerId layer, int64_t bytes) {
    Piece& piece = pieces.emplace_back();
    piece.buffer = buffer;
    piece.layer = layer;
    piece.bytes = bytes;
    piece.first_step = piece.last_step = next_step();
    return static_cast<PieceId>(pieces.size()) - 1;
  }
  // One that a single run of bytes fills, from `dram_address` on.
  PieceId add_run(BufferId buffer, LayerId layer, int64_t bytes, int64_t dram_address) {
    const PieceId id = add(buffer, layer, bytes);
    Load& load = pieces.back().load.emplace();
    load.buffer = static_cast<int32_t>(buffer);
    load.dram_address = dram_address;
    load.bytes = static_cast<int32_t>(bytes);
    load.count0 = load.count1 = load.count2 = 1;
    return id;
  }
};

}  // namespace qsim
