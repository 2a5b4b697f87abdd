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

class VectorSteps : public LayerSteps {
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

  void write(int32_t step, StepWriter& out) override {
    const Step& s = records_[static_cast<size_t>(step)];
    write_function(s, out);
    if (s.is_complete) {
      operands_.write_store(target(s), s.tile, s.slice.first_channel, s.slice.last_channel, out);
    }
  }

 private:
  const NetTensor& input(size_t i) const { return view_.network.tensor(view_.layer.inputs[i]); }
  const NetTensor& output() const { return view_.network.tensor(view_.layer.output); }

  // A run of the output's channel blocks, and its channels.
  struct Slice {
    int32_t first_block, blocks;
    int32_t first_channel, last_channel;
  };

  // What a step's instructions are made from.
  struct Step {
    OutTile tile;
    Slice slice;
    int32_t block, count;  // channel blocks
    size_t operands;       // place of its sources in known_; its target comes after them
    PieceId params;
    bool is_complete;  // stores the slice
  };

  const Operand& source(const Step& step, size_t i) const { return known_[step.operands + i]; }
  const Operand& target(const Step& step) const {
    return known_[step.operands + view_.layer.inputs.size()];
  }

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
    const size_t inputs = view_.layer.inputs.size();
    size_t operands = 0;
    for (int32_t block = 0; block < slice.blocks; block += group) {
      if (block == 0) {
        const SourceRegion region = source_region(view_, tile);
        operands = known_.size();
        for (TensorId id : view_.layer.inputs) {
          known_.push_back(whole ? operands_.source(id, tile.n, region)
                                 : operands_.source(id, tile.n, region, slice.first_channel,
                                                    slice.last_channel));
        }
        known_.push_back(operands_.output(tile, slice.first_channel, slice.last_channel));
      }
      for (size_t i = 0; i <= inputs; ++i) operands_.extend(known_[operands + i].piece);
      const int32_t count = std::min(group, slice.blocks - block);
      Step step{tile, slice, slice.first_block + block, count, operands, kNoPiece, false};
      if (depthwise) step.params = params(step.block, count);
      step.is_complete = block + count == slice.blocks;
      work_.steps.push_back({view_.id, this, static_cast<int32_t>(records_.size())});
      records_.push_back(step);
    }
  }

  // Of `count` channel blocks from `block` on.
  PieceId params(int32_t block, int32_t count) {
    if (count != view_.blocks || params_ == kNoPiece) {
      params_ = add_param_piece(view_, constants_, block, count, work_);
    }
    operands_.extend(params_);
    return params_;
  }

  void write_function(const Step& step, StepWriter& out) const {
    switch (view_.layer.op) {
      case LayerOp::kConv:
        return write_depthwise(step, out);
      case LayerOp::kAdd:
        return write_add(step, out);
      case LayerOp::kMaxPool:
        return write_window(step, step.tile, VectorFunction::kMaxPool, {}, out);
      case LayerOp::kAveragePool:
        return write_average(step, out);
      case LayerOp::kConcat:
        return write_concat(step, out);
      default:
        return write_window(step, step.tile, VectorFunction::kRescale, derive_rescale_params(0),
                            out);
    }
  }

  RequantParams derive_rescale_params(size_t i) const {
    return derive_rescale(input(i).quant.scale, output().quant.scale);
  }

  // Begins an instruction over `channels` channels of `tile`, from `channel` of the output on,
  // which reads `source` through the layer's window and touches source and target.
  Vector& begin(const OutTile& tile, const Operand& source, const Operand& target,
                VectorFunction function, int32_t channel, int32_t channels, StepWriter& out) const {
    const Window& w = view_.window;
    const int32_t cols = view_.arch.array.cols;
    Vector& op = out.begin<Vector>({Vector{}}, view_.id);
    view_.set_part(tile, channel, out.info());
    op.function = static_cast<int32_t>(function);
    op.blocks = static_cast<int32_t>(ceil_div(channels, cols));
    op.last_channels = channels - (op.blocks - 1) * cols;
    op.out_h = tile.h, op.out_w = tile.w;
    op.dst = address_of(target, tile, out);
    op.dst_row_pitch = static_cast<int32_t>(target.row_pitch);
    op.dst_pixel_pitch = static_cast<int32_t>(target.pixel_pitch);
    op.src = static_cast<int32_t>(source.base) + out.address(source.piece);
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
    out.touch(source.access);
    out.touch(target.access);
    return op;
  }

  static int32_t address_of(const Operand& operand, const OutTile& tile, const StepWriter& out) {
    return static_cast<int32_t>(operand.base + (tile.y - operand.y) * operand.row_pitch +
                                (tile.x - operand.x) * operand.pixel_pitch) +
           out.address(operand.piece);
  }

  // `tile` is the step's, or a part of it.
  void write_window(const Step& step, const OutTile& tile, VectorFunction function,
                    const RequantParams& params, StepWriter& out) const {
    const int32_t channel = step.slice.first_channel;
    Vector& op = begin(tile, source(step, 0), target(step), function, channel,
                       step.slice.last_channel - channel, out);
    op.multiplier = params.multiplier;
    op.shift = params.shift;
    out.end();
  }

  // Windows at the border may hold fewer taps: one instruction for each rectangle of equal count.
  void write_average(const Step& step, StepWriter& out) const {
    const OutTile& tile = step.tile;
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
        write_window(step, part, VectorFunction::kAveragePool,
                     derive_average(input(0).quant.scale, output().quant.scale, taps), out);
      }
    }
  }

  void write_add(const Step& step, StepWriter& out) const {
    const OutTile& tile = step.tile;
    const Operand &a = source(step, 0), &b = source(step, 1);
    const AddParams params =
        derive_add(input(0).quant.scale, input(1).quant.scale, output().quant.scale);
    const int32_t channel = step.slice.first_channel;
    Vector& op = begin(tile, a, target(step), VectorFunction::kAdd, channel,
                       step.slice.last_channel - channel, out);
    op.src = address_of(a, tile, out);
    op.src2 = address_of(b, tile, out);
    op.src2_row_pitch = static_cast<int32_t>(b.row_pitch);
    op.src2_pixel_pitch = static_cast<int32_t>(b.pixel_pitch);
    op.in_h = tile.h, op.in_w = tile.w;
    op.y0 = op.x0 = 0;
    op.src2_pack = b.pack;
    op.zero_src2 = input(1).quant.zero_point;
    op.multiplier = params.multiplier_a;
    op.multiplier2 = params.multiplier_b;
    op.shift = params.shift;
    out.touch(b.access);
    out.end();
  }

  void write_concat(const Step& step, StepWriter& out) const {
    int32_t channel = 0;
    for (size_t i = 0; i < view_.layer.inputs.size(); ++i) {
      const Operand& part = source(step, i);
      const RequantParams params = derive_rescale_params(i);
      Vector& op =
          begin(step.tile, part, target(step), VectorFunction::kRescale, channel, input(i).c, out);
      op.dst += channel >> view_.out_pack;
      op.src_pack = part.pack;
      op.zero_src = input(i).quant.zero_point;
      op.multiplier = params.multiplier;
      op.shift = params.shift;
      out.end();
      channel += input(i).c;
    }
  }

  void write_depthwise(const Step& step, StepWriter& out) const {
    const int32_t cols = view_.arch.array.cols, first_channel = step.block * cols;
    const int32_t channels = std::min(step.count * cols, view_.out_c - first_channel);
    Vector& op = begin(step.tile, source(step, 0), target(step), VectorFunction::kDepthwise,
                       first_channel, channels, out);
    op.src += (first_channel - step.slice.first_channel) >> view_.in_pack;
    op.dst += (first_channel - step.slice.first_channel) >> view_.out_pack;
    op.param = out.address(step.params);
    op.weight_pack = view_.weight_pack;
    out.touch({Space::kParam, false, step.params, -1, 0, step.count * view_.param_block_bytes()});
    out.end();
  }

  const LayerView& view_;
  const LayerPlan& plan_;
  const LayerConstants& constants_;
  Work& work_;
  Operands operands_;
  std::vector<Step> records_;
  std::vector<Operand> known_;
  PieceId params_ = kNoPiece;
};

}  // namespace

void append_vector_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                         Work& work) {
  auto steps = std::make_unique<VectorSteps>(view, plan, constants, work);
  steps->append();
  work.layers.push_back(std::move(steps));
}

}  // namespace qsim
