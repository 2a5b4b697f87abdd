#include "compiler/passes/moments.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Copies the rows of one batch.
class RowReader {
 public:
  RowReader(const ProductInput& input, std::span<const float> values)
      : in_(input), values_(values) {
    if (!in_.is_conv) {
      rows_ = static_cast<int64_t>(values.size()) / in_.size;
      return;
    }
    const bool is_image = in_.shape.size() == 4;
    height_ = is_image ? in_.shape[2] : 1;
    width_ = in_.shape.back();
    channels_ = in_.shape[1];
    const Window& w = in_.window;
    const int64_t reach_h = int64_t{w.dilation_h} * (w.kh - 1) + 1,
                  reach_w = int64_t{w.dilation_w} * (w.kw - 1) + 1;
    out_height_ = (height_ + w.pad_top + w.pad_bottom - reach_h) / w.stride_h + 1;
    out_width_ = (width_ + w.pad_left + w.pad_right - reach_w) / w.stride_w + 1;
    rows_ = in_.shape[0] * out_height_ * out_width_;
  }

  int64_t rows() const { return rows_; }

  void read(int64_t row, int64_t group, double* out) const {
    if (!in_.is_conv) {
      for (int64_t k = 0; k < in_.size; ++k) out[at(k)] = double{values_[at(row * in_.size + k)]};
      return;
    }
    const Window& w = in_.window;
    const int64_t pixels = out_height_ * out_width_, n = row / pixels;
    const int64_t top = row % pixels / out_width_ * w.stride_h - w.pad_top;
    const int64_t left = row % out_width_ * w.stride_w - w.pad_left;
    const int64_t depth = channels_ / in_.groups;
    size_t k = 0;
    for (int64_t i = 0; i < depth; ++i) {
      const int64_t plane = (n * channels_ + group * depth + i) * height_;
      for (int64_t ky = 0; ky < w.kh; ++ky) {
        const int64_t y = top + ky * w.dilation_h;
        for (int64_t kx = 0; kx < w.kw; ++kx) {
          const int64_t x = left + kx * w.dilation_w;
          const bool is_inside = y >= 0 && y < height_ && x >= 0 && x < width_;
          out[k++] = is_inside ? double{values_[at((plane + y) * width_ + x)]} : 0;
        }
      }
    }
  }

 private:
  static size_t at(int64_t index) { return static_cast<size_t>(index); }

  const ProductInput& in_;
  std::span<const float> values_;
  int64_t rows_ = 0, channels_ = 0, height_ = 1, width_ = 1, out_height_ = 1, out_width_ = 1;
};

}  // namespace

std::vector<ProductInput> find_products(const Graph& graph) {
  Problems problems;  // quantize() reports them
  Flow flow = build_flow(graph, problems);
  if (!problems.empty()) return {};
  fold_pads(flow, problems);
  fold_affines(flow);
  fuse_clamps(flow);
  fuse_tables(flow);
  std::vector<ProductInput> products;
  for (const Op& op : flow.ops) {
    if (op.kind != OpKind::kConv && op.kind != OpKind::kMatMul) continue;
    const Edge& edge = flow.edge(op.inputs[0]);
    if (edge.range_value == kNoValue || !op.weight.exists()) continue;
    ProductInput input{.layer = op.name, .value = edge.range_value, .shape = edge.shape};
    if (graph.value(input.value).shape != input.shape) continue;  // a view with an order of its own
    const Op* producer = flow.producer(op.inputs[0]);
    if (producer != nullptr && producer->kind == OpKind::kTranspose &&
        flow.edge(producer->inputs[0]).range_value == edge.range_value)
      continue;  // transA: a view whose shape may be the same
    if (op.kind == OpKind::kConv) {
      input.is_conv = true;
      input.window = op.window.window;
      input.groups = op.groups;
      input.size = element_count(op.weight.shape) / op.weight.shape[0];
    } else {
      input.size = op.weight.shape[op.weight_rows ? 1 : 0];
    }
    if (input.size > 0) products.push_back(std::move(input));
  }
  return products;
}

