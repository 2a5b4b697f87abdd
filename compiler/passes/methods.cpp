#include "compiler/passes/methods.h"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "hw/spec/arch.h"

namespace qsim {
namespace {

constexpr std::array<std::pair<const char*, RangeRule>, 5> kRules = {{
    {"minmax", RangeRule::kMinMax},
    {"moving-average", RangeRule::kMovingAverage},
    {"percentile", RangeRule::kPercentile},
    {"mse", RangeRule::kMse},
    {"entropy", RangeRule::kEntropy},
}};

}  // namespace

std::optional<RangeMethod> read_range_method(const std::string& text) {
  const size_t colon = text.find(':');
  for (const auto& [name, rule] : kRules) {
    if (text.substr(0, colon) != name) continue;
    RangeMethod method{.rule = rule};
    if (colon == std::string::npos) return method;
    if (rule != RangeRule::kPercentile) return std::nullopt;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, method.percentile);
    const bool is_number = error == std::errc() && stop == end;
    if (!is_number || !(method.percentile > 50 && method.percentile <= 100)) return std::nullopt;
    return method;
  }
  return std::nullopt;
}

std::string to_text(const RangeMethod& method) {
  std::string text;
  for (const auto& [name, rule] : kRules) {
    if (rule == method.rule) text = name;
  }
  if (method.rule != RangeRule::kPercentile) return text;
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), method.percentile).ptr;
  return text + ":" + std::string(digits.data(), end);
}

std::string why_no_range_method(const std::string& text) {
  std::string list;
  std::vector<std::string> names;
  for (const auto& [name, rule] : kRules) {
    list += (names.empty() ? "" : ", ") + std::string(name);
    names.emplace_back(name);
  }
  const std::string name = text.substr(0, text.find(':'));
  const std::string guess = nearest(name, names);
  return "is not one of " + list + ", percentile:P with P in (50, 100]" +
         (guess.empty() || guess == name ? "" : " (did you mean " + guess + "?)");
}

}  // namespace qsim
