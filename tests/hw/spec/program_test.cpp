#include "hw/spec/program.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "hw/spec/error.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t kHeaderBytes = 24;

class ProgramFile : public ::testing::Test {
 protected:
  ProgramFile()
      : path_(std::filesystem::temp_directory_path() /
              ("qsim_program_test_" + std::to_string(getpid()) + ".qprog")) {}
  ~ProgramFile() override { std::filesystem::remove(path_); }

  Bytes saved(const Program& program) {
    save_program(program, path_);
    std::ifstream file(path_, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }
  Program load(const Bytes& bytes) {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    return load_program(path_);
  }
  // The message after "<path>: ", or "loads".
  std::string load_error(const Bytes& bytes) {
    try {
      load(bytes);
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_TRUE(text.starts_with(path_.string() + ": ")) << text;
      return text.substr(path_.string().size() + 2);
    }
    return "loads";
  }
  // Makes length and CRC fit the payload again, as a hostile writer would.
  static Bytes sealed(Bytes bytes) {
    const uint64_t size = bytes.size() - kHeaderBytes;
    const auto crc =
        static_cast<uint32_t>(crc32(0, bytes.data() + kHeaderBytes, static_cast<uInt>(size)));
    std::memcpy(bytes.data() + 12, &crc, 4);
    std::memcpy(bytes.data() + 16, &size, 8);
    return bytes;
  }

  std::filesystem::path path_;
};

TEST(Program, HandMadeProgramIsValid) { EXPECT_NO_THROW(hand_made_program().check()); }

TEST(Program, FindsTensorsInDram) {
  const Program program = hand_made_program();
  EXPECT_EQ(program.find_dram(2)->address, 1040);
  EXPECT_EQ(program.find_dram(0), nullptr);
}

// The vector instruction of hand_made_program() with a source and a window.
void windowed(Program& program, VectorFunction function, int32_t kh, int32_t kw) {
  auto& op = std::get<Vector>(program.instructions[4].op);
  op.function = static_cast<int32_t>(function);
  op.in_h = op.in_w = 2;
  op.src_row_pitch = op.src2_row_pitch = 8;
  op.src_pixel_pitch = op.src2_pixel_pitch = 4;
  op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
  op.kh = kh;
  op.kw = kw;
}

TEST(Program, WindowsOfOneTapAreForEveryFunction) {
  for (const VectorFunction function :
       {VectorFunction::kAdd, VectorFunction::kMaxPool, VectorFunction::kRescale}) {
    Program program = hand_made_program();
    windowed(program, function, 1, 1);
    EXPECT_NO_THROW(program.check());
  }
}

TEST(Program, CheckNamesWhatIsWrong) {
  const struct {
    const char* part;
    std::function<void(Program&)> damage;
  } cases[] = {
      {"instruction 0 (load): dram_address = 1024 ends at 3024, outside [0, 2048]",
       [](Program& p) { std::get<Load>(p.instructions[0].op).bytes = 2000; }},
      {"instruction 0 (load): bytes of all pieces = 1024000 is outside [1, 262144]",
       [](Program& p) { std::get<Load>(p.instructions[0].op).bytes = 1024000; }},
      {"instruction 0 (load): pieces = 16777216 is outside [1, 262144]",
       [](Program& p) {
         auto& load = std::get<Load>(p.instructions[0].op);
         load.count0 = load.count1 = 4096;
       }},
      {"instruction 4 (vector): output bytes = 4194304 is outside [1, 262144]",
       [](Program& p) {
         auto& op = std::get<Vector>(p.instructions[4].op);
         op.out_h = op.out_w = 1024;
         op.dst_row_pitch = op.dst_pixel_pitch = 0;
       }},
      {"instruction 0 (load): buffer = 3 is outside [0, 2]",
       [](Program& p) { std::get<Load>(p.instructions[0].op).buffer = 3; }},
      {"instruction 1 (load): count1 = 0 is outside [1, 65536]",
       [](Program& p) { std::get<Load>(p.instructions[1].op).count1 = 0; }},
      {"instruction 0 (load): buffer_address",
       [](Program& p) {
         auto& load = std::get<Load>(p.instructions[0].op);
         load.count0 = 2;
         load.buffer_stride0 = -1;
       }},
      {"instruction 3 (matmul): acc = 1021 ends at 1025, outside [0, 1024]",
       [](Program& p) { std::get<Matmul>(p.instructions[3].op).acc = 1021; }},
      {"instruction 3 (matmul): weight",
       [](Program& p) { std::get<Matmul>(p.instructions[3].op).weight = 32768 - 3; }},
      {"instruction 3 (matmul): source",
       [](Program& p) { std::get<Matmul>(p.instructions[3].op).act = 65536 - 3; }},
      {"instruction 3 (matmul): program: matmul.pad_value = 200",
       [](Program& p) { std::get<Matmul>(p.instructions[3].op).pad_value = 200; }},
      {"instruction 4 (vector): dst_row_pitch = 6 is not a multiple of array.rows",
       [](Program& p) { std::get<Vector>(p.instructions[4].op).dst_row_pitch = 6; }},
      {"instruction 4 (vector): last_channels = 5 is outside [1, 4]",
       [](Program& p) { std::get<Vector>(p.instructions[4].op).last_channels = 5; }},
      {"instruction 4 (vector): kh x kw = 6 is outside [1, 1]",
       [](Program& p) { windowed(p, VectorFunction::kRescale, 2, 3); }},
      {"instruction 4 (vector): kh x kw = 2 is outside [1, 1]",
       [](Program& p) { windowed(p, VectorFunction::kAdd, 1, 2); }},
      {"instruction 4 (vector): param",
       [](Program& p) { std::get<Vector>(p.instructions[4].op).param = 32 * 1024; }},
      {"instruction 4 (vector): part y = 2 is outside [0, 1]", [](Program& p) { p.info[4].y = 2; }},
      {"instruction 4 (vector): layer = 3 is outside [0, 2]",
       [](Program& p) { p.info[4].layer = 3; }},
      {"step 1: count = 8 is outside [1, 7]", [](Program& p) { p.steps[1].count = 8; }},
      {"instruction = 5 breaks the rule that HALT ends a segment",
       [](Program& p) { p.steps[1].count = 6; }},
      {"instructions in steps = 0", [](Program& p) { p.steps.erase(p.steps.begin() + 1); }},
      {"step 0: host_layer = 1 is not a layer of the host",
       [](Program& p) { p.steps[0].host_layer = 1; }},
      {"instruction_address = 32 is not a multiple of 64",
       [](Program& p) { p.instruction_address = 32; }},
      {"constants_address = 2000 is outside [0, 1968]",
       [](Program& p) { p.constants_address = 2000; }},
      {"DRAM tensor 2: end = 2051 is outside [0, 2048]",
       [](Program& p) { p.dram_tensors[1].address = 2035; }},
      {"DRAM tensor 1: id = 1 appears twice", [](Program& p) { p.dram_tensors[1].tensor = 1; }},
      {"DRAM tensor 2: pixel_bytes = 3 is outside [4, ",
       [](Program& p) { p.dram_tensors[1].pixel_bytes = 3; }},
      {"layer 1 (conv1): useful MACs = 63 differ from the layer's 64",
       [](Program& p) { p.info[3].useful_macs = 63; }},
      {"info = 6 is not one entry an instruction", [](Program& p) { p.info.pop_back(); }},
  };
  for (const auto& test : cases) {
    Program program = hand_made_program();
    test.damage(program);
    try {
      program.check();
      ADD_FAILURE() << "accepted: " << test.part;
    } catch (const std::logic_error& error) {
      EXPECT_NE(std::string(error.what()).find(test.part), std::string::npos)
          << error.what() << "\nshould hold: " << test.part;
    }
  }
}

TEST(Program, DisassemblyNamesLayers) {
  const std::string text = to_text(hand_made_program());
  EXPECT_NE(text.find("program small for tiny4+\n"), std::string::npos) << text;
  EXPECT_NE(text.find("step 0: host quantize (host_quantize) -> 1x2x2x4\n"), std::string::npos);
  EXPECT_NE(text.find("  layer conv1 (conv) -> 1x2x2x4\n     0  load dram_address=1024"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("     6  halt\n"), std::string::npos);
}

TEST_F(ProgramFile, RoundTripKeepsEverything) {
  const Program program = hand_made_program();
  const Bytes bytes = saved(program);
  const Program copy = load(bytes);
  EXPECT_EQ(to_text(copy), to_text(program));
  EXPECT_EQ(to_text(copy.network), to_text(program.network));
  EXPECT_EQ(to_text(copy.arch), to_text(program.arch));
  EXPECT_EQ(copy.arch.name, "tiny4+");
  EXPECT_EQ(copy.instructions, program.instructions);
  EXPECT_EQ(copy.constants, program.constants);
  EXPECT_EQ(copy.network.layers[1].weights, program.network.layers[1].weights);
  EXPECT_EQ(copy.network.layers[1].bias, program.network.layers[1].bias);
  // Saving the copy gives the same bytes: nothing that the format holds was lost.
  EXPECT_EQ(saved(copy), bytes);
}

TEST_F(ProgramFile, RoundTripKeepsWhatHostLayersHave) {
  Program program = hand_made_program();
  Layer& layer = program.network.layers[1];
  layer.table.assign(256, 0);
  layer.table[7] = 5;
  layer.rows = {{1, 2, 3}};
  layer.columns = {{4, 5, 6}, {7, 8, 9}};
  layer.normalization = {5, 0.5f, 0.75f, 2.0f};
  layer.takes_last = layer.is_sum = true;
  const Bytes bytes = saved(program);
  const Layer copy = load(bytes).network.layers[1];
  EXPECT_EQ(copy.table, layer.table);
  ASSERT_EQ(copy.columns.size(), 2u);
  EXPECT_EQ(copy.columns[1].weight, 9);
  EXPECT_EQ(copy.normalization.beta, 0.75f);
  EXPECT_TRUE(copy.takes_last && copy.is_sum);
}

TEST_F(ProgramFile, EveryTruncationIsAnError) {
  const Bytes bytes = saved(hand_made_program());
  for (size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : 7) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(load_error(part).substr(0, 9), size < kHeaderBytes ? "is not a " : "truncated")
        << size;
  }
}

// The CRC may be right and the file still cut: counts and ends are checked as well.
TEST_F(ProgramFile, EverySealedTruncationIsAnError) {
  const Bytes bytes = saved(hand_made_program());
  for (size_t size = kHeaderBytes; size < bytes.size(); size += size < 64 ? 1 : 7) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(load_error(sealed(part)), "loads") << size;
  }
}

