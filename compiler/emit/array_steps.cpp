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

  void append_ops(int32_t step, std::vector<WorkOp>& ops) const override {
    const Step& s = records_[static_cast<size_t>(step)];
    append_matmul(s, ops);
    if (!s.is_last_box) return;
    append_requant(s, ops);
    if (s.is_complete) {
      operands_.append_store(operand(s.output), tile(s), s.first_channel, s.last_channel, ops);
    }
  }

 private:
  static constexpr int32_t kNone = -1;

  struct Group {
    int32_t first, last;  // channel blocks
  };

  // What a step's operations are made from. Operands by their place in known_.
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
        Step step;
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
        work_.steps.push_back({view_.id, this, static_cast<int32_t>(records_.size())});
        records_.push_back(step);
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
    Piece piece;
    piece.buffer = BufferId::kWeight;
    piece.bytes = box_bytes(view_, boxes[box_index]);
    piece.layer = view_.id;
    piece.first_step = piece.last_step = work_.next_step();
    Load load;
    load.buffer = static_cast<int32_t>(BufferId::kWeight);
    load.dram_address = constants_.weight_address[static_cast<size_t>(block)][box_index];
    load.bytes = static_cast<int32_t>(piece.bytes);
    load.count0 = load.count1 = load.count2 = 1;
    piece.load = load;
    held = work_.add(piece);
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

  void append_matmul(const Step& step, std::vector<WorkOp>& ops) const {
    const OutTile& where = tile(step);
    const Operand& source = operand(step.source);
    const ReductionBox& box =
        constants_.boxes[static_cast<size_t>(step.block)][static_cast<size_t>(step.box)];
    const int32_t rows = view_.arch.array.rows;
    const Window& w = view_.window;
    WorkOp& work = ops.emplace_back();
    Matmul& op = work.op.emplace<Matmul>();
    op.act = static_cast<int32_t>(source.base / rows) + box.cblock;
    op.act_row_pitch = static_cast<int32_t>(source.row_pitch / rows);
    op.act_pixel_pitch = static_cast<int32_t>(source.pixel_pitch / rows);
    op.in_h = source.h, op.in_w = source.w;
    op.out_h = where.h, op.out_w = where.w;
    if (view_.packed) {
      op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    } else {
      op.y0 = where.y * w.stride_h - w.pad_top + box.ky * w.dilation_h - source.y;
      op.x0 = where.x * w.stride_w - w.pad_left + box.kx * w.dilation_w - source.x;
      op.stride_h = w.stride_h / source.step_h, op.stride_w = w.stride_w / source.step_w;
      op.dilation_h = w.dilation_h, op.dilation_w = w.dilation_w;
    }
    op.kh = box.kh, op.kw = box.kw, op.cblocks = box.cblocks;
    op.acc = step.acc;
    op.accumulate = step.box > 0;
    op.pad_value =
        repeated_code(view_.network.tensor(view_.layer.inputs[0]).quant.zero_point, view_.in_pack);
    op.act_pack = view_.in_pack, op.weight_pack = view_.weight_pack;
    work.info.layer = view_.id;
    work.info.useful_macs = int64_t{1} * where.h * where.w * view_.useful_macs(step.block, box);
    work.pieces = {source.piece, step.weights, kNoPiece, kNoPiece};
    work.touch(source.access);
    work.touch({Space::kWeight, false, step.weights, -1, 0, box_bytes(view_, box)});
    work.touch({Space::kAccumulator, true, kNoPiece, -1, step.acc, step.acc + where.h * where.w});
  }

  void append_requant(const Step& step, std::vector<WorkOp>& ops) const {
    const OutTile& where = tile(step);
    const Operand& output = operand(step.output);
    const int64_t param_bytes = view_.param_block_bytes();
    const int32_t cols = view_.arch.array.cols;
    WorkOp& work = ops.emplace_back();
    Vector& op = work.op.emplace<Vector>();
    op.function = static_cast<int32_t>(VectorFunction::kRequant);
    op.blocks = 1;
    op.last_channels = view_.block_channels(step.block);
    op.out_h = where.h, op.out_w = where.w;
    op.dst = static_cast<int32_t>(output.base) +
             ((step.block * cols - step.first_channel) >> view_.out_pack);
    op.dst_pack = view_.out_pack;
    op.dst_row_pitch = static_cast<int32_t>(output.row_pitch);
    op.dst_pixel_pitch = static_cast<int32_t>(output.pixel_pitch);
    op.src = step.acc;
    op.kh = op.kw = 1;
    op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = 1;
    op.param = static_cast<int32_t>((step.block - step.params_first) * param_bytes);
    op.zero_dst = view_.network.tensor(view_.layer.output).quant.zero_point;
    op.clamp_low = view_.layer.clamp_low, op.clamp_high = view_.layer.clamp_high;
    work.info = view_.part(where, step.block * cols);
    work.pieces = {kNoPiece, output.piece, step.params, kNoPiece};
    work.touch({Space::kAccumulator, false, kNoPiece, -1, step.acc, step.acc + where.h * where.w});
    work.touch({Space::kParam, false, step.params, -1, op.param, op.param + param_bytes});
    work.touch(output.access);
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
};

}  // namespace

PieceId add_param_piece(const LayerView& view, const LayerConstants& constants, int32_t first,
                        int32_t count, Work& work) {
  const int64_t bytes = view.param_block_bytes();
  Piece piece;
  piece.buffer = BufferId::kParam;
  piece.bytes = count * bytes;
  piece.layer = view.id;
  piece.first_step = piece.last_step = work.next_step();
  Load load;
  load.buffer = static_cast<int32_t>(BufferId::kParam);
  load.dram_address = constants.param_address + first * bytes;
  load.bytes = static_cast<int32_t>(piece.bytes);
  load.count0 = load.count1 = load.count2 = 1;
  piece.load = load;
  return work.add(piece);
}

void append_array_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                        Work& work) {
  auto steps = std::make_unique<ArraySteps>(view, plan, constants, work);
  steps->append();
  work.layers.push_back(std::move(steps));
}

}  // namespace qsim
