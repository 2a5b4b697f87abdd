// One line on stderr about long work.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "sim/engines/engine.h"

namespace qsim::cli {

// On a terminal the line is rewritten in place and wiped at the end; with `always` on anything else
// a line is written every ten per cent. Nothing is shown for work that ends within a second.
class ProgressLine {
 public:
  struct Silent {};  // shows nothing: for callers that are no command line
  explicit ProgressLine(bool always = false);
  explicit ProgressLine(Silent) : terminal_(false), always_(false) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // For an engine or an evaluation. The line must outlive what is returned. Calls may come from any
  // thread, one at a time.
  Progress task(const std::string& name);
  // For work whose share nobody knows. The line must outlive what is returned.
  std::function<void(const std::string& text)> notice();
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void show(const std::string& name, double share);

  bool terminal_, always_;
  bool visible_ = false;
  Clock::time_point start_, last_;
  int last_tenth_ = 0;
};

}  // namespace qsim::cli
