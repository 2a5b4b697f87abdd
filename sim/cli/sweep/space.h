// Design spaces: which machines, and which networks quantized in which ways, a sweep evaluates.
// docs/user/sweeps.md describes the file.
//
//   machine = edge8 edge16            # what the keys below are set over
//   array = 8x8 16x16 32x32           # rows and columns together
//   bits = 8/8 4/8 4/4                # weights/activations
//   [buffers]
//   act_kib = 32..256*2               # 32 64 128 256
//   [points]                          # one choice a line, of several keys
//   vector.lanes=8  memory.bytes_per_cycle=4
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/options.h"

namespace qsim::cli {

// One machine and one way to quantize one network.
struct Point {
  std::string model;       // path of the .onnx file
  MachineOptions machine;  // --arch, then keys in the order of the space
  std::string recipe;      // canonical JSON, see recipe_text(); "": none
};

// What one value of an axis sets: {"array.rows", "8"}, {"array.cols", "8"}. Names are the keys of
// arch.def, "model", "machine", "recipe" (a file) and "recipe.<key>".
using Choice = std::vector<std::pair<std::string, std::string>>;

struct Axis {
  std::string name;  // as written: "array", "buffers.act_kib", "points"
  std::vector<Choice> choices;
  int line = 0;
};

// The product of its axes.
class Space {
 public:
  // `models` come after those of the file, if it names any. Throws one Error with a line for every
  // wrong line of the file ("space.cfg:3: array.rows = 1 is outside [2, 256]"), or for a space
  // without a model or of more than 10 million points.
  Space(const std::string& path, const std::vector<std::string>& models);
  // The same from text; `place` stands in messages for the path.
  static Space from_text(const std::string& text, const std::string& place,
                         const std::vector<std::string>& models);

  const std::vector<Axis>& axes() const { return axes_; }
  int64_t size() const;  // points

  // `choices`: of each axis, its index. Throws Error when there is no such choice, or when a recipe
  // file has changed for the worse.
  Point point(const std::vector<size_t>& choices) const;
  // Number `index` of size(), the last axis fastest.
  Point point(int64_t index) const;

 private:
  Space() = default;
  void read(const std::string& text, const std::string& place,
            const std::vector<std::string>& models);
  void require_models(const std::string& place) const;

  std::vector<Axis> axes_;
};

}  // namespace qsim::cli
