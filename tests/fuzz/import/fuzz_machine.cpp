// Bytes of a machine's INI file. What is read is a machine: its text gives it again.
#include <cstdio>
#include <cstdlib>

#include "hw/spec/arch.h"
#include "tests/fuzz/import/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer([&] {
    const qsim::Arch arch = qsim::read_arch_file(qsim::fuzz::write_input(data, size, ".cfg"));
    arch.check();
    const std::string text = qsim::to_text(arch);
    if (qsim::to_text(qsim::read_arch_text(text, "text")) == text) return;
    std::fprintf(stderr, "finding: read again, this becomes another machine:\n%s", text.c_str());
    std::abort();
  });
}
