// The waveforms of SystemC and RTL: the same signals with the same values in every cycle, and those
// that follow from the cycles that the runs return.
#include "sim/engines/waveform.h"

#include <algorithm>
#include <bitset>
#include <sstream>

#include "compiler/compile.h"
#include "hw/spec/machines.h"
#include "sim/engines/analytic/engine.h"
#include "sim/systemc/engine.h"
#include "tests/sim/engines/rtl/halt_machine.h"
#include "tests/support/engines.h"
#include "tests/support/network_builder.h"
#include "tests/support/token_program.h"
#include "tests/support/vcd.h"

namespace qsim::rtl {
namespace {

struct Shown {
  RunResult result;
  Vcd vcd;
  // The value of each signal in each cycle, by name.
  std::map<std::string, std::vector<std::string>> cycles;
};

int64_t value_of(const std::string& digits) {
  return digits == "x" ? -1 : static_cast<int64_t>(std::bitset<64>(digits).to_ullong());
}

template <typename Engine, typename Options>
Shown show(const Program& program, Options options, WaveWindow window = {}) {
  Shown shown;
  std::ostringstream text;
  {
    Waveform waveform(program, text, window);
    options.waveform = &waveform;
    shown.result = Engine(program, options).run(random_inputs(program.network, 1));
  }
  shown.vcd = read_vcd(text.str());
  for (const auto& [name, changes] : shown.vcd.changes) {
    auto& values = shown.cycles[name];
    size_t next = 0;
    for (int64_t cycle = 0; cycle < shown.result.cycles; ++cycle) {
      while (next < changes.size() && changes[next].first <= 10 * cycle) ++next;
      values.push_back(next ? changes[next - 1].second : "");
    }
  }
  return shown;
}

class WaveformsTest : public HaltMachine {
 protected:
  // Two segments with a host step between them: convolutions, a pool, stores.
  static Program network() {
    NetworkBuilder net("two segments", 3);
    TensorId x = net.conv(net.input(1, 8, 8, 3), 9, square_window(3, 1, 1));
    x = net.table(x, false);
    x = net.max_pool(net.conv(x, 6, square_window(3)), square_window(2, 2));
    net.output(x);
    const IntegerNetwork integers = net.take();
    const Arch arch = find_arch("tiny4");
    return emit(integers, arch, make_plan(integers, arch, segment_cycles));
  }

  static void expect_equal(const Program& program) {
    SystemcOptions options;
    options.check_hazards = false;
    const Shown systemc = show<SystemcEngine>(program, options);
    const Shown rtl = show<RtlEngine>(program, quick(""));
    EXPECT_EQ(systemc.result.cycles, rtl.result.cycles);
    EXPECT_EQ(systemc.vcd.end, 10 * rtl.result.cycles);
    EXPECT_EQ(rtl.vcd.end, 10 * rtl.result.cycles);
    for (const auto& [name, values] : systemc.cycles) {
      const auto& others = rtl.cycles.at(name);
      const auto [a, b] = std::mismatch(values.begin(), values.end(), others.begin(), others.end());
      ASSERT_TRUE(a == values.end() && b == others.end())
          << name << " first differs in cycle " << a - values.begin() << ": " << *a << " and "
          << *b;
    }
    EXPECT_EQ(systemc.vcd.changes, rtl.vcd.changes);
  }
};

TEST_F(WaveformsTest, SystemcAndRtlShowTheSame) { expect_equal(network()); }

TEST_F(WaveformsTest, SystemcAndRtlShowTheSameTokens) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    expect_equal(token_program(find_arch("tiny4"), seed));
  }
}

TEST_F(WaveformsTest, SystemcAndRtlShowTheSameDram) {
  Program program = network();
  program.arch.memory.model = MemoryModel::kDdr4;
  expect_equal(program);
}

