// The parts of the Python module `qsim._native`, one function a file. docs/user/python.md is for
// its users; the types as Python sees them stand in qsim/__init__.pyi.
#pragma once

#include <pybind11/pybind11.h>

namespace qsim::python {

void bind_reports(pybind11::module_& module);  // Report and what it consists of
void bind_runs(pybind11::module_& module);     // run, compile, machines
void bind_sweeps(pybind11::module_& module);   // Space, Evaluator, Store

}  // namespace qsim::python
