#include "sim/cli/preprocess_options.h"

#include <charconv>
#include <filesystem>

#include "hw/spec/error.h"
#include "sim/cli/command.h"

namespace qsim::cli {
namespace {

// "1.5,2,-3" or, with 'x', "224x224".
template <typename T>
std::vector<T> parse_numbers(const char* option, const std::string& text, char separator) {
  std::vector<T> numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  for (;;) {
    T number{};
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || (stop != end && *stop != separator)) {
      throw UsageError(std::string(option) + " = " + text + " is not numbers separated by '" +
                       separator + "'");
    }
    numbers.push_back(number);
    if (stop == end) return numbers;
    at = stop + 1;
  }
}

std::string one_of(const char* option, const std::string& text, const char* a, const char* b) {
  if (text == a || text == b) return text;
  throw UsageError(std::string(option) + " = " + text + " is neither " + a + " nor " + b);
}

}  // namespace

Preprocess read_preprocess(const std::string& npz_path, const SampleOptions& options) {
  std::filesystem::path json = options.preprocess;
  if (!json.empty() && !std::filesystem::exists(json)) {
    throw Error(options.preprocess + ": cannot be read");
  }
  // load_preprocess() takes the path of the data that the file stands beside.
  Preprocess preprocess =
      load_preprocess(json.empty() ? npz_path : json.replace_extension(".npz").string());
  if (!options.mean.empty()) preprocess.mean = parse_numbers<float>("--mean", options.mean, ',');
  if (!options.scale.empty()) {
    preprocess.scale = parse_numbers<float>("--scale", options.scale, ',');
  }
  if (!options.layout.empty()) {
    preprocess.layout = one_of("--layout", options.layout, "NCHW", "NHWC");
  }
  if (!options.channel_order.empty()) {
    preprocess.channel_order = one_of("--channel-order", options.channel_order, "RGB", "BGR");
  }
  if (!options.resize.empty()) {
    preprocess.resize = parse_numbers<int64_t>("--resize", options.resize, 'x');
    if (preprocess.resize.size() != 2 || preprocess.resize[0] < 1 || preprocess.resize[1] < 1 ||
        preprocess.resize[0] > 16384 || preprocess.resize[1] > 16384) {
      throw UsageError("--resize = " + options.resize +
                       " is not HEIGHTxWIDTH in [1, 16384], such as 224x224");
    }
  }
  return preprocess;
}

}  // namespace qsim::cli
