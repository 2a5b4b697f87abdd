#include "compiler/onnx/graph_reader.h"

#include <onnx/onnx_pb.h>

#include <unordered_map>
#include <unordered_set>

#include "compiler/onnx/attribute_reader.h"
#include "compiler/onnx/element_type.h"
#include "compiler/onnx/graph_inputs.h"
#include "compiler/onnx/model_file.h"
#include "compiler/onnx/op_table.h"
#include "compiler/onnx/tensor_reader.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

int32_t code_bits(const ElementType& type) { return type.is_packed() ? type.bits : 8; }

class GraphReader {
 public:
  GraphReader(ModelFile& file, const ImportOptions& options, ImportState& state)
      : file_(file),
        proto_(*file.model->mutable_graph()),
        options_(options),
        state_(state),
        folder_(folder_of(state.path)) {}

  void read() {
    state_.graph.name = proto_.name();
    read_initializers();
    read_inputs();
    check_options();
    for (int i = 0; i < proto_.node_size(); ++i) declare_node(i);
    for (int i = 0; i < proto_.node_size(); ++i) connect_node(i);
    read_outputs();
  }

 private:
  Graph& graph() { return state_.graph; }

  ValueId declare_value(const std::string& name, const std::string& what) {
    if (name.empty()) throw Error(state_.path + ": " + what + " has no name");
    const ValueId id = state_.add_value(name);
    if (!ids_.emplace(name, id).second) {
      throw Error(state_.path + ": " + what + " = " + printable(name) +
                  " is a name that another value has");
    }
    return id;
  }

  void make_constant(ValueId id, Tensor tensor) {
    Value& value = graph().value(id);
    value.type = tensor.type;
    value.shape = tensor.shape;
    value.is_constant = true;
    value.is_filled = tensor.bytes.empty() && tensor.size() > 0;  // left unread
    if (!value.is_filled) value.data = std::move(tensor);
    state_.is_frozen[static_cast<size_t>(id)] = true;
  }

  void read_initializers() {
    if (proto_.sparse_initializer_size() > 0) {
      throw Error(state_.path + ": sparse_initializer = " +
                  printable(proto_.sparse_initializer(0).values().name()) + " is not supported");
    }
    TensorPlace place;
    place.folder = folder_;
    place.file = &file_.file;
    place.skips_weights = !options_.reads_weights;
    graph().has_weights = options_.reads_weights;
    for (int i = 0; i < proto_.initializer_size(); ++i) {
      onnx::TensorProto& tensor = *proto_.mutable_initializer(i);
      const ValueId id = declare_value(tensor.name(), "initializer");
      graph().value(id).bits = code_bits(element_type(tensor.data_type()));
      place.text = state_.path + ": initializer " + printable(tensor.name());
      place.raw_data = file_.raw_data[static_cast<size_t>(i)];
      make_constant(id, read_tensor(tensor, place));
    }
  }

  // An input with an initializer has a default value; nobody overrides it here.
  void read_inputs() {
    std::unordered_set<std::string> seen;
    for (const onnx::ValueInfoProto& info : proto_.input()) {
      if (!seen.insert(info.name()).second) {
        throw Error(state_.path + ": input = " + printable(info.name()) + " appears twice");
      }
      if (ids_.contains(info.name())) continue;
      const ValueId id = declare_value(info.name(), "input");
      if (const auto value = options_.input_values.find(info.name());
          value != options_.input_values.end()) {
        make_constant(id, value->second);
        graph().value(id).bits = code_bits(element_type(info.type().tensor_type().elem_type()));
        continue;
      }
      InputType input = read_input_type(info, options_, state_.path);
      takes_batch_ = takes_batch_ || input.takes_batch;
      graph().value(id).type = input.type;
      graph().value(id).bits = input.bits;
      graph().value(id).shape = std::move(input.shape);
      graph().inputs.push_back(id);
    }
  }

  bool is_input(const std::string& name) const {
    const auto known = ids_.find(name);
    return known != ids_.end() && !state_.graph.value(known->second).is_constant;
  }

