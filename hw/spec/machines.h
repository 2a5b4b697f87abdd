// Named machines: the files of hw/configs, embedded when the library is built, so that
// `--arch edge8` works wherever the executable is.
#pragma once

#include <string>
#include <vector>

#include "hw/spec/arch.h"

namespace qsim {

struct NamedMachine {
  std::string name;     // "edge8": the file's name without .cfg
  std::string summary;  // its first line, without "# "
  std::string text;     // the file; keys it leaves out have the default of arch.def
};

// Smallest array first.
const std::vector<NamedMachine>& named_machines();

// A machine by its name, or by the path of a file when `name` contains '/' or ends in ".cfg".
// Throws Error("machine 'edge9' is not known (did you mean edge8?)").
Arch find_arch(const std::string& name);

// docs/reference/arch.md: every key of arch.def with range, default, kind and meaning, the derived
// quantities, and the named machines. Printed by `qsim machines --reference`.
std::string arch_reference();

// docs/reference/counters.md, from counters.def. Printed by `qsim machines --counters`.
std::string counters_reference();

}  // namespace qsim
