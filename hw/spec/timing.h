// The constants of the timing rules, docs/reference/timing.md. Engines share these numbers and the
// memory's timing class, and no other line of code about time.
#pragma once

#include <cstdint>

namespace qsim::timing {

constexpr int64_t kInstructionBytes = 64;      // T4
constexpr int64_t kMaxBurstBeats = 16;         // T10
constexpr int64_t kBurstBoundaryBytes = 4096;  // T10
constexpr int64_t kIdealLatencyCycles = 1;     // T9
constexpr int64_t kLoadRequestCycles = 1;      // T11: from issue to the first request
constexpr int64_t kLandingCycles = 1;          // T11: from arrival to the buffer
constexpr int64_t kStoreRequestCycles = 2;     // T12: from issue to the first request
constexpr int64_t kMatmulLatencyCycles =
    5;  // T13, T14: from the read of an operand at PE (0, 0) to its sum
constexpr int64_t kVectorBlockSetupCycles = 4;  // T15
constexpr int64_t kVectorLatencyCycles = 8;     // T15

}  // namespace qsim::timing
