#include "hw/spec/rtl_package.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace qsim {
namespace {

TEST(RtlPackage, CheckedInFileIsFresh) {
  std::ifstream file(QSIM_SOURCE_DIR "/hw/rtl/qsim_pkg.sv");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), rtl_package()) << "run: qsim machines --rtl-package > hw/rtl/qsim_pkg.sv";
}

// The struct of an operation begins at its opcode: fields stand from the last to the first.
TEST(RtlPackage, StructsHoldFieldsFromTheMostSignificantDown) {
  const std::string text = rtl_package();
  EXPECT_NE(text.find("  typedef struct packed {\n"
                      "    logic [1:0] weight_pack;\n"
                      "    logic [1:0] src2_pack;\n"
                      "    logic [1:0] src_pack;\n"
                      "    logic [1:0] dst_pack;\n"
                      "    logic drain;\n"
                      "    logic signed [7:0] shift;\n"),
            std::string::npos);
  EXPECT_NE(text.find("    logic [25:0] buffer_address;\n"
                      "    logic [1:0] buffer;\n"
                      "    logic [3:0] give;\n"
                      "    logic [3:0] take;\n"
                      "    logic [3:0] opcode;\n"
                      "  } load_t;\n"),
            std::string::npos);
}

TEST(RtlPackage, NamesChoicesOfPeModes) {
  const std::string text = rtl_package();
  for (const char* name : {"PeModes8 = 0;", "PeModes84 = 1;", "PeModes842 = 2;"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace qsim
