// Report: everything a run has to say, as one value. Rendered as text, JSON and CSV (render.h).
// docs/user/report.md explains each number to its reader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/engines/engine.h"
#include "sim/price/energy.h"
#include "sim/report/account.h"
#include "sim/report/manifest.h"
#include "sim/report/traffic.h"

namespace qsim {

// Where a layer is executed.
enum class LayerPlace : uint8_t { kArray, kVector, kHost };
const char* name_of(LayerPlace place);  // "array", "vector", "host"

struct LayerRow {
  std::string name;  // of the ONNX node
  std::string op;    // "conv", "add", ...
  LayerPlace place = LayerPlace::kArray;
  Shape output;      // n, h, w, c
  int64_t macs = 0;  // multiply-accumulates, padding taps included
  // Of the codes that the layer reads (the widest of its inputs) and of its weights; absent where
  // there are none.
  std::optional<int32_t> code_bits, weight_bits;
  // Array: multiply-accumulates a cycle in the mode of its instructions, all PEs busy.
  std::optional<int64_t> peak_macs;
  LayerAccount time;  // all zero without a timed engine
  Traffic traffic;
  EnergyAccount energy;                // all zero without a timed engine
  std::optional<BitChanges> activity;  // array: of its elements, when the engine counted them
  std::optional<double> sqnr_db;       // of its output against the float network's, see Accuracy

  double utilization(int64_t pes) const;  // useful PE-cycles over all; 0 when it owns no cycles
};

struct Accuracy {
  int64_t scored = 0;       // samples evaluated; none of them calibrated
  int64_t calibration = 0;  // samples that calibrated; 0 when the file carries its quantization
  bool calibration_from_data = false;  // they were drawn from --data by `seed`
  uint64_t seed = 0;
  // Shares in [0, 1], of the first output. Top-k need labels, top-5 more than 5 classes; what names
  // the float network needs the ONNX file.
  std::optional<double> top1, float_top1, top5, float_top5;
  std::optional<double> agreement;  // samples whose greatest output is the float network's
  // 10 log10(sum of squares of the float values / sum of squared differences) over all samples:
  // infinite without a difference, absent for what the float network has no value for. Of the first
  // output, and of each layer.
  std::optional<double> output_sqnr_db;
  int64_t wraps = 0;  // accumulators that left int32, over all samples
  std::vector<std::optional<double>> layer_sqnr_db;  // parallel to the network's layers
};

// One number of the summary.
struct Figure {
  std::string key;    // "cycles": the key in JSON
  std::string title;  // "cycles"
  double value = 0;
  int decimals = 0;  // 0: a whole number, exact below 2^53
  std::string unit;
  Origin origin = Origin::kDerived;
  std::string note;                           // what it includes or rests on
  std::optional<double> low = {}, high = {};  // of what rests on prices
};

// What the run was charged for, see sim/price.
struct PricedEvent {
  Event event;
  int64_t count = 0;
  Estimate pj;  // of one
};

struct Coverage {
  int64_t operators = 0, array = 0, vector = 0, host = 0;
  std::optional<int64_t> host_cycles;  // of a timed engine
  std::string text() const;  // "all 12 operators placed: 8 on the array, 2 on the vector unit, ..."
};

struct Report {
  std::string network;
  Manifest manifest;
  Arch arch;
  bool has_cycles = false;
  std::vector<LayerRow> layers;     // in the network's order
  LayerRow total;                   // name "total"
  std::vector<Figure> figures;      // the summary
  std::vector<Figure> counters;     // of counters.def, as the engine counted them
  PriceList prices;                 // of the machine
  std::vector<PricedEvent> events;  // that happened; empty without a timed engine
  Coverage coverage;
  std::optional<Accuracy> accuracy;
  std::vector<std::string> value_blockers;  // why there are no values, when there are none
  std::vector<std::string> notes;           // where the network is not what its file says
  std::vector<std::string> not_modelled;
};

// `result` is of a timed engine, or of one that carries values alone (its timing is empty); its
// counters.def values count when `has_values`. Throws
// std::logic_error when the account or the traffic does not add up, or when a layer has neither
// instructions nor a host step: no operator may cost nothing because nobody modelled it. Throws
// Error when prices.zero_macs or prices.activity asks for counts that there are not.
Report make_report(const Program& program, const RunResult& result, bool has_values,
                   const PriceTable& prices, Manifest manifest, std::optional<Accuracy> accuracy);

}  // namespace qsim
