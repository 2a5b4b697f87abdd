// Just enough of the zip format (APPNOTE 6.3) for .npz: one-disk archives, members stored or
// deflated, with or without zip64 sizes, not encrypted.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace qsim {

// Bytes without an initial value: data sets are large.
struct RawBytes {
  std::unique_ptr<uint8_t[]> data;
  size_t size = 0;
};

struct ZipArchive {
  RawBytes file;
  std::deque<RawBytes> inflated;
  std::map<std::string, std::span<const uint8_t>> members;  // name -> content, in one of the above
};

// Throws Error("<path>: ...") when the file cannot be read, is no zip archive, is truncated, uses
// an unsupported method, or a member fails its CRC-32. Memory is bounded by what the compressed
// bytes can expand to, whatever sizes the archive declares.
ZipArchive read_zip(const std::string& path);

// Writes the members stored (uncompressed), with a fixed date so that equal content gives equal
// files. Throws Error when the file cannot be written or exceeds 4 GiB.
void write_zip(const std::string& path, const std::map<std::string, std::vector<uint8_t>>& members);

}  // namespace qsim
