// The pages of docs/reference that are printed from the .def files.
#include <sstream>

#include "hw/spec/machines.h"

namespace qsim {
namespace {

// "|" would end a cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

struct CounterRow {
  const char *name, *kind, *unit, *meaning;
};

constexpr CounterRow kCounters[] = {
#define QSIM_COUNTER(name, kind, unit, meaning) {#name, #kind, unit, meaning},
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
};

std::string kib_text(int64_t bytes) {
  return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + " KiB"
                           : std::to_string(bytes) + " bytes";
}

void print_machines(std::ostream& out) {
  out << "| machine | array | dataflow | buffers: activation, weight, parameter, accumulator | "
         "memory | clock | |\n|---|---|---|---|---|---|---|\n";
  for (const NamedMachine& machine : named_machines()) {
    const Arch arch = find_arch(machine.name);
    out << "| " << machine.name << " | " << arch.array.rows << "x" << arch.array.cols << " | "
        << get_arch_key(arch, "array.dataflow") << " | " << kib_text(arch.act_bytes()) << ", "
        << kib_text(arch.weight_bytes()) << ", " << kib_text(arch.param_bytes()) << ", "
        << kib_text(int64_t{4} * arch.buffers.acc_entries * arch.array.cols) << " | "
        << get_arch_key(arch, "memory.bytes_per_cycle") << " B/cycle, "
        << arch.memory.latency_cycles << " cycles | " << arch.clock.mhz << " MHz | "
        << cell(machine.summary) << " |\n";
  }
}

}  // namespace

std::string arch_reference() {
  std::ostringstream out;
  out << "# Machine parameters\n\n"
         "Printed by `qsim machines --reference` from `hw/spec/arch.def` and `hw/configs`; do not "
         "edit.\n\n"
         "Every key can be set on the command line (`--array.rows 4`) and in an INI file "
         "(`--arch my.cfg`). *Structure* keys change the RTL and are its parameters by the name\n"
         "rule (`acc_entries` becomes `AccEntries`); *runtime* keys (memory, host, clock, prices) "
         "do "
         "not.\n";
  std::string section;
  for (const ArchKey& key : arch_keys()) {
    const std::string key_section = key.name.substr(0, key.name.find('.'));
    if (key_section != section) {
      section = key_section;
      out << "\n## " << section << "\n\n| key | default | range | unit | kind | meaning |\n"
          << "|---|---|---|---|---|---|\n";
    }
    out << "| `" << key.name << "` | " << key.default_value << " | " << cell(key.range) << " | "
        << cell(key.unit) << " | " << key.kind << " | " << cell(key.meaning) << " |\n";
  }
  out << "\n## Keys together\n\n"
         "`memory.bus_bytes` is a power of two. A buffer of n KiB holds as many whole words as fit "
         "(activation words have `array.rows`\nbytes, weight words `array.cols`, parameter words "
         "4 x `array.cols`): at least 4 activation words, 2 x `array.rows` weight\nwords and 8 "
         "parameter words. The vector unit has min(`vector.lanes`, `array.rows`, `array.cols`) "
         "lanes.\n"
         "\n## Named machines\n\n";
  print_machines(out);
  return out.str();
}

std::string counters_reference() {
  std::ostringstream out;
  out << "# Counters\n\n"
         "Printed by `qsim machines --counters` from `hw/spec/counters.def`; do not edit.\n\n"
         "*Timing* counters are the same in every timed engine, to the last unit; *value* counters "
         "are kept by the engines that\ncarry values. Reads and writes count words of a buffer, "
         "one port access each.\n\n"
         "| counter | kind | unit | meaning |\n|---|---|---|---|\n";
  for (const CounterRow& row : kCounters) {
    out << "| `" << row.name << "` | " << row.kind << " | " << row.unit << " | "
        << cell(row.meaning) << " |\n";
  }
  return out.str();
}

}  // namespace qsim
