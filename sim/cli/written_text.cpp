#include "sim/cli/written_text.h"

#include <cstring>

namespace qsim::cli {
namespace {

int64_t address_of(const Written& written, int64_t offset) {
  for (const WrittenPiece& piece : written.pieces) {
    if (offset < piece.bytes) return piece.address + offset;
    offset -= piece.bytes;
  }
  return -1;
}

std::string tile_text(const InstructionInfo& info) {
  return "tile (" + std::to_string(info.y) + "," + std::to_string(info.x) + ") ";
}

// A matmul's tile is that of the instruction that requantizes its accumulators.
std::string matmul_tile(const Program& program, size_t index) {
  const auto& matmul = std::get<Matmul>(program.instructions[index].op);
  for (size_t i = index + 1; i < program.instructions.size(); ++i) {
    if (program.info[i].layer != program.info[index].layer) break;
    const auto* vector = std::get_if<Vector>(&program.instructions[i].op);
    if (!vector || VectorFunction(vector->function) != VectorFunction::kRequant) continue;
    const int64_t words = int64_t{vector->blocks} * vector->out_h * vector->out_w;
    if (matmul.acc < vector->src || matmul.acc >= vector->src + words) continue;
    return program.info[i].n < 0 ? "" : tile_text(program.info[i]);
  }
  return "";
}

std::string matmul_place(const Program& program, size_t index, int64_t address) {
  const int64_t word = address / 4;
  const int64_t cols = program.arch.array.cols;
  const int64_t pixel = word / cols - std::get<Matmul>(program.instructions[index].op).acc;
  return matmul_tile(program, index) + "element [" + std::to_string(pixel) + "," +
         std::to_string(word % cols) + "]";
}

std::string vector_place(const Program& program, size_t index, int64_t address) {
  const InstructionInfo& info = program.info[index];
  const auto& vector = std::get<Vector>(program.instructions[index].op);
  const int64_t channels =
      int64_t{vector.blocks - 1} * program.arch.array.cols + vector.last_channels;
  for (int64_t row = 0; row < vector.out_h; ++row) {
    for (int64_t column = 0; column < vector.out_w; ++column) {
      const int64_t channel =
          address - vector.dst - row * vector.dst_row_pitch - column * vector.dst_pixel_pitch;
      if (channel < 0 || channel >= channels) continue;
      const NetTensor& output =
          program.network.tensor(program.network.layers[static_cast<size_t>(info.layer)].output);
      // Rows of the instruction may run over images (InstructionInfo).
      const int64_t pixel =
          (int64_t{info.n} * output.h + info.y) * output.w + info.x + row * output.w + column;
      const int64_t element[] = {pixel / (int64_t{output.h} * output.w),
                                 pixel / output.w % output.h, pixel % output.w,
                                 info.channel + channel};
      std::string text = tile_text(info) + "element [";
      for (int i = 0; i < 4; ++i) text += (i > 0 ? "," : "") + std::to_string(element[i]);
      return text + "]";
    }
  }
  return "";
}

std::string value_at(const std::vector<uint8_t>& bytes, int64_t offset, int64_t size) {
  if (offset + size > static_cast<int64_t>(bytes.size())) return "nothing";
  if (size == 1) return std::to_string(static_cast<int8_t>(bytes[static_cast<size_t>(offset)]));
  int32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return std::to_string(value);
}

}  // namespace

ElementText element_text(const Program& program, size_t index, const Written& written,
                         int64_t offset, const std::vector<uint8_t>& a,
                         const std::vector<uint8_t>& b) {
  const Operation& operation = program.instructions[index].op;
  const bool matmul = std::holds_alternative<Matmul>(operation);
  const int64_t size = matmul ? 4 : 1;
  offset -= offset % size;
  const int64_t address = address_of(written, offset);
  ElementText text;
  if (matmul) {
    text.place = matmul_place(program, index, address);
  } else if (std::holds_alternative<Vector>(operation) && program.info[index].n >= 0) {
    text.place = vector_place(program, index, address);
  } else {
    text.place = std::string(name_of(written.memory)) + " byte " + std::to_string(address);
  }
  text.a = value_at(a, offset, size);
  text.b = value_at(b, offset, size);
  return text;
}

}  // namespace qsim::cli
