// Lock-step comparison of two valued engines: every retired instruction, unit by unit, in its four
// moments and in the bytes that it has written (sim/engines/written.h). Both start from the same
// memories.
//
// The first engine runs to its end and leaves a digest per instruction; the second one is compared
// while it runs, and stopped at the first difference: the one whose instruction should have retired
// first. Only then are bytes wanted, and the first engine runs again for them.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/compare.h"
#include "sim/engines/written.h"

namespace qsim::cli {

// Ends a run from inside its observer.
class RunEnded : public std::exception {};

class Lockstep {
 public:
  // Runs the first engine on the same inputs and memories as before, with this observer.
  using Rerun = std::function<void(const RetirementObserver& observer)>;

  Lockstep(const Program& program, std::string engine_a, std::string engine_b);

  // The first engine's observer.
  RetirementObserver record();
  // The second one's, for a run after that. Throws RunEnded at the first difference.
  RetirementObserver compare();

  bool differs() const { return difference_ || byte_difference_; }
  // nullopt when there is none. `rerun` is called when bytes differ.
  std::optional<Difference> difference(const Rerun& rerun);
  // For a run of the second engine that failed: what had not retired is the difference.
  Difference failed(const std::string& message) const;

  int64_t instructions() const { return compared_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct Bytes {
    int32_t index = -1;
    int64_t cycle = 0;
    Written written;
    std::vector<uint8_t> values;  // the second engine's
  };

  void record_one(const Retirement& retirement);
  void compare_one(const Retirement& retirement);
  int32_t overdue(int64_t cycle);
  bool issued_alike(const Retirement& retirement);
  void found(std::optional<Difference> difference);
  std::vector<uint8_t> comparable_bytes(const Retirement& retirement, Written& written) const;

  const Program& program_;
  std::string engine_a_, engine_b_;
  std::vector<InstructionTiming> timing_;  // the first engine's
  std::vector<uint64_t> digests_;
  std::vector<int32_t> order_;  // by the first engine's retirement; empty until compare()
  size_t next_ = 0;             // in order_: everything before has retired in the second engine
  std::vector<bool> retired_;
  int32_t overdue_ = -1;  // should have retired, and has not
  std::optional<Difference> difference_;
  std::optional<Bytes> byte_difference_;
  int64_t compared_ = 0, bytes_ = 0;
};

}  // namespace qsim::cli
