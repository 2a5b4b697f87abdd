#include "sim/report/page.h"

#include "hw/spec/error.h"
#include "sim/report/manifest.h"
#include "sim/report/page_assets.h"

namespace qsim {
namespace {

// Inside a <script> element nothing may look like its end, or like the start of a comment.
std::string in_script(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (char c : json) c == '<' ? text += "\\u003c" : text += c;
  return text;
}

std::string in_html(std::string_view plain) {
  std::string text;
  for (char c : plain) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string data_of(const PageInput& input) {
  if (!input.sweep.empty()) return "{\"sweep\":" + input.sweep + "}";
  std::string runs;
  for (const std::string& run : input.runs) runs += (runs.empty() ? "" : ",") + run;
  return "{\"runs\":[" + runs + "]}";
}

}  // namespace

std::string render_page(const PageInput& input) {
  if (page::library().empty()) {
    throw Error(
        "this qsim was built without the chart library of HTML reports: run scripts/setup.sh "
        "--report, then configure and build again");
  }
  const std::pair<std::string_view, std::string> values[] = {
      {"{{title}}", in_html(input.title)},
      {"{{style}}", std::string(page::style())},
      {"{{version}}", qsim_version()},
      {"{{data}}", in_script(data_of(input))},
      {"{{library}}", std::string(page::library())},
      {"{{script}}", std::string(page::script())}};
  std::string_view rest = page::html();
  std::string result;
  for (const auto& [mark, value] : values) {  // in the order in which they stand in the page
    const size_t at = rest.find(mark);
    if (at == std::string_view::npos) continue;
    result += rest.substr(0, at);
    result += value;
    rest.remove_prefix(at + mark.size());
  }
  return result += rest;
}

}  // namespace qsim
