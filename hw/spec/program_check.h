// Parts of Program::check() in files of their own.
#pragma once

#include "hw/spec/program.h"

namespace qsim {

// info must be parallel to instructions. Throws std::logic_error.
void check_instructions(const Program& program);

}  // namespace qsim
