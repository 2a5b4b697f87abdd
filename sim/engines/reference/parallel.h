// A loop over independent indices on a few threads.
#pragma once

#include <cstdint>
#include <functional>

namespace qsim::reference {

// Calls body(0) ... body(count - 1), each once, on at most `threads` threads, the caller's among
// them; in order when threads is 1. After an exception no further index starts; one of those thrown
// reaches the caller.
void parallel_for(int threads, int64_t count,
                  const std::function<void(int worker, int64_t i)>& body);

}  // namespace qsim::reference
