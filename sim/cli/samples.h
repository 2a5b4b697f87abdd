// The samples of a run: which of them calibrate, which are scored, and how they become network
// inputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/dataset.h"
#include "hw/spec/network.h"

namespace qsim::cli {

struct SampleOptions {
  std::string data;                  // --data
  std::string calibrate;             // --calibrate
  int64_t calibration_samples = -1;  // --calibration-samples: of --data; -1: as needed
  int64_t limit = 0;                 // --limit: of the scored samples; 0: all
  uint64_t seed = 1;                 // --seed
  // Preprocessing of both files. Without --preprocess, of the .json beside each of them. The others
  // replace single values of it; "" keeps them.
  std::string preprocess;     // --preprocess FILE.json
  std::string mean, scale;    // numbers separated by commas
  std::string layout;         // NCHW or NHWC
  std::string channel_order;  // RGB or BGR
  std::string resize;         // HxW
};

// One .npz file and its preprocessing.
struct SampleFile {
  std::string path;
  Dataset dataset;
  Preprocess preprocess;
};

struct Samples {
  std::optional<SampleFile> data, calibration;
  std::vector<int64_t> scored;       // indices into data
  std::vector<int64_t> calibrating;  // indices into calibration, or into data when that is absent
  SampleOptions options;

  bool calibrates() const { return !calibrating.empty(); }
  const SampleFile& calibration_file() const { return calibration ? *calibration : *data; }

  // For a network that cannot do without: a quarter of --data, at most 64 samples, drawn by the
  // seed, unless the options say otherwise.
  void set_aside_calibration();

 private:
  friend Samples load_samples(const SampleOptions& options);
  void split_data(int64_t calibration_count);
};

// Reads the files that the options name, and splits --data when samples of it calibrate. Throws
// UsageError when the options contradict one another.
Samples load_samples(const SampleOptions& options);

// Samples as float32 in ONNX order, [count, ...]: what FloatExecutor, Calibrator and to_engine()
// take. `wanted` is the input's ONNX shape. The network must have one input.
Tensor samples_for(const SampleFile& file, const std::vector<int64_t>& indices,
                   const Shape& wanted);

}  // namespace qsim::cli
