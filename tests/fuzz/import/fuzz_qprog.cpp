// Bytes of a .qprog file: load_program(), which checks every invariant, and the disassembly.
#include <zlib.h>

#include <cstring>

#include "hw/spec/program.h"
#include "tests/fuzz/import/input_file.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer([&] {
    const qsim::Program program = qsim::load_program(qsim::fuzz::write_input(data, size, ".qprog"));
    program.check();
    qsim::to_text(program);
  });
}

// Changes the payload and writes its length and CRC-32 anew: without them no change gets past the
// header.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  constexpr size_t kCrcAt = 12, kLengthAt = 16, kHeaderBytes = 24;
  if (size <= kHeaderBytes || seed % 32 == 0) return LLVMFuzzerMutate(data, size, max_size);
  uint8_t* payload = data + kHeaderBytes;
  const uint64_t length = LLVMFuzzerMutate(payload, size - kHeaderBytes, max_size - kHeaderBytes);
  const auto crc = static_cast<uint32_t>(crc32_z(0, payload, length));
  std::memcpy(data + kCrcAt, &crc, sizeof crc);
  std::memcpy(data + kLengthAt, &length, sizeof length);
  return kHeaderBytes + length;
}
