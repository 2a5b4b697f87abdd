#pragma once

#include <cstddef>

namespace qsim::cli {

// Columns of the terminal that standard output goes to; 100 where it is none.
size_t terminal_width();

}  // namespace qsim::cli
