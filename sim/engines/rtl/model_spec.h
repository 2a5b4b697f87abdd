// What a model is built from: the machine's parameters, the sources, and how to compile them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/arch.h"

namespace qsim::rtl {

struct SourceFile {
  std::string name;  // without folder
  std::string text;
};

struct NamedValue {
  std::string name;  // "AccEntries"
  int64_t value = 0;
};

struct ModelSpec {
  std::vector<NamedValue> parameters;
  std::vector<SourceFile> sources;  // in the order of compilation
  bool top_has_parameters = true;   // a netlist's has none; what it is built for shows in its ports
  bool quick = false;               // little optimisation
  bool wave = false;                // with FST tracing
  std::string machine;              // for messages: "16x16 ws"
  int64_t pes = 0;                  // likewise, for how long it takes
};

// Keys of kind structure, by the name rule of arch.def: load_outstanding -> LoadOutstanding.
std::vector<NamedValue> rtl_parameters(const Arch& arch);

// hw/rtl as it was when the tool was built, and the C++ that goes into a model's library.
const std::vector<SourceFile>& embedded_rtl();
const std::vector<SourceFile>& embedded_wrapper();

// Files *.sv and *.v of a folder, packages (*_pkg.sv) first. Throws Error when the folder cannot be
// read or holds no module qsim_top.
std::vector<SourceFile> read_sources(const std::string& folder);

// `folder` as in RtlOptions::sources.
ModelSpec make_spec(const Arch& arch, const std::string& folder);

}  // namespace qsim::rtl
