#include "compiler/passes/view.h"

#include <gtest/gtest.h>

namespace qsim {
namespace {

NetTensor image(int n, int h, int w, int c) {
  NetTensor t;
  t.n = n;
  t.h = h;
  t.w = w;
  t.c = c;
  return t;
}

TEST(View, FlattenOfAnImageIsTheSameView) {
  const NetTensor t = image(1, 4, 5, 16);
  const Atoms atoms = atoms_of(t, "nchw");
  EXPECT_EQ(atoms, (Atoms{{16, 1}, {20, 16}}));
  const auto flat = group(atoms, {1, 320});
  ASSERT_TRUE(flat);
  EXPECT_TRUE((*flat)[0].empty());
  EXPECT_EQ((*flat)[1], atoms);
  EXPECT_EQ(letters_of(atoms, t), "chw");
}

TEST(View, DimensionsSplitAtoms) {
  const auto groups = group({{12, 1}}, {2, 3, 2});
  ASSERT_TRUE(groups);
  EXPECT_EQ((*groups)[0], (Atoms{{2, 6}}));
  EXPECT_EQ((*groups)[1], (Atoms{{3, 2}}));
  EXPECT_EQ((*groups)[2], (Atoms{{2, 1}}));
  EXPECT_FALSE(group({{3, 1}, {2, 3}}, {2, 3}));  // 3 x 2 elements in memory order 2 x 3
}

TEST(View, TransposesThatCancelAreNothing) {
  const NetTensor t = image(2, 3, 4, 5);
  const Atoms nchw = atoms_of(t, "nchw");
  const auto nhwc = transposed(nchw, {2, 5, 3, 4}, {0, 2, 3, 1});
  ASSERT_TRUE(nhwc);
  EXPECT_EQ(*nhwc, (Atoms{{120, 1}}));
  EXPECT_EQ(transposed(*nhwc, {2, 3, 4, 5}, {0, 3, 1, 2}), nchw);
}

TEST(View, ChannelShuffleIsNoPermutationOfAxes) {
  const NetTensor t = image(1, 2, 2, 6);
  const auto shuffled = transposed(atoms_of(t, "nchw"), {1, 2, 3, 2, 2}, {0, 2, 1, 3, 4});
  ASSERT_TRUE(shuffled);
  EXPECT_FALSE(letters_of(*shuffled, t));
}

TEST(View, OrdersAreCompletedTowardsTheUsualOnes) {
  EXPECT_EQ(complete_order(""), "nchw");
  EXPECT_EQ(complete_order("hw"), "nchw");
  EXPECT_EQ(complete_order("chw"), "nchw");
  EXPECT_EQ(complete_order("hwc"), "nhwc");
  EXPECT_EQ(complete_order("wh"), "ncwh");
}

TEST(View, AxesOfExtentOneDoNotMatter) {
  const NetTensor t = image(1, 1, 1, 7);
  EXPECT_EQ(atoms_of(t, "nchw"), atoms_of(t, "cwhn"));
  EXPECT_EQ(letters_of({{7, 1}}, t), "c");
}

}  // namespace
}  // namespace qsim
