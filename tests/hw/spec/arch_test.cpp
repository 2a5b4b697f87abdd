#include "hw/spec/arch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"

namespace qsim {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Arch, PrintsAndParsesEveryKey) {
  Arch arch;
  arch.array.rows = 5;
  arch.array.cols = 7;
  arch.array.dataflow = Dataflow::kOs;
  arch.vector.requant = RequantMode::kTflite1;
  arch.memory.model = MemoryModel::kIdeal;
  arch.memory.bytes_per_cycle = 3.125;
  const Arch copy = read_arch_text(to_text(arch), "copy");
  for (const ArchKey& key : arch_keys()) {
    EXPECT_EQ(get_arch_key(copy, key.name), get_arch_key(arch, key.name)) << key.name;
  }
}

TEST(Arch, SetsEveryKeyToItsDefault) {
  for (const ArchKey& key : arch_keys()) {
    Arch arch;
    set_arch_key(arch, key.name, key.default_value, "test");
    EXPECT_EQ(get_arch_key(arch, key.name), key.default_value);
    EXPECT_TRUE(key.kind == "structure" || key.kind == "runtime") << key.name;
    EXPECT_FALSE(key.meaning.empty()) << key.name;
  }
}

// Every numeric key takes both ends of its range and refuses the next value outside.
TEST(Arch, ChecksEveryRangeFromBothSides) {
  int checked = 0;
  for (const ArchKey& key : arch_keys()) {
    if (key.range.front() != '[') continue;
    double low, high;
    ASSERT_EQ(std::sscanf(key.range.c_str(), "[%lf, %lf]", &low, &high), 2) << key.range;
    const bool whole =
        key.default_value.find('.') == std::string::npos && low == static_cast<int64_t>(low);
    const auto text = [&](double value) {
      return whole ? std::to_string(static_cast<int64_t>(value)) : std::to_string(value);
    };
    Arch arch;
    EXPECT_NO_THROW(set_arch_key(arch, key.name, text(low), "test")) << key.name;
    EXPECT_NO_THROW(set_arch_key(arch, key.name, text(high), "test")) << key.name;
    const double step = whole ? 1 : 0.001;
    EXPECT_THROW(set_arch_key(arch, key.name, text(low - step), "test"), Error) << key.name;
    EXPECT_THROW(set_arch_key(arch, key.name, text(high + step), "test"), Error) << key.name;
    ++checked;
  }
  EXPECT_GT(checked, 15);
}

TEST(Arch, NamesPlaceKeyValueAndRange) {
  Arch arch;
  EXPECT_EQ(message_of([&] { set_arch_key(arch, "array.rows", "1", "edge8.cfg"); }),
            "edge8.cfg: array.rows = 1 is outside [2, 256]");
  EXPECT_EQ(message_of([&] { set_arch_key(arch, "array.rows", "4x", "edge8.cfg"); }),
            "edge8.cfg: array.rows = 4x is not a whole number");
  EXPECT_EQ(message_of([&] { set_arch_key(arch, "memory.bytes_per_cycle", "", "edge8.cfg"); }),
            "edge8.cfg: memory.bytes_per_cycle =  is not a number");
  EXPECT_EQ(message_of([&] { set_arch_key(arch, "array.dataflow", "is", "edge8.cfg"); }),
            "edge8.cfg: array.dataflow = is is not one of ws|os");
  EXPECT_EQ(message_of([&] { set_arch_key(arch, "array.rowz", "4", "--array.rowz"); }),
            "--array.rowz: unknown key 'array.rowz' (did you mean array.rows?)");
}

TEST(Arch, RefusesNumbersThatAreNone) {
  Arch arch;
  for (const char* value : {"nan", "inf", "-inf", "1e400", "0x10", " 4", "4 "}) {
    EXPECT_THROW(set_arch_key(arch, "memory.bytes_per_cycle", value, "test"), Error) << value;
    EXPECT_THROW(set_arch_key(arch, "array.rows", value, "test"), Error) << value;
  }
  EXPECT_THROW(set_arch_key(arch, "array.rows", "99999999999999999999", "test"), Error);
}

TEST(Arch, RefusesFilesThatAreNone) {
  EXPECT_THROW(read_arch_file("no/such/file.cfg"), Error);
  EXPECT_THROW(read_arch_text("[array]\nrows 4\n", "test"), Error);
  EXPECT_THROW(read_arch_text("[array\nrows = 4\n", "test"), Error);
  EXPECT_THROW(read_arch_text("[array]\nrowz = 4\n", "test"), Error);
}

TEST(Arch, RefusesKeysThatDoNotFitTogether) {
  EXPECT_EQ(message_of([] { read_arch_text("[memory]\nbus_bytes = 12\n", "odd.cfg"); }),
            "odd.cfg: memory.bus_bytes = 12 is not a power of two");
  EXPECT_EQ(message_of([] {
              read_arch_text("[array]\nrows = 256\ncols = 256\n[buffers]\nweight_kib = 64\n",
                             "odd.cfg");
            }),
            "odd.cfg: buffers.weight_kib = 64 gives 256 words; this array needs at least 512");
}

