// What a result rests on, so that it can be reproduced and told apart from others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hw/spec/arch.h"

namespace qsim {

struct FileStamp {
  std::string path;  // as it was given
  int64_t size_bytes = 0;
  std::string sha256;  // of the content, 64 hexadecimal digits
};

struct Manifest {
  std::string version;       // of qsim
  std::string command;       // the command line, quoted for a shell where needed
  std::string engine;        // what measured cycles: "analytic", "systemc"; "" when nothing did
  std::string value_engine;  // what computed values: "reference", "systemc"; "" when nothing did
  FileStamp model;           // the .onnx or .qprog file
  std::string arch_name;
  std::string arch_sha256;               // of the machine as an INI file, to_text(arch)
  std::optional<FileStamp> data;         // --data
  std::optional<FileStamp> calibration;  // --calibrate
  std::optional<FileStamp> recipe;       // --recipe
  std::optional<FileStamp> prices;       // --prices
};

std::string qsim_version();

// Throws Error when the file cannot be read.
FileStamp stamp_file(const std::string& path);
std::string sha256_of(const std::string& text);

// Arguments as one line that a shell reads back.
std::string command_line(int argc, const char* const* argv);

}  // namespace qsim
