// What yosys and nextpnr print.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/synth/target.h"

namespace qsim::synth {

struct ModuleCells {
  std::string name;    // of the source: "qsim_pe_ws"
  int64_t copies = 0;  // in the whole design
  CellCounts
      cells;  // of one copy, what it contains included; copies that differ: of all, `copies` 1
};

struct Statistics {
  CellCounts total;
  std::vector<ModuleCells> parts;  // modules directly in the top, by name, each name once
};

// `text`: of yosys' `stat -json` on a design with hierarchy, whose top is `top`. Throws Error.
Statistics parse_statistics(const std::string& text, const std::string& top);

struct Placement {
  double mhz = 0;          // the highest clock of the slowest path between registers
  int64_t comb = 0;        // cells of lookup tables used
  int64_t comb_total = 0;  // on the device
};

// `text`: of nextpnr's `--report`. Throws Error.
Placement parse_placement(const std::string& text);

}  // namespace qsim::synth
