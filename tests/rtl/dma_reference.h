// What the benches of the load and store units compare with: the beats of an instruction by rule
// T10, found by walking its bytes, and contents for memories.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "hw/spec/isa.h"

namespace qsim::rtl {

constexpr uint32_t kPlaceMask = (1u << 26) - 1;

struct Beat {
  int64_t address = 0;  // in DRAM, aligned
  uint64_t enable = 0;  // bit k: byte k counts
  uint32_t place = 0;   // in the buffer, of byte 0, modulo 2^26
};

struct Burst {
  std::vector<Beat> beats;
  int64_t bytes = 0;  // that count
  bool ends_instruction = false;
};

inline std::vector<Burst> bursts_of(const Load& op, int bus_bytes) {
  std::vector<Burst> bursts;
  for (int64_t i2 = 0; i2 < op.count2; ++i2) {
    for (int64_t i1 = 0; i1 < op.count1; ++i1) {
      for (int64_t i0 = 0; i0 < op.count0; ++i0) {
        const int64_t first =
            op.dram_address + i0 * op.dram_stride0 + i1 * op.dram_stride1 + i2 * op.dram_stride2;
        const int64_t buffer = op.buffer_address + i0 * op.buffer_stride0 + i1 * op.buffer_stride1 +
                               i2 * op.buffer_stride2;
        bool fresh = true;
        for (int64_t word = first - first % bus_bytes; word < first + op.bytes; word += bus_bytes) {
          if (fresh || bursts.back().beats.size() == 16 || word % 4096 == 0) bursts.emplace_back();
          fresh = false;
          Beat beat{word, 0, static_cast<uint32_t>(buffer + word - first) & kPlaceMask};
          for (int lane = 0; lane < bus_bytes; ++lane) {
            if (word + lane < first || word + lane >= first + op.bytes) continue;
            beat.enable |= uint64_t{1} << lane;
            ++bursts.back().bytes;
          }
          bursts.back().beats.push_back(beat);
        }
      }
    }
  }
  bursts.back().ends_instruction = true;
  return bursts;
}

// Some dozens of bursts with every alignment, direction and page crossing.
inline Load random_transfer(std::mt19937& random, int bus_bytes) {
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const int64_t most[] = {3, 2 * bus_bytes, 20 * bus_bytes, 70 * bus_bytes};
  Load op;
  op.buffer = static_cast<int32_t>(draw(0, 2));
  op.bytes = static_cast<int32_t>(draw(1, most[draw(0, 3)]));
  op.count0 = static_cast<int32_t>(draw(1, 4));
  op.count1 = static_cast<int32_t>(draw(1, 3));
  op.count2 = static_cast<int32_t>(draw(1, 3));
  op.dram_address = draw(int64_t{1} << 33, int64_t{1} << 39);
  if (draw(0, 1) != 0) op.dram_address += 4096 - op.dram_address % 4096 - draw(0, 2 * bus_bytes);
  op.dram_stride0 = static_cast<int32_t>(draw(-5000, 5000));
  op.dram_stride1 = static_cast<int32_t>(draw(-(int64_t{1} << 31), (int64_t{1} << 31) - 1));
  op.dram_stride2 = static_cast<int32_t>(draw(-70000, 70000));
  op.buffer_address = static_cast<int32_t>(draw(0, (1 << 26) - 1));
  op.buffer_stride0 = static_cast<int32_t>(draw(-5000, 5000));
  op.buffer_stride1 = static_cast<int32_t>(draw(-(1 << 25), (1 << 25) - 1));
  op.buffer_stride2 = static_cast<int32_t>(draw(-70000, 70000));
  return op;
}

inline Store as_store(const Load& op) {
  Store store;
  store.buffer_address = op.buffer_address;
  store.dram_address = op.dram_address;
  store.bytes = op.bytes;
  store.count0 = op.count0;
  store.count1 = op.count1;
  store.count2 = op.count2;
  store.dram_stride0 = op.dram_stride0;
  store.dram_stride1 = op.dram_stride1;
  store.dram_stride2 = op.dram_stride2;
  store.buffer_stride0 = op.buffer_stride0;
  store.buffer_stride1 = op.buffer_stride1;
  store.buffer_stride2 = op.buffer_stride2;
  return store;
}

// A byte for every address, with a salt where one address has several.
inline uint8_t byte_at(int64_t address, int64_t salt = 0) {
  const uint64_t mixed = static_cast<uint64_t>(address * 1000003 + salt) * 0x9e3779b97f4a7c15u;
  return static_cast<uint8_t>(mixed >> 56);
}

// Ports of any width are little-endian arrays of bytes to Verilator on the machines that it runs
// on.
template <typename Port>
void set_bytes(Port& port, const std::vector<uint8_t>& bytes) {
  std::memcpy(&port, bytes.data(), bytes.size());
}
template <typename Port>
std::vector<uint8_t> bytes_of(const Port& port, int count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  std::memcpy(bytes.data(), &port, bytes.size());
  return bytes;
}

template <typename Port>
void set_instruction(Port& port, const Instruction& instruction) {
  const auto bytes = encode(instruction);
  std::memcpy(&port, bytes.data(), sizeof(port) < bytes.size() ? sizeof(port) : bytes.size());
}

}  // namespace qsim::rtl
