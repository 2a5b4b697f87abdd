// Where a byte that an instruction has written lies, in words of the network:
//   MATMUL           tile (3,1) element [5,0]       pixel of the tile, column of the array
//   VECTOR           tile (3,1) element [0,3,5,8]   of the layer's output
//   LOAD, STORE ...  DRAM byte 131072
#pragma once

#include <string>
#include <vector>

#include "sim/engines/written.h"

namespace qsim::cli {

struct ElementText {
  std::string place, a, b;
};

// The element with byte number `offset` of what `written` covers; `a` and `b` are these bytes in
// two engines.
ElementText element_text(const Program& program, size_t index, const Written& written,
                         int64_t offset, const std::vector<uint8_t>& a,
                         const std::vector<uint8_t>& b);

}  // namespace qsim::cli
