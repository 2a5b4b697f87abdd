// What a number rests on.
#pragma once

#include <cstdint>

namespace qsim {

// Measured: an engine counted it, or somebody measured it on silicon or on a netlist. Derived:
// follows from measured numbers, the program or the network. Assumed: rests on a figure that nobody
// measured (the clock, what a host step costs). In this order: a number has the greatest of the
// origins it is made of.
enum class Origin : uint8_t { kMeasured, kDerived, kAssumed };
const char* name_of(Origin origin);  // "measured", ...

}  // namespace qsim
