// Elementwise functions, normalisations, softmax and losses, each in one pass over the memory that it reads and writes.
// `pointwise.py` compiles and calls this. Tensors are float32, contiguous; sizes count elements.
//
// Plain loops that the compiler turns into vectors: functions without branches, sums in LANES parts.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

using Size = int64_t;

namespace {

constexpr int LANES = 32;                 // sums side by side, so that none waits for the one before
constexpr int SIDE = 16;                  // lanes of a vector, or some vectors
constexpr Size BLOCK = 1 << 12;           // elements that the first-level cache holds: read twice, fetched once
constexpr Size NEAR = 1 << 17;            // elements that the second-level cache holds
constexpr Size WORTH_A_THREAD = 1 << 15;  // elements a thread: with fewer, starting it costs more than it gives

inline float bits(int32_t word) {
  float number;
  std::memcpy(&number, &word, 4);
  return number;
}

// e^x within one and a half units in the last place; 2^n is multiplied in two steps, as it may be out of range.
inline float exp_(float x) {
  x = x > 89.0f ? 89.0f : x < -104.0f ? -104.0f : x;  // a NaN stays
  const float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.37805939e-3f;
  p = p * r + 8.37312452e-3f;
  p = p * r + 4.16695364e-2f;
  p = p * r + 1.66664720e-1f;
  p = p * r + 4.99999851e-1f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t whole = int32_t(x == x ? n : 0.0f), half = whole >> 1;
  return p * bits((half + 127) << 23) * bits((whole - half + 127) << 23);
}

inline float sigmoid_(float x) { return 1.0f / (1.0f + exp_(-x)); }

// tanh by its series' rational form near 0, by e^(−2|x|) elsewhere.
inline float tanh_(float x) {
  const float a = std::fabs(x), e = exp_(-2.0f * a), far = (1.0f - e) / (1.0f + e), s = x * x;
  float near = -5.70498872745e-3f;
  near = near * s + 2.06390887954e-2f;
  near = near * s - 5.37397155531e-2f;
  near = near * s + 1.33314422036e-1f;
  near = near * s - 3.33332819422e-1f;
  near = near * s * x + x;
  return a < 0.625f ? near : std::copysign(far, x);
}

// erf within a few units in the last place. Source: N. Juffa's minimax approximations (public domain).
inline float erf_(float x) {
  const float t = std::min(std::fabs(x), 10.0f), s = t * t;
  float r = -1.72853470e-5f * t + 3.83197126e-4f;
  const float u = -3.88396438e-3f * t + 2.42546219e-2f;
  r = r * s + u;
  r = r * t - 1.06777877e-1f;
  r = r * t - 6.34846687e-1f;
  r = r * t - 1.28717512e-1f;
  r = r * t - t;
  const float far = std::copysign(1.0f - exp_(r), x);
  float near = -5.96761703e-4f;
  near = near * s + 4.99119423e-3f;
  near = near * s - 2.67681349e-2f;
  near = near * s + 1.12819925e-1f;
  near = near * s - 3.76125336e-1f;
  near = near * s + 1.28379166e-1f;
  near = near * x + x;
  return t > 0.927734375f ? far : near;
}

inline float below_(float x) { return 0.5f * (1.0f + erf_(x * 0.707106781f)); }  // Φ(x)
inline float bent_(float x) { return sigmoid_(1.59576912f * (x + 0.044715f * x * x * x)); }  // (1 + tanh) / 2 of gelu
inline float opening_(float x) {  // tanh(ln(1 + e^x)) = t / (t + 2) with t = e^x · (e^x + 2)
  const float e = exp_(x > 20.0f ? 20.0f : x), t = e * (e + 2.0f);
  return t / (t + 2.0f);
}

template <typename F>
void each(const float* __restrict x, const float* __restrict g, float* __restrict to, Size count, F function) {
  for (Size k = 0; k < count; k++) to[k] = function(x[k], g[k]);
}

template <typename F>
void each_row(Size rows, Size length, Size threads, F function) {
  threads = std::clamp<Size>(rows * length / WORTH_A_THREAD, 1, threads);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (Size row = 0; row < rows; row++) function(row);
}

// Adds Σ y − o and Σ (x − m) · (y − o).
void add_sums(Size count, const float* x, float m, const float* y, float o, double* sum, double* product) {
  float s = 0, p = 0;
#pragma omp simd reduction(+ : s, p)
  for (Size k = 0; k < count; k++) s += y[k] - o, p += (x[k] - m) * (y[k] - o);
  *sum += s, *product += p;
}

// Channels of images: contiguous, or with the channels last. Some are worked on at a time, so that every pass but the
// first finds them in the second-level cache.
struct Channels {
  Size N, C, L, last, threads;

