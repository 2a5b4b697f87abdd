#include "sim/cli/compare.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

namespace qsim::cli {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

struct Element {
  int64_t n, y, x, c;
};

// The vector instruction that wrote an element of a layer's output; -1 for host layers.
int64_t writer_of(const Program& program, size_t layer, const Element& element) {
  const IntegerNetwork& network = program.network;
  const NetTensor& output = network.tensor(network.layers[layer].output);
  const int64_t pixel = (element.n * output.h + element.y) * output.w + element.x;
  int64_t writer = -1;
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const InstructionInfo& info = program.info[i];
    const auto* op = std::get_if<Vector>(&program.instructions[i].op);
    if (!op || info.n < 0 || static_cast<size_t>(info.layer) != layer) continue;
    const int64_t first = (int64_t{info.n} * output.h + info.y) * output.w + info.x;
    const int64_t offset = pixel - first;
    const int64_t channels = int64_t{op->blocks - 1} * program.arch.array.cols + op->last_channels;
    if (offset >= 0 && offset / output.w < op->out_h && offset % output.w < op->out_w &&
        element.c >= info.channel && element.c < info.channel + channels) {
      writer = static_cast<int64_t>(i);
    }
  }
  return writer;
}

std::string value_text(const Tensor& tensor, int64_t index) {
  if (tensor.type == DataType::kInt8) return std::to_string(tensor.data<int8_t>()[index]);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.9g", static_cast<double>(tensor.data<float>()[index]));
  return buffer;
}

Difference describe(const Program& program, size_t layer, int64_t index, const EngineRun& a,
                    const EngineRun& b) {
  const NetTensor& output = program.network.tensor(program.network.layers[layer].output);
  const Element element{index / (int64_t{1} * output.h * output.w * output.c),
                        index / (int64_t{1} * output.w * output.c) % output.h,
                        index / output.c % output.w, index % output.c};
  Difference difference;
  difference.layer = static_cast<LayerId>(layer);
  std::string text = "layer " + program.network.layers[layer].name;
  const int64_t writer = writer_of(program, layer, element);
  std::string cycle;
  if (writer >= 0) {
    const auto i = static_cast<size_t>(writer);
    text = instruction_text(program, i) + " tile (" + std::to_string(program.info[i].y) + "," +
           std::to_string(program.info[i].x) + ")";
    const EngineRun& timed = b.result.timing.empty() ? a : b;
    if (!timed.result.timing.empty()) {
      difference.since = timed.result.timing[i].issue;
      difference.cycle = timed.result.timing[i].retire;
      cycle = " (cycle " + std::to_string(difference.cycle) + ")";
    }
  }
  difference.text = text + " element [" + std::to_string(element.n) + "," +
                    std::to_string(element.y) + "," + std::to_string(element.x) + "," +
                    std::to_string(element.c) + "]" +
                    values_text(a.engine, value_text(a.layers[layer], index), b.engine,
                                value_text(b.layers[layer], index)) +
                    cycle;
  return difference;
}

struct CounterRow {
  const char *name, *kind;
  int64_t Counters::*member;
};

constexpr CounterRow kCounters[] = {
#define QSIM_COUNTER(name, kind, unit, meaning) {#name, #kind, &Counters::name},
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
};

constexpr struct {
  const char* name;
  int64_t InstructionTiming::*member;
} kMoments[] = {{"issue", &InstructionTiming::issue},
                {"busy_until", &InstructionTiming::busy_until},
                {"done", &InstructionTiming::done},
                {"retire", &InstructionTiming::retire}};

}  // namespace

std::string instruction_text(const Program& program, size_t index) {
  const auto layer = static_cast<size_t>(program.info[index].layer);
  return "layer " + program.network.layers[layer].name + " instr " + std::to_string(index) + " " +
         upper(mnemonic_of(program.instructions[index].op));
}

std::string values_text(const std::string& engine_a, const std::string& a,
                        const std::string& engine_b, const std::string& b) {
  return ": " + engine_a + " " + a + ", " + engine_b + " " + b;
}

std::optional<Difference> timing_difference(const Program& program, size_t index,
                                            const std::string& engine_a, const InstructionTiming& a,
                                            const std::string& engine_b,
                                            const InstructionTiming& b) {
  for (const auto& moment : kMoments) {
    const int64_t left = a.*moment.member, right = b.*moment.member;
    if (left == right) continue;
    return Difference{
        instruction_text(program, index) + " " + moment.name +
            values_text(engine_a, std::to_string(left), engine_b, std::to_string(right)),
        program.info[index].layer, std::min(a.issue, b.issue), std::max(left, right)};
  }
  return std::nullopt;
}

std::optional<Difference> first_value_difference(const Program& program, const EngineRun& a,
                                                 const EngineRun& b) {
  for (size_t layer = 0; layer < program.network.layers.size(); ++layer) {
    const Tensor& left = a.layers[layer];
    const Tensor& right = b.layers[layer];
    const std::string name = "layer " + program.network.layers[layer].name;
    if (left.type != right.type || left.bytes.size() != right.bytes.size()) {
      const auto text = [](const Tensor& tensor) {
        return std::string(name_of(tensor.type)) + " " + to_text(tensor.shape);
      };
      return Difference{name + values_text(a.engine, text(left), b.engine, text(right)),
                        static_cast<LayerId>(layer)};
    }
    if (left.bytes == right.bytes) continue;
    const auto size = static_cast<int64_t>(size_of(left.type));
    const auto byte = std::mismatch(left.bytes.begin(), left.bytes.end(), right.bytes.begin());
    return describe(program, layer, (byte.first - left.bytes.begin()) / size, a, b);
  }
  return std::nullopt;
}

std::optional<Difference> first_timing_difference(const Program& program, const EngineRun& a,
                                                  const EngineRun& b) {
  const auto differ = [&](const std::string& place, int64_t left, int64_t right,
                          LayerId layer = -1) {
    return Difference{
        place + values_text(a.engine, std::to_string(left), b.engine, std::to_string(right)),
        layer};
  };
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    auto difference =
        timing_difference(program, i, a.engine, a.result.timing[i], b.engine, b.result.timing[i]);
    if (difference) return difference;
  }
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const LayerId host = program.steps[s].host_layer;
    const std::string place =
        "step " + std::to_string(s) + " (" +
        (host < 0 ? "segment" : "host " + program.network.layers[static_cast<size_t>(host)].name) +
        ")";
    const StepTiming &left = a.result.steps[s], &right = b.result.steps[s];
    if (left.start != right.start) return differ(place + " start", left.start, right.start, host);
    if (left.end != right.end) return differ(place + " end", left.end, right.end, host);
  }
  const bool values = !a.layers.empty() && !b.layers.empty();
  for (const CounterRow& counter : kCounters) {
    const int64_t left = a.result.counters.*counter.member;
    const int64_t right = b.result.counters.*counter.member;
    const bool comparable = values || std::strcmp(counter.kind, "timing") == 0;
    if (comparable && left != right) {
      return differ(std::string("counter ") + counter.name, left, right);
    }
  }
  if (a.result.cycles != b.result.cycles) {
    return differ("cycles", a.result.cycles, b.result.cycles);
  }
  return std::nullopt;
}

int64_t timing_counter_count() {
  return std::count_if(std::begin(kCounters), std::end(kCounters), [](const CounterRow& counter) {
    return std::strcmp(counter.kind, "timing") == 0;
  });
}

}  // namespace qsim::cli
