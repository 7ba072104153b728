// What `direct.cpp` and `pointwise.cpp` share: vectors as wide as the processor's, and work shared out among threads.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#else  // one thread
static inline int omp_get_thread_num() { return 0; }
static inline int omp_get_num_threads() { return 1; }
#endif

#ifdef _WIN32
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

#if defined(__AVX512F__)
constexpr int BYTES = 64, REGISTERS = 32;
#elif defined(__AVX__)
constexpr int BYTES = 32, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int BYTES = 16, REGISTERS = 32;
#else
constexpr int BYTES = 16, REGISTERS = 16;
#endif

#define VECTOR(T) T __attribute__((vector_size(BYTES), aligned(sizeof(T)), may_alias))

using Size = int64_t;

constexpr Size parts(Size whole, Size part) { return (whole + part - 1) / part; }
