#include "compiler/dataset.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "hw/spec/error.h"

namespace qsim {
namespace {

// One sample as h x w x c floats, whatever its layout; h = w = 1 for samples without an image
// shape.
struct Image {
  int64_t h = 1, w = 1, c = 1;
  std::vector<float> values;  // [h][w][c]
};

template <typename T>
T read_key(const std::string& place, const nlohmann::json& value) {
  try {
    return value.get<T>();
  } catch (const nlohmann::json::exception&) {
    throw Error(place + " = " + value.dump() + " has the wrong type");
  }
}

std::vector<float> read_floats(const std::string& place, const nlohmann::json& value) {
  if (value.is_number()) return {value.get<float>()};
  const auto values = read_key<std::vector<float>>(place, value);
  if (values.empty()) throw Error(place + " = [] needs one value, or one per channel");
  return values;
}

void expect_one_of(const std::string& place, const std::string& value, const char* a,
                   const char* b) {
  if (value != a && value != b)
    throw Error(place + " = " + value + " is neither " + a + " nor " + b);
}

Image to_image(const float* values, const Shape& sample, bool channels_last) {
  Image image;
  if (sample.size() == 3) {
    image.c = channels_last ? sample[2] : sample[0];
    image.h = channels_last ? sample[0] : sample[1];
    image.w = channels_last ? sample[1] : sample[2];
  } else {
    image.c = element_count(sample);
  }
  image.values.assign(values, values + element_count(sample));
  if (sample.size() != 3 || channels_last) return image;
  float* to = image.values.data();
  for (int64_t c = 0, pixels = image.h * image.w; c < image.c; ++c) {
    for (int64_t i = 0; i < pixels; ++i) to[i * image.c + c] = *values++;
  }
  return image;
}

Image resize(const Image& image, int64_t h, int64_t w) {
  Image out{h, w, image.c, std::vector<float>(static_cast<size_t>(h * w * image.c))};
  // Source position of a half-pixel centre, its lower neighbour, and the weight of the upper one.
  auto locate = [](int64_t i, int64_t to, int64_t from, int64_t& low, float& weight) {
    const double at = std::clamp(
        (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5,
        0.0, static_cast<double>(from - 1));
    low = std::min(static_cast<int64_t>(at), std::max<int64_t>(from - 2, 0));
    weight = static_cast<float>(at - static_cast<double>(low));
  };
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      int64_t y0, x0;
      float wy, wx;
      locate(y, h, image.h, y0, wy);
      locate(x, w, image.w, x0, wx);
      const int64_t y1 = std::min(y0 + 1, image.h - 1), x1 = std::min(x0 + 1, image.w - 1);
      for (int64_t c = 0; c < image.c; ++c) {
        auto at = [&](int64_t yy, int64_t xx) {
          return image.values[static_cast<size_t>((yy * image.w + xx) * image.c + c)];
        };
        const float top = at(y0, x0) + (at(y0, x1) - at(y0, x0)) * wx;
        const float bottom = at(y1, x0) + (at(y1, x1) - at(y1, x0)) * wx;
        out.values[static_cast<size_t>((y * w + x) * image.c + c)] = top + (bottom - top) * wy;
      }
    }
  }
  return out;
}

void check_lists(const Preprocess& how, size_t channels) {
  for (const auto& [name, list] : {std::pair("mean", &how.mean), std::pair("scale", &how.scale)}) {
    if (list->size() != 1 && list->size() != channels) {
      throw Error(std::string("preprocessing: ") + name + " has " + std::to_string(list->size()) +
                  " values for " + std::to_string(channels) + " channels");
    }
  }
}

void check_size(int64_t elements, const Shape& wanted) {
  if (element_count(wanted) == elements) return;
  throw Error("data: a sample of " + std::to_string(elements) +
              " elements does not fit a network input of " + to_text(wanted) + " per sample");
}

void normalise(const Preprocess& how, bool has_channels, Image& image) {
  if (has_channels && how.channel_order == "BGR") {
    for (int64_t i = 0; i < image.h * image.w; ++i) {
      std::reverse(image.values.begin() + i * image.c, image.values.begin() + (i + 1) * image.c);
    }
  }
  const size_t channels = has_channels ? static_cast<size_t>(image.c) : 1;
  check_lists(how, channels);
  for (size_t c = 0; c < channels; ++c) {
    const float mean = how.mean[how.mean.size() == 1 ? 0 : c];
    const float scale = how.scale[how.scale.size() == 1 ? 0 : c];
    for (size_t i = c; i < image.values.size(); i += channels) {
      image.values[i] = (image.values[i] - mean) * scale;
    }
  }
}

bool wants_channels_last(int64_t c, int64_t h, int64_t w, const Shape& wanted) {
  return wanted == Shape{h, w, c} && wanted != Shape{c, h, w};
}

// What normalise() and place() make of a sample whose channels come first and stay there, without
// moving them twice.
void normalise_planes(const Preprocess& how, const float* values, const Shape& sample,
                      const Shape& wanted, float* out) {
  const int64_t channels = sample[0], pixels = sample[1] * sample[2];
  check_lists(how, static_cast<size_t>(channels));
  check_size(channels * pixels, wanted);
  for (int64_t c = 0; c < channels; ++c) {
    const auto at = static_cast<size_t>(c);
    const float mean = how.mean[how.mean.size() == 1 ? 0 : at];
    const float scale = how.scale[how.scale.size() == 1 ? 0 : at];
    const float* from = values + (how.channel_order == "BGR" ? channels - 1 - c : c) * pixels;
    for (int64_t i = 0; i < pixels; ++i) *out++ = (from[i] - mean) * scale;
  }
}

// Copies the image into a network sample of dimensions `wanted` (batch dropped).
void place(const Image& image, bool has_channels, const Shape& wanted, float* out) {
  check_size(static_cast<int64_t>(image.values.size()), wanted);
  if (!has_channels || wants_channels_last(image.c, image.h, image.w, wanted)) {
    std::copy(image.values.begin(), image.values.end(), out);
    return;
  }
  // NCHW, and every shape of equal size that is neither: the order in which ONNX lists an image.
  const int64_t pixels = image.h * image.w;
  for (int64_t c = 0; c < image.c; ++c) {
    for (int64_t i = 0; i < pixels; ++i) {
      *out++ = image.values[static_cast<size_t>(i * image.c + c)];
    }
  }
}

}  // namespace

