#include "tests/support/case_features.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace qsim {
namespace {

struct Facts {
  const Arch& arch;
  const CaseSpec& spec;
  const Program& program;
  int64_t token_full_cycles;

  bool latency() const { return arch.memory.model == MemoryModel::kLatency; }
};

template <typename Predicate>
bool any_layer(const Facts& f, Predicate predicate) {
  const auto& layers = f.program.network.layers;
  return std::any_of(layers.begin(), layers.end(), predicate);
}

template <LayerOp op>
bool has(const Facts& f) {
  return any_layer(f, [](const Layer& layer) { return layer.op == op; });
}

bool is_depthwise(const Facts& f, const Layer& layer) {
  return layer.op == LayerOp::kConv && layer.is_depthwise(f.program.network.tensors);
}

bool has_depthwise(const Facts& f) {
  return any_layer(f, [&](const Layer& layer) { return is_depthwise(f, layer); });
}

bool has_groups(const Facts& f) {
  return any_layer(f,
                   [&](const Layer& layer) { return layer.groups > 1 && !is_depthwise(f, layer); });
}

bool has_wide_weights(const Facts& f) {
  return any_layer(f, [](const Layer& layer) {
    for (size_t i = 0; i < layer.weights.size(); ++i) {
      const size_t channel = i / (layer.weights.size() / layer.weight_zero_point.size());
      if (std::abs(layer.weights[i] - layer.weight_zero_point[channel]) > 128) return true;
    }
    return false;
  });
}

template <typename Predicate>
bool any_matmul(const Facts& f, Predicate predicate) {
  for (size_t i = 0; i < f.program.instructions.size(); ++i) {
    const auto* matmul = std::get_if<Matmul>(&f.program.instructions[i].op);
    if (matmul && predicate(*matmul, f.program.info[i])) return true;
  }
  return false;
}

bool has_edge_tiles(const Facts& f) {
  return any_matmul(f, [&](const Matmul& matmul, const InstructionInfo& info) {
    return info.useful_macs < int64_t{1} * matmul.out_h * matmul.out_w * matmul.kh * matmul.kw *
                                  matmul.cblocks * (f.arch.pes() << matmul.act_pack);
  });
}

bool has_several_tiles(const Facts& f) {
  std::set<LayerId> seen;
  return any_matmul(f, [&](const Matmul&, const InstructionInfo& info) {
    return !seen.insert(info.layer).second;
  });
}

bool has_packed_taps(const Facts& f) {
  const auto& tensors = f.program.dram_tensors;
  return std::any_of(tensors.begin(), tensors.end(), [&](const DramTensor& tensor) {
    return tensor.pixel_bytes % f.arch.array.rows != 0;
  });
}

template <typename Predicate>
bool any_vector(const Facts& f, Predicate predicate) {
  const auto& instructions = f.program.instructions;
  return std::any_of(instructions.begin(), instructions.end(), [&](const Instruction& instruction) {
    const auto* vector = std::get_if<Vector>(&instruction.op);
    return vector && predicate(*vector);
  });
}

template <int32_t pack>
bool multiplies(const Facts& f) {
  return any_matmul(f,
                    [](const Matmul& op, const InstructionInfo&) { return op.act_pack == pack; });
}

bool widens_weights(const Facts& f) {
  return any_matmul(
      f, [](const Matmul& op, const InstructionInfo&) { return op.weight_pack > op.act_pack; });
}

bool changes_packs(const Facts& f) {
  return any_vector(f, [](const Vector& op) {
    return op.function != static_cast<int32_t>(VectorFunction::kRequant) &&
           op.src_pack != op.dst_pack;
  });
}

bool has_partial_bytes(const Facts& f) {
  return any_vector(f, [](const Vector& op) { return op.last_channels % (1 << op.dst_pack) != 0; });
}

bool has_packed_depthwise(const Facts& f) {
  return any_vector(f, [](const Vector& op) {
    return op.function == static_cast<int32_t>(VectorFunction::kDepthwise) && op.weight_pack > 0;
  });
}

struct FeatureRow {
  const char* name;
  bool (*present)(const Facts& f);
};

constexpr FeatureRow kFeatures[] = {
    {"2-bit products", multiplies<2>},
    {"4-bit products", multiplies<1>},
    {"9-bit weights", has_wide_weights},
    {"add", has<LayerOp::kAdd>},
    {"asymmetric pads",
     [](const Facts& f) {
       return any_layer(f, [](const Layer& layer) {
         const Window& w = layer.window;
         return w.pad_top != w.pad_bottom || w.pad_left != w.pad_right;
       });
     }},
    {"average pool", has<LayerOp::kAveragePool>},
    {"batch", [](const Facts& f) { return f.spec.n > 1; }},
    {"concat", has<LayerOp::kConcat>},
    {"ddr4", [](const Facts& f) { return f.arch.memory.model == MemoryModel::kDdr4; }},
    {"depthwise", has_depthwise},
    {"dilation",
     [](const Facts& f) {
       return any_layer(f, [](const Layer& layer) {
         return layer.window.dilation_h > 1 || layer.window.dilation_w > 1;
       });
     }},
    {"edge tiles", has_edge_tiles},
    {"extreme values", [](const Facts& f) { return f.spec.values.extreme; }},
    {"fractional bandwidth",
     [](const Facts& f) {
       const double rate = f.arch.memory.bytes_per_cycle;
       return f.latency() && rate < f.arch.memory.bus_bytes && rate != std::floor(rate);
     }},
    {"full token counters", [](const Facts& f) { return f.token_full_cycles > 0; }},
    {"gate on the host",
     [](const Facts& f) {
       return any_layer(f, [&](const Layer& layer) {
         return layer.op == LayerOp::kHostMul &&
                f.program.network.tensor(layer.inputs[0]).elements() !=
                    f.program.network.tensor(layer.inputs[1]).elements();
       });
     }},
    {"groups", has_groups},
    {"codes of other packs read and written", changes_packs},
    {"ideal memory", [](const Facts& f) { return f.arch.memory.model == MemoryModel::kIdeal; }},
    {"lanes < cols", [](const Facts& f) { return f.arch.vector.lanes < f.arch.array.cols; }},
    {"latency 1", [](const Facts& f) { return f.latency() && f.arch.memory.latency_cycles == 1; }},
    {"latency 1000 or more",
     [](const Facts& f) { return f.latency() && f.arch.memory.latency_cycles >= 1000; }},
    {"lpddr4", [](const Facts& f) { return f.arch.memory.model == MemoryModel::kLpddr4; }},
    {"max pool", has<LayerOp::kMaxPool>},
    {"output-stationary", [](const Facts& f) { return f.arch.array.dataflow == Dataflow::kOs; }},
    {"packed depthwise weights", has_packed_depthwise},
    {"packed taps", has_packed_taps},
    {"partly filled bytes", has_partial_bytes},
    {"rescale", has<LayerOp::kRescale>},
    {"product on the host", has<LayerOp::kHostMul>},
    // The network's input and output codes are in DRAM anyhow.
    {"resident feature maps",
     [](const Facts& f) {
       return f.program.dram_tensors.size() + 2 < f.program.network.tensors.size();
     }},
    {"rows < cols", [](const Facts& f) { return f.arch.array.rows < f.arch.array.cols; }},
    {"rows > cols", [](const Facts& f) { return f.arch.array.rows > f.arch.array.cols; }},
    {"several reduction boxes",
     [](const Facts& f) {
       return any_matmul(
           f, [](const Matmul& matmul, const InstructionInfo&) { return matmul.accumulate != 0; });
     }},
    {"several tiles", has_several_tiles},
    {"streamed feature maps", [](const Facts& f) { return f.program.dram_tensors.size() > 2; }},
    {"stride",
     [](const Facts& f) {
       return any_layer(f, [](const Layer& layer) {
         return layer.window.stride_h > 1 || layer.window.stride_w > 1;
       });
     }},
    {"table on the host", has<LayerOp::kHostTable>},
    {"weights widened at the array", widens_weights},
    {"weight-stationary", [](const Facts& f) { return f.arch.array.dataflow == Dataflow::kWs; }},
};

}  // namespace

FeatureCounts no_features() {
  FeatureCounts counts;
  for (const FeatureRow& row : kFeatures) counts[row.name] = 0;
  return counts;
}

std::string features_of(const CaseSpec& spec, const Program& program, int64_t token_full_cycles) {
  const Facts facts{spec.arch, spec, program, token_full_cycles};
  std::string found;
  for (const FeatureRow& row : kFeatures) found += row.present(facts) ? '1' : '0';
  return found;
}

void add_features(const std::string& found, FeatureCounts& counts) {
  for (size_t i = 0; i < found.size(); ++i) counts[kFeatures[i].name] += found[i] == '1';
}

}  // namespace qsim
