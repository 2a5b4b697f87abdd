#include "sim/systemc/matmul_run.h"

#include <algorithm>

#include "hw/spec/timing.h"
#include "sim/systemc/array_kernel.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

MatmulRun::MatmulRun(int32_t program_index, const Matmul& matmul, const Arch& arch,
                     int64_t issue_cycle, int64_t first_pass)
    : index(program_index),
      op(matmul),
      stream(matmul, arch.array.rows),
      by_groups(arch.array.dataflow == Dataflow::kOs),
      rows(arch.array.rows),
      cols(arch.array.cols),
      lanes(stream.lanes()),
      pitch(ArrayKernel::pitch(stream.lanes())),
      rows_of_word(int64_t{1} << (matmul.weight_pack - matmul.act_pack)),
      words_of_tile((rows + rows_of_word - 1) / rows_of_word),
      issue(issue_cycle),
      base(first_pass),
      pixels(stream.pixels()),
      tiles(stream.tiles()),
      groups(by_groups ? (pixels + rows - 1) / rows : 1),
      passes(groups * tiles),
      spacing(by_groups ? rows : std::max(pixels, rows)) {}

int64_t MatmulRun::pixels_of(int64_t pass) const {
  return by_groups ? std::min(rows, pixels - first_pixel(pass)) : pixels;
}

// Weight-stationary weights travel ahead of the pixels that meet them; output-stationary ones meet
// the channel that leaves the transposer.
int64_t MatmulRun::weight_cycle() const {
  if (weight_pass == passes) return kNever;
  return pass_start(weight_pass) - (by_groups ? 0 : 1) + weight_word * rows_of_word;
}

int64_t MatmulRun::pixel_cycle() const {
  return pixel_pass == passes ? kNever : pass_start(pixel_pass) + pixel;
}

int64_t MatmulRun::operands_complete(int64_t pass) const {
  const int64_t weights_end =
      pass_start(pass) - (by_groups ? 0 : 1) + (words_of_tile - 1) * rows_of_word;
  return std::max(weights_end, pass_start(pass) + pixels_of(pass) - 1);
}

int64_t MatmulRun::arrival(int64_t pass, int64_t q) const {
  const int64_t start = pass_start(pass);
  const int64_t last_lane = cols - 1 + timing::kMatmulLatencyCycles;
  return by_groups ? start + 3 * (rows - 1) - q + last_lane : start + q + rows - 1 + last_lane;
}

int64_t MatmulRun::last_arrival() const { return arrival(passes - 1, by_groups ? 0 : pixels - 1); }

}  // namespace qsim::model
