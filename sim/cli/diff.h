// What differs between two reports of `qsim run --json`, as text.
#pragma once

#include <string>

#include "sim/cli/report_file.h"

namespace qsim::cli {

// Parameters of the machine, figures, counters, accuracy and each layer's numbers that differ, with
// the change of each number; "" when nothing does. Of layers the main numbers alone, unless `all`.
// Manifests (files, command lines) are not compared, but files with other contents are named.
// Layers are matched by name. With `all` nothing of what same_reports() compares is left out.
std::string diff_reports(const ReportFile& a, const ReportFile& b, bool all, size_t width);

// Whether everything but manifests is equal, and files have the same contents.
bool same_reports(const ReportFile& a, const ReportFile& b);

}  // namespace qsim::cli
