// .npy arrays inside a zip archive: NEP 1, numpy.lib.format.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "compiler/dataset.h"
#include "compiler/zip_archive.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

using Bytes = std::vector<uint8_t>;

struct Type {
  const char* descr;
  DataType type;
};
constexpr Type kTypes[] = {
    {"<f4", DataType::kFloat}, {"<f8", DataType::kDouble}, {"|i1", DataType::kInt8},
    {"|u1", DataType::kUint8}, {"<i2", DataType::kInt16},  {"<u2", DataType::kUint16},
    {"<i4", DataType::kInt32}, {"<u4", DataType::kUint32}, {"<i8", DataType::kInt64},
    {"<u8", DataType::kInt64}, {"|b1", DataType::kBool},   {"<f2", DataType::kUndefined}};

float widen_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 31, fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t bits =
      exponent == 31 ? 0x7f800000 | fraction << 13 : (exponent + 112) << 23 | fraction << 13;
  return std::bit_cast<float>(sign | bits);
}

class Npy {
 public:
  Npy(const std::string& place, std::span<const uint8_t> bytes) : place_(place), bytes_(bytes) {}

  Tensor read() {
    const size_t data = read_header();
    if (value_of("fortran_order") != "False") fail("is in Fortran order; save it in C order");
    const std::string descr = value_of("descr");
    if (descr.size() == 3 && descr[0] == '>') fail("descr = " + descr + " is big-endian");
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const Type& t) { return descr == t.descr; });
    if (type == std::end(kTypes)) fail("descr = " + descr + " is not a supported type");
    const Shape shape = read_shape();
    const size_t item = static_cast<size_t>(descr[2] - '0');
    if (static_cast<uint64_t>(element_count(shape)) != (bytes_.size() - data) / item ||
        (bytes_.size() - data) % item != 0) {
      fail("shape " + to_text(shape) + " and its " + std::to_string(bytes_.size() - data) +
           " bytes disagree");
    }
    return convert(type->type, descr, shape, bytes_.data() + data);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(place_ + ": " + what); }

  size_t read_header() {
    if (bytes_.size() < 12 || std::memcmp(bytes_.data(), "\x93NUMPY", 6) != 0)
      fail("is not a .npy array");
    const int version = bytes_[6];
    if (version < 1 || version > 3)
      fail(".npy version = " + std::to_string(version) + " is outside [1, 3]");
    const size_t start = version == 1 ? 10 : 12;
    size_t length = 0;
    for (size_t i = start; i-- > 8;) length = length << 8 | bytes_[i];
    if (length > bytes_.size() - start) fail("is truncated");
    header_.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(start),
                   bytes_.begin() + static_cast<std::ptrdiff_t>(start + length));
    return start + length;
  }

  // The text of a key's value in the header's dictionary, without quotes or outer parentheses.
  std::string value_of(const std::string& key) const {
    size_t at = header_.find("'" + key + "'");
    at = at == std::string::npos ? at : header_.find(':', at);
    at = at == std::string::npos ? at : header_.find_first_not_of(' ', at + 1);
    if (at == std::string::npos) fail("header has no " + key);
    const char first = header_[at];
    const char* stop = first == '(' ? ")" : first == '\'' ? "'" : ",}";
    if (first == '(' || first == '\'') ++at;
    const size_t end = header_.find_first_of(stop, at);
    if (end == std::string::npos) fail("header is damaged");
    return header_.substr(at, end - at);
  }

  Shape read_shape() const {
    Shape shape;
    int64_t dim = -1;
    for (const char c : value_of("shape") + ",") {
      if (c >= '0' && c <= '9') {
        dim = std::max<int64_t>(dim, 0) * 10 + (c - '0');
        if (dim > int64_t{1} << 40) fail("has a dimension above 2^40");
      } else if (c == ',') {
        if (dim >= 0) shape.push_back(dim);
        dim = -1;
      } else if (c != ' ') {
        fail("shape (" + value_of("shape") + ") is not a list of integers");
      }
    }
    int64_t count = 1;
    for (const int64_t size : shape) {
      if (size != 0 && count > (int64_t{1} << 40) / size) fail("has more than 2^40 elements");
      count *= size;
    }
    return shape;
  }

  Tensor convert(DataType type, const std::string& descr, const Shape& shape,
                 const uint8_t* data) const {
    const bool half = type == DataType::kUndefined;
    Tensor tensor;
    if (!half) {
      tensor.type = type;
      tensor.shape = shape;
      tensor.bytes.assign(data, bytes_.data() + bytes_.size());
    } else {
      tensor = Tensor(DataType::kFloat, shape);
      for (int64_t i = 0; i < tensor.size(); ++i) {
        uint16_t bits;
        std::memcpy(&bits, data + 2 * i, 2);
        tensor.data<float>()[i] = widen_half(bits);
      }
    }
    if (descr == "<u8" &&
        std::any_of(tensor.data<int64_t>(), tensor.data<int64_t>() + tensor.size(),
                    [](int64_t v) { return v < 0; })) {
      fail("holds a uint64 above 2^63 - 1");
    }
    return tensor;
  }

  std::string place_;
  std::span<const uint8_t> bytes_;
  std::string header_;
};

Bytes write_npy(const std::string& place, const Tensor& tensor) {
  const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const Type& t) { return t.type == tensor.type; });
  if (tensor.type == DataType::kUndefined || type == std::end(kTypes)) {
    throw Error(place + ": a tensor of type " + name_of(tensor.type) + " cannot be saved");
  }
  std::string header =
      std::string("{'descr': '") + type->descr + "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : tensor.shape) header += std::to_string(dim) + ",";
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  Bytes out = {0x93,
               'N',
               'U',
               'M',
               'P',
               'Y',
               1,
               0,
               static_cast<uint8_t>(header.size()),
               static_cast<uint8_t>(header.size() >> 8)};
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), tensor.bytes.begin(), tensor.bytes.end());
  return out;
}

}  // namespace

std::map<std::string, Tensor> load_arrays(const std::string& path) {
  std::map<std::string, Tensor> arrays;
  const ZipArchive archive = read_zip(path);
  for (const auto& [name, bytes] : archive.members) {
    if (!name.ends_with(".npy")) throw Error(path + ": " + name + ": is not a .npy array");
    const std::string key = name.substr(0, name.size() - 4);
    arrays[key] = Npy(path + ": " + key, bytes).read();
  }
  return arrays;
}

void save_npz(const std::string& path, const std::map<std::string, Tensor>& arrays) {
  std::map<std::string, Bytes> members;
  for (const auto& [name, tensor] : arrays)
    members[name + ".npy"] = write_npy(path + ": " + name, tensor);
  write_zip(path, members);
}

Dataset load_npz(const std::string& path) {
  auto arrays = load_arrays(path);
  const auto x = arrays.find("x");
  if (x == arrays.end()) throw Error(path + ": has no array x");
  Dataset dataset{std::move(x->second), {}};
  if (dataset.x.shape.empty())
    throw Error(path + ": x is a scalar, not samples along its first dimension");
  const auto y = arrays.find("y");
  if (y == arrays.end()) return dataset;
  if (y->second.type == DataType::kFloat || y->second.type == DataType::kDouble) {
    throw Error(path + ": y = " + name_of(y->second.type) + " is not an integer type");
  }
  dataset.y = y->second.as_ints();
  if (static_cast<int64_t>(dataset.y.size()) != dataset.size()) {
    throw Error(path + ": y has " + std::to_string(dataset.y.size()) + " labels for " +
                std::to_string(dataset.size()) + " samples");
  }
  return dataset;
}

}  // namespace qsim
