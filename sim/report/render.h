// A report as text for people, as JSON and as CSV.
#pragma once

#include <string>

#include "sim/report/report.h"

namespace qsim {

// For a terminal of `width` columns.
std::string render_text(const Report& report, size_t width);

// One object: manifest, machine, figures, layers, columns (unit, origin and meaning of each layer
// number), total, coverage, accuracy, counters, not_modelled. Keys are explained in
// docs/user/report.md.
std::string render_json(const Report& report);

// A header, one line a layer, and the total; RFC 4180.
std::string render_csv(const Report& report);

}  // namespace qsim
