// Add, rescale and concat (A20, A21), and the host layers.
#include <algorithm>
#include <array>
#include <cstring>

#include "hw/spec/arithmetic_host.h"
#include "hw/spec/arithmetic_rows.h"
#include "sim/engines/reference/step.h"

namespace qsim::reference {
namespace {

// A rescale from code to code has 256 cases: entry i is for code i - 128.
struct Table {
  std::array<int8_t, 256> codes{};
  bool is_identity = true;
};

Table rescale_table(const Layer& layer, Quantization from, Quantization to) {
  const RequantParams params = derive_rescale(from.scale, to.scale);
  Table table{};
  for (int32_t code = -128; code < 128; ++code) {
    const int32_t result = rescale_code(code, from.zero_point, params, to.zero_point,
                                        layer.clamp_low, layer.clamp_high);
    table.codes[static_cast<size_t>(code + 128)] = static_cast<int8_t>(result);
    table.is_identity = table.is_identity && result == code;
  }
  return table;
}

void look_up(const Table& table, const int8_t* codes, int64_t n, int8_t* result) {
  if (table.is_identity) {
    std::memcpy(result, codes, static_cast<size_t>(n));
    return;
  }
  for (int64_t i = 0; i < n; ++i) result[i] = table.codes[static_cast<size_t>(codes[i] + 128)];
}

void add(const StepContext& context, const AddParams& params, const Tensor& a, const Tensor& b,
         Tensor& output) {
  const Layer& layer = context.layer;
  add_row(a.data<int8_t>(), context.input(0).quant.zero_point, b.data<int8_t>(),
          context.input(1).quant.zero_point, params, static_cast<size_t>(output.size()),
          context.output().quant.zero_point, layer.clamp_low, layer.clamp_high,
          output.data<int8_t>());
}

void rescale(const StepContext& context, const Table& table, const Tensor& input, Tensor& output) {
  const NetTensor& from = context.input();
  const NetTensor& to = context.output();
  const Window& window = context.layer.window;
  const int8_t padding = table.codes[static_cast<size_t>(from.quant.zero_point + 128)];
  const int64_t rows = input.shape[0] * to.h;
  const int64_t left = int64_t{window.pad_left} * to.c, middle = int64_t{from.w} * from.c;
  for (int64_t row = 0; row < rows; ++row) {
    int8_t* result = output.data<int8_t>() + row * to.w * to.c;
    const int64_t y = row % to.h - window.pad_top;
    std::memset(result, padding, static_cast<size_t>(to.w) * static_cast<size_t>(to.c));
    if (y < 0 || y >= from.h) continue;
    look_up(table, input.data<int8_t>() + (row / to.h * from.h + y) * middle, middle,
            result + left);
  }
}

void concat(const StepContext& context, const std::vector<Table>& tables,
            const std::vector<const Tensor*>& inputs, Tensor& output) {
  const int64_t out_c = context.output().c;
  const int64_t pixels = output.size() / out_c;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    int8_t* result = output.data<int8_t>() + pixel * out_c;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int64_t c = context.input(i).c;
      look_up(tables[i], inputs[i]->data<int8_t>() + pixel * c, c, result);
      result += c;
    }
  }
}

}  // namespace

Step prepare_add(const StepContext& context) {
  const AddParams params = derive_add(context.input(0).quant.scale, context.input(1).quant.scale,
                                      context.output().quant.scale);
  return [context, params](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    add(context, params, *inputs[0], *inputs[1], output);
    return uint64_t{0};
  };
}

Step prepare_rescale(const StepContext& context) {
  const Table table = rescale_table(context.layer, context.input().quant, context.output().quant);
  return [context, table](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    rescale(context, table, *inputs[0], output);
    return uint64_t{0};
  };
}

Step prepare_concat(const StepContext& context) {
  std::vector<Table> tables;
  for (size_t i = 0; i < context.layer.inputs.size(); ++i) {
    tables.push_back(rescale_table(context.layer, context.input(i).quant, context.output().quant));
  }
  return [context, tables](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    concat(context, tables, inputs, output);
    return uint64_t{0};
  };
}

Step prepare_host(const StepContext& context) {
  return [context](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    output = run_host_layer(context.network, context.layer, inputs);
    return uint64_t{0};
  };
}

}  // namespace qsim::reference
