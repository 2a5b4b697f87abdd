#include "sim/engines/reference/gemm.h"

#include <omp.h>

#include <algorithm>
#include <bit>

#include "sim/engines/reference/window_product.h"

namespace qsim::reference {
namespace {

using dnnl::memory;

// 512 products of at most 255 * 128 sum to less than 2^24, where float32 holds every integer.
constexpr int64_t kExactSlice = 512;

// The sizes that primitives are made for: 2^i and 3 * 2^i.
int64_t round_rows(int64_t rows) {
  const auto power = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(rows)));
  return power >= 8 && rows <= power / 4 * 3 ? power / 4 * 3 : power;
}

}  // namespace

OneThread::OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(before_); }

GemmPath best_gemm_path() {
  constexpr int kVnni = dnnl_cpu_isa_avx512_core_vnni;
  constexpr int kAvx2 = dnnl_cpu_isa_avx2;
  const int isa = dnnl_get_effective_cpu_isa();
  if ((isa & kVnni) == kVnni) return GemmPath::kInt8;
  const bool has_avx2 = (isa & kAvx2) == kAvx2 && WindowProduct::is_possible();
  return has_avx2 ? GemmPath::kInt16 : GemmPath::kFloat;
}

struct Gemm::Sized {
  dnnl::matmul primitive;
  memory::desc a, c, scratchpad;
};

Gemm::~Gemm() = default;

Gemm::Gemm(const int8_t* weights, int64_t n, int64_t k, GemmPath path) : n_(n), k_(k) {
  if (path == GemmPath::kAuto) path = best_gemm_path();
  int8_ = path == GemmPath::kInt8;
  if (int8_) {
    pack(weights);
    return;
  }
  float_weights_.resize(static_cast<size_t>(n * k));
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < k; ++i) {
      float_weights_[static_cast<size_t>(i * n + j)] = weights[j * k + i];
    }
  }
}

dnnl::matmul::primitive_desc Gemm::describe(int64_t rows, const memory::desc& weights) const {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const memory::desc a({rows, k_}, memory::data_type::u8, memory::format_tag::ab);
  const memory::desc c({rows, n_}, memory::data_type::s32, memory::format_tag::ab);
  return {{a, weights, c}, attributes, engine_};
}

void Gemm::pack(const int8_t* weights) {
  const OneThread scope;
  const memory::desc any({k_, n_}, memory::data_type::s8, memory::format_tag::any);
  const memory::desc plain({k_, n_}, memory::data_type::s8, memory::format_tag::ba);
  packed_ = memory(describe(64, any).weights_desc(), engine_);
  memory from(plain, engine_, const_cast<int8_t*>(weights));
  dnnl::stream stream(engine_);
  dnnl::reorder(from, packed_).execute(stream, from, packed_);
  stream.wait();
}

Gemm::Product Gemm::prepare(int64_t rows) {
  if (!int8_) return {rows, rows, nullptr};
  const int64_t touched = round_rows(rows);
  const std::lock_guard<std::mutex> lock(by_rows_mutex_);
  if (!by_rows_.contains(touched)) {
    const OneThread scope;
    const auto description = describe(touched, packed_.get_desc());
    by_rows_[touched] = {dnnl::matmul(description), description.src_desc(), description.dst_desc(),
                         description.scratchpad_desc()};
  }
  return {rows, touched, &by_rows_[touched]};
}

void Gemm::run(const Product& product, const uint8_t* a, int32_t* c, Workspace& workspace) const {
  int8_ ? run_int8(*product.sized, a, c, workspace) : run_float(product.rows, a, c, workspace);
}

void Gemm::run_int8(const Sized& sized, const uint8_t* a, int32_t* c, Workspace& workspace) const {
  uint8_t* scratchpad =
      grown(workspace.scratchpad, static_cast<int64_t>(sized.scratchpad.get_size()));
  dnnl::stream stream(engine_);
  sized.primitive.execute(stream,
                          {{DNNL_ARG_SRC, memory(sized.a, engine_, const_cast<uint8_t*>(a))},
                           {DNNL_ARG_WEIGHTS, packed_},
                           {DNNL_ARG_DST, memory(sized.c, engine_, c)},
                           {DNNL_ARG_SCRATCHPAD, memory(sized.scratchpad, engine_, scratchpad)}});
  stream.wait();
}

void Gemm::run_float(int64_t rows, const uint8_t* a, int32_t* c, Workspace& workspace) const {
  float* float_a = grown(workspace.float_rows, rows * k_);
  float* float_c = grown(workspace.float_sums, rows * n_);
  std::copy(a, a + rows * k_, float_a);
  for (int64_t first = 0; first < k_; first += kExactSlice) {
    const int64_t slice = std::min(kExactSlice, k_ - first);
    dnnl_sgemm('N', 'N', rows, n_, slice, 1.0f, float_a + first, k_,
               float_weights_.data() + first * n_, n_, 0.0f, float_c, n_);
    for (int64_t i = 0; i < rows * n_; ++i) {
      const auto sum = static_cast<uint32_t>(static_cast<int32_t>(float_c[i]));
      c[i] = static_cast<int32_t>(first == 0 ? sum : static_cast<uint32_t>(c[i]) + sum);
    }
  }
}

}  // namespace qsim::reference