void InputMoments::add(const ProductInput& input, std::span<const float> values,
                       bool wants_products) {
  add_rows(input, values, {}, wants_products);
}

void InputMoments::add_pair(const ProductInput& input, std::span<const float> rounded,
                            std::span<const float> real, bool wants_products) {
  add_rows(input, rounded, real, wants_products);
}

void InputMoments::add_rows(const ProductInput& input, std::span<const float> values,
                            std::span<const float> real, bool wants_products) {
  if (values.empty()) return;
  const bool has_real = !real.empty();
  const RowReader reader(input, values), real_reader(input, has_real ? real : values);
  groups = input.groups;
  size = input.size;
  const auto n = static_cast<size_t>(size), all = static_cast<size_t>(groups) * n;
  sum.resize(all);
  if (has_real) real_sum.resize(all);
  std::vector<double> row(n);
  const auto add_to = [&](const RowReader& from, int64_t r, int64_t g, std::vector<double>& to) {
    from.read(r, g, row.data());
    double* total = &to[static_cast<size_t>(g) * n];
    for (size_t k = 0; k < n; ++k) total[k] += row[k];
  };
  for (int64_t r = 0; r < reader.rows(); ++r) {
    for (int64_t g = 0; g < groups; ++g) {
      add_to(reader, r, g, sum);
      if (has_real) add_to(real_reader, r, g, real_sum);
    }
  }
  rows += reader.rows();
  if (!wants_products || size > kMostSize) return;

  sampled_sum.resize(all);
  products.resize(all * n);
  if (has_real) {
    sampled_real_sum.resize(all);
    cross.resize(all * n);
  }
  const int64_t count = std::min(reader.rows(), kMostSampled);
  const auto sampled = [&](int64_t j) {
    if (count == reader.rows()) return j;
    // Multiples of the golden ratio modulo 1: even, and aligned with no width.
    const double turn = static_cast<double>(j) * 0.6180339887498949;
    return static_cast<int64_t>((turn - std::floor(turn)) * static_cast<double>(reader.rows()));
  };
  Rows x(count, size), r(has_real ? count : 0, size);
  for (int64_t g = 0; g < groups; ++g) {
    const size_t first = static_cast<size_t>(g) * n;
    for (int64_t j = 0; j < count; ++j) {
      reader.read(sampled(j), g, x.row(j).data());
      if (has_real) real_reader.read(sampled(j), g, r.row(j).data());
    }
    Eigen::Map<Eigen::RowVectorXd>(&sampled_sum[first], size) += x.colwise().sum();
    Eigen::Map<Rows>(&products[first * n], size, size)
        .selfadjointView<Eigen::Lower>()
        .rankUpdate(x.transpose());
    if (!has_real) continue;
    Eigen::Map<Eigen::RowVectorXd>(&sampled_real_sum[first], size) += r.colwise().sum();
    Eigen::Map<Rows>(&cross[first * n], size, size).noalias() += x.transpose() * r;
  }
  sampled_rows += count;
}

std::vector<double> InputMoments::second_moment(int64_t group, bool is_centered) const {
  if (products.empty()) return {};
  const auto n = static_cast<size_t>(size);
  const size_t first = static_cast<size_t>(group) * n;
  const auto count = static_cast<double>(sampled_rows);
  std::vector<double> result(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k <= i; ++k) {
      double value = products[(first + i) * n + k] / count;
      if (is_centered) value -= sampled_sum[first + i] / count * (sampled_sum[first + k] / count);
      result[i * n + k] = result[k * n + i] = value;
    }
  }
  return result;
}

std::vector<double> InputMoments::cross_moment(int64_t group, bool is_centered) const {
  if (cross.empty()) return {};
  const auto n = static_cast<size_t>(size);
  const size_t first = static_cast<size_t>(group) * n;
  const auto count = static_cast<double>(sampled_rows);
  std::vector<double> result(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) {
      double value = cross[(first + i) * n + k] / count;
      if (is_centered)
        value -= sampled_sum[first + i] / count * (sampled_real_sum[first + k] / count);
      result[i * n + k] = value;
    }
  }
  return result;
}

}  // namespace qsim
