// A model's shared library, opened.
#pragma once

#include <memory>
#include <string>

#include "sim/engines/rtl/model.h"
#include "sim/engines/rtl/model_spec.h"

namespace qsim::rtl {

class ModelLibrary {
 public:
  // Throws Error when it cannot be opened.
  explicit ModelLibrary(const std::string& path);
  ~ModelLibrary();
  ModelLibrary(const ModelLibrary&) = delete;
  ModelLibrary& operator=(const ModelLibrary&) = delete;

  // State that has no reset is random, by seed. The library must outlive the model.
  std::unique_ptr<Model> create(uint32_t seed) const;

 private:
  void* handle_;
  CreateModel create_;
};

// Throws Error that names each parameter that the model was not elaborated with as `spec` wants.
// Of a top without parameters the bus is all that can be compared.
void check_parameters(const Model& model, const ModelSpec& spec);

}  // namespace qsim::rtl
