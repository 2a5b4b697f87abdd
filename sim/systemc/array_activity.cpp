#include "sim/systemc/array_activity.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "hw/spec/packing.h"
#include "sim/systemc/array_kernel.h"

namespace qsim::model {
namespace {

constexpr int32_t kColumns = 16;  // that a loop keeps in registers
constexpr int64_t kMaxRows = 256;
constexpr uint8_t kSigns[] = {0x80, 0x88, 0xaa};  // of the codes in a byte, by their pack

struct ByteChanges {
  int64_t bits = 0, signs = 0;
};

// Of bytes[i] against bytes[i - back], back <= i < back + n.
ByteChanges changed_bytes(const int8_t* bytes, int64_t back, int64_t n, int32_t pack) {
  const uint64_t signs = 0x0101010101010101u * kSigns[pack];
  ByteChanges changes;
  for (int64_t i = 0; i < n; i += 8) {
    const auto size = static_cast<size_t>(std::min<int64_t>(8, n - i));
    uint64_t before = 0, after = 0;
    std::memcpy(&before, bytes + i, size);
    std::memcpy(&after, bytes + back + i, size);
    changes.bits += std::popcount(before ^ after);
    changes.signs += std::popcount((before ^ after) & signs);
  }
  return changes;
}

// The bodies below are compiled twice: for any processor, and for those that count bits of whole
// vectors. (AVX2 in between was no faster than the former.)
#define QSIM_BODY inline __attribute__((always_inline))

// A word a column: in one register, or in as many as it takes.
using Words = uint32_t __attribute__((vector_size(4 * kColumns)));

// Bits of many words, column by column. Without an instruction for them, bits are summed up within
// bytes, which hold those of 31 words.
struct BitSum {
  Words bytes = {}, total = {};
  int words = 0;

  QSIM_BODY void add(const Words& changes) {
    Words bits = changes;
    bits -= bits >> 1 & 0x55555555u;
    bits = (bits & 0x33333333u) + (bits >> 2 & 0x33333333u);
    bytes += (bits + (bits >> 4)) & 0x0f0f0f0fu;
    if (++words == 31) fold();
  }
  QSIM_BODY void fold() {
    const Words pairs = (bytes & 0x00ff00ffu) + (bytes >> 8 & 0x00ff00ffu);
    total += (pairs & 0xffffu) + (pairs >> 16);
    bytes = Words{};
    words = 0;
  }
  QSIM_BODY int64_t sum() {
    fold();
    int64_t sum = 0;
    for (int32_t j = 0; j < kColumns; ++j) sum += total[j];
    return sum;
  }
};

// With one.
struct PopcountSum {
  Words total = {};

