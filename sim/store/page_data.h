// A store as the data of an HTML page (sim/report/page.h, PageInput::sweep).
#pragma once

#include <string>

#include "sim/store/store.h"

namespace qsim {

// One object: `title`; `metrics`: name -> {unit, origin (of several the weakest),
// greater_is_better}; `settings`: names of the keys (of the machine, model, shapes, recipe, prices)
// that differ between points; `fixed`: the others with their value; `points`: [{command, settings,
// values}], infinite values as the words "Infinity" and "-Infinity"; `failed`: [{command,
// message}]. Throws Error when no point has a result.
std::string sweep_json(ResultStore& store);

}  // namespace qsim
