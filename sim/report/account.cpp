#include "sim/report/account.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "hw/spec/packing.h"
#include "sim/report/spans.h"

namespace qsim {
namespace {

struct StateText {
  const char *name, *title, *meaning;
};

constexpr StateText kStates[kCycleStates] = {
    {"useful", "useful", "the array multiplies and accumulates, padding taps included"},
    {"edge", "edge", "PEs left over by tiles that do not fill the array"},
    {"weight_load", "weights", "the array waits for a tile's weights"},
    {"fill_drain", "fill/drain", "a matmul's first or last values are on their way"},
    {"depthwise", "depthwise", "the array is idle, the vector unit convolves depthwise"},
    {"vector", "vector", "the array is idle, the vector unit does something else"},
    {"load", "load", "array and vector unit are idle, memory is being read"},
    {"store", "store", "array and vector unit are idle, memory is being written"},
    {"fetch", "fetch", "no unit works: an instruction, a token or HALT is waited for"},
    {"host", "host", "a host step runs, the device waits"}};

template <typename Op>
bool is(const Operation& op) {
  return std::holds_alternative<Op>(op);
}

struct Segment {
  const Program& program;
  const RunResult& result;
  const Step& step;
  const StepTiming& time;

  template <typename Visit>  // visit(operation, timing, info)
  void for_each(Visit&& visit) const {
    for (int32_t i = step.first; i < step.first + step.count; ++i) {
      const auto index = static_cast<size_t>(i);
      visit(program.instructions[index].op, result.timing[index], program.info[index]);
    }
  }
};

// Rule T16: who owns which cycles of a segment. split() must be called with ascending spans.
class Owners {
 public:
  explicit Owners(const Segment& segment) {
    int64_t frontier = segment.time.start;
    // A segment without compute and vector instructions belongs to the layer that HALT names.
    LayerId last =
        segment.program.info[static_cast<size_t>(segment.step.first + segment.step.count - 1)]
            .layer;
    segment.for_each(
        [&](const Operation& op, const InstructionTiming& timing, const InstructionInfo& info) {
          if (!is<Matmul>(op) && !is<Vector>(op)) return;
          last = info.layer;
          if (timing.retire < frontier) return;
          frontier = timing.retire + 1;
          owners_.push_back({frontier, info.layer});
        });
    owners_.push_back({segment.time.end, last});
  }

  void restart() { cursor_ = 0; }

  template <typename Visit>  // visit(layer, part of the span)
  void split(Span span, Visit&& visit) {
    while (span.begin < span.end) {
      while (owners_[cursor_].end <= span.begin) ++cursor_;
      const int64_t end = std::min(span.end, owners_[cursor_].end);
      visit(owners_[cursor_].layer, Span{span.begin, end});
      span.begin = end;
    }
  }

 private:
  struct Owner {
    int64_t end;  // its cycles begin where the previous owner's end
    LayerId layer;
  };
  std::vector<Owner> owners_;
  size_t cursor_ = 0;
};

// The cycles in which a chosen instruction has issued and not retired; the chosen are of one unit,
// so that issues and retirements ascend.
template <typename Choose>
Spans in_flight(const Segment& segment, Choose&& choose) {
  Spans spans;
  segment.for_each(
      [&](const Operation& op, const InstructionTiming& timing, const InstructionInfo&) {
        if (!choose(op)) return;
        const Span span{timing.issue + 1, timing.retire + 1};
        if (!spans.empty() && span.begin <= spans.back().end) {
          spans.back().end = span.end;
        } else {
          spans.push_back(span);
        }
      });
  return spans;
}

// The streaming cycles of a matmul: the first `length` of every `period`, from `begin` on.
struct Stream {
  int64_t begin, length, period;
  int64_t cycles, useful;

