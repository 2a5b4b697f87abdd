// Files that are not models, and what a model says about itself that cannot be.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <random>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

OnnxBuilder small_model(int64_t opset = 13, int64_t ir_version = 8) {
  OnnxBuilder model(opset, ir_version);
  model.input("x", {1, 2, 4, 4}).output("y").initializer("w", floats({3, 2, 3, 3}));
  model.node("Conv", {"x", "w"}, {"y"}, {{"pads", ints({1, 1, 1, 1})}}, "conv");
  return model;
}

std::string error_of_bytes(const std::string& bytes) {
  const TempFolder folder;
  return error_of_file(folder.write("m.onnx", bytes));
}

TEST(BadFile, Absent) {
  const TempFolder folder;
  EXPECT_EQ(error_of_file((folder.path() / "m.onnx").string()),
            "m.onnx: file cannot be opened: No such file or directory");
}

TEST(BadFile, NotRegular) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.path() / "m.onnx");
  EXPECT_EQ(error_of_file((folder.path() / "m.onnx").string()), "m.onnx: is not a regular file");
  // A reader that waits for a writer would hang here.
  ASSERT_EQ(mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of_file((folder.path() / "pipe").string()), "pipe: is not a regular file");
}

TEST(BadFile, Empty) { EXPECT_EQ(error_of_bytes(""), "m.onnx: file = 0 bytes is empty"); }

TEST(BadFile, TooLarge) {
  const TempFolder folder;
  const std::string path = folder.write("m.onnx", "x");
  std::filesystem::resize_file(path, (uintmax_t{1} << 31) + 5);  // a hole: occupies no disk
  EXPECT_EQ(error_of_file(path),
            "m.onnx: file = 2147483653 bytes is larger than 2147483647, protobuf's limit; store "
            "weights as external data");
}

TEST(BadFile, OfAnotherKind) {
  EXPECT_EQ(error_of_bytes("PK\x03\x04 not a model"),
            "m.onnx: file is truncated, damaged, or not ONNX");
  EXPECT_EQ(error_of_bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
            "m.onnx: file is a git-lfs pointer, not a model; run `git lfs pull`");
}

// Cut anywhere, the file gives one clear error: the graph's length no longer fits, or it is
// missing.
TEST(BadFile, TruncatedAnywhere) {
  const std::string bytes = small_model().bytes();
  ASSERT_EQ(error_of_bytes(bytes), "no error");
  for (size_t size = 1; size < bytes.size(); ++size) {
    const std::string error = error_of_bytes(bytes.substr(0, size));
    EXPECT_TRUE(error == "m.onnx: file is truncated, damaged, or not ONNX" ||
                error == "m.onnx: file holds no graph: truncated, or not ONNX" ||
                error ==
                    "m.onnx: opset_import = (none for ai.onnx), the operators' version is not "
                    "stated")
        << size << ": " << error;
  }
}

// Any damage ends in an Error or in a model; never in a crash or a foreign exception.
TEST(BadFile, DamagedAnywhere) {
  const std::string bytes = small_model().bytes();
  const TempFolder folder;
  std::mt19937 random(1);
  int errors = 0;
  for (int round = 0; round < 500; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 2; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    errors += error_of_file(folder.write("m.onnx", damaged)) != "no error";
  }
  EXPECT_GT(errors, 100);
  EXPECT_LT(errors, 500);
}

TEST(Versions, IrVersion) {
  EXPECT_EQ(error_of(small_model(13, 2)), "m.onnx: ir_version = 2 is outside [3, 14]");
  EXPECT_EQ(error_of(small_model(13, 3)), "no error");
  EXPECT_EQ(error_of(small_model(13, 14)), "no error");
  EXPECT_EQ(error_of(small_model(13, 15)), "m.onnx: ir_version = 15 is outside [3, 14]");
}

TEST(Versions, Opset) {
  EXPECT_EQ(error_of(small_model(5)), "m.onnx: opset_import \"\": version = 5 is outside [6, 25]");
  EXPECT_EQ(error_of(small_model(6)), "no error");
  EXPECT_EQ(error_of(small_model(22)), "no error");
  EXPECT_EQ(error_of(small_model(25)), "no error");
  EXPECT_EQ(error_of(small_model(26)),
            "m.onnx: opset_import \"\": version = 26 is outside [6, 25]");
  EXPECT_EQ(error_of(small_model(0)),
            "m.onnx: opset_import = (none for ai.onnx), the operators' version is not stated");
}

TEST(Versions, DomainAiOnnxIsTheEmptyOne) {
  OnnxBuilder model(0);
  model.opset("ai.onnx", 10).input("x", {2}).output("y");
  model.node("Relu", {"x"}, {"y"}, {}, "relu", "ai.onnx");
  const Graph graph = import_model(model);
  EXPECT_EQ(graph.nodes[0].domain, "");
  EXPECT_EQ(graph.nodes[0].opset, 10);
  model.opset("", 11);
  EXPECT_EQ(error_of(model),
            "m.onnx: opset_import \"\": version = 11 contradicts an earlier version = 10");
}

}  // namespace
}  // namespace qsim::test
