#include "tests/support/hand_program.h"

namespace qsim {

Program hand_made_program() {
  Program program;
  for (const char* key : {"array.rows", "array.cols", "vector.lanes", "memory.bus_bytes"}) {
    set_arch_key(program.arch, key, "4", "test");
  }
  program.arch.name = "tiny4+";
  IntegerNetwork& network = program.network;
  network.name = "small";
  network.has_values = true;
  for (const char* name : {"input", "codes", "sums", "output"}) {
    NetTensor tensor;
    tensor.name = name;
    tensor.h = tensor.w = 2;
    tensor.c = 4;
    tensor.quant = {0.5f, -3};
    tensor.onnx_shape = {1, 4, 2, 2};
    network.tensors.push_back(tensor);
  }
  network.tensors[0].is_float = network.tensors[3].is_float = true;
  const auto layer = [](const char* name, LayerOp op, TensorId input, TensorId output) {
    Layer made;
    made.name = name;
    made.op = op;
    made.inputs = {input};
    made.output = output;
    return made;
  };
  Layer conv = layer("conv1", LayerOp::kConv, 1, 2);
  conv.weights.assign(16, 1);
  conv.weights[5] = -128;
  conv.weight_zero_point.assign(4, 0);
  conv.weight_scale = {0.25f, 1e-30f, 3.0f, 1.0f};
  conv.bias = {-2147483647, 0, 1, 2};
  network.layers = {layer("quantize", LayerOp::kHostQuantize, 0, 1), conv,
                    layer("dequantize", LayerOp::kHostDequantize, 2, 3)};
  network.inputs = {0};
  network.outputs = {3};

  const auto add = [&](const Operation& op, uint8_t take, uint8_t give, InstructionInfo info = {}) {
    info.layer = 1;
    program.instructions.push_back({op, take, give});
    program.info.push_back(info);
  };
  add(Load{.buffer = 0, .dram_address = 1024, .bytes = 16, .count0 = 1, .count1 = 1, .count2 = 1},
      0, 0);
  add(Load{.buffer = 1, .dram_address = 512, .bytes = 16, .count0 = 1, .count1 = 1, .count2 = 1}, 0,
      0b0010);
  add(Load{.buffer = 2, .dram_address = 528, .bytes = 64, .count0 = 1, .count1 = 1, .count2 = 1}, 0,
      0b0100);
  add(Matmul{.act_row_pitch = 2,
             .act_pixel_pitch = 1,
             .in_h = 2,
             .in_w = 2,
             .out_h = 2,
             .out_w = 2,
             .stride_h = 1,
             .stride_w = 1,
             .dilation_h = 1,
             .dilation_w = 1,
             .kh = 1,
             .kw = 1,
             .cblocks = 1,
             .pad_value = -3},
      0b0001, 0b0100, {.useful_macs = 64});
  add(Vector{.function = 0,
             .blocks = 1,
             .last_channels = 4,
             .out_h = 2,
             .out_w = 2,
             .dst = 16,
             .dst_row_pitch = 8,
             .dst_pixel_pitch = 4,
             .zero_dst = -3,
             .clamp_low = -128,
             .clamp_high = 127},
      0b0011, 0b1000, {.n = 0});
  add(Store{.buffer_address = 16,
            .dram_address = 1040,
            .bytes = 16,
            .count0 = 1,
            .count1 = 1,
            .count2 = 1},
      0b0100, 0);
  add(Halt{}, 0, 0);
  program.steps = {{0, 0, 0}, {-1, 0, 7}, {2, 0, 0}};
  program.instruction_address = 0;
  program.constants_address = 512;
  program.constants.assign(16, 1);  // weights, then a parameter block of zeros
  program.constants.resize(80);
  program.dram_bytes = 2048;
  program.dram_tensors = {{1, 1024, 4}, {2, 1040, 4}};
  return program;
}

}  // namespace qsim
