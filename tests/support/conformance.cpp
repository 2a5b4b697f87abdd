#include "tests/support/conformance.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <regex>

#include "compiler/float/executor.h"
#include "compiler/onnx/import.h"
#include "hw/spec/error.h"

namespace qsim::test {
namespace {

namespace fs = std::filesystem;

constexpr int kNoConstant = std::numeric_limits<int>::max();  // number of the first constant input

std::string op_of_model(const fs::path& file) {
  onnx::ModelProto model;
  std::ifstream in(file, std::ios::binary);
  if (!model.ParseFromIstream(&in) || model.graph().node_size() != 1) return "";
  const onnx::NodeProto& node = model.graph().node(0);
  const bool plain = node.domain().empty() || node.domain() == "ai.onnx";
  return (plain ? "" : node.domain() + ".") + node.op_type();
}

fs::path data_file(const fs::path& folder, int set, const char* kind, int number) {
  return folder / ("test_data_set_" + std::to_string(set)) /
         (kind + ("_" + std::to_string(number)) + ".pb");
}

bool is_float(DataType type) { return type == DataType::kFloat || type == DataType::kDouble; }

// As numpy.testing.assert_allclose with ONNX's tolerances; integers are exact.
std::string compare_elements(const Tensor& found, const Tensor& expected, bool is_bfloat16) {
  const std::vector<float> a = found.as_floats(), b = expected.as_floats();
  // What the file calls bfloat16 qsim keeps in float32.
  const float relative = is_bfloat16               ? 0x1p-7f
                         : is_float(expected.type) ? 1e-3f
                                                   : 0.0f,
              absolute = is_float(expected.type) ? 1e-7f : 0.0f;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    if (std::abs(a[i] - b[i]) <= absolute + relative * std::abs(b[i])) continue;
    return "element " + std::to_string(i) + " = " + std::to_string(a[i]) + " is not " +
           std::to_string(b[i]);
  }
  return "";
}

// ONNX 1.12 wrote bfloat16 data as the uint16 that hold their bits.
Tensor widened(const Tensor& data, DataType wanted) {
  if (data.type != DataType::kUint16 || wanted != DataType::kFloat) return data;
  Tensor result(DataType::kFloat, data.shape);
  for (int64_t i = 0; i < data.size(); ++i) {
    const uint32_t bits = uint32_t{data.data<uint16_t>()[i]} << 16;
    std::memcpy(result.data<float>() + i, &bits, sizeof bits);
  }
  return result;
}

// Data of an input: by name, else by number, for some sets hold no names. An input that nothing
// reads may have data of another shape, or none.
std::optional<Tensor> data_of_input(const Graph& graph, size_t number, const fs::path& folder,
                                    int set) {
  const Value& value = graph.value(graph.inputs[number]);
  if (value.consumers.empty()) return Tensor(value.type, value.shape);
  const std::map<std::string, Tensor> data = input_data(folder, 0, set);
  const auto found = data.find(value.name);
  if (found != data.end()) return widened(found->second, value.type);
  const fs::path file = data_file(folder, set, "input", static_cast<int>(number));
  if (!fs::exists(file)) return std::nullopt;
  return widened(read_onnx_tensor(file.string()), value.type);
}

// Runs the graph on the inputs it still has. "" when its outputs are those of the data set.
std::string compare_set(const Graph& graph, const fs::path& folder, int set) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const std::optional<Tensor> data = data_of_input(graph, i, folder, set);
    if (!data) return "no data for input " + graph.value(graph.inputs[i]).name;
    inputs.push_back(*data);
  }
  std::vector<Tensor> results(graph.outputs.size());
  const bool all_constant = std::all_of(graph.outputs.begin(), graph.outputs.end(),
                                        [&](ValueId id) { return graph.value(id).is_constant; });
  if (!all_constant) results = FloatExecutor(graph).run(inputs);
  for (size_t i = 0; i < results.size(); ++i) {
    const fs::path file = data_file(folder, set, "output", static_cast<int>(i));
    if (!fs::exists(file)) return i == 0 ? "no expected output" : "";
    const std::string place = "output " + std::to_string(i) + ": ";
    const Value& value = graph.value(graph.outputs[i]);
    const Tensor stored = read_onnx_tensor(file.string());
    const Tensor expected = widened(stored, value.type);
    if (value.is_constant) results[i] = constant_tensor(value);
    if (value.type != expected.type || value.shape != expected.shape) {
      return place + name_of(value.type) + " " + to_text(value.shape) + " is not " +
             name_of(expected.type) + " " + to_text(expected.shape);
    }
    const std::string difference =
        compare_elements(results[i], expected, stored.type != expected.type);
    if (!difference.empty()) return place + difference;
  }
  return "";
}

