// --dump: intermediate stages as text, to standard output or into a folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace qsim::cli {

// Stages in order: graph, network, plan, program. A .qprog file has the network and the program
// alone.
class Dump {
 public:
  Dump() = default;
  // `stages`: names separated by commas. Throws UsageError for a name that is no stage.
  Dump(const std::vector<std::string>& stages, std::string folder);

  bool wants(const std::string& stage) const;
  // Prints text() or writes it to <folder>/<stage>.txt, if the stage is wanted.
  void stage(const std::string& name, const std::function<std::string()>& text) const;

 private:
  std::vector<std::string> stages_;
  std::string folder_;
};

}  // namespace qsim::cli