Preprocess load_preprocess(const std::string& npz_path) {
  const std::string path = std::filesystem::path(npz_path).replace_extension(".json").string();
  Preprocess how;
  std::ifstream file(path);
  if (!file) return how;
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) throw Error(path + ": is not a JSON object");
  for (const auto& [key, value] : json.items()) {
    const std::string at = path + ": " + key;
    if (key == "layout") {
      how.layout = read_key<std::string>(at, value);
    } else if (key == "mean") {
      how.mean = read_floats(at, value);
    } else if (key == "scale") {
      how.scale = read_floats(at, value);
    } else if (key == "channel_order") {
      how.channel_order = read_key<std::string>(at, value);
    } else if (key == "resize") {
      how.resize = read_key<std::vector<int64_t>>(at, value);
      if (how.resize.size() != 2 || how.resize[0] < 1 || how.resize[1] < 1 ||
          how.resize[0] > 16384 || how.resize[1] > 16384) {
        throw Error(at + " = " + value.dump() + " is not [height, width] in [1, 16384]");
      }
    } else {
      throw Error(at + " is not one of layout, mean, scale, channel_order, resize");
    }
  }
  expect_one_of(path + ": layout", how.layout, "NCHW", "NHWC");
  expect_one_of(path + ": channel_order", how.channel_order, "RGB", "BGR");
  return how;
}

Tensor make_input(const Dataset& dataset, const Preprocess& preprocess,
                  std::span<const int64_t> indices, const Shape& wanted) {
  if (wanted.empty()) throw Error("data: the network's input is a scalar");
  const Shape sample(dataset.x.shape.begin() + 1, dataset.x.shape.end());
  const Shape wanted_sample(wanted.begin() + 1, wanted.end());
  const int64_t in_size = element_count(sample), out_size = element_count(wanted_sample);
  Shape shape = wanted;
  shape[0] = static_cast<int64_t>(indices.size());
  Tensor result(DataType::kFloat, shape);
  Tensor one(dataset.x.type, sample);
  const bool has_channels = sample.size() == 3;
  const bool stays = has_channels && preprocess.resize.empty() && preprocess.layout != "NHWC" &&
                     !wants_channels_last(sample[0], sample[1], sample[2], wanted_sample);
  const bool is_float = dataset.x.type == DataType::kFloat;
  for (size_t i = 0; i < indices.size(); ++i) {
    const int64_t index = indices[i];
    if (index < 0 || index >= dataset.size()) {
      throw Error("data: sample " + std::to_string(index) + " is outside [0, " +
                  std::to_string(dataset.size()) + ")");
    }
    std::vector<float> converted;
    const float* values = nullptr;
    if (is_float) {
      values = dataset.x.data<float>() + index * in_size;
    } else {
      const size_t bytes = static_cast<size_t>(in_size) * size_of(dataset.x.type);
      std::copy_n(dataset.x.bytes.begin() + index * static_cast<int64_t>(bytes), bytes,
                  one.bytes.begin());
      converted = one.as_floats();
      values = converted.data();
    }
    float* out = result.data<float>() + static_cast<int64_t>(i) * out_size;
    if (stays) {
      normalise_planes(preprocess, values, sample, wanted_sample, out);
      continue;
    }
    Image image = to_image(values, sample, preprocess.layout == "NHWC");
    if (has_channels && !preprocess.resize.empty())
      image = resize(image, preprocess.resize[0], preprocess.resize[1]);
    normalise(preprocess, has_channels, image);
    place(image, has_channels, wanted_sample, out);
  }
  return result;
}

Tensor make_input(const Dataset& dataset, const Preprocess& preprocess, int64_t first,
                  int64_t count, const Shape& wanted) {
  std::vector<int64_t> indices(static_cast<size_t>(std::max<int64_t>(count, 0)));
  std::iota(indices.begin(), indices.end(), first);
  return make_input(dataset, preprocess, indices, wanted);
}

Split split(int64_t n, int64_t calibration_count, uint64_t seed) {
  if (calibration_count < 0 || calibration_count > n) {
    throw Error("data: calibration samples = " + std::to_string(calibration_count) +
                " is outside [0, " + std::to_string(n) + "]");
  }
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  // SplitMix64 (Steele, Lea, Flood 2014) and Fisher-Yates: std::shuffle differs between libraries.
  uint64_t state = seed;
  auto next = [&state] {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[next() % i]);
  Split result{{order.begin(), order.begin() + calibration_count},
               {order.begin() + calibration_count, order.end()}};
  std::sort(result.calibration.begin(), result.calibration.end());
  std::sort(result.scored.begin(), result.scored.end());
  return result;
}

}  // namespace qsim
