// docs/reference/operators.md.
#include <sstream>
#include <stdexcept>

#include "compiler/onnx/op_table.h"
#include "hw/spec/arch.h"

namespace qsim {
namespace {

struct PlaceName {
  Place place;
  const char* name;
  const char* meaning;
};

constexpr PlaceName kPlaces[] = {
    {kArray, "array", "a matrix product on the systolic array"},
    {kVectorUnit, "vector unit", "on its lanes; depthwise convolutions as well"},
    {kHost, "host", "a host step"},
    {kNeighbour, "neighbour", "part of the operator before or after it, where the graph allows"},
    {kView, "view", "nothing moves: no cost"},
    {kFolded, "folded", "computed at import, where all inputs are constant"},
};

std::string default_of(const std::string& name) {
  for (const ArchKey& key : arch_keys()) {
    if (key.name == name) return "`" + name + "` (" + key.default_value + " unless set)";
  }
  throw std::logic_error("operators_reference: no key " + name);
}

std::string places_text(unsigned places) {
  std::string text;
  for (const PlaceName& entry : kPlaces) {
    if ((places & entry.place) != 0) text += (text.empty() ? "" : ", ") + std::string(entry.name);
  }
  return text;
}

}  // namespace

std::string operators_reference() {
  std::ostringstream out;
  out << "# Operators\n\n"
         "Printed by `qsim machines --operators` from `compiler/onnx/op_table.cpp`; do not edit. "
         "Which of ONNX's own tests pass: [conformance.md](conformance.md).\n\n"
         "| place | |\n|---|---|\n";
  for (const PlaceName& entry : kPlaces) {
    out << "| " << entry.name << " | " << entry.meaning << " |\n";
  }
  out << "\nA host step takes " << default_of("host.step_cycles")
      << " cycles and one more for every " << default_of("host.elements_per_cycle")
      << " elements read or\nwritten, whichever are more (rule T3 of [timing.md](timing.md)). "
         "Where an operator "
         "needs its input in another memory order than it has, a host step moves it there first: "
         "a layer of its own\nin every report.\n\n"
         "| operator | domain | opsets | place |\n|---|---|---|---|\n";
  for (const Operator& row : all_operators()) {
    out << "| " << row.name << " | " << (*row.domain == 0 ? "ai.onnx" : row.domain) << " | "
        << row.opsets.first;
    if (row.opsets.last != row.opsets.first) out << " to " << row.opsets.last;
    out << " | " << places_text(row.places) << " |\n";
  }
  return out.str();
}

}  // namespace qsim
