#include "compiler/emit/constants.h"

#include <algorithm>
#include <cstring>

namespace qsim {
namespace {

constexpr int64_t kAlignment = 64;

// The weight that output channel `o` applies to tap (ky, kx) of source channel `c`, zero point
// removed; 0 for channels of other groups.
int32_t effective_weight(const LayerView& view, int32_t o, int32_t ky, int32_t kx, int32_t c) {
  const Layer& layer = view.layer;
  const int32_t group_in = view.in_c / layer.groups, group_out = view.out_c / layer.groups;
  const int32_t i = c - o / group_out * group_in;
  if (i < 0 || i >= group_in) return 0;
  const int64_t index = ((int64_t{o} * view.window.kh + ky) * view.window.kw + kx) * group_in + i;
  return layer.weights[static_cast<size_t>(index)] -
         layer.weight_zero_point[static_cast<size_t>(o)];
}

// The same, by position in the reduction of a box: tap of the matmul loop, channel word, lane.
int32_t reduction_weight(const LayerView& view, int32_t o, int32_t ky, int32_t kx, int32_t lane) {
  if (view.packed) {
    if (lane >= view.packed_elements()) return 0;
    const int32_t tap = lane / view.in_c;
    return effective_weight(view, o, tap / view.window.kw, tap % view.window.kw, lane % view.in_c);
  }
  return lane < view.in_c ? effective_weight(view, o, ky, kx, lane) : 0;
}

// One tile: lane l of output channel j is code l mod n of byte l / n * C + j, n codes a byte.
void write_tile(const LayerView& view, int32_t block, const ReductionBox& tile, uint8_t* out) {
  const int32_t cols = view.arch.array.cols, lanes = view.word_lanes();
  const int32_t bits = bits_of_pack(view.weight_pack);
  for (int32_t lane = 0; lane < lanes; ++lane) {
    uint8_t* const word = out + (lane >> view.weight_pack) * cols;
    const int32_t place = lane % codes_per_byte(view.weight_pack) * bits;
    for (int32_t j = 0; j < view.block_channels(block); ++j) {
      const int32_t weight =
          reduction_weight(view, block * cols + j, tile.ky, tile.kx, tile.cblock * lanes + lane);
      const int32_t low = std::clamp(weight, -128, 127);
      const auto code = static_cast<uint8_t>(tile.pass == 0 ? low : weight - low);
      word[j] = static_cast<uint8_t>(word[j] | (code & (0xff >> (8 - bits))) << place);
    }
  }
}

void write_box(const LayerView& view, int32_t block, const ReductionBox& box, uint8_t* out) {
  const int32_t cols = view.arch.array.cols;
  for (int32_t ky = box.ky; ky < box.ky + box.kh; ++ky) {
    for (int32_t kx = box.kx; kx < box.kx + box.kw; ++kx) {
      for (int32_t word = box.cblock; word < box.cblock + box.cblocks; ++word) {
        write_tile(view, block, {ky, 1, kx, 1, word, 1, box.pass}, out);
        out += view.tile_words() * cols;
      }
    }
  }
}

// Bias with the input's zero point folded in: sum (x - zx) w + b = sum x w + (b - zx sum w), mod
// 2^32.
int32_t folded_bias(const LayerView& view, int32_t o) {
  const Layer& layer = view.layer;
  const size_t count = layer.weights.size() / static_cast<size_t>(view.out_c);
  uint32_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += static_cast<uint32_t>(layer.weights[static_cast<size_t>(o) * count + i] -
                                 layer.weight_zero_point[static_cast<size_t>(o)]);
  }
  const uint32_t zero =
      static_cast<uint32_t>(view.network.tensor(layer.inputs[0]).quant.zero_point);
  return static_cast<int32_t>(static_cast<uint32_t>(layer.bias[static_cast<size_t>(o)]) -
                              zero * sum);
}

// The weights of channel `o`, each byte array.cols bytes behind the one before.
void write_depthwise(const LayerView& view, int32_t o, uint8_t* out) {
  const int32_t taps = view.window.kh * view.window.kw, pack = view.weight_pack;
  const int8_t* weights = view.layer.weights.data() + int64_t{o} * taps;
  for (int32_t tap = 0; tap < taps; tap += codes_per_byte(pack), out += view.arch.array.cols) {
    int8_t byte;
    pack_codes(weights + tap, std::min(codes_per_byte(pack), taps - tap), pack, &byte);
    *out = static_cast<uint8_t>(byte);
  }
}

void write_params(const LayerView& view, int32_t block, uint8_t* out) {
  const Layer& layer = view.layer;
  const int32_t cols = view.arch.array.cols;
  const bool depthwise = layer.is_depthwise(view.network.tensors);
  const float sx = view.network.tensor(layer.inputs[0]).quant.scale;
  const float sy = view.network.tensor(layer.output).quant.scale;
  const auto put = [&](int32_t word, int32_t j, int32_t value) {
    std::memcpy(out + (int64_t{word} * cols + j) * 4, &value, 4);
  };
  for (int32_t j = 0; j < view.block_channels(block); ++j) {
    const int32_t o = block * cols + j;
    const RequantParams params = derive_requant(view.arch.vector.requant, sx,
                                                layer.weight_scale[static_cast<size_t>(o)], sy);
    // The depthwise function subtracts zero points itself; the array cannot.
    put(0, j, depthwise ? layer.bias[static_cast<size_t>(o)] : folded_bias(view, o));
    put(1, j, params.multiplier);
    put(2, j, params.shift);
    put(3, j, depthwise ? layer.weight_zero_point[static_cast<size_t>(o)] : 0);
    if (depthwise) write_depthwise(view, o, out + 16 * cols + j);
  }
}

}  // namespace

LayerConstants lay_out_constants(const LayerView& view, int64_t address) {
  LayerConstants constants;
  constants.begin = address = round_up(address, kAlignment);
  if (view.layer.op == LayerOp::kConv) {
    if (!view.layer.is_depthwise(view.network.tensors)) {
      for (int32_t block = 0; block < view.blocks; ++block) {
        constants.boxes.push_back(view.boxes(block, view.max_box_tiles()));
        std::vector<int64_t>& addresses = constants.weight_address.emplace_back();
        for (const ReductionBox& box : constants.boxes.back()) {
          addresses.push_back(address);
          address = round_up(address + box_bytes(view, box), kAlignment);
        }
      }
    }
    constants.param_address = address;
    address = round_up(address + view.blocks * view.param_block_bytes(), kAlignment);
  }
  constants.end = address;
  return constants;
}

void write_constants(const LayerView& view, const LayerConstants& constants, int64_t image_address,
                     std::vector<uint8_t>& image) {
  if (view.layer.op != LayerOp::kConv) return;
  for (size_t block = 0; block < constants.boxes.size(); ++block) {
    for (size_t i = 0; i < constants.boxes[block].size(); ++i) {
      write_box(view, static_cast<int32_t>(block), constants.boxes[block][i],
                image.data() + constants.weight_address[block][i] - image_address);
    }
  }
  for (int32_t block = 0; block < view.blocks; ++block) {
    write_params(
        view, block,
        image.data() + constants.param_address - image_address + block * view.param_block_bytes());
  }
}

}  // namespace qsim
