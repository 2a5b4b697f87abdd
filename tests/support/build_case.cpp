// Descriptions to networks and programs.
#include <algorithm>
#include <numeric>
#include <sstream>

#include "compiler/compile.h"
#include "hw/spec/packing.h"
#include "sim/engines/analytic/engine.h"
#include "tests/support/draw.h"
#include "tests/support/network_builder.h"
#include "tests/support/random_case.h"
#include "tests/support/structures.h"

namespace qsim {
namespace {

constexpr const char* kOpNames[] = {"conv",   "depthwise", "max_pool", "average_pool", "add",
                                    "concat", "rescale",   "table",    "mul",          "gate"};

// What one axis of a map of `size` admits.
void fit(int32_t size, int32_t& kernel, int32_t& dilation, int32_t& before, int32_t& after) {
  kernel = std::min(kernel, size);
  if ((kernel - 1) * dilation >= size) dilation = 1;
  if (kernel == 1) dilation = 1;
  before = std::min(before, kernel - 1);
  after = std::min(after, kernel - 1);
}

Window fitted(const NetTensor& map, Window w) {
  fit(map.h, w.kh, w.dilation_h, w.pad_top, w.pad_bottom);
  fit(map.w, w.kw, w.dilation_w, w.pad_left, w.pad_right);
  return w;
}

TensorId add_layer(NetworkBuilder& net, TensorId x, const CaseLayer& layer) {
  const NetTensor in = net.tensor(x);
  const Window window = fitted(in, layer.window);
  net.set_asymmetric_weights(layer.asymmetric_weights);
  net.set_bits(layer.bits, layer.weight_bits);
  switch (layer.op) {
    case CaseOp::kConv: {
      const int32_t groups = std::gcd(in.c, layer.groups);
      return net.conv(x, (layer.channels + groups - 1) / groups * groups, window, groups);
    }
    case CaseOp::kDepthwise:
      return net.conv(x, in.c, window, in.c);
    case CaseOp::kMaxPool:
      return net.max_pool(x, window);
    case CaseOp::kAveragePool:
      return net.average_pool(x, window, layer.count_include_pad);
    case CaseOp::kAdd:
      return net.add(x, net.conv(x, in.c, Window{}));
    case CaseOp::kConcat:
      return net.concat({x, net.conv(x, layer.channels, Window{}), x});
    case CaseOp::kRescale:
      return net.rescale(x, layer.window);
    case CaseOp::kTable:
      return net.table(x, layer.count_include_pad);
    case CaseOp::kMul:
      return net.pair(LayerOp::kHostMul, x, net.conv(x, in.c, Window{}));
    case CaseOp::kGate: {
      Window whole;
      whole.kh = in.h, whole.kw = in.w;
      return net.pair(LayerOp::kHostMul, x, net.conv(net.average_pool(x, whole), in.c, Window{}));
    }
  }
  return x;
}

void make_extreme(IntegerNetwork& network, uint32_t seed) {
  Draw draw(seed);
  for (NetTensor& tensor : network.tensors) {
    if (!draw.one_in(3)) continue;
    tensor.quant.zero_point = draw.one_in(2) ? lowest_code(tensor.bits) : highest_code(tensor.bits);
  }
  for (Layer& layer : network.layers) {
    // Its own input's quantization is its output's.
    if (layer.op == LayerOp::kMaxPool) {
      auto& tensors = network.tensors;
      tensors[static_cast<size_t>(layer.output)].quant =
          tensors[static_cast<size_t>(layer.inputs[0])].quant;
    }
    if (draw.one_in(2)) {
      for (int8_t& weight : layer.weights) {
        weight = static_cast<int8_t>(draw.one_in(2) ? lowest_code(layer.weight_bits)
                                                    : highest_code(layer.weight_bits));
      }
    }
    for (float& scale : layer.weight_scale) {
      const int32_t exponent = draw(-12, 4);
      scale *= exponent < 0 ? 1.0f / static_cast<float>(1 << -exponent)
                            : static_cast<float>(1 << exponent);
    }
    for (int32_t& bias : layer.bias) {
      if (draw.one_in(4)) bias = draw.one_in(2) ? INT32_MAX : INT32_MIN;
    }
    if (draw.one_in(3) && !layer.is_host()) {
      layer.clamp_high = draw(layer.clamp_low, highest_code(network.tensor(layer.output).bits));
    }
  }
}

void make_plain(IntegerNetwork& network, const CaseValues& values) {
  for (NetTensor& tensor : network.tensors) {
    if (values.plain_scales) tensor.quant.scale = 1.0f;
    if (values.plain_zero_points) tensor.quant.zero_point = 0;
  }
  for (Layer& layer : network.layers) {
    if (values.plain_weights) std::fill(layer.weights.begin(), layer.weights.end(), 1);
    if (values.plain_biases) std::fill(layer.bias.begin(), layer.bias.end(), 0);
    if (values.plain_scales) {
      std::fill(layer.weight_scale.begin(), layer.weight_scale.end(), 1.0f / 16);
    }
    if (values.plain_zero_points) {
      std::fill(layer.weight_zero_point.begin(), layer.weight_zero_point.end(), 0);
    }
    if (values.plain_clamps) {
      const int32_t bits = network.tensor(layer.output).bits;
      layer.clamp_low = lowest_code(bits), layer.clamp_high = highest_code(bits);
    }
  }
}

void print(std::ostream& out, const CaseLayer& layer) {
  const Window& w = layer.window;
  out << "  " << kOpNames[static_cast<size_t>(layer.op)] << " channels " << layer.channels
      << " groups " << layer.groups << " kernel " << w.kh << "x" << w.kw << " stride " << w.stride_h
      << "x" << w.stride_w << " dilation " << w.dilation_h << "x" << w.dilation_w << " pads "
      << w.pad_top << "," << w.pad_left << "," << w.pad_bottom << "," << w.pad_right
      << (layer.asymmetric_weights ? " asymmetric weights" : "")
      << (layer.count_include_pad ? " padding counts" : "") << " bits " << layer.bits << " weights "
      << layer.weight_bits << "\n";
}

}  // namespace

IntegerNetwork build_network(const CaseSpec& spec) {
  const std::string name = "case" + std::to_string(spec.seed);
  NetworkBuilder net = spec.seed == 0 ? NetworkBuilder(name) : NetworkBuilder(name, spec.seed + 1);
  net.set_bits(spec.bits, 8);
  TensorId x = net.input(spec.n, spec.h, spec.w, spec.c);
  for (const CaseLayer& layer : spec.layers) x = add_layer(net, x, layer);
  net.output(x);
  IntegerNetwork network = net.take();
  if (spec.values.extreme) make_extreme(network, spec.seed + 2);
  make_plain(network, spec.values);
  network.check();
  return network;
}

Program compile_case(const CaseSpec& spec) {
  const IntegerNetwork network = build_network(spec);
  const Plan plan = make_plan(network, spec.arch, segment_cycles);
  plan.check(network, spec.arch);
  Program program = emit(network, spec.arch, plan);
  program.check();
  return program;
}

bool is_refusal(const Error& error) {
  return std::string(error.what()).find("no tiling fits") != std::string::npos;
}

Program random_program(uint32_t seed) {
  for (int32_t index = kStructurePool + static_cast<int32_t>(seed);; index += 1000) {
    try {
      return compile_case(draw_case(index, seed));
    } catch (const Error& error) {
      if (!is_refusal(error)) throw;
    }
  }
}

std::string to_text(const CaseSpec& spec) {
  std::ostringstream out;
  out << "structure " << spec.structure << " seed " << spec.seed << "\n";
  for (const ArchKey& key : arch_keys()) {
    out << "  " << key.name << " = " << get_arch_key(spec.arch, key.name) << "\n";
  }
  out << "input " << spec.n << "x" << spec.h << "x" << spec.w << "x" << spec.c << " bits "
      << spec.bits << "\nlayers\n";
  for (const CaseLayer& layer : spec.layers) print(out, layer);
  const CaseValues& v = spec.values;
  out << "values" << (v.extreme ? " extreme" : " usual") << (v.plain_weights ? ", weights 1" : "")
      << (v.plain_biases ? ", biases 0" : "") << (v.plain_scales ? ", scales 1" : "")
      << (v.plain_zero_points ? ", zero points 0" : "") << (v.plain_clamps ? ", no clamps" : "")
      << "\n";
  return out.str();
}

}  // namespace qsim
