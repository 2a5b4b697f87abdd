#include "sim/price/price_table.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "hw/spec/error.h"

namespace qsim {
namespace {

struct EmbeddedFile {
  const char* name;
  const char* text;
};

constexpr EmbeddedFile kFiles[] = {
#include "embedded_prices.inc"
};

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string short_text(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

class Reader {
 public:
  Reader(const std::string& text, const std::string& place) : place_(place) { table_.text = text; }

  PriceTable run() {
    std::istringstream lines(table_.text);
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      line = trimmed(line);
      if (number_ == 1 && line.starts_with("# ")) table_.summary = line.substr(2);
      if (!line.empty() && line[0] != '#') take(line);
    }
    if (table_.name.empty()) throw Error(place_ + ": node.name is missing");
    for (const PriceKey& key : price_keys()) {
      if (!seen_.contains(key.section + "." + key.key)) {
        throw Error(place_ + ": " + key.section + "." + key.key + " is missing");
      }
    }
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(place_ + ": line " + std::to_string(number_) + ": " + what);
  }

  void take(const std::string& line) {
    if (line.front() == '[') {
      if (line.back() != ']') fail("'" + line + "' has no ] at its end");
      section_ = line.substr(1, line.size() - 2);
      return;
    }
    const size_t equals = line.find('=');
    if (equals == std::string::npos) fail("'" + line + "' is not key = value");
    const std::string name = section_ + "." + trimmed(line.substr(0, equals));
    const std::string value = trimmed(line.substr(equals + 1));
    if (!seen_.insert(name).second) fail(name + " is there twice");
    if (name == "node.name") {
      if (value.empty()) fail("node.name is empty");
      table_.name = value;
      return;
    }
    std::vector<std::string> known = {"node.name"};
    for (const PriceKey& key : price_keys()) {
      known.push_back(key.section + "." + key.key);
      if (known.back() == name) return set(key, name, value);
    }
    const std::string guess = nearest(name, known);
    fail("unknown price '" + name + "'" + (guess.empty() ? "" : " (did you mean " + guess + "?)"));
  }

  // "0.2 pJ, 0.1 .. 0.8, derived, source"
  void set(const PriceKey& key, const std::string& name, const std::string& value) {
    std::vector<std::string> parts;
    std::string rest = value;
    for (int i = 0; i < 3; ++i) {
      const size_t comma = rest.find(',');
      if (comma == std::string::npos) {
        fail(name + " = " + value + " is not VALUE UNIT, LOW .. HIGH, ORIGIN, SOURCE");
      }
      parts.push_back(trimmed(rest.substr(0, comma)));
      rest = rest.substr(comma + 1);
    }
    Price price;
    price.source = trimmed(rest);
    if (price.source.empty()) fail(name + " has no source");
    const size_t space = std::min(parts[0].find(' '), parts[0].size());
    if (trimmed(parts[0].substr(space)) != key.unit) {
      fail(name + " = " + parts[0] +
           (key.unit.empty() ? " has a unit; expected none" : " is not in " + key.unit));
    }
    const size_t dots = parts[1].find("..");
    if (dots == std::string::npos) fail(name + ": interval " + parts[1] + " is not LOW .. HIGH");
    price.value = checked(key, name, parts[0].substr(0, space));
    price.low = checked(key, name, trimmed(parts[1].substr(0, dots)));
    price.high = checked(key, name, trimmed(parts[1].substr(dots + 2)));
    if (!(price.low <= price.value && price.value <= price.high)) {
      fail(name + " = " + short_text(price.value) + " is outside its interval " + parts[1]);
    }
    price.origin = origin_of(name, parts[2]);
    table_.*key.price = std::move(price);
  }

  double checked(const PriceKey& key, const std::string& name, const std::string& text) const {
    const std::optional<double> number = number_of(text);
    if (!number) fail(name + ": '" + text + "' is not a number");
    if (*number < key.least || *number > key.most) {
      fail(name + ": " + text + " is outside [" + short_text(key.least) + ", " +
           short_text(key.most) + "]");
    }
    return *number;
  }

  Origin origin_of(const std::string& name, const std::string& text) const {
    for (Origin origin : {Origin::kMeasured, Origin::kDerived, Origin::kAssumed}) {
      if (text == name_of(origin)) return origin;
    }
    fail(name + ": origin '" + text + "' is not one of measured|derived|assumed");
  }

  const std::string& place_;
  PriceTable table_;
  std::string section_;
  std::set<std::string> seen_;
  int number_ = 0;
};

}  // namespace

const char* name_of(Origin origin) {
  constexpr const char* kNames[] = {"measured", "derived", "assumed"};
  return kNames[static_cast<int>(origin)];
}

const std::vector<PriceKey>& price_keys() {
  static const std::vector<PriceKey> keys = {
#define QSIM_PRICE(section, key, unit, least, most, meaning) \
  {#section, #key, unit, least, most, meaning, &PriceTable::section##_##key},
#include "sim/price/prices.def"
#undef QSIM_PRICE
  };
  return keys;
}

PriceTable read_price_text(const std::string& text, const std::string& place) {
  return Reader(text, place).run();
}

const std::vector<PriceTable>& named_prices() {
  static const std::vector<PriceTable> tables = [] {
    std::vector<PriceTable> all;
    for (const EmbeddedFile& file : kFiles) all.push_back(read_price_text(file.text, file.name));
    std::sort(all.begin(), all.end(), [](const PriceTable& a, const PriceTable& b) {
      return std::stoi(a.name) > std::stoi(b.name);
    });
    return all;
  }();
  return tables;
}

PriceSource::PriceSource(const std::string& path) {
  if (path.empty()) return;
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path)) {
    throw Error(path + ": cannot be read as a price table");
  }
  std::ostringstream text;
  text << file.rdbuf();
  file_ = read_price_text(text.str(), path);
}

const PriceTable& PriceSource::of(const Arch& arch) const {
  if (file_) return *file_;
  const std::string name = get_arch_key(arch, "prices.technology");
  for (const PriceTable& table : named_prices()) {
    if (table.name == name) return table;
  }
  throw std::logic_error("no price table " + name);
}

}  // namespace qsim
