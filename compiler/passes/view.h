// How an ONNX value lies in the NHWC memory of a tensor. Reshape, Flatten, Squeeze, Unsqueeze and
// most Transposes only change the view and cost nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hw/spec/network.h"

namespace qsim {

// A run of `extent` elements, `stride` elements apart in memory. A view lists its atoms from the
// outermost to the innermost dimension of the ONNX value, without extents of 1; a dimension of the
// value is the product of some neighbouring atoms, or part of one. Example: the ONNX value 1x16x4x4
// of a tensor n1 h4 w4 c16 is {16, 1} {16, 16}; so is its Flatten, 1x256.
struct Atom {
  int64_t extent = 1;
  int64_t stride = 1;
  bool operator==(const Atom&) const = default;
};
using Atoms = std::vector<Atom>;

// Extents of 1 dropped, neighbours that continue each other joined: equal for equal views.
Atoms canonical(const Atoms& atoms);

// The atoms of each dimension of `shape`, splitting atoms where necessary. Nothing when a dimension
// would end inside an atom at a point that does not divide it.
std::optional<std::vector<Atoms>> group(const Atoms& atoms, const Shape& shape);

// Dimensions permuted; nothing when group() fails.
std::optional<Atoms> transposed(const Atoms& atoms, const Shape& shape,
                                const std::vector<int64_t>& perm);

// The view whose element order is that of the letters in `order` (a permutation of "nhwc").
Atoms atoms_of(const NetTensor& tensor, const std::string& order);

// The axes of `tensor` that these atoms run over, outermost first, axes of extent 1 left out: "hw".
// Nothing when an atom covers only part of an axis.
std::optional<std::string> letters_of(const Atoms& atoms, const NetTensor& tensor);

// `letters` completed to a permutation of "nhwc" that keeps their order: "nchw" if that does, else
// "nhwc" if that does, else the missing ones first.
std::string complete_order(const std::string& letters);

}  // namespace qsim
