// Tensor bytes that live in files beside the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qsim {

struct ExternalRange {
  std::string location;  // path relative to the model's folder
  int64_t offset = 0;
  int64_t length = -1;  // -1: not stated
};

// Reads `needed` bytes. A model is a file from anywhere: it may name only files inside its own
// folder, so absolute locations, "..", and symbolic links that lead out are refused, as are ranges
// beyond the file's end, before anything is allocated. Errors begin with `place`. Without `reads`
// all of that is checked and nothing returned.
std::vector<uint8_t> read_external(const ExternalRange& range, int64_t needed,
                                   const std::string& folder, const std::string& place, bool reads);

}  // namespace qsim
