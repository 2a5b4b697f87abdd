// How many bits codes and weights get where the file does not say, and how values become codes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "compiler/passes/lower.h"
#include "compiler/passes/methods.h"

namespace qsim {

struct LayerBits {
  std::optional<int32_t> weights, activations;  // nothing: what the recipe says for all layers
  std::optional<RangeMethod> calibrator = {};   // of what the layer reads
};

// Every number of bits is in [2, 8]; the defaults are those of a network without a recipe.
struct Recipe {
  std::string source = {};      // the file it comes from, for messages
  int32_t weights = 8;          // of convolution, Gemm, MatMul and whatever becomes one
  int32_t activations = 8;      // of the codes that a layer reads
  int32_t input = 8;            // of the codes that the network's float inputs become
  int32_t outputs = 8;          // of codes that only the host reads
  RangeMethod calibrator = {};  // of activations
  ScaleForm activation_form = {};
  WeightMethod weight_method = {};
  bool equalizes = false;  // the caller passes the graph through equalize() first
  std::map<std::string, LayerBits> layers = {};  // by Layer::name

  CalibrationNeeds needs() const;
};

// Sets the bits of tensors and weights, and the clamp of every layer that has one to the range of
// its codes. Looks at shapes alone, so that bits are the same with and without values.
//
// A tensor has the greatest bits that a reader asks for, and tensors that share a quantization have
// the greatest bits among them. A layer that the recipe names asks for what stands there. Others
// ask for `input` when they read a network input; else for nothing when they pass the codes on as
// they are (max pool, host_permute, and the concat or pad that shares them) or are the host; else
// for `activations`. What only the host reads has the bits `outputs`.
//
// What the file quantizes itself stays. Throws one Error that names all entries of `recipe->layers`
// that fit no layer or contradict the file, or says that the file leaves nothing open. A null
// `recipe` is the default one, and fits everything.
void assign_bits(const Flow& flow, const SharedQuantization& shared, const Recipe* recipe,
                 Lowered& lowered);

}  // namespace qsim
