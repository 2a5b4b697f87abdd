// Bytes of an .npz file: zip directory, deflate, .npy headers.
#include <zlib.h>

#include <cstring>

#include "compiler/dataset.h"
#include "tests/fuzz/import/input_file.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer([&] {
    const std::string path = qsim::fuzz::write_input(data, size, ".npz");
    qsim::load_arrays(path);
    qsim::load_npz(path);
  });
}

namespace {

// Each stored member's CRC-32 becomes that of its bytes; behind a wrong one no header is looked at.
void mend_checksums(uint8_t* data, size_t size) {
  const auto number = [&](size_t at, size_t bytes) {
    uint32_t value = 0;
    std::memcpy(&value, data + at, bytes);
    return value;
  };
  constexpr size_t kCentralBytes = 46;
  for (size_t at = 0; at + kCentralBytes <= size; ++at) {
    if (number(at, 4) != 0x02014b50 || number(at + 10, 2) != 0) continue;
    const size_t packed = number(at + 20, 4), local = number(at + 42, 4);
    if (local + 30 > size) continue;
    const size_t start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
    if (start > size || packed > size - start) continue;
    const auto crc = static_cast<uint32_t>(crc32_z(0, data + start, packed));
    std::memcpy(data + at + 16, &crc, sizeof crc);
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 != 0) mend_checksums(data, size);
  return size;
}
