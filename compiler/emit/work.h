// Work: a layer's instructions before they have buffer addresses and tokens.
//
// A layer is a list of steps. A step holds a few operations that belong together (the matmuls of
// one tile and channel block, then its requantization; the store of a finished tile). What the
// operations read and write in the buffers are pieces: allocations that are filled by a load (or by
// the vector unit) and live from their first step to their last. The scheduler (scheduler.h)
// allocates pieces, hoists their loads ahead of the steps that need them, and derives every
// dependency from the byte ranges that operations touch. Steps and pieces come first; a step's
// operations are made when it is their turn to be written, so that few are in memory at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hw/spec/isa.h"
#include "hw/spec/program.h"

namespace qsim {

using PieceId = int32_t;
constexpr PieceId kNoPiece = -1;

// Address spaces in which operations can collide.
enum class Space : uint8_t { kActivation, kWeight, kParam, kAccumulator, kDram };

// A byte range (accumulator: words) that an operation touches; relative to the piece if there is
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

// An instruction whose buffer addresses are relative to its pieces.
struct WorkOp {
  Operation op;
  InstructionInfo info;
  // Matmul: act, weight. Vector: src, dst, param, src2. Store: buffer.
  std::array<PieceId, 4> pieces = {kNoPiece, kNoPiece, kNoPiece, kNoPiece};
  std::array<Access, 4> accesses;
  int32_t access_count = 0;

  void touch(const Access& access) { accesses[static_cast<size_t>(access_count++)] = access; }
};

// The steps of one layer, numbered from 0 on.
class LayerSteps {
 public:
  virtual ~LayerSteps() = default;
  // Appends the operations of a step.
  virtual void append_ops(int32_t step, std::vector<WorkOp>& ops) const = 0;
};

struct WorkStep {
  LayerId layer = -1;
  const LayerSteps* steps = nullptr;
  int32_t number = 0;
};

struct Work {
  std::vector<Piece> pieces;
  std::vector<WorkStep> steps;
  std::vector<std::unique_ptr<const LayerSteps>> layers;  // what `steps` point to

  void clear() {
    pieces.clear();
    steps.clear();
    layers.clear();
  }
  int32_t next_step() const { return static_cast<int32_t>(steps.size()); }
  PieceId add(Piece piece) {
    pieces.push_back(std::move(piece));
    return static_cast<PieceId>(pieces.size()) - 1;
  }
};

}  // namespace qsim
