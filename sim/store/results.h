// What a sweep keeps of every point: plain values, as they stand in the store and travel between
// processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/report.h"

namespace qsim {

struct Metric {
  std::string name;    // "cycles"
  double value = 0;    // may be infinite (an SQNR without a difference)
  std::string unit;    // "cycles"
  std::string origin;  // "measured", "derived", "assumed"

  bool operator==(const Metric&) const = default;
};

// One machine with one network, quantized in one way.
struct PointResult {
  std::string key;      // SHA-256 of version, network, recipe, machine and prices
  std::string version;  // of qsim, "0.1.0+89abcdef01234567": with a hash of the build's sources
  std::string model;    // as it was given
  std::string model_sha256;  // of the file
  std::string shapes;        // "batch 1", and the shapes of inputs that were given
  std::string recipe;        // canonical JSON (recipe_text()); "": none
  std::string machine;       // name, "edge16+"
  std::string machine_text;  // the whole of it, to_text(arch)
  std::string prices;        // "ours 9bdf627b20f766ca", name and content of --prices; "": none
  std::string values_key;    // of the ValuesResult that belongs to it
  std::string command;       // that reproduces it
  std::string failure;       // why there are no metrics; "": there are
  std::vector<Metric> metrics;

  bool operator==(const PointResult&) const = default;
};

// Accuracy of a network quantized in one way, on the samples of the store. Machines that round
// alike (vector.requant) share it.
struct ValuesResult {
  std::string key;  // SHA-256 of version, network, recipe and rounding
  std::string version, model, model_sha256, shapes, recipe;  // as above
  std::string requant;                                       // the value of vector.requant
  std::string failure;
  std::vector<Metric> metrics;

  bool operator==(const ValuesResult&) const = default;
};

// Every number of a report: its figures by their keys; the columns of the total row that are no
// figures; the counters as "counter.<name>"; and of the machine "pes" and "buffer_kib".
std::vector<Metric> metrics_of(const Report& report);
// top1, top5, float_top1, float_top5, agreement, output_sqnr_db, accumulator_wraps and how many
// samples there were.
std::vector<Metric> metrics_of(const Accuracy& accuracy);

}  // namespace qsim
