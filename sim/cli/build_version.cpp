#include "sim/cli/build_version.h"

#include "sim/report/manifest.h"

namespace qsim::cli {
namespace {

constexpr const char* kHash =
#include "build_hash.inc"
    ;

}  // namespace

std::string build_version() { return qsim_version() + "+" + kHash; }

}  // namespace qsim::cli
