// What synthesis would count for a machine, from a fit to machines that were synthesized.
#pragma once

#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/synth/target.h"

namespace qsim::synth {

struct Feature {
  const char* name;
  double value;
};

// What the fits are linear in; docs/user/fpga.md says what each stands for.
std::vector<Feature> features(const Arch& arch);

struct Estimate {
  const char* resource;  // "lut"
  double value = 0;
  double error_percent = 0;  // the largest of machines left out of the fit
  std::string beyond;        // what no measured machine has so much of: no error is known; or ""
};

struct Prediction {
  std::vector<Estimate> estimates;
  int machines = 0;  // fitted
  std::string tool;  // that synthesized them
};

// Throws Error when there is no fit for the target, or the machine differs in kind from those
// fitted (dataflow, requantization, codes).
Prediction predict(const Arch& arch, Target target);

// The same by the fits of a text like fits.json.
Prediction predict(const Arch& arch, Target target, const std::string& fits);

}  // namespace qsim::synth
