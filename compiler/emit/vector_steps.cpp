#include <algorithm>

#include "compiler/emit/steps.h"

namespace qsim {
namespace {

// A run of output rows or columns whose windows hold the same number of counted taps.
struct Run {
  int32_t first, count, taps;
};

std::vector<Run> tap_runs(int32_t first, int32_t count, int32_t stride, int32_t pad_before,
                          int32_t pad_after, int32_t kernel, int32_t dilation, int32_t size,
                          bool include_pad) {
  const int32_t low = include_pad ? -pad_before : 0;
  const int32_t high = include_pad ? size + pad_after : size;
  std::vector<Run> runs;
  for (int32_t i = first; i < first + count; ++i) {
    int32_t taps = 0;
    for (int32_t k = 0; k < kernel; ++k) {
      const int32_t at = i * stride - pad_before + k * dilation;
      taps += at >= low && at < high;
    }
    if (!runs.empty() && runs.back().taps == taps) {
      ++runs.back().count;
    } else {
      runs.push_back({i, 1, taps});
    }
  }
  return runs;
}

class VectorSteps {
 public:
  VectorSteps(const LayerView& view, const Plan& plan, const LayerConstants& constants, Work& work)
      : view_(view),
        plan_(plan.layers[static_cast<size_t>(view.id)]),
        constants_(constants),
        work_(work),
        operands_(view, plan, work) {}

  void append() {
    for (const OutTile& tile : tiles_of(view_, plan_)) append_tile(tile);
  }

 private:
  const NetTensor& input(size_t i) const { return view_.network.tensor(view_.layer.inputs[i]); }
  const NetTensor& output() const { return view_.network.tensor(view_.layer.output); }

  // A run of the output's channel blocks, and its channels.
  struct Slice {
    int32_t first_block, blocks;
    int32_t first_channel, last_channel;
  };

  void append_tile(const OutTile& tile) {
    const int32_t step = plan_.slice_blocks > 0 ? plan_.slice_blocks : view_.blocks;
    const int32_t cols = view_.arch.array.cols;
    for (int32_t block = 0; block < view_.blocks; block += step) {
      const int32_t count = std::min(step, view_.blocks - block);
      append_slice(tile,
                   {block, count, block * cols, std::min((block + count) * cols, view_.out_c)});
    }
  }

  // Layers that are cut into slices have as many channels in every input as in the output; concat
  // is not cut.
  void append_slice(const OutTile& tile, const Slice& slice) {
    const bool depthwise = view_.layer.op == LayerOp::kConv;
    const bool whole = slice.blocks == view_.blocks;
    const int32_t group = depthwise ? std::min(plan_.group_blocks, slice.blocks) : slice.blocks;
    std::vector<Operand> sources;
    std::optional<Operand> target;
    for (int32_t block = 0; block < slice.blocks; block += group) {
      StepScope step(work_, view_.id);
      if (!target) {
        const SourceRegion region = source_region(view_, tile);
        for (TensorId id : view_.layer.inputs) {
          sources.push_back(whole ? operands_.source(id, tile.n, region)
                                  : operands_.source(id, tile.n, region, slice.first_channel,
                                                     slice.last_channel));
        }
        target = operands_.output(tile, slice.first_channel, slice.last_channel);
      }
      for (const Operand& source : sources) operands_.extend(source.piece);
      operands_.extend(target->piece);
      const int32_t count = std::min(group, slice.blocks - block);
      append_function(tile, sources, *target, slice, slice.first_block + block, count);
      if (block + count == slice.blocks) {
        operands_.store(*target, tile, slice.first_channel, slice.last_channel);
      }
      step.close();
    }
  }

