#include "sim/engines/rtl/model_library.h"

#include <dlfcn.h>

#include "hw/spec/error.h"

namespace qsim::rtl {

ModelLibrary::ModelLibrary(const std::string& path)
    : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)), create_(nullptr) {
  if (handle_) create_ = reinterpret_cast<CreateModel>(dlsym(handle_, "qsim_rtl_create"));
  if (!create_) {
    const char* reason = dlerror();
    throw Error(path + ": is no RTL model: " + (reason ? reason : "no qsim_rtl_create") +
                " (delete it, and it will be built again)");
  }
}

ModelLibrary::~ModelLibrary() { dlclose(handle_); }

std::unique_ptr<Model> ModelLibrary::create(uint32_t seed) const {
  return std::unique_ptr<Model>(create_(seed));
}

void check_parameters(const Model& model, const ModelSpec& spec) {
  std::string different;
  for (const NamedValue& wanted : spec.parameters) {
    int64_t value = 0;
    bool known = model.parameter(wanted.name.c_str(), value);
    if (wanted.name == "BusBytes" && !known) {
      value = model.bus_bytes();
      known = true;
    }
    if (!known && !spec.top_has_parameters) continue;
    if (known && value == wanted.value) continue;
    different += (different.empty() ? "" : ", ") + wanted.name + " = " +
                 (known ? std::to_string(value) : "nothing") + " instead of " +
                 std::to_string(wanted.value);
  }
  if (!different.empty()) {
    throw Error("rtl engine: the model is of another machine than the program: " + different);
  }
}

}  // namespace qsim::rtl
