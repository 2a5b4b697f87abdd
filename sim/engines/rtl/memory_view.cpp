#include "sim/engines/rtl/memory_view.h"

#include <string>

namespace qsim::rtl {
namespace {

// Elements of an accumulator bank are int32 in host memory, which is little-endian like DRAM's.
constexpr int64_t kAccumulatorBytes = 4;

std::vector<MemoryArray> find_banks(const Model& model, const std::string& before,
                                    const std::string& after) {
  std::vector<MemoryArray> banks;
  for (;;) {
    const std::string name = before + std::to_string(banks.size()) + after;
    const MemoryArray array = model.memory(name.c_str());
    if (!array.data) return banks;
    banks.push_back(array);
  }
}

}  // namespace

MemoryView::MemoryView(const Model& model, const Program& program, std::span<uint8_t> dram)
    : program_(program), dram_(dram) {
  banks_[static_cast<size_t>(Memory::kActivation)] =
      find_banks(model, "u_act.gen_bank[", "].u_ram");
  banks_[static_cast<size_t>(Memory::kWeight)] = find_banks(model, "u_weight.gen_bank[", "].u_ram");
  banks_[static_cast<size_t>(Memory::kParam)] = find_banks(model, "u_param.gen_bank[", "].u_ram");
  banks_[static_cast<size_t>(Memory::kAccumulator)] =
      find_banks(model, "u_compute.u_accumulators.gen_col[", "].u_bank.u_ram");
  available_ = true;
  for (const Banks& banks : banks_) available_ = available_ && !banks.empty();
}

uint8_t* MemoryView::byte(Memory memory, int64_t address) const {
  if (memory == Memory::kDram) {
    return address < static_cast<int64_t>(dram_.size()) ? &dram_[static_cast<size_t>(address)]
                                                        : nullptr;
  }
  const Banks& banks = banks_[static_cast<size_t>(memory)];
  if (banks.empty()) return nullptr;
  const int64_t width = memory == Memory::kAccumulator ? kAccumulatorBytes : 1;
  const auto count = static_cast<int64_t>(banks.size());
  const MemoryArray& bank = banks[static_cast<size_t>(address / width % count)];
  const int64_t row = address / width / count;
  if (row >= bank.elements) return nullptr;
  return static_cast<uint8_t*>(bank.data) + row * width + address % width;
}

void MemoryView::read(Memory memory, int64_t address, std::span<uint8_t> to) const {
  for (uint8_t& value : to) {
    const uint8_t* from = byte(memory, address++);
    value = from ? *from : 0;
  }
}

void MemoryView::fill(uint32_t seed) const {
  for (const Memory memory :
       {Memory::kActivation, Memory::kWeight, Memory::kParam, Memory::kAccumulator}) {
    std::vector<uint8_t> bytes(static_cast<size_t>(size_of(memory, program_)));
    fill_memory(seed, memory, bytes);
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (uint8_t* to = byte(memory, static_cast<int64_t>(i))) *to = bytes[i];
    }
  }
}

}  // namespace qsim::rtl