TEST(Arch, CountsZerosOrActivityButNotBoth) {
  Arch arch;
  arch.prices.activity = Activity::kCounted;
  arch.check();
  arch.prices.zero_macs = ZeroMacs::kCounted;
  EXPECT_THROW(arch.check(), Error);
}

TEST(Arch, SubWordModesNeedWholeBytesOfLanes) {
  const auto message = [](const std::string& text) {
    return message_of([&] { read_arch_text(text, "odd.cfg"); });
  };
  EXPECT_EQ(message("[array]\nrows = 8\ncols = 6\npe_modes = 8-4-2\n[vector]\nlanes = 4\n"),
            "odd.cfg: array.cols = 6 is not a multiple of 4, which array.pe_modes = 8-4-2 needs");
  EXPECT_EQ(message("[array]\ncols = 7\npe_modes = 8-4\n"),
            "odd.cfg: array.cols = 7 is not a multiple of 2, which array.pe_modes = 8-4 needs");
  // What is built counts: lanes beyond the rows are not.
  EXPECT_EQ(message("[array]\nrows = 6\ncols = 8\npe_modes = 8-4-2\n"),
            "odd.cfg: array.rows = 6 is not a multiple of 4, which array.pe_modes = 8-4-2 needs");
  const Arch arch = read_arch_text(
      "[array]\nrows = 5\ncols = 8\npe_modes = 8-4-2\n[vector]\nlanes = 4\n", "test");
  EXPECT_EQ(arch.max_pack(), 2);
  EXPECT_EQ(read_arch_text("[array]\npe_modes = 8-4\n", "test").max_pack(), 1);
  EXPECT_EQ(Arch().max_pack(), 0);
  EXPECT_EQ(arch.lanes(), 4);
}

TEST(Arch, FindsTheNearestWord) {
  EXPECT_EQ(nearest("edge6", {"edge16", "tiny4"}), "edge16");
  EXPECT_EQ(nearest("xyz", {"edge16", "tiny4"}), "");
}

TEST(Arch, DerivesWordsFromKib) {
  const Arch arch = read_arch_text("[array]\nrows = 5\ncols = 7\n", "odd");
  EXPECT_EQ(arch.act_words(), 256 * 1024 / 5);
  EXPECT_EQ(arch.act_bytes(), 256 * 1024 / 5 * 5);
  EXPECT_EQ(arch.weight_bytes() % 7, 0);
  EXPECT_EQ(arch.param_bytes() % (4 * 7), 0);
  EXPECT_EQ(arch.lanes(), 5);
  EXPECT_EQ(arch.pes(), 35);
}

TEST(Machines, AllParseAndSayWhatTheyAre) {
  std::set<std::string> names;
  for (const NamedMachine& machine : named_machines()) {
    names.insert(machine.name);
    const Arch arch = find_arch(machine.name);
    EXPECT_EQ(arch.name, machine.name);
    EXPECT_EQ(arch.lanes(), std::min(arch.array.rows, arch.array.cols)) << machine.name;
    EXPECT_LE(arch.memory.bytes_per_cycle, arch.memory.bus_bytes) << machine.name;
    EXPECT_EQ(machine.text.substr(0, 2), "# ") << machine.name;
    EXPECT_FALSE(machine.summary.empty()) << machine.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"tiny4", "edge8", "edge16", "edge16os", "edge32",
                                          "server32", "cloud128"}));
}

TEST(Machines, Edge16IsTheDefault) {
  const Arch arch = find_arch("edge16");
  EXPECT_EQ(to_text(arch), to_text(Arch{}));
  EXPECT_LE(arch.buffers.act_kib + arch.buffers.weight_kib + arch.buffers.param_kib +
                arch.buffers.acc_entries * arch.array.cols * 4 / 1024,
            512);
  EXPECT_GE(arch.memory.latency_cycles, 50);
}

TEST(Machines, SuggestsTheNearestName) {
  const std::string message = message_of([] { find_arch("edge9"); });
  EXPECT_TRUE(message.starts_with("machine 'edge9' is not known (did you mean edge8?)")) << message;
}

// The reference pages in docs are what the program prints.
TEST(Machines, ReferencePagesAreFresh) {
  const auto read = [](const std::string& path) {
    std::ifstream file(std::string(QSIM_SOURCE_DIR) + path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  };
  EXPECT_EQ(read("/docs/reference/arch.md"), arch_reference())
      << "refresh: qsim machines --reference > docs/reference/arch.md";
  EXPECT_EQ(read("/docs/reference/counters.md"), counters_reference())
      << "refresh: qsim machines --counters > docs/reference/counters.md";
}

}  // namespace
}  // namespace qsim
