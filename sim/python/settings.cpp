#include "sim/python/settings.h"

#include <pybind11/stl.h>

#include <thread>

#include "hw/spec/error.h"

namespace qsim::python {
namespace {

namespace py = pybind11;

void require_at_least(const char* name, int64_t value, int64_t least) {
  if (value >= least) return;
  throw Error(std::string(name) + " = " + std::to_string(value) + " is less than " +
              std::to_string(least));
}

cli::SampleOptions sample_options(const py::dict& settings) {
  cli::SampleOptions options;
  options.data = text_in(settings, "data");
  options.calibrate = text_in(settings, "calibrate");
  options.preprocess = text_in(settings, "preprocess");
  options.calibration_samples = number_in(settings, "calibration_samples", -1);
  options.limit = number_in(settings, "limit", 0);
  options.seed = static_cast<uint64_t>(number_in(settings, "seed", 1));
  require_at_least("limit", options.limit, 0);
  require_at_least("calibration_samples", options.calibration_samples, -1);
  return options;
}

int64_t batch_in(const py::dict& settings) {
  const int64_t batch = number_in(settings, "batch", 1);
  require_at_least("batch", batch, 1);
  return batch;
}

// The value of a setting, which `expected` describes.
template <typename T>
T value_in(const py::dict& settings, const char* name, const char* expected) {
  try {
    return settings[name].cast<T>();
  } catch (const py::cast_error&) {
    throw Error(std::string(name) + " = " + py::repr(settings[name]).cast<std::string>() +
                " is not " + expected);
  }
}

std::map<std::string, Shape> shapes_in(const py::dict& settings) {
  if (!settings.contains("input_shapes")) return {};
  return value_in<std::map<std::string, Shape>>(settings, "input_shapes",
                                                "a dictionary like {'x': [1, 3, 224, 224]}");
}

// The call as Python reads it: qsim.run('net.onnx', prices='my.cfg').
std::string call_text(const char* function, const py::dict& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    const auto key = name.cast<std::string>();
    text += (text.empty() ? "" : ", ") + (key == "model" ? "" : key + "=") +
            py::repr(value).cast<std::string>();
  }
  return std::string(function) + "(" + text + ")";
}

}  // namespace

bool flag_in(const py::dict& settings, const char* name) {
  return settings.contains(name) && value_in<bool>(settings, name, "True or False");
}

std::string text_in(const py::dict& settings, const char* name) {
  return settings.contains(name) ? value_in<std::string>(settings, name, "text") : "";
}

int64_t number_in(const py::dict& settings, const char* name, int64_t otherwise) {
  return settings.contains(name) ? value_in<int64_t>(settings, name, "a whole number") : otherwise;
}

cli::MachineOptions machine_options(const py::dict& settings) {
  cli::MachineOptions options;
  options.arch = text_in(settings, "machine");
  if (!settings.contains("overrides")) return options;
  const auto overrides = value_in<std::map<std::string, py::object>>(
      settings, "overrides", "a dictionary like {'array.rows': 8}");
  for (const auto& [key, value] : overrides) {
    options.keys.emplace_back(key, py::str(value).cast<std::string>());
  }
  return options;
}

cli::ModelRequest model_request(const py::dict& settings) {
  cli::ModelRequest request;
  request.path = text_in(settings, "model");
  request.machine = machine_options(settings);
  request.samples = sample_options(settings);
  request.batch = batch_in(settings);
  request.input_shapes = shapes_in(settings);
  request.recipe = text_in(settings, "recipe");
  request.calibrator = text_in(settings, "calibrator");
  return request;
}

cli::RunRequest run_request(const py::dict& settings) {
  cli::RunRequest request;
  request.model = model_request(settings);
  request.engine = text_in(settings, "engine");
  request.save_outputs = text_in(settings, "save_outputs");
  const auto processors = static_cast<int64_t>(std::thread::hardware_concurrency());
  const int64_t threads = number_in(settings, "threads", 0);
  request.threads = static_cast<int>(threads > 0 ? threads : std::max<int64_t>(1, processors));
  request.prices = text_in(settings, "prices");
  request.skip_float = flag_in(settings, "skip_float");
  request.command_line = call_text("qsim.run", settings);
  return request;
}

cli::EvaluatorOptions evaluator_options(const py::dict& settings) {
  return {sample_options(settings), batch_in(settings), shapes_in(settings),
          flag_in(settings, "skip_float"), text_in(settings, "prices")};
}

}  // namespace qsim::python
