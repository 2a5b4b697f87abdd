// The smallest model: a top that knows HALT alone (halt_top/), built in two seconds, and programs
// for it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/rtl/engine.h"

namespace qsim::rtl {

// A test with a scratch folder of its own, and the cache that all tests of this build share.
class HaltMachine : public testing::Test {
 protected:
  HaltMachine() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(QSIM_BINARY_DIR) / "rtl-tests" /
              (std::string(info->test_suite_name()) + "." + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    use_cache(std::filesystem::path(QSIM_BINARY_DIR) / "rtl-cache");
  }

  static void use_cache(const std::filesystem::path& cache) {
    setenv("QSIM_RTL_CACHE", cache.c_str(), 1);
  }

  // The top's source with `from` replaced by `to`, in a folder for RtlOptions::sources.
  std::string sources(const std::string& from = "", const std::string& to = "") const {
    std::ifstream file(QSIM_SOURCE_DIR "/tests/sim/engines/rtl/halt_top/qsim_top.sv");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const std::filesystem::path rtl = folder_ / "rtl";
    std::filesystem::create_directories(rtl);
    std::ofstream(rtl / "qsim_top.sv") << text;
    return rtl;
  }

  static RtlOptions quick(std::string sources) {
    RtlOptions options;
    options.sources = std::move(sources);
    options.quick_build = true;
    return options;
  }

  // `segments` device segments of HALT each.
  static Program program(int segments) {
    Program program;
    program.network.name = "halts";
    Layer layer;
    layer.name = "layer0";
    layer.inputs = {0};
    layer.output = 0;
    program.network.layers = {layer};
    program.network.tensors.resize(1);
    for (int32_t i = 0; i < segments; ++i) {
      program.steps.push_back({-1, i, 1});
      program.instructions.push_back({Halt{}});
      program.info.push_back({.layer = 0});
    }
    program.dram_bytes = int64_t{64} * segments;
    return program;
  }

  // What building an engine and running it throws, "" for nothing.
  static std::string failure(const Program& program, const RtlOptions& options) {
    try {
      RtlEngine(program, options).run({});
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

}  // namespace qsim::rtl
