// Convolution by WindowProduct: windows are read where they lie in the padded map.
#include <algorithm>
#include <memory>

#include "sim/engines/reference/channels.h"
#include "sim/engines/reference/padded_input.h"
#include "sim/engines/reference/step.h"
#include "sim/engines/reference/window_product.h"

namespace qsim::reference {
namespace {

// What is used again and again stays in a cache: the weights of some outputs while all windows pass
// by in level 2, the sums of a panel of windows between product and requantization in level 1.
constexpr int64_t kWeightBytes = 128 * 1024;
constexpr int64_t kPanelBytes = 32 * 1024;

class WindowConvStep {
 public:
  explicit WindowConvStep(const StepContext& context);
  // By several threads at once.
  uint64_t run(const Tensor& input, Tensor& output, Workspace& workspace) const;

 private:
  // Neighbouring outputs of one group.
  struct Part {
    int64_t first_output, outputs;
    int64_t first_input;
    WindowProduct product;
    Channels channels;
  };

  void add_parts(int64_t group, int64_t outputs_at_once);
  uint64_t run_part(const Part& part, const WidePaddedInput& padded, Tensor& output,
                    Workspace& workspace) const;

  // First codes of the windows of output pixels `first` to `first + count` of all images, of the
  // channel that `padded` begins with.
  void find_windows(const WidePaddedInput& padded, int64_t first, int64_t count,
                    const uint16_t** windows) const;
  uint64_t count_wraps(const Part& part, const uint16_t* const* windows, int64_t count) const;

  StepContext context_;
  const Window& window_;
  int64_t group_inputs_, group_outputs_;
  std::vector<int64_t> runs_;  // of codes that lie together in a window: where each begins
  int64_t run_codes_;
  std::vector<Part> parts_;
};

WindowConvStep::WindowConvStep(const StepContext& context)
    : context_(context),
      window_(context.layer.window),
      group_inputs_(context.input().c / context.layer.groups),
      group_outputs_(context.output().c / context.layer.groups) {
  const PaddedShape padded = padded_shape(context, 1);
  const int64_t line = padded.w * padded.c;
  const bool whole_lines = window_.dilation_w == 1 && context.layer.groups == 1;
  const int64_t pieces = whole_lines ? 1 : window_.kw;
  run_codes_ = whole_lines ? window_.kw * padded.c : group_inputs_;
  for (int64_t y = 0; y < window_.kh; ++y) {
    for (int64_t piece = 0; piece < pieces; ++piece)
      runs_.push_back(y * window_.dilation_h * line + piece * window_.dilation_w * padded.c);
  }
  const int64_t k = window_.kh * window_.kw * group_inputs_;
  constexpr int64_t kBlock = WindowProduct::kOutputs;
  const int64_t at_once = std::max<int64_t>(kWeightBytes / (2 * k) / kBlock, 1) * kBlock;
  for (int64_t g = 0; g < context.layer.groups; ++g) add_parts(g, at_once);
}

void WindowConvStep::add_parts(int64_t group, int64_t outputs_at_once) {
  const Layer& layer = context_.layer;
  const int64_t k = static_cast<int64_t>(runs_.size()) * run_codes_;
  const int64_t end = (group + 1) * group_outputs_;
  for (int64_t first = group * group_outputs_; first < end; first += outputs_at_once) {
    const int64_t outputs = std::min(outputs_at_once, end - first);
    parts_.push_back(
        {first, outputs, group * group_inputs_,
         WindowProduct(layer.weights.data() + first * k, layer.weight_zero_point.data() + first,
                       outputs, runs_, run_codes_),
         make_channels(context_, first, outputs)});
  }
}

void WindowConvStep::find_windows(const WidePaddedInput& padded, int64_t first, int64_t count,
                                  const uint16_t** windows) const {
  const int64_t out_h = context_.output().h, out_w = context_.output().w;
  const int64_t step = window_.stride_w * padded.c;
  for (int64_t row = first; row < first + count;) {
    const int64_t x = row % out_w, y = row / out_w % out_h, image = row / out_w / out_h;
    const int64_t line = image * padded.h + y * window_.stride_h;
    const uint16_t* window = padded.codes + line * padded.w * padded.c + x * step;
    const int64_t end = std::min(row + out_w - x, first + count);
    for (; row < end; ++row, window += step) *windows++ = window;
  }
}

uint64_t WindowConvStep::count_wraps(const Part& part, const uint16_t* const* windows,
                                     int64_t count) const {
  const int32_t zero = context_.input().quant.zero_point + 128;
  const int64_t k = static_cast<int64_t>(runs_.size()) * run_codes_;
  uint64_t wraps = 0;
  for (const int32_t output : part.channels.can_wrap) {
    const auto o = static_cast<size_t>(output);
    const int32_t weight_zero = context_.layer.weight_zero_point[o];
    for (int64_t row = 0; row < count; ++row) {
      const int8_t* weights = context_.layer.weights.data() + output * k;
      int64_t sum = context_.layer.bias[o];
      for (const int64_t run : runs_) {
        for (int64_t i = 0; i < run_codes_; ++i)
          sum += (windows[row][run + i] - zero) * (*weights++ - weight_zero);
      }
      wraps += leaves_int32(sum) ? 1 : 0;
    }
  }
  return wraps;
}

uint64_t WindowConvStep::run_part(const Part& part, const WidePaddedInput& padded, Tensor& output,
                                  Workspace& workspace) const {
  constexpr int64_t kTile = WindowProduct::kWindows;
  const int64_t panel_rows =
      std::clamp<int64_t>(kPanelBytes / (4 * part.outputs) / kTile, 4, 16) * kTile;
  const int64_t pitch = context_.output().c, rows = output.size() / pitch;
  int32_t* sums = grown(workspace.sums, panel_rows * part.outputs);
  std::vector<const uint16_t*>& windows = workspace.window_starts;
  windows.resize(static_cast<size_t>(panel_rows));
  uint64_t wraps = 0;
  for (int64_t first = 0; first < rows; first += panel_rows) {
    const int64_t count = std::min(panel_rows, rows - first);
    find_windows(padded, first, count, windows.data());
    part.product.run(windows.data(), count, sums);
    part.channels.rows.run(sums, count, output.data<int8_t>() + first * pitch + part.first_output,
                           pitch);
    if (!part.channels.can_wrap.empty()) wraps += count_wraps(part, windows.data(), count);
  }
  return wraps;
}

uint64_t WindowConvStep::run(const Tensor& input, Tensor& output, Workspace& workspace) const {
  const WidePaddedInput whole = pad_input_wide(context_, input, workspace);
  uint64_t wraps = 0;
  for (const Part& part : parts_) {
    WidePaddedInput padded = whole;
    padded.codes += part.first_input;
    wraps += run_part(part, padded, output, workspace);
  }
  return wraps;
}

}  // namespace

Step prepare_window_conv(const StepContext& context) {
  auto step = std::make_shared<const WindowConvStep>(context);
  return [step](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace& workspace) {
    return step->run(*inputs[0], output, workspace);
  };
}

}  // namespace qsim::reference
