// What `direct.cpp` and `pointwise.cpp` share: vectors as wide as the processor's, and work shared out among threads.

#include <algorithm>
#include <cstdint>
#include <utility>

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

// Calls `function(task, thread)` for every task, neighbours by the same thread; without OpenMP one after the other.
template <typename F>
void share(Size tasks, Size threads, F function) {
  const auto run = [=](Size thread) {
    for (Size task = tasks * thread / threads; task < tasks * (thread + 1) / threads; task++) function(task, thread);
  };
  if (threads == 1) return run(0);  // a region of OpenMP takes longer than a small call
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Size thread = 0; thread < threads; thread++) run(thread);
}
