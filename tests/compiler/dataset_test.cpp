// .npz files, right and damaged; preprocessing; the seeded split.
#include "compiler/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "compiler/zip_archive.h"
#include "hw/spec/error.h"
#include "tests/support/onnx_builder.h"

namespace qsim::test {
namespace {

using Bytes = std::vector<uint8_t>;

// A .npy array with a header of our choosing.
Bytes npy(const std::string& dictionary, size_t data_bytes, int version = 1) {
  Bytes out = {0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<uint8_t>(version), 0};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    out.push_back(static_cast<uint8_t>(dictionary.size() >> (8 * i)));
  out.insert(out.end(), dictionary.begin(), dictionary.end());
  for (size_t i = 0; i < data_bytes; ++i) out.push_back(static_cast<uint8_t>(i));
  return out;
}

std::string header(const std::string& descr, const std::string& shape,
                   const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

class Npz : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() / "d.npz"; }
  std::string error_of_x(const Bytes& x) const {
    write_zip(path(), {{"x.npy", x}});
    return error();
  }
  std::string error() const {
    try {
      load_npz(path());
    } catch (const Error& e) {
      const std::string text = e.what();
      EXPECT_TRUE(text.starts_with(path() + ": ")) << text;
      return text.substr(path().size() + 2);
    }
    return "no error";
  }
  Bytes read() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void rewrite(const Bytes& bytes) const {
    std::ofstream(path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  TempFolder folder_;
};

TEST_F(Npz, WhatIsSavedIsLoaded) {
  const Tensor x = floats({2, 3, 4}), y = int64s({7, -1});
  const Tensor flag = tensor_of<uint8_t>(DataType::kBool, {}, {1});
  save_npz(path(), {{"x", x}, {"y", y}, {"a/b c", flag}});
  const auto arrays = load_arrays(path());
  ASSERT_EQ(arrays.size(), 3u);
  EXPECT_EQ(arrays.at("x").shape, x.shape);
  EXPECT_EQ(arrays.at("x").bytes, x.bytes);
  EXPECT_EQ(arrays.at("a/b c").type, DataType::kBool);
  const Dataset dataset = load_npz(path());
  EXPECT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.y, (std::vector<int64_t>{7, -1}));
}

TEST_F(Npz, ReadsWhatNumpyCompressed) {
  const Dataset digits = load_npz(QSIM_SOURCE_DIR "/models/digits_test.npz");
  EXPECT_EQ(digits.x.shape, (Shape{500, 1, 8, 8}));
  EXPECT_EQ(digits.x.type, DataType::kUint8);
  EXPECT_EQ(digits.y.size(), 500u);
  EXPECT_EQ(*std::max_element(digits.y.begin(), digits.y.end()), 9);
}

TEST_F(Npz, WidensHalfPrecision) {
  Bytes x = npy(header("<f2", "(6,)"), 0, 2);
  for (int half : {0x3c00, 0xc500, 0x0001, 0x7bff, 0x8000, 0x7c00}) {
    x.push_back(static_cast<uint8_t>(half));
    x.push_back(static_cast<uint8_t>(half >> 8));
  }
  write_zip(path(), {{"x.npy", x}});
  EXPECT_EQ(load_npz(path()).x.as_floats(),
            (std::vector<float>{1.0f, -5.0f, 0x1p-24f, 65504.0f, -0.0f, INFINITY}));
}

TEST_F(Npz, RefusesArraysItCannotRead) {
  EXPECT_EQ(error_of_x(npy(header("<f4", "(2, 2)", "True"), 16)),
            "x: is in Fortran order; save it in C order");
  EXPECT_EQ(error_of_x(npy(header(">f4", "(2, 2)"), 16)), "x: descr = >f4 is big-endian");
  EXPECT_EQ(error_of_x(npy(header("<c8", "(2,)"), 16)), "x: descr = <c8 is not a supported type");
  EXPECT_EQ(error_of_x(npy(header("|u1", "(3, 5)"), 16)), "x: shape 3x5 and its 16 bytes disagree");
  EXPECT_EQ(error_of_x(npy(header("|u1", "(99999999999999,)"), 16)),
            "x: has a dimension above 2^40");
  EXPECT_EQ(error_of_x(npy(header("|u1", "(99999999, 99999999)"), 16)),
            "x: has more than 2^40 elements");
  EXPECT_EQ(error_of_x(npy(header("|u1", "(-2,)"), 16)),
            "x: shape (-2,) is not a list of integers");
  EXPECT_EQ(error_of_x(npy("{'descr': '|u1'}", 4)), "x: header has no fortran_order");
  EXPECT_EQ(error_of_x(npy(header("|u1", "(4,)"), 4, 9)), "x: .npy version = 9 is outside [1, 3]");
  EXPECT_EQ(error_of_x(npy(header("|u1", "()"), 1)),
            "x is a scalar, not samples along its first dimension");
  EXPECT_EQ(error_of_x({1, 2, 3}), "x: is not a .npy array");
  Bytes cut = npy(header("|u1", "(4,)"), 4);
  cut[8] = 0xff;
  cut[9] = 0xff;
  EXPECT_EQ(error_of_x(cut), "x: is truncated");
}

TEST_F(Npz, RefusesLabelsThatDoNotFit) {
  save_npz(path(), {{"y", int64s({1})}});
  EXPECT_EQ(error(), "has no array x");
  save_npz(path(), {{"x", floats({2, 2})}, {"y", int64s({1})}});
  EXPECT_EQ(error(), "y has 1 labels for 2 samples");
  save_npz(path(), {{"x", floats({2, 2})}, {"y", floats({2})}});
  EXPECT_EQ(error(), "y = float32 is not an integer type");
}

TEST_F(Npz, RefusesDamagedFiles) {
  EXPECT_EQ(error(), "cannot be read");
  rewrite({'P', 'K'});
  EXPECT_EQ(error(), "is not an .npz file (no zip directory at its end; truncated?)");
  save_npz(path(), {{"x", floats({4, 4})}});
  const Bytes good = read();
  Bytes bad = good;
  bad[60] ^= 1;
  rewrite(bad);
  EXPECT_EQ(error(), "x.npy: fails its CRC-32");
  for (size_t length = 0; length < good.size(); length += 7) {
    rewrite({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)});
    EXPECT_EQ(error(), "is not an .npz file (no zip directory at its end; truncated?)") << length;
  }
  // Every byte of headers and directory, damaged one at a time, ends in an Error or in data.
  for (size_t i = 0; i < good.size(); ++i) {
    bad = good;
    bad[i] = static_cast<uint8_t>(~bad[i]);
    rewrite(bad);
    error();
  }
}

// Where the directory begins, and the bytes of its only entry.
struct Directory {
  size_t at = 0;
  Bytes entry;
};

Directory directory_of(const Bytes& bytes) {
  const size_t end = bytes.size() - 22;
  Directory directory;
  for (size_t i = 4; i-- > 0;) directory.at = directory.at << 8 | bytes[end + 16 + i];
  directory.entry.assign(bytes.begin() + static_cast<std::ptrdiff_t>(directory.at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(end));
  return directory;
}

// The zip bomb whose entries all lead to the same bytes.
TEST_F(Npz, RefusesMembersThatOverlap) {
  write_zip(path(), {{"x.npy", npy(header("|u1", "(4000,)"), 4000)}});
  ASSERT_EQ(error(), "no error");
  Bytes bytes = read();
  const Directory directory = directory_of(bytes);
  for (int i = 0; i < 3; ++i) {
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(directory.at), directory.entry.begin(),
                 directory.entry.end());
  }
  bytes[bytes.size() - 12] = 4;  // entries in all
  rewrite(bytes);
  EXPECT_EQ(error(), "has members that overlap");
}

// An offset that wraps around to the file's beginning when something is added to it.
TEST_F(Npz, RefusesOffsetsBeyondTheFile) {
  write_zip(path(), {{"x.npy", npy(header("|u1", "(4,)"), 4)}});
  Bytes bytes = read();
  const Directory directory = directory_of(bytes);
  Bytes entry = directory.entry;
  entry[30] = 12;                                     // bytes of extra fields
  std::fill_n(entry.begin() + 42, 4, uint8_t{0xff});  // offset: see the zip64 field
  const Bytes field = {1, 0, 8, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  entry.insert(entry.end(), field.begin(), field.end());
  bytes.resize(directory.at);
  const Bytes whole = read();
  bytes.insert(bytes.end(), entry.begin(), entry.end());
  bytes.insert(bytes.end(), whole.end() - 22, whole.end());
  rewrite(bytes);
  EXPECT_EQ(error(), "is truncated");
}

TEST_F(Npz, RefusesToWriteWhereItCannot) {
  EXPECT_THROW(save_npz(folder_.path() / "none" / "d.npz", {{"x", floats({1})}}), Error);
  EXPECT_THROW(save_npz(path(), {{"x", Tensor()}}), Error);
}

}  // namespace
}  // namespace qsim::test
