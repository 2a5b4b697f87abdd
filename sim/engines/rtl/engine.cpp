#include "sim/engines/rtl/engine.h"

#include <cstdlib>

#include "hw/spec/error.h"
#include "sim/engines/host.h"
#include "sim/engines/rtl/machine_run.h"
#include "sim/engines/rtl/model_cache.h"
#include "sim/engines/rtl/model_library.h"
#include "sim/engines/rtl/model_spec.h"

namespace qsim {
namespace {

bool quick_by_environment() {
  const char* value = std::getenv("QSIM_RTL_OPT");
  return value && std::string(value) == "0";
}

rtl::ModelSpec spec_of(const Arch& arch, const RtlOptions& options) {
  rtl::ModelSpec spec = rtl::make_spec(arch, options.sources);
  spec.quick = options.quick_build || quick_by_environment();
  spec.wave = !options.wave_file.empty();
  return spec;
}

}  // namespace

RtlEngine::RtlEngine(const Program& program, RtlOptions options)
    : program_(program), options_(std::move(options)) {
  const rtl::ModelSpec spec = spec_of(program.arch, options_);
  library_ = std::make_shared<rtl::ModelLibrary>(rtl::cached_model(spec, options_.notice));
  rtl::check_parameters(*library_->create(options_.seed), spec);
}

RunResult RtlEngine::run(const std::vector<Tensor>& inputs) {
  if (instructions_.empty()) instructions_ = encode_instructions(program_);
  const std::unique_ptr<rtl::Model> model = library_->create(options_.seed);
  if (!options_.wave_file.empty() && !model->open_wave(options_.wave_file.c_str())) {
    throw Error(options_.wave_file + ": cannot be written as an FST file");
  }
  return rtl::MachineRun(program_, options_, *model, instructions_).run(inputs);
}

std::string build_rtl_model(const Arch& arch, const RtlOptions& options) {
  return rtl::cached_model(spec_of(arch, options), options.notice);
}

}  // namespace qsim