  void append_function(const OutTile& tile, const std::vector<Operand>& sources,
                       const Operand& target, const Slice& slice, int32_t block, int32_t count) {
    switch (view_.layer.op) {
      case LayerOp::kConv:
        return append_depthwise(tile, sources[0], target, slice, block, count);
      case LayerOp::kAdd:
        return append_add(tile, sources, target, slice);
      case LayerOp::kMaxPool:
        return append_window(tile, sources[0], target, slice, VectorFunction::kMaxPool, {});
      case LayerOp::kAveragePool:
        return append_average(tile, sources[0], target, slice);
      case LayerOp::kConcat:
        return append_concat(tile, sources, target);
      default:
        return append_window(tile, sources[0], target, slice, VectorFunction::kRescale,
                             derive_rescale_params(0));
    }
  }

  RequantParams derive_rescale_params(size_t i) const {
    return derive_rescale(input(i).quant.scale, output().quant.scale);
  }

  // An instruction over all channels of `tile`, reading `source` through the layer's window.
  Vector base_instruction(const OutTile& tile, const Operand& source, const Operand& target,
                          VectorFunction function, int32_t channels) const {
    const Window& w = view_.window;
    const int32_t cols = view_.arch.array.cols;
    Vector op;
    op.function = static_cast<int32_t>(function);
    op.blocks = static_cast<int32_t>(ceil_div(channels, cols));
    op.last_channels = channels - (op.blocks - 1) * cols;
    op.out_h = tile.h, op.out_w = tile.w;
    op.dst = static_cast<int32_t>(target.base + (tile.y - target.y) * target.row_pitch +
                                  (tile.x - target.x) * target.pixel_pitch);
    op.dst_row_pitch = static_cast<int32_t>(target.row_pitch);
    op.dst_pixel_pitch = static_cast<int32_t>(target.pixel_pitch);
    op.src = static_cast<int32_t>(source.base);
    op.src_row_pitch = static_cast<int32_t>(source.row_pitch);
    op.src_pixel_pitch = static_cast<int32_t>(source.pixel_pitch);
    op.kh = w.kh, op.kw = w.kw;
    op.stride_h = w.stride_h / source.step_h, op.stride_w = w.stride_w / source.step_w;
    op.dilation_h = w.dilation_h, op.dilation_w = w.dilation_w;
    op.in_h = source.h, op.in_w = source.w;
    op.y0 = tile.y * w.stride_h - w.pad_top - source.y;
    op.x0 = tile.x * w.stride_w - w.pad_left - source.x;
    op.src_pack = view_.in_pack, op.dst_pack = view_.out_pack;
    op.zero_src = input(0).quant.zero_point;
    op.zero_dst = output().quant.zero_point;
    op.clamp_low = view_.layer.clamp_low, op.clamp_high = view_.layer.clamp_high;
    return op;
  }

  WorkOp& push(const Vector& op, const OutTile& tile, const Operand& source, const Operand& target,
               int32_t channel) {
    WorkOp work;
    work.op = op;
    work.info = view_.part(tile, channel);
    work.pieces = {source.piece, target.piece, kNoPiece, kNoPiece};
    work.touch(source.access);
    work.touch(target.access);
    work_.ops.push_back(work);
    return work_.ops.back();
  }

  void append_window(const OutTile& tile, const Operand& source, const Operand& target,
                     const Slice& slice, VectorFunction function, const RequantParams& params) {
    Vector op =
        base_instruction(tile, source, target, function, slice.last_channel - slice.first_channel);
    op.multiplier = params.multiplier;
    op.shift = params.shift;
    push(op, tile, source, target, slice.first_channel);
  }

  // Windows at the border may hold fewer taps: one instruction for each rectangle of equal count.
  void append_average(const OutTile& tile, const Operand& source, const Operand& target,
                      const Slice& slice) {
    const Window& w = view_.window;
    const bool include_pad = view_.layer.count_include_pad;
    const auto rows = tap_runs(tile.y, tile.h, w.stride_h, w.pad_top, w.pad_bottom, w.kh,
                               w.dilation_h, view_.in_h, include_pad);
    const auto columns = tap_runs(tile.x, tile.w, w.stride_w, w.pad_left, w.pad_right, w.kw,
                                  w.dilation_w, view_.in_w, include_pad);
    for (const Run& row : rows) {
      for (const Run& column : columns) {
        const int64_t taps = view_.layer.is_sum ? 1 : std::max(1, row.taps * column.taps);
        const OutTile part{tile.n, row.first, column.first, row.count, column.count};
        append_window(part, source, target, slice, VectorFunction::kAveragePool,
                      derive_average(input(0).quant.scale, output().quant.scale, taps));
      }
    }
  }

