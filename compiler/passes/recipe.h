// How many bits codes and weights get where the file does not say, and how values become codes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/passes/lower.h"
#include "compiler/passes/methods.h"

namespace qsim {

// Nothing stands for what the recipe says for all layers.
struct LayerBits {
  std::optional<int32_t> weights, activations;
  std::optional<RangeMethod> calibrator = {};  // of what the layer reads
  std::optional<bool> is_per_tensor = {}, is_mse = {}, corrects_bias = {};  // as in WeightMethod
  std::optional<Rounding> rounding = {};

  WeightMethod method(const WeightMethod& of_all) const;
  bool operator==(const LayerBits&) const = default;
};

// Weights of a layer that an earlier run made, in the order of Layer::weights; zero points are 0.
struct StatedWeights {
  std::vector<int8_t> codes;
  std::vector<float> scale;  // per output channel
  std::vector<double> bias;  // per output channel, in reals
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
  // Weights are fitted to the inputs that the quantized layers before them yield, one layer after
  // the other; the caller measures them (sim/cli/reconstruct.h).
  bool is_sequential = false;
  bool equalizes = false;  // the caller passes the graph through equalize() first
  // Of layers with weights before which, or after which, there is none; what `layers` says about
  // one of them comes first, of a layer that is both `first`. Where the file leaves nothing open
  // they say nothing.
  LayerBits first = {}, last = {};
  std::map<std::string, LayerBits> layers = {};  // by Layer::name
  // What need not be calibrated: it is taken as it stands, whatever the methods above say.
  std::map<std::string, Quantization> tensors = {};      // by NetTensor::name
  std::map<std::string, StatedWeights> weights_of = {};  // by Layer::name

  CalibrationNeeds needs() const;
  WeightMethod method_of(const std::string& layer) const;
};

// `recipe` with what `first` and `last` say among its layers.
Recipe with_policies(const Flow& flow, const SharedQuantization& shared, const Recipe& recipe,
                     const Lowered& lowered);

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

// Whether the file does not quantize all of its tensors and weights itself.
bool leaves_open(const Flow& flow, const SharedQuantization& shared, const Lowered& lowered);

// Makes the entries of `recipe.tensors` the forms of their groups, which the file leaves open.
// Throws one Error that names all entries that fit no tensor or layer, contradict the file or one
// another, or do not fit the bits. Call after assign_bits().
void apply_stated(const Flow& flow, const Recipe& recipe, const Lowered& lowered,
                  SharedQuantization& shared);

// `recipe` with everything said that was decided for `lowered`, a network with values: quantize()
// with it makes the same network without calibration. `shared` as before apply_stated(), with what
// the file says alone. Weights are stated where they depend on more than the file and the recipe.
Recipe stated_recipe(const Flow& flow, const Recipe& recipe, const Lowered& lowered,
                     const SharedQuantization& shared);

}  // namespace qsim