TEST_F(ProgramFile, EveryDamagedByteIsAnError) {
  const Bytes bytes = saved(hand_made_program());
  for (size_t i = 0; i < bytes.size(); i += i < 64 ? 1 : 5) {
    Bytes damaged = bytes;
    damaged[i] ^= 0x40;
    EXPECT_NE(load_error(damaged), "loads") << i;
  }
}

TEST_F(ProgramFile, OtherVersionsAreRefusedByNumber) {
  Bytes bytes = saved(hand_made_program());
  bytes[8] = 2;
  EXPECT_EQ(load_error(bytes), "version = 2 is not 3, the one that this qsim reads; compile again");
}

TEST_F(ProgramFile, TrailingBytesAreAnError) {
  Bytes bytes = saved(hand_made_program());
  bytes.push_back(0);
  EXPECT_EQ(load_error(sealed(bytes)), "1 bytes too many");
}

TEST_F(ProgramFile, MissingFilesAndFoldersAreErrors) {
  EXPECT_THROW(load_program("no/such/file.qprog"), Error);
  EXPECT_THROW(load_program("/"), Error);
  EXPECT_THROW(load_program("/dev/zero"), Error);
  EXPECT_THROW(save_program(hand_made_program(), "no/such/folder/x.qprog"), Error);
}

// Random damage under a right CRC either loads into a program that check() accepts, or is one
// Error; never a crash, an allocation by a claimed count, or another exception.
TEST_F(ProgramFile, HostilePayloadsAreErrors) {
  const Bytes bytes = saved(hand_made_program());
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    Bytes damaged = bytes;
    for (uint32_t n = 1 + random() % 3; n > 0; --n) {
      const size_t at = kHeaderBytes + random() % (bytes.size() - kHeaderBytes);
      const uint8_t values[] = {0xff, 0x7f, 0x80, 0x00, static_cast<uint8_t>(random())};
      const size_t run = random() % 4 == 0 ? 8 : 1;
      const uint8_t value = values[random() % 5];
      for (size_t k = at; k < std::min(at + run, damaged.size()); ++k) damaged[k] = value;
    }
    refused += load_error(sealed(damaged)) != "loads";
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace qsim
