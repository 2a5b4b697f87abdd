#include <cmath>
#include <cstdio>

#include "sim/report/columns.h"
#include "sim/report/render.h"

namespace qsim {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

std::string number(const std::optional<double>& value, int decimals) {
  if (!value) return "";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals == 0 ? 0 : 6, *value);
  return buffer;
}

}  // namespace

std::string render_csv(const Report& report) {
  const std::vector<Column> columns = layer_columns(report);
  std::string text = "layer,op,place,output";
  for (const Column& column : columns) text += "," + column.key;
  text += "\n";
  const auto add = [&](const LayerRow& row, bool is_total) {
    text += quoted(row.name) + "," + row.op + "," + (is_total ? "" : name_of(row.place)) + "," +
            (is_total ? "" : to_text(row.output));
    for (const Column& column : columns) {
      text += "," + number(column.value(row), column.decimals);
    }
    text += "\n";
  };
  for (const LayerRow& row : report.layers) add(row, false);
  add(report.total, true);
  return text;
}

}  // namespace qsim
