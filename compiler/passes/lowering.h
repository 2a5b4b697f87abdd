// The state of lower(), private to compiler/passes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/passes/layout.h"
#include "compiler/passes/lower.h"

namespace qsim {

class Lowering {
 public:
  Lowering(const Flow& flow, const SharedQuantization& shared, Problems& problems)
      : flow_(flow), shared_(shared), problems_(problems) {}
  Lowered run();

 private:
  // A value's place: elements of `tensor` in the order of `atoms`.
  struct Place {
    TensorId tensor = -1;
    Atoms atoms;
  };

  void lower_inputs();
  void lower_op(const Op& op);
  void lower_outputs();

  void conv(const Op& op);
  void matmul(const Op& op);
  Layer& channelwise(const Op& op, LayerOp layer);  // channels along op.axis, when not negative
  void add(const Op& op);
  void pair(const Op& op, LayerOp layer);
  void pool(const Op& op);
  void reduce(const Op& op);
  void interpolate(const Op& op);
  void arg_max(const Op& op);
  void elementwise(const Op& op, LayerOp layer);
  void concat(const Op& op);
  void permuted_concat(const Op& op);
  // The value with the scale of `op`'s result, for the host, which moves codes as they are.
  Place rescaled(EdgeId edge, const Op& op);
  void pad(const Op& op);
  void select(const Op& op);
  void view(const Op& op);
  void softmax(const Op& op);

  const NetTensor& tensor(TensorId id) const { return out_.network.tensor(id); }
  Layout layout_of(TensorId id) const;
  TensorId add_tensor(EdgeId edge, const Layout& layout);
  Layer& add_layer(LayerOp op, const std::string& name, std::vector<TensorId> inputs,
                   TensorId output);
  void set_place(EdgeId edge, Place place);
  void set_place(EdgeId edge, TensorId tensor, const std::string& order);

  // After an error, so that what reads the value is checked as well.
  void set_unknown_place(EdgeId edge);

  Place place_of(EdgeId edge) const;
  // The value in exactly this layout, moved there on the host if it is not.
  Place in_layout(EdgeId edge, const Layout& layout);
  // The value with dimension `axis` of `shape`, which it has or could have, as its channels.
  Place with_channels(EdgeId edge, const Shape& shape, size_t axis);
  // The value in some layout whose axes are whole dimensions of it; its order of letters.
  Place in_axes(EdgeId edge, std::string& order);
  // Letters of each dimension of `shape` at `place`; nothing when a dimension is no run of whole
  // axes.
  std::optional<std::vector<std::string>> letters(const Place& place, const Shape& shape) const;
  // Appends to `permutation` the memory index of every element, in the NHWC order of `layout`.
  void permutation_into(const Place& from, const Layout& layout, int64_t base,
                        std::vector<int32_t>& permutation) const;
  TensorId dequantized(TensorId codes, const std::string& name, const Shape& shape,
                       const std::string& order, EdgeId edge);

  const Flow& flow_;
  const SharedQuantization& shared_;
  Problems& problems_;
  Lowered out_;
  int32_t op_index_ = -1;                        // of the operator being lowered
  std::map<EdgeId, std::vector<Place>> places_;  // the first, then those moved on the host
};

}  // namespace qsim
