#include "hw/spec/error.h"
#include "sim/cli/command.h"
#include "sim/python/bindings.h"
#include "sim/report/manifest.h"

PYBIND11_MODULE(_native, module) {
  namespace py = pybind11;
  module.doc() = "qsim in Python: see docs/user/python.md";
  module.attr("__version__") = qsim::qsim_version();

  static py::exception<qsim::Error> error(module, "Error");
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const qsim::Error& caught) {
      error(caught.what());
    } catch (const qsim::cli::UsageError& caught) {
      error(caught.what());
    }
  });
  qsim::python::bind_reports(module);
  qsim::python::bind_runs(module);
  qsim::python::bind_sweeps(module);
}
