// Where the third-party test data is. It lies beside the project and is never part of it, so a test
// that needs it skips, with the reason, where it is absent.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace qsim::test {

// The environment variable QSIM_DATA, else ../shared/data from the project's root.
inline std::filesystem::path data_dir() {
  const char* chosen = std::getenv("QSIM_DATA");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  return std::filesystem::path(QSIM_SOURCE_DIR).parent_path() / "shared" / "data";
}

inline std::filesystem::path data_path(const std::filesystem::path& relative) {
  return data_dir() / relative;
}

}  // namespace qsim::test

// Skips the test that contains it unless data_path(relative) exists.
#define require_data(relative)                                                 \
  do {                                                                         \
    if (!std::filesystem::exists(qsim::test::data_path(relative))) {           \
      GTEST_SKIP() << "test data missing: " << qsim::test::data_path(relative) \
                   << " (set QSIM_DATA to the folder that holds it)";          \
    }                                                                          \
  } while (false)
