#include "sim/engines/reference/reference_engine.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "hw/spec/error.h"
#include "sim/engines/reference/gemm.h"
#include "sim/engines/reference/parallel.h"

namespace qsim {
namespace {

using reference::Step;
using reference::StepContext;
using reference::Workspace;

// Activations of one pass: small enough to stay near the processor, large enough to fill tiles.
constexpr int64_t kPassBytes = int64_t{64} << 20;

Step prepare_step(const StepContext& context) {
  switch (context.layer.op) {
    case LayerOp::kConv:
      return context.layer.groups == context.input().c && context.layer.groups > 1
                 ? reference::prepare_depthwise(context)
                 : reference::prepare_conv(context);
    case LayerOp::kAdd:
      return reference::prepare_add(context);
    case LayerOp::kMaxPool:
      return reference::prepare_max_pool(context);
    case LayerOp::kAveragePool:
      return reference::prepare_average_pool(context);
    case LayerOp::kRescale:
      return reference::prepare_rescale(context);
    case LayerOp::kConcat:
      return reference::prepare_concat(context);
    case LayerOp::kHostQuantize:
    case LayerOp::kHostDequantize:
    case LayerOp::kHostSoftmax:
    case LayerOp::kHostQlinearSoftmax:
    case LayerOp::kHostPermute:
    case LayerOp::kHostTable:
    case LayerOp::kHostAdd:
    case LayerOp::kHostSub:
    case LayerOp::kHostMul:
    case LayerOp::kHostDiv:
    case LayerOp::kHostResize:
    case LayerOp::kHostLrn:
    case LayerOp::kHostArgMax:
      break;
  }
  return reference::prepare_host(context);
}

DataType type_of(const NetTensor& tensor) {
  return tensor.is_float ? DataType::kFloat : DataType::kInt8;
}

Shape shape_of(const NetTensor& tensor, int64_t samples) {
  return {samples * tensor.n, tensor.h, tensor.w, tensor.c};
}

Tensor take_tensor(const NetTensor& tensor, int64_t samples, Workspace& workspace) {
  return workspace.take(type_of(tensor), shape_of(tensor, samples));
}

}  // namespace

ReferenceEngine::ReferenceEngine(const IntegerNetwork& network, const ReferenceOptions& options)
    : network_(network), options_(options), last_use_(network.tensors.size(), 0) {
  if (!network.has_values) {
    std::string message = "network " + network.name + " has no values to compute";
    for (const std::string& blocker : network.value_blockers) message += "; " + blocker;
    throw Error(message);
  }
  if (options_.threads <= 0) {
    options_.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    steps_.push_back(prepare_step({network, layer, options_.mode, options_.gemm}));
    for (TensorId input : layer.inputs) last_use_[static_cast<size_t>(input)] = i;
  }
}

int64_t ReferenceEngine::count_samples(const std::vector<Tensor>& inputs) const {
  const auto fail = [&](const std::string& what) -> int64_t {
    throw Error("inputs of network " + network_.name + ": " + what);
  };
  if (inputs.size() != network_.inputs.size()) {
    fail(std::to_string(inputs.size()) + " tensors are given, " +
         std::to_string(network_.inputs.size()) + " are needed");
  }
  int64_t samples = -1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const NetTensor& wanted = network_.tensor(network_.inputs[i]);
    const int64_t held = inputs[i].size() / wanted.elements();
    if (inputs[i].type != type_of(wanted)) {
      fail(wanted.name + " has type " + name_of(inputs[i].type) + ", not " +
           name_of(type_of(wanted)));
    }
    if (held * wanted.elements() != inputs[i].size() || held == 0) {
      fail(wanted.name + " has " + std::to_string(inputs[i].size()) +
           " elements, not a multiple of " + std::to_string(wanted.elements()));
    }
    if (samples >= 0 && samples != held) {
      fail(wanted.name + " holds " + std::to_string(held) + " samples, the first input " +
           std::to_string(samples));
    }
    samples = held;
  }
  return std::max<int64_t>(samples, 1);
}

