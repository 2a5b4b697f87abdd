// Weights in files of their own: only from inside the model's folder, only what is there.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

namespace fs = std::filesystem;
using Entries = std::map<std::string, std::string>;

// <folder>/model/m.onnx, with a file of 12 bytes (floats 1, 2, 3) inside the folder and one beside
// it.
class ExternalData : public testing::Test {
 protected:
  ExternalData() {
    fs::create_directories(folder_.path() / "model" / "sub");
    const Tensor data = floats({3});
    const std::string bytes(data.bytes.begin(), data.bytes.end());
    for (const char* name : {"model/w.bin", "model/sub/w.bin", "outside.bin"}) {
      folder_.write(name, bytes);
    }
  }

  std::string save(const Entries& entries, const Shape& dims = {3}) const {
    OnnxBuilder model;
    model.output("y").external_initializer("w", kOnnxFloat, dims, entries);
    model.node("Identity", {"w"}, {"y"});
    return model.save(folder_.path() / "model" / "m.onnx");
  }

  std::string error(const Entries& entries, const Shape& dims = {3}) const {
    return error_of_file(save(entries, dims));
  }

  std::vector<float> read(const Entries& entries, const Shape& dims = {3}) const {
    return value_named(import_onnx(save(entries, dims)), "y").data.as_floats();
  }

  TempFolder folder_;
};

using Floats = std::vector<float>;

TEST_F(ExternalData, IsRead) {
  EXPECT_EQ(read({{"location", "w.bin"}}), (Floats{1, 2, 3}));
  EXPECT_EQ(read({{"location", "sub/w.bin"}, {"offset", "4"}, {"length", "8"}}, {2}),
            (Floats{2, 3}));
  EXPECT_EQ(read({{"location", "./w.bin"}, {"offset", "12"}}, {0}), Floats{});
}

TEST_F(ExternalData, FilesAreNamedOnce) {
  OnnxBuilder model;
  model.output("y").external_initializer("a", kOnnxFloat, {3}, {{"location", "w.bin"}});
  model.external_initializer("b", kOnnxFloat, {3}, {{"location", "sub/w.bin"}});
  model.external_initializer("c", kOnnxFloat, {2}, {{"location", "w.bin"}, {"offset", "4"}});
  model.node("Add", {"a", "b"}, {"s"}).node("Concat", {"s", "c"}, {"y"}, {{"axis", int64_t{0}}});
  const std::string folder = (folder_.path() / "model").string();
  const std::string path = model.save(folder_.path() / "model" / "m.onnx");
  EXPECT_EQ(external_files(path),
            (std::vector<std::string>{folder + "/sub/w.bin", folder + "/w.bin"}));
  EXPECT_EQ(external_files((fs::path(QSIM_SOURCE_DIR) / "models/digits_float.onnx").string()),
            std::vector<std::string>());
}

TEST_F(ExternalData, FollowsLinksThatStayInside) {
  fs::create_symlink("sub/w.bin", folder_.path() / "model" / "link.bin");
  EXPECT_EQ(read({{"location", "link.bin"}}), (Floats{1, 2, 3}));
}

TEST_F(ExternalData, WorksWithAModelNamedWithoutFolder) {
  save({{"location", "w.bin"}});
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path() / "model");
  const Graph graph = import_onnx("m.onnx");
  fs::current_path(before);
  EXPECT_EQ(value_named(graph, "y").data.as_floats(), (Floats{1, 2, 3}));
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  const std::string place = "m.onnx: initializer w: external location = ";
  EXPECT_EQ(error({{"location", "../outside.bin"}}),
            place + "../outside.bin contains \"..\", which may leave the model's folder");
  EXPECT_EQ(error({{"location", "sub/../../outside.bin"}}),
            place + "sub/../../outside.bin contains \"..\", which may leave the model's folder");
  EXPECT_EQ(error({{"location", "/etc/passwd"}}),
            place + "/etc/passwd is absolute, not inside the model's folder");
  fs::create_symlink("../outside.bin", folder_.path() / "model" / "link.bin");
  EXPECT_EQ(error({{"location", "link.bin"}}),
            place + "link.bin is a symbolic link that leaves the model's folder");
  fs::create_directory_symlink("..", folder_.path() / "model" / "up");
  EXPECT_EQ(error({{"location", "up/outside.bin"}}),
            place + "up/outside.bin is a symbolic link that leaves the model's folder");
  // A folder whose name begins like the model's is not inside it.
  fs::create_directory(folder_.path() / "model2");
  fs::copy(folder_.path() / "outside.bin", folder_.path() / "model2" / "w.bin");
  fs::create_symlink("../model2/w.bin", folder_.path() / "model" / "near.bin");
  EXPECT_EQ(error({{"location", "near.bin"}}),
            place + "near.bin is a symbolic link that leaves the model's folder");
}

TEST_F(ExternalData, NotAFile) {
  const std::string place = "m.onnx: initializer w: external location = ";
  EXPECT_EQ(error({}), place + " is not a file name");
  EXPECT_EQ(error({{"location", "none.bin"}}),
            place + "none.bin cannot be opened: No such file or directory");
  EXPECT_EQ(error({{"location", "sub"}}), place + "sub is not a readable file");
}

TEST_F(ExternalData, RangeBeyondTheFile) {
  const std::string place = "m.onnx: initializer w: external ";
  EXPECT_EQ(error({{"location", "w.bin"}, {"offset", "4"}}),
            place + "offset = 4 with 12 bytes is outside the file's 12 bytes");
  EXPECT_EQ(error({{"location", "w.bin"}, {"offset", "9223372036854775807"}}),
            place + "offset = 9223372036854775807 with 12 bytes is outside the file's 12 bytes");
  EXPECT_EQ(error({{"location", "w.bin"}}, {1 << 20, 1 << 20}),
            place + "offset = 0 with 4398046511104 bytes is outside the file's 12 bytes");
  EXPECT_EQ(error({{"location", "w.bin"}, {"length", "8"}}),
            place + "length = 8 is not the tensor's 12 bytes");
  EXPECT_EQ(error({{"location", "w.bin"}, {"offset", "-4"}}),
            place + "offset = -4 is not a byte count");
  EXPECT_EQ(error({{"location", "w.bin"}, {"offset", "4x"}}),
            place + "offset = 4x is not a byte count");
}

}  // namespace
}  // namespace qsim::test
