// Bytes of a sweep's space. What is read is a space: its first and last point can be had.
#include <cstdio>
#include <cstdlib>

#include "sim/cli/sweep/space.h"
#include "tests/fuzz/import/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer([&] {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const qsim::cli::Space space = qsim::cli::Space::from_text(text, "space.cfg", {"m.onnx"});
    if (space.size() < 1) {
      std::fprintf(stderr, "finding: a space of %lld points\n",
                   static_cast<long long>(space.size()));
      std::abort();
    }
    space.point(int64_t{0});
    space.point(space.size() - 1);
  });
}
