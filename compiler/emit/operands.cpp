#include "compiler/emit/operands.h"

#include <algorithm>

namespace qsim {
namespace {

// A rectangle of a tensor in DRAM: address of its first byte and distances in bytes.
struct DramRectangle {
  int64_t address;
  int64_t row_pitch;
  int64_t end;  // first byte after the last pixel
};

DramRectangle dram_rectangle(const Placement& place, int32_t image_h, int32_t image_w, int32_t n,
                             int32_t y, int32_t x, int32_t h, int32_t w) {
  const int64_t row_pixels = image_w + place.border_left + place.border_right;
  const int64_t rows = image_h + place.border_top + place.border_bottom;
  const int64_t row_pitch = row_pixels * place.pixel_bytes;
  const int64_t address = place.address + (n * rows + y + place.border_top) * row_pitch +
                          (x + place.border_left) * int64_t{place.pixel_bytes};
  return {address, row_pitch, address + (h - 1) * row_pitch + w * int64_t{place.pixel_bytes}};
}

// Fills the loops of a transfer of h x w pixels of `pixel` bytes, `dram_pitch` and
// dram.row_pitch bytes apart in DRAM.
template <typename Transfer>
void shape_transfer(Transfer& op, const DramRectangle& dram, int64_t dram_pitch, int64_t row_pitch,
                    int64_t pixel_pitch, int32_t h, int32_t w, int64_t pixel) {
  constexpr int64_t kMaxPiece = (1 << 24) - 1;
  op.dram_address = dram.address;
  op.count0 = op.count1 = op.count2 = 1;
  const bool whole_pixels = dram_pitch == pixel_pitch && pixel == pixel_pitch;
  if (!whole_pixels) {
    op.bytes = static_cast<int32_t>(pixel);
    op.count0 = w, op.count1 = h;
    op.dram_stride0 = static_cast<int32_t>(dram_pitch);
    op.buffer_stride0 = static_cast<int32_t>(pixel_pitch);
    op.dram_stride1 = static_cast<int32_t>(dram.row_pitch);
    op.buffer_stride1 = static_cast<int32_t>(row_pitch);
  } else if (dram.row_pitch == w * dram_pitch && row_pitch == w * pixel_pitch &&
             h * dram.row_pitch <= kMaxPiece) {
    op.bytes = static_cast<int32_t>(h * dram.row_pitch);
  } else {
    op.bytes = static_cast<int32_t>(w * dram_pitch);
    op.count0 = h;
    op.dram_stride0 = static_cast<int32_t>(dram.row_pitch);
    op.buffer_stride0 = static_cast<int32_t>(row_pitch);
  }
}

}  // namespace

Operands::Operands(const LayerView& view, const Plan& plan, Work& work)
    : view_(view), plan_(plan), work_(work) {}

Operands::Extent Operands::extent(TensorId id) const {
  const NetTensor& tensor = view_.network.tensor(id);
  const bool folded = tensor.h == 1 && tensor.w == 1 && view_.images == 1;
  return folded ? Extent{1, tensor.n} : Extent{tensor.h, tensor.w};
}

void Operands::extend(PieceId piece) {
  if (piece != kNoPiece) work_.pieces[static_cast<size_t>(piece)].last_step = work_.next_step();
}

Operand Operands::source(TensorId id, int32_t n, const SourceRegion& region, int32_t first_channel,
                         int32_t last_channel) {
  const Placement& place = placement(id);
  const Extent image = extent(id);
  const int64_t channels = last_channel - first_channel;
  Operand operand;
  operand.pack = place.pack;
  if (place.where == Placement::Where::kResident) {
    operand.pixel_pitch = pixel_pitch(view_.arch, view_.network.tensor(id).c, place.pack);
    operand.row_pitch = image.w * operand.pixel_pitch;
    const int64_t image_base = place.address + n * (image.h * operand.row_pitch);
    operand.base = image_base + (first_channel >> place.pack);
    operand.h = image.h, operand.w = image.w;
    const int64_t low = image_base + region.y * operand.row_pitch;
    const int64_t rows = (region.h - 1) * region.step_h + 1;
    operand.access = {Space::kActivation, false, kNoPiece, -1, low, low + rows * operand.row_pitch};
    return operand;
  }
  const int64_t pitch = pixel_pitch(view_.arch, channels, place.pack);
  operand.pixel_pitch = pitch;
  operand.row_pitch = region.w * pitch;
  operand.y = region.y, operand.x = region.x, operand.h = region.h, operand.w = region.w;
  operand.step_h = region.step_h, operand.step_w = region.step_w;
  const int64_t bytes = region.h * operand.row_pitch;
  operand.piece = work_.add(BufferId::kActivation, view_.id, bytes);
  operand.access = {Space::kActivation, false, operand.piece, -1, 0, bytes};
  DramRectangle dram =
      dram_rectangle(place, image.h, image.w, n, region.y, region.x,
                     (region.h - 1) * region.step_h + 1, (region.w - 1) * region.step_w + 1);
  dram.row_pitch *= region.step_h;
  dram.address += first_channel >> place.pack;
  const bool all_channels = channels == view_.network.tensor(id).c;
  Piece& piece = work_.pieces[static_cast<size_t>(operand.piece)];
  piece.source = {Space::kDram, false, kNoPiece, id, dram.address, dram.end};
  Load& load = piece.load.emplace();
  load.buffer = static_cast<int32_t>(BufferId::kActivation);
  shape_transfer(
      load, dram, int64_t{place.pixel_bytes} * region.step_w, operand.row_pitch, pitch, region.h,
      region.w,
      all_channels && place.pixel_bytes == pitch ? pitch : packed_bytes(channels, place.pack));
  return operand;
}

Operand Operands::packed_source(const OutTile& tile) {
  const TensorId id = view_.layer.inputs[0];
  const Placement& place = placement(id);
  const Extent image = extent(id);
  const Window& window = view_.window;
  Operand operand;
  operand.pack = place.pack;
  operand.pixel_pitch = int64_t{view_.packed_blocks()} * view_.arch.array.rows;
  operand.row_pitch = tile.w * operand.pixel_pitch;
  operand.h = tile.h, operand.w = tile.w;
  const int64_t bytes = tile.h * operand.row_pitch;
  operand.piece = work_.add(BufferId::kActivation, view_.id, bytes);
  operand.access = {Space::kActivation, false, operand.piece, -1, 0, bytes};
  // Borders make every tap an address: the rectangle may start above and left of the image.
  const DramRectangle dram =
      dram_rectangle(place, image.h, image.w, tile.n, tile.y * window.stride_h - window.pad_top,
                     tile.x * window.stride_w - window.pad_left,
                     (tile.h - 1) * window.stride_h + (window.kh - 1) * window.dilation_h + 1,
                     (tile.w - 1) * window.stride_w + window.kw);
  const int32_t tap_row = window.kw * place.pixel_bytes;
  Piece& piece = work_.pieces[static_cast<size_t>(operand.piece)];
  piece.source = {Space::kDram, false, kNoPiece, id, dram.address, dram.end};
  Load& load = piece.load.emplace();
  load.buffer = static_cast<int32_t>(BufferId::kActivation);
  load.dram_address = dram.address;
  load.bytes = tap_row;
  load.count0 = window.kh;
  load.dram_stride0 = static_cast<int32_t>(window.dilation_h * dram.row_pitch);
  load.buffer_stride0 = tap_row;
  load.count1 = tile.w;
  load.dram_stride1 = window.stride_w * place.pixel_bytes;
  load.buffer_stride1 = static_cast<int32_t>(operand.pixel_pitch);
  load.count2 = tile.h;
  load.dram_stride2 = static_cast<int32_t>(window.stride_h * dram.row_pitch);
  load.buffer_stride2 = static_cast<int32_t>(operand.row_pitch);
  return operand;
}

Operand Operands::output(const OutTile& tile, int32_t first_channel, int32_t last_channel) {
  const TensorId id = view_.layer.output;
  const Placement& place = placement(id);
  Operand operand;
  operand.pack = place.pack;
  operand.y = tile.y, operand.x = tile.x, operand.h = tile.h, operand.w = tile.w;
  if (place.where == Placement::Where::kResident) {
    const Extent image = extent(id);
    operand.pixel_pitch = pixel_pitch(view_.arch, view_.out_c, place.pack);
    operand.row_pitch = image.w * operand.pixel_pitch;
    const int64_t row = place.address + (int64_t{tile.n} * image.h + tile.y) * operand.row_pitch;
    operand.base = row + tile.x * operand.pixel_pitch + (first_channel >> place.pack);
    operand.access = {
        Space::kActivation, true, kNoPiece, -1, row, row + tile.h * operand.row_pitch};
    return operand;
  }
  operand.pixel_pitch = pixel_pitch(view_.arch, last_channel - first_channel, place.pack);
  operand.row_pitch = tile.w * operand.pixel_pitch;
  const int64_t bytes = tile.h * operand.row_pitch;
  operand.piece = work_.add(BufferId::kActivation, view_.id, bytes);
  operand.access = {Space::kActivation, true, operand.piece, -1, 0, bytes};
  return operand;
}

void Operands::write_store(const Operand& output, const OutTile& tile, int32_t first_channel,
                           int32_t last_channel, StepWriter& out) const {
  if (output.piece == kNoPiece) return;
  const TensorId id = view_.layer.output;
  const Placement& place = placement(id);
  const Extent image = extent(id);
  DramRectangle dram =
      dram_rectangle(place, image.h, image.w, tile.n, tile.y, tile.x, tile.h, tile.w);
  dram.address += first_channel >> place.pack;
  // A tile of all channels is stored with the unused bytes of its last word, as one run of bytes.
  const bool all_channels = first_channel == 0 && last_channel == view_.out_c;
  const int64_t pixel = all_channels && place.pixel_bytes == output.pixel_pitch
                            ? output.pixel_pitch
                            : packed_bytes(last_channel - first_channel, place.pack);
  Store& store = out.begin<Store>({Store{}}, view_.id);
  shape_transfer(store, dram, place.pixel_bytes, output.row_pitch, output.pixel_pitch, tile.h,
                 tile.w, pixel);
  store.buffer_address = out.address(output.piece);
  Access from = output.access;
  from.write = false;
  out.touch(from);
  out.touch({Space::kDram, true, kNoPiece, id, dram.address, dram.end});
  out.end();
}

}  // namespace qsim
