#include "compiler/passes/channel_map.h"

#include <cmath>

namespace qsim {
namespace {

void apply(const Affine& affine, ChannelMap& map) {
  const size_t channels = map.factor.size();
  if (affine.addend.exists()) {
    const std::vector<double> addend = real_values(affine.addend);
    for (size_t c = 0; c < channels; ++c) map.offset[c] += entry(addend, c);
    return;
  }
  if (affine.divisor.exists()) {
    const std::vector<double> divisor = real_values(affine.divisor);
    for (size_t c = 0; c < channels; ++c) {
      map.factor[c] /= entry(divisor, c);
      map.offset[c] /= entry(divisor, c);
    }
    return;
  }
  const std::vector<double> scale = real_values(affine.scale), shift = real_values(affine.shift);
  const std::vector<double> mean = real_values(affine.mean),
                            variance = real_values(affine.variance);
  for (size_t c = 0; c < channels; ++c) {
    const double factor = entry(scale, c) / std::sqrt(entry(variance, c) + affine.epsilon);
    map.factor[c] *= factor;
    map.offset[c] = (map.offset[c] - entry(mean, c)) * factor + entry(shift, c);
  }
}

}  // namespace

double entry(const std::vector<double>& values, size_t channel) {
  return values.at(values.size() == 1 ? 0 : channel);
}

ChannelMap channel_map(const std::vector<Affine>& affines, size_t channels) {
  ChannelMap map = {std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
  for (const Affine& affine : affines) apply(affine, map);
  return map;
}

}  // namespace qsim
