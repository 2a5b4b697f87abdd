#include "sim/cli/search_parts.h"

#include "hw/spec/error.h"

namespace qsim::cli {

SearchParts divide_samples(const TrialBench& bench, const std::string& name) {
  const Samples& samples = bench.samples();
  const std::vector<int64_t>& all = samples.scored;
  const auto count = static_cast<int64_t>(all.size());
  if (count < 8)
    throw Error(samples.data->path + ": " + std::to_string(count) +
                " samples are too few to search, validate and score on different ones");
  const uint64_t seed = samples.options.seed;
  const Split first = split(count, count / 2, seed);
  const auto half = static_cast<int64_t>(first.calibration.size());
  const Split second = split(half, half / 2, seed + 1);
  const auto pick = [&](const std::vector<int64_t>& places) {
    std::vector<int64_t> indices;
    for (int64_t i : places)
      indices.push_back(all[static_cast<size_t>(first.calibration[static_cast<size_t>(i)])]);
    return indices;
  };
  SearchParts parts;
  parts.search = bench.part(pick(second.calibration));
  if (!parts.search.float_accuracy)
    throw Error(name +
                ": is no classifier, so that no accuracy can be held; expected an output with a "
                "score for each class");
  parts.validation = bench.part(pick(second.scored));
  std::vector<int64_t> rest;
  for (int64_t i : first.scored) rest.push_back(all[static_cast<size_t>(i)]);
  parts.scoring = bench.part(std::move(rest));
  return parts;
}

}  // namespace qsim::cli
