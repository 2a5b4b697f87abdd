// What the fuzz targets of the file readers share. The readers take paths, so bytes become a file;
// and of what a reader does with them, an Error is an answer and everything else a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace qsim::fuzz {

// Writes the bytes to a file in a folder of this process (under TMPDIR; the folder goes when the
// process ends), always the same one, and returns its path.
std::string write_input(const uint8_t* data, size_t size, const std::string& suffix);

// Runs `read`. An Error must be one that a user can read: not empty, at most 64 KiB, and without
// control characters, which a terminal would obey; otherwise, as for any other exception, the
// process ends and libFuzzer keeps the input. Returns what libFuzzer wants to see: 0.
int expect_answer(const std::function<void()>& read);

}  // namespace qsim::fuzz
