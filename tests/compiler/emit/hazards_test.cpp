#include "compiler/emit/hazards.h"

#include <gtest/gtest.h>

namespace qsim {
namespace {

Needs read(HazardMap& map, int64_t low, int64_t high, Unit unit, int32_t number) {
  Needs needs = kNoNeeds;
  map.read(low, high, unit, number, needs);
  return needs;
}

Needs write(HazardMap& map, int64_t low, int64_t high, Unit unit, int32_t number) {
  Needs needs = kNoNeeds;
  map.write(low, high, unit, number, needs);
  return needs;
}

constexpr int kLoad = static_cast<int>(Unit::kLoad);
constexpr int kCompute = static_cast<int>(Unit::kCompute);
constexpr int kVector = static_cast<int>(Unit::kVector);

TEST(HazardMap, ReaderWaitsForTheWriterOfAnyOfItsBytes) {
  HazardMap map;
  write(map, 0, 16, Unit::kLoad, 0);
  write(map, 16, 32, Unit::kLoad, 1);
  EXPECT_EQ(read(map, 15, 16, Unit::kCompute, 0)[kLoad], 0);
  EXPECT_EQ(read(map, 16, 17, Unit::kCompute, 1)[kLoad], 1);
  EXPECT_EQ(read(map, 8, 24, Unit::kCompute, 2)[kLoad], 1);
  EXPECT_EQ(read(map, 32, 40, Unit::kCompute, 3), kNoNeeds);
}

TEST(HazardMap, WriterWaitsForReadersAndWritersOfOtherUnits) {
  HazardMap map;
  write(map, 0, 32, Unit::kLoad, 4);
  read(map, 0, 8, Unit::kCompute, 7);
  read(map, 8, 16, Unit::kVector, 9);
  const Needs needs = write(map, 0, 12, Unit::kStore, 0);
  EXPECT_EQ(needs[kLoad], 4);
  EXPECT_EQ(needs[kCompute], 7);
  EXPECT_EQ(needs[kVector], 9);
  EXPECT_EQ(write(map, 16, 32, Unit::kLoad, 5), kNoNeeds) << "a unit's own order suffices";
}

TEST(HazardMap, AWriteHidesWhatItWaitedFor) {
  HazardMap map;
  write(map, 0, 16, Unit::kLoad, 1);
  write(map, 0, 16, Unit::kVector, 2);
  const Needs needs = read(map, 0, 16, Unit::kCompute, 0);
  EXPECT_EQ(needs[kVector], 2);
  EXPECT_EQ(needs[kLoad], -1);
}

TEST(HazardMap, ReaderNeedsItsOwnUnitsWriter) {
  HazardMap map;
  write(map, 0, 16, Unit::kVector, 3);
  EXPECT_EQ(read(map, 4, 8, Unit::kVector, 4)[kVector], 3);
}

TEST(HazardMap, PartialOverlapKeepsBothSides) {
  HazardMap map;
  write(map, 0, 30, Unit::kLoad, 1);
  write(map, 10, 20, Unit::kVector, 2);
  EXPECT_EQ(read(map, 0, 10, Unit::kCompute, 0)[kLoad], 1);
  EXPECT_EQ(read(map, 10, 20, Unit::kCompute, 1)[kVector], 2);
  EXPECT_EQ(read(map, 20, 30, Unit::kCompute, 2)[kLoad], 1);
  EXPECT_EQ(read(map, 20, 30, Unit::kCompute, 3)[kVector], -1);
}

}  // namespace
}  // namespace qsim
