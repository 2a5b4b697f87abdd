#include "compiler/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "hw/spec/error.h"

namespace qsim {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kLocalMagic = 0x04034b50;
constexpr uint32_t kCentralMagic = 0x02014b50;
constexpr uint32_t kEndMagic = 0x06054b50;
constexpr uint64_t kZip64Marker = 0xffffffff;
constexpr size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30;
constexpr uint64_t kMaxInflation = 1032;  // deflate cannot expand further (zlib's technical notes)

struct Member {
  std::string name;
  uint32_t method = 0, crc = 0;
  uint64_t packed = 0, unpacked = 0, offset = 0;
};

class Reader {
 public:
  Reader(const std::string& path, std::span<const uint8_t> bytes) : path_(path), bytes_(bytes) {}

  [[noreturn]] void fail(const std::string& what) const { throw Error(path_ + ": " + what); }

  uint64_t number(uint64_t at, int size) const {
    // Written so that an offset of 2^64 - 1 does not wrap.
    if (at > bytes_.size() || static_cast<uint64_t>(size) > bytes_.size() - at) {
      fail("is truncated");
    }
    uint64_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | bytes_[at + static_cast<uint64_t>(i)];
    return value;
  }

  // The end record is followed by a comment of at most 65535 bytes.
  uint64_t find_end() const {
    const size_t last = bytes_.size() < kEndBytes ? 0 : bytes_.size() - kEndBytes;
    for (size_t back = 0; bytes_.size() >= kEndBytes && back <= std::min<size_t>(last, 65535);
         ++back) {
      if (number(last - back, 4) == kEndMagic) return last - back;
    }
    fail("is not an .npz file (no zip directory at its end; truncated?)");
  }

  std::vector<Member> directory() const {
    const uint64_t end = find_end();
    const uint64_t count = number(end + 10, 2);
    uint64_t at = number(end + 16, 4);
    std::vector<Member> members;
    uint64_t packed_total = 0;
    for (uint64_t i = 0; i < count; ++i) {
      if (number(at, 4) != kCentralMagic) fail("has a damaged zip directory");
      const uint64_t name_bytes = number(at + 28, 2), extra_bytes = number(at + 30, 2);
      Member m;
      if (number(at + 8, 2) & 1) fail("is encrypted");
      m.method = static_cast<uint32_t>(number(at + 10, 2));
      m.crc = static_cast<uint32_t>(number(at + 16, 4));
      m.packed = number(at + 20, 4);
      m.unpacked = number(at + 24, 4);
      m.offset = number(at + 42, 4);
      number(at + kCentralBytes + name_bytes, 0);
      m.name.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(at + kCentralBytes),
                    bytes_.begin() + static_cast<std::ptrdiff_t>(at + kCentralBytes + name_bytes));
      read_zip64(at + kCentralBytes + name_bytes, extra_bytes, m);
      // A thousand entries for the same megabyte would unpack to a terabyte. (What is longer than
      // the file is truncated: extract().)
      if (m.packed <= bytes_.size()) packed_total += m.packed;
      if (packed_total > bytes_.size()) fail("has members that overlap");
      members.push_back(m);
      at += kCentralBytes + name_bytes + extra_bytes + number(at + 32, 2);
    }
    return members;
  }

  // Stored members stay where they are; others are unpacked into `inflated`.
  std::span<const uint8_t> extract(const Member& m, std::deque<RawBytes>& inflated) const {
    if (number(m.offset, 4) != kLocalMagic) fail(m.name + ": has a damaged zip header");
    const uint64_t start =
        m.offset + kLocalBytes + number(m.offset + 26, 2) + number(m.offset + 28, 2);
    if (start > bytes_.size() || m.packed > bytes_.size() - start) fail(m.name + ": is truncated");
    if (m.method != 0 && m.method != 8) {
      fail(m.name + ": compression method = " + std::to_string(m.method) +
           " is neither stored nor deflated");
    }
    const bool possible =
        m.method == 0 ? m.unpacked == m.packed : m.unpacked <= (m.packed + 64) * kMaxInflation;
    if (!possible) fail(m.name + ": declares a size that its bytes cannot hold");
    std::span<const uint8_t> content;
    if (m.method == 0) {
      content = bytes_.subspan(start, m.packed);
    } else {
      inflated.push_back({std::make_unique_for_overwrite<uint8_t[]>(m.unpacked), m.unpacked});
      inflate_into(m, start, {inflated.back().data.get(), m.unpacked});
      content = {inflated.back().data.get(), m.unpacked};
    }
    if (crc32_z(0, content.data(), content.size()) != m.crc) fail(m.name + ": fails its CRC-32");
    return content;
  }

