#include "hw/spec/arch.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "hw/spec/error.h"

namespace qsim {
namespace {

namespace po = boost::program_options;

[[noreturn]] void reject(const std::string& place, const std::string& key, const std::string& value,
                         const std::string& expectation) {
  throw Error(place + ": " + key + " = " + value + " " + expectation);
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> parts;
  std::stringstream stream(names);
  for (std::string part; std::getline(stream, part, '|');) parts.push_back(part);
  return parts;
}

std::string real_text(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  std::string text = buffer;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string range_text(double low, double high) {
  return "[" + real_text(low) + ", " + real_text(high) + "]";
}

// Overloads by field type: parse text into a field, or print a field.
void parse(int32_t& field, const std::string& value, const std::string& place,
           const std::string& key, double low, double high) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) reject(place, key, value, "is not a whole number");
  if (static_cast<double>(number) < low || static_cast<double>(number) > high) {
    reject(place, key, value, "is outside " + range_text(low, high));
  }
  field = static_cast<int32_t>(number);
}

void parse(double& field, const std::string& value, const std::string& place,
           const std::string& key, double low, double high) {
  double number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) reject(place, key, value, "is not a number");
  if (!(number >= low && number <= high)) {
    reject(place, key, value, "is outside " + range_text(low, high));
  }
  field = std::round(number * 1000) / 1000;
}

template <typename Enum>
void parse_choice(Enum& field, const std::string& value, const std::string& place,
                  const std::string& key, const std::string& names) {
  const std::vector<std::string> parts = split_names(names);
  const auto found = std::find(parts.begin(), parts.end(), value);
  if (found == parts.end()) reject(place, key, value, "is not one of " + names);
  field = static_cast<Enum>(found - parts.begin());
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const ArchKey& key : arch_keys()) names.push_back(key.name);
  return names;
}

}  // namespace

#define QSIM_SECTION_BEGIN(section)
#define QSIM_SECTION_END(section)

