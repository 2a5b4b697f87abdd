#include "sim/engines/host.h"

#include <algorithm>
#include <stdexcept>

#include "hw/spec/arithmetic_host.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {

std::vector<uint8_t> encode_instructions(const Program& program) {
  std::vector<uint8_t> bytes;
  bytes.reserve(program.instructions.size() * kInstructionBytes);
  for (const Instruction& instruction : program.instructions) {
    const auto encoded = encode(instruction);
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  }
  return bytes;
}

void Host::load(std::span<const uint8_t> instructions) {
  std::copy(instructions.begin(), instructions.end(), dram_.begin() + program_.instruction_address);
  std::copy(program_.constants.begin(), program_.constants.end(),
            dram_.begin() + program_.constants_address);
  for (const DramTensor& place : program_.dram_tensors) write_border(place);
  held_.assign(program_.network.tensors.size(), Tensor());
}

int64_t Host::pixel_address(const DramTensor& place, int64_t n, int64_t y, int64_t x) const {
  const NetTensor& tensor = program_.network.tensor(place.tensor);
  const int64_t height = tensor.h + place.border_top + place.border_bottom;
  const int64_t width = tensor.w + place.border_left + place.border_right;
  return place.address +
         ((n * height + y + place.border_top) * width + x + place.border_left) * place.pixel_bytes;
}

int8_t* Host::codes_at(const DramTensor& place, int64_t n, int64_t y, int64_t x) const {
  return reinterpret_cast<int8_t*>(dram_.data() + pixel_address(place, n, y, x));
}

void Host::write_border(const DramTensor& place) {
  const NetTensor& tensor = program_.network.tensor(place.tensor);
  const auto fill = [&](int64_t from, int64_t to) {
    std::fill(dram_.begin() + from, dram_.begin() + to,
              static_cast<uint8_t>(repeated_code(tensor.quant.zero_point, place.pack)));
  };
  const int64_t top = -place.border_top;
  const int64_t bottom = tensor.h + place.border_bottom;
  const int64_t left = -place.border_left;
  const int64_t right = tensor.w + place.border_right;
  for (int64_t n = 0; n < tensor.n; ++n) {
    for (int64_t y = top; y < bottom; ++y) {
      if (y < 0 || y >= tensor.h) {
        fill(pixel_address(place, n, y, left), pixel_address(place, n, y, right));
      } else {
        fill(pixel_address(place, n, y, left), pixel_address(place, n, y, 0));
        fill(pixel_address(place, n, y, tensor.w), pixel_address(place, n, y, right));
      }
    }
  }
}

void Host::write_codes(const DramTensor& place, const Tensor& codes) {
  const NetTensor& tensor = program_.network.tensor(place.tensor);
  const int8_t* from = codes.data<int8_t>();
  for (int64_t n = 0; n < tensor.n; ++n) {
    for (int64_t y = 0; y < tensor.h; ++y) {
      for (int64_t x = 0; x < tensor.w; ++x, from += tensor.c) {
        pack_codes(from, tensor.c, place.pack, codes_at(place, n, y, x));
      }
    }
  }
}

Tensor Host::read(TensorId id) const {
  const Tensor& held = held_[static_cast<size_t>(id)];
  const DramTensor* place = program_.find_dram(id);
  if (held.type != DataType::kUndefined && (held.type == DataType::kFloat || !place)) return held;
  const NetTensor& tensor = program_.network.tensor(id);
  if (!place) throw std::logic_error("host: tensor " + tensor.name + " has not been written");
  Tensor codes(DataType::kInt8, {tensor.n, tensor.h, tensor.w, tensor.c});
  int8_t* to = codes.data<int8_t>();
  for (int64_t n = 0; n < tensor.n; ++n) {
    for (int64_t y = 0; y < tensor.h; ++y) {
      for (int64_t x = 0; x < tensor.w; ++x, to += tensor.c) {
        unpack_codes(codes_at(*place, n, y, x), tensor.c, place->pack, to);
      }
    }
  }
  return codes;
}

void Host::set_inputs(const std::vector<Tensor>& inputs) {
  const IntegerNetwork& network = program_.network;
  if (inputs.size() != network.inputs.size()) {
    throw Error(network.name + ": inputs = " + std::to_string(inputs.size()) +
                " are not the network's " + std::to_string(network.inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorId id = network.inputs[i];
    const NetTensor& tensor = network.tensor(id);
    const DataType type = tensor.is_float ? DataType::kFloat : DataType::kInt8;
    if (inputs[i].type != type) {
      throw Error(tensor.name + ": type = " + name_of(inputs[i].type) + " is not " + name_of(type));
    }
    if (inputs[i].size() != tensor.elements()) {
      throw Error(tensor.name + ": elements = " + std::to_string(inputs[i].size()) + " are not " +
                  std::to_string(tensor.elements()));
    }
    held_[static_cast<size_t>(id)] = inputs[i];
    held_[static_cast<size_t>(id)].shape = {tensor.n, tensor.h, tensor.w, tensor.c};
    const DramTensor* place = program_.find_dram(id);
    if (place && !tensor.is_float) write_codes(*place, inputs[i]);
  }
}

const Tensor& Host::run_layer(LayerId id) {
  const Layer& layer = program_.network.layers[static_cast<size_t>(id)];
  std::vector<Tensor> inputs;
  for (TensorId input : layer.inputs) inputs.push_back(read(input));
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  Tensor& output = held_[static_cast<size_t>(layer.output)];
  output = run_host_layer(program_.network, layer, pointers);
  const DramTensor* place = program_.find_dram(layer.output);
  if (place && output.type == DataType::kInt8) write_codes(*place, output);
  return output;
}

std::vector<Tensor> Host::outputs() const {
  std::vector<Tensor> tensors;
  for (TensorId id : program_.network.outputs) tensors.push_back(read(id));
  return tensors;
}

int64_t host_elements(const IntegerNetwork& network, LayerId id) {
  const Layer& layer = network.layers[static_cast<size_t>(id)];
  int64_t read = 0;
  for (TensorId input : layer.inputs) read += network.tensor(input).elements();
  return std::max(read, network.tensor(layer.output).elements());
}

}  // namespace qsim
