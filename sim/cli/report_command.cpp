#include <filesystem>
#include <fstream>
#include <string_view>

#include "sim/cli/options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/report_file.h"
#include "sim/report/page.h"
#include "sim/store/page_data.h"

namespace qsim::cli {
namespace {

// By its first bytes: sweeps write files of any name.
bool is_store(const std::string& path) {
  constexpr std::string_view kMagic = "SQLite format 3";
  std::string start(kMagic.size(), '\0');
  std::ifstream(path, std::ios::binary)
      .read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == kMagic || path.ends_with(".db");
}

// A slip of the hand would put the page in place of the results.
void require_other(const std::string& output, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code failure;  // a page that is not there yet is no input
    if (!std::filesystem::equivalent(output, input, failure)) continue;
    throw UsageError("--output = " + output + " is the file that is read");
  }
}

}  // namespace

int report_command(const Invocation& invocation) {
  std::string output;
  CommandLine line{
      "report", "[OPTIONS] RUN.json [RUN.json] | RESULTS.db -o PAGE.html",
      "Writes one HTML page with charts and tables: of a run, of two beside each other, "
      "or of a sweep. The\npage needs no network. RUN.json is what qsim run --json "
      "writes, RESULTS.db what qsim sweep does.\n",
      po::options_description("Options", 100, 58)};
  line.options.add_options()("output,o", po::value(&output)->value_name("PAGE.html"),
                             "where to write the page; - is standard output");
  line.arguments = {"a run or a sweep", "a second run"};
  line.required = 1;
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  if (output.empty()) throw UsageError("--output is missing");
  require_other(output, parsed.arguments);
  PageInput page;
  if (is_store(parsed.arguments[0])) {
    if (parsed.arguments.size() > 1) throw UsageError("a sweep's page is of one file");
    ResultStore store(parsed.arguments[0], ResultStore::Mode::kRead);
    write_file(output, render_page({"qsim: " + parsed.arguments[0], {}, sweep_json(store)}));
    return 0;
  }
  for (const std::string& path : parsed.arguments) {
    const ReportFile report = load_report(path);
    page.title += (page.title.empty() ? "qsim: " : " beside ") + report.title();
    page.runs.push_back(report.text);
  }
  write_file(output, render_page(page));
  return 0;
}

}  // namespace qsim::cli
