// Writes a VCD file (IEEE 1364-2005, clause 18) of signals that change with the cycles of a clock.
//
// Cycle t lasts from 10 t to 10 t + 10 ns; a signal `clk`, declared by the constructor, is high in
// its first half. Changes may be told in any order and for cycles yet to come: they wait until
// their cycle is written.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace qsim {

struct WaveWindow {
  int64_t from = 0, to = INT64_MAX;  // cycles, both written
};

// Not for several threads.
class VcdWriter {
 public:
  using Signal = size_t;
  // An index shows one less than its value, and x for 0: there is none.
  enum class Kind : uint8_t { kBit, kCount, kIndex };

  // Opens the scope `top`. `out` must outlive the writer.
  VcdWriter(std::ostream& out, const std::string& top, WaveWindow window);
  // Writes all changes that wait, unless the file is finished.
  ~VcdWriter();
  VcdWriter(const VcdWriter&) = delete;
  VcdWriter& operator=(const VcdWriter&) = delete;

  // First all declarations, which end with the scope `top`.
  void open_scope(const std::string& name);
  void close_scope();
  Signal declare(const std::string& name, Kind kind);  // 0 in cycle 0
  void end_declarations();

  // The signal's value is by `by` greater from `cycle` on. Throws std::logic_error for a cycle that
  // is written. A bit is high while its value is above 0.
  void change(Signal signal, int64_t by, int64_t cycle);
  void pulse(Signal signal, int64_t cycle);  // high in this cycle

  void advance(int64_t cycle);  // nothing before `cycle` changes any more: it is written
  void finish(int64_t cycles);  // the last cycle was cycles - 1

 private:
  struct State {
    Kind kind;
    int64_t value = 0;
    int64_t written = 0;  // what the file shows
  };
  struct Change {
    Signal signal;
    int64_t by;
  };

  void apply(int64_t cycle);
  void write_cycle(int64_t cycle);
  void write(Signal signal);

  std::ostream& out_;
  const WaveWindow window_;
  std::vector<State> signals_;                      // clk is the first
  std::map<int64_t, std::vector<Change>> pending_;  // by cycle
  std::vector<Signal> touched_;                     // in the cycle being written
  int64_t next_ = 0;                                // cycle to be written
  bool finished_ = false;
};

}  // namespace qsim
