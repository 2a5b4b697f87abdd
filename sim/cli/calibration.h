// Measures activations on samples.
#pragma once

#include "compiler/passes/calibrate.h"
#include "sim/cli/samples.h"
#include "sim/engines/engine.h"

namespace qsim::cli {

// Runs samples.calibrating through the float network, in whole batches of the graph; drops the
// remainder from `samples`, so that reports say how many calibrated. The graph must have one input.
CalibrationResult calibrate(const Graph& graph, const CalibrationNeeds& needs, Samples& samples,
                            const Progress& progress);

}  // namespace qsim::cli