  QSIM_BODY void add(const Words& changes) {
    uint32_t bits[kColumns];
    std::memcpy(bits, &changes, sizeof bits);
    for (uint32_t& word : bits) word = static_cast<uint32_t>(__builtin_popcount(word));
    Words counts;
    std::memcpy(&counts, bits, sizeof bits);
    total += counts;
  }
  QSIM_BODY int64_t sum() const {
    int64_t sum = 0;
    for (int32_t j = 0; j < kColumns; ++j) sum += total[j];
    return sum;
  }
};

struct Columns {
  Words weights[kMaxTileRows];
  Words sums[kMaxRows];
};

QSIM_BODY void take_columns(Columns& columns, const TilePass& pass, int64_t rows, int64_t cols,
                            int64_t first, int64_t width, const int32_t* sums) {
  for (int64_t l = 0; l < pass.lanes; ++l) {
    uint32_t words[kColumns] = {};
    for (int64_t j = 0; j < width; ++j) {
      words[j] = static_cast<uint32_t>(pass.weights[l * cols + first + j]);
    }
    std::memcpy(&columns.weights[l], words, sizeof words);
  }
  for (int64_t r = 0; r < rows; ++r) {
    columns.sums[r] = Words{};
    std::memcpy(&columns.sums[r], sums + r * cols + first, static_cast<size_t>(width) * 4);
  }
}

// An element's product: the sum of those of its codes.
QSIM_BODY void add_products(Words& sum, const int8_t* codes, const Words* weights, int32_t count) {
  for (int32_t i = 0; i < count; ++i) sum += weights[i] * static_cast<uint32_t>(codes[i]);
}

// Row r's sum is that of rows 0 to r.
template <typename Sum>
QSIM_BODY int64_t ws_body(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  const int64_t pitch = ArrayKernel::pitch(pass.lanes);
  const int32_t count = codes_per_byte(pass.pack);
  Columns columns;
  int64_t bits = 0;
  for (int64_t first = 0; first < cols; first += kColumns) {
    const int64_t width = std::min<int64_t>(kColumns, cols - first);
    take_columns(columns, pass, rows, cols, first, width, sums);
    Sum changed;
    for (int64_t q = 0; q < pass.pixels; ++q) {
      Words sum = {};
      for (int64_t r = 0; r < rows; ++r) {
        add_products(sum, pass.codes + q * pitch + r * count, columns.weights + r * count, count);
        changed.add(sum ^ columns.sums[r]);
        columns.sums[r] = sum;
      }
    }
    bits += changed.sum();
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(sums + r * cols + first, &columns.sums[r], static_cast<size_t>(width) * 4);
    }
  }
  return bits;
}

// Each row has a pixel; its sum grows from slot to slot. Rows beyond the last pixel repeat it.
template <typename Sum>
QSIM_BODY int64_t os_body(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  const int64_t pitch = ArrayKernel::pitch(pass.lanes);
  const int32_t count = codes_per_byte(pass.pack);
  Columns columns;
  int64_t bits = 0;
  for (int64_t first = 0; first < cols; first += kColumns) {
    const int64_t width = std::min<int64_t>(kColumns, cols - first);
    take_columns(columns, pass, rows, cols, first, width, sums);
    Sum changed;
    for (int64_t r = 0; r < rows; ++r) {
      const int8_t* codes = pass.codes + std::min(r, pass.pixels - 1) * pitch;
      Words before = columns.sums[r], sum = pass.first ? Words{} : before;
      for (int64_t slot = 0; slot < rows; ++slot) {
        add_products(sum, codes + slot * count, columns.weights + slot * count, count);
        changed.add(sum ^ before);
        before = sum;
      }
      std::memcpy(sums + r * cols + first, &before, static_cast<size_t>(width) * 4);
    }
    bits += changed.sum();
  }
  return bits;
}

using CountSums = int64_t (*)(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums);

int64_t ws_portable(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  return ws_body<BitSum>(pass, rows, cols, sums);
}
int64_t os_portable(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  return os_body<BitSum>(pass, rows, cols, sums);
}

#if defined(__x86_64__) && defined(__GNUC__)

#define QSIM_AVX512 __attribute__((target("avx512f,avx512vpopcntdq")))

QSIM_AVX512 int64_t ws_avx512(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  return ws_body<PopcountSum>(pass, rows, cols, sums);
}
QSIM_AVX512 int64_t os_avx512(const TilePass& pass, int64_t rows, int64_t cols, int32_t* sums) {
  return os_body<PopcountSum>(pass, rows, cols, sums);
}

BitCounting available() {
  const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq");
  return has ? BitCounting::kAvx512 : BitCounting::kPortable;
}

constexpr CountSums kCountWs[] = {ws_portable, ws_avx512};
constexpr CountSums kCountOs[] = {os_portable, os_avx512};

#else

BitCounting available() { return BitCounting::kPortable; }

constexpr CountSums kCountWs[] = {ws_portable}, kCountOs[] = {os_portable};

#endif

}  // namespace

ArrayActivity::ArrayActivity(BitCounting best) : counting_(std::min(best, available())) {}

