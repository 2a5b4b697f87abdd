// What a fuzzer leaves of a failing case: DIR/case-<structure>-<seed>.qprog, the smallest program
// that fails alike, and .txt, how to run it and what it is.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/shrink.h"

namespace qsim::fuzz {

// "0-3,7" to {0, 1, 2, 3, 7}. Throws cli::UsageError.
std::vector<int32_t> parse_list(const std::string& text, const std::string& option);

std::string names_of(const Setup& setup);

// " --engines A,B --rtl DIR": as qsim check and qsim_fuzz take them.
std::string options_of(const Setup& setup);

// The command that runs a case's program again with its inputs.
std::string check_command(const CaseSpec& spec, const Setup& setup, const std::string& path);

// Shrinks the case if it fails again, writes both files, and returns a few lines for the log.
std::string report_failure(const CaseSpec& spec, const Verdict& verdict, const Setup& setup,
                           const std::string& directory);

}  // namespace qsim::fuzz
