// rtl: VWeightBuffer qsim_buffer Bytes=4096 ReadBytes=16 WriteBytes=16
// rtl: VOddBuffer qsim_buffer Bytes=3072 ReadBytes=12 WriteBytes=4
// rtl: VParamBuffer qsim_buffer Bytes=2048 ReadBytes=64 WriteBytes=16
// rtl: VOneRowBuffer qsim_buffer Bytes=1024 ReadBytes=1024 WriteBytes=64
// rtl: VActSquare qsim_act_buffer Rows=16 Cols=16 Lanes=16 ActKib=2 BusBytes=16
// rtl: VActOdd qsim_act_buffer Rows=10 Cols=6 Lanes=5 ActKib=1 BusBytes=4
// rtl: VActOneLane qsim_act_buffer Rows=3 Cols=8 Lanes=1 ActKib=3 BusBytes=64
// rtl: VActTall qsim_act_buffer Rows=256 Cols=200 Lanes=256 ActKib=5 BusBytes=32
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

#include "VActOdd.h"
#include "VActOneLane.h"
#include "VActSquare.h"
#include "VActTall.h"
#include "VOddBuffer.h"
#include "VOneRowBuffer.h"
#include "VParamBuffer.h"
#include "VWeightBuffer.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/dma_reference.h"

namespace qsim::rtl {
namespace {

// What a buffer must hold: bytes, -1 where nobody has written yet.
class Contents {
 public:
  explicit Contents(int bytes) : bytes_(static_cast<size_t>(bytes), -1) {}
  int size() const { return static_cast<int>(bytes_.size()); }
  int64_t unknown() const { return std::count(bytes_.begin(), bytes_.end(), -1); }

  // `count` bytes from `address` on; outside and unknown: -1.
  std::vector<int> read(int64_t address, int count) const {
    std::vector<int> data;
    for (int64_t at = address; at < address + count; ++at) {
      data.push_back(at >= 0 && at < size() ? bytes_[static_cast<size_t>(at)] : -1);
    }
    return data;
  }
  void write(int64_t address, int value) { bytes_.at(static_cast<size_t>(address)) = value; }

 private:
  std::vector<int> bytes_;
};

struct WritePlan {
  int64_t address = 0;
  bool valid = false;
  std::vector<uint8_t> data, enable;  // a byte a lane; a bit a lane

  // Also beyond both ends, where no byte is enabled.
  WritePlan(std::mt19937& random, const Contents& contents, int count) {
    valid = random() % 3 != 0;
    address =
        static_cast<int64_t>(random() % static_cast<uint32_t>(contents.size() + count)) - count + 1;
    enable.resize(static_cast<size_t>(count + 7) / 8 + 8);
    const uint32_t style = random() % 3;
    for (int k = 0; k < count; ++k) {
      data.push_back(static_cast<uint8_t>(random()));
      const bool inside = address + k >= 0 && address + k < contents.size();
      if (inside && (style == 0 || (style == 1 && random() % 2 == 0))) {
        enable[static_cast<size_t>(k / 8)] |= static_cast<uint8_t>(1 << (k % 8));
      }
    }
  }
  void apply(Contents& contents) const {
    if (!valid) return;
    for (size_t k = 0; k < data.size(); ++k) {
      if ((enable[k / 8] >> (k % 8) & 1) != 0) {
        contents.write(address + static_cast<int64_t>(k), data[k]);
      }
    }
  }
};

// A read port and what must stand on it.
struct ReadPort {
  int count = 0;
  bool valid = false;
  int64_t address = 0;
  std::vector<int> expected;

