#include <algorithm>

#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

constexpr double kLowest = -3.0e38;  // what exporters write for "minus infinity", and below

// Pads of [N, C, (H,) W] as window pads; false when N or C are padded.
bool spatial_pads(const std::vector<int64_t>& pads, Window& result) {
  const size_t rank = pads.size() / 2;
  if (rank != 3 && rank != 4) return false;
  if (pads[0] != 0 || pads[1] != 0 || pads[rank] != 0 || pads[rank + 1] != 0) return false;
  result.pad_left = static_cast<int32_t>(pads[rank - 1]);
  result.pad_right = static_cast<int32_t>(pads[2 * rank - 1]);
  result.pad_top = static_cast<int32_t>(rank == 4 ? pads[2] : 0);
  result.pad_bottom = static_cast<int32_t>(rank == 4 ? pads[rank + 2] : 0);
  return true;
}

bool is_padded(const Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

bool never_negative(Flow& flow, EdgeId id) {
  const Op* producer = flow.producer(id);
  return producer != nullptr && producer->clamp_low >= 0;
}

bool can_fold(Flow& flow, const Op& pad, const Op& reader) {
  const bool ceil = reader.window.ceil_bottom != 0 || reader.window.ceil_right != 0;
  switch (reader.kind) {
    case OpKind::kConv:
      return pad.pad_value == 0;
    case OpKind::kAveragePool:
      return pad.pad_value == 0 && !ceil && !is_padded(reader.window.window);
    case OpKind::kMaxPool:
      // A window that lies in the padding alone would give 0, or -infinity, here and there.
      return !ceil && (pad.pad_value <= kLowest ||
                       (pad.pad_value == 0 && never_negative(flow, pad.inputs[0])));
    default:
      return false;
  }
}

bool every_window_meets_data(const Window& w, const Window& pads) {
  const int32_t reach_h = w.dilation_h * (w.kh - 1) + 1, reach_w = w.dilation_w * (w.kw - 1) + 1;
  return w.dilation_h == 1 && w.dilation_w == 1 &&
         std::max(pads.pad_top, pads.pad_bottom) < reach_h &&
         std::max(pads.pad_left, pads.pad_right) < reach_w;
}

void add_pads(const Window& pads, Op& reader) {
  Window& w = reader.window.window;
  w.pad_top += pads.pad_top;
  w.pad_left += pads.pad_left;
  w.pad_bottom += pads.pad_bottom;
  w.pad_right += pads.pad_right;
  if (reader.kind == OpKind::kAveragePool) reader.count_include_pad = true;
}

//   before  x -> Pad -> Transpose -> y      after  x -> Transpose -> Pad -> y
bool move_below_transpose(Flow& flow, size_t at) {
  Op& pad = flow.ops[at];
  if (!flow.has_one_reader(pad.output) || flow.edge(pad.output).form) return false;
  Op& next = *flow.readers(pad.output)[0];
  if (next.kind != OpKind::kTranspose) return false;
  const size_t rank = next.axes.size();
  const std::vector<int64_t> pads = pad.pads;
  Edge& middle = flow.edge(pad.output);
  const Shape before = flow.edge(pad.inputs[0]).shape;
  for (size_t d = 0; d < rank; ++d) {
    const auto from = static_cast<size_t>(next.axes[d]);
    pad.pads[d] = pads[from];
    pad.pads[d + rank] = pads[from + rank];
    middle.shape[d] = before[from];
  }
  middle.name += ":transposed";
  std::swap(pad.inputs, next.inputs);
  std::swap(pad.output, next.output);
  std::swap(pad, next);
  return true;
}

}  // namespace

void fold_pads(Flow& flow, Problems& problems) {
  for (size_t i = 0; i < flow.ops.size(); ++i) {
    if (flow.ops[i].kind == OpKind::kPad && move_below_transpose(flow, i)) continue;
  }
  std::vector<const Op*> folded;
  for (Op& pad : flow.ops) {
    if (pad.kind != OpKind::kPad) continue;
    Window pads;
    const std::vector<Op*> readers = flow.readers(pad.output);
    Edge& from = flow.edge(pad.inputs[0]);
    const Edge& to = flow.edge(pad.output);
    const bool same_codes = !to.form || !from.form || *to.form == *from.form;
    const bool foldable = spatial_pads(pad.pads, pads) && same_codes &&
                          !flow.is_output(pad.output) && !readers.empty() &&
                          std::all_of(readers.begin(), readers.end(), [&](const Op* reader) {
                            return can_fold(flow, pad, *reader) &&
                                   (reader->kind != OpKind::kMaxPool ||
                                    every_window_meets_data(reader->window.window, pads));
                          });
    if (!foldable) {
      if (pad.pad_value != 0)
        problems.add("node " + pad.name + " (Pad)",
                     "padding with a constant other than 0 is not supported");
      continue;
    }
    if (to.form) from.form = to.form;
    for (Op* reader : readers) {
      add_pads(pads, *reader);
      std::replace(reader->inputs.begin(), reader->inputs.end(), pad.output, pad.inputs[0]);
    }
    folded.push_back(&pad);
  }
  flow.remove(folded);
}

}  // namespace qsim
