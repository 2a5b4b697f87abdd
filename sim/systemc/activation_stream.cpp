#include "sim/systemc/activation_stream.h"

#include <algorithm>
#include <cstring>

#include "hw/spec/packing.h"

namespace qsim::model {
namespace {

struct Tap {
  int64_t y, x, block;  // offset in the source of output pixel (0, 0); channel block
};

Tap tap_of(const Matmul& op, int64_t tile) {
  const int64_t position = tile / op.cblocks;
  return {op.y0 + position / op.kw * op.dilation_h, op.x0 + position % op.kw * op.dilation_w,
          tile % op.cblocks};
}

// Fixed sizes, so that the compiler turns the copies into moves.
template <int64_t size>
void copy_words(const int8_t* source, int64_t step, int64_t count, int8_t* codes, int64_t pitch) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(codes + i * pitch, source + i * step, static_cast<size_t>(size));
  }
}

void copy_words(int64_t size, const int8_t* source, int64_t step, int64_t count, int8_t* codes,
                int64_t pitch) {
  if (step == size && pitch == size) {
    std::memcpy(codes, source, static_cast<size_t>(count * size));
    return;
  }
  switch (size) {
    case 8:
      return copy_words<8>(source, step, count, codes, pitch);
    case 16:
      return copy_words<16>(source, step, count, codes, pitch);
    case 32:
      return copy_words<32>(source, step, count, codes, pitch);
  }
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(codes + i * pitch, source + i * step, static_cast<size_t>(size));
  }
}

void unpack_words(int64_t size, int32_t pack, const int8_t* source, int64_t step, int64_t count,
                  int8_t* codes, int64_t pitch) {
  const int64_t lanes = size << pack;
  if (step == size && pitch == lanes) return unpack_codes(source, count * lanes, pack, codes);
  for (int64_t i = 0; i < count; ++i) {
    unpack_codes(source + i * step, lanes, pack, codes + i * pitch);
  }
}

// `size` codes as they stand in a byte, over and over. A pixel begins with the byte's first code.
void fill_codes(int8_t byte, int32_t pack, int64_t size, int8_t* codes) {
  if (pack == 0) {
    std::memset(codes, byte, static_cast<size_t>(size));
    return;
  }
  for (int64_t i = 0; i < size; ++i) {
    codes[i] = code_at(&byte, i & (codes_per_byte(pack) - 1), pack);
  }
}

// Output columns whose source column, origin + x * stride, is in [0, width): [first, second).
ByteRange columns_inside(int64_t origin, int64_t stride, int64_t width, int64_t out) {
  if (stride == 0) return origin >= 0 && origin < width ? ByteRange{0, out} : ByteRange{0, 0};
  const int64_t low = origin >= 0 ? 0 : (-origin + stride - 1) / stride;
  const int64_t high = origin >= width ? 0 : (width - 1 - origin) / stride + 1;
  return {std::min(low, out), std::clamp<int64_t>(high, std::min(low, out), out)};
}

}  // namespace

int64_t ActivationStream::word(int64_t tile, int64_t pixel) const {
  const Tap tap = tap_of(op_, tile);
  const int64_t y = tap.y + pixel / op_.out_w * op_.stride_h;
  const int64_t x = tap.x + pixel % op_.out_w * op_.stride_w;
  if (y < 0 || y >= op_.in_h || x < 0 || x >= op_.in_w) return -1;
  return op_.act + y * op_.act_row_pitch + x * op_.act_pixel_pitch + tap.block;
}

void ActivationStream::gather(const int8_t* buffer, int64_t tile, int64_t first, int64_t count,
                              int8_t* codes, int64_t pitch) const {
  const Tap tap = tap_of(op_, tile);
  const ByteRange inside = columns_inside(tap.x, op_.stride_w, op_.in_w, op_.out_w);
  const int64_t step = int64_t{op_.stride_w} * op_.act_pixel_pitch * rows_;
  for (int64_t done = 0; done < count;) {
    const int64_t row = (first + done) / op_.out_w;
    const int64_t x = (first + done) % op_.out_w;
    const int64_t run = std::min(count - done, op_.out_w - x);
    const int64_t y = tap.y + row * op_.stride_h;
    const bool valid = y >= 0 && y < op_.in_h;
    const int64_t low = valid ? std::clamp(inside.low, x, x + run) : x + run;
    const int64_t high = valid ? std::clamp(inside.high, low, x + run) : x + run;
    int8_t* out = codes + done * pitch;
    // Padding on both sides; codes of the pitch beyond the lanes meet no weights.
    const auto padding = static_cast<int8_t>(op_.pad_value);
    fill_codes(padding, op_.act_pack, (low - x) * pitch, out);
    fill_codes(padding, op_.act_pack, (x + run - high) * pitch, out + (high - x) * pitch);
    if (high > low) {
      const int64_t word = op_.act + y * op_.act_row_pitch +
                           (tap.x + low * op_.stride_w) * op_.act_pixel_pitch + tap.block;
      const int8_t* source = buffer + word * rows_;
      int8_t* to = out + (low - x) * pitch;
      if (op_.act_pack == 0) {
        copy_words(rows_, source, step, high - low, to, pitch);
      } else {
        unpack_words(rows_, op_.act_pack, source, step, high - low, to, pitch);
      }
    }
    done += run;
  }
}

ByteRange ActivationStream::range() const {
  const int64_t y_low = std::max<int64_t>(op_.y0, 0);
  const int64_t x_low = std::max<int64_t>(op_.x0, 0);
  const int64_t y_high =
      std::min<int64_t>(op_.in_h - 1, op_.y0 + int64_t{op_.out_h - 1} * op_.stride_h +
                                          int64_t{op_.kh - 1} * op_.dilation_h);
  const int64_t x_high =
      std::min<int64_t>(op_.in_w - 1, op_.x0 + int64_t{op_.out_w - 1} * op_.stride_w +
                                          int64_t{op_.kw - 1} * op_.dilation_w);
  if (y_high < y_low || x_high < x_low) return {0, 0};
  const int64_t low = op_.act + y_low * op_.act_row_pitch + x_low * op_.act_pixel_pitch;
  const int64_t high =
      op_.act + y_high * op_.act_row_pitch + x_high * op_.act_pixel_pitch + op_.cblocks;
  return {low * rows_, high * rows_};
}

}  // namespace qsim::model