  int64_t cycles_before(int64_t cycle) const {
    const int64_t elapsed = cycle - begin;
    return elapsed / period * length + std::min(elapsed % period, length);
  }
  // Useful PE-cycles (a PE does 2^act_pack multiply-accumulates in one) are spread evenly over the
  // stream; rounding down keeps the sum exact.
  int64_t useful_before(int64_t cycle) const {
    return static_cast<int64_t>(static_cast<__int128>(useful) * cycles_before(cycle) / cycles);
  }
};

Stream stream_of(const Arch& arch, const Matmul& matmul, const InstructionTiming& timing,
                 int64_t useful) {
  const int64_t busy = timing.busy_until - timing.issue;
  Stream stream{timing.issue + 1, busy, busy, busy, useful};
  if (arch.array.dataflow == Dataflow::kWs) {
    stream.length = int64_t{1} * matmul.out_h * matmul.out_w;
    stream.period = std::max<int64_t>(stream.length, arch.array.rows);
    stream.cycles = busy / stream.period * stream.length;
  }
  if (stream.cycles < 1 || useful > stream.cycles * arch.pes()) {
    throw std::logic_error("account: " + std::to_string(useful) + " useful PE-cycles in " +
                           std::to_string(stream.cycles) + " streaming cycles of a matmul");
  }
  return stream;
}

void add_stream(Account& account, const Stream& stream, Span part, int64_t pes) {
  const int64_t streamed = stream.cycles_before(part.end) - stream.cycles_before(part.begin);
  const int64_t useful = stream.useful_before(part.end) - stream.useful_before(part.begin);
  account[CycleState::kUseful] += useful;
  account[CycleState::kEdge] += streamed * pes - useful;
  account[CycleState::kWeightLoad] += (part.end - part.begin - streamed) * pes;
}

// States 1 and 2; returns the busy cycles of all matmuls.
Spans account_array(const Segment& segment, Owners& owners, RunAccount& run) {
  Spans busy;
  const Arch& arch = segment.program.arch;
  segment.for_each(
      [&](const Operation& op, const InstructionTiming& timing, const InstructionInfo& info) {
        const auto* matmul = std::get_if<Matmul>(&op);
        if (!matmul) return;
        const int64_t useful = packed_bytes(info.useful_macs, matmul->act_pack);
        const Stream stream = stream_of(arch, *matmul, timing, useful);
        busy.push_back({timing.issue + 1, timing.busy_until + 1});
        owners.split(busy.back(), [&](LayerId layer, Span part) {
          add_stream(run.layers[static_cast<size_t>(layer)].account, stream, part, arch.pes());
        });
      });
  return busy;
}

bool is_depthwise(const Operation& op) {
  const auto* vector = std::get_if<Vector>(&op);
  return vector && VectorFunction(vector->function) == VectorFunction::kDepthwise;
}

void account_segment(const Segment& segment, RunAccount& run) {
  Owners owners(segment);
  const int64_t pes = segment.program.arch.pes();
  owners.split({segment.time.start, segment.time.end}, [&](LayerId layer, Span part) {
    run.layers[static_cast<size_t>(layer)].cycles += part.end - part.begin;
  });

  owners.restart();
  Spans open = {{segment.time.start, segment.time.end}};
  take(open, account_array(segment, owners, run));

  const auto claim = [&](CycleState state, const Spans& cover) {
    owners.restart();
    for (const Span& span : take(open, cover)) {
      owners.split(span, [&](LayerId layer, Span part) {
        run.layers[static_cast<size_t>(layer)].account[state] += (part.end - part.begin) * pes;
      });
    }
  };
  claim(CycleState::kFillDrain, in_flight(segment, is<Matmul>));
  claim(CycleState::kDepthwise, in_flight(segment, is_depthwise));
  claim(CycleState::kVector, in_flight(segment, is<Vector>));
  claim(CycleState::kLoad, in_flight(segment, is<Load>));
  claim(CycleState::kStore, in_flight(segment, is<Store>));
  claim(CycleState::kFetch, {{segment.time.start, segment.time.end}});
}

void check_sums(const RunAccount& run, const RunResult& result, int64_t pes) {
  for (const LayerAccount& layer : run.layers) {
    if (layer.account.sum() != layer.cycles * pes) {
      throw std::logic_error("account: a layer of " + std::to_string(layer.cycles) +
                             " cycles sums to " + std::to_string(layer.account.sum()) +
                             " PE-cycles");
    }
  }
  if (run.cycles != result.cycles) {
    throw std::logic_error("account: layers own " + std::to_string(run.cycles) +
                           " cycles of a run of " + std::to_string(result.cycles));
  }
}

}  // namespace

const char* name_of(CycleState state) { return kStates[static_cast<int>(state)].name; }
const char* title_of(CycleState state) { return kStates[static_cast<int>(state)].title; }
const char* meaning_of(CycleState state) { return kStates[static_cast<int>(state)].meaning; }

int64_t Account::sum() const {
  int64_t sum = 0;
  for (int64_t value : pe_cycles) sum += value;
  return sum;
}

Account& Account::operator+=(const Account& other) {
  for (size_t i = 0; i < pe_cycles.size(); ++i) pe_cycles[i] += other.pe_cycles[i];
  return *this;
}

RunAccount account_for(const Program& program, const RunResult& result) {
  if (result.timing.size() != program.instructions.size() ||
      result.steps.size() != program.steps.size()) {
    throw std::logic_error("account: the result is not of a timed engine");
  }
  RunAccount run;
  run.layers.resize(program.network.layers.size());
  const int64_t pes = program.arch.pes();
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const StepTiming& time = result.steps[s];
    if (step.host_layer < 0) {
      account_segment({program, result, step, time}, run);
      continue;
    }
    LayerAccount& layer = run.layers[static_cast<size_t>(step.host_layer)];
    layer.cycles += time.end - time.start;
    layer.account[CycleState::kHost] += (time.end - time.start) * pes;
  }
  for (const LayerAccount& layer : run.layers) {
    run.cycles += layer.cycles;
    run.total += layer.account;
  }
  check_sums(run, result, pes);
  return run;
}

}  // namespace qsim
