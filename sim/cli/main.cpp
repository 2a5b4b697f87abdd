#include <cstdlib>  // defines __GLIBC__

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "sim/cli/command.h"

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // Freed memory stays: tensors come and go by the megabyte, and fresh pages are what costs.
  constexpr int kKeptBytes = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
#endif
  return qsim::cli::run_command_line(argc, argv);
}
