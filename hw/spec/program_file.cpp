// The .qprog file, version 3. Little endian; numbers, strings and lists as byte_stream.h says.
//
//   offset  bytes
//        0      8  "QSIMPROG"
//        8      4  version (3)
//       12      4  CRC-32 (zlib's) of the payload
//       16      8  payload bytes; the file ends with them
//       24         payload:
//
//   machine       string name; string: its INI file, as `qsim machines NAME` prints it
//   network       string name; bool has_values; list of strings value_blockers
//     tensors     list: string name; int32 n, h, w, c; float32 scale; int32 zero_point, bits;
//                 bool is_float; list of int64 onnx_shape; string onnx_order; uint8 onnx_type (enum
//                 DataType); int32 onnx_offset
//     layers      list: string name; uint8 op (enum LayerOp); list of int32 inputs; int32 output;
//                 window: int32 kh, kw, stride_h, stride_w, dilation_h, dilation_w, pad_top,
//                 pad_left, pad_bottom, pad_right; int32 groups; list of int8 weights; int32
//                 weight_bits; list of int32 weight_zero_point; list of float32 weight_scale; list
//                 of int32 bias; bool count_include_pad; int32 clamp_low, clamp_high; bool log;
//                 int32 softmax_zero_point_signed; list of int32 permutation;
//                 list of int8 table; rows, columns: lists of int32 first, second, weight;
//                 normalization: int32 size; float32 alpha, beta, bias; bool takes_last, is_sum
//     ends        list of int32 inputs; list of int32 outputs (tensor ids)
//   steps         list: int32 host_layer, first, count
//   instructions  uint64 count; 64 bytes each, encoded as isa.def says
//   info          list, as many: int32 layer, n, y, x, channel; int64 useful_macs
//   memory        int64 instruction_address, dram_bytes, constants_address; list of uint8 constants
//   dram tensors  list: int32 tensor; int64 address; int32 pixel_bytes, pack, border_top,
//                 border_left, border_bottom, border_right
//
// Meaning of the fields: network.h, program.h.
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "hw/spec/byte_stream.h"
#include "hw/spec/program.h"

namespace qsim {
namespace {

constexpr char kMagic[8] = {'Q', 'S', 'I', 'M', 'P', 'R', 'O', 'G'};

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t crc;
  uint64_t payload_bytes;
};
static_assert(sizeof(Header) == 24);

uint32_t crc_of(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

// Each transfer_* serves both directions: `Value` is const when writing.
constexpr auto kTransferString = [](auto& stream, auto& value) { stream(value); };

constexpr auto kTransferTensor = [](auto& stream, auto& tensor) {
  stream(tensor.name);
  for (auto* size : {&tensor.n, &tensor.h, &tensor.w, &tensor.c}) stream(*size);
  stream(tensor.quant.scale);
  stream(tensor.quant.zero_point);
  stream(tensor.bits);
  stream(tensor.is_float);
  stream(tensor.onnx_shape);
  stream(tensor.onnx_order);
  stream(tensor.onnx_type);
  stream(tensor.onnx_offset);
};

constexpr auto kTransferInterpolation = [](auto& stream, auto& entry) {
  for (auto* number : {&entry.first, &entry.second, &entry.weight}) stream(*number);
};

constexpr auto kTransferLayer = [](auto& stream, auto& layer) {
  stream(layer.name);
  stream(layer.op);
  stream(layer.inputs);
  stream(layer.output);
  auto& window = layer.window;
  for (auto* size : {&window.kh, &window.kw, &window.stride_h, &window.stride_w, &window.dilation_h,
                     &window.dilation_w, &window.pad_top, &window.pad_left, &window.pad_bottom,
                     &window.pad_right, &layer.groups}) {
    stream(*size);
  }
  stream(layer.weights);
  stream(layer.weight_bits);
  stream(layer.weight_zero_point);
  stream(layer.weight_scale);
  stream(layer.bias);
  stream(layer.count_include_pad);
  stream(layer.clamp_low);
  stream(layer.clamp_high);
  stream(layer.log);
  stream(layer.softmax_zero_point_signed);
  stream(layer.permutation);
  stream(layer.table);
  stream.list(layer.rows, kTransferInterpolation);
  stream.list(layer.columns, kTransferInterpolation);
  stream(layer.normalization.size);
  for (auto* number :
       {&layer.normalization.alpha, &layer.normalization.beta, &layer.normalization.bias}) {
    stream(*number);
  }
  stream(layer.takes_last);
  stream(layer.is_sum);
};

constexpr auto kTransferStep = [](auto& stream, auto& step) {
  for (auto* number : {&step.host_layer, &step.first, &step.count}) stream(*number);
};

constexpr auto kTransferInfo = [](auto& stream, auto& info) {
  for (auto* number : {&info.layer, &info.n, &info.y, &info.x, &info.channel}) stream(*number);
  stream(info.useful_macs);
};

constexpr auto kTransferDram = [](auto& stream, auto& entry) {
  stream(entry.tensor);
  stream(entry.address);
  for (auto* number : {&entry.pixel_bytes, &entry.pack, &entry.border_top, &entry.border_left,
                       &entry.border_bottom, &entry.border_right}) {
    stream(*number);
  }
};

void transfer_instruction(ByteWriter& stream, const Instruction& instruction) {
  const auto bytes = encode(instruction);
  stream.raw(bytes.data(), bytes.size());
}

void transfer_instruction(ByteReader& stream, Instruction& instruction) {
  std::array<uint8_t, kInstructionBytes> bytes;
  stream.raw(bytes.data(), bytes.size());
  instruction = decode(bytes);
}

void transfer_arch(ByteWriter& stream, const Arch& arch) {
  stream(arch.name);
  stream(to_text(arch));
}

void transfer_arch(ByteReader& stream, Arch& arch) {
  std::string name, text;
  stream(name);
  stream(text);
  arch = read_arch_text(text, "machine");
  arch.name = name;
}

// The payload, in order.
void transfer_program(auto& stream, auto& program) {
  transfer_arch(stream, program.arch);
  auto& network = program.network;
  stream(network.name);
  stream(network.has_values);
  stream.list(network.value_blockers, kTransferString);
  stream.list(network.tensors, kTransferTensor);
  stream.list(network.layers, kTransferLayer);
  stream(network.inputs);
  stream(network.outputs);
  stream.list(program.steps, kTransferStep);
  stream.list(program.instructions, [](auto& s, auto& value) { transfer_instruction(s, value); });
  stream.list(program.info, kTransferInfo);
  stream(program.instruction_address);
  stream(program.dram_bytes);
  stream(program.constants_address);
  stream(program.constants);
  stream.list(program.dram_tensors, kTransferDram);
}

std::vector<uint8_t> read_bytes(const std::string& path) {
  std::error_code error;  // of a missing file, a directory, a device
  const uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) throw Error(path + ": cannot be read");
  std::vector<uint8_t> bytes(size);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!file) throw Error(path + ": cannot be read to its end");
  return bytes;
}

