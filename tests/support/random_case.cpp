#include "tests/support/random_case.h"

#include <algorithm>

#include "hw/spec/program.h"
#include "tests/support/network_builder.h"

namespace qsim {
namespace {

constexpr const char* kFeatures[] = {"stride",
                                     "dilation",
                                     "groups",
                                     "depthwise",
                                     "asymmetric pads",
                                     "edge tiles",
                                     "rows != cols",
                                     "fractional bandwidth",
                                     "full token counters",
                                     "output-stationary",
                                     "ideal memory",
                                     "9-bit weights",
                                     "add",
                                     "max pool",
                                     "average pool",
                                     "concat",
                                     "rescale",
                                     "packed taps",
                                     "several reduction boxes",
                                     "streamed feature maps",
                                     "resident feature maps",
                                     "batch",
                                     "lanes < cols",
                                     "several tiles"};

// std::mt19937 is portable; the standard distributions are not.
class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  int32_t operator()(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(engine_() % static_cast<uint32_t>(high - low + 1));
  }
  bool one_in(int32_t n) { return (*this)(1, n) == 1; }
  template <typename T, size_t n>
  T pick(const T (&items)[n]) {
    return items[static_cast<size_t>((*this)(0, static_cast<int32_t>(n) - 1))];
  }

 private:
  std::mt19937 engine_;
};

Arch random_arch(Draw& draw, FeatureCounts& features) {
  Arch arch;
  arch.name = "random";
  arch.array.rows = draw.pick({2, 4, 5, 8, 16, 32});
  arch.array.cols = draw.pick({2, 4, 7, 8, 16, 32});
  arch.array.dataflow = draw.one_in(2) ? Dataflow::kOs : Dataflow::kWs;
  arch.buffers.act_kib = draw.pick({4, 8, 32, 256});
  arch.buffers.weight_kib = draw.pick({4, 8, 64});
  arch.buffers.param_kib = draw.pick({1, 2, 8, 32});
  arch.buffers.acc_entries = draw.pick({16, 64, 100, 1024});
  arch.vector.lanes = draw.pick({1, 2, 8, 16, 256});
  arch.vector.requant = static_cast<RequantMode>(draw(0, 5));
  arch.memory.model = draw.one_in(4) ? MemoryModel::kIdeal : MemoryModel::kLatency;
  arch.memory.bus_bytes = draw.pick({4, 8, 16, 32, 64});
  arch.memory.latency_cycles = draw.pick({1, 7, 60, 200});
  arch.memory.bytes_per_cycle = draw.pick({0.7, 1.0, 3.3, 4.0, 6.4, 16.0, 21.333});
  arch.dma.load_outstanding = draw.pick({1, 2, 8, 32});
  arch.fetch.fifo_depth = draw.pick({1, 2, 8});
  arch.fetch.queue_depth = draw.pick({1, 2, 16});
  arch.sync.token_depth = draw.pick({1, 2, 3, 16});
  arch.sync.in_flight = draw(1, 5);
  features["rows != cols"] += arch.array.rows != arch.array.cols;
  features["output-stationary"] += arch.array.dataflow == Dataflow::kOs;
  features["ideal memory"] += arch.memory.model == MemoryModel::kIdeal;
  features["lanes < cols"] += arch.vector.lanes < arch.array.cols;
  features["fractional bandwidth"] +=
      arch.memory.model == MemoryModel::kLatency &&
      std::min<double>(arch.memory.bytes_per_cycle, arch.memory.bus_bytes) != 1.0 &&
      arch.memory.bytes_per_cycle != static_cast<int32_t>(arch.memory.bytes_per_cycle);
  return arch;
}

// A window that fits the map, padding smaller than the kernel.
Window random_window(Draw& draw, const NetTensor& map, bool dilate, FeatureCounts& features) {
  Window w;
  w.kh = std::min(draw.pick({1, 1, 2, 3, 3, 5}), map.h);
  w.kw = std::min(draw.pick({1, 1, 2, 3, 3, 5}), map.w);
  w.stride_h = draw.pick({1, 1, 2, 3}), w.stride_w = draw.pick({1, 1, 2, 3});
  if (dilate && draw.one_in(4)) {
    if (w.kh > 1 && (w.kh - 1) * 2 < map.h) w.dilation_h = 2;
    if (w.kw > 1 && (w.kw - 1) * 2 < map.w) w.dilation_w = 2;
  }
  w.pad_top = draw(0, w.kh - 1), w.pad_bottom = draw(0, w.kh - 1);
  w.pad_left = draw(0, w.kw - 1), w.pad_right = draw(0, w.kw - 1);
  features["stride"] += w.stride_h > 1 || w.stride_w > 1;
  features["dilation"] += w.dilation_h > 1 || w.dilation_w > 1;
  features["asymmetric pads"] += w.pad_top != w.pad_bottom || w.pad_left != w.pad_right;
  return w;
}

int32_t greatest_common_divisor(int32_t a, int32_t b) {
  return b == 0 ? a : greatest_common_divisor(b, a % b);
}

TensorId random_conv(Draw& draw, NetworkBuilder& net, TensorId x, FeatureCounts& features) {
  const NetTensor in = net.tensor(x);
  const Window window = random_window(draw, in, true, features);
  if (draw.one_in(4)) {
    ++features["depthwise"];
    return net.conv(x, in.c, window, in.c);
  }
  int32_t out_c = draw(1, 40), groups = 1;
  if (draw.one_in(4)) {
    out_c = in.c * draw(1, 3);
    groups = greatest_common_divisor(in.c, draw.pick({2, 3, 4}));
    features["groups"] += groups > 1;
  }
  const bool asymmetric = draw.one_in(4);
  features["9-bit weights"] += asymmetric;
  net.set_asymmetric_weights(asymmetric);
  return net.conv(x, out_c, window, groups);
}

TensorId random_layer(Draw& draw, NetworkBuilder& net, TensorId x, FeatureCounts& features) {
  const NetTensor in = net.tensor(x);
  switch (draw(0, 7)) {
    case 0: {
      ++features["max pool"];
      return net.max_pool(x, random_window(draw, in, false, features));
    }
    case 1: {
      ++features["average pool"];
      return net.average_pool(x, random_window(draw, in, false, features), draw.one_in(2));
    }
    case 2: {
      ++features["add"];
      return net.add(x, net.conv(x, in.c, Window{}));
    }
    case 3: {
      ++features["concat"];
      return net.concat({x, net.conv(x, draw(1, 20), Window{}), x});
    }
    case 4: {
      ++features["rescale"];
      Window pads;
      pads.pad_top = draw(0, 2), pads.pad_right = draw(0, 2);
      return net.rescale(x, pads);
    }
    default:
      return random_conv(draw, net, x, features);
  }
}

}  // namespace

