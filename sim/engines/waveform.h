// What a machine does, cycle by cycle, as a VCD file for GTKWave and its like. The SystemC and the
// RTL engine each report what they observe in themselves; names, time base and format are this
// file's, so two engines that agree write the same bytes.
//
// Cycles are those of the run: cycle 0 is the first of the first step (rule T2). Their time is
// vcd.h's whatever clock.mhz is, and that of the RTL engine's FST files.
//
// Signals, under the scope qsim:
//   clk, halt                    halt: HALT retires in this cycle
//   host.busy, host.layer        a host step runs; index of its layer
//   fetch.busy                   an instruction is requested and has not come whole
//   fetch.requested, .received   index of the latest instruction requested, and come whole
//   UNIT.issue, .done, .retire   an instruction issues, is done, retires in this cycle
//   UNIT.busy, .instr            from the cycle after an issue up to and including busy_until (T6);
//                                index of that instruction
//   UNIT.in_flight, .retired     instructions issued and not retired; index of the latest retired
//   tokens.GIVER_to_TAKER        the counter (T7); pairs that the program uses
//   memory.fetch_request, .load_request, .store_request      a burst is requested in this cycle
//   memory.fetch_beat, .load_beat, .store_beat               a beat arrives, or is accepted
//   memory.store_response                                    of a burst
// UNIT is load, compute, vector or store. Indices are undefined (x) when there is none. What
// happens *at* a cycle is a pulse in it, and changes states from the next cycle on.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>

#include "hw/spec/program.h"
#include "sim/engines/vcd.h"

namespace qsim {

enum class WavePort : uint8_t { kFetch, kLoad, kStore };

// Of one run. Observations may come in any order and for cycles yet to come, but not for a cycle
// that advance() has written: they throw std::logic_error. The destructor writes what has been
// observed and not written: all that there is of a run that failed. Not for several threads.
class Waveform {
 public:
  // Writes the declarations. `program` is used by the constructor alone; `out` must outlive it.
  Waveform(const Program& program, std::ostream& out, WaveWindow window = {});

  void host_step(LayerId layer, int64_t start, int64_t end);
  void start_segment(int64_t cycle);  // every token counter is empty from this cycle on
  void halt(int64_t cycle);

  void fetch_requested(int32_t index, int64_t cycle);
  void fetch_received(int32_t index, int64_t cycle);  // its last beat arrives

  // A unit's instructions, each moment in program order.
  void issue(Unit unit, int32_t index, int64_t cycle);
  void busy_until(Unit unit, int64_t cycle);  // of the unit's latest instruction that issued
  void done(Unit unit, int64_t cycle);
  void retire(Unit unit, int32_t index, int64_t cycle);
  void tokens(Unit giver, Unit taker, int32_t change, int64_t cycle);  // +1 given, -1 taken

  void request(WavePort port, int64_t cycle);
  void beat(WavePort port, int64_t cycle);
  void store_response(int64_t cycle);

  // Everything before `cycle` has been observed, and is written.
  void advance(int64_t cycle) { vcd_.advance(cycle); }
  // The run has ended, `cycles` long.
  void finish(int64_t cycles) { vcd_.finish(cycles); }

 private:
  using Signal = VcdWriter::Signal;
  struct UnitSignals {
    Signal issue, busy, instr, done, in_flight, retire, retired;
    int32_t latest_issued = -1, latest_retired = -1;
  };

  void declare_unit(Unit unit);
  void declare_tokens(const Program& program);
  // The index moves on from `before`, which becomes `index`.
  void move(Signal signal, int32_t& before, int32_t index, int64_t cycle);

  VcdWriter vcd_;
  Signal halt_, host_busy_, host_layer_, fetch_busy_, fetch_requested_, fetch_received_;
  int32_t latest_requested_ = -1, latest_received_ = -1;
  std::array<UnitSignals, kUnits> units_;
  std::array<Signal, 3> requests_, beats_;  // by WavePort
  Signal store_response_;
  struct Tokens {
    Signal signal = 0;
    bool used = false;
    int64_t held = 0;
  };
  std::array<Tokens, size_t{kUnits} * kUnits> tokens_;  // giver * kUnits + taker
};

}  // namespace qsim
