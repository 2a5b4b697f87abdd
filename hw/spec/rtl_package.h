// hw/rtl/qsim_pkg.sv: what the RTL shares with the C++ side, printed from isa.def, timing.h,
// counters.def and the choices of arch.def.
#pragma once

#include <string>

namespace qsim {

// The text of hw/rtl/qsim_pkg.sv. Printed by `qsim machines --rtl-package`.
//
// One packed struct an operation (load_t, ...), opcode, take and give in its lowest bits and the
// fields of isa.def upwards from bit 12; <Name>Bits is its width. Opcodes Op<Name>, units
// Unit<Name>, vector functions Vector<Name>, load destinations Buffer<Name>, requant modes
// Requant<Name>, the timing constants by their names without k, counter indices Counter<Name>.
std::string rtl_package();

}  // namespace qsim