int64_t ReferenceEngine::samples_per_pass(int64_t samples) const {
  const int64_t share = (samples + options_.threads - 1) / options_.threads;
  if (options_.samples_per_pass > 0) return std::min(options_.samples_per_pass, share);
  int64_t largest = 1;
  for (const Layer& layer : network_.layers) {
    int64_t bytes = network_.tensor(layer.output).elements();
    for (TensorId input : layer.inputs) bytes += 2 * network_.tensor(input).elements();
    largest = std::max(largest, bytes);
  }
  return std::clamp<int64_t>(kPassBytes / largest, 1, share);
}

void ReferenceEngine::release_dead(size_t layer, std::vector<Tensor>& activations,
                                   Workspace& workspace) const {
  for (TensorId input : network_.layers[layer].inputs) {
    const bool is_output = std::find(network_.outputs.begin(), network_.outputs.end(), input) !=
                           network_.outputs.end();
    if (last_use_[static_cast<size_t>(input)] == layer && !is_output) {
      workspace.give_back(std::move(activations[static_cast<size_t>(input)]));
    }
  }
}

uint64_t ReferenceEngine::run_pass(const std::vector<Tensor>& inputs, int64_t first,
                                   int64_t samples, const BatchObserver& observer,
                                   std::vector<Tensor>& outputs, Workspace& workspace) const {
  uint64_t wraps = 0;
  std::vector<Tensor> activations(network_.tensors.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor part = take_tensor(network_.tensor(network_.inputs[i]), samples, workspace);
    const size_t bytes_per_sample = part.bytes.size() / static_cast<size_t>(samples);
    std::memcpy(part.bytes.data(),
                inputs[i].bytes.data() + static_cast<size_t>(first) * bytes_per_sample,
                part.bytes.size());
    activations[static_cast<size_t>(network_.inputs[i])] = std::move(part);
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Layer& layer = network_.layers[i];
    std::vector<const Tensor*> operands;
    for (TensorId id : layer.inputs) operands.push_back(&activations[static_cast<size_t>(id)]);
    Tensor& output = activations[static_cast<size_t>(layer.output)];
    output = take_tensor(network_.tensor(layer.output), samples, workspace);
    wraps += steps_[i](operands, output, workspace);
    if (observer) observer(static_cast<LayerId>(i), first, output);
    release_dead(i, activations, workspace);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& part = activations[static_cast<size_t>(network_.outputs[i])];
    const size_t bytes_per_sample = part.bytes.size() / static_cast<size_t>(samples);
    std::memcpy(outputs[i].bytes.data() + static_cast<size_t>(first) * bytes_per_sample,
                part.bytes.data(), part.bytes.size());
  }
  for (Tensor& activation : activations) workspace.give_back(std::move(activation));
  return wraps;
}

std::vector<Tensor> ReferenceEngine::run(const std::vector<Tensor>& inputs,
                                         const BatchObserver& observer) {
  const int64_t samples = count_samples(inputs);
  const int64_t per_pass = samples_per_pass(samples);
  std::vector<Tensor> outputs;
  for (TensorId id : network_.outputs) {
    const NetTensor& tensor = network_.tensor(id);
    outputs.emplace_back(type_of(tensor), shape_of(tensor, samples));
  }
  workspaces_.resize(static_cast<size_t>(options_.threads));

  std::mutex observer_mutex;
  const BatchObserver one_at_a_time = [&](LayerId layer, int64_t first, const Tensor& output) {
    const std::lock_guard<std::mutex> lock(observer_mutex);
    observer(layer, first, output);
  };
  std::atomic<uint64_t> wraps = 0;
  reference::parallel_for(options_.threads, (samples + per_pass - 1) / per_pass,
                          [&](int worker, int64_t pass) {
                            const reference::OneThread scope;
                            const int64_t first = pass * per_pass;
                            wraps += run_pass(inputs, first, std::min(per_pass, samples - first),
                                              observer ? one_at_a_time : BatchObserver(), outputs,
                                              workspaces_[static_cast<size_t>(worker)]);
                          });
  wraps_ += wraps;
  return outputs;
}

}  // namespace qsim