 private:
  void read_zip64(uint64_t at, uint64_t size, Member& m) const {
    for (const uint64_t stop = at + size; at + 4 <= stop;) {
      const uint64_t kind = number(at, 2), length = number(at + 2, 2);
      uint64_t field = at + 4;
      for (uint64_t* value : {&m.unpacked, &m.packed, &m.offset}) {
        if (kind != 1 || *value != kZip64Marker || field + 8 > at + 4 + length) continue;
        *value = number(field, 8);
        field += 8;
      }
      at += 4 + length;
    }
  }

  void inflate_into(const Member& m, uint64_t start, std::span<uint8_t> content) const {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("zlib cannot start");
    constexpr uint64_t kChunk = uint64_t{1} << 30;  // zlib counts in 32 bits
    uint64_t read = 0, written = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      const uint64_t in = std::min(m.packed - read, kChunk),
                     out = std::min(content.size() - written, kChunk);
      stream.next_in = const_cast<Bytef*>(bytes_.data() + start + read);
      stream.avail_in = static_cast<uInt>(in);
      stream.next_out = content.data() + written;
      stream.avail_out = static_cast<uInt>(out);
      status = inflate(&stream, Z_NO_FLUSH);
      read += in - stream.avail_in;
      written += out - stream.avail_out;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END || written != content.size())
      fail(m.name + ": has damaged compressed data");
  }

  const std::string& path_;
  std::span<const uint8_t> bytes_;
};

// Of a pipe as well, whose size nobody knows before its end.
RawBytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path + ": cannot be read");
  std::error_code is_no_file;
  const uintmax_t size = std::filesystem::file_size(path, is_no_file);
  size_t room = is_no_file || size == 0 ? size_t{1} << 20 : size + 1;
  RawBytes bytes{std::make_unique_for_overwrite<uint8_t[]>(room), 0};
  for (;;) {
    file.read(reinterpret_cast<char*>(bytes.data.get() + bytes.size),
              static_cast<std::streamsize>(room - bytes.size));
    bytes.size += static_cast<size_t>(file.gcount());
    if (!file) return bytes;
    room *= 2;
    auto more = std::make_unique_for_overwrite<uint8_t[]>(room);
    std::copy_n(bytes.data.get(), bytes.size, more.get());
    bytes.data = std::move(more);
  }
}

void put(Bytes& out, uint64_t value, int size) {
  for (int i = 0; i < size; ++i, value >>= 8) out.push_back(static_cast<uint8_t>(value));
}

// The fields that local header and directory entry share, from "version needed" to the name length.
void put_common(Bytes& out, const std::string& name, const Bytes& content) {
  constexpr uint32_t kDate1980 = 0x21;  // 1 January 1980
  put(out, 20, 2);
  put(out, 0x800, 2);  // UTF-8 names
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, kDate1980, 2);
  put(out, crc32_z(0, content.data(), content.size()), 4);
  put(out, content.size(), 4);
  put(out, content.size(), 4);
  put(out, name.size(), 2);
}

}  // namespace

ZipArchive read_zip(const std::string& path) {
  ZipArchive archive;
  archive.file = read_all(path);
  const Reader reader(path, {archive.file.data.get(), archive.file.size});
  for (const Member& member : reader.directory())
    archive.members[member.name] = reader.extract(member, archive.inflated);
  return archive;
}

void write_zip(const std::string& path, const std::map<std::string, Bytes>& members) {
  Bytes directory;
  uint64_t offset = 0;
  std::ofstream file(path, std::ios::binary);
  for (const auto& [name, content] : members) {
    Bytes local;
    put(local, kLocalMagic, 4);
    put_common(local, name, content);
    put(local, 0, 2);
    local.insert(local.end(), name.begin(), name.end());
    put(directory, kCentralMagic, 4);
    put(directory, 20, 2);
    put_common(directory, name, content);
    put(directory, 0, 12);  // extra and comment length, disk, attributes
    put(directory, offset, 4);
    directory.insert(directory.end(), name.begin(), name.end());
    file.write(reinterpret_cast<const char*>(local.data()),
               static_cast<std::streamsize>(local.size()));
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    offset += local.size() + content.size();
    if (offset > kZip64Marker) throw Error(path + ": exceeds 4 GiB");
  }
  Bytes end;
  put(end, kEndMagic, 4);
  put(end, 0, 4);
  put(end, members.size(), 2);
  put(end, members.size(), 2);
  put(end, directory.size(), 4);
  put(end, offset, 4);
  put(end, 0, 2);
  file.write(reinterpret_cast<const char*>(directory.data()),
             static_cast<std::streamsize>(directory.size()));
  file.write(reinterpret_cast<const char*>(end.data()), static_cast<std::streamsize>(end.size()));
  file.flush();
  if (!file) throw Error(path + ": cannot be written");
}

}  // namespace qsim
