#include "compiler/onnx/import.h"

#include <onnx/onnx_pb.h>

#include <set>

#include "compiler/onnx/graph_reader.h"
#include "compiler/onnx/import_state.h"
#include "compiler/onnx/model_file.h"
#include "compiler/onnx/resolve.h"
#include "compiler/onnx/sort.h"
#include "compiler/onnx/tensor_reader.h"

namespace qsim {

Graph import_onnx(const std::string& path, const ImportOptions& options) {
  ImportState state;
  state.path = path;
  {
    const std::unique_ptr<ModelFile> file = read_model(path);
    state.opsets = read_versions(path, *file->model);
    read_graph(*file, options, state);
  }
  sort_topologically(state);
  remove_unneeded_nodes(state);
  resolve(state);
  remove_unneeded_nodes(state);
  remove_unneeded_values(state);
  state.graph.check();
  return std::move(state.graph);
}

std::vector<std::string> external_files(const std::string& path) {
  const std::unique_ptr<ModelFile> file = read_model(path);
  std::set<std::string> files;
  const auto add = [&](const onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return;
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") files.insert(folder_of(path) + "/" + entry.value());
    }
  };
  for (const onnx::TensorProto& tensor : file->model->graph().initializer()) add(tensor);
  for (const onnx::NodeProto& node : file->model->graph().node()) {
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_t()) add(attribute.t());
    }
  }
  return {files.begin(), files.end()};
}

Tensor read_onnx_tensor(const std::string& path, std::string* name) {
  onnx::TensorProto proto;
  parse_file(path, proto);
  if (name != nullptr) *name = proto.name();
  TensorPlace place;
  place.text = path + ": tensor " + printable(proto.name());
  place.folder = folder_of(path);
  return read_tensor(proto, place);
}

}  // namespace qsim
