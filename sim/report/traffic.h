// What instructions move, counted from their fields: bytes to and from DRAM, words of the buffers.
// Layer by layer for the report; the sums equal the engine's counters, which make_report() checks.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engines/engine.h"

namespace qsim {

struct Traffic {
  int64_t dram_read_bytes = 0;   // loads; instruction fetch is not a layer's
  int64_t dram_write_bytes = 0;  // stores
  int64_t act_read_words = 0;  // activation buffer, by array and vector unit; array.rows bytes each
  int64_t act_write_words = 0;    // by the vector unit
  int64_t weight_read_words = 0;  // array.cols bytes each
  int64_t acc_read_words = 0;     // by the vector unit; array.cols x 32 bit each
  int64_t acc_write_words = 0;    // by the array

  Traffic& operator+=(const Traffic& other);
  bool operator==(const Traffic&) const = default;
};

// Parallel to Program::network.layers, by InstructionInfo::layer.
std::vector<Traffic> count_traffic(const Program& program);

// The same quantities as an engine counted them.
Traffic traffic_of(const Counters& counters);

}  // namespace qsim
