// A table for a terminal: columns as wide as their widest cell, the least important ones left out
// and long names shortened when the terminal is narrow.
#pragma once

#include <string>
#include <vector>

namespace qsim {

struct TextColumn {
  std::string title;
  bool align_right = true;
  int priority = 0;  // 0: always shown; else the greatest is left out first
};

class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void add_rule() { rows_.emplace_back(); }

  // Lines of at most `width` characters where that is possible, each ended by a newline, without
  // trailing blanks.
  std::string render(size_t width) const;

 private:
  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

size_t display_width(const std::string& text);  // code points of UTF-8

// "1,234,567", "-12.50".
std::string number_text(double value, int decimals);

// Words in lines of at most `width`, each line after the first indented.
std::string wrapped(const std::string& text, size_t width, const std::string& indent);

}  // namespace qsim
