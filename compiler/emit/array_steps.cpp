#include <algorithm>

#include "compiler/emit/steps.h"

namespace qsim {
namespace {

// Builds the steps of one array layer; see LayerPlan for the order of its loops.
class ArraySteps : public LayerSteps {
 public:
  ArraySteps(const LayerView& view, const Plan& plan, const LayerConstants& constants, Work& work)
      : view_(view),
        layer_plan_(plan.layers[static_cast<size_t>(view.id)]),
        constants_(constants),
        work_(work),
        operands_(view, plan, work),
        tiles_(tiles_of(view, layer_plan_)),
        whole_(layer_plan_.group_blocks >= view.blocks),
        weights_(static_cast<size_t>(view.blocks), kNoPiece),
        sources_(tiles_.size(), kNone),
        outputs_(tiles_.size(), kNone) {}

  void append() {
    const int32_t tile_count = static_cast<int32_t>(tiles_.size());
    for (int32_t first = 0; first < tile_count; first += layer_plan_.band_tiles) {
      append_band(first, std::min(first + layer_plan_.band_tiles, tile_count));
    }
  }

  void write(int32_t step, StepWriter& out) override {
    const Step& s = records_[static_cast<size_t>(step)];
    if (s.source != matmul_source_) set_matmul(s);
    write_matmul(s, out);
    if (!s.is_last_box) return;
    if (s.output != requant_output_) set_requant(s);
    write_requant(s, out);
    if (s.is_complete) {
      operands_.write_store(operand(s.output), tile(s), s.first_channel, s.last_channel, out);
    }
  }

 private:
  static constexpr int32_t kNone = -1;

  struct Group {
    int32_t first, last;  // channel blocks
  };

  // What a step's instructions are made from. Operands by their place in known_.
  struct Step {
    int32_t tile = 0, block = 0, box = 0;
    int32_t source = kNone, output = kNone;
    PieceId weights = kNoPiece, params = kNoPiece;
    int32_t params_first = 0;  // the channel block of the parameters' first
    int32_t acc = 0;
    int32_t first_channel = 0, last_channel = 0;    // of the output operand
    bool is_last_box = false, is_complete = false;  // then requantizes; then stores
  };

  const Operand& operand(int32_t index) const { return known_[static_cast<size_t>(index)]; }
  int32_t know(const Operand& operand) {
    known_.push_back(operand);
    return static_cast<int32_t>(known_.size()) - 1;
  }
  const OutTile& tile(const Step& step) const { return tiles_[static_cast<size_t>(step.tile)]; }

  void append_band(int32_t first_tile, int32_t last_tile) {
    for (int32_t block = 0; block < view_.blocks; block += layer_plan_.group_blocks) {
      const Group group{block, std::min(block + layer_plan_.group_blocks, view_.blocks)};
      if (!whole_) forget_weights();
      for (int32_t tile = first_tile; tile < last_tile; ++tile) append_tile(tile, group);
    }
    std::fill(sources_.begin() + first_tile, sources_.begin() + last_tile, kNone);
  }

  void forget_weights() {
    std::fill(weights_.begin(), weights_.end(), kNoPiece);
    params_ = kNoPiece;
  }