// "m.onnx: 1 unsupported operator: Mul of int8 (1 node, first n)" -> "Mul of int8"
std::string reason_of(std::string text, const fs::path& folder) {
  for (size_t at; (at = text.find(folder.string() + "/")) != std::string::npos;)
    text.erase(at, folder.string().size() + 1);
  static const std::regex list("^model\\.onnx: \\d+ unsupported operators?: "),
      nodes(" \\(\\d+ nodes?, first [^()]*\\)"), node("^model\\.onnx: node [^ ]* \\((\\S*)\\): "),
      file("^model\\.onnx: ");
  text = std::regex_replace(text, list, "");
  text = std::regex_replace(text, nodes, "");
  text = std::regex_replace(text, node, "$1: ");
  return std::regex_replace(text, file, "");
}

// Imports with the inputs from number `first_constant` on as constants.
Outcome try_case(const ConformanceCase& c, int first_constant) {
  Outcome outcome;
  ImportOptions options;
  options.input_values = input_data(c.folder, first_constant);
  try {
    outcome.graph = import_onnx((c.folder / "model.onnx").string(), options);
  } catch (const Error& error) {
    const std::string text = error.what();
    const bool is_clear = text.starts_with((c.folder / "model.onnx").string() + ": ") &&
                          text.find('\n') == std::string::npos && !text.ends_with(": ");
    outcome.verdict = is_clear ? Verdict::kRefused : Verdict::kFailed;
    outcome.text = is_clear ? reason_of(text, c.folder) : "not a clear error: " + text;
    return outcome;
  }
  const bool all_constant =
      std::all_of(outcome.graph.outputs.begin(), outcome.graph.outputs.end(),
                  [&](ValueId id) { return outcome.graph.value(id).is_constant; });
  outcome.verdict = all_constant ? Verdict::kFolded : Verdict::kRun;
  // Later sets have other constants: they are compared when none was given.
  const bool has_constants = first_constant < kNoConstant;
  for (int set = 0; fs::exists(data_file(c.folder, set, "output", 0)); ++set) {
    if (set > 0 && has_constants) break;
    outcome.text = compare_set(outcome.graph, c.folder, set);
    if (outcome.text.empty()) continue;
    outcome.verdict = Verdict::kFailed;
    break;
  }
  return outcome;
}

}  // namespace

fs::path debian_onnx_data() { return "/usr/share/libonnx-testdata/data"; }

std::vector<ConformanceCase> conformance_cases(const fs::path& root) {
  std::vector<ConformanceCase> cases;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() != "model.onnx") continue;
    cases.push_back({entry.path().parent_path(), op_of_model(entry.path())});
  }
  std::sort(cases.begin(), cases.end(), [](const ConformanceCase& a, const ConformanceCase& b) {
    return a.folder.string() < b.folder.string();
  });
  return cases;
}

std::map<std::string, Tensor> input_data(const fs::path& folder, int first, int set) {
  std::map<std::string, Tensor> data;
  for (int i = first; fs::exists(data_file(folder, set, "input", i)); ++i) {
    std::string name;
    const Tensor tensor = read_onnx_tensor(data_file(folder, set, "input", i).string(), &name);
    data[name] = tensor;
  }
  return data;
}

Outcome run_conformance_case(const ConformanceCase& c) {
  constexpr int kAllButFirst = 1, kAll = 0;
  std::optional<Outcome> refusal;
  for (int first_constant : {kNoConstant, kAllButFirst, kAll}) {
    try {
      Outcome outcome = try_case(c, first_constant);
      if (outcome.verdict != Verdict::kRefused) return outcome;
      if (first_constant != kAll) refusal = std::move(outcome);
    } catch (const Error& error) {
      // Data that are no tensors of ours (sequences, strings): the first try's refusal stands.
      if (!refusal) return {Verdict::kFailed, std::string("error: ") + error.what()};
      break;
    } catch (const std::exception& error) {
      return {Verdict::kFailed, std::string("exception: ") + error.what()};
    }
  }
  return *refusal;
}

int ConformanceSuite::count(Verdict verdict) const {
  return static_cast<int>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [verdict](const Outcome& outcome) { return outcome.verdict == verdict; }));
}

}  // namespace qsim::test
