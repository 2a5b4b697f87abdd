// The files that an HTML report is made of, as they were when qsim was built.
#pragma once

#include <string_view>

namespace qsim::page {

std::string_view html();
std::string_view style();
std::string_view script();   // of runs and of sweeps
std::string_view library();  // the chart library; empty in a build without it

}  // namespace qsim::page
