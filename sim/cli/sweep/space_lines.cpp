#include "sim/cli/sweep/space_lines.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"
#include "sim/cli/recipe_file.h"

namespace qsim::cli {
namespace {

constexpr size_t kMostValues = 100'000;  // of a range

constexpr int64_t kGreatest = 1'000'000'000'000;  // of a number in a range; none overflows

// Names that stand for others, at the top of a file and in [points].
struct Shorthand {
  const char* name;
  std::vector<std::string> keys;
  char separator;  // between the parts of a value
  const char* example;
};

const std::vector<Shorthand>& shorthands() {
  static const std::vector<Shorthand> all = {
      {"array", {"array.rows", "array.cols"}, 'x', "16x16"},
      {"bits", {"recipe.weights", "recipe.activations"}, '/', "4/8"},
      {"dataflow", {"array.dataflow"}, '\0', ""},
      {"calibrator", {"recipe.calibrator"}, '\0', ""}};
  return all;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<int64_t> whole(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || std::abs(number) > kGreatest) return std::nullopt;
  return number;
}

void check_name(const std::string& name) {
  if (name == "model" || name == "machine" || name == "recipe") return;
  if (name.starts_with(kRecipePrefix)) return;  // its key is looked at with its value
  std::vector<std::string> known = {"model", "machine", "recipe"};
  for (const Shorthand& shorthand : shorthands()) known.emplace_back(shorthand.name);
  for (const ArchKey& key : arch_keys()) {
    if (key.name == name) return;
    known.push_back(key.name);
  }
  const std::string guess = nearest(name, known);
  throw Error("unknown key '" + name + "'" +
              (guess.empty() ? "" : " (did you mean " + guess + "?)"));
}

// Whether a name takes the value, looked at alone. Throws Error.
void check_value(const std::string& name, const std::string& value) {
  if (name == "machine") {
    find_arch(value);
  } else if (name == "recipe") {
    if (value != kNoRecipe) load_recipe(value);
  } else if (name.starts_with(kRecipePrefix)) {
    load_recipe(recipe_text("", {{name.substr(kRecipePrefix.size()), value}}));
  } else if (name != "model") {
    Arch scratch;
    // The place, which the caller puts in front, is the line.
    try {
      set_arch_key(scratch, name, value, "");
    } catch (const Error& error) {
      throw Error(std::string(error.what()).substr(2));
    }
  }
}

// name = value, with shorthands replaced by what they stand for.
Choice settings_of(const std::string& name, const std::string& value) {
  for (const Shorthand& shorthand : shorthands()) {
    if (name != shorthand.name) continue;
    const std::vector<std::string> parts =
        shorthand.separator ? parts_of(value, shorthand.separator) : std::vector{value};
    if (parts.size() != shorthand.keys.size()) {
      throw Error(name + " = " + value + " is not like " + shorthand.example);
    }
    Choice choice;
    for (size_t i = 0; i < parts.size(); ++i) choice.emplace_back(shorthand.keys[i], parts[i]);
    return choice;
  }
  return {{name, value}};
}

void add_settings(const std::string& name, const std::string& value, Choice& choice) {
  for (auto& setting : settings_of(name, value)) {
    check_name(setting.first);
    check_value(setting.first, setting.second);
    for (const auto& other : choice) {
      if (other.first == setting.first) throw Error(setting.first + " is set twice");
    }
    choice.push_back(std::move(setting));
  }
}

// "key = values" or "key, key = values", its keys in `section`.
Axis read_axis(const std::string& line, const std::string& section) {
  const size_t equals = line.find('=');
  if (equals == std::string::npos) throw Error("'" + line + "' is not KEY = VALUE ...");
  std::vector<std::string> names;
  Axis axis;
  for (const std::string& part : parts_of(line.substr(0, equals), ',')) {
    names.push_back((section.empty() ? "" : section + ".") + trimmed(part));
    axis.name += (axis.name.empty() ? "" : ", ") + names.back();
  }
  for (const std::string& word : words_of(line.substr(equals + 1))) {
    const bool is_tuple = names.size() > 1;
    for (const std::string& value : is_tuple ? std::vector{word} : expand_range(word)) {
      const std::vector<std::string> parts = is_tuple ? parts_of(value, ',') : std::vector{value};
      if (parts.size() != names.size()) {
        throw Error(axis.name + " = " + value + " has " + std::to_string(parts.size()) +
                    " values between commas for " + std::to_string(names.size()) + " keys");
      }
      Choice choice;
      for (size_t i = 0; i < parts.size(); ++i) add_settings(names[i], parts[i], choice);
      axis.choices.push_back(std::move(choice));
    }
  }
  if (axis.choices.empty()) {
    if (names.size() == 1 && settings_of(names[0], "").size() == 1) check_name(names[0]);
    throw Error(axis.name + " has no value");
  }
  return axis;
}

// "key=value key=value ...": a line of [points].
Choice read_point(const std::string& line) {
  Choice choice;
  for (const std::string& word : words_of(line)) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
      throw Error("'" + word + "' is not KEY=VALUE");
    }
    add_settings(word.substr(0, equals), word.substr(equals + 1), choice);
  }
  return choice;
}

