// HTML reports: one self-contained page with charts (Apache ECharts, in the page itself), tables of
// the same numbers, light and dark. Nothing is loaded when it is viewed.
#pragma once

#include <string>
#include <vector>

namespace qsim {

struct PageInput {
  std::string title;              // of the browser's window
  std::vector<std::string> runs;  // reports of render_json: one, or two beside each other
  std::string sweep;              // JSON of a sweep's points instead; "" for runs
};

// Throws Error when this build has no chart library (sim/report/page/package.json).
std::string render_page(const PageInput& input);

}  // namespace qsim
