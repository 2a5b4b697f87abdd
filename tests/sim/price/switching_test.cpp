// What changed bits cost: as much as today's multiply-accumulate where codes are random, less where
// fewer bits change, nothing where none does.
#include "sim/price/switching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/price/price_list.h"

namespace qsim {
namespace {

constexpr Event kMacs[] = {Event::k_macs_8bit, Event::k_macs_4bit, Event::k_macs_2bit};
constexpr Event kOperands[] = {Event::k_operand_bits_8bit, Event::k_operand_bits_4bit,
                               Event::k_operand_bits_2bit};
constexpr Event kWeights[] = {Event::k_weight_bits_8bit, Event::k_weight_bits_4bit,
                              Event::k_weight_bits_2bit};
constexpr Event kSums[] = {Event::k_sum_bits_8bit, Event::k_sum_bits_4bit, Event::k_sum_bits_2bit};

PriceList list_of(Dataflow dataflow, Activity activity) {
  Arch arch;
  arch.array.dataflow = dataflow;
  arch.array.pe_modes = PeModes::k842;
  arch.prices.activity = activity;
  return make_price_list(arch, PriceSource().of(arch));
}

TEST(Switching, SharesAddUpToOne) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    for (int32_t pack = 0; pack <= 2; ++pack) {
      const SwitchingLaw& law = switching_law(dataflow, pack);
      EXPECT_NEAR(law.sign_share + law.operand_share + law.weight_share + law.sum_share, 1, 1e-9);
      EXPECT_LT(law.error().low, 1);
      EXPECT_GT(law.error().high, 1);
    }
  }
}

// An element's slot of random codes costs what its multiply-accumulates do, registers included.
TEST(Switching, RandomCodesCostWhatIsAssumed) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    const PriceList assumed = list_of(dataflow, Activity::kAssumed);
    const PriceList counted = list_of(dataflow, Activity::kCounted);
    for (int32_t pack = 0; pack <= 2; ++pack) {
      const SwitchingLaw& law = switching_law(dataflow, pack);
      double slot = kRandomByteBits * counted.price(kOperands[pack]).value +
                    law.random_sum_bits * counted.price(kSums[pack]).value;
      // Weight-stationary weights are taken once a tile, and were charged with the word.
      if (dataflow == Dataflow::kOs) slot += kRandomByteBits * counted.price(kWeights[pack]).value;
      if (pack == 0) slot += law.random_sign_bits * counted.price(Event::k_sign_bits_8bit).value;
      EXPECT_NEAR(slot, (1 << pack) * assumed.price(kMacs[pack]).value, 1e-9) << pack;
      EXPECT_EQ(counted.price(kMacs[pack]).high, 0);
    }
  }
}

TEST(Switching, WeightsOfTheStationaryArrayAreChargedOnce) {
  const Arch arch;
  const double random_word = 8.0 * arch.array.cols / 2;
  for (const auto& flow : {std::pair{Dataflow::kWs, random_word}, std::pair{Dataflow::kOs, 0.0}}) {
    const PriceList assumed = list_of(flow.first, Activity::kAssumed);
    const PriceList counted = list_of(flow.first, Activity::kCounted);
    EXPECT_NEAR(assumed.price(Event::k_weight_read_words).value,
                counted.price(Event::k_weight_read_words).value +
                    flow.second * counted.price(Event::k_weight_bits_8bit).value,
                1e-9);
  }
}

// The rest of the list is the same.
TEST(Switching, TouchesTheArrayAlone) {
  const PriceList assumed = list_of(Dataflow::kOs, Activity::kAssumed);
  const PriceList counted = list_of(Dataflow::kOs, Activity::kCounted);
  for (size_t i = 0; i < kEvents; ++i) {
    const Event event{static_cast<uint8_t>(i)};
    if (std::find(std::begin(kMacs), std::end(kMacs), event) != std::end(kMacs)) continue;
    EXPECT_EQ(assumed.price(event).value, counted.price(event).value) << info_of(event).name;
  }
  EXPECT_EQ(assumed.total_mm2.value, counted.total_mm2.value);
}

}  // namespace
}  // namespace qsim
