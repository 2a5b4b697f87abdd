// Model, by Verilator. Compiled into every model's shared library, never into the tool; see
// model_builder.cpp for how. Vqsim_rtl is the class that Verilator makes of qsim_top.
#include <verilated.h>
#include <verilated_syms.h>

#include <cstring>
#include <memory>
#include <string>
#include <type_traits>

#include "Vqsim_rtl.h"
#include "model.h"
#if VM_TRACE
#include <verilated_fst_c.h>
#endif

namespace qsim::rtl {
namespace {

constexpr int kResetCycles = 4;
constexpr int64_t kCycleNs = 10;

using Top = Vqsim_rtl;
constexpr int kBusBytes = sizeof(Top::fetch_rdata_i);

class VerilatedModel : public Model {
 public:
  explicit VerilatedModel(uint32_t seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed));
#if VM_TRACE
    context_.traceEverOn(true);
#endif
    top_ = std::make_unique<Top>(&context_);
  }
  ~VerilatedModel() override {
#if VM_TRACE
    if (wave_.isOpen()) wave_.close();
#endif
    top_->final();
  }

  void reset() override {
    Events events;
    Bus bus;
    set({});
    top_->clk_i = 0;
    top_->rst_ni = 1;
    top_->eval();
    top_->rst_ni = 0;
    for (int i = 0; i < kResetCycles; ++i) cycle({}, events, bus);
    top_->rst_ni = 1;
    cycle({}, events, bus);
  }

  // Two evaluations: what the inputs change, then the edge that ends the cycle.
  void cycle(const Inputs& inputs, Events& events, Bus& bus) override {
    set(inputs);
    top_->clk_i = 0;
    top_->eval();
    if (wave_on_) dump(wave_cycle_ * kCycleNs + kCycleNs / 2);
    events.halt = top_->halt_o;
    events.error = top_->error_o;
    events.halt_dispatch = top_->trace_halt_o;
    events.issue = top_->trace_issue_o;
    events.free = top_->trace_free_o;
    events.done = top_->trace_done_o;
    events.retire = top_->trace_retire_o;
    top_->clk_i = 1;
    top_->eval();
    if (wave_on_) dump(++wave_cycle_ * kCycleNs);
    get(bus);
  }

  uint64_t counter(int index) override {
    Events events;
    Bus bus;
    top_->counter_select_i = static_cast<uint8_t>(index);
    cycle({}, events, bus);
    return top_->counter_o;
  }

  bool parameter(const char* name, int64_t& value) const override {
    const VerilatedScope* scope = context_.scopeFind("TOP.qsim_top");
    const VerilatedVar* var = scope ? scope->varFind(name) : nullptr;
    if (!var || !var->isParam()) return false;
    value = *static_cast<const uint32_t*>(var->datap());
    return true;
  }

  int bus_bytes() const override { return kBusBytes; }

  MemoryArray memory(const char* instance) const override {
    const std::string name = std::string("TOP.qsim_top.") + instance;
    const VerilatedScope* scope = context_.scopeFind(name.c_str());
    const VerilatedVar* var = scope ? scope->varFind("mem") : nullptr;
    if (!var) return {};
    return {var->datap(), var->unpacked().elements()};
  }

  bool open_wave([[maybe_unused]] const char* path) override {
#if VM_TRACE
    top_->trace(&wave_, 99);
    wave_.open(path);
    return wave_.isOpen();
#else
    return false;
#endif
  }

  void set_wave(bool on, int64_t cycle) override {
    wave_on_ = on;
    wave_cycle_ = cycle;
  }

 private:
  void set(const Inputs& inputs) {
    Top& top = *top_;
    top.start_i = inputs.start;
    top.segment_address_i = inputs.segment_address;
    top.segment_count_i = inputs.segment_count;
    top.fetch_arready_i = top.data_arready_i = top.data_awready_i = 1;
    top.fetch_rvalid_i = inputs.fetch.data != nullptr;
    if (inputs.fetch.data) {
      std::memcpy(&top.fetch_rdata_i, inputs.fetch.data, kBusBytes);
      top.fetch_rlast_i = inputs.fetch.last;
      top.fetch_rresp_i = inputs.fetch.resp;
    }
    top.data_rvalid_i = inputs.load.data != nullptr;
    if (inputs.load.data) {
      std::memcpy(&top.data_rdata_i, inputs.load.data, kBusBytes);
      top.data_rlast_i = inputs.load.last;
      top.data_rresp_i = inputs.load.resp;
    }
    top.data_wready_i = inputs.wready;
    top.data_bvalid_i = inputs.bvalid;
    top.data_bresp_i = inputs.bresp;
  }

  void get(Bus& bus) const {
    const Top& top = *top_;
    bus.fetch.valid = top.fetch_arvalid_o;
    if (bus.fetch.valid) {
      bus.fetch = {true, top.fetch_arlen_o, top.fetch_arsize_o, top.fetch_arburst_o,
                   top.fetch_araddr_o};
    }
    bus.load.valid = top.data_arvalid_o;
    if (bus.load.valid) {
      bus.load = {true, top.data_arlen_o, top.data_arsize_o, top.data_arburst_o, top.data_araddr_o};
    }
    bus.store.valid = top.data_awvalid_o;
    if (bus.store.valid) {
      bus.store = {true, top.data_awlen_o, top.data_awsize_o, top.data_awburst_o,
                   top.data_awaddr_o};
    }
    bus.wvalid = top.data_wvalid_o;
    if (bus.wvalid) {
      bus.wlast = top.data_wlast_o;
      bus.wstrb = top.data_wstrb_o;
      std::memcpy(bus.wdata, &top.data_wdata_o, kBusBytes);
    }
    bus.fetch_rready = top.fetch_rready_o;
    bus.load_rready = top.data_rready_o;
    bus.bready = top.data_bready_o;
  }

  void dump([[maybe_unused]] int64_t time_ns) {
#if VM_TRACE
    wave_.dump(static_cast<uint64_t>(time_ns));
#endif
  }

  mutable VerilatedContext context_;
  std::unique_ptr<Top> top_;
  bool wave_on_ = false;
  int64_t wave_cycle_ = 0;
#if VM_TRACE
  VerilatedFstC wave_;
#endif
};

}  // namespace
}  // namespace qsim::rtl

extern "C" __attribute__((visibility("default"))) qsim::rtl::Model* qsim_rtl_create(uint32_t seed) {
  return new qsim::rtl::VerilatedModel(seed);
}
