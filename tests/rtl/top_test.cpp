// rtl: VTop qsim_top Rows=2 Cols=2 ActKib=2 WeightKib=2 ParamKib=1 AccEntries=8 Lanes=2 BusBytes=4
//
// What the accelerator says of a memory that answers with an error, on each of its ports. All else
// that it does is compared with the other engines, instruction by instruction.
#include "VTop.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr uint8_t kOkay = 0, kSlaveError = 2;

enum class Port { kNone, kFetch, kLoad, kStore };

// A load of a word, a store of it, HALT.
std::deque<uint32_t> instruction_beats() {
  Load load;
  load.bytes = 4;
  load.count0 = load.count1 = load.count2 = 1;
  Store store;
  store.bytes = 4;
  store.dram_address = 64;
  store.count0 = store.count1 = store.count2 = 1;
  std::deque<uint32_t> beats;
  for (const Operation& op : {Operation(load), Operation(store), Operation(Halt{})}) {
    const auto bytes = encode({op});
    for (size_t i = 0; i < bytes.size(); i += 4) {
      std::memcpy(&beats.emplace_back(), bytes.data() + i, 4);
    }
  }
  return beats;
}

// A memory that takes every request at once and answers in the next cycle, wrongly on one port.
class Top : public testing::TestWithParam<int> {
 protected:
  // Cycles in which error_o was high, of 200.
  int errors(Port faulty) {
    Bench<VTop> bench(GetParam());
    bench->fetch_arready_i = bench->data_arready_i = 1;
    bench->data_awready_i = bench->data_wready_i = 1;
    bench->fetch_rvalid_i = bench->data_rvalid_i = bench->data_bvalid_i = 0;
    bench->segment_address_i = 0;
    bench->segment_count_i = 3;
    bench->start_i = 1;
    bench.tick();
    bench->start_i = 0;
    std::deque<uint32_t> beats = instruction_beats();
    int fetching = 0, high = 0;
    bool halted = false;
    for (int cycle = 0; cycle < 200; ++cycle) {
      bench.settle();
      high += bench->error_o;
      halted = halted || bench->halt_o;
      const bool fetch = bench->fetch_arvalid_o, load = bench->data_arvalid_o;
      const bool stored = bench->data_wvalid_o && bench->data_wlast_o;
      bench.tick();
      fetching += fetch ? 16 : 0;
      bench->fetch_rvalid_i = fetching > 0;
      if (fetching > 0) {
        bench->fetch_rdata_i = beats.front();
        beats.pop_front();
        bench->fetch_rlast_i = --fetching % 16 == 0;
      }
      bench->fetch_rresp_i = faulty == Port::kFetch ? kSlaveError : kOkay;
      bench->data_rvalid_i = load;
      bench->data_rlast_i = 1;
      bench->data_rresp_i = faulty == Port::kLoad ? kSlaveError : kOkay;
      bench->data_bvalid_i = stored;
      bench->data_bresp_i = faulty == Port::kStore ? kSlaveError : kOkay;
    }
    EXPECT_TRUE(halted || faulty != Port::kNone);
    return high;
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Top, testing::Values(1, 2));

TEST_P(Top, AnErrorOfAnyPortIsSeenAndStays) {
  EXPECT_EQ(errors(Port::kNone), 0);
  for (const Port port : {Port::kFetch, Port::kLoad, Port::kStore}) EXPECT_GT(errors(port), 50);
}

}  // namespace
}  // namespace qsim::rtl
