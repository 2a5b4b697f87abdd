// Which build of qsim results are of: what tells stores of sweeps apart
// (docs/decisions/0009-results-belong-to-a-build.md).
#pragma once

#include <string>

namespace qsim::cli {

// "0.1.0+89abcdef01234567": the version, and a hash over the sources that results of sweeps rest on
// (build_hash.cmake). The same sources in another folder are the same build.
std::string build_version();

}  // namespace qsim::cli
