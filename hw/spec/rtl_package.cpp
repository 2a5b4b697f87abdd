#include "hw/spec/rtl_package.h"

#include <cctype>
#include <sstream>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "hw/spec/timing.h"

namespace qsim {
namespace {

struct Field {
  std::string name;
  int bits;
  bool is_signed;
};

struct Op {
  std::string name;
  std::vector<Field> fields;
};

std::vector<Op> operations() {
  std::vector<Op> ops;
  [[maybe_unused]] constexpr char u = 0, s = 1;
#define QSIM_OP_BEGIN(Name, mnemonic, unit) ops.push_back({#Name, {}});
#define QSIM_FIELD(name, bits, sign, meaning) ops.back().fields.push_back({#name, bits, sign == s});
#define QSIM_OP_END(Name)
#include "hw/spec/isa.def"
#undef QSIM_OP_BEGIN
#undef QSIM_FIELD
#undef QSIM_OP_END
  return ops;
}

// load_outstanding, "average_pool" -> LoadOutstanding, AveragePool
std::string upper_camel(const std::string& lower_snake) {
  std::string camel;
  bool upper = true;
  for (char c : lower_snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return camel;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void print_constant(std::ostream& out, const std::string& name, int64_t value) {
  out << "  localparam int unsigned " << name << " = " << value << ";\n";
}

// "logic [25:0] name;", the struct's most significant field first.
void print_struct(std::ostream& out, const Op& op) {
  int bits = 12;
  for (const Field& field : op.fields) bits += field.bits;
  out << "\n";
  print_constant(out, op.name + "Bits", bits);
  out << "  typedef struct packed {\n";
  for (auto field = op.fields.rbegin(); field != op.fields.rend(); ++field) {
    out << "    logic " << (field->is_signed ? "signed " : "");
    if (field->bits > 1 || field->is_signed) out << "[" << field->bits - 1 << ":0] ";
    out << field->name << (field->name == "function" ? "_" : "") << ";\n";  // a keyword
  }
  out << "    logic [3:0] give;\n    logic [3:0] take;\n    logic [3:0] opcode;\n  } "
      << lower(op.name) << "_t;\n";
}

void print_timing(std::ostream& out) {
  out << "\n  // docs/reference/timing.md\n";
  print_constant(out, "InstructionBytes", timing::kInstructionBytes);
  print_constant(out, "MaxBurstBeats", timing::kMaxBurstBeats);
  print_constant(out, "BurstBoundaryBytes", timing::kBurstBoundaryBytes);
  print_constant(out, "MatmulLatencyCycles", timing::kMatmulLatencyCycles);
  print_constant(out, "VectorBlockSetupCycles", timing::kVectorBlockSetupCycles);
  print_constant(out, "VectorLatencyCycles", timing::kVectorLatencyCycles);
}

// The names of an enumeration in a choice of arch.def, "rne|f32|..." split.
std::vector<std::string> choices_of(const std::string& key) {
  std::vector<std::string> names;
  for (const ArchKey& row : arch_keys()) {
    if (row.name != key) continue;
    std::stringstream stream(row.range);
    for (std::string name; std::getline(stream, name, '|');) names.push_back(name);
  }
  return names;
}

// "8-4-2" -> "842"
std::string joined(std::string name) {
  std::erase(name, '-');
  return name;
}

}  // namespace

std::string rtl_package() {
  std::ostringstream out;
  out << "// What the RTL shares with the compiler and the other engines. Printed by\n"
         "// `qsim machines --rtl-package` from hw/spec; do not edit.\n\n"
         "package qsim_pkg;\n";
  int number = 0;
  const std::vector<Op> ops = operations();
  for (const Op& op : ops) print_constant(out, "Op" + op.name, number++);
  out << "\n";
  for (int unit = 0; unit < kUnits; ++unit) {
    print_constant(out, "Unit" + upper_camel(name_of(Unit(unit))), unit);
  }
  out << "\n  // load_t.buffer\n";
  print_constant(out, "BufferActivation", static_cast<int>(BufferId::kActivation));
  print_constant(out, "BufferWeight", static_cast<int>(BufferId::kWeight));
  print_constant(out, "BufferParam", static_cast<int>(BufferId::kParam));
  out << "\n  // vector_t.function_\n";
  for (int f = 0; f <= static_cast<int>(VectorFunction::kRescale); ++f) {
    print_constant(out, "Vector" + upper_camel(name_of(VectorFunction(f))), f);
  }
  out << "\n  // parameters Dataflow, PeModes and Requant\n";
  number = 0;
  for (const std::string& name : choices_of("array.dataflow")) {
    print_constant(out, "Dataflow" + upper_camel(name), number++);
  }
  number = 0;
  for (const std::string& name : choices_of("array.pe_modes")) {
    print_constant(out, "PeModes" + joined(name), number++);
  }
  number = 0;
  for (const std::string& name : choices_of("vector.requant")) {
    print_constant(out, "Requant" + upper_camel(name), number++);
  }
  print_timing(out);
  out << "\n  // hw/spec/counters.def\n";
  number = 0;
#define QSIM_COUNTER(name, kind, unit, meaning) \
  print_constant(out, "Counter" + upper_camel(#name), number++);
#define QSIM_MEMORY_COUNTER(name, unit, meaning)
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  print_constant(out, "Counters", number);
  for (const Op& op : ops) print_struct(out, op);
  out << "endpackage\n";
  return out.str();
}

}  // namespace qsim