  void append_add(const OutTile& tile, const std::vector<Operand>& sources, const Operand& target,
                  const Slice& slice) {
    Vector op = base_instruction(tile, sources[0], target, VectorFunction::kAdd,
                                 slice.last_channel - slice.first_channel);
    const AddParams params =
        derive_add(input(0).quant.scale, input(1).quant.scale, output().quant.scale);
    op.src = static_cast<int32_t>(address_of(sources[0], tile));
    op.src2 = static_cast<int32_t>(address_of(sources[1], tile));
    op.src2_row_pitch = static_cast<int32_t>(sources[1].row_pitch);
    op.src2_pixel_pitch = static_cast<int32_t>(sources[1].pixel_pitch);
    op.in_h = tile.h, op.in_w = tile.w;
    op.y0 = op.x0 = 0;
    op.src2_pack = sources[1].pack;
    op.zero_src2 = input(1).quant.zero_point;
    op.multiplier = params.multiplier_a;
    op.multiplier2 = params.multiplier_b;
    op.shift = params.shift;
    WorkOp& work = push(op, tile, sources[0], target, slice.first_channel);
    work.pieces[3] = sources[1].piece;
    work.touch(sources[1].access);
  }

  static int64_t address_of(const Operand& source, const OutTile& tile) {
    return source.base + (tile.y - source.y) * source.row_pitch +
           (tile.x - source.x) * source.pixel_pitch;
  }

  void append_concat(const OutTile& tile, const std::vector<Operand>& sources,
                     const Operand& target) {
    int32_t channel = 0;
    for (size_t i = 0; i < sources.size(); ++i) {
      const RequantParams params = derive_rescale_params(i);
      Vector op = base_instruction(tile, sources[i], target, VectorFunction::kRescale, input(i).c);
      op.dst += channel >> view_.out_pack;
      op.src_pack = sources[i].pack;
      op.zero_src = input(i).quant.zero_point;
      op.multiplier = params.multiplier;
      op.shift = params.shift;
      push(op, tile, sources[i], target, channel);
      channel += input(i).c;
    }
  }

  void append_depthwise(const OutTile& tile, const Operand& source, const Operand& target,
                        const Slice& slice, int32_t block, int32_t count) {
    const bool whole = count == view_.blocks;
    if (!whole || params_ == kNoPiece) {
      params_ = add_param_piece(view_, constants_, block, count, work_);
    }
    operands_.extend(params_);
    const int32_t cols = view_.arch.array.cols, first_channel = block * cols;
    const int32_t channels = std::min(count * cols, view_.out_c - first_channel);
    Vector op = base_instruction(tile, source, target, VectorFunction::kDepthwise, channels);
    op.src += (first_channel - slice.first_channel) >> view_.in_pack;
    op.dst += (first_channel - slice.first_channel) >> view_.out_pack;
    op.weight_pack = view_.weight_pack;
    WorkOp& work = push(op, tile, source, target, first_channel);
    work.pieces[2] = params_;
    work.touch({Space::kParam, false, params_, -1, 0, count * view_.param_block_bytes()});
  }

  const LayerView& view_;
  const LayerPlan& plan_;
  const LayerConstants& constants_;
  Work& work_;
  Operands operands_;
  PieceId params_ = kNoPiece;
};

}  // namespace

void append_vector_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                         Work& work) {
  VectorSteps(view, plan, constants, work).append();
}

}  // namespace qsim
