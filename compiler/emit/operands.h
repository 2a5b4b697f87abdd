// How a tile's instructions reach their feature maps: directly, where a tensor is resident in the
// activation buffer, or through pieces that are loaded from and stored to DRAM.
#pragma once

#include "compiler/emit/step_writer.h"
#include "compiler/emit/view.h"

namespace qsim {

// A rectangle of a feature map in the activation buffer.
struct Operand {
  PieceId piece = kNoPiece;                // kNoPiece: `base` is an absolute address
  int64_t base = 0;                        // byte of the rectangle's pixel (0, 0), channel 0
  int64_t row_pitch = 0, pixel_pitch = 0;  // bytes
  int32_t pack = 0;                        // log2 of the codes in a byte
  int32_t y = 0, x = 0;                    // the rectangle's origin in the image
  int32_t h = 1, w = 1;
  int32_t step_h = 1, step_w = 1;  // image rows and columns from pixel to pixel (SourceRegion)
  Access access;                   // the bytes that the tile really touches
};

class Operands {
 public:
  Operands(const LayerView& view, const Plan& plan, Work& work);

  // The rectangle `region` of image n of `tensor`. Streamed tensors get a piece that lives in the
  // next step; extend() it for later ones.
  Operand source(TensorId tensor, int32_t n, const SourceRegion& region) {
    return source(tensor, n, region, 0, view_.network.tensor(tensor).c);
  }
  // Channels [first, last) of it alone; `base` is then at the first. Parts begin at channel blocks,
  // so at whole bytes, here and below.
  Operand source(TensorId tensor, int32_t n, const SourceRegion& region, int32_t first_channel,
                 int32_t last_channel);
  // The taps of every output pixel of a tile packed side by side: one row of tile.h * tile.w
  // "pixels".
  Operand packed_source(const OutTile& tile);
  // Channels [first, last) of the layer's output at a tile.
  Operand output(const OutTile& tile, int32_t first_channel, int32_t last_channel);
  // Writes the store of such an output; nothing for resident ones.
  void write_store(const Operand& output, const OutTile& tile, int32_t first_channel,
                   int32_t last_channel, StepWriter& out) const;

  // The piece of an operand (or any piece) lives at least until the step under construction.
  void extend(PieceId piece);

 private:
  const Placement& placement(TensorId tensor) const {
    return plan_.tensors[static_cast<size_t>(tensor)];
  }
  // Width and height of a tensor's images as the view folds them.
  struct Extent {
    int32_t h, w;
  };
  Extent extent(TensorId tensor) const;

  const LayerView& view_;
  const Plan& plan_;
  Work& work_;
};

}  // namespace qsim