  explicit ReadPort(int bytes) : count(bytes), expected(static_cast<size_t>(bytes), -1) {}
  void plan(std::mt19937& random, const Contents& contents) {
    valid = random() % 3 != 0;
    address = random() % static_cast<uint32_t>(contents.size());
    if (valid) expected = contents.read(address, count);
  }
  template <typename Port>
  void check(const Port& port) const {
    const std::vector<uint8_t> seen = bytes_of(port, count);
    for (size_t k = 0; k < seen.size(); ++k) {
      if (expected[k] >= 0) {
        ASSERT_EQ(static_cast<int>(seen[k]), expected[k])
            << "byte " << k << " of " << count << " from " << address;
      }
    }
  }
};

template <typename Address>
void set_address(Address& port, int64_t address, int bytes) {
  port = static_cast<Address>(
      address & (static_cast<int64_t>(std::bit_ceil(static_cast<uint32_t>(bytes))) - 1));
}

template <typename Port>
void set_enable(Port& port, const WritePlan& write) {
  std::memcpy(&port, write.enable.data(), std::min(sizeof(port), write.enable.size()));
}

class Buffers : public testing::TestWithParam<int> {
 protected:
  template <typename Dut>
  void buffer(int bytes, int read_bytes, int write_bytes) {
    Bench<Dut> bench(GetParam());
    std::mt19937 random(static_cast<uint32_t>(GetParam() + bytes));
    Contents contents(bytes);
    ReadPort port(read_bytes);
    for (int t = 0; t < 40000 && !HasFailure(); ++t) {
      port.plan(random, contents);
      const WritePlan write(random, contents, write_bytes);
      bench->re_i = port.valid;
      set_address(bench->raddr_i, port.address, bytes);
      bench->we_i = write.valid;
      set_address(bench->waddr_i, write.address, bytes);
      set_bytes(bench->wdata_i, write.data);
      set_enable(bench->be_i, write);
      bench.tick();
      write.apply(contents);
      port.check(bench->rdata_o);
    }
    EXPECT_EQ(contents.unknown(), 0);
  }

  template <typename Dut>
  void activations(int kib, int rows, int lanes, int bus_bytes) {
    Bench<Dut> bench(GetParam());
    const int bytes = 1024 * kib;
    std::mt19937 random(static_cast<uint32_t>(GetParam() + bytes));
    Contents contents(bytes);
    ReadPort compute(rows), vector(lanes), store(bus_bytes);
    for (int t = 0; t < 40000 && !HasFailure(); ++t) {
      compute.plan(random, contents);
      vector.plan(random, contents);
      store.plan(random, contents);
      const WritePlan load(random, contents, bus_bytes), result(random, contents, lanes);
      bench->compute_re_i = compute.valid;
      set_address(bench->compute_addr_i, compute.address, bytes);
      bench->vector_re_i = vector.valid;
      set_address(bench->vector_addr_i, vector.address, bytes);
      bench->store_re_i = store.valid;
      set_address(bench->store_addr_i, store.address, bytes);
      bench->load_we_i = load.valid;
      set_address(bench->load_addr_i, load.address, bytes);
      set_bytes(bench->load_wdata_i, load.data);
      set_enable(bench->load_be_i, load);
      bench->vector_we_i = result.valid;
      set_address(bench->vector_waddr_i, result.address, bytes);
      set_bytes(bench->vector_wdata_i, result.data);
      set_enable(bench->vector_be_i, result);
      bench.tick();
      load.apply(contents);
      result.apply(contents);
      compute.check(bench->compute_rdata_o);
      vector.check(bench->vector_rdata_o);
      store.check(bench->store_rdata_o);
    }
    EXPECT_EQ(contents.unknown(), 0);
  }
};

TEST_P(Buffers, WeightAndParameter) {
  buffer<VWeightBuffer>(4096, 16, 16);
  buffer<VOddBuffer>(3072, 12, 4);
  buffer<VParamBuffer>(2048, 64, 16);
  buffer<VOneRowBuffer>(1024, 1024, 64);
}

TEST_P(Buffers, Activation) {
  activations<VActSquare>(2, 16, 16, 16);
  activations<VActOdd>(1, 10, 5, 4);
  activations<VActOneLane>(3, 3, 1, 64);
  activations<VActTall>(5, 256, 200, 32);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Buffers, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
