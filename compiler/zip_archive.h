// Just enough of the zip format (APPNOTE 6.3) for .npz: one-disk archives, members stored or
// deflated, with or without zip64 sizes, not encrypted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace qsim {

// Name -> content of every member. Throws Error("<path>: ...") when the file cannot be read, is no
// zip archive, is truncated, uses an unsupported method, or a member fails its CRC-32. Memory is
// bounded by what the compressed bytes can expand to, whatever sizes the archive declares.
std::map<std::string, std::vector<uint8_t>> read_zip(const std::string& path);

// Writes the members stored (uncompressed), with a fixed date so that equal content gives equal
// files. Throws Error when the file cannot be written or exceeds 4 GiB.
void write_zip(const std::string& path, const std::map<std::string, std::vector<uint8_t>>& members);

}  // namespace qsim
