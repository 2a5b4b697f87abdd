// What a retired instruction has left in the machine's memories: how two valued engines are
// compared in lock-step. For the SystemC and the RTL engine, which implement it alike:
//
//   options.retirement  called for each instruction, HALT included, when it retires
//   options.fill        the content that the memories start with
//
// Instructions leave every byte that they write a function of bytes that were there before, so two
// machines that start with the same bytes hold the same bytes at every retirement, undefined ones
// (isa.md) included. No byte is masked; that undefined bytes influence no defined one shows in runs
// with another seed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"

namespace qsim {

// Accumulators are little-endian int32 words of array.cols lanes; the others are bytes.
enum class Memory : uint8_t { kActivation, kWeight, kParam, kAccumulator, kDram };
const char* name_of(Memory memory);                      // "activation", ..., "DRAM"
int64_t size_of(Memory memory, const Program& program);  // bytes that instructions can address

// Copies to.size() bytes from `address` on, as they are at the end of the present cycle: with what
// was written in it, and nothing later. At least the retiring instruction's bytes are so; others
// may be older.
using MemoryReader = std::function<void(Memory memory, int64_t address, std::span<uint8_t> to)>;

struct Retirement {
  int32_t index;  // of the instruction
  // Parallel to Program::instructions. All four moments of this instruction are there; of others
  // those that are past. `issue` is 0 for what has not issued yet (nothing can issue in cycle 0).
  const std::vector<InstructionTiming>& timing;
  const MemoryReader& read;  // valid during the call alone
};

// Called at the end of the cycle in which an instruction retires; in one cycle in any order. What
// it throws comes out of run(), and ends the run.
using RetirementObserver = std::function<void(const Retirement& retirement)>;

// The bytes that a memory starts with, by seed; the same for every engine. DRAM gets them before
// Host::load().
void fill_memory(uint32_t seed, Memory memory, std::span<uint8_t> bytes);
uint8_t fill_byte(uint32_t seed, Memory memory, int64_t address);

struct WrittenPiece {
  int64_t address = 0;  // byte
  int64_t bytes = 0;
  bool operator==(const WrittenPiece&) const = default;
};

struct Written {
  Memory memory = Memory::kDram;
  std::vector<WrittenPiece>
      pieces;  // in the order of the instruction's loops; neighbours are joined
};

// What an instruction writes in all its life; no pieces for HALT.
Written written_by(const Program& program, int32_t index);

// What can be compared when it retires: its pieces without the bytes that later instructions of its
// unit write which issued before this cycle. Those may have begun to overwrite them, and are
// compared themselves when they retire.
Written comparable(const Program& program, const Retirement& retirement);

// These bytes, one piece after the other.
std::vector<uint8_t> read_written(const Written& written, const MemoryReader& read);

}  // namespace qsim
