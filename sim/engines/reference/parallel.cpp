#include "sim/engines/reference/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace qsim::reference {

void parallel_for(int threads, int64_t count,
                  const std::function<void(int worker, int64_t i)>& body) {
  std::atomic<int64_t> next = 0;
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&](int worker) {
    for (int64_t i = next++; i < count; i = next++) {
      try {
        body(worker, i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(failure_mutex);
        failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::jthread> helpers;
  for (int i = 1; i < std::min<int64_t>(threads, count); ++i) helpers.emplace_back(work, i);
  work(0);
  helpers.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace qsim::reference
