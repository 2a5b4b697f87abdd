// A Verilated accelerator as seen from outside: ports, cycle by cycle. No Verilated header shows
// here: the class that implements it is compiled into the model's shared library, which the engine
// opens (model_library.h), together with this file.
#pragma once

#include <cstdint>

namespace qsim::rtl {

constexpr int kMaxBusBytes = 64;

// What a model is built for; structure keys of arch.def by name rule, and the bus.
struct Parameter {
  const char* name;  // "AccEntries"
  int64_t value;
};

struct ReadBeat {  // R channel, towards the model; a null `data` means not valid
  const uint8_t* data = nullptr;
  bool last = false;
  uint8_t resp = 0;
};

// Inputs of one cycle. arready and awready are always high.
struct Inputs {
  bool start = false;
  uint64_t segment_address = 0;
  uint32_t segment_count = 0;
  ReadBeat fetch, load;
  bool wready = false;
  bool bvalid = false;
  uint8_t bresp = 0;
};

struct Request {  // AR or AW channel
  bool valid = false;
  uint8_t len = 0, size = 0, burst = 0;
  uint64_t address = 0;
};

// What registers drive; `wdata` and `wstrb` are valid with wvalid alone.
struct Bus {
  Request fetch, load, store;
  bool wvalid = false, wlast = false;
  bool fetch_rready = false, load_rready = false, bready = false;
  uint64_t wstrb = 0;
  uint8_t wdata[kMaxBusBytes] = {};
};

// What may depend on inputs of the same cycle.
struct Events {
  bool halt = false, error = false, halt_dispatch = false;
  uint8_t issue = 0, free = 0, done = 0, retire = 0;  // bit u: unit u
  bool any() const { return halt || halt_dispatch || issue || free || done || retire; }
};

// A memory of the model; elements are bytes or little-endian int32.
struct MemoryArray {
  void* data = nullptr;  // null: there is none of that name
  int64_t elements = 0;
};

// One instance of the model. Not for several threads at once; several instances are.
class Model {
 public:
  virtual ~Model() = default;

  // Holds reset for some cycles; state without reset keeps the random values of construction.
  virtual void reset() = 0;

  // One cycle with these inputs. `events` are this cycle's; `bus` becomes that of the next cycle.
  virtual void cycle(const Inputs& inputs, Events& events, Bus& bus) = 0;

  // Counter number `index` of counters.def. Takes a cycle without inputs.
  virtual uint64_t counter(int index) = 0;

  // Parameters that the model was elaborated with; a name that it does not have gives false.
  virtual bool parameter(const char* name, int64_t& value) const = 0;
  virtual int bus_bytes() const = 0;

  // By the hierarchical name of its instance under qsim_top: "u_act.gen_bank[1].u_ram".
  virtual MemoryArray memory(const char* instance) const = 0;

  // FST tracing of the cycles that follow, the next one being number `cycle` of the run. Models
  // that were built without tracing return false.
  virtual bool open_wave(const char* path) = 0;
  virtual void set_wave(bool on, int64_t cycle) = 0;
};

// What a model's library exports as qsim_rtl_create.
using CreateModel = Model* (*)(uint32_t seed);

}  // namespace qsim::rtl
