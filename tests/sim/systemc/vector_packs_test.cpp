// Vector instructions on codes of 4 and 2 bits, each operand with a pack of its own.
#include "tests/sim/systemc/vector_bench.h"

#include "hw/spec/packing.h"

namespace qsim::test {
namespace {

struct Shape {
  int32_t rows, cols, lanes;
};
constexpr Shape kShapes[] = {{4, 4, 4}, {16, 16, 16}, {5, 8, 4}, {8, 12, 4}, {4, 16, 4}};

// Calls visit(op, what) for `op` with every choice of packs but all 0, zero points and clamps made
// to fit. `sources`, `weights`: the greatest packs of these.
template <typename Visit>
void for_each_pack(const Vector& op, int32_t sources, int32_t weights, Visit&& visit) {
  const bool add = VectorFunction(op.function) == VectorFunction::kAdd;
  for (int32_t choice = 1; choice < 81; ++choice) {
    Vector made = op;
    made.dst_pack = choice % 3;
    made.src_pack = choice / 3 % 3;
    made.src2_pack = choice / 9 % 3;
    made.weight_pack = choice / 27;
    if (made.src_pack > sources || made.src2_pack > (add ? sources : 0)) continue;
    if (made.weight_pack > weights) continue;
    const auto fit = [](int32_t code, int32_t pack) {
      return std::clamp(code, lowest_code(bits_of_pack(pack)), highest_code(bits_of_pack(pack)));
    };
    made.zero_dst = fit(op.zero_dst / (1 << (2 * made.dst_pack)), made.dst_pack);
    made.zero_src = fit(op.zero_src, made.src_pack);
    made.zero_src2 = fit(op.zero_src2, made.src2_pack);
    made.clamp_low = fit(op.clamp_low, made.dst_pack);
    made.clamp_high = fit(op.clamp_high, made.dst_pack);
    visit(made, std::string(name_of(VectorFunction(op.function))) + " packs dst " +
                    std::to_string(made.dst_pack) + " src " + std::to_string(made.src_pack) +
                    " src2 " + std::to_string(made.src2_pack) + " weights " +
                    std::to_string(made.weight_pack));
  }
}

// Narrow sources with a scale that spreads them over wide results.
Vector spread(Vector op) {
  const int32_t source_bits = bits_of_pack(std::max(op.src_pack, op.src2_pack));
  op.shift -= bits_of_pack(op.dst_pack) > source_bits ? bits_of_pack(op.dst_pack) - source_bits : 0;
  return op;
}

TEST(SystemcVectorPacks, RequantWritesCodesOfEverySize) {
  for (const auto& [rows, cols, lanes] : kShapes) {
    VectorBench bench(rows, cols, lanes);
    bench.randomize(1);
    bench.set_parameters(16 * cols, 3);
    Vector op = window_op(VectorFunction::kRequant, rows, cols);
    op.src = 7;
    for_each_pack(op, 0, 0, [&](const Vector& made, const std::string& what) {
      bench.expect_values(made, what);
    });
  }
}

TEST(SystemcVectorPacks, AddAndRescaleWidenAndNarrow) {
  for (const auto& [rows, cols, lanes] : kShapes) {
    VectorBench bench(rows, cols, lanes);
    bench.randomize(2);
    Vector rescale = window_op(VectorFunction::kRescale, rows, cols);
    rescale.y0 = 3;  // reaches over the lower edge
    for (const Vector& op : {window_op(VectorFunction::kAdd, rows, cols), rescale}) {
      for_each_pack(op, 2, 0, [&](const Vector& made, const std::string& what) {
        bench.expect_values(spread(made), what);
      });
    }
  }
}

TEST(SystemcVectorPacks, PoolsTakeNarrowCodes) {
  for (const auto& [rows, cols, lanes] : kShapes) {
    VectorBench bench(rows, cols, lanes);
    bench.randomize(3);
    for (const auto function : {VectorFunction::kMaxPool, VectorFunction::kAveragePool}) {
      for_each_pack(pooling_op(function, rows, cols), 2, 0,
                    [&](const Vector& made, const std::string& what) {
                      bench.expect_values(spread(made), what);
                    });
    }
  }
}

TEST(SystemcVectorPacks, DepthwiseWeightsArePackedTapByTap) {
  for (const auto& [rows, cols, lanes] : kShapes) {
    VectorBench bench(rows, cols, lanes);
    bench.randomize(4);
    Vector op = pooling_op(VectorFunction::kDepthwise, rows, cols);
    op.kw = 5;  // 15 taps: 4, 2 or 1 words
    for_each_pack(op, 2, 2, [&](const Vector& made, const std::string& what) {
      bench.set_parameters(parameter_stride(bench.tiny.arch(), made), 3);
      bench.expect_values(made, what);
    });
  }
}

// Over its own source with another pack, blocks get in each other's way: a pixel's second block is
// read after its first was written over it.
TEST(SystemcVectorPacks, OverItsOwnSourceEveryAccessCounts) {
  for (const auto& [dst_pack, src_pack] :
       {std::pair{0, 1}, std::pair{1, 2}, std::pair{1, 0}, std::pair{1, 1}}) {
    VectorBench bench(4, 8, 4);
    bench.randomize(5);
    Vector op = vector(VectorFunction::kRescale, 30, 8, 16);
    op.blocks = 2;
    op.multiplier = 1 << 23;
    op.shift = 23;
    op.dst_pack = dst_pack;
    op.src_pack = src_pack;
    op.clamp_low = lowest_code(bits_of_pack(dst_pack));
    op.clamp_high = highest_code(bits_of_pack(dst_pack));
    SystemcOptions single;
    single.bulk = false;
    EXPECT_EQ(bench.run(op).outputs[0].bytes, bench.run(op, single).outputs[0].bytes)
        << dst_pack << ", " << src_pack;
  }
}

// Bytes beside a packed pixel are nobody's business; those of it are.
TEST(SystemcVectorPacks, HazardsAreOfPackedBytes) {
  // Beats 0 to 2, bytes 0 to 191, have landed when the pool reads in cycle 9 (hazard_test.cpp).
  TinyProgram tiny;
  tiny.pe_modes(PeModes::k842).add(load(BufferId::kActivation, 0, kData, 1024));
  Vector pool = vector(VectorFunction::kMaxPool, 1, 15, 16);
  pool.dst = 8192;
  for (const int32_t pack : {1, 2}) {
    pool.src_pack = pack;
    const int32_t bytes = 16 >> pack;
    const auto try_byte = [&](int32_t byte) {
      pool.src = byte;
      TinyProgram copy = tiny;
      copy.add(pool);
      return failure(copy);
    };
    EXPECT_EQ(try_byte(192 - bytes), "");
    EXPECT_NE(try_byte(193 - bytes).find("reads byte 192 of act_buffer"), std::string::npos);
  }
  // What a vector instruction has still to write: two pixels of 8 bytes, 16 bytes apart.
  TinyProgram other;
  other.pe_modes(PeModes::k842);
  Vector writer = vector(VectorFunction::kMaxPool, 2, 16, 16);
  writer.src = 4096;
  writer.dst_pack = 1;
  other.add(writer).add(store(8, kResult, 8));
  EXPECT_EQ(failure(other), "");
  other.program().instructions[1].op = store(8, kResult, 9);
  EXPECT_NE(failure(other).find("reads byte 16 of act_buffer"), std::string::npos);
}

TEST(SystemcVectorPacks, ObserversGetOneCodeAByte) {
  for (const int32_t pack : {0, 1, 2}) {
    VectorBench bench(4, 8, 4);
    bench.randomize(6);
    Vector op = vector(VectorFunction::kMaxPool, 5, 8, 16);
    op.blocks = 2;
    op.last_channels = 7;
    op.dst = 4096;
    op.src_pack = op.dst_pack = pack;
    bench.run(op);
    Program program = bench.tiny.whole();
    NetTensor map;
    map.w = 5;
    map.c = 15;
    program.network.tensors.push_back(map);
    program.network.layers.push_back(program.network.layers[0]);
    program.network.layers[1].output = 1;
    program.info[kVector] = {.layer = 1, .n = 0};
    Tensor seen;
    SystemcOptions options;
    options.observer = [&](LayerId layer, const Tensor& output) {
      EXPECT_EQ(layer, 1);
      seen = output;
    };
    SystemcEngine(program, options).run({});
    ASSERT_EQ(seen.size(), 75);
    for (int64_t i = 0; i < 75; ++i) {
      EXPECT_EQ(seen.data<int8_t>()[i],
                slow_code(bench.from.act.data() + i / 15 * 16, i % 15, pack))
          << pack;
    }
  }
}

}  // namespace
}  // namespace qsim::test
