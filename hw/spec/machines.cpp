#include "hw/spec/machines.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim {
namespace {

struct EmbeddedFile {
  const char* name;
  const char* text;
};

constexpr EmbeddedFile kFiles[] = {
#include "embedded_machines.inc"
};

Arch parse(const NamedMachine& machine) {
  Arch arch = read_arch_text(machine.text, machine.name);
  arch.name = machine.name;
  return arch;
}

std::vector<NamedMachine> embedded_machines() {
  std::vector<NamedMachine> machines;
  for (const EmbeddedFile& file : kFiles) {
    const std::string text = file.text;
    machines.push_back({file.name, text.substr(2, text.find('\n') - 2), text});
  }
  std::stable_sort(
      machines.begin(), machines.end(),
      [](const NamedMachine& a, const NamedMachine& b) { return parse(a).pes() < parse(b).pes(); });
  return machines;
}

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".cfg");
}

}  // namespace

const std::vector<NamedMachine>& named_machines() {
  static const std::vector<NamedMachine> machines = embedded_machines();
  return machines;
}

Arch find_arch(const std::string& name) {
  if (is_path(name)) return read_arch_file(name);
  std::vector<std::string> names;
  for (const NamedMachine& machine : named_machines()) {
    if (machine.name == name) return parse(machine);
    names.push_back(machine.name);
  }
  const std::string guess = nearest(name, names);
  std::string known;
  for (const std::string& known_name : names) known += (known.empty() ? "" : ", ") + known_name;
  throw Error("machine '" + name + "' is not known" +
              (guess.empty() ? "" : " (did you mean " + guess + "?)") + "; known are " + known +
              " and files that end in .cfg");
}

}  // namespace qsim
