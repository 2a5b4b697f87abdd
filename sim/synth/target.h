// FPGA families that `qsim synth` knows: how yosys is asked for them, what their cells are, and the
// devices that a machine may fit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace qsim::synth {

enum class Target : uint8_t { kIce40, kEcp5, kXc7 };

// Nothing when there is no such target.
std::optional<Target> find_target(const std::string& name);
const char* name_of(Target target);
std::string target_names();  // "ice40, ecp5, xc7"

using CellCounts = std::map<std::string, int64_t>;  // cells by type

struct Resources {
  int64_t lut = 0;   // lookup tables, those of adders and of small memories included
  int64_t ff = 0;    // flip-flops
  int64_t dsp = 0;   // hard multipliers
  int64_t bram = 0;  // block RAMs; xc7: RAMB36, two RAMB18 for one, rounded up

  friend bool operator==(const Resources&, const Resources&) = default;
};

// ecp5: LUT4, two a CCU2C (adder), four a TRELLIS_DPR16X4. xc7: LUT1 to LUT6, and those of the RAM
// and shift register cells; no two of them packed into one LUT6_2. ice40: SB_LUT4; SB_CARRY stands
// beside one.
Resources resources_of(Target target, const CellCounts& cells);

struct Device {
  const char* name;
  Resources has;
  const char* nextpnr;  // its options for this device; null: not for placing
};

// Smallest first. Sources: Lattice FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus), Xilinx
// DS190.
std::span<const Device> devices(Target target);

// "12000 LUT (6720 too many)", and so on for all that is short; "" when it fits.
std::string shortage(const Device& device, const Resources& need);

// The yosys command that maps a module with all that it contains, hierarchy kept.
std::string synthesis_command(Target target, const std::string& top);

}  // namespace qsim::synth