  void check_options() const {
    std::string names;
    for (ValueId id : state_.graph.inputs) {
      names += (names.empty() ? "" : ", ") + printable(state_.graph.value(id).name);
    }
    for (const auto& [name, shape] : options_.input_shapes) {
      if (is_input(name)) continue;
      throw Error(state_.path + ": shape given for input = " + printable(name) +
                  " is for none of the inputs: " + names);
    }
    if (options_.batch != 1 && !takes_batch_) {
      throw Error(state_.path + ": batch = " + std::to_string(options_.batch) +
                  " needs an input whose first dimension is dynamic; inputs: " + names);
    }
  }

  std::string node_place(const onnx::NodeProto& proto, const Node& node) const {
    return state_.path + ": node " + printable(node.name) + " (" + printable(proto.op_type()) + ")";
  }

  // Names are optional and need not be unique in ONNX; here they identify layers.
  std::string unique_name(const onnx::NodeProto& proto, int index) {
    const std::string number = "_" + std::to_string(index);
    std::string name = proto.name().empty() ? proto.op_type() + number : proto.name();
    while (!node_names_.insert(name).second) name += number;
    return name;
  }

  void declare_node(int index) {
    onnx::NodeProto& proto = *proto_.mutable_node(index);
    Node node;
    node.op = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    node.name = unique_name(proto, index);
    const auto version = state_.opsets.find(node.domain);
    node.opset = version == state_.opsets.end() ? 0 : version->second;
    const std::string place = node_place(proto, node);
    if (find_operator(node.domain, node.op)) read_attributes(proto, place, folder_, node);
    for (const std::string& name : proto.output()) {
      node.outputs.push_back(
          name.empty() ? kNoValue : declare_value(name, "output of node " + printable(node.name)));
    }
    trim(node.outputs);
    if (node.outputs.empty()) throw Error(place + ": outputs = none");
    graph().nodes.push_back(std::move(node));
  }

  void connect_node(int index) {
    const onnx::NodeProto& proto = proto_.node(index);
    Node& node = graph().nodes[static_cast<size_t>(index)];
    for (int i = 0; i < proto.input_size(); ++i) {
      const std::string& name = proto.input(i);
      const auto known = ids_.find(name);
      if (!name.empty() && known == ids_.end()) {
        throw Error(node_place(proto, node) + ": input " + std::to_string(i) + " = " +
                    printable(name) + " is not the output of a node, an input or an initializer");
      }
      node.inputs.push_back(name.empty() ? kNoValue : known->second);
    }
    trim(node.inputs);
  }

  static void trim(std::vector<ValueId>& ids) {
    while (!ids.empty() && ids.back() == kNoValue) ids.pop_back();
  }

  void read_outputs() {
    std::unordered_set<std::string> seen;
    for (const onnx::ValueInfoProto& info : proto_.output()) {
      const auto known = ids_.find(info.name());
      if (known == ids_.end()) {
        throw Error(state_.path + ": output = " + printable(info.name()) +
                    " is not the output of a node, an input or an initializer");
      }
      if (!seen.insert(info.name()).second) {
        throw Error(state_.path + ": output = " + printable(info.name()) + " appears twice");
      }
      graph().outputs.push_back(known->second);
      state_.declared_output_types.push_back(declared_type(info));
    }
    if (graph().outputs.empty()) throw Error(state_.path + ": graph outputs = none");
  }

  ModelFile& file_;
  onnx::GraphProto& proto_;
  const ImportOptions& options_;
  ImportState& state_;
  const std::string folder_;
  std::unordered_map<std::string, ValueId> ids_;
  std::unordered_set<std::string> node_names_;
  bool takes_batch_ = false;
};

}  // namespace

void read_graph(ModelFile& file, const ImportOptions& options, ImportState& state) {
  if (options.batch < 1) {
    throw Error(state.path + ": batch = " + std::to_string(options.batch) + " is less than 1");
  }
  GraphReader(file, options, state).read();
}

}  // namespace qsim
