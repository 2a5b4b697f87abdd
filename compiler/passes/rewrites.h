// Flow -> Flow: the passes between import and lowering, in the order in which quantize() runs them.
// None looks at weights or at calibration, so that the layers are the same with and without values.
#pragma once

#include "compiler/passes/flow.h"

namespace qsim {

// Padding becomes the padding of the windows that read it.
//   before  x -> Pad(zeros) -> Conv(pads p)          after  x -> Conv(pads p + q)
// Convolution: always (its own padding is zero as well). Average pool: when it has no padding of
// its own; it then counts the padding. Max pool: padding of -infinity, or of zeros when x is never
// negative (the producer clamps at 0 or above). A Transpose in between moves before the Pad. Other
// Pads of zeros stay, as layers that copy; Problems: other constants.
void fold_pads(Flow& flow, Problems& problems);

// Batch normalization and additions of constants become part of the product before them.
//   before  x -> Conv(w, b) -> BatchNormalization     after  x -> Conv(w, b, affines = {bn})
//   before  x -> MatMul(w) -> Add(c)                  after  x -> MatMul(w, affines = {c})
// when nothing else reads what lies between and the file does not quantize it. Otherwise the
// operation stays: lowering makes it a depthwise 1x1 convolution.
void fold_affines(Flow& flow);

// Relu and Clip become the clamp of the operator before them.
//   before  x -> Conv -> Relu -> Q(s, z)              after  x -> Conv(clamp [0, inf)) -> Q(s, z)
//   before  x -> Conv -> MaxPool -> Relu              after  x -> Conv(clamp) -> MaxPool
// when nothing else reads what lies between, and the file does not quantize it, or does so with the
// result's own scale. Clamping commutes with max pool, Reshape and Transpose, so it moves up
// through them.
void fuse_clamps(Flow& flow);

// What computes a function of one element of one activation becomes one table.
//   before  x -> Div(1.414) -> Erf -> Add(1) -> * x -> Mul(0.5)     after  x -> kTable(GELU)
//   before  x -> HardSigmoid -> * x                                 after  x -> kTable(HardSwish)
// Between the first and the last of them nothing else reads a value, and the file quantizes none.
// Factors and clamps alone stay as they are: the vector unit does them. Comes after fold_affines()
// and fuse_clamps(), so that a product keeps what it can take.
void fuse_tables(Flow& flow);

// Edges that must be, or had better be, codes of one quantization.
struct SharedQuantization {
  std::vector<int32_t> group;  // per edge: the edge that represents its group
  // What the file says of a group, where it does of any member; parallel to edges, at
  // representatives.
  std::vector<std::optional<CodeForm>> form;
};

// Max pool, Reshape, Transpose and Pad pass codes on: input and output form one group. The inputs
// of a Concat join its output's group where Concat is their only reader and the file leaves the
// choice.
//   before  x{s1} -> MaxPool -> y{s2}    after  x{s1} -> MaxPool -> t{s1} -> Requantize -> y{s2}
SharedQuantization share_quantization(Flow& flow);

}  // namespace qsim
