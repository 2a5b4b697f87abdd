// Errors quote files that strangers wrote.
#include "hw/spec/error.h"

#include <gtest/gtest.h>

namespace qsim::test {
namespace {

TEST(Error, ControlCharactersDoNotReachTheTerminal) {
  EXPECT_STREQ(Error(std::string("a\x1b[2J\x7f\0b", 8)).what(), "a?[2J??b");
  EXPECT_STREQ(Error("two\n\tlines, \xc3\xa9").what(), "two\n\tlines, \xc3\xa9");
}

TEST(Error, LongMessagesAreCut) {
  const std::string text = Error(std::string(1 << 20, 'x')).what();
  EXPECT_EQ(text, std::string(16 * 1024, 'x') + "...");
}

}  // namespace
}  // namespace qsim::test
