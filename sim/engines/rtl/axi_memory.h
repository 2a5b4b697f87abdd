// The external memory on both AXI ports of the model: DRAM bytes, and every beat in the cycle that
// MemoryTiming gives (T9). Requests are taken in the cycle in which they are valid, in the order
// fetch, load, store. DRAM is read when a burst is requested, and written when a beat is accepted.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/memory_timing.h"
#include "hw/spec/timing.h"
#include "sim/engines/rtl/model.h"

namespace qsim::rtl {

class AxiMemory {
 public:
  // `dram` is a multiple of 64 bytes long, and must outlive the memory.
  AxiMemory(const Arch& arch, std::span<uint8_t> dram);

  // Cycle `cycle` of the run, with what the model's registers drive in it: sets the memory's part
  // of `inputs`, whose data are valid until the next call. Cycles must rise.
  //
  // Throws Error naming cycle, port and value when a burst breaks the rules of AXI4 or of T10
  // (INCR, whole beats of the bus, at most 16, within 4096 bytes, within DRAM), when read data or a
  // response is not taken, when wlast is not at the last beat, and when write data change or vanish
  // before they are accepted.
  void cycle(int64_t cycle, const Bus& bus, Inputs& inputs);

  // MemoryTiming's, at the end of a run of `cycles` cycles.
  DramCounts dram_counts(int64_t cycles) { return timing_.dram_counts(cycles); }

  // Nothing is requested and not yet answered.
  bool idle() const { return fetch_.bursts.empty() && load_.bursts.empty() && writes_.empty(); }

 private:
  struct Read {
    BurstTiming timing;
    int64_t beats = 0, sent = 0;
    uint8_t data[timing::kMaxBurstBeats * kMaxBusBytes];
  };
  struct ReadPort {
    const char* name;
    std::deque<Read> bursts;
    uint8_t beat[kMaxBusBytes];
  };
  struct Write {
    int64_t address = 0;  // of the next beat
    BurstTiming timing;
    int64_t beats = 0, accepted = 0, response = 0;
  };

  [[noreturn]] void reject(const char* port, const std::string& what) const;
  int64_t check(const char* port, const Request& request) const;  // returns the aligned address
  void request_read(ReadPort& port, const Request& request);
  void send(ReadPort& port, bool ready, ReadBeat& beat);
  void check_write_data(const Bus& bus);
  bool accept_write(const Bus& bus);

  const int64_t bus_bytes_;
  const std::span<uint8_t> dram_;
  MemoryTiming timing_;
  int64_t cycle_ = 0;
  ReadPort fetch_{"fetch", {}, {}}, load_{"load", {}, {}};
  std::deque<Write> writes_;
  Bus waiting_;  // write data that were valid and not accepted
};

}  // namespace qsim::rtl
