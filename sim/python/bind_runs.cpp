#include <pybind11/stl.h>

#include "hw/spec/machines.h"
#include "sim/cli/pipeline.h"
#include "sim/python/bindings.h"
#include "sim/python/settings.h"

namespace qsim::python {
namespace {

namespace py = pybind11;

Report run(const cli::RunRequest& request) {
  cli::ProgressLine progress{cli::ProgressLine::Silent{}};
  return cli::run_model(request, progress);
}

Program compile(const cli::ModelRequest& model) {
  cli::ProgressLine progress{cli::ProgressLine::Silent{}};
  return cli::compile_model(model, progress).program;
}

std::vector<Arch> machines() {
  std::vector<Arch> all;
  for (const NamedMachine& machine : named_machines()) all.push_back(find_arch(machine.name));
  return all;
}

}  // namespace

void bind_runs(py::module_& module) {
  py::class_<Program>(module, "Program")
      .def_property_readonly("instructions",
                             [](const Program& program) { return program.instructions.size(); })
      .def_property_readonly("constant_bytes",
                             [](const Program& program) { return program.constants.size(); })
      .def_property_readonly("has_values",
                             [](const Program& program) { return program.network.has_values; })
      .def_property_readonly("machine", [](const Program& program) { return program.arch; })
      .def("to_text", [](const Program& program) { return to_text(program); })
      .def(
          "save",
          [](const Program& program, const std::string& path) { save_program(program, path); },
          py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def("__repr__", [](const Program& program) {
        return "<qsim.Program: " + std::to_string(program.instructions.size()) +
               " instructions for " + program.arch.name + ">";
      });
  // The keyword arguments are put together in qsim/__init__.py.
  module.def(
      "run",
      [](const py::dict& settings) {
        const cli::RunRequest request = run_request(settings);
        const py::gil_scoped_release release;
        return run(request);
      },
      py::arg("settings"));
  module.def(
      "compile",
      [](const py::dict& settings) {
        const cli::ModelRequest model = model_request(settings);
        const py::gil_scoped_release release;
        return compile(model);
      },
      py::arg("settings"));
  module.def("machines", machines);
  module.def(
      "machine", [](const py::dict& settings) { return cli::make_arch(machine_options(settings)); },
      py::arg("settings"));
}

}  // namespace qsim::python
