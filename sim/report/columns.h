// The numbers of a layer's row, one table: the text, JSON and CSV renderers and
// docs/user/report.md's tables come from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/report.h"

namespace qsim {

struct Column {
  std::string key;    // of JSON and CSV; ends in its unit where that is not plain
  std::string title;  // of the text table
  std::string unit;
  Origin origin;
  std::string meaning;
  int decimals;  // 0: a whole number
  int priority;  // text table: columns of the greatest number go first when space is short
  std::function<std::optional<double>(const LayerRow&)> value;
};

// Those that the report has: without a timed engine no cycles, without accuracy no SQNR, without
// counts no activity.
std::vector<Column> layer_columns(const Report& report);

// docs/user/report.md's table of all columns. Printed by `qsim machines --columns`.
std::string columns_reference();

}  // namespace qsim