RandomCase random_case(uint32_t seed, FeatureCounts& features) {
  for (const char* name : kFeatures) features.try_emplace(name, 0);
  Draw draw(seed);
  RandomCase result;
  result.arch = random_arch(draw, features);
  NetworkBuilder net("random" + std::to_string(seed), seed + 1);
  const int32_t batch = draw.one_in(4) ? draw(2, 3) : 1;
  features["batch"] += batch > 1;
  TensorId x = net.input(batch, draw(1, 14), draw(1, 14), draw(1, 24));
  const int32_t layers = draw(1, 5);
  for (int32_t i = 0; i < layers; ++i) x = random_layer(draw, net, x, features);
  net.output(x);
  result.network = net.take();
  return result;
}

void count_program_features(const Program& program, int64_t token_full_cycles,
                            FeatureCounts& features) {
  features["full token counters"] += token_full_cycles > 0;
  bool edge = false, several = false, boxes = false, packed = false;
  std::map<LayerId, int64_t> tiles;
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const auto* matmul = std::get_if<Matmul>(&program.instructions[i].op);
    if (!matmul) continue;
    const int64_t offered = int64_t{1} * matmul->out_h * matmul->out_w * matmul->kh * matmul->kw *
                            matmul->cblocks * program.arch.pes();
    edge = edge || program.info[i].useful_macs < offered;
    boxes = boxes || matmul->accumulate;
    several = several || ++tiles[program.info[i].layer] > 1;
  }
  for (const DramTensor& tensor : program.dram_tensors) {
    packed = packed || tensor.pixel_bytes % program.arch.array.rows != 0;
  }
  features["edge tiles"] += edge;
  features["several tiles"] += several;
  features["several reduction boxes"] += boxes;
  features["packed taps"] += packed;
  // Besides the network's input and output codes.
  features["streamed feature maps"] += program.dram_tensors.size() > 2;
  features["resident feature maps"] +=
      program.dram_tensors.size() + 2 < program.network.tensors.size();
}

}  // namespace qsim
