// CPU seconds of the whole process: what a shared machine leaves comparable.
#pragma once

#include <ctime>

namespace qsim::bench {

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace qsim::bench
