#include "sim/engines/written.h"

#include <algorithm>

#include "hw/spec/packing.h"

namespace qsim {
namespace {

void add_piece(Written& written, int64_t address, int64_t bytes) {
  if (!written.pieces.empty()) {
    WrittenPiece& last = written.pieces.back();
    if (last.address + last.bytes == address) {
      last.bytes += bytes;
      return;
    }
  }
  written.pieces.push_back({address, bytes});
}

// T10: count2 x count1 x count0 pieces, count0 fastest.
template <typename Transfer>
void add_transfer(Written& written, const Transfer& op, int64_t start, const int64_t (&stride)[3]) {
  for (int64_t i2 = 0; i2 < op.count2; ++i2) {
    for (int64_t i1 = 0; i1 < op.count1; ++i1) {
      for (int64_t i0 = 0; i0 < op.count0; ++i0) {
        add_piece(written, start + i0 * stride[0] + i1 * stride[1] + i2 * stride[2], op.bytes);
      }
    }
  }
}

// All channel blocks of a pixel lie side by side.
void add_vector(Written& written, const Vector& op, int64_t cols) {
  const int64_t channels = (op.blocks - 1) * cols + op.last_channels;
  const int64_t bytes = packed_bytes(channels, op.dst_pack);
  for (int64_t y = 0; y < op.out_h; ++y) {
    for (int64_t x = 0; x < op.out_w; ++x) {
      add_piece(written, op.dst + y * op.dst_row_pitch + x * op.dst_pixel_pitch, bytes);
    }
  }
}

// Sorted, without overlaps.
std::vector<WrittenPiece> merged(std::vector<WrittenPiece> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const WrittenPiece& a, const WrittenPiece& b) { return a.address < b.address; });
  std::vector<WrittenPiece> result;
  for (const WrittenPiece& piece : pieces) {
    if (!result.empty() && piece.address <= result.back().address + result.back().bytes) {
      const int64_t end =
          std::max(result.back().address + result.back().bytes, piece.address + piece.bytes);
      result.back().bytes = end - result.back().address;
    } else {
      result.push_back(piece);
    }
  }
  return result;
}

// What is left of `piece` outside `holes`, which are merged().
void add_rest(std::vector<WrittenPiece>& rest, const WrittenPiece& piece,
              const std::vector<WrittenPiece>& holes) {
  int64_t at = piece.address;
  const int64_t end = piece.address + piece.bytes;
  auto hole = std::lower_bound(
      holes.begin(), holes.end(), at,
      [](const WrittenPiece& h, int64_t address) { return h.address + h.bytes <= address; });
  for (; hole != holes.end() && hole->address < end; ++hole) {
    if (hole->address > at) rest.push_back({at, hole->address - at});
    at = hole->address + hole->bytes;
  }
  if (at < end) rest.push_back({at, end - at});
}

// SplitMix64: neighbouring inputs give unrelated outputs.
uint64_t scrambled(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t fill_word(uint32_t seed, Memory memory, int64_t word) {
  return scrambled((uint64_t{seed} << 32) ^ (static_cast<uint64_t>(memory) << 56) ^
                   static_cast<uint64_t>(word));
}

}  // namespace

const char* name_of(Memory memory) {
  constexpr const char* kNames[] = {"activation", "weight", "parameter", "accumulator", "DRAM"};
  return kNames[static_cast<size_t>(memory)];
}

int64_t size_of(Memory memory, const Program& program) {
  const Arch& arch = program.arch;
  switch (memory) {
    case Memory::kActivation:
      return arch.act_bytes();
    case Memory::kWeight:
      return arch.weight_bytes();
    case Memory::kParam:
      return arch.param_bytes();
    case Memory::kAccumulator:
      return int64_t{4} * arch.array.cols * arch.buffers.acc_entries;
    case Memory::kDram:
      break;
  }
  return program.dram_bytes;
}

uint8_t fill_byte(uint32_t seed, Memory memory, int64_t address) {
  return static_cast<uint8_t>(fill_word(seed, memory, address / 8) >> (address % 8 * 8));
}

void fill_memory(uint32_t seed, Memory memory, std::span<uint8_t> bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  for (int64_t address = 0; address < size; address += 8) {
    const uint64_t word = fill_word(seed, memory, address / 8);
    for (int64_t i = 0; i < std::min<int64_t>(8, size - address); ++i) {
      bytes[static_cast<size_t>(address + i)] = static_cast<uint8_t>(word >> (i * 8));
    }
  }
}

Written written_by(const Program& program, int32_t index) {
  const Operation& operation = program.instructions[static_cast<size_t>(index)].op;
  Written written;
  if (const auto* load = std::get_if<Load>(&operation)) {
    written.memory = static_cast<Memory>(load->buffer);
    add_transfer(written, *load, load->buffer_address,
                 {load->buffer_stride0, load->buffer_stride1, load->buffer_stride2});
  } else if (const auto* store = std::get_if<Store>(&operation)) {
    written.memory = Memory::kDram;
    add_transfer(written, *store, store->dram_address,
                 {store->dram_stride0, store->dram_stride1, store->dram_stride2});
  } else if (const auto* matmul = std::get_if<Matmul>(&operation)) {
    written.memory = Memory::kAccumulator;
    const int64_t word = int64_t{4} * program.arch.array.cols;
    add_piece(written, matmul->acc * word, word * matmul->out_h * matmul->out_w);
  } else if (const auto* vector = std::get_if<Vector>(&operation)) {
    written.memory = Memory::kActivation;
    add_vector(written, *vector, program.arch.array.cols);
  }
  return written;
}

Written comparable(const Program& program, const Retirement& retirement) {
  Written written = written_by(program, retirement.index);
  if (written.pieces.empty()) return written;
  const auto self = static_cast<size_t>(retirement.index);
  const Unit unit = unit_of(program.instructions[self].op);
  const int64_t now = retirement.timing[self].retire;
  std::vector<WrittenPiece> later;
  int32_t in_flight = program.arch.sync.in_flight - 1;  // T6
  for (size_t i = self + 1; i < program.instructions.size() && in_flight > 0; ++i) {
    const Operation& operation = program.instructions[i].op;
    if (is_halt(operation)) break;  // of this segment
    if (unit_of(operation) != unit) continue;
    const int64_t issue = retirement.timing[i].issue;
    if (issue == 0 || issue >= now) break;
    --in_flight;
    const Written other = written_by(program, static_cast<int32_t>(i));
    if (other.memory != written.memory) continue;
    later.insert(later.end(), other.pieces.begin(), other.pieces.end());
  }
  if (later.empty()) return written;
  const std::vector<WrittenPiece> holes = merged(std::move(later));
  std::vector<WrittenPiece> rest;
  for (const WrittenPiece& piece : written.pieces) add_rest(rest, piece, holes);
  written.pieces = std::move(rest);
  return written;
}

std::vector<uint8_t> read_written(const Written& written, const MemoryReader& read) {
  int64_t bytes = 0;
  for (const WrittenPiece& piece : written.pieces) bytes += piece.bytes;
  std::vector<uint8_t> result(static_cast<size_t>(bytes));
  size_t at = 0;
  for (const WrittenPiece& piece : written.pieces) {
    read(written.memory, piece.address,
         std::span(result).subspan(at, static_cast<size_t>(piece.bytes)));
    at += static_cast<size_t>(piece.bytes);
  }
  return result;
}

}  // namespace qsim
