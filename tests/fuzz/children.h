// Work in child processes: what crashes or never ends takes nobody with it, and SystemC, which
// elaborates once per process, starts anew each time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace qsim::fuzz {

struct ChildEnd {
  enum class Kind : uint8_t { kReturned, kCrashed, kTimedOut };
  Kind kind = Kind::kReturned;
  std::string text;  // what the work returned; kCrashed: the signal or exit code;
                     // kTimedOut: the process's state and its CPU time
};

// May throw nothing but qsim::Error, which counts as a crash with its message.
using Work = std::function<std::string()>;

// The work's process and all that it started are killed when the limit is over.
ChildEnd run_in_child(const Work& work, std::chrono::milliseconds limit);

// work(0) to work(count - 1), `jobs` at a time; `ended` is called here as they end, and says
// whether more should be started.
void run_in_children(int64_t count, int jobs, std::chrono::milliseconds limit,
                     const std::function<std::string(int64_t index)>& work,
                     const std::function<bool(int64_t index, const ChildEnd& end)>& ended);

}  // namespace qsim::fuzz
