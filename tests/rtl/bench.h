// Drives one Verilated module cycle by cycle. State that has no reset starts random, by seed.
//
//   Bench<VTokens> bench(seed);            // reset is over, cycle 0
//   bench.dut().give_i = 1;                // inputs of this cycle
//   bench.settle();                        // outputs of this cycle that depend on them
//   EXPECT_EQ(bench.dut().full_o, 0);
//   bench.tick();                          // the clock edge that ends the cycle
//
// Every bench runs with two seeds at least: INSTANTIATE_TEST_SUITE_P(..., testing::Values(1, 2)).
#pragma once

#include <verilated.h>

#include <cstdint>
#include <memory>

namespace qsim::rtl {

template <typename Dut>
class Bench {
 public:
  explicit Bench(int seed) {
    context_.randReset(2);
    context_.randSeed(seed);
    dut_ = std::make_unique<Dut>(&context_);
    dut_->clk_i = 0;
    if constexpr (requires { dut_->rst_ni; }) {
      dut_->rst_ni = 1;
      dut_->eval();
      dut_->rst_ni = 0;
      tick();
      tick();
      dut_->rst_ni = 1;
    }
    settle();
    cycle_ = 0;
  }
  ~Bench() { dut_->final(); }

  Dut& dut() { return *dut_; }
  Dut* operator->() { return dut_.get(); }

  int64_t cycle() const { return cycle_; }
  void settle() { dut_->eval(); }
  void tick() {
    settle();
    dut_->clk_i = 1;
    dut_->eval();
    dut_->clk_i = 0;
    dut_->eval();
    ++cycle_;
  }
  void tick(int cycles) {
    for (int i = 0; i < cycles; ++i) tick();
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Dut> dut_;
  int64_t cycle_ = 0;
};

}  // namespace qsim::rtl
