#include "compiler/plan/placement.h"

#include <algorithm>
#include <numeric>

#include "compiler/emit/view.h"

namespace qsim {
namespace {

// Output pixels of the tile that a layer must at least be able to stream, twice over.
constexpr int32_t kStreamedPixels = 64;

constexpr int64_t kTensorAlignment = 4096;

class Placer {
 public:
  Placer(const IntegerNetwork& network, const Arch& arch, Plan& plan)
      : network_(network), arch_(arch), plan_(plan) {
    lives_.assign(network.tensors.size(), {-1, -1});
    on_host_.assign(network.tensors.size(), false);
    for (TensorId id : network.inputs) on_host_[static_cast<size_t>(id)] = true;
    for (size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      for (TensorId id : layer.inputs) live(id, i, layer.is_host());
      live(layer.output, i, layer.is_host());
    }
    for (TensorId id : network.outputs) on_host_[static_cast<size_t>(id)] = true;
  }

  void place() {
    for (size_t id = 0; id < network_.tensors.size(); ++id) {
      Placement& place = plan_.tensors[id];
      if (network_.tensors[id].is_float) continue;
      place.where = Placement::Where::kDram;
      place.pixel_bytes =
          static_cast<int32_t>(pixel_pitch(arch_, network_.tensors[id].c, place.pack));
      if (on_host_[id]) choose_host_layout(static_cast<TensorId>(id));
    }
    place_residents();
    place_in_dram();
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      if (network_.layers[i].is_host()) continue;
      plan_.layers[i].ring_low = round_up(top_of(i), arch_.array.rows);
      plan_.layers[i].ring_high = arch_.act_bytes();
    }
  }

 private:
  struct Life {
    int32_t first, last;  // layers
  };

  void live(TensorId id, size_t layer, bool host) {
    Life& life = lives_[static_cast<size_t>(id)];
    if (life.first < 0) life.first = static_cast<int32_t>(layer);
    life.last = static_cast<int32_t>(layer);
    if (host) on_host_[static_cast<size_t>(id)] = true;
  }

