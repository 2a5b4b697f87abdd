#include "sim/cli/samples.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "hw/spec/error.h"
#include "sim/cli/command.h"
#include "sim/cli/preprocess_options.h"

namespace qsim::cli {
namespace {

SampleFile load_file(const std::string& path, const SampleOptions& options) {
  SampleFile file{path, load_npz(path), read_preprocess(path, options)};
  if (file.dataset.size() == 0) throw Error(path + ": holds no samples");
  return file;
}

std::vector<int64_t> all_of(int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

}  // namespace

Samples load_samples(const SampleOptions& options) {
  if (options.calibration_samples > 0 && !options.calibrate.empty()) {
    throw UsageError("--calibration-samples takes samples of --data; --calibrate names others");
  }
  if (options.calibration_samples > 0 && options.data.empty()) {
    throw UsageError("--calibration-samples needs --data");
  }
  std::error_code missing;  // reported when the files are read
  if (!options.calibrate.empty() && !options.data.empty() &&
      std::filesystem::equivalent(options.calibrate, options.data, missing)) {
    throw UsageError(
        "--calibrate and --data are the same file: samples that calibrate are not scored; pass "
        "--calibration-samples N instead");
  }
  Samples samples;
  samples.options = options;
  if (!options.calibrate.empty()) {
    samples.calibration = load_file(options.calibrate, options);
    samples.calibrating = all_of(samples.calibration->dataset.size());
  }
  if (!options.data.empty()) {
    samples.data = load_file(options.data, options);
    samples.split_data(std::max<int64_t>(options.calibration_samples, 0));
  }
  return samples;
}

void Samples::split_data(int64_t calibration_count) {
  const int64_t count = data->dataset.size();
  if (calibration_count >= count) {
    throw Error(data->path + ": --calibration-samples = " + std::to_string(calibration_count) +
                " leaves none of its " + std::to_string(count) + " samples to score");
  }
  if (calibration_count > 0) {
    Split parts = split(count, calibration_count, options.seed);
    calibrating = std::move(parts.calibration);
    scored = std::move(parts.scored);
  } else {
    scored = all_of(count);
  }
  if (options.limit > 0 && options.limit < static_cast<int64_t>(scored.size())) {
    scored.resize(static_cast<size_t>(options.limit));
  }
}

void Samples::set_aside_calibration() {
  if (!data || calibrates() || options.calibration_samples >= 0) return;
  const int64_t count = data->dataset.size();
  if (count > 1) split_data(std::clamp<int64_t>(count / 4, 1, 64));
}

Tensor samples_for(const SampleFile& file, const std::vector<int64_t>& indices,
                   const Shape& wanted) {
  try {
    return make_input(file.dataset, file.preprocess, indices, wanted);
  } catch (const Error& error) {
    throw Error(file.path + ": " + error.what());
  }
}

}  // namespace qsim::cli
