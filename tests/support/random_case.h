// Seeded random cases: a network on a machine, what the engines are compared on.
//
// A case is first a description, a few numbers that draw_case() makes from a structure and a seed
// and that a shrinker can make smaller one by one; then a network with all its weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/error.h"
#include "hw/spec/network.h"
#include "hw/spec/program.h"

namespace qsim {

enum class CaseOp : uint8_t {
  kConv,
  kDepthwise,
  kMaxPool,
  kAveragePool,
  kAdd,     // of the map and a 1x1 convolution of it
  kConcat,  // of the map, a 1x1 convolution of it to `channels` channels, and the map again
  kRescale,
  kTable,  // on the host
  kMul,    // of the map and a 1x1 convolution of it, on the host
  kGate    // product of the map and a 1x1 convolution of its average over space, on the host
};

// Wishes, of which a layer takes what its input admits: a kernel is at most the map, padding
// smaller than the kernel, groups divide the channels. So any change of any number gives a valid
// case.
struct CaseLayer {
  CaseOp op = CaseOp::kConv;
  int32_t channels = 1;  // kConv: of the output; kConcat
  int32_t groups = 1;    // kConv
  Window window = {};
  bool asymmetric_weights = false;
  bool count_include_pad = false;     // kAveragePool; kTable: a table for each channel
  int32_t bits = 8, weight_bits = 8;  // of the codes that the layer writes, of its weights
};

// How weights, biases, scales, zero points and clamps are drawn, or what they are instead.
struct CaseValues {
  bool extreme = false;  // weights, biases and zero points at the ends of their ranges, wild scales
  bool plain_weights = false;      // all 1
  bool plain_biases = false;       // all 0
  bool plain_scales = false;       // powers of two, one for all channels
  bool plain_zero_points = false;  // all 0
  bool plain_clamps = false;       // none
};

struct CaseSpec {
  int32_t structure = 0;               // tests/support/structures.h
  uint32_t seed = 0;                   // of the values
  Arch arch;                           // structure(structure) with runtime keys of its own
  int32_t n = 1, h = 1, w = 1, c = 1;  // the network's input
  int32_t bits = 8;                    // of its codes
  std::vector<CaseLayer> layers;       // between a quantize and a dequantize step
  CaseValues values;
};

// The same numbers give the same case on every platform. Sizes are such that the machine takes some
// ten thousand cycles, far fewer when its memory is very slow.
CaseSpec draw_case(int32_t structure, uint32_t seed);

IntegerNetwork build_network(const CaseSpec& spec);

// The network, compiled for the machine; the plan is checked. Throws Error when the machine's
// buffers are too small for a layer; is_refusal() knows that error from others.
Program compile_case(const CaseSpec& spec);
bool is_refusal(const Error& error);

// A case on a structure of its own that is not too small for it, compiled.
Program random_program(uint32_t seed);

// A few lines; a layer a line.
std::string to_text(const CaseSpec& spec);

}  // namespace qsim