  // A tensor that the host writes and only packable convolutions read is stored without unused
  // channels, with borders for their padding.
  void choose_host_layout(TensorId id) {
    bool any = false;
    Placement border;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i];
      if (layer.output == id && !layer.is_host()) return;
      if (layer.is_host() ||
          std::find(layer.inputs.begin(), layer.inputs.end(), id) == layer.inputs.end()) {
        continue;
      }
      if (!can_pack(layer, id)) return;
      any = true;
      border.border_top = std::max(border.border_top, layer.window.pad_top);
      border.border_left = std::max(border.border_left, layer.window.pad_left);
      border.border_bottom = std::max(border.border_bottom, layer.window.pad_bottom);
      border.border_right = std::max(border.border_right, layer.window.pad_right);
    }
    if (!any) return;
    border.where = Placement::Where::kDram;
    border.pack = dense_pack(id);
    border.pixel_bytes = network_.tensor(id).c >> border.pack;
    plan_.tensors[static_cast<size_t>(id)] = border;
  }

  int32_t pack_of(TensorId id) const { return plan_.tensors[static_cast<size_t>(id)].pack; }

  // Of pixels that lie side by side without a gap: they must be whole bytes.
  int32_t dense_pack(TensorId id) const {
    return network_.tensor(id).c % codes_per_byte(pack_of(id)) == 0 ? pack_of(id) : 0;
  }

  bool can_pack(const Layer& layer, TensorId id) const {
    const NetTensor& in = network_.tensor(id);
    const Window& w = layer.window;
    if (layer.op != LayerOp::kConv || layer.groups != 1 || w.dilation_w != 1) return false;
    if (in.h == 1 && in.w == 1) return false;
    const int64_t taps = int64_t{w.kh} * w.kw;
    const int64_t lanes = int64_t{arch_.array.rows} << pack_of(id);
    return ceil_div(taps * in.c, int64_t{arch_.array.rows} << dense_pack(id)) <
           taps * ceil_div(in.c, lanes);
  }

  int64_t resident_bytes(size_t id) const {
    const NetTensor& tensor = network_.tensors[id];
    return int64_t{tensor.n} * tensor.h * tensor.w *
           pixel_pitch(arch_, tensor.c, plan_.tensors[id].pack);
  }

  bool is_resident(TensorId id) const {
    return plan_.tensors[static_cast<size_t>(id)].where == Placement::Where::kResident;
  }

  // Bytes that layer i needs to stream its non-resident operands, double-buffered.
  int64_t stream_need(size_t i) const {
    const Layer& layer = network_.layers[i];
    if (layer.is_host()) return 0;
    const LayerView view(network_, static_cast<LayerId>(i), arch_, plan_, false);
    const OutTile tile{0, 0, 0, 1, std::min(view.out_w, kStreamedPixels)};
    const SourceRegion region = source_region(view, tile);
    int64_t bytes = 0;
    for (TensorId id : layer.inputs) {
      if (!is_resident(id)) {
        bytes += region.h * region.w * pixel_pitch(arch_, network_.tensor(id).c, pack_of(id));
      }
    }
    if (!is_resident(layer.output)) bytes += tile.w * pixel_pitch(arch_, view.out_c, view.out_pack);
    return 2 * bytes;
  }

  // First byte above every resident that lives during layer i.
  int64_t top_of(size_t i) const {
    int64_t top = 0;
    for (size_t id : residents_) {
      const Life& life = lives_[id];
      if (life.first <= static_cast<int32_t>(i) && static_cast<int32_t>(i) <= life.last) {
        top = std::max(top, plan_.tensors[id].address + resident_bytes(id));
      }
    }
    return top;
  }

  void place_residents() {
    std::vector<size_t> order;
    for (size_t id = 0; id < network_.tensors.size(); ++id) {
      const bool candidate = !network_.tensors[id].is_float && !on_host_[id] &&
                             lives_[id].first >= 0 && resident_bytes(id) < arch_.act_bytes();
      if (candidate) order.push_back(id);
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const int32_t length_a = lives_[a].last - lives_[a].first;
      const int32_t length_b = lives_[b].last - lives_[b].first;
      return length_a != length_b ? length_a < length_b : resident_bytes(a) > resident_bytes(b);
    });
    for (size_t id : order) try_resident(id);
  }

  void try_resident(size_t id) {
    const Life& life = lives_[id];
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (size_t other : residents_) {
      if (lives_[other].first <= life.last && life.first <= lives_[other].last) {
        taken.emplace_back(plan_.tensors[other].address,
                           plan_.tensors[other].address + resident_bytes(other));
      }
    }
    std::sort(taken.begin(), taken.end());
    int64_t address = 0;
    for (const auto& [low, high] : taken) {
      if (address + resident_bytes(id) <= low) break;
      address = std::max(address, high);
    }
    Placement& place = plan_.tensors[id];
    place.where = Placement::Where::kResident;
    place.address = address;
    residents_.push_back(id);
    for (int32_t i = life.first; i <= life.last; ++i) {
      const size_t layer = static_cast<size_t>(i);
      if (top_of(layer) + stream_need(layer) > arch_.act_bytes()) {
        residents_.pop_back();
        place.where = Placement::Where::kDram;
        place.address = 0;
        return;
      }
    }
  }

  void place_in_dram() {
    int64_t address = 0;
    for (size_t id = 0; id < network_.tensors.size(); ++id) {
      Placement& place = plan_.tensors[id];
      if (place.where != Placement::Where::kDram) continue;
      const NetTensor& tensor = network_.tensors[id];
      place.address = address;
      const int64_t rows = tensor.h + place.border_top + place.border_bottom;
      const int64_t columns = tensor.w + place.border_left + place.border_right;
      address = round_up(address + tensor.n * rows * columns * place.pixel_bytes, kTensorAlignment);
    }
    plan_.activations_bytes = address;
  }

  const IntegerNetwork& network_;
  const Arch& arch_;
  Plan& plan_;
  std::vector<Life> lives_;
  std::vector<bool> on_host_;
  std::vector<size_t> residents_;
};

}  // namespace

void place_tensors(const IntegerNetwork& network, const Arch& arch, Plan& plan) {
  Placer(network, arch, plan).place();
}

}  // namespace qsim
