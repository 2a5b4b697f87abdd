// Imports of hand-made models, and what they complain about.
#pragma once

#include <string>

#include "compiler/onnx/import.h"
#include "hw/spec/error.h"
#include "tests/support/onnx_builder.h"

namespace qsim::test {

inline Graph import_model(const OnnxBuilder& model, const ImportOptions& options = {}) {
  const TempFolder folder;
  return import_onnx(model.save(folder.path() / "m.onnx"), options);
}

// The message of the Error that importing `path` throws, with "<folder>/m.onnx" as "m.onnx"; "no
// error" when there is none.
inline std::string error_of_file(const std::string& path, const ImportOptions& options = {}) {
  try {
    import_onnx(path, options);
  } catch (const Error& error) {
    const std::string folder = std::filesystem::path(path).parent_path().string() + "/";
    std::string text = error.what();
    for (size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
    return text;
  }
  return "no error";
}

inline std::string error_of(const OnnxBuilder& model, const ImportOptions& options = {}) {
  const TempFolder folder;
  return error_of_file(model.save(folder.path() / "m.onnx"), options);
}

// The value of that name; a failed test when there is none.
inline const Value& value_named(const Graph& graph, const std::string& name) {
  for (const Value& value : graph.values) {
    if (value.name == name) return value;
  }
  throw Error("test: no value " + name);
}

inline std::string shape_of(const Graph& graph, const std::string& name) {
  return to_text(value_named(graph, name).shape);
}

}  // namespace qsim::test
