#include "sim/store/results.h"

#include <set>

#include "sim/report/columns.h"

namespace qsim {
namespace {

double buffer_kib(const Arch& arch) {
  const double accumulators =
      static_cast<double>(arch.buffers.acc_entries) * arch.array.cols * 4 / 1024;
  return arch.buffers.act_kib + arch.buffers.weight_kib + arch.buffers.param_kib + accumulators;
}

}  // namespace

std::vector<Metric> metrics_of(const Report& report) {
  std::vector<Metric> metrics;
  std::set<std::string> names;
  for (const Figure& figure : report.figures) {
    metrics.push_back({figure.key, figure.value, figure.unit, name_of(figure.origin)});
    names.insert(figure.key);
  }
  for (const Column& column : layer_columns(report)) {
    const std::optional<double> value = column.value(report.total);
    // make_report() has seen to it that traffic and cycles are those of the figures.
    if (!value || !names.insert(column.key).second) continue;
    metrics.push_back({column.key, *value, column.unit, name_of(column.origin)});
  }
  for (const Figure& counter : report.counters) {
    metrics.push_back(
        {"counter." + counter.key, counter.value, counter.unit, name_of(counter.origin)});
  }
  const char* derived = name_of(Origin::kDerived);
  metrics.push_back({"pes", static_cast<double>(report.arch.pes()), "PEs", derived});
  metrics.push_back({"buffer_kib", buffer_kib(report.arch), "KiB", derived});
  return metrics;
}

std::vector<Metric> metrics_of(const Accuracy& accuracy) {
  const char* measured = name_of(Origin::kMeasured);
  std::vector<Metric> metrics;
  const std::pair<const char*, const std::optional<double>&> shares[] = {
      {"top1", accuracy.top1},
      {"top5", accuracy.top5},
      {"float_top1", accuracy.float_top1},
      {"float_top5", accuracy.float_top5},
      {"agreement", accuracy.agreement}};
  for (const auto& [name, share] : shares) {
    if (share) metrics.push_back({name, *share, "share", measured});
  }
  if (accuracy.output_sqnr_db) {
    metrics.push_back({"output_sqnr_db", *accuracy.output_sqnr_db, "dB", measured});
  }
  const std::pair<const char*, int64_t> counts[] = {{"scored_samples", accuracy.scored},
                                                    {"calibration_samples", accuracy.calibration},
                                                    {"accumulator_wraps", accuracy.wraps}};
  for (const auto& [name, count] : counts) {
    metrics.push_back({name, static_cast<double>(count),
                       name == std::string("accumulator_wraps") ? "wraps" : "samples", measured});
  }
  return metrics;
}

}  // namespace qsim
