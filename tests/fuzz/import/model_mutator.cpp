#include "tests/fuzz/import/model_mutator.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace qsim::fuzz {
namespace {

// clang-format off
constexpr int64_t kInts[] = {
    0, 1, 2, 3, 4, 7, 8, 16, 17, 64, 255, 256, 4097, 65536, -1, -2, -4, INT32_MAX, INT32_MIN,
    int64_t{1} << 31, int64_t{1} << 40, INT64_MAX, INT64_MIN};
constexpr float kFloats[] = {
    0, 1, -1, 0.5f, 1e-38f, 1e-45f, 3e38f, -3e38f, INFINITY, NAN};
constexpr const char* kOperators[] = {
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "DequantizeLinear", "Div", "Dropout", "Flatten", "Gather",
    "Gemm", "GlobalAveragePool", "Identity", "LogSoftmax", "MatMul", "MaxPool", "Mul", "Pad",
    "QLinearConv", "QLinearMatMul", "ReduceMean", "QuantizeLinear", "Relu", "Reshape", "Shape",
    "Slice", "Softmax", "Squeeze", "Sub", "Sum", "Transpose", "Unsqueeze", "QLinearAdd",
    "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool", "QGemm", "QLinearSoftmax",
    "Abs", "ArgMax", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LRN", "LeakyRelu", "PRelu",
    "Pow", "QuickGelu", "Reciprocal", "ReduceSum", "Resize", "Sigmoid", "Tanh", "Upsample"};
constexpr const char* kAttributes[] = {
    "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", "ceil_mode", "alpha",
    "beta", "axis", "axes", "perm", "transA", "transB", "to", "min", "max", "value", "epsilon",
    "keepdims", "allowzero", "starts", "ends", "mode", "start", "end", "spatial",
    "output_dtype", "value_int", "value_ints", "count_include_pad", "channels_last", "opset",
    "noop_with_empty_axes", "approximate", "bias", "gamma", "size", "select_last_index",
    "coordinate_transformation_mode"};
constexpr const char* kStrings[] = {
    "", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", "constant", "reflect", "edge", "\x1b[2J",
    "linear", "tanh", "align_corners", "asymmetric", "pytorch_half_pixel"};
// clang-format on

template <typename List>
const auto& pick_from(const List& list, std::mt19937_64& random) {
  return *(std::begin(list) +
           static_cast<std::ptrdiff_t>(random() % static_cast<uint64_t>(std::size(list))));
}

class Mutator {
 public:
  Mutator(onnx::ModelProto& model, unsigned seed)
      : model_(model), graph_(*model.mutable_graph()), random_(seed) {}

  void run() {
    for (uint64_t count = 1 + below(3); count > 0; --count) step();
  }

  // A node of `other` behind a value of this graph.
  void graft(const onnx::GraphProto& other) {
    if (other.node_size() == 0) return;
    onnx::NodeProto node = pick_from(other.node(), random_);
    for (std::string& input : *node.mutable_input()) {
      const auto found = std::find_if(other.initializer().begin(), other.initializer().end(),
                                      [&](const auto& tensor) { return tensor.name() == input; });
      if (found == other.initializer().end()) {
        if (!input.empty()) input = any_name();
        continue;
      }
      input += "_" + std::to_string(below(1000));
      *graph_.add_initializer() = *found;
      graph_.mutable_initializer()->rbegin()->set_name(input);
    }
    if (node.output_size() == 0) return;
    node.set_output(0, "grafted_" + std::to_string(below(1000)));
    if (graph_.output_size() > 0 && chance(2)) {
      graph_.mutable_output(0)->set_name(node.output(0));
    } else if (onnx::NodeProto* reader = any_node();
               reader != nullptr && reader->input_size() > 0) {
      *reader->mutable_input(int_below(reader->input_size())) = node.output(0);
    }
    *graph_.add_node() = node;
  }

 private:
  uint64_t below(uint64_t count) { return random_() % count; }
  int int_below(int count) { return static_cast<int>(below(static_cast<uint64_t>(count))); }
  bool chance(uint64_t one_in) { return below(one_in) == 0; }

  template <typename Element>
  Element* pick_mutable(google::protobuf::RepeatedPtrField<Element>* list) {
    return list->empty() ? nullptr : list->Mutable(int_below(list->size()));
  }

  int64_t any_int() {
    if (chance(2)) return static_cast<int64_t>(below(9)) - 1;
    return pick_from(kInts, random_);
  }

  onnx::NodeProto* any_node() { return pick_mutable(graph_.mutable_node()); }

  onnx::TensorProto* any_tensor() {
    if (chance(4)) {
      onnx::NodeProto* node = any_node();
      for (int i = 0; node != nullptr && i < node->attribute_size(); ++i) {
        if (node->attribute(i).has_t()) return node->mutable_attribute(i)->mutable_t();
      }
    }
    return pick_mutable(graph_.mutable_initializer());
  }

  std::string any_name() {
    std::vector<const std::string*> names;
    for (const auto& node : graph_.node()) {
      for (const std::string& name : node.output()) names.push_back(&name);
      for (const std::string& name : node.input()) names.push_back(&name);
    }
    for (const auto& tensor : graph_.initializer()) names.push_back(&tensor.name());
    for (const auto& input : graph_.input()) names.push_back(&input.name());
    if (names.empty() || chance(32)) return chance(2) ? "" : "absent\x1b\n";
    return *names[below(names.size())];
  }

  void step() {
    switch (below(10)) {
      case 0:
        return change_versions();
      case 1:
        return change_value_info();
      case 2:
        return change_nodes();
      case 3:
      case 4:
        return change_edges();
      case 5:
      case 6:
        return change_attribute();
      default:
        return change_tensor();
    }
  }

  void change_versions() {
    if (chance(8)) model_.set_ir_version(any_int());
    if (onnx::OperatorSetIdProto* opset = pick_mutable(model_.mutable_opset_import())) {
      opset->set_version(chance(4) ? any_int() : 7 + static_cast<int64_t>(below(19)));
    } else {
      model_.add_opset_import()->set_version(13);
    }
  }

  void change_value_info() {
    auto* list = chance(3)   ? graph_.mutable_output()
                 : chance(4) ? graph_.mutable_value_info()
                             : graph_.mutable_input();
    onnx::ValueInfoProto* info = pick_mutable(list);
    if (info == nullptr) return;
    if (chance(8)) return info->set_name(any_name());
    auto& tensor = *info->mutable_type()->mutable_tensor_type();
    if (chance(8)) return tensor.set_elem_type(int_below(28));
    if (chance(8)) return tensor.clear_shape();
    auto& shape = *tensor.mutable_shape();
    if (shape.dim_size() == 0 || chance(8)) return shape.add_dim()->set_dim_value(any_int());
    if (chance(8)) return shape.mutable_dim()->RemoveLast();
    auto& dim = *shape.mutable_dim(int_below(shape.dim_size()));
    if (chance(8)) return dim.set_dim_param("n");
    dim.set_dim_value(any_int());
  }

  void change_nodes() {
    onnx::NodeProto* node = any_node();
    if (node == nullptr) return;
    if (chance(4)) {
      const onnx::NodeProto copy = *node;
      *graph_.add_node() = copy;
      if (chance(4) || copy.output_size() == 0) return;
      auto& added = *graph_.mutable_node()->rbegin();
      added.set_output(0, copy.output(0) + "_");
      if (added.input_size() > 0) added.set_input(0, copy.output(0));
      if (graph_.output_size() > 0) graph_.mutable_output(0)->set_name(added.output(0));
      return;
    }
    if (chance(4)) {
      graph_.mutable_node()->SwapElements(int_below(graph_.node_size()), graph_.node_size() - 1);
      if (chance(2)) graph_.mutable_node()->RemoveLast();
      return;
    }
    if (chance(8)) return node->set_name(any_name());
    node->set_op_type(pick_from(kOperators, random_));
    const bool is_microsoft = node->op_type().starts_with("QLinear") &&
                              node->op_type() != "QLinearConv" &&
                              node->op_type() != "QLinearMatMul";
    node->set_domain(is_microsoft || node->op_type() == "QGemm" ? "com.microsoft" : "");
    if (chance(2)) node->clear_attribute();
  }

  void change_edges() {
    if (graph_.output_size() > 0 && chance(6)) {
      auto& output = *graph_.mutable_output(int_below(graph_.output_size()));
      output.set_name(any_name());
      if (chance(2)) output.clear_type();
      return;
    }
    onnx::NodeProto* node = any_node();
    if (node == nullptr) return;
    if (chance(8) && node->output_size() > 0) {
      return node->set_output(int_below(node->output_size()), any_name());
    }
    if (node->input_size() == 0 || chance(4)) return node->add_input(any_name());
    if (chance(6)) return node->mutable_input()->RemoveLast();
    node->set_input(int_below(node->input_size()), any_name());
  }

  void change_attribute() {
    onnx::NodeProto* node = any_node();
    if (node == nullptr) return;
    onnx::AttributeProto* attribute = pick_mutable(node->mutable_attribute());
    if (attribute == nullptr || chance(4)) {
      attribute = node->add_attribute();
      attribute->set_name(pick_from(kAttributes, random_));
      attribute->set_type(static_cast<onnx::AttributeProto::AttributeType>(
          chance(2) ? onnx::AttributeProto::INTS : 1 + int_below(7)));
    } else if (chance(8)) {
      return node->mutable_attribute()->RemoveLast();
    }
    change_value(*attribute);
  }

  void change_value(onnx::AttributeProto& attribute) {
    switch (attribute.type()) {
      case onnx::AttributeProto::INT:
        return attribute.set_i(any_int());
      case onnx::AttributeProto::FLOAT:
        return attribute.set_f(pick_from(kFloats, random_));
      case onnx::AttributeProto::STRING:
        return attribute.set_s(pick_from(kStrings, random_));
      case onnx::AttributeProto::TENSOR:
        return change_one(*attribute.mutable_t());
      case onnx::AttributeProto::FLOATS:
        return attribute.add_floats(pick_from(kFloats, random_));
      case onnx::AttributeProto::INTS:
        if (attribute.ints_size() == 0 || chance(4)) return attribute.add_ints(any_int());
        if (chance(6)) return attribute.mutable_ints()->RemoveLast();
        return attribute.set_ints(int_below(attribute.ints_size()), any_int());
      default:
        return attribute.set_type(static_cast<onnx::AttributeProto::AttributeType>(int_below(15)));
    }
  }

  void change_tensor() {
    if (chance(16)) {
      // Something of another kind to be read as: a scale, a shape, an index.
      onnx::TensorProto& added = *graph_.add_initializer();
      added.set_name("added_" + std::to_string(below(1000)));
      added.set_data_type(chance(2) ? onnx::TensorProto::INT64 : 1 + int_below(26));
      added.add_dims(static_cast<int64_t>(below(5)));
      fit_data(added);
      if (onnx::NodeProto* node = any_node(); node != nullptr && node->input_size() > 0) {
        node->set_input(int_below(node->input_size()), added.name());
      }
      return;
    }
    if (onnx::TensorProto* tensor = any_tensor()) change_one(*tensor);
  }

  void change_one(onnx::TensorProto& tensor) {
    switch (below(8)) {
      case 0:
        tensor.set_data_type(int_below(28));
        break;
      case 1:
        tensor.add_dims(any_int());
        break;
      case 2:
        if (tensor.dims_size() > 0) tensor.mutable_dims()->RemoveLast();
        break;
      case 3:
        if (chance(8)) return tensor.set_name(any_name());
        if (chance(8)) return make_external(tensor);
        return change_data(tensor);
      case 4:
      case 5:
        return change_data(tensor);
      default:
        if (tensor.dims_size() == 0) break;
        tensor.set_dims(int_below(tensor.dims_size()), any_int());
    }
    if (!chance(4)) fit_data(tensor);
  }

  void make_external(onnx::TensorProto& tensor) {
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto& location = *tensor.add_external_data();
    location.set_key("location");
    location.set_value(chance(2) ? "input.onnx" : "../input.onnx");
    auto& offset = *tensor.add_external_data();
    offset.set_key(chance(2) ? "offset" : "length");
    offset.set_value(std::to_string(any_int()));
  }

  // Numbers of the typed fields become raw_data, where they can be changed and cut like all others.
  static void make_raw(onnx::TensorProto& tensor) {
    const auto move = [&](auto* numbers, auto zero) {
      for (const auto number : *numbers) {
        const auto narrow = static_cast<decltype(zero)>(number);
        tensor.mutable_raw_data()->append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
      }
      numbers->Clear();
    };
    const bool is_byte = tensor.data_type() == onnx::TensorProto::INT8 ||
                         tensor.data_type() == onnx::TensorProto::UINT8;
    move(tensor.mutable_float_data(), float{});
    move(tensor.mutable_int64_data(), int64_t{});
    is_byte ? move(tensor.mutable_int32_data(), uint8_t{})
            : move(tensor.mutable_int32_data(), int32_t{});
  }

  void change_data(onnx::TensorProto& tensor) {
    make_raw(tensor);
    std::string& raw = *tensor.mutable_raw_data();
    if (raw.empty() || chance(8)) return raw.resize(below(80), '\1');
    // In units of a number, so that scales and shapes get values that mean something.
    const int64_t number = any_int();
    const float real = pick_from(kFloats, random_);
    const bool is_real = tensor.data_type() == onnx::TensorProto::FLOAT;
    const size_t width = is_real ? 4 : tensor.data_type() == onnx::TensorProto::INT64 ? 8 : 1;
    const size_t at = below(raw.size()) / width * width;
    const auto* from =
        is_real ? reinterpret_cast<const char*>(&real) : reinterpret_cast<const char*>(&number);
    std::copy_n(from, std::min(width, raw.size() - at),
                raw.begin() + static_cast<std::ptrdiff_t>(at));
  }

  // As many bytes as dimensions and type ask for, if they are few.
  void fit_data(onnx::TensorProto& tensor) {
    static constexpr int kBits[] = {0,  32,  8,  8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64,
                                    64, 128, 16, 8, 8,  8,  8,  4,  4, 4, 8,  2,  2,  8};
    constexpr int64_t kMost = 4096;
    int64_t count = 1;
    for (const int64_t dim : tensor.dims()) {
      if (dim < 0 || dim > kMost || (dim != 0 && count > kMost / dim)) return;
      count *= dim;
    }
    const auto type = static_cast<size_t>(tensor.data_type());
    if (type >= std::size(kBits)) return;
    make_raw(tensor);
    std::string raw = tensor.raw_data();
    raw.resize(static_cast<size_t>((count * kBits[type] + 7) / 8), type == 7 ? '\0' : '\1');
    const std::string name = tensor.name();
    onnx::TensorProto fitted;
    fitted.set_name(name);
    fitted.set_data_type(tensor.data_type());
    *fitted.mutable_dims() = tensor.dims();
    fitted.set_raw_data(raw);
    tensor = fitted;
  }

  onnx::ModelProto& model_;
  onnx::GraphProto& graph_;
  std::mt19937_64 random_;
};

bool parse(onnx::ModelProto& model, const uint8_t* data, size_t size) {
  return model.ParseFromArray(data, static_cast<int>(size)) && model.has_graph();
}

// 0 when it does not fit.
size_t write(const onnx::ModelProto& model, uint8_t* out, size_t max_size) {
  const size_t size = model.ByteSizeLong();
  if (size > max_size || !model.SerializeToArray(out, static_cast<int>(size))) return 0;
  return size;
}

}  // namespace

size_t mutate_model(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  constexpr unsigned kOwnMutations = 24;  // one in so many is libFuzzer's
  onnx::ModelProto model;
  if (seed % kOwnMutations == 0 || !parse(model, data, size)) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  Mutator(model, seed).run();
  const size_t written = write(model, data, max_size);
  return written == 0 ? LLVMFuzzerMutate(data, size, max_size) : written;
}

size_t cross_models(std::span<const uint8_t> a, std::span<const uint8_t> b, std::span<uint8_t> out,
                    unsigned seed) {
  onnx::ModelProto model, other;
  if (!parse(model, a.data(), a.size()) || !parse(other, b.data(), b.size())) return 0;
  Mutator(model, seed).graft(other.graph());
  return write(model, out.data(), out.size());
}

}  // namespace qsim::fuzz
