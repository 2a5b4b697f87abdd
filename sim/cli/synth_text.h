// The report of `qsim synth`, as text and as JSON.
#pragma once

#include <string>

#include "hw/spec/arch.h"
#include "sim/synth/predict.h"
#include "sim/synth/synth.h"

namespace qsim::cli {

std::string synthesis_text(const Arch& arch, const synth::Synthesis& synthesis);
std::string synthesis_json(const Arch& arch, const synth::Synthesis& synthesis,
                           const std::string& command);

std::string prediction_text(const Arch& arch, synth::Target target,
                            const synth::Prediction& prediction);
std::string prediction_json(const Arch& arch, synth::Target target,
                            const synth::Prediction& prediction, const std::string& command);

}  // namespace qsim::cli
