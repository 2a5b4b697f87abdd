// make_seeds FOLDER MODEL.onnx...: writes seeds to FOLDER/{npz,qprog,recipe,machine,space}: arrays
// of every type, the programs of those models that compile to little for the smallest machine,
// recipes, the named machines, and spaces.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "compiler/compile.h"
#include "compiler/dataset.h"
#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/error.h"
#include "hw/spec/machines.h"
#include "sim/engines/analytic/engine.h"

namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxSeedBytes = 48 * 1024;

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void write_arrays(const fs::path& folder) {
  using qsim::DataType;
  for (const DataType type :
       {DataType::kFloat, DataType::kDouble, DataType::kInt8, DataType::kUint8, DataType::kInt16,
        DataType::kInt32, DataType::kInt64, DataType::kBool}) {
    const std::string name = std::string(qsim::name_of(type)) + ".npz";
    qsim::save_npz((folder / name).string(),
                   {{"x", qsim::Tensor(type, {2, 3})}, {"y", qsim::Tensor(DataType::kInt64, {2})}});
  }
}

void write_recipes(const fs::path& folder) {
  write_text(folder / "all.json",
             R"({"weights": 4, "activations": 4, "input": 8, "outputs": 8, "layers": {)"
             R"("conv1": {"weights": 8, "activations": 8}}})");
  write_text(folder / "empty.json", "{}");
}

void write_spaces(const fs::path& folder) {
  write_text(folder / "grid.cfg",
             "machine = edge8 edge16\narray = 8x8 16x16 32x32\nbits = 8/8 4/8 4/4\n[buffers]\n"
             "act_kib = 32..256*2\n[memory]\nlatency_cycles = 20..100+40\n[recipe]\n"
             "calibrator = minmax percentile\n");
  write_text(
      folder / "points.cfg",
      "model = a.onnx b.onnx  # two\ndataflow = ws os\n[points]\n"
      "vector.lanes=8  memory.bytes_per_cycle=4\nvector.lanes=16  memory.bytes_per_cycle=8\n");
}

void write_program(const fs::path& folder, const std::string& model) {
  try {
    const qsim::IntegerNetwork network = qsim::quantize(qsim::import_onnx(model));
    const qsim::Arch arch = qsim::find_arch("tiny4");
    const qsim::Plan plan = qsim::make_plan(network, arch, qsim::segment_cycles);
    const fs::path model_path(model);
    const fs::path path = folder / (model_path.parent_path().filename().string() + "_" +
                                    model_path.stem().string() + ".qprog");
    qsim::save_program(qsim::emit(network, arch, plan), path.string());
    if (fs::file_size(path) > kMaxSeedBytes) fs::remove(path);
  } catch (const qsim::Error&) {
    // Not every model of the ONNX operator tests is for this tool.
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER MODEL.onnx...\n");
    return 2;
  }
  const fs::path folder(arguments[1]);
  for (const char* kind : {"npz", "qprog", "recipe", "machine", "space"}) {
    fs::create_directories(folder / kind);
  }
  write_arrays(folder / "npz");
  write_recipes(folder / "recipe");
  write_spaces(folder / "space");
  for (const qsim::NamedMachine& machine : qsim::named_machines()) {
    write_text(folder / "machine" / (machine.name + ".cfg"), machine.text);
  }
  for (int i = 2; i < count; ++i) write_program(folder / "qprog", arguments[i]);
  return 0;
}
