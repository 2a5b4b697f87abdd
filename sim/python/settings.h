// Keyword arguments, put together by qsim/__init__.py as one dictionary of texts, numbers and
// dictionaries, as the requests of sim/cli.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "sim/cli/pipeline.h"
#include "sim/cli/sweep/evaluator.h"

namespace qsim::python {

std::string text_in(const pybind11::dict& settings, const char* name);  // "" when it is not there
int64_t number_in(const pybind11::dict& settings, const char* name, int64_t otherwise);
bool flag_in(const pybind11::dict& settings, const char* name);

cli::MachineOptions machine_options(const pybind11::dict& settings);
cli::ModelRequest model_request(const pybind11::dict& settings);
cli::RunRequest run_request(const pybind11::dict& settings);
cli::EvaluatorOptions evaluator_options(const pybind11::dict& settings);

}  // namespace qsim::python
