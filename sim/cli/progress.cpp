#include "sim/cli/progress.h"

#include <unistd.h>

#include <cstdio>

namespace qsim::cli {
namespace {

using std::chrono::duration;

}  // namespace

ProgressLine::ProgressLine(bool always) : terminal_(isatty(STDERR_FILENO) != 0), always_(always) {}

Progress ProgressLine::task(const std::string& name) {
  clear();
  start_ = last_ = Clock::now();
  last_tenth_ = 0;
  return [this, name](double share) {
    if (terminal_ || always_) show(name, share);
    return true;
  };
}

std::function<void(const std::string&)> ProgressLine::notice() {
  return [this](const std::string& text) {
    clear();
    if (!terminal_ && !always_) return;
    std::fprintf(stderr, "%s%s", text.c_str(), terminal_ ? "" : "\n");
    std::fflush(stderr);
    visible_ = terminal_;
  };
}

void ProgressLine::show(const std::string& name, double share) {
  const Clock::time_point now = Clock::now();
  const double elapsed = duration<double>(now - start_).count();
  const int tenth = static_cast<int>(share * 10);
  if (elapsed < 1) return;
  if (terminal_ ? duration<double>(now - last_).count() < 0.2 : tenth == last_tenth_) return;
  last_ = now;
  last_tenth_ = tenth;
  const double left = share > 0 ? elapsed / share - elapsed : 0;
  std::fprintf(stderr, "%s%s: %3.0f %%, %.0f s, %.0f s left%s", terminal_ ? "\r\033[K" : "",
               name.c_str(), 100 * share, elapsed, left, terminal_ ? "" : "\n");
  std::fflush(stderr);
  visible_ = terminal_;
}

void ProgressLine::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace qsim::cli
