#include "sim/systemc/engine.h"

#include <cstdlib>
#include <systemc>

#include "sim/engines/host.h"
#include "sim/systemc/accelerator.h"

// libsystemc's own main(), which is not used, wants it.
extern "C" int sc_main(int, char**) { return 0; }

namespace qsim {
namespace {

// SystemC has one simulation per process, and modules cannot be added once it has started.
model::Accelerator& accelerator() {
  static model::Accelerator* instance = [] {
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
    return new model::Accelerator("accelerator");
  }();
  return *instance;
}

}  // namespace

SystemcEngine::SystemcEngine(const Program& program, SystemcOptions options)
    : program_(program), options_(std::move(options)) {}

RunResult SystemcEngine::run(const std::vector<Tensor>& inputs) {
  if (program_.network.has_values && instructions_.empty()) {
    instructions_ = encode_instructions(program_);
  }
  return accelerator().run(program_, options_, instructions_, inputs);
}

}  // namespace qsim
