// Reports that `qsim run --json` wrote, read back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace qsim::cli {

struct ReportFile {
  std::string path;
  std::string text;  // as it stands in the file
  nlohmann::ordered_json json;

  // "resnet8 on edge16"
  std::string title() const;
};

// Throws Error, naming path and what is missing, when the file is no report.
ReportFile load_report(const std::string& path);

}  // namespace qsim::cli
