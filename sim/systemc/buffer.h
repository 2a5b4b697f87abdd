// A memory of bytes that several units touch: the activation, weight, parameter and accumulator
// buffers, and the DRAM behind the AXI bus.
//
// Units move data in whole tiles and bursts, some cycles after the fact. That stays exact, to the
// byte and the cycle, by claims: an instruction that issues claims the ranges it may touch. Where
// claims of two instructions overlap and one writes, the buffer is contended for both units; a unit
// then goes access by access through before_read() and before_write(), which first let the other
// one catch up to that cycle. Where nobody is in the way, units copy in bulk.
//
// A read in cycle t sees what was written in cycles < t.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <vector>

#include "sim/systemc/run_context.h"

namespace qsim::model {

// How often each byte of a claimed range is still to be written.
class PendingBytes {
 public:
  PendingBytes(int64_t low, int64_t high) : low_(low), counts_(static_cast<size_t>(high - low)) {}
  void add(int64_t low, int64_t high);
  void remove(int64_t low, int64_t high);
  int64_t first_in(int64_t low, int64_t high) const;  // kNever when there is none

 private:
  int64_t low_;
  std::vector<uint16_t> counts_;
};

class Buffer;

// A unit, as buffers see it.
class BufferUser {
 public:
  virtual ~BufferUser() = default;
  // Performs all accesses of this unit in cycles <= `cycle`, in the order of their cycles. Calls
  // that come while it is doing so return at once: what is due before the access at hand is done.
  virtual void catch_up(int64_t cycle) = 0;
  // Adds what `instruction` has not yet written.
  virtual void list_pending(const Buffer& buffer, int32_t instruction, PendingBytes& pending) = 0;
};

class Buffer : public sc_core::sc_module {
 public:
  Buffer(sc_core::sc_module_name name, RunContext& run);

  // For a new run. Content of a buffer of the same size stays, as in hardware.
  void reset(int64_t bytes);

  uint8_t* bytes() { return bytes_.data(); }
  const uint8_t* bytes() const { return bytes_.data(); }
  int8_t* codes() { return reinterpret_cast<int8_t*>(bytes_.data()); }
  int32_t* words() { return reinterpret_cast<int32_t*>(bytes_.data()); }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // `instruction` of `user`, issued in this `cycle`, may touch bytes [low, high) until close().
  // An empty range claims nothing. Throws Error when the range leaves the buffer.
  void open(BufferUser& user, int32_t instruction, int64_t low, int64_t high, bool writes,
            int64_t cycle);
  void close(const BufferUser& user, int32_t instruction);

  bool contended(const BufferUser& user) const;

  // Throws Error (hazard) when one of the bytes is still to be written by another instruction: of
  // another unit, or, for a read, an earlier one of the same unit.
  void before_read(const BufferUser& user, int32_t instruction, int64_t low, int64_t high,
                   int64_t cycle);
  void before_write(const BufferUser& user, int32_t instruction, int64_t low, int64_t high,
                    int64_t cycle);
  void wrote(const BufferUser& user, int32_t instruction, int64_t low, int64_t high);

  void poke(int64_t address, uint8_t value, int64_t cycle);

 private:
  struct Claim {
    BufferUser* user;
    int32_t instruction;
    int64_t low, high;
    bool writes;
    int64_t since;                      // cycle of issue: counts as in flight from the next one on
    std::vector<PendingBytes> pending;  // empty until somebody asks
    bool overlaps(int64_t other_low, int64_t other_high) const {
      return low < other_high && other_low < high;
    }
  };

  void check(Claim& claim, int32_t instruction, const char* verb, int64_t low, int64_t high,
             int64_t cycle);
  bool conflict(const Claim& a, const Claim& b) const;
  void recount();

  RunContext& run_;
  std::vector<uint8_t> bytes_;
  std::vector<Claim> claims_;                 // in order of issue
  std::vector<const BufferUser*> contended_;  // users with a conflict, each once per conflict
  bool tracking_ = false;                     // a claim has its pending bytes listed
};

}  // namespace qsim::model
