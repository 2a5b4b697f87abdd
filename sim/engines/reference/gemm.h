// An exact product of uint8 rows with int8 weights, by oneDNN, weights packed once.
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <vector>

#include "sim/engines/reference/gemm_path.h"
#include "sim/engines/reference/workspace.h"

namespace qsim::reference {

// Within its scope the calling task's OpenMP limit is one thread, which oneDNN obeys: when it plans
// a primitive and when it runs a GEMM.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

class Gemm {
  struct Sized;

 public:
  // weights: n rows of k codes. Copies them.
  Gemm(const int8_t* weights, int64_t n, int64_t k, GemmPath path);
  ~Gemm();
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  // A product of a certain number of rows. Primitives exist for few sizes, so it may read more rows
  // of `a` and write more rows of `c`: `touched_rows` of each.
  struct Product {
    int64_t rows = 0;
    int64_t touched_rows = 0;
    const Sized* sized = nullptr;
  };
  // Threads may call it at once.
  Product prepare(int64_t rows);

  // c[r][j] = sum over i of a[r][i] * weights[j][i], modulo 2^32. a: touched_rows x k,
  // c: touched_rows x n, both dense. Threads may call it at once, each with its workspace, in the
  // scope of a OneThread.
  void run(const Product& product, const uint8_t* a, int32_t* c, Workspace& workspace) const;

 private:
  void pack(const int8_t* weights);
  void run_int8(const Sized& sized, const uint8_t* a, int32_t* c, Workspace& workspace) const;
  void run_float(int64_t rows, const uint8_t* a, int32_t* c, Workspace& workspace) const;
  dnnl::matmul::primitive_desc describe(int64_t rows, const dnnl::memory::desc& weights) const;

  int64_t n_, k_;
  bool int8_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::memory packed_;  // kInt8
  std::mutex by_rows_mutex_;
  std::map<int64_t, Sized> by_rows_;  // kInt8; entries stay where they are
  std::vector<float> float_weights_;  // kFloat: k x n
};

}  // namespace qsim::reference
