#include "sim/report/text_table.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace qsim {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kShortestName = 24;

// The end of a node's name tells more than its beginning.
std::string shortened(const std::string& text, size_t width) {
  if (display_width(text) <= width) return text;
  size_t start = 0;
  for (size_t left = display_width(text); left + 2 > width; --left) {
    do ++start;
    while (start < text.size() && (text[start] & 0xc0) == 0x80);
  }
  return ".." + text.substr(start);
}

std::string padded(const std::string& text, size_t width, bool align_right) {
  const std::string blanks(width - std::min(width, display_width(text)), ' ');
  return align_right ? blanks + text : text + blanks;
}

}  // namespace

size_t display_width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string number_text(double value, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  std::string text = buffer;
  const size_t point = std::min(text.find('.'), text.size());
  const size_t first = text[0] == '-' ? 1 : 0;
  for (size_t i = point; i > first + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string wrapped(const std::string& text, size_t width, const std::string& indent) {
  std::istringstream words(text);
  std::string lines, line, word;
  while (words >> word) {
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines += line + "\n";
      line = indent + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  return lines + line + "\n";
}

std::string TextTable::render(size_t width) const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(display_width(columns_[c].title));
    for (const auto& row : rows_) {
      if (!row.empty()) widths[c] = std::max(widths[c], display_width(row[c]));
    }
  }
  std::vector<size_t> shown(columns_.size());
  for (size_t c = 0; c < shown.size(); ++c) shown[c] = c;
  const auto total = [&] {
    size_t sum = 0;
    for (size_t c : shown) sum += widths[c] + kGap;
    return sum - kGap;
  };
  const size_t wanted_name = std::min(widths[0], kShortestName);
  while (total() - widths[0] + wanted_name > width) {
    const auto last = std::max_element(shown.begin(), shown.end(), [&](size_t a, size_t b) {
      return columns_[a].priority <= columns_[b].priority;
    });
    if (columns_[*last].priority == 0) break;
    shown.erase(last);
  }
  if (total() > width) {
    widths[0] = std::max(wanted_name, widths[0] - std::min(widths[0], total() - width));
  }

  std::string text;
  const auto print = [&](auto&& cell) {
    std::string line;
    for (size_t c : shown) {
      line += (c == shown[0] ? "" : std::string(kGap, ' ')) +
              padded(c == 0 ? shortened(cell(c), widths[c]) : cell(c), widths[c],
                     columns_[c].align_right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (std::any_of(columns_.begin(), columns_.end(),
                  [](const TextColumn& c) { return !c.title.empty(); })) {
    print([&](size_t c) { return columns_[c].title; });
  }
  for (const auto& row : rows_) {
    if (row.empty()) {
      text += std::string(std::min(total(), std::max(width, widths[0])), '-') + "\n";
    } else {
      print([&](size_t c) { return row[c]; });
    }
  }
  return text;
}

}  // namespace qsim
