// The RTL engine around its model: cycles of HALT, and what it says when something is wrong.
#include "sim/engines/rtl/engine.h"

#include <map>
#include <regex>

#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "sim/engines/rtl/model_library.h"
#include "tests/sim/engines/rtl/halt_machine.h"

namespace qsim::rtl {
namespace {

class RtlEngineTest : public HaltMachine {};

TEST_F(RtlEngineTest, HaltTakesTheCyclesOfTheRules) {
  for (const int32_t bus_bytes : {4, 8, 16, 64}) {
    SCOPED_TRACE(bus_bytes);
    Program two = program(2);
    two.arch.memory.bus_bytes = bus_bytes;
    two.arch.memory.bytes_per_cycle = 3;
    two.steps.push_back({.host_layer = 0});
    const RunResult rtl = RtlEngine(two, quick(sources())).run({});
    const RunResult analytic = run_analytic(two);
    EXPECT_EQ(rtl.timing, analytic.timing);
    EXPECT_EQ(rtl.steps, analytic.steps);
    EXPECT_EQ(rtl.cycles, analytic.cycles);
    EXPECT_EQ(rtl.counters.fetch_beats, analytic.counters.fetch_beats);
  }
}

TEST_F(RtlEngineTest, EveryRunStartsAnew) {
  const Program one = program(1);
  RtlEngine engine(one, quick(sources()));
  const RunResult first = engine.run({});
  engine.options().seed = 77;
  const RunResult second = engine.run({});
  EXPECT_EQ(first.cycles, second.cycles);
  EXPECT_EQ(second.counters.fetch_beats, 4);
}

// A model that was elaborated with what it says.
class FakeModel : public Model {
 public:
  std::map<std::string, int64_t> parameters;
  int bus = 16;

  void reset() override {}
  void cycle(const Inputs&, Events&, Bus&) override {}
  uint64_t counter(int) override { return 0; }
  bool parameter(const char* name, int64_t& value) const override {
    const auto found = parameters.find(name);
    if (found != parameters.end()) value = found->second;
    return found != parameters.end();
  }
  int bus_bytes() const override { return bus; }
  MemoryArray memory(const char*) const override { return {}; }
  bool open_wave(const char*) override { return false; }
  void set_wave(bool, int64_t) override {}
};

std::string refusal(const FakeModel& model, const ModelSpec& spec) {
  try {
    check_parameters(model, spec);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(RtlEngineTest, AnotherMachineIsRefused) {
  ModelSpec spec = make_spec(Arch{}, sources());
  FakeModel model;
  for (const NamedValue& parameter : spec.parameters) {
    model.parameters[parameter.name] = parameter.value;
  }
  EXPECT_EQ(refusal(model, spec), "");
  model.parameters["Cols"] = 8;
  model.parameters.erase("InFlight");
  EXPECT_EQ(refusal(model, spec),
            "rtl engine: the model is of another machine than the program: Cols = 8 instead of 16, "
            "InFlight = nothing instead of 4");
  model.parameters.clear();
  spec.top_has_parameters = false;
  EXPECT_EQ(refusal(model, spec), "");
  model.bus = 8;
  EXPECT_EQ(refusal(model, spec),
            "rtl engine: the model is of another machine than the program: BusBytes = 8 instead of "
            "16");
}

// The sources are there, but the parameter is not one that can be set.
TEST_F(RtlEngineTest, SourcesWithoutAParameterAreRefused) {
  const std::string folder = sources("parameter int unsigned Rows", "localparam int unsigned Rows");
  EXPECT_NE(failure(program(1), quick(folder)).find("Rows"), std::string::npos);
}

TEST_F(RtlEngineTest, TopWithoutParametersIsTakenAsItIs) {
  const std::string folder = sources();
  std::ifstream in(folder + "/qsim_top.sv");
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t header = text.find(" #(");
  text.erase(header, text.find(") (") + 2 - header);
  text = std::regex_replace(text, std::regex("BusBytes"), "16");
  std::ofstream(folder + "/qsim_top.sv") << text;
  EXPECT_EQ(failure(program(1), quick(folder)), "");
  Program other = program(1);
  other.arch.memory.bus_bytes = 32;
  EXPECT_NE(failure(other, quick(folder)).find("BusBytes = 16 instead of 32"), std::string::npos);
}

TEST_F(RtlEngineTest, ErrorSignalEndsTheRun) {
  const std::string folder = sources("assign error_o        = 1'b0", "assign error_o = dispatch_q");
  EXPECT_NE(failure(program(1), quick(folder)).find("error_o is high in cycle 64"),
            std::string::npos);
}

TEST_F(RtlEngineTest, HangNamesWhoWaits) {
  const std::string folder = sources("halt_q          <= dispatch_q", "halt_q <= 1'b0");
  EXPECT_EQ(failure(program(1), quick(folder)), "hang: nothing can happen after cycle 64");
  Program two = program(1);
  two.instructions.insert(two.instructions.begin(), {Store{}, uint8_t{2}});
  two.info.push_back({.layer = 0});
  two.steps[0].count = 2;
  two.dram_bytes = 128;
  const std::string text = failure(two, quick(folder));
  EXPECT_NE(text.find("fetch has received 1 of 2 instructions"), std::string::npos) << text;
  EXPECT_NE(text.find("store waits to issue instruction 0 (store, layer layer0) for a token from "
                      "compute"),
            std::string::npos)
      << text;
}

TEST_F(RtlEngineTest, CycleLimitEndsTheRun) {
  RtlOptions options = quick(sources());
  options.cycle_limit = 50;
  EXPECT_EQ(failure(program(1), options), "rtl engine: the run takes more than 50 cycles");
  options.cycle_limit = 70;
  EXPECT_EQ(failure(program(1), options), "");
}

TEST_F(RtlEngineTest, TraceThatMakesNoSenseIsRefused) {
  const std::string folder =
      sources("assign trace_done_o   = 4'd0", "assign trace_done_o = {3'd0, dispatch_q}");
  EXPECT_NE(failure(program(1), quick(folder)).find("trace of load shows an instruction done"),
            std::string::npos);
}

TEST_F(RtlEngineTest, ProgressStopsTheRun) {
  RtlOptions options = quick(sources());
  options.progress = [](double) { return false; };
  EXPECT_EQ(failure(program(1), options), "run stopped at cycle 0");
}

TEST_F(RtlEngineTest, WaveFileHoldsTheCyclesAskedFor) {
  RtlOptions options = quick(sources());
  options.wave_file = folder_ / "wave.fst";
  EXPECT_EQ(failure(program(1), options), "");
  const auto whole = std::filesystem::file_size(options.wave_file);
  EXPECT_GT(whole, 300u);
  options.wave_from = options.wave_to = 1;
  EXPECT_EQ(failure(program(1), options), "");
  EXPECT_LT(std::filesystem::file_size(options.wave_file), whole);
  options.wave_file = folder_ / "no" / "such" / "folder.fst";
  EXPECT_NE(failure(program(1), options).find("cannot be written as an FST file"),
            std::string::npos);
}

TEST_F(RtlEngineTest, ObserversNeedMemoriesToLookInto) {
  Program valued = program(1);
  valued.network.has_values = true;
  RtlOptions options = quick(sources());
  options.fill = 3;
  EXPECT_NE(failure(valued, options).find("memories are not found under their names"),
            std::string::npos);
}

}  // namespace
}  // namespace qsim::rtl
