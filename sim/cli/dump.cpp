#include "sim/cli/dump.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "hw/spec/arch.h"
#include "sim/cli/command.h"
#include "sim/cli/output_file.h"

namespace qsim::cli {
namespace {

const std::vector<std::string> kStages = {"graph", "network", "plan", "program"};

}  // namespace

Dump::Dump(const std::vector<std::string>& stages, std::string folder)
    : folder_(std::move(folder)) {
  for (const std::string& list : stages) {
    std::stringstream stream(list);
    for (std::string name; std::getline(stream, name, ',');) {
      if (std::find(kStages.begin(), kStages.end(), name) == kStages.end()) {
        const std::string guess = nearest(name, kStages);
        throw UsageError("--dump = " + name + " is not one of graph, network, plan, program" +
                         (guess.empty() ? "" : " (did you mean " + guess + "?)"));
      }
      stages_.push_back(name);
    }
  }
}

bool Dump::wants(const std::string& stage) const {
  return std::find(stages_.begin(), stages_.end(), stage) != stages_.end();
}

void Dump::stage(const std::string& name, const std::function<std::string()>& text) const {
  if (!wants(name)) return;
  if (folder_.empty()) {
    std::printf("%s\n", text().c_str());
  } else {
    write_file((std::filesystem::path(folder_) / (name + ".txt")).string(), text());
  }
}

}  // namespace qsim::cli
