#include "sim/cli/sweep/space.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "hw/spec/error.h"
#include "sim/cli/recipe_file.h"
#include "sim/cli/sweep/space_lines.h"

namespace qsim::cli {
namespace {

constexpr int64_t kMostPoints = 10'000'000;

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw Error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

Axis model_axis(const std::vector<std::string>& models) {
  Axis axis{"model", {}, 0};
  for (const std::string& model : models) axis.choices.push_back({{"model", model}});
  return axis;
}

// Names that two axes set.
std::string overlaps(const std::vector<Axis>& axes, const std::string& place) {
  std::string found;
  std::map<std::string, const Axis*> owner;
  for (const Axis& axis : axes) {
    for (const Choice& choice : axis.choices) {
      for (const auto& [name, value] : choice) {
        const auto [at, is_new] = owner.try_emplace(name, &axis);
        if (is_new || at->second == &axis) continue;
        found += place + ":" + std::to_string(axis.line) + ": " + name + " is set already, " +
                 (at->second->line == 0 ? "beside the space"
                                        : "in line " + std::to_string(at->second->line)) +
                 "\n";
        at->second = &axis;  // said once
      }
    }
  }
  return found;
}

}  // namespace

Space::Space(const std::string& path, const std::vector<std::string>& models) {
  read(read_text(path), path, models);
}

Space Space::from_text(const std::string& text, const std::string& place,
                       const std::vector<std::string>& models) {
  Space space;
  space.read(text, place, models);
  return space;
}

void Space::read(const std::string& text, const std::string& place,
                 const std::vector<std::string>& models) {
  std::string wrong;
  axes_ = read_space_lines(text, place, wrong);
  bool names_models = false;
  for (Axis& axis : axes_) {
    if (axis.name != "model") continue;
    names_models = true;
    for (Choice& choice : model_axis(models).choices) axis.choices.push_back(std::move(choice));
  }
  if (!names_models && !models.empty()) axes_.insert(axes_.begin(), model_axis(models));
  wrong += overlaps(axes_, place);
  if (!wrong.empty()) {
    wrong.pop_back();
    throw Error(wrong);
  }
  if (size() > kMostPoints) {
    throw Error(place + ": has more than " + std::to_string(kMostPoints) + " points");
  }
  require_models(place);
}

void Space::require_models(const std::string& place) const {
  const auto names_model = [](const Choice& choice) {
    return std::any_of(choice.begin(), choice.end(),
                       [](const auto& setting) { return setting.first == "model"; });
  };
  const Axis* partial = nullptr;
  for (const Axis& axis : axes_) {
    const auto named = std::count_if(axis.choices.begin(), axis.choices.end(), names_model);
    if (named == static_cast<std::ptrdiff_t>(axis.choices.size())) return;
    if (named > 0) partial = &axis;
  }
  if (partial) {
    throw Error(place + ":" + std::to_string(partial->line) +
                ": some of these points name a model and some do not; expected all or none");
  }
  throw Error(place + ": names no model, and none was passed beside it");
}

int64_t Space::size() const {
  int64_t size = 1;
  for (const Axis& axis : axes_) {
    size *= static_cast<int64_t>(axis.choices.size());
    if (size > kMostPoints) return kMostPoints + 1;
  }
  return size;
}

Point Space::point(const std::vector<size_t>& choices) const {
  if (choices.size() != axes_.size()) {
    throw Error("a point has " + std::to_string(axes_.size()) + " choices, one of each axis, not " +
                std::to_string(choices.size()));
  }
  Point point;
  std::string recipe;
  std::vector<std::pair<std::string, std::string>> recipe_values;
  for (size_t i = 0; i < axes_.size(); ++i) {
    const std::vector<Choice>& all = axes_[i].choices;
    if (choices[i] >= all.size()) {
      throw Error("choice " + std::to_string(choices[i]) + " of " + axes_[i].name +
                  " is outside [0, " + std::to_string(all.size() - 1) + "]");
    }
    for (const auto& [name, value] : all[choices[i]]) {
      if (name == "model") {
        point.model = value;
      } else if (name == "machine") {
        point.machine.arch = value;
      } else if (name == "recipe") {
        recipe = value == kNoRecipe ? "" : value;
      } else if (name.starts_with(kRecipePrefix)) {
        recipe_values.emplace_back(name.substr(kRecipePrefix.size()), value);
      } else {
        point.machine.keys.emplace_back(name, value);
      }
    }
  }
  point.recipe = recipe_text(recipe, recipe_values);
  return point;
}

Point Space::point(int64_t index) const {
  std::vector<size_t> choices(axes_.size());
  for (size_t i = axes_.size(); i-- > 0;) {
    const auto count = static_cast<int64_t>(axes_[i].choices.size());
    choices[i] = static_cast<size_t>(index % count);
    index /= count;
  }
  return point(choices);
}

}  // namespace qsim::cli
