// How far a sweep is: points done, points a second, seconds left; one line on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/cli/progress.h"

namespace qsim::cli {

struct SweepSummary;

// On a terminal the line is rewritten in place; with `always` on anything else a line is written
// every ten per cent.
class SweepProgress {
 public:
  explicit SweepProgress(bool always) : line_(always), shows_(true), every_tenth_(always) {}
  explicit SweepProgress(ProgressLine::Silent silent) : line_(silent), every_tenth_(false) {}

  void show(const SweepSummary& summary, int64_t points, int64_t values);
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;

  ProgressLine line_;
  bool shows_ = false, every_tenth_;
  Clock::time_point first_{}, last_{};
  int64_t first_points_ = 0;
  int64_t last_tenth_ = -1;
};

// "120 of 1,000 points, 3 failed, 215 points/s, 4 s left". `rate` 0: not known yet.
std::string progress_text(const SweepSummary& summary, int64_t points, int64_t values, double rate);

}  // namespace qsim::cli
