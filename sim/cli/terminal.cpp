#include "sim/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace qsim::cli {

size_t terminal_width() {
  constexpr size_t kDefaultWidth = 100;
  winsize size{};
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return kDefaultWidth;
}

}  // namespace qsim::cli
