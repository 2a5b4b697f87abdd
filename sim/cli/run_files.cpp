#include "sim/cli/run_files.h"

#include "compiler/dataset.h"
#include "compiler/onnx/import.h"
#include "sim/cli/recipe_file.h"

namespace qsim::cli {

void save_outputs(const std::string& path, const IntegerNetwork& network, const Samples& samples,
                  const Evaluation& evaluation) {
  std::map<std::string, Tensor> arrays;
  Tensor index(DataType::kInt64, {evaluation.accuracy->scored});
  std::copy_n(samples.scored.begin(), index.size(), index.data<int64_t>());
  arrays["index"] = std::move(index);
  for (size_t i = 0; i < network.outputs.size(); ++i) {
    arrays[network.tensor(network.outputs[i]).name] = evaluation.outputs[i];
  }
  save_npz(path, arrays);
}

FileStamp stamp_model(const std::string& path) {
  FileStamp stamp = stamp_file(path);
  if (path.ends_with(".qprog")) return stamp;
  std::string all = stamp.sha256;
  for (const std::string& file : external_files(path)) {
    const FileStamp part = stamp_file(file);
    stamp.size_bytes += part.size_bytes;
    all += "\n" + part.sha256;
  }
  if (all != stamp.sha256) stamp.sha256 = sha256_of(all);
  return stamp;
}

Manifest make_manifest(const RunRequest& request, const CompiledModel& model,
                       const EngineRow& engine, const EngineRow& value_engine) {
  Manifest manifest;
  manifest.version = qsim_version();
  manifest.command = request.command_line;
  if (engine.has_cycles) manifest.engine = engine.name;
  if (model.samples.data) manifest.value_engine = value_engine.name;
  manifest.model = stamp_model(request.model.path);
  manifest.arch_name = model.program.arch.name;
  manifest.arch_sha256 = sha256_of(to_text(model.program.arch));
  if (model.samples.data) manifest.data = stamp_file(model.samples.data->path);
  if (model.samples.calibration) {
    manifest.calibration = stamp_file(model.samples.calibration->path);
  }
  const std::string& recipe = request.model.recipe;
  if (is_recipe_text(recipe)) {
    manifest.recipe = {recipe, static_cast<int64_t>(recipe.size()), sha256_of(recipe)};
  } else if (!recipe.empty()) {
    manifest.recipe = stamp_file(recipe);
  }
  if (!request.prices.empty()) manifest.prices = stamp_file(request.prices);
  return manifest;
}

}  // namespace qsim::cli