  Size some() const { return last ? LANES : std::clamp<Size>(NEAR / std::max<Size>(1, N * L), 1, LANES); }

  // For channels c … c + count, Σ y − o and Σ (x − m) · (y − o) over images and pixels.
  void reduce(Size c, Size count, const float* x, const float* m, const float* y, const float* o, double* sum,
              double* product) const {
    std::fill(sum, sum + count, 0.0), std::fill(product, product + count, 0.0);
    if (!last) {
      for (Size k = 0; k < count; k++)
        for (Size n = 0; n < N; n++)
          for (Size begin = 0; begin < L; begin += BLOCK) {
            const Size at = (n * C + c + k) * L + begin;
            add_sums(std::min(BLOCK, L - begin), x + at, m[k], y + at, o[k], sum + k, product + k);
          }
      return;
    }
    for (Size begin = 0; begin < N * L; begin += BLOCK / LANES) {
      float sums[LANES] = {}, products[LANES] = {};
      for (Size row = begin; row < std::min(N * L, begin + BLOCK / LANES); row++) {
        const float *xs = x + row * C + c, *ys = y + row * C + c;
        for (Size k = 0; k < count; k++) sums[k] += ys[k] - o[k], products[k] += (xs[k] - m[k]) * (ys[k] - o[k]);
      }
      for (Size k = 0; k < count; k++) sum[k] += sums[k], product[k] += products[k];
    }
  }

  // out = (x − m) · a + g · b + d; without g where b is null.
  void combine(Size c, Size count, const float* x, const float* m, const float* a, const float* g, const float* b,
               const float* d, float* out) const {
    const Size runs = last ? N * L : N * count, length = last ? count : L;
    for (Size run = 0; run < runs; run++) {
      const Size k = last ? 0 : run % count, at = last ? run * C + c : (run / count * C + c + k) * L;
      const float *xs = x + at, *gs = g + at;
      float* to = out + at;
      if (last && b)
        for (Size p = 0; p < length; p++) to[p] = (xs[p] - m[p]) * a[p] + (gs[p] * b[p] + d[p]);
      else if (last)
        for (Size p = 0; p < length; p++) to[p] = (xs[p] - m[p]) * a[p] + d[p];
      else if (b)
        for (Size p = 0; p < length; p++) to[p] = (xs[p] - m[k]) * a[k] + (gs[p] * b[k] + d[k]);
      else
        for (Size p = 0; p < length; p++) to[p] = (xs[p] - m[k]) * a[k] + d[k];
    }
  }

  // Mean and variance of channels c … c + count.
  void moments(Size c, Size count, const float* x, float* mean, float* var) const {
    double sum[LANES], product[LANES];
    const float zeros[LANES] = {};
    reduce(c, count, x, zeros, x, zeros, sum, product);
    for (Size k = 0; k < count; k++) mean[k] = float(sum[k] / double(N * L));
    reduce(c, count, x, mean, x, mean, sum, product);
    for (Size k = 0; k < count; k++) var[k] = float(product[k] / double(N * L));
  }