// Signals against the cycles of the analytic engine, by the definitions of waveform.h.
TEST_F(WaveformsTest, SignalsAreWhatTheirNamesSay) {
  const Program program = network();
  const Shown shown = show<SystemcEngine>(program, SystemcOptions{});
  const RunResult timed = run_analytic(program);
  ASSERT_EQ(shown.result.cycles, timed.cycles);
  std::map<std::string, std::vector<int64_t>> wanted;
  const auto signal = [&](const std::string& name, int64_t otherwise) -> std::vector<int64_t>& {
    return wanted.try_emplace("qsim." + name, timed.cycles, otherwise).first->second;
  };
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const InstructionTiming& at = timed.timing[i];
    if (is_halt(program.instructions[i].op)) {
      signal("halt", 0)[static_cast<size_t>(at.retire)] = 1;
      continue;
    }
    const Unit unit = unit_of(program.instructions[i].op);
    const std::string name = std::string(name_of(unit)) + ".";
    signal(name + "issue", 0)[static_cast<size_t>(at.issue)] = 1;
    signal(name + "done", 0)[static_cast<size_t>(at.done)] = 1;
    signal(name + "retire", 0)[static_cast<size_t>(at.retire)] = 1;
    for (int64_t t = at.issue + 1; t <= at.busy_until; ++t) {
      signal(name + "busy", 0)[static_cast<size_t>(t)] = 1;
      signal(name + "instr", -1)[static_cast<size_t>(t)] = static_cast<int64_t>(i);
    }
    for (int64_t t = at.issue + 1; t <= at.retire; ++t) {
      ++signal(name + "in_flight", 0)[static_cast<size_t>(t)];
    }
    for (int64_t t = at.retire + 1; t < timed.cycles; ++t) {
      signal(name + "retired", -1)[static_cast<size_t>(t)] = static_cast<int64_t>(i);
    }
    for (int other = 0; other < kUnits; ++other) {
      const std::string partner = name_of(Unit(other));
      for (int64_t t = at.retire + 1; t < timed.cycles; ++t) {
        if (!(program.instructions[i].give >> other & 1)) continue;
        ++signal("tokens." + name.substr(0, name.size() - 1) + "_to_" + partner,
                 0)[static_cast<size_t>(t)];
      }
      for (int64_t t = at.issue + 1; t < timed.cycles; ++t) {
        if (!(program.instructions[i].take >> other & 1)) continue;
        --signal("tokens." + partner + "_to_" + name.substr(0, name.size() - 1),
                 0)[static_cast<size_t>(t)];
      }
    }
  }
  for (size_t i = 0; i < program.steps.size(); ++i) {
    if (program.steps[i].host_layer < 0) continue;
    for (int64_t t = timed.steps[i].start; t < timed.steps[i].end; ++t) {
      signal("host.busy", 0)[static_cast<size_t>(t)] = 1;
      signal("host.layer", -1)[static_cast<size_t>(t)] = program.steps[i].host_layer;
    }
  }
  EXPECT_GT(wanted.size(), 30u);
  for (const auto& [name, values] : wanted) {
    std::vector<int64_t> found;
    for (const std::string& digits : shown.cycles.at(name)) found.push_back(value_of(digits));
    EXPECT_EQ(found, values) << name;
  }
  const auto sum = [&](const std::string& name) {
    const auto& values = shown.cycles.at("qsim.memory." + name);
    return std::count(values.begin(), values.end(), "1");
  };
  const Counters& counters = timed.counters;
  EXPECT_EQ(sum("fetch_beat"), counters.fetch_beats);
  EXPECT_EQ(sum("fetch_request"), static_cast<int64_t>(program.instructions.size()));
  EXPECT_EQ(sum("load_beat"), counters.load_beats);
  EXPECT_EQ(sum("load_request"), counters.load_bursts);
  EXPECT_EQ(sum("store_beat"), counters.store_beats);
  EXPECT_EQ(sum("store_request"), counters.store_bursts);
  EXPECT_EQ(sum("store_response"), counters.store_bursts);
}

TEST_F(WaveformsTest, AWindowIsAPartOfTheWhole) {
  const Program program = network();
  const Shown whole = show<SystemcEngine>(program, SystemcOptions{});
  const WaveWindow window{whole.result.cycles / 3, whole.result.cycles / 2};
  const Shown part = show<RtlEngine>(program, quick(""), window);
  EXPECT_EQ(part.vcd.end, 10 * (window.to + 1));
  for (const auto& [name, values] : whole.cycles) {
    for (int64_t t = window.from; t <= window.to; ++t) {
      const auto cycle = static_cast<size_t>(t);
      ASSERT_EQ(part.cycles.at(name)[cycle], values[cycle]) << name << " in cycle " << t;
    }
  }
}

}  // namespace
}  // namespace qsim::rtl
