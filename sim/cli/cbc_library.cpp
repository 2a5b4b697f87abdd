#include "sim/cli/cbc_library.h"

#include <dlfcn.h>

#include <string>

#include "hw/spec/error.h"

namespace qsim::cli {
namespace {

constexpr const char* kLibrary = "libCbcSolver.so.3";

[[noreturn]] void fail() {
  const char* reason = dlerror();
  throw Error(std::string("--search: CBC cannot be loaded (Debian's coinor-libcbc3): ") +
              (reason != nullptr ? reason : kLibrary));
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) fail();
}

CbcLibrary load() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail();
  CbcLibrary cbc;
  find(library, "Cbc_newModel", cbc.new_model);
  find(library, "Cbc_deleteModel", cbc.delete_model);
  find(library, "Cbc_setParameter", cbc.set_parameter);
  find(library, "Cbc_loadProblem", cbc.load_problem);
  find(library, "Cbc_setInteger", cbc.set_integer);
  find(library, "Cbc_solve", cbc.solve);
  find(library, "Cbc_isProvenOptimal", cbc.is_proven_optimal);
  find(library, "Cbc_getColSolution", cbc.get_col_solution);
  return cbc;
}

}  // namespace

const CbcLibrary& cbc_library() {
  static const CbcLibrary cbc = load();
  return cbc;
}

}  // namespace qsim::cli
