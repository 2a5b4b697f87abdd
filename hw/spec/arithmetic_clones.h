// QSIM_CLONES before a function: compiled once per instruction set, chosen when the program is
// loaded. Nothing for other compilers, and under sanitizers, which instrument the resolver before
// they are ready to run.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define QSIM_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define QSIM_CLONES
#endif
