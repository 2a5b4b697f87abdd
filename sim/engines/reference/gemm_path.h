// Which arithmetic unit multiplies int8 matrices; never what comes out.
#pragma once

#include <cstdint>

namespace qsim::reference {

enum class GemmPath : uint8_t {
  kAuto,   // kInt8 where it is exact, else kInt16 where the processor has it, else kFloat
  kInt8,   // oneDNN's int8 matmul. Exact with VNNI or AMX alone: without, oneDNN 2.6 adds pairs of
           // products in saturating int16
  kInt16,  // WindowProduct. Of a convolution: Gemm has no such path
  kFloat,  // float32 GEMM over slices of K so short that every partial sum is below 2^24
};

// What kAuto stands for on this processor, DNNL_MAX_CPU_ISA respected.
GemmPath best_gemm_path();

}  // namespace qsim::reference