void ArrayActivity::reset(const Arch& arch) {
  dataflow_ = arch.array.dataflow;
  rows_ = arch.array.rows;
  cols_ = arch.array.cols;
  const bool by_groups = dataflow_ == Dataflow::kOs;
  operands_.assign(static_cast<size_t>(by_groups ? rows_ * (rows_ + 1) : rows_), 0);
  weights_.assign(static_cast<size_t>(by_groups ? (rows_ + 1) * cols_ : 2 * rows_ * cols_), 0);
  sums_.assign(static_cast<size_t>(rows_ * cols_), 0);
}

BitChanges ArrayActivity::take(const TilePass& pass) {
  return dataflow_ == Dataflow::kOs ? take_os(pass) : take_ws(pass);
}

void ArrayActivity::pack_weights(const TilePass& pass, int8_t* bytes) const {
  const int32_t count = codes_per_byte(pass.pack), width = bits_of_pack(pass.pack);
  const int8_t* weights = pass.weights;
  for (int64_t r = 0; r < rows_; ++r, weights += count * cols_, bytes += cols_) {
    for (int64_t j = 0; j < cols_; ++j) {
      uint32_t byte = 0;
      for (int32_t i = count - 1; i >= 0; --i) {
        byte = byte << width |
               (static_cast<uint32_t>(weights[i * cols_ + j]) & (0xffu >> (8 - width)));
      }
      bytes[j] = static_cast<int8_t>(byte);
    }
  }
}

BitChanges ArrayActivity::take_ws(const TilePass& pass) {
  BitChanges changes;
  const int64_t pitch = ArrayKernel::pitch(pass.lanes), elements = rows_ * cols_;
  if (pass.first) {
    pack_weights(pass, weights_.data() + elements);
    changes.weight_bits = changed_bytes(weights_.data(), elements, elements, pass.pack).bits;
    std::copy_n(weights_.data() + elements, elements, weights_.data());
  }
  const int64_t bytes = pass.pixels * rows_;
  if (operands_.size() < static_cast<size_t>(rows_ + bytes)) {
    operands_.resize(static_cast<size_t>(rows_ + bytes));
  }
  for (int64_t q = 0; q < pass.pixels; ++q) {
    pack_codes(pass.codes + q * pitch, pass.lanes, pass.pack, operands_.data() + (q + 1) * rows_);
  }
  const ByteChanges operands = changed_bytes(operands_.data(), rows_, bytes, pass.pack);
  std::copy_n(operands_.data() + bytes, rows_, operands_.data());
  changes.operand_bits = operands.bits * cols_;
  changes.sign_bits = operands.signs * cols_;
  changes.sum_bits = kCountWs[static_cast<int>(counting_)](pass, rows_, cols_, sums_.data());
  return changes;
}

BitChanges ArrayActivity::take_os(const TilePass& pass) {
  BitChanges changes;
  const int64_t pitch = ArrayKernel::pitch(pass.lanes), elements = rows_ * cols_;
  pack_weights(pass, weights_.data() + cols_);
  changes.weight_bits = rows_ * changed_bytes(weights_.data(), cols_, elements, pass.pack).bits;
  std::copy_n(weights_.data() + elements, cols_, weights_.data());
  for (int64_t r = 0; r < rows_; ++r) {
    int8_t* bytes = operands_.data() + r * (rows_ + 1);
    pack_codes(pass.codes + std::min(r, pass.pixels - 1) * pitch, pass.lanes, pass.pack, bytes + 1);
    const ByteChanges operands = changed_bytes(bytes, 1, rows_, pass.pack);
    bytes[0] = bytes[rows_];
    changes.operand_bits += operands.bits * cols_;
    changes.sign_bits += operands.signs * cols_;
  }
  changes.sum_bits = kCountOs[static_cast<int>(counting_)](pass, rows_, cols_, sums_.data());
  return changes;
}

}  // namespace qsim::model
