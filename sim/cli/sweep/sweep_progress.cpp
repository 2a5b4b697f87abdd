#include "sim/cli/sweep/sweep_progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "sim/cli/sweep/sweep.h"

namespace qsim::cli {
namespace {

using std::chrono::duration;

constexpr double kSecondsBetween = 0.2;  // of lines on a terminal

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate < 10 ? "%.1f" : "%.0f", rate);
  return text;
}

}  // namespace

std::string progress_text(const SweepSummary& summary, int64_t points, int64_t values,
                          double rate) {
  std::string text;
  if (values > 0) {
    text = std::to_string(summary.accuracies) + " of " + std::to_string(values) + " accuracies, ";
  }
  text += std::to_string(summary.evaluated) + " of " + std::to_string(points) + " points";
  if (summary.failed > 0) text += ", " + std::to_string(summary.failed) + " failed";
  if (rate <= 0) return text;
  const double left = static_cast<double>(points - summary.evaluated) / rate;
  return text + ", " + rate_text(rate) + " points/s, " +
         std::to_string(static_cast<int64_t>(std::ceil(left))) + " s left";
}

void SweepProgress::show(const SweepSummary& summary, int64_t points, int64_t values) {
  if (!shows_) return;
  const Clock::time_point now = Clock::now();
  // The rate counts from the first point on: accuracies come before it and tell nothing about it.
  if (first_points_ == 0 && summary.evaluated > 0) {
    first_ = now;
    first_points_ = summary.evaluated;
  }
  if (isatty(STDERR_FILENO)) {
    if (duration<double>(now - last_).count() < kSecondsBetween) return;
  } else {
    const int64_t all = points + values;
    const int64_t tenth = all > 0 ? 10 * (summary.evaluated + summary.accuracies) / all : 10;
    if (!every_tenth_ || tenth == last_tenth_) return;
    last_tenth_ = tenth;
  }
  last_ = now;
  const double seconds = duration<double>(now - first_).count();
  const auto count = static_cast<double>(summary.evaluated - first_points_);
  line_.notice()(progress_text(summary, points, values,
                               first_points_ > 0 && seconds > 0 ? count / seconds : 0));
}

}  // namespace qsim::cli