  template <typename F>
  void each_some(F function) const {
    const Size step = some(), shared = std::clamp<Size>(N * C * L / WORTH_A_THREAD, 1, threads);
#pragma omp parallel for num_threads(shared) schedule(static) if (shared > 1)
    for (Size c = 0; c < C; c += step) function(c, std::min(step, C - c));
  }
};

// The largest score of a row, and the sum of e^(score − largest), not a number where a score is not.
inline void exponentials(const float* row, Size C, float* largest, float* sum) {
  float most = -INFINITY, total = 0;
#pragma omp simd reduction(max : most)
  for (Size c = 0; c < C; c++) most = row[c] > most ? row[c] : most;
#pragma omp simd reduction(+ : total)
  for (Size c = 0; c < C; c++) total += exp_(row[c] - most);
  *largest = most, *sum = total;
}

// For one line of windows and one tap: where the value is larger than the best so far, or not a number, it replaces it.
// Written as vectors: a compiler's own have a rest, whose branches take longer than all else.
void meet(Size count, const float* values, int32_t at, int32_t step, float* best, int32_t* where) {
  typedef float Floats __attribute__((vector_size(4 * SIDE), aligned(4), may_alias));
  typedef int32_t Ints __attribute__((vector_size(4 * SIDE), aligned(4), may_alias));
  Ints here;
  for (int lane = 0; lane < SIDE; lane++) here[lane] = at + lane * step;
  for (Size k = 0; k < count; k += SIDE, here += SIDE * step) {
    const Floats value = *reinterpret_cast<const Floats*>(values + k);
    Floats& most = *reinterpret_cast<Floats*>(best + k);
    Ints& there = *reinterpret_cast<Ints*>(where + k);
    const Ints replaces = (value > most) | (value != value);
    there = replaces ? here : there;
    most = replaces ? value : most;
  }
}

// The gradient of a max pooling over one plane. A line's elements are laid out by their place between two windows'
// starts, so that what one tap of all windows reads lies side by side; S is that step where it is known.
template <Size S>
void max_pool_plane(const float* x, const float* g, float* __restrict to, const int64_t* q) {
  const Size H = q[0], W = q[1], outH = q[2], outW = q[3], kH = q[4], kW = q[5], sH = q[6], sW = S ? S : q[7],
             pH = q[8], pW = q[9], dH = q[10], dW = q[11], whole = (outW + SIDE - 1) / SIDE * SIDE, room = whole + (kW - 1) * dW / sW + 1;
  std::vector<float> places(sW * room, -INFINITY), best(whole);
  std::vector<int32_t> inside(outW), where(whole);
  for (Size k = 0; k < outW; k++) {  // the first tap that is no padding
    const Size left = k * sW - pW;
    inside[k] = int32_t(left < 0 ? left + (dW - 1 - left) / dW * dW : left);
  }
  std::fill(to, to + H * W, 0.0f);
  for (Size y = 0; y < outH; y++) {
    std::fill(best.begin(), best.end(), -INFINITY);
    const Size top = y * sH - pH, first = top < 0 ? top + (dH - 1 - top) / dH * dH : top;
    for (Size k = 0; k < outW; k++) where[k] = int32_t(first * W) + inside[k];
    for (Size i = 0; i < kH; i++) {
      const Size row = top + i * dH;
      if (row < 0 || row >= H) continue;
      for (Size place = 0; place < sW; place++) {
        const Size begin = std::max<Size>(0, (pW - place + sW - 1) / sW), end = std::min(room, (W + pW - place + sW - 1) / sW);
        const float* from = x + row * W + place - pW;
        float* line = places.data() + place * room;
        for (Size k = begin; k < end; k++) line[k] = from[k * sW];
      }
      for (Size j = 0; j < kW; j++)
        meet(outW, places.data() + j * dW % sW * room + j * dW / sW, int32_t(row * W + j * dW - pW), int32_t(sW),
             best.data(), where.data());
    }
    for (Size k = 0; k < outW; k++) to[where[k]] += g[y * outW + k];
  }
}

}  // namespace

