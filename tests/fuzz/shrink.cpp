#include "tests/fuzz/shrink.h"

#include <cstddef>

namespace qsim::fuzz {
namespace {

// A number of a description and the least that it can be.
struct Number {
  int32_t* value;
  int32_t least;
};

std::vector<Number> numbers_of(CaseSpec& spec) {
  std::vector<Number> numbers = {{&spec.n, 1}, {&spec.h, 1}, {&spec.w, 1}, {&spec.c, 1}};
  for (CaseLayer& layer : spec.layers) {
    Window& w = layer.window;
    numbers.insert(numbers.end(), {{&layer.channels, 1},
                                   {&layer.groups, 1},
                                   {&w.kh, 1},
                                   {&w.kw, 1},
                                   {&w.stride_h, 1},
                                   {&w.stride_w, 1},
                                   {&w.dilation_h, 1},
                                   {&w.dilation_w, 1},
                                   {&w.pad_top, 0},
                                   {&w.pad_left, 0},
                                   {&w.pad_bottom, 0},
                                   {&w.pad_right, 0}});
  }
  numbers.push_back({&spec.arch.memory.latency_cycles, 1});
  numbers.push_back({&spec.arch.memory.controller_cycles, 0});
  numbers.push_back({&spec.arch.host.step_cycles, 0});
  return numbers;
}

// Bits of codes, which grow to 8.
std::vector<int32_t*> bits_of(CaseSpec& spec) {
  std::vector<int32_t*> bits = {&spec.bits};
  for (CaseLayer& layer : spec.layers) {
    bits.insert(bits.end(), {&layer.bits, &layer.weight_bits});
  }
  return bits;
}

// Steps that happen once: `is` says whether it has been taken.
struct Flag {
  bool (*taken)(const CaseSpec& spec);
  void (*take)(CaseSpec& spec);
};

#define QSIM_VALUE_FLAG(name, simple)                            \
  {                                                              \
    [](const CaseSpec& s) { return s.values.name == (simple); }, \
        [](CaseSpec& s) { s.values.name = simple; }              \
  }
constexpr Flag kFlags[] = {
    {[](const CaseSpec& s) { return s.arch.memory.model == MemoryModel::kIdeal; },
     [](CaseSpec& s) { s.arch.memory.model = MemoryModel::kIdeal; }},
    {[](const CaseSpec& s) { return s.arch.memory.channel_bits == ChannelBits::k64; },
     [](CaseSpec& s) { s.arch.memory.channel_bits = ChannelBits::k64; }},
    {[](const CaseSpec& s) { return s.arch.clock.mhz == 500; },
     [](CaseSpec& s) { s.arch.clock.mhz = 500; }},
    {[](const CaseSpec& s) { return s.arch.memory.bytes_per_cycle == 64.0; },
     [](CaseSpec& s) { s.arch.memory.bytes_per_cycle = 64.0; }},
    {[](const CaseSpec& s) { return s.arch.host.elements_per_cycle == 1.0; },
     [](CaseSpec& s) { s.arch.host.elements_per_cycle = 1.0; }},
    QSIM_VALUE_FLAG(extreme, false),
    QSIM_VALUE_FLAG(plain_weights, true),
    QSIM_VALUE_FLAG(plain_biases, true),
    QSIM_VALUE_FLAG(plain_scales, true),
    QSIM_VALUE_FLAG(plain_zero_points, true),
    QSIM_VALUE_FLAG(plain_clamps, true)};
#undef QSIM_VALUE_FLAG

class Shrinker {
 public:
  Shrinker(const CaseSpec& spec, const Verdict& verdict, const Judge& judge, int most_runs)
      : best_{spec, verdict, 0}, judge_(judge), most_runs_(most_runs) {}

  Shrunk run() {
    do {
      changed_ = false;
      drop_layers();
      simplify_layers();
      for (const Flag& flag : kFlags) {
        if (!flag.taken(best_.spec)) attempt([&](CaseSpec& spec) { flag.take(spec); });
      }
      reduce_numbers();
      widen_codes();
    } while (changed_ && best_.runs < most_runs_);
    return best_;
  }

 private:
  template <typename Step>
  bool attempt(Step step) {
    if (best_.runs >= most_runs_) return false;
    CaseSpec candidate = best_.spec;
    step(candidate);
    ++best_.runs;
    const Verdict verdict = judge_(candidate);
    if (verdict.kind != best_.verdict.kind) return false;
    best_.spec = candidate;
    best_.verdict = verdict;
    changed_ = true;
    return true;
  }

  // Halves first, single ones last.
  void drop_layers() {
    for (size_t count = best_.spec.layers.size(); count > 0; count /= 2) {
      for (size_t first = 0; first + count <= best_.spec.layers.size();) {
        const bool dropped = attempt([&](CaseSpec& spec) {
          const auto begin = spec.layers.begin() + static_cast<std::ptrdiff_t>(first);
          spec.layers.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
        });
        if (!dropped) ++first;
      }
    }
  }

  void simplify_layers() {
    for (size_t i = 0; i < best_.spec.layers.size(); ++i) {
      const CaseLayer layer = best_.spec.layers[i];
      if (layer.op != CaseOp::kConv) {
        attempt([&](CaseSpec& spec) { spec.layers[i] = {CaseOp::kConv, layer.channels}; });
      }
      if (layer.asymmetric_weights) {
        attempt([&](CaseSpec& spec) { spec.layers[i].asymmetric_weights = false; });
      }
      if (layer.count_include_pad) {
        attempt([&](CaseSpec& spec) { spec.layers[i].count_include_pad = false; });
      }
    }
  }

  // The least value, or half the way there as often as it goes, or one less as often as it goes.
  void reduce_numbers() {
    const size_t count = numbers_of(best_.spec).size();
    for (size_t i = 0; i < count; ++i) {
      const int32_t least = numbers_of(best_.spec)[i].least;
      const auto now = [&] { return *numbers_of(best_.spec)[i].value; };
      const auto set = [&](int32_t value) {
        return value < now() &&
               attempt([&](CaseSpec& spec) { *numbers_of(spec)[i].value = value; });
      };
      if (now() <= least || set(least)) continue;
      while (set(least + (now() - least) / 2)) {
      }
      while (set(now() - 1)) {
      }
    }
  }

  void widen_codes() {
    const size_t count = bits_of(best_.spec).size();
    for (size_t i = 0; i < count; ++i) {
      if (*bits_of(best_.spec)[i] != 8) attempt([&](CaseSpec& spec) { *bits_of(spec)[i] = 8; });
    }
  }

  Shrunk best_;
  const Judge& judge_;
  int most_runs_;
  bool changed_ = false;
};

}  // namespace

Shrunk shrink(const CaseSpec& spec, const Verdict& verdict, const Judge& judge, int most_runs) {
  return Shrinker(spec, verdict, judge, most_runs).run();
}

}  // namespace qsim::fuzz
