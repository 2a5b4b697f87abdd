// Quantizes one layer after the other, each against what the quantized layers before it yield.
#pragma once

#include "compiler/graph.h"
#include "compiler/passes/calibrate.h"
#include "compiler/passes/recipe.h"
#include "hw/spec/arithmetic.h"
#include "sim/cli/samples.h"
#include "sim/engines/engine.h"

namespace qsim::cli {

// `recipe`, which has is_sequential, with the weights and biases of every layer stated
// (Recipe::weights_of): quantize() with it makes the network. Layers are taken by how many layers
// with weights lie before them; those of one depth together. For each, up to kMostSamples of the
// calibrating samples run through the float network and, by the reference engine, through the
// integer layers made so far; the moments of the layer's input are then those of such pairs
// (InputMoments::add_pair), which both rounding with error feedback and bias correction take into
// account: a layer makes up for what those before it lose. A layer whose input is no value of the
// graph keeps the moments of `calibration`. `samples.calibrating` holds whole batches, as
// calibrate() leaves them.
Recipe fit_in_sequence(const Graph& graph, const Recipe& recipe,
                       const CalibrationResult& calibration, const Samples& samples,
                       RequantMode mode, const Progress& progress);

}  // namespace qsim::cli
