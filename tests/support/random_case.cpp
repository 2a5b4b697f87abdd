#include "tests/support/random_case.h"

#include <algorithm>

#include "tests/support/draw.h"
#include "tests/support/structures.h"

namespace qsim {
namespace {

constexpr int64_t kUsualWork = 40000, kSlowMemoryWork = 1500;  // see work_of()
constexpr int32_t kSlowMemoryCycles = 1000;

void draw_runtime_keys(Draw& draw, Arch& arch) {
  arch.memory.model = draw.one_in(4) ? MemoryModel::kIdeal : MemoryModel::kLatency;
  arch.memory.latency_cycles = draw.one_in(12)  ? draw.pick({1000, 3000, 10000})
                               : draw.one_in(2) ? draw.pick({1, 2, 3, 7, 60, 200})
                                                : draw(1, 150);
  arch.memory.bytes_per_cycle = draw.one_in(2)
                                    ? draw.pick({0.7, 1.0, 3.3, 4.0, 6.4, 16.0, 21.333, 64.0})
                                    : draw(500, 64000) / 1000.0;
  arch.host.step_cycles = draw.pick({0, 1, 10, 1000});
  arch.host.elements_per_cycle = draw.pick({0.3, 1.0, 4.0});
}

// A DRAM on one case in three, from a sequence of its own.
void draw_dram(Draw& draw, Arch& arch) {
  if (!draw.one_in(3)) return;
  arch.memory.model = draw.pick({MemoryModel::kDdr4, MemoryModel::kLpddr4});
  arch.memory.channel_bits = draw.pick({ChannelBits::k16, ChannelBits::k32, ChannelBits::k64});
  arch.memory.controller_cycles = draw.pick({0, 1, 10, 33});
  arch.clock.mhz =
      draw.one_in(2) ? draw.pick({20, 100, 400, 500, 600, 800, 1200, 1600, 3000}) : draw(10, 4000);
}

Window draw_window(Draw& draw, bool dilate) {
  Window w;
  w.kh = draw.pick({1, 1, 2, 3, 3, 5}), w.kw = draw.pick({1, 1, 2, 3, 3, 5});
  w.stride_h = draw.pick({1, 1, 2, 3}), w.stride_w = draw.pick({1, 1, 2, 3});
  if (dilate && draw.one_in(4)) w.dilation_h = w.dilation_w = 2;
  w.pad_top = draw(0, w.kh - 1), w.pad_bottom = draw(0, w.kh - 1);
  w.pad_left = draw(0, w.kw - 1), w.pad_right = draw(0, w.kw - 1);
  return w;
}

CaseLayer draw_layer(Draw& draw) {
  CaseLayer layer;
  layer.op = draw.pick({CaseOp::kConv, CaseOp::kConv, CaseOp::kConv, CaseOp::kDepthwise,
                        CaseOp::kMaxPool, CaseOp::kAveragePool, CaseOp::kAdd, CaseOp::kConcat,
                        CaseOp::kRescale, CaseOp::kTable, CaseOp::kMul, CaseOp::kGate});
  layer.channels = draw.one_in(6) ? draw(30, 100) : draw(1, 40);
  if (layer.op == CaseOp::kConcat) layer.channels = draw(1, 20);
  layer.groups = draw.one_in(4) ? draw.pick({2, 3, 4}) : 1;
  layer.window = draw_window(draw, layer.op == CaseOp::kConv || layer.op == CaseOp::kDepthwise);
  if (layer.op == CaseOp::kRescale) {  // pads alone
    layer.window = Window();
    layer.window.pad_top = draw(0, 2), layer.window.pad_right = draw(0, 2);
  }
  layer.asymmetric_weights = draw.one_in(4);
  layer.count_include_pad = draw.one_in(2);
  return layer;
}

// Codes of 2 to 8 bits: usual on a machine with modes for them, now and then on others. All alike,
// or drawn anew for each layer.
void draw_bits(Draw& draw, CaseSpec& spec) {
  const bool has_modes = spec.arch.array.pe_modes != PeModes::k8;
  if (has_modes ? draw.one_in(8) : !draw.one_in(6)) return;
  const auto pick = [&] { return draw.pick({2, 2, 3, 4, 4, 4, 5, 7, 8}); };
  const bool uniform = draw.one_in(3);
  spec.bits = pick();
  for (CaseLayer& layer : spec.layers) {
    layer.bits = uniform ? spec.bits : pick();
    layer.weight_bits = uniform ? spec.bits : pick();
  }
}

// Roughly the cycles that the machine computes; what it loads goes along with that.
int64_t work_of(const CaseSpec& spec) {
  CaseSpec shapes = spec;
  shapes.seed = 0;
  const IntegerNetwork network = build_network(shapes);
  int64_t work = 0;
  for (const Layer& layer : network.layers) {
    const int64_t taps = int64_t{1} * layer.window.kh * layer.window.kw;
    const int64_t elements = network.tensor(layer.output).elements();
    if (layer.op == LayerOp::kConv && layer.groups == 1) {
      work += mac_count(network, layer) / spec.arch.pes();
    } else {
      const int32_t lanes = spec.arch.lanes();
      work += (layer.op == LayerOp::kConv && !layer.is_depthwise(network.tensors) ? 4 : 1) *
              elements * taps / lanes;
    }
    work += elements / spec.arch.lanes();
  }
  return work;
}

}  // namespace

CaseSpec draw_case(int32_t structure_index, uint32_t seed) {
  // Seeds of neighbouring cases differ by one: mt19937's seeding keeps their sequences apart.
  Draw draw(seed ^ (static_cast<uint32_t>(structure_index) * 0x9e3779b9u));
  CaseSpec spec;
  spec.structure = structure_index;
  spec.seed = std::max(seed, 1u);
  spec.arch = structure(structure_index);
  draw_runtime_keys(draw, spec.arch);
  Draw dram_draw(spec.seed * 0x85ebca6bu + static_cast<uint32_t>(structure_index));
  draw_dram(dram_draw, spec.arch);
  spec.n = draw.one_in(4) ? draw(2, 3) : 1;
  spec.h = draw(1, 14), spec.w = draw(1, 14);
  spec.c = draw.one_in(6) ? draw(20, 80) : draw(1, 24);
  const int32_t layers = draw(1, 5);
  for (int32_t i = 0; i < layers; ++i) spec.layers.push_back(draw_layer(draw));
  spec.values.extreme = draw.one_in(6);
  draw_bits(draw, spec);
  const bool slow = spec.arch.memory.model == MemoryModel::kLatency &&
                    spec.arch.memory.latency_cycles >= kSlowMemoryCycles;
  const int64_t limit = slow ? kSlowMemoryWork : kUsualWork;
  while (work_of(spec) > limit) {
    if (spec.n > 1) {
      spec.n = 1;
    } else if (std::max(spec.h, spec.w) > 3) {
      int32_t& larger = spec.h > spec.w ? spec.h : spec.w;
      larger = larger / 2 + 1;
    } else if (spec.layers.size() > 1) {
      spec.layers.pop_back();
    } else {
      spec.c = std::min(spec.c, 8);
      spec.layers[0].channels = std::min(spec.layers[0].channels, 8);
      break;
    }
  }
  return spec;
}

}  // namespace qsim
