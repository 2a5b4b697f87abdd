#include "sim/report/perfetto.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace qsim {
namespace {

using Json = nlohmann::ordered_json;

// Thread numbers, which are the order of the tracks.
enum Track { kFirstUnit = 1, kHost = kFirstUnit + kUnits };

class TraceWriter {
 public:
  void name_track(int track, const std::string& name) {
    add({{"ph", "M"},
         {"pid", 1},
         {"tid", track},
         {"name", "thread_name"},
         {"args", {{"name", name}}}});
    add({{"ph", "M"},
         {"pid", 1},
         {"tid", track},
         {"name", "thread_sort_index"},
         {"args", {{"sort_index", track}}}});
  }
  void name_process(const std::string& name) {
    add({{"ph", "M"}, {"pid", 1}, {"name", "process_name"}, {"args", {{"name", name}}}});
  }
  void slice(int track, const std::string& name, int64_t begin, int64_t end, Json args) {
    add({{"ph", "X"},
         {"pid", 1},
         {"tid", track},
         {"name", name},
         {"ts", microseconds(begin)},
         {"dur", microseconds(end - begin)},
         {"args", std::move(args)}});
  }
  // May overlap others of its category; the numbers tell them apart.
  void span(const char* category, int64_t number, const std::string& name, int64_t begin,
            int64_t end) {
    for (const auto& [phase, at] : {std::pair("b", begin), std::pair("e", end)}) {
      add({{"ph", phase},
           {"pid", 1},
           {"cat", category},
           {"id", number},
           {"name", name},
           {"ts", microseconds(at)}});
    }
  }
  std::string finish() { return text_ + "\n]}\n"; }

 private:
  static double microseconds(int64_t cycles) { return static_cast<double>(cycles) / 1000; }
  void add(const Json& event) {
    text_ +=
        (is_first_ ? "\n" : ",\n") + event.dump(-1, ' ', false, Json::error_handler_t::replace);
    is_first_ = false;
  }

  std::string text_ = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  bool is_first_ = true;
};

std::string taken_from(const Instruction& instruction) {
  std::string text;
  for (int unit = 0; unit < kUnits; ++unit) {
    if ((instruction.take >> unit & 1) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(name_of(Unit(unit)));
  }
  return text;
}

struct LayerSpan {
  int64_t begin, end;
};

// Instructions of one device segment; `layers` grows to what they span.
void add_segment(const Program& program, const RunResult& result, const Step& step, int64_t start,
                 TraceWriter& writer, std::map<LayerId, LayerSpan>& layers) {
  std::array<int64_t, kUnits> free;
  free.fill(start);
  for (int32_t i = step.first; i < step.first + step.count; ++i) {
    const auto index = static_cast<size_t>(i);
    const Instruction& instruction = program.instructions[index];
    if (is_halt(instruction.op)) continue;
    const InstructionTiming& time = result.timing[index];
    const LayerId layer = program.info[index].layer;
    const auto unit = static_cast<int>(unit_of(instruction.op));
    const int track = kFirstUnit + unit;
    int64_t& idle_from = free[static_cast<size_t>(unit)];
    if (time.issue > idle_from) {
      const std::string tokens = taken_from(instruction);
      writer.slice(
          track, "waits", idle_from, time.issue,
          {{"next instruction", i}, {"takes tokens of", tokens.empty() ? "no unit" : tokens}});
    }
    const std::string name = program.network.layers[static_cast<size_t>(layer)].name;
    writer.slice(track, name, time.issue, time.busy_until,
                 {{"instruction", i},
                  {"assembly", to_text(instruction)},
                  {"issue", time.issue},
                  {"done", time.done},
                  {"retire", time.retire}});
    writer.span("in flight", i, name_of(Unit(unit)) + std::string(" ") + name, time.issue,
                time.retire + 1);
    idle_from = std::max(idle_from, time.busy_until);
    const auto [found, is_new] = layers.try_emplace(layer, LayerSpan{time.issue, time.retire + 1});
    found->second = {std::min(found->second.begin, time.issue),
                     std::max(found->second.end, time.retire + 1)};
  }
}

}  // namespace

std::string render_trace(const Program& program, const RunResult& result) {
  if (result.timing.size() != program.instructions.size() ||
      result.steps.size() != program.steps.size()) {
    throw std::logic_error("trace: the result is not of a timed engine");
  }
  TraceWriter writer;
  writer.name_process(program.network.name + " on " + program.arch.name + " (1 cycle = 1 ns)");
  for (int unit = 0; unit < kUnits; ++unit)
    writer.name_track(kFirstUnit + unit, name_of(Unit(unit)));
  writer.name_track(kHost, "host");
  std::map<LayerId, LayerSpan> layers;
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const StepTiming& time = result.steps[s];
    if (step.host_layer < 0) {
      add_segment(program, result, step, time.start, writer, layers);
      continue;
    }
    const std::string& name = program.network.layers[static_cast<size_t>(step.host_layer)].name;
    writer.slice(kHost, name, time.start, time.end, Json::object());
    layers[step.host_layer] = {time.start, time.end};
  }
  for (const auto& [layer, span] : layers) {
    writer.span("layers", layer, program.network.layers[static_cast<size_t>(layer)].name,
                span.begin, span.end);
  }
  return writer.finish();
}

}  // namespace qsim