extern "C" {

// The functions of `pointwise.py`'s FUNCTIONS in their order; where g is given, g times their derivative.
void activation(int64_t which, const float* x, const float* g, float* to, Size count, float slope, Size threads) {
  const Size shared = std::clamp<Size>(count / WORTH_A_THREAD, 1, threads);
  const auto run = [=](auto value, auto gate) {
#pragma omp parallel for num_threads(shared) schedule(static) if (shared > 1)
    for (Size part = 0; part < shared; part++) {
      const Size begin = count * part / shared, some = count * (part + 1) / shared - begin;
      if (g)
        each(x + begin, g + begin, to + begin, some, gate);
      else
        each(x + begin, x + begin, to + begin, some, [=](float x, float) { return value(x); });
    }
  };
  switch (which) {
    case 0: return run([](float x) { return x < 0 ? 0 : x; }, [](float x, float g) { return x <= 0 ? 0 : g; });
    case 1: return run([=](float x) { return x > 0 ? x : slope * x; }, [=](float x, float g) { return x > 0 ? g : slope * g; });
    case 2: return run([](float x) { return sigmoid_(x); }, [](float x, float g) { const float s = sigmoid_(x); return g * s * (1 - s); });
    case 3: return run([](float x) { return tanh_(x); }, [](float x, float g) { const float t = tanh_(x); return g * (1 - t * t); });
    case 4:
      return run([](float x) { const float y = x / 6 + 0.5f; return y < 0 ? 0 : y > 1 ? 1 : y; },
                 [](float x, float g) { return x <= -3 || x >= 3 ? 0 : g / 6; });
    case 5:
      return run([](float x) { const float y = x + 3; return x * (y < 0 ? 0 : y > 6 ? 6 : y) / 6; },
                 [](float x, float g) { return x <= -3 ? 0 : x >= 3 ? g : g * (x / 3 + 0.5f); });
    case 6:
      return run([](float x) { return x * sigmoid_(x); },
                 [](float x, float g) { const float s = sigmoid_(x); return g * s * (1 + x * (1 - s)); });
    case 7:
      return run([](float x) { return x * opening_(x); },
                 [](float x, float g) { const float t = opening_(x); return g * (t + x * (1 - t * t) * sigmoid_(x)); });
    case 8:
      return run([](float x) { return x * below_(x); },
                 [](float x, float g) { return g * (below_(x) + x * (0.398942280f * exp_(-0.5f * x * x))); });
    case 9:
      return run([](float x) { return x * bent_(x); }, [](float x, float g) {
        const float b = bent_(x);
        return g * (b + x * (2 * b * (1 - b) * 0.797884561f * (1 + 0.134145f * x * x)));
      });
  }
}

// Mean and variance of every channel.
void moments(const Channels* q, const float* x, float* mean, float* var) {
  q->each_some([=](Size c, Size count) { q->moments(c, count, x, mean + c, var + c); });
}

// Normalised channels; training computes mean and variance, evaluation is given them. Weight and bias may be null.
void batch_norm(const Channels* q, const float* x, float* mean, float* var, const float* weight, const float* bias,
                float eps, int64_t training, float* to) {
  q->each_some([=](Size c, Size count) {
    float scale[LANES], shift[LANES];
    if (training) q->moments(c, count, x, mean + c, var + c);
    for (Size k = 0; k < count; k++) {
      scale[k] = (weight ? weight[c + k] : 1.0f) / std::sqrt(var[c + k] + eps);
      shift[k] = bias ? bias[c + k] : 0.0f;
    }
    q->combine(c, count, x, mean + c, scale, nullptr, nullptr, shift, to);
  });
}

// Gradients with respect to input, weight and bias; each may be null.
void batch_norm_grad(const Channels* q, const float* x, const float* g, float* mean, float* var, const float* weight,
                     float eps, int64_t training, float* dx, float* dw, float* db) {
  q->each_some([=](Size c, Size count) {
    double sum[LANES], product[LANES];
    float scale[LANES], slope[LANES], shift[LANES];
    const float zeros[LANES] = {};
    if (training) q->moments(c, count, x, mean + c, var + c);
    if (dw || db || training) q->reduce(c, count, x, mean + c, g, zeros, sum, product);
    for (Size k = 0; k < count; k++) {
      const double inverse = 1.0 / std::sqrt(double(var[c + k]) + eps), part = inverse / double(q->N * q->L);
      const double factor = weight ? weight[c + k] : 1.0f;
      if (db) db[c + k] = float(sum[k]);
      if (dw) dw[c + k] = float(product[k] * inverse);
      scale[k] = float(factor * inverse);
      slope[k] = training ? float(-factor * product[k] * inverse * inverse * part) : 0.0f;
      shift[k] = training ? float(-factor * sum[k] * part) : 0.0f;
    }
    if (dx && training)
      q->combine(c, count, x, mean + c, slope, g, scale, shift, dx);
    else if (dx)
      q->combine(c, count, g, zeros, scale, nullptr, nullptr, zeros, dx);
  });
}

// Softmax of rows, or its logarithm; where g is given, the gradient.
void softmax(const float* x, const float* g, float* to, Size rows, Size C, int64_t logarithm, Size threads) {
  each_row(rows, C, threads, [=](Size row) {
    const float* xs = x + row * C;
    float *out = to + row * C, largest, sum, dot = 0;
    exponentials(xs, C, &largest, &sum);
    const float all = std::log(sum), inverse = 1 / sum;
    if (!g) {
      if (logarithm)
        for (Size c = 0; c < C; c++) out[c] = xs[c] - largest - all;
      else
        for (Size c = 0; c < C; c++) out[c] = exp_(xs[c] - largest) * inverse;
      return;
    }
    const float* gs = g + row * C;
    for (Size c = 0; c < C; c++) out[c] = exp_(xs[c] - largest) * inverse;
#pragma omp simd reduction(+ : dot)
    for (Size c = 0; c < C; c++) dot += logarithm ? gs[c] : out[c] * gs[c];
    for (Size c = 0; c < C; c++) out[c] = logarithm ? gs[c] - out[c] * dot : out[c] * (gs[c] - dot);
  });
}

// The first row whose class does not exist, or −1. What a row loses goes to `to`, or the sum or mean over those that
// count; of log-probabilities, or of logits. Where g is given (one number, or one a row), the gradient.
Size loss(const float* x, const int64_t* target, const float* g, float* to, Size rows, Size C, Size ignored,
          int64_t logits, int64_t each, int64_t mean) {
  Size counted = 0;
  for (Size row = 0; row < rows; row++) {
    if (target[row] == ignored) continue;
    if (target[row] < 0 || target[row] >= C) return row;
    counted++;
  }
  const double part = mean ? 1.0 / double(counted) : 1.0;
  double total = 0;
  for (Size row = 0; row < rows; row++) {
    const float* xs = x + row * C;
    const bool kept = target[row] != ignored;
    float largest = 0, sum = 1;
    if (logits && kept) exponentials(xs, C, &largest, &sum);
    if (!g) {
      const float lost = kept ? (logits ? std::log(sum) + largest : 0.0f) - xs[target[row]] : 0.0f;
      if (each) to[row] = lost;
      total += lost;
      continue;
    }
    float* out = to + row * C;
    const float factor = kept ? float((each ? g[row] : g[0]) * part) : 0.0f;
    if (!logits || !kept)
      std::fill(out, out + C, 0.0f);
    else
      for (Size c = 0; c < C; c++) out[c] = exp_(xs[c] - largest) / sum * factor;
    if (kept) out[target[row]] -= factor;
  }
  if (!g && !each) *to = float(total * part);
  return -1;
}

// dL/dinput of a max pooling over planes: what a window sends goes to its largest element, the first of equal ones.
void max_pool_grad(const float* x, const float* g, float* to, Size planes, const int64_t* q, Size threads) {
  const Size pixels = q[0] * q[1], sent = q[2] * q[3], step = q[7];
  const auto run = step == 1 ? max_pool_plane<1> : step == 2 ? max_pool_plane<2> : max_pool_plane<0>;
  each_row(planes, pixels, threads, [=](Size plane) {
    run(x + plane * pixels, g + plane * sent, to + plane * pixels, q);
  });
}

}