std::span<const uint8_t> check_header(std::span<const uint8_t> file) {
  Header header;
  if (file.size() < sizeof header || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0) {
    throw Error("is not a .qprog file");
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (header.version != kProgramVersion) {
    throw Error("version = " + std::to_string(header.version) + " is not " +
                std::to_string(kProgramVersion) + ", the one that this qsim reads; compile again");
  }
  const std::span<const uint8_t> payload = file.subspan(sizeof header);
  if (header.payload_bytes != payload.size()) {
    throw Error("truncated: " + std::to_string(header.payload_bytes) + " bytes announced, " +
                std::to_string(payload.size()) + " present");
  }
  if (header.crc != crc_of(payload)) throw Error("damaged: its CRC-32 does not match");
  return payload;
}

// What IntegerNetwork::check() takes for granted because a compiler's sizes are sane: enum values,
// and products that fit 64 bits.
void check_sizes(const IntegerNetwork& network) {
  constexpr int32_t kMaxWindow = 1 << 16;
  for (const NetTensor& tensor : network.tensors) {
    element_count({tensor.n, tensor.h, tensor.w, tensor.c});
    element_count(tensor.onnx_shape);
    if (tensor.onnx_type > DataType::kBool) {
      throw Error("tensor " + tensor.name + ": onnx_type = " +
                  std::to_string(static_cast<int>(tensor.onnx_type)) + " is not known");
    }
  }
  for (const Layer& layer : network.layers) {
    const std::string place = "layer " + layer.name;
    if (layer.op > kLastLayerOp) {
      throw Error(place + ": op = " + std::to_string(static_cast<int>(layer.op)) + " is not known");
    }
    const Window& window = layer.window;
    for (int32_t size : {window.kh, window.kw, window.stride_h, window.stride_w, window.dilation_h,
                         window.dilation_w, layer.groups}) {
      if (size < 1 || size > kMaxWindow) {
        throw Error(place + ": window or groups = " + std::to_string(size) + " is outside [1, " +
                    std::to_string(kMaxWindow) + "]");
      }
    }
    for (int32_t pad : {window.pad_top, window.pad_left, window.pad_bottom, window.pad_right}) {
      if (pad < -kMaxWindow || pad > kMaxWindow) {
        throw Error(place + ": pad = " + std::to_string(pad) + " is outside [" +
                    std::to_string(-kMaxWindow) + ", " + std::to_string(kMaxWindow) + "]");
      }
    }
  }
}

}  // namespace

void save_program(const Program& program, const std::string& path) {
  ByteWriter payload;
  transfer_program(payload, program);
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kProgramVersion;
  header.crc = crc_of(payload.bytes());
  header.payload_bytes = payload.bytes().size();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(&header), sizeof header);
  file.write(reinterpret_cast<const char*>(payload.bytes().data()),
             static_cast<std::streamsize>(payload.bytes().size()));
  file.close();
  if (!file) throw Error(path + ": cannot be written");
}

Program load_program(const std::string& path) {
  const std::vector<uint8_t> file = read_bytes(path);
  try {
    ByteReader payload(check_header(file));
    Program program;
    transfer_program(payload, program);
    if (payload.remaining() != 0) {
      throw Error(std::to_string(payload.remaining()) + " bytes too many");
    }
    check_sizes(program.network);
    program.check();
    return program;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // Error, or logic_error from check()
    throw Error(path + ": " + error.what());
  }
}

}  // namespace qsim
