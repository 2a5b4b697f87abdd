// Child processes: what they return, how they end, and that nobody waits for those that do not.
#include "tests/fuzz/children.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>

#include "hw/spec/error.h"

namespace qsim::fuzz {
namespace {

using std::chrono::milliseconds;
using Kind = ChildEnd::Kind;

TEST(FuzzChildren, ReturnWhatTheWorkReturns) {
  const std::string large(300000, 'x');  // more than a pipe holds
  const ChildEnd end = run_in_child([&] { return large; }, milliseconds(20000));
  EXPECT_EQ(end.kind, Kind::kReturned);
  EXPECT_EQ(end.text, large);
}

TEST(FuzzChildren, CrashesAreSeenFromOutside) {
  const ChildEnd killed = run_in_child(
      [] {
        raise(SIGKILL);
        return std::string();
      },
      milliseconds(20000));
  EXPECT_EQ(killed.kind, Kind::kCrashed);
  EXPECT_EQ(killed.text, "signal: Killed");
  const ChildEnd threw =
      run_in_child([]() -> std::string { throw Error("no luck"); }, milliseconds(20000));
  EXPECT_EQ(threw.kind, Kind::kCrashed);
  EXPECT_EQ(threw.text, "threw: no luck");
  const ChildEnd left = run_in_child([]() -> std::string { std::_Exit(7); }, milliseconds(20000));
  EXPECT_EQ(left.kind, Kind::kCrashed);
  EXPECT_EQ(left.text, "exit code 7");
}

TEST(FuzzChildren, TheLimitEndsTheChildAndItsChildren) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const ChildEnd end = run_in_child(
      [&]() -> std::string {
        if (fork() == 0) pause();
        for (;;) pause();
      },
      milliseconds(100));
  EXPECT_EQ(end.kind, Kind::kTimedOut);
  EXPECT_EQ(end.text, "no end within the time limit (state S, 0.0 s of CPU)");
  // Both held the writing end; now nobody does.
  close(ends[1]);
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

TEST(FuzzChildren, ManyRunOnceEachUntilToldToStop) {
  std::multiset<int64_t> seen;
  run_in_children(
      20, 3, milliseconds(20000), [](int64_t index) { return std::to_string(index * index); },
      [&](int64_t index, const ChildEnd& end) {
        EXPECT_EQ(end.text, std::to_string(index * index));
        seen.insert(index);
        return true;
      });
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), 20u);

  int ended = 0;
  run_in_children(
      20, 2, milliseconds(20000), [](int64_t) { return std::string(); },
      [&](int64_t, const ChildEnd&) { return ++ended < 3; });
  EXPECT_GE(ended, 3);
  EXPECT_LE(ended, 4);  // the other one was running
}

}  // namespace
}  // namespace qsim::fuzz
