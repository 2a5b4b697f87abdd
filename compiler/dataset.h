// Labelled samples from .npz files, how they become a network's input, and .npz output.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "hw/spec/tensor.h"

namespace qsim {

// x: samples along the first dimension, any numeric type. y: one label per sample; empty when the
// file has no array "y".
struct Dataset {
  Tensor x;
  std::vector<int64_t> y;
  int64_t size() const { return x.shape.empty() ? 0 : x.shape[0]; }
};

// Reads every array of an .npz (a zip of .npy files, stored or deflated; .npy versions 1 to 3;
// little-endian bool, integer and float types; float16 is widened to float32, uint64 becomes
// int64). Throws Error, naming file and array, when the file is no zip, truncated, fails its
// CRC-32, is in Fortran order or big-endian, holds an unknown type, or declares sizes that its
// bytes contradict.
std::map<std::string, Tensor> load_arrays(const std::string& path);

// Arrays "x" and, if present, "y" (integers, as many as samples). Throws Error otherwise.
Dataset load_npz(const std::string& path);

// Writes the arrays uncompressed, .npy version 1: numpy.load() reads the result.
// Throws Error when the file cannot be written or a tensor's type is undefined.
void save_npz(const std::string& path, const std::map<std::string, Tensor>& arrays);

// How a sample becomes a network's input: resize, then reorder channels, then (x - mean) * scale in
// float32. Read from the JSON file beside the data:
//   {"layout": "NCHW", "mean": [0.0], "scale": [0.0039], "channel_order": "RGB", "resize": [224,
//   224]}
// Every key may be left out; the values below are the defaults.
struct Preprocess {
  std::string layout = "NCHW";       // of x: "NCHW" or "NHWC"; samples of other ranks ignore it
  std::vector<float> mean = {0.0f};  // one, or one per channel in the network's channel order
  std::vector<float> scale = {1.0f};
  std::string channel_order = "RGB";  // what the network expects of x in RGB: "RGB" or "BGR"
  std::vector<int64_t> resize;        // {height, width}, bilinear, half-pixel centres; empty: none
};

// `<stem>.json` beside `npz_path`; the defaults when there is no such file. Throws Error, naming
// file and key, for an unknown key, a wrong type, or an unknown layout or channel order.
Preprocess load_preprocess(const std::string& npz_path);

// Samples `indices` as one float32 tensor for a network input of shape `wanted` (its first
// dimension is the network's batch): [count, wanted[1], ...]. The result is in the layout that
// `wanted` calls for: NCHW unless only NHWC fits the sample's dimensions; otherwise element counts
// must agree, and [N, 49, 10] becomes [N, 49, 10, 1] or [N, 490]. Throws Error when an index is out
// of range, when the counts differ, or when mean or scale does not match the channels.
Tensor make_input(const Dataset& dataset, const Preprocess& preprocess,
                  std::span<const int64_t> indices, const Shape& wanted);

// The same for samples first, first + 1, ..., first + count - 1.
Tensor make_input(const Dataset& dataset, const Preprocess& preprocess, int64_t first,
                  int64_t count, const Shape& wanted);

// `calibration` samples drawn by a seeded shuffle, and all others, both ascending: no sample that
// calibrates is scored. The same on every platform. Throws Error when calibration_count is outside
// [0, n].
struct Split {
  std::vector<int64_t> calibration;
  std::vector<int64_t> scored;
};
Split split(int64_t n, int64_t calibration_count, uint64_t seed);

}  // namespace qsim
