// Allocates pieces, hoists loads ahead of the steps that need them, and writes instructions.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "compiler/emit/step_writer.h"
#include "compiler/plan/plan.h"

namespace qsim {

// First fit, round and round, in a stretch of a buffer. Positions move on, so that a piece is
// reused as late as possible.
class Ring {
 public:
  Ring() = default;
  Ring(int64_t low, int64_t high, int64_t alignment)
      : low_(low), high_(high), alignment_(alignment), next_(low) {}

  // Address of a free stretch of `bytes`, or -1 when there is none now.
  int64_t allocate(int64_t bytes);
  void release(int64_t address);

 private:
  struct Live {
    int64_t low, high;
  };

  int64_t low_ = 0, high_ = 0, alignment_ = 1;
  int64_t next_ = 0;
  std::vector<Live> live_;  // by address
};

// Why a work could not be scheduled: the pieces of one step do not fit a buffer together.
struct NoFit {
  LayerId layer = -1;
  BufferId buffer = BufferId::kActivation;
  int64_t bytes = 0;  // of the piece that found no room
};

class Scheduler {
 public:
  Scheduler(const Arch& arch, const IntegerNetwork& network, TokenWriter& tokens);

  // Appends the instructions of a segment's work. Returns false, with `no_fit` filled, when some
  // step's pieces do not fit; what has been appended by then is then meaningless. Weight and
  // parameter pieces are hoisted across layers, unless the later layer is crowded; activation
  // pieces only within their layer, whose ring they live in. So a layer that fits alone fits
  // anywhere.
  bool append(Work& work, const Plan& plan, NoFit& no_fit);

 private:
  void queue_pieces(const Work& work);
  bool measure_layers(const Work& work, const Plan& plan, NoFit& no_fit);
  void empty_ring(BufferId buffer);
  void enter_layer(const LayerPlan& plan, LayerId layer);
  bool place_needed(Work& work, int32_t step, NoFit& no_fit);
  void place_ahead(Work& work, int32_t step);
  bool try_place(Work& work, PieceId id, LayerId layer);
  void write_load(const Piece& piece);
  std::span<const PieceId> ends(int32_t step) const {
    const size_t s = static_cast<size_t>(step);
    return std::span(ends_).subspan(first_end_[s], first_end_[s + 1] - first_end_[s]);
  }
  Ring& ring(BufferId buffer) { return rings_[static_cast<size_t>(buffer)]; }

  const Arch& arch_;
  TokenWriter& tokens_;
  std::array<Ring, 3> rings_;
  HazardMaps hazards_;

  // Per buffer: pieces in order of first use, how many of them have been placed, and how many of
  // these the current step or earlier ones need.
  std::array<std::vector<PieceId>, 3> queue_;
  std::array<size_t, 3> placed_{}, needed_{};
  // Pieces by their last step: those of step s are ends_[first_end_[s]] ... ends_[first_end_[s+1]].
  std::vector<PieceId> ends_;
  std::vector<size_t> first_end_;
  // By layer: its weights or parameters need, at one time, so much of their buffer that pieces left
  // over by an earlier layer could cut the room too small. It starts with empty rings.
  std::array<std::vector<bool>, 3> crowded_;  // by buffer
  std::vector<int32_t> load_number_;          // by piece, from 1 on; 0: not loaded
  int32_t loads_written_ = 0;                 // of this work
  int32_t loads_needed_ = 0;                  // number of the latest load that a step so far needs
};

}  // namespace qsim
