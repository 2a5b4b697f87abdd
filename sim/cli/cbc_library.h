// CBC's C interface, loaded when the first integer program is solved and not with the tool: CBC
// brings OpenBLAS, whose threads spin for a tenth of a second when it is loaded, and a run has no
// use for either.
#pragma once

#include <coin/Cbc_C_Interface.h>

namespace qsim::cli {

struct CbcLibrary {
  decltype(&Cbc_newModel) new_model;
  decltype(&Cbc_deleteModel) delete_model;
  decltype(&Cbc_setParameter) set_parameter;
  decltype(&Cbc_loadProblem) load_problem;
  decltype(&Cbc_setInteger) set_integer;
  decltype(&Cbc_solve) solve;
  decltype(&Cbc_isProvenOptimal) is_proven_optimal;
  decltype(&Cbc_getColSolution) get_col_solution;
};

// Throws Error naming the package when the library cannot be loaded.
const CbcLibrary& cbc_library();

}  // namespace qsim::cli
