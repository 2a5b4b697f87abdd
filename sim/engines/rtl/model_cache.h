// Built models on disk: one shared library a model, named by a hash of all that decides what is in
// it - parameters, contents of all sources, the C++ around them, flags, versions of Verilator and
// compiler. Nothing is ever changed in place, so the folder may be deleted at any time.
//
// Folder: $QSIM_RTL_CACHE, or else $XDG_CACHE_HOME/qsim/rtl, or else ~/.cache/qsim/rtl.
//   <key>.so    a model
//   <key>.log   what its tools said; of a failed build too
//   <key>.lock  held (flock) by the process that builds it; others wait
//   runtime-<key>.a  Verilator's own library, shared by all models
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "sim/engines/rtl/model_spec.h"

namespace qsim::rtl {

// Throws Error when no variable says where it is.
std::filesystem::path cache_folder();

// 32 hexadecimal digits. Throws Error when Verilator or the compiler is missing.
std::string model_key(const ModelSpec& spec);

// The model's library in the cache; builds it when it is not there, calling `notice` (may be empty)
// before. Throws Error when the cache cannot be written or the build fails, with the first errors
// of the log and its path.
std::filesystem::path cached_model(const ModelSpec& spec,
                                   const std::function<void(const std::string&)>& notice);

}  // namespace qsim::rtl