  void append_tile(int32_t tile, const Group& group) {
    const OutTile& where = tiles_[static_cast<size_t>(tile)];
    int32_t& source = sources_[static_cast<size_t>(tile)];
    int32_t& output = outputs_[static_cast<size_t>(tile)];
    // Held tiles gather all their channels before one store; others store group by group.
    const bool gathers = whole_ || layer_plan_.hold_input;
    const int32_t cols = view_.arch.array.cols;
    const int32_t first_channel = gathers ? 0 : group.first * cols;
    const int32_t last_channel = gathers ? view_.out_c : std::min(group.last * cols, view_.out_c);
    if (!layer_plan_.hold_input) source = kNone;
    if (!gathers) output = kNone;
    for (int32_t block = group.first; block < group.last; ++block) {
      const auto& boxes = constants_.boxes[static_cast<size_t>(block)];
      const int32_t acc = take_accumulators(where.h * where.w);
      for (size_t i = 0; i < boxes.size(); ++i) {
        if (source == kNone) {
          source = know(view_.packed ? operands_.packed_source(where)
                                     : operands_.source(view_.layer.inputs[0], where.n,
                                                        source_region(view_, where)));
        }
        operands_.extend(operand(source).piece);
        Step& step = records_.emplace_back();
        step.tile = tile, step.block = block, step.box = static_cast<int32_t>(i);
        step.source = source;
        step.weights = weights(block, i);
        step.acc = acc;
        step.is_last_box = i + 1 == boxes.size();
        if (step.is_last_box) {
          if (output == kNone) output = know(operands_.output(where, first_channel, last_channel));
          operands_.extend(operand(output).piece);
          step.output = output;
          step.first_channel = first_channel, step.last_channel = last_channel;
          step.params = params(block, group);
          step.params_first = params_first_;
          step.is_complete = gathers ? block + 1 == view_.blocks : block + 1 == group.last;
        }
        work_.steps.push_back({view_.id, this, static_cast<int32_t>(records_.size()) - 1});
      }
    }
  }

  // Consecutive words of the accumulator buffer, round and round; hazards keep users apart.
  int32_t take_accumulators(int32_t pixels) {
    if (acc_next_ + pixels > view_.arch.buffers.acc_entries) acc_next_ = 0;
    const int32_t first = acc_next_;
    acc_next_ += pixels;
    return first;
  }

  PieceId weights(int32_t block, size_t box_index) {
    const auto& boxes = constants_.boxes[static_cast<size_t>(block)];
    PieceId& held = weights_[static_cast<size_t>(block)];
    if (held != kNoPiece && boxes.size() == 1) {
      operands_.extend(held);
      return held;
    }
    held = work_.add_run(BufferId::kWeight, view_.id, box_bytes(view_, boxes[box_index]),
                         constants_.weight_address[static_cast<size_t>(block)][box_index]);
    return held;
  }

  // Parameters come in runs of blocks that take at most half the buffer.
  PieceId params(int32_t block, const Group& group) {
    const int64_t bytes = view_.param_block_bytes();
    const int32_t run = static_cast<int32_t>(
        std::clamp<int64_t>(view_.arch.param_bytes() / 2 / bytes, 1, group.last - group.first));
    const int32_t run_first = group.first + (block - group.first) / run * run;
    if (params_ == kNoPiece || params_first_ != run_first) {
      params_ = add_param_piece(view_, constants_, run_first, std::min(run, group.last - run_first),
                                work_);
      params_first_ = run_first;
    }
    operands_.extend(params_);
    return params_;
  }

  // What all matmuls of a tile have in common.
  void set_matmul(const Step& step) {
    const OutTile& where = tile(step);
    const Operand& source = operand(step.source);
    const int32_t rows = view_.arch.array.rows;
    const Window& w = view_.window;
    Matmul& op = matmul_.op.emplace<Matmul>();
    op.act_row_pitch = static_cast<int32_t>(source.row_pitch / rows);
    op.act_pixel_pitch = static_cast<int32_t>(source.pixel_pitch / rows);
    op.in_h = source.h, op.in_w = source.w;
    op.out_h = where.h, op.out_w = where.w;
    if (view_.packed) {
      op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    } else {
      op.y0 = where.y * w.stride_h - w.pad_top - source.y;
      op.x0 = where.x * w.stride_w - w.pad_left - source.x;
      op.stride_h = w.stride_h / source.step_h, op.stride_w = w.stride_w / source.step_w;
      op.dilation_h = w.dilation_h, op.dilation_w = w.dilation_w;
    }
    op.pad_value =
        repeated_code(view_.network.tensor(view_.layer.inputs[0]).quant.zero_point, view_.in_pack);
    op.act_pack = view_.in_pack, op.weight_pack = view_.weight_pack;
    matmul_source_ = step.source;
  }