std::string read_section(const std::string& line) {
  const std::string name = line.ends_with(']') ? trimmed(line.substr(1, line.size() - 2)) : "";
  std::vector<std::string> known = {"points", "recipe"};
  for (const ArchKey& key : arch_keys()) known.push_back(key.name.substr(0, key.name.find('.')));
  for (const std::string& section : known) {
    if (section == name) return name;
  }
  const std::string guess = nearest(name, known);
  throw Error("unknown section '" + line + "'" +
              (guess.empty() ? "" : " (did you mean [" + guess + "]?)"));
}

}  // namespace

std::vector<std::string> expand_range(const std::string& word) {
  const size_t dots = word.find("..");
  if (dots == std::string::npos || dots == 0) return {word};
  const std::optional<int64_t> first = whole(word.substr(0, dots));
  if (!first) return {word};  // a path such as ../net.onnx or a/../b.json
  const size_t step_at = word.find_first_of("+*", dots);
  const std::optional<int64_t> last = whole(word.substr(dots + 2, step_at - dots - 2));
  const bool grows = step_at != std::string::npos && word[step_at] == '*';
  const std::optional<int64_t> step =
      step_at == std::string::npos ? 1 : whole(word.substr(step_at + 1));
  if (!last || !step || *last < *first || *step < (grows ? 2 : 1) || (grows && *first < 1)) {
    throw Error("'" + word + "' is not a range such as 8..64*2, 1..4 or 10..30+10");
  }
  std::vector<std::string> values;
  for (int64_t value = *first; value <= *last;) {
    if (values.size() == kMostValues) throw Error("'" + word + "' has too many values");
    values.push_back(std::to_string(value));
    if (grows ? value > *last / *step : value > *last - *step) break;
    value = grows ? value * *step : value + *step;
  }
  return values;
}

std::vector<Axis> read_space_lines(const std::string& text, const std::string& place,
                                   std::string& wrong) {
  std::vector<Axis> axes;
  std::string section;
  std::optional<Axis> points;
  int number = 0;
  std::istringstream lines(text);
  for (std::string raw; std::getline(lines, raw);) {
    ++number;
    const std::string line = trimmed(raw.substr(0, raw.find('#')));
    if (line.empty()) continue;
    try {
      if (line.starts_with('[')) {
        section = read_section(line);
        if (section == "points" && !points) points = Axis{"points", {}, number};
      } else if (section == "points") {
        points->choices.push_back(read_point(line));
      } else {
        axes.push_back(read_axis(line, section));
        axes.back().line = number;
      }
    } catch (const Error& error) {
      wrong += place + ":" + std::to_string(number) + ": " + error.what() + "\n";
    }
  }
  if (points && points->choices.empty() && wrong.empty()) {
    wrong += place + ":" + std::to_string(points->line) + ": [points] has no line\n";
  }
  if (points) axes.push_back(std::move(*points));
  return axes;
}

}  // namespace qsim::cli
