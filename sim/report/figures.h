// The summary of a report: one figure a number, with unit, origin and what it rests on.
#pragma once

#include <vector>

#include "sim/report/report.h"

namespace qsim {

// `report` has its layers and total already.
std::vector<Figure> make_figures(const Program& program, const RunResult& result,
                                 const Report& report);

// Every counter of counters.def that the run kept: timing counters of a timed engine, value
// counters of one that carries values.
std::vector<Figure> counter_figures(const RunResult& result, bool has_cycles, bool has_values);

}  // namespace qsim
