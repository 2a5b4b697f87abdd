#include <algorithm>
#include <map>
#include <optional>

#include "compiler/compile.h"
#include "compiler/emit/emit.h"
#include "compiler/plan/candidates.h"
#include "compiler/plan/containers.h"
#include "compiler/plan/placement.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

// A plan this close to what any other could reach ends the search for a layer.
constexpr double kGoodEnough = 1.005;

class Planner {
 public:
  Planner(const IntegerNetwork& network, const Arch& arch, const CostFunction& cost)
      : network_(network), arch_(arch), cost_(cost) {}

  Plan plan() {
    plan_.layers.resize(network_.layers.size());
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      plan_.layers[i].place = place_of(network_.layers[i]);
    }
    plan_.tensors.resize(network_.tensors.size());
    choose_packs(network_, arch_, plan_);
    place_tensors(network_, arch_, plan_);
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      if (plan_.layers[i].place != Place::kHost) plan_layer(static_cast<LayerId>(i));
    }
    return std::move(plan_);
  }

 private:
  Place place_of(const Layer& layer) const {
    if (layer.is_host()) return Place::kHost;
    if (layer.op == LayerOp::kConv && !layer.is_depthwise(network_.tensors)) return Place::kArray;
    return Place::kVector;
  }

  // Bytes of the ring, as far as a layer's candidates depend on them: without streamed tensors they
  // bound the tiles of a band alone.
  int64_t room(const LayerView& view) const {
    const LayerPlan& base = plan_.layers[static_cast<size_t>(view.id)];
    const int64_t ring = base.ring_high - base.ring_low;
    const auto streamed = [&](TensorId id) {
      return plan_.tensors[static_cast<size_t>(id)].where != Placement::Where::kResident;
    };
    const bool streams = streamed(view.layer.output) ||
                         std::any_of(view.layer.inputs.begin(), view.layer.inputs.end(), streamed);
    return streams ? ring : std::min(ring, int64_t{2} * view.images * view.out_h * view.out_w);
  }

  // Layers of one shape with operands in the same kind of place get the same plan.
  std::vector<int64_t> signature(const LayerView& view) const {
    const Window& w = view.window;
    std::vector<int64_t> key = {static_cast<int64_t>(view.layer.op),
                                view.layer.groups,
                                view.layer.count_include_pad,
                                view.passes,
                                view.weight_pack,
                                view.images,
                                view.out_h,
                                view.out_w,
                                view.out_c,
                                w.kh,
                                w.kw,
                                w.stride_h,
                                w.stride_w,
                                w.dilation_h,
                                w.dilation_w,
                                w.pad_top,
                                w.pad_left,
                                w.pad_bottom,
                                w.pad_right,
                                room(view)};
    const auto add_operand = [&](TensorId id) {
      const NetTensor& tensor = network_.tensor(id);
      const Placement& place = plan_.tensors[static_cast<size_t>(id)];
      for (int64_t value :
           {int64_t{tensor.h}, int64_t{tensor.w}, int64_t{tensor.c},
            static_cast<int64_t>(place.where), int64_t{place.pixel_bytes}, int64_t{place.pack}}) {
        key.push_back(value);
      }
    };
    for (TensorId id : view.layer.inputs) add_operand(id);
    add_operand(view.layer.output);
    return key;
  }

  void plan_layer(LayerId id) {
    const LayerView view(network_, id, arch_, plan_, false);
    LayerPlan& layer_plan = plan_.layers[static_cast<size_t>(id)];
    const auto [known, is_new] = known_.try_emplace(signature(view));
    if (is_new) {
      NoFit no_fit;
      std::optional<LayerPlan> best;
      if (is_packable(view)) {
        const LayerView packed(network_, id, arch_, plan_, true);
        const LayerConstants constants = constants_alone(packed, plan_);
        judge(packed, constants, candidates_of(packed, plan_, constants), best, no_fit);
      }
      const LayerConstants constants = constants_alone(view, plan_);
      judge(view, constants, candidates_of(view, plan_, constants), best, no_fit);
      if (!best) {
        judge(view, constants, smallest_candidates(view, plan_, constants), best, no_fit);
      }
      if (!best) reject(view, no_fit);
      known->second = *best;
    }
    const int64_t low = layer_plan.ring_low, high = layer_plan.ring_high;
    layer_plan = known->second;
    layer_plan.ring_low = low, layer_plan.ring_high = high;
  }

  bool is_packable(const LayerView& view) const {
    const TensorId input = view.layer.inputs[0];
    return plan_.layers[static_cast<size_t>(view.id)].place == Place::kArray &&
           plan_.tensors[static_cast<size_t>(input)].where == Placement::Where::kDram &&
           plan_.tensors[static_cast<size_t>(input)].pixel_bytes <
               pixel_pitch(arch_, view.in_c, view.in_pack);
  }

  // Runs candidates of a view by themselves and keeps the fastest. Stops when no other can be
  // faster by more than kGoodEnough.
  void judge(const LayerView& view, const LayerConstants& constants,
             const std::vector<Candidate>& candidates, std::optional<LayerPlan>& best,
             NoFit& no_fit) {
    LayerPlan& slot = plan_.layers[static_cast<size_t>(view.id)];
    const LayerPlan base = slot;
    for (const Candidate& candidate : candidates) {
      if (best && static_cast<double>(best->cycles_alone) <=
                      kGoodEnough * static_cast<double>(candidate.bound_cycles)) {
        break;
      }
      slot = candidate.plan;
      if (!emit_alone(view, plan_, constants, work_, instructions_, no_fit)) continue;
      slot.cycles_alone = cost_(arch_, instructions_);
      if (!best || slot.cycles_alone < best->cycles_alone) best = slot;
    }
    slot = base;
  }

  [[noreturn]] void reject(const LayerView& view, const NoFit& no_fit) const {
    constexpr const char* kBuffers[] = {"activation", "weight", "parameter"};
    const int64_t capacity[] = {plan_.layers[static_cast<size_t>(view.id)].ring_high -
                                    plan_.layers[static_cast<size_t>(view.id)].ring_low,
                                arch_.weight_bytes(), arch_.param_bytes()};
    std::string message = "layer " + view.layer.name + ": no tiling fits " + arch_.name;
    if (no_fit.layer >= 0) {
      const size_t buffer = static_cast<size_t>(no_fit.buffer);
      message += ": no room for " + std::to_string(no_fit.bytes) + " bytes in the " +
                 kBuffers[buffer] + " buffer (" + std::to_string(capacity[buffer]) +
                 " bytes available)";
    } else {
      message += ": not even one output pixel with its inputs fits the activation buffer (" +
                 std::to_string(capacity[0]) + " bytes available)";
    }
    throw Error(message);
  }

  const IntegerNetwork& network_;
  const Arch& arch_;
  const CostFunction& cost_;
  Plan plan_;
  std::map<std::vector<int64_t>, LayerPlan> known_;
  Work work_;
  std::vector<Instruction> instructions_;
};

}  // namespace

Plan make_plan(const IntegerNetwork& network, const Arch& arch, const CostFunction& cost) {
  arch.check();
  return Planner(network, arch, cost).plan();
}

}  // namespace qsim