const std::vector<ArchKey>& arch_keys() {
  static const std::vector<ArchKey> keys = {
#define QSIM_INT(section, key, default_value, min, max, kind, unit, meaning) \
  {#section "." #key, #kind, range_text(min, max), unit, meaning, std::to_string(default_value)},
#define QSIM_REAL(section, key, default_value, min, max, kind, unit, meaning) \
  {#section "." #key, #kind, range_text(min, max), unit, meaning, real_text(default_value)},
#define QSIM_CHOICE(section, key, type, default_value, names, kind, meaning) \
  {#section "." #key,                                                        \
   #kind,                                                                    \
   names,                                                                    \
   "",                                                                       \
   meaning,                                                                  \
   split_names(names)[static_cast<size_t>(type::default_value)]},
#include "hw/spec/arch.def"
#undef QSIM_INT
#undef QSIM_REAL
#undef QSIM_CHOICE
  };
  return keys;
}

void set_arch_key(Arch& arch, const std::string& key, const std::string& value,
                  const std::string& place) {
#define QSIM_INT(section, field, default_value, min, max, kind, unit, meaning) \
  if (key == #section "." #field) return parse(arch.section.field, value, place, key, min, max);
#define QSIM_REAL QSIM_INT
#define QSIM_CHOICE(section, field, type, default_value, names, kind, meaning) \
  if (key == #section "." #field) return parse_choice(arch.section.field, value, place, key, names);
#include "hw/spec/arch.def"
#undef QSIM_INT
#undef QSIM_REAL
#undef QSIM_CHOICE
  const std::string guess = nearest(key, key_names());
  throw Error(place + ": unknown key '" + key + "'" +
              (guess.empty() ? "" : " (did you mean " + guess + "?)"));
}

std::string get_arch_key(const Arch& arch, const std::string& key) {
#define QSIM_INT(section, field, default_value, min, max, kind, unit, meaning) \
  if (key == #section "." #field) return std::to_string(arch.section.field);
#define QSIM_REAL(section, field, default_value, min, max, kind, unit, meaning) \
  if (key == #section "." #field) return real_text(arch.section.field);
#define QSIM_CHOICE(section, field, type, default_value, names, kind, meaning) \
  if (key == #section "." #field)                                              \
    return split_names(names)[static_cast<size_t>(arch.section.field)];
#include "hw/spec/arch.def"
#undef QSIM_INT
#undef QSIM_REAL
#undef QSIM_CHOICE
  throw Error("arch: unknown key '" + key + "'");
}

#undef QSIM_SECTION_BEGIN
#undef QSIM_SECTION_END

void Arch::check() const {
  if ((memory.bus_bytes & (memory.bus_bytes - 1)) != 0) {
    reject(name, "memory.bus_bytes", std::to_string(memory.bus_bytes), "is not a power of two");
  }
  // A pass of the lanes and a channel block begin and end with whole bytes.
  const int32_t codes = 1 << max_pack();
  const struct {
    const char* key;
    int32_t value;
  } multiples[] = {{"array.cols", array.cols},
                   {lanes() == array.rows ? "array.rows" : "vector.lanes", lanes()}};
  for (const auto& multiple : multiples) {
    if (multiple.value % codes == 0) continue;
    reject(name, multiple.key, std::to_string(multiple.value),
           "is not a multiple of " + std::to_string(codes) +
               ", which array.pe_modes = " + get_arch_key(*this, "array.pe_modes") + " needs");
  }
  const struct {
    const char* key;
    int64_t words, minimum;
    int64_t kib;
  } buffer_sizes[] = {
      {"buffers.act_kib", act_words(), 4, buffers.act_kib},
      {"buffers.weight_kib", weight_words(), int64_t{2} * array.rows, buffers.weight_kib},
      {"buffers.param_kib", param_bytes() / param_word_bytes(), 8, buffers.param_kib}};
  for (const auto& size : buffer_sizes) {
    if (size.words < size.minimum) {
      reject(name, size.key, std::to_string(size.kib),
             "gives " + std::to_string(size.words) + " words; this array needs at least " +
                 std::to_string(size.minimum));
    }
  }
  if (prices.activity == Activity::kCounted && prices.zero_macs == ZeroMacs::kCounted) {
    reject(name, "prices.zero_macs", "counted",
           "counts twice what prices.activity = counted counts already; take zero_macs = full");
  }
}

std::string to_text(const Arch& arch) {
  std::string text, section;
  for (const ArchKey& key : arch_keys()) {
    const size_t dot = key.name.find('.');
    if (key.name.substr(0, dot) != section) {
      section = key.name.substr(0, dot);
      text += (text.empty() ? "[" : "\n[") + section + "]\n";
    }
    text += key.name.substr(dot + 1) + " = " + get_arch_key(arch, key.name) + "\n";
  }
  return text;
}

namespace {

// Program_options (1.74) puts the wrong line into a message in place of %invalid_line%, and then
// again for as long as one stands there: a line that holds that word would never be reported.
void check_signs(const std::string& text, const std::string& place) {
  std::istringstream lines(text);
  int number = 1;
  for (std::string line; std::getline(lines, line); ++number) {
    if (line.substr(0, line.find('#')).find('%') == std::string::npos) continue;
    throw Error(place + ": line " + std::to_string(number) + ": % is no part of a key or a value");
  }
}

}  // namespace

Arch read_arch_text(const std::string& text, const std::string& place) {
  check_signs(text, place);
  Arch arch;
  std::stringstream stream(text);
  try {
    const po::options_description none;
    for (const auto& option : po::parse_config_file<char>(stream, none, true).options) {
      set_arch_key(arch, option.string_key, option.value.empty() ? "" : option.value[0], place);
    }
  } catch (const po::error& error) {
    throw Error(place + ": " + error.what());
  }
  arch.name = place;
  arch.check();
  return arch;
}

Arch read_arch_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(path + ": cannot be read as a machine description");
  std::stringstream text;
  text << file.rdbuf();
  return read_arch_text(text.str(), path);
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = word.size() / 2 + 1;
  for (const std::string& candidate : candidates) {
    std::vector<size_t> row(candidate.size() + 1);
    for (size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t replace = diagonal + (word[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace qsim
