#include <cstdio>

#include "compiler/onnx/export.h"
#include "hw/spec/error.h"
#include "sim/cli/insight.h"
#include "sim/cli/model_options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/recipe_file.h"

namespace qsim::cli {
namespace {

struct QuantizeOptions {
  ModelOptions model;
  InsightOptions insight;
  std::string output, recipe_out;
  bool packs_weights = false;
};

CommandLine make_line(QuantizeOptions& options) {
  CommandLine line{"quantize", "[OPTIONS] MODEL.onnx",
                   "Quantizes a network as run, compile and check do. The recipe that it writes "
                   "says everything that was\ndecided: with it the same network follows without "
                   "samples. Samples that calibrate: those of --calibrate,\nor a part of --data.\n",
                   options_group("Quantize")};
  line.options.add_options()  //
      ("output,o", po::value(&options.output)->value_name("FILE.onnx"),
       "write the quantized network: float operators between QuantizeLinear and "
       "DequantizeLinear")  //
      ("int4", po::bool_switch(&options.packs_weights),
       "write weights of 4 bits as int4 (opset 21); as bytes behind a Clip if not given")  //
      ("recipe-out", po::value(&options.recipe_out)->value_name("FILE.json"),
       "write the recipe with everything said, or what a search chose; - prints it");
  line.options.add(analyze_description(options.insight));
  line.options.add(search_description(options.insight));
  take_model(line, options.model, "score the first N samples alone");
  return line;
}

}  // namespace

int quantize_command(const Invocation& invocation) {
  QuantizeOptions options;
  CommandLine line = make_line(options);
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  const std::string& path = parsed.arguments[0];
  const ModelRequest request = options.model.request(path);
  check_insight(options.insight, request);
  const bool has_insight = options.insight.analyze || options.insight.search;
  if (has_insight && !options.output.empty()) {
    throw UsageError("--output: pass the recipe that --search writes to a run of its own");
  }
  if (options.insight.analyze && !options.recipe_out.empty())
    throw UsageError("--recipe-out: --analyze chooses no recipe; expected --search or neither");
  if (!has_insight && options.output.empty() && options.recipe_out.empty()) {
    throw UsageError("nothing to write: pass --output FILE.onnx or --recipe-out FILE.json");
  }
  if (options.output.empty() && options.packs_weights) throw UsageError("--int4 needs --output");
  if (path.ends_with(".qprog")) throw UsageError(path + " is quantized and compiled already");

  ProgressLine progress(options.model.progress);
  if (has_insight) {
    const std::optional<Recipe> chosen = run_insight(options.insight, request, progress);
    if (chosen && !options.recipe_out.empty()) write_file(options.recipe_out, to_json(*chosen));
    return 0;
  }
  const QuantizedModel model = quantize_model(request, progress);
  require_values(model.network, path);
  if (!options.recipe_out.empty()) {
    if (!model.stated) {
      throw Error("--recipe-out " + options.recipe_out + ": " + path +
                  " quantizes everything itself, so that no recipe can say anything");
    }
    write_file(options.recipe_out, to_json(*model.stated));
  }
  if (!options.output.empty()) {
    export_onnx(model.network, options.output, {.packs_weights = options.packs_weights});
  }
  return 0;
}

}  // namespace qsim::cli
