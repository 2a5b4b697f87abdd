#include "sim/report/traffic.h"

#include "hw/spec/packing.h"

namespace qsim {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Words of array.rows bytes that the codes of a channel block of an operand touch (T15).
struct BlockWords {
  int64_t rows, first_channel, channels;

  int64_t at(int64_t address, int32_t pack) const {
    const int64_t first = address + (first_channel >> pack);
    return (first + packed_bytes(channels, pack) - 1) / rows - first / rows + 1;
  }
};

template <typename Transfer>
int64_t bytes_of(const Transfer& op) {
  return int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
}

void count(const Arch&, const Halt&, Traffic&) {}
void count(const Arch&, const Load& op, Traffic& traffic) {
  traffic.dram_read_bytes += bytes_of(op);
}
void count(const Arch&, const Store& op, Traffic& traffic) {
  traffic.dram_write_bytes += bytes_of(op);
}

void count(const Arch& arch, const Matmul& op, Traffic& traffic) {
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const int64_t tiles = int64_t{1} * op.kh * op.kw * op.cblocks;
  const int64_t weight_words =
      tiles * ceil_div(arch.array.rows, int64_t{1} << (op.weight_pack - op.act_pack));
  traffic.act_read_words += pixels * tiles;
  if (arch.array.dataflow == Dataflow::kWs) {
    traffic.weight_read_words += weight_words;
    traffic.acc_write_words += pixels * tiles;
  } else {
    // Every group of `rows` pixels reads all weights again and writes its sums once.
    traffic.weight_read_words += ceil_div(pixels, arch.array.rows) * weight_words;
    traffic.acc_write_words += pixels;
  }
}

void count(const Arch& arch, const Vector& op, Traffic& traffic) {
  const int64_t rows = arch.array.rows, cols = arch.array.cols;
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const VectorFunction function{static_cast<uint8_t>(op.function)};
  for (int64_t block = 0; block < op.blocks; ++block) {
    const int64_t channels = block + 1 < op.blocks ? cols : op.last_channels;
    const BlockWords words{rows, block * cols, channels};
    traffic.act_write_words += pixels * words.at(op.dst, op.dst_pack);
    if (function == VectorFunction::kRequant) {
      traffic.acc_read_words += pixels;
      continue;
    }
    const int64_t taps = int64_t{1} * op.kh * op.kw;
    traffic.act_read_words += pixels * taps * words.at(op.src, op.src_pack);
    if (function == VectorFunction::kAdd) {
      traffic.act_read_words += pixels * words.at(op.src2, op.src2_pack);
    }
  }
}

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  dram_read_bytes += other.dram_read_bytes;
  dram_write_bytes += other.dram_write_bytes;
  act_read_words += other.act_read_words;
  act_write_words += other.act_write_words;
  weight_read_words += other.weight_read_words;
  acc_read_words += other.acc_read_words;
  acc_write_words += other.acc_write_words;
  return *this;
}

std::vector<Traffic> count_traffic(const Program& program) {
  std::vector<Traffic> layers(program.network.layers.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    Traffic& traffic = layers[static_cast<size_t>(program.info[i].layer)];
    std::visit([&](const auto& op) { count(program.arch, op, traffic); },
               program.instructions[i].op);
  }
  return layers;
}

Traffic traffic_of(const Counters& counters) {
  Traffic traffic;
  traffic.dram_read_bytes = counters.load_bytes;
  traffic.dram_write_bytes = counters.store_bytes;
  traffic.act_read_words = counters.act_reads_compute + counters.act_reads_vector;
  traffic.act_write_words = counters.act_writes_vector;
  traffic.weight_read_words = counters.weight_reads;
  traffic.acc_read_words = counters.acc_reads_vector;
  traffic.acc_write_words = counters.acc_writes;
  return traffic;
}

}  // namespace qsim