  void write_matmul(const Step& step, StepWriter& out) const {
    const OutTile& where = tile(step);
    const Operand& source = operand(step.source);
    const ReductionBox& box =
        constants_.boxes[static_cast<size_t>(step.block)][static_cast<size_t>(step.box)];
    const int32_t pixels = where.h * where.w;
    Matmul& op = out.begin<Matmul>(matmul_, view_.id);
    out.info().useful_macs = int64_t{1} * pixels * view_.useful_macs(step.block, box);
    op.act =
        (static_cast<int32_t>(source.base) + out.address(source.piece)) / view_.arch.array.rows +
        box.cblock;
    if (!view_.packed) {
      op.y0 += box.ky * op.dilation_h;
      op.x0 += box.kx * op.dilation_w;
    }
    op.kh = box.kh, op.kw = box.kw, op.cblocks = box.cblocks;
    op.weight = out.address(step.weights) / view_.arch.array.cols;
    op.acc = step.acc;
    op.accumulate = step.box > 0;
    out.touch(source.access);
    out.touch({Space::kWeight, false, step.weights, -1, 0, box_bytes(view_, box)});
    out.touch({Space::kAccumulator, true, kNoPiece, -1, step.acc, step.acc + pixels});
    out.end();
  }

  // What all requantizations of a tile have in common.
  void set_requant(const Step& step) {
    const OutTile& where = tile(step);
    const Operand& output = operand(step.output);
    Vector& op = requant_.op.emplace<Vector>();
    op.function = static_cast<int32_t>(VectorFunction::kRequant);
    op.blocks = 1;
    op.out_h = where.h, op.out_w = where.w;
    op.dst_pack = view_.out_pack;
    op.dst_row_pitch = static_cast<int32_t>(output.row_pitch);
    op.dst_pixel_pitch = static_cast<int32_t>(output.pixel_pitch);
    op.kh = op.kw = 1;
    op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    op.zero_dst = view_.network.tensor(view_.layer.output).quant.zero_point;
    op.clamp_low = view_.layer.clamp_low, op.clamp_high = view_.layer.clamp_high;
    requant_output_ = step.output;
  }

  void write_requant(const Step& step, StepWriter& out) const {
    const OutTile& where = tile(step);
    const Operand& output = operand(step.output);
    const int64_t param_bytes = view_.param_block_bytes();
    const int64_t param = (step.block - step.params_first) * param_bytes;
    const int32_t channel = step.block * view_.arch.array.cols;
    Vector& op = out.begin<Vector>(requant_, view_.id);
    view_.set_part(where, channel, out.info());
    op.last_channels = view_.block_channels(step.block);
    op.dst = static_cast<int32_t>(output.base) + out.address(output.piece) +
             ((channel - step.first_channel) >> view_.out_pack);
    op.src = step.acc;
    op.param = static_cast<int32_t>(param) + out.address(step.params);
    out.touch({Space::kAccumulator, false, kNoPiece, -1, step.acc, step.acc + where.h * where.w});
    out.touch({Space::kParam, false, step.params, -1, param, param + param_bytes});
    out.touch(output.access);
    out.end();
  }

  const LayerView& view_;
  const LayerPlan& layer_plan_;
  const LayerConstants& constants_;
  Work& work_;
  Operands operands_;
  std::vector<OutTile> tiles_;
  bool whole_;
  std::vector<Step> records_;
  std::vector<Operand> known_;
  std::vector<PieceId> weights_;            // by block; held while a group lasts
  std::vector<int32_t> sources_, outputs_;  // by tile, in known_
  PieceId params_ = kNoPiece;
  int32_t params_first_ = 0;
  int32_t acc_next_ = 0;
  Instruction matmul_, requant_;  // of the tile with this source, this output (in known_)
  int32_t matmul_source_ = kNone, requant_output_ = kNone;
};

}  // namespace

PieceId add_param_piece(const LayerView& view, const LayerConstants& constants, int32_t first,
                        int32_t count, Work& work) {
  const int64_t bytes = view.param_block_bytes();
  return work.add_run(BufferId::kParam, view.id, count * bytes,
                      constants.param_address + first * bytes);
}

void append_array_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                        Work& work) {
  auto steps = std::make_unique<ArraySteps>(view, plan, constants, work);
  steps->append();
  work.layers.push_back(std::move(steps));
}

}  // namespace qsim
