#include "compiler/emit/scheduler.h"

#include <algorithm>
#include <numeric>

#include "compiler/emit/view.h"

namespace qsim {
namespace {

constexpr size_t kBuffers = 3;

// How many steps ahead of its use a piece may be loaded.
constexpr int32_t kLookaheadSteps = 8;

}  // namespace

int64_t Ring::allocate(int64_t bytes) {
  bytes = round_up(bytes, alignment_);
  // Candidates: the running position, then the end of every live piece, going round once.
  const auto fits = [&](int64_t at) {
    if (at + bytes > high_) return false;
    return std::none_of(live_.begin(), live_.end(), [&](const Live& piece) {
      return piece.low < at + bytes && at < piece.high;
    });
  };
  int64_t found = -1;
  if (fits(next_)) found = next_;
  for (size_t i = 0; i < live_.size() && found < 0; ++i) {
    if (live_[i].high >= next_ && fits(live_[i].high)) found = live_[i].high;
  }
  if (found < 0 && fits(low_)) found = low_;
  for (size_t i = 0; i < live_.size() && found < 0; ++i) {
    if (live_[i].high < next_ && fits(live_[i].high)) found = live_[i].high;
  }
  if (found < 0) return -1;
  next_ = found + bytes;
  const auto after = std::find_if(live_.begin(), live_.end(),
                                  [&](const Live& piece) { return piece.low >= found; });
  live_.insert(after, {found, found + bytes});
  return found;
}

void Ring::release(int64_t address) {
  std::erase_if(live_, [&](const Live& piece) { return piece.low == address; });
}

Scheduler::Scheduler(const Arch& arch, const IntegerNetwork& network, TokenWriter& tokens)
    : arch_(arch),
      tokens_(tokens),
      hazards_(network.tensors.size()),
      crowded_{{{},
                std::vector<bool>(network.layers.size()),
                std::vector<bool>(network.layers.size())}} {
  empty_ring(BufferId::kWeight);
  empty_ring(BufferId::kParam);
}

void Scheduler::empty_ring(BufferId buffer) {
  ring(buffer) = buffer == BufferId::kWeight
                     ? Ring(0, arch_.weight_bytes(), arch_.array.cols)
                     : Ring(0, arch_.param_bytes(), arch_.param_word_bytes());
}

bool Scheduler::append(Work& work, const Plan& plan, NoFit& no_fit) {
  queue_pieces(work);
  if (!measure_layers(work, plan, no_fit)) return false;
  StepWriter writer(work, hazards_, tokens_);
  LayerId layer = -1;
  for (int32_t step = 0; step < work.next_step(); ++step) {
    const WorkStep& current = work.steps[static_cast<size_t>(step)];
    if (current.layer != layer) {
      layer = current.layer;
      enter_layer(plan.layers[static_cast<size_t>(layer)], layer);
    }
    if (!place_needed(work, step, no_fit)) return false;
    place_ahead(work, step);
    current.steps->write(current.number, writer);
    for (PieceId id : ends(step)) {
      const Piece& piece = work.pieces[static_cast<size_t>(id)];
      ring(piece.buffer).release(piece.address);
    }
  }
  return true;
}

void Scheduler::queue_pieces(const Work& work) {
  for (size_t b = 0; b < kBuffers; ++b) {
    queue_[b].clear();
    placed_[b] = needed_[b] = 0;
  }
  first_end_.assign(work.steps.size() + 1, 0);
  for (size_t i = 0; i < work.pieces.size(); ++i) {
    const Piece& piece = work.pieces[i];
    queue_[static_cast<size_t>(piece.buffer)].push_back(static_cast<PieceId>(i));
    ++first_end_[static_cast<size_t>(piece.last_step) + 1];
  }
  std::partial_sum(first_end_.begin(), first_end_.end(), first_end_.begin());
  ends_.resize(work.pieces.size());
  std::vector<size_t> next = first_end_;
  for (size_t i = 0; i < work.pieces.size(); ++i) {
    ends_[next[static_cast<size_t>(work.pieces[i].last_step)]++] = static_cast<PieceId>(i);
  }
  load_number_.assign(work.pieces.size(), 0);
  loads_written_ = loads_needed_ = 0;
}

// Whether every layer's activation pieces fit its ring, and which layers are crowded. Pieces leave
// a ring in the order in which they enter, so the free room is one stretch but for the end of the
// ring, where less than the largest piece is lost: pieces that live at one time always find room
// when they and the largest fit, or when the ring never goes round. Among pieces of earlier layers,
// gaps too small for a piece of this one can only add up to less than it and its own pieces do:
// half the buffer is safe.
bool Scheduler::measure_layers(const Work& work, const Plan& plan, NoFit& no_fit) {
  std::array<size_t, kBuffers> next{};
  std::array<int64_t, kBuffers> live{}, largest{}, total{};
  int64_t capacity[] = {0, arch_.weight_bytes(), arch_.param_bytes()};
  LayerId layer = -1;
  for (int32_t step = 0; step < work.next_step(); ++step) {
    const LayerId current = work.steps[static_cast<size_t>(step)].layer;
    if (current != layer) {
      largest = total = {};
      layer = current;
      const LayerPlan& layer_plan = plan.layers[static_cast<size_t>(layer)];
      capacity[0] = layer_plan.ring_high - layer_plan.ring_low;
    }
    for (size_t b = 0; b < kBuffers; ++b) {
      for (; next[b] < queue_[b].size(); ++next[b]) {
        const Piece& piece = work.pieces[static_cast<size_t>(queue_[b][next[b]])];
        if (piece.first_step > step) break;
        live[b] += piece.bytes;
        total[b] += piece.bytes;
        largest[b] = std::max(largest[b], piece.bytes);
      }
    }
    if (live[0] + largest[0] > capacity[0] && total[0] > capacity[0]) {
      no_fit = {layer, BufferId::kActivation, live[0] + largest[0]};
      return false;
    }
    for (size_t b = 1; b < kBuffers; ++b) {
      if (live[b] + largest[b] > capacity[b] / 2) crowded_[b][static_cast<size_t>(layer)] = true;
    }
    for (PieceId id : ends(step)) {
      const Piece& piece = work.pieces[static_cast<size_t>(id)];
      live[static_cast<size_t>(piece.buffer)] -= piece.bytes;
    }
  }
  return true;
}

void Scheduler::enter_layer(const LayerPlan& plan, LayerId layer) {
  ring(BufferId::kActivation) = Ring(plan.ring_low, plan.ring_high, arch_.array.rows);
  // Nothing of a later layer has been placed before a piece of this one in the same buffer.
  for (const BufferId buffer : {BufferId::kWeight, BufferId::kParam}) {
    if (crowded_[static_cast<size_t>(buffer)][static_cast<size_t>(layer)]) empty_ring(buffer);
  }
}

bool Scheduler::place_needed(Work& work, int32_t step, NoFit& no_fit) {
  const LayerId layer = work.steps[static_cast<size_t>(step)].layer;
  for (size_t b = 0; b < kBuffers; ++b) {
    for (; needed_[b] < queue_[b].size(); ++needed_[b]) {
      const PieceId id = queue_[b][needed_[b]];
      const Piece& piece = work.pieces[static_cast<size_t>(id)];
      if (piece.first_step > step) break;
      if (needed_[b] == placed_[b]) {
        if (!try_place(work, id, layer)) {
          no_fit = {piece.layer, piece.buffer, piece.bytes};
          return false;
        }
        ++placed_[b];
      }
      loads_needed_ = std::max(loads_needed_, load_number_[static_cast<size_t>(id)]);
    }
  }
  return true;
}

// Places what later steps need as far as room, lookahead and the depth of the token counters allow:
// a taker waits at most for the token_depth-th latest load before it (tokens.h). Within a buffer
// pieces are placed in the order of their use, so that a piece placed early never takes the room of
// one that is needed before it.
void Scheduler::place_ahead(Work& work, int32_t step) {
  const LayerId layer = work.steps[static_cast<size_t>(step)].layer;
  const int32_t last = std::min(step + kLookaheadSteps, work.next_step() - 1);
  std::array<bool, kBuffers> blocked{};
  for (;;) {
    // The earliest needed of the buffers' next pieces.
    size_t best = kBuffers;
    int32_t best_step = last + 1;
    for (size_t b = 0; b < kBuffers; ++b) {
      if (blocked[b] || placed_[b] == queue_[b].size()) continue;
      const Piece& piece = work.pieces[static_cast<size_t>(queue_[b][placed_[b]])];
      if (piece.first_step < best_step) {
        best = b;
        best_step = piece.first_step;
      }
    }
    if (best == kBuffers || loads_written_ - loads_needed_ + 2 > arch_.sync.token_depth) return;
    if (try_place(work, queue_[best][placed_[best]], layer)) {
      ++placed_[best];
    } else {
      blocked[best] = true;
    }
  }
}

// Activation pieces live in the ring of their own layer: they are not placed while another runs.
bool Scheduler::try_place(Work& work, PieceId id, LayerId layer) {
  Piece& piece = work.pieces[static_cast<size_t>(id)];
  const bool own_rings =
      piece.buffer == BufferId::kActivation ||
      crowded_[static_cast<size_t>(piece.buffer)][static_cast<size_t>(piece.layer)];
  if (own_rings && piece.layer != layer) return false;
  const int64_t address = ring(piece.buffer).allocate(piece.bytes);
  if (address < 0) return false;
  piece.address = address;
  if (piece.load) {
    write_load(piece);
    load_number_[static_cast<size_t>(id)] = ++loads_written_;
  }
  return true;
}

void Scheduler::write_load(const Piece& piece) {
  const int32_t number = tokens_.next_number(Unit::kLoad);
  Needs needs = kNoNeeds;
  if (piece.source.tensor >= 0) hazards_.touch(piece.source, 0, Unit::kLoad, number, needs);
  constexpr Space kSpaces[] = {Space::kActivation, Space::kWeight, Space::kParam};
  const Space space = kSpaces[static_cast<size_t>(piece.buffer)];
  hazards_.touch({space, true, kNoPiece, -1, 0, piece.bytes}, piece.address, Unit::kLoad, number,
                 needs);
  Load& load = tokens_.begin({}, piece.layer).instruction.op.emplace<Load>(*piece.load);
  load.buffer_address += static_cast<int32_t>(piece.address);
  tokens_.end(needs);
}

}  // namespace qsim
