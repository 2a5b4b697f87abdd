#include "sim/cli/model_options.h"

#include <charconv>

namespace qsim::cli {
namespace {

// "data=1x3x224x224"
std::pair<std::string, Shape> parse_input_shape(const std::string& text) {
  const size_t equals = text.rfind('=');
  Shape shape;
  const char* at = text.data() + (equals == std::string::npos ? text.size() : equals + 1);
  const char* end = text.data() + text.size();
  while (at < end) {
    int64_t size = 0;
    const auto [stop, error] = std::from_chars(at, end, size);
    if (error != std::errc() || size < 1 || (stop != end && *stop != 'x')) break;
    shape.push_back(size);
    at = stop == end ? end : stop + 1;
    if (stop == end) return {text.substr(0, equals), shape};
  }
  throw UsageError("--input-shape = " + text + " is not NAME=SIZExSIZE..., such as x=1x3x32x32");
}

void require_at_least(const char* option, int64_t value, int64_t least) {
  if (value >= least) return;
  throw UsageError(std::string(option) + " = " + std::to_string(value) + " is less than " +
                   std::to_string(least));
}

}  // namespace

po::options_description options_group(const std::string& title) {
  return po::options_description(title, 100, 58);
}

po::options_description shape_description(ModelOptions& options) {
  po::options_description description = options_group("Network");
  description.add_options()  //
      ("batch", po::value(&options.batch)->value_name("N"),
       "batch where the model leaves it open; 1 if not given")  //
      ("input-shape", po::value(&options.input_shapes)->value_name("NAME=SHAPE"),
       "shape of an input with other open dimensions, such as x=1x3x32x32");
  return description;
}

po::options_description network_description(ModelOptions& options) {
  po::options_description description = shape_description(options);
  description.add_options()  //
      ("recipe", po::value(&options.recipe)->value_name("FILE.json|JSON"),
       "bits of codes and weights, 2 to 8, and methods of quantization, for what the model does "
       "not quantize itself: a file, or its content; 8 bits if not given");
  return description;
}

po::options_description sample_description(ModelOptions& options, const char* limit_text) {
  po::options_description description = options_group("Samples (.npz: x, and y for labels)");
  if (limit_text) {
    description.add_options()  //
        ("data", po::value(&options.samples.data)->value_name("FILE.npz"),
         "compute values on these samples; preprocessing in FILE.json beside it")  //
        ("limit", po::value(&options.samples.limit)->value_name("N"), limit_text);
  }
  description.add_options()  //
      ("calibrate", po::value(&options.samples.calibrate)->value_name("FILE.npz"),
       "measure activation ranges on these samples, for what the model leaves open");
  description.add_options()  //
      ("calibrator", po::value(&options.calibrator)->value_name("NAME"),
       "how ranges follow from samples: minmax, moving-average, percentile (or percentile:99.9), "
       "mse, entropy; minmax if neither this nor the recipe says so");
  if (limit_text) {
    description.add_options()  //
        ("calibration-samples", po::value(&options.samples.calibration_samples)->value_name("N"),
         "calibrate on N samples of --data, which are then not scored; if not given, a quarter of "
         "them (at most 64) when the model needs it");
  }
  description.add_options()  //
      ("seed", po::value(&options.samples.seed)->value_name("N"),
       "of everything random: which samples calibrate, inputs without samples; 1 if not given");
  return description;
}

po::options_description preprocess_description(ModelOptions& options) {
  po::options_description description =
      options_group("Preprocessing: resize, reorder channels, then (x - mean) * scale");
  SampleOptions& samples = options.samples;
  description.add_options()  //
      ("preprocess", po::value(&samples.preprocess)->value_name("FILE.json"),
       "keys layout, mean, scale, channel_order, resize; the .json beside the samples if not "
       "given")                                                                           //
      ("mean", po::value(&samples.mean)->value_name("X,..."), "one, or one a channel")    //
      ("scale", po::value(&samples.scale)->value_name("X,..."), "one, or one a channel")  //
      ("layout", po::value(&samples.layout)->value_name("NCHW|NHWC"), "of the samples")   //
      ("channel-order", po::value(&samples.channel_order)->value_name("RGB|BGR"),
       "that the network expects of RGB samples")  //
      ("resize", po::value(&samples.resize)->value_name("HxW"), "bilinear");
  return description;
}

po::options_description dump_description(ModelOptions& options) {
  po::options_description description = options_group("Insight");
  description.add_options()  //
      ("dump", po::value(&options.dumps)->value_name("STAGE,..."),
       "print stages of compilation: graph, network, plan, program")  //
      ("dump-to", po::value(&options.dump_folder)->value_name("FOLDER"),
       "write them to FOLDER/STAGE.txt instead")  //
      ("progress", po::bool_switch(&options.progress),
       "report progress on stderr even when it is no terminal");
  return description;
}

void take_model(CommandLine& line, ModelOptions& options, const char* limit_text) {
  line.options.add(machine_description(options.machine));
  line.options.add(network_description(options));
  line.options.add(sample_description(options, limit_text));
  line.options.add(preprocess_description(options));
  line.options.add(dump_description(options));
  line.takes_machine_keys = true;
  line.machine = &options.machine;
  line.arguments = {"a model"};
  line.required = 1;
}

ModelRequest ModelOptions::request(const std::string& path) const {
  require_at_least("--batch", batch, 1);
  require_at_least("--limit", samples.limit, 0);
  require_at_least("--calibration-samples", samples.calibration_samples, -1);
  ModelRequest request;
  request.path = path;
  request.machine = machine;
  request.samples = samples;
  request.batch = batch;
  for (const std::string& text : input_shapes) {
    request.input_shapes.insert(parse_input_shape(text));
  }
  request.recipe = recipe;
  request.calibrator = calibrator;
  request.dump = Dump(dumps, dump_folder);
  return request;
}

}  // namespace qsim::cli
