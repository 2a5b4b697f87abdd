#include "sim/cli/calibration.h"

#include "hw/spec/error.h"

namespace qsim::cli {

CalibrationResult calibrate(const Graph& graph, const CalibrationNeeds& needs, Samples& samples,
                            const Progress& progress) {
  const SampleFile& file = samples.calibration_file();
  if (graph.inputs.size() != 1) {
    throw Error(file.path + ": the network has " + std::to_string(graph.inputs.size()) +
                " inputs; samples feed one");
  }
  const Shape& wanted = graph.value(graph.inputs[0]).shape;
  const size_t batch = wanted.empty() ? 1 : static_cast<size_t>(wanted[0]);
  std::vector<int64_t>& indices = samples.calibrating;
  indices.resize(indices.size() / batch * batch);
  if (indices.empty()) {
    throw Error(file.path + ": its samples do not fill a batch of " + std::to_string(batch));
  }
  Calibrator calibrator(graph, needs);
  for (size_t i = 0; i < indices.size(); i += batch) {
    const auto first = indices.begin() + static_cast<std::ptrdiff_t>(i);
    calibrator.observe(
        samples_for(file, {first, first + static_cast<std::ptrdiff_t>(batch)}, wanted));
    progress(static_cast<double>(i + batch) / static_cast<double>(indices.size()));
  }
  return calibrator.result();
}

}  // namespace qsim::cli
