// Elementwise functions, normalisations, softmax, losses, max pooling and padding in few passes over memory, of float32
// tensors without gaps. `pointwise.py` calls this, and fills the struct that every function takes; sizes count elements.

#include "shared.h"
#include <cmath>

#ifdef __AVX__
#include <immintrin.h>
#endif

namespace {
typedef VECTOR(float) Floats;
typedef VECTOR(int32_t) Ints;
constexpr int SIDE = BYTES / 4;  // lanes of a vector
constexpr Size BLOCK = 1 << 12;  // elements that the first-level cache holds

inline Floats all(float number) { return number - Floats{}; }
inline Ints to_bits(Floats x) { return reinterpret_cast<Ints&>(x); }
inline Floats of_bits(Ints words) { return reinterpret_cast<Floats&>(words); }
inline Floats abs_(Floats x) { return of_bits(to_bits(x) & 0x7fffffff); }
inline Floats least(Floats x, float most) { return x > most ? all(most) : x; }  // as `most`, a NaN stays
inline Floats most(Floats x, float least) { return x < least ? all(least) : x; }

inline float total(Floats x) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int lane = 0; lane < SIDE; lane++) sum += x[lane];
  return sum;
}

// The first `count` lanes, others as given; and written back.
inline Floats get(const float* from, Size count, Floats others = Floats{}) {
  if (count == SIDE) return *reinterpret_cast<const Floats*>(from);
#if defined(__AVX512F__)
  return Floats(_mm512_mask_loadu_ps(__m512(others), __mmask16((1 << count) - 1), from));
#elif defined(__AVX__)
  const Ints some = Ints{0, 1, 2, 3, 4, 5, 6, 7} < int32_t(count);
  return some ? Floats(_mm256_maskload_ps(from, __m256i(some))) : others;
#endif
  for (Size lane = 0; lane < count; lane++) others[lane] = from[lane];
  return others;
}
inline void put(float* to, Size count, Floats values) {
  if (count == SIDE) return void(*reinterpret_cast<Floats*>(to) = values);
#ifdef __AVX512F__
  return _mm512_mask_storeu_ps(to, __mmask16((1 << count) - 1), __m512(values));
#endif
  const float* from = reinterpret_cast<const float*>(&values);
  if (count & 4) std::copy_n(from, 4, to), to += 4, from += 4;
  if (count & 2) std::copy_n(from, 2, to), to += 2, from += 2;
  if (count & 1) *to = *from;
}

// Calls `function(begin, lanes)` for every vector of so many elements.
template <typename F>
inline void vectors(Size count, F function) {
  Size k = 0;
  for (; k + SIDE <= count; k += SIDE) function(k, Size(SIDE));
  if (k < count) function(k, count - k);
}

// 1 / x of a normal number above 0 by Newton's method, in a third of a division's time.
inline Floats inverse_(Floats x) {
  Floats r = of_bits(0x7ef311c7 - to_bits(x));
  r = r * (2.0f - x * r), r = r * (2.0f - x * r);
  return r + r * (1.0f - x * r);
}

// e^x within one and a half units in the last place; 2^n is multiplied in two steps, as it may be out of range.
inline Floats exp_(Floats x) {
  x = most(least(x, 89.0f), -104.0f);
  const Floats shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
  const Floats r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  Floats p = 1.37805939e-3f * r + 8.37312452e-3f;
  p = p * r + 4.16695364e-2f, p = p * r + 1.66664720e-1f, p = p * r + 4.99999851e-1f;
  p = p * r + 1.0f, p = p * r + 1.0f;
  const Ints whole = to_bits(shifted) - 0x4b400000, half = whole >> 1;  // of a NaN any number: p is not one
  return p * of_bits((half + 127) << 23) * of_bits((whole - half + 127) << 23);
}

inline Floats sigmoid_(Floats x) {
  const Floats e = exp_(-abs_(x)), r = inverse_(1.0f + e);
  return x < 0.0f ? e * r : r;
}

// σ′(x) = e^−|x| / (1 + e^−|x|)², which keeps its digits where σ is almost 1.
inline Floats slope_of_sigmoid(Floats x) {
  const Floats e = exp_(-abs_(x)), r = inverse_(1.0f + e);
  return e * r * r;
}

// erf as a quotient of polynomials, within some units in the last place. Source: Eigen's `generic_fast_erf_float`.
inline Floats erf_(Floats x) {
  const Floats y = most(least(x, 4.0f), -4.0f), s = y * y;
  Floats p = -2.72614225801306e-10f * s + 2.77068142495902e-08f;
  p = p * s - 2.10102402082508e-06f, p = p * s - 5.69250639462346e-05f, p = p * s - 7.34990630326855e-04f;
  p = p * s - 2.95459980854025e-03f, p = p * s - 1.60960333262415e-02f;
  Floats q = 1.45660718464996e-05f * s + 2.13374055278905e-04f;
  q = q * s + 1.68282697438203e-03f, q = q * s + 7.37332916720468e-03f, q = q * s + 1.42647390514189e-02f;
  const Floats inside = -y * p * inverse_(q);
  return x >= 4.0f ? all(1.0f) : x <= -4.0f ? all(-1.0f) : inside;
}

inline Floats below_(Floats x) { return 0.5f * (1.0f + erf_(x * 0.707106781f)); }  // Φ(x)
inline Floats opening_(Floats x) {  // tanh(ln(1 + e^x)) = t / (t + 2) with t = e^x · (e^x + 2)
  const Floats e = exp_(least(x, 20.0f)), t = e * (e + 2.0f);
  return t * inverse_(t + 2.0f);
}

// The functions of `pointwise.py`'s ACTIVATIONS in their order; of the last two only the gradient is asked for.
template <int which>
inline Floats value(Floats x, float slope) {
  if constexpr (which == 0) return x > 0.0f ? x : slope * x;
  if constexpr (which == 1) return sigmoid_(x);
  if constexpr (which == 2) return most(least(x / 6.0f + 0.5f, 1.0f), 0.0f);
  if constexpr (which == 3) return x * most(least(x + 3.0f, 6.0f), 0.0f) / 6.0f;
  if constexpr (which == 4) return x * sigmoid_(x);
  if constexpr (which == 5) return x * opening_(x);
  if constexpr (which == 6) return x * below_(x);
  if constexpr (which == 7) return x * sigmoid_(1.59576912f * (x + 0.044715f * x * x * x));  // tanh by σ
  return x;
}

// g times their derivatives.
template <int which>
inline Floats gradient(Floats x, Floats g, float slope) {
  if constexpr (which == 0) return x > 0.0f ? g : slope * g;
  if constexpr (which == 1) return g * (x * (1.0f - x));  // of the output
  if constexpr (which == 2) return x <= -3.0f ? all(0) : x >= 3.0f ? all(0) : g / 6.0f;
  if constexpr (which == 3) return x <= -3.0f ? all(0) : x >= 3.0f ? g : g * (x / 3.0f + 0.5f);
  if constexpr (which == 4) return g * (sigmoid_(x) + x * slope_of_sigmoid(x));
  if constexpr (which == 5) {  // 1 − t² = (1 − t) · (1 + t), of which 1 − t keeps its digits as 2 / (t + 2)
    const Floats e = exp_(least(x, 20.0f)), u = e * (e + 2.0f), r = inverse_(u + 2.0f), t = u * r;
    return g * (t + x * (2.0f * r * (1.0f + t)) * sigmoid_(x));
  }
  if constexpr (which == 6) return g * (below_(x) + x * (0.398942280f * exp_(-0.5f * x * x)));
  if constexpr (which == 7) {
    const Floats y = 1.59576912f * (x + 0.044715f * x * x * x);
    return g * (sigmoid_(y) + x * slope_of_sigmoid(y) * (1.59576912f * (1.0f + 0.134145f * x * x)));
  }
  if constexpr (which == 8) return x <= 0.0f ? all(0) : g;  // relu
  if constexpr (which == 9) return g * (1.0f - x * x);      // tanh, of the output
}

struct Activation { Size threads, which, count; double slope; };
// Calls the function whose number is asked for.
template <int which = 0>
void activate(const Activation& q, const float* x, const float* g, float* to) {
  if constexpr (which < 9)
    if (q.which != which) return activate<which + 1>(q, x, g, to);
  const float slope = float(q.slope);
  share(parts(q.count, BLOCK), q.threads, [=](Size block, Size) {
    const Size begin = block * BLOCK, count = std::min(BLOCK, q.count - begin);
    const auto each = [=](auto of) { vectors(count, [=](Size k, Size n) { put(to + begin + k, n, of(begin + k, n)); }); };
    if (!g) return each([=](Size at, Size n) { return value<which>(get(x + at, n), slope); });
    each([=](Size at, Size n) { return gradient<which>(get(x + at, n), get(g + at, n), slope); });
  });
}

// Batch norm (groups = 0) and group norm of `(N, C, L)`, or of `(N, L, C)` if channels lie last. Mean and variance are
// given, or those of the elements themselves; if `constant`, gradients do not go through them.
struct Norm {
  Size threads, N, C, L, groups, last, given, constant;
  double eps;
  Size sets() const { return last ? parts(C, SIDE) : groups ? N * groups : C; }
};
struct Two { Floats sum, product; };  // or mean and variance

// The elements that share a mean: runs, each of one channel, or rows with a channel in each of their lanes.
struct Set {
  const Norm& q;
  Size number, channel, first, runs, apart, next = 0, lanes = 1;

  Set(const Norm& norm, Size s) : q(norm), number(s), channel(s), first(s * q.L), runs(q.N), apart(q.C * q.L) {
    if (q.groups) runs = q.C / q.groups, apart = q.L, first *= runs, channel = s % q.groups * runs, next = 1;
    if (q.last) number = channel = first = s * SIDE, lanes = std::min<Size>(SIDE, q.C - first);
  }
  float count() const { return float(runs * q.L); }

  // In every lane the number of its set or channel, given one of each, or one of every element.
  Floats of(const float* numbers) const { return q.last ? get(numbers, lanes) : all(*numbers); }
  Floats whole(Floats sums) const { return q.last ? sums : all(total(sums)); }

  // Calls `function(at, lanes)` for the vectors of a run.
  template <typename F>
  void each(Size run, F function) const {
    const Size at = first + run * apart;
    if (!q.last) return vectors(q.L, [&](Size k, Size n) { function(at + k, n); });
    for (Size row = 0; row < q.L; row++) function(at + row * q.C, lanes);
  }

  // Σ y and Σ (x − m) · y over runs, in every lane that of its set or channel; y is g, or x − m itself. Each run is added
  // up apart: rounding grows with what one sum has.
  template <bool of_g>
  Two sums(Size begin, Size end, const float* x, Floats m, const float* g) const {
    Two all_runs = {};
    for (Size run = begin; run < end; run++) {
      Two own = {};
      each(run, [&](Size at, Size n) {
        const Floats v = get(x + at, n, m) - m, w = of_g ? get(g + at, n) : v;
        own.sum += w, own.product += v * w;
      });
      all_runs.sum += own.sum, all_runs.product += own.product;
    }
    return {whole(all_runs.sum), whole(all_runs.product)};
  }

  // Mean and variance, by sums about one of the elements, and again about the mean where that is far from it.
  Two moments(const float* x) const {
    Floats mean = of(x + first), var = {};
    for (int turn = 0; turn < 2; turn++) {
      const auto [sum, product] = sums<false>(0, runs, x, mean, nullptr);
      const Floats off = sum / count(), square = off * off;
      mean += off, var = most(product / count() - square, 0);
      if (total(square > 8.0f * var ? all(1) : all(0)) == 0) break;
    }
    return {mean, var};
  }

  Floats scale(Floats var) const {  // 1 / √(variance + eps)
#pragma omp simd
    for (int lane = 0; lane < SIDE; lane++) var[lane] = 1 / std::sqrt(var[lane] + float(q.eps));
    return var;
  }
};

// The largest of a row of scores, and the sum of e^(score − largest), not a number where a score is not; these powers go
// to `to` if it is given.
struct Peak { float largest, sum; };
inline Peak exponentials(const float* row, float* to, Size C) {
  Floats top = all(-INFINITY), added = {};
  vectors(C, [&](Size k, Size n) {
    const Floats x = get(row + k, n, top);
    top = x > top ? x : top;
  });
  float largest = top[0];
  for (int lane = 1; lane < SIDE; lane++) largest = std::max(largest, top[lane]);
  vectors(C, [&](Size k, Size n) {
    const Floats e = exp_(get(row + k, n, all(-INFINITY)) - largest);
    if (to) put(to + k, n, e);
    added += e;
  });
  return {largest, total(added)};
}

struct Planes { Size threads, planes, pixels, windows, taps; };  // pixels and windows of a plane
struct Rows { Size threads, rows, C, logarithm; };
struct Loss { Size threads, rows, C, ignored, logits, each, mean; };
}  // namespace

EXPORTED void activation(const Activation* q, const float* x, const float* g, float* to) { activate(*q, x, g, to); }

// (x − mean) / √(variance + eps) · weight + bias. Weight and bias may be null; means and variances, one a set or
// channel, are given or written.
EXPORTED void norm(const Norm* q, const float* x, float* means, float* vars, const float* weight, const float* bias,
                   float* to) {
  share(q->sets(), q->threads, [=](Size s, Size) {
    const Set set(*q, s);
    float *mean = means + set.number, *var = vars + set.number;
    const auto [m, v] = q->given ? Two{set.of(mean), set.of(var)} : set.moments(x);
    if (!q->given) put(mean, set.lanes, m), put(var, set.lanes, v);
    const Floats scale = set.scale(v);
    for (Size run = 0, channel = set.channel; run < set.runs; run++, channel += set.next) {
      const Floats a = weight ? scale * set.of(weight + channel) : scale;
      const Floats b = bias ? set.of(bias + channel) : all(0);
      set.each(run, [=, m = m](Size at, Size n) { put(to + at, n, (get(x + at, n) - m) * a + b); });
    }
  });
}

// Gradients with respect to input, weight and bias; each may be null, the last two are added to.
EXPORTED void norm_grad(const Norm* q, const float* x, const float* g, const float* means, const float* vars,
                        const float* weight, float* dx, float* dw, float* db) {
  const Size images = q->groups ? q->N : 1, sets = q->sets() / images;  // all images share the parameters' gradients
  share(sets, q->threads, [=](Size part, Size) {
    for (Size s = part; s < images * sets; s += sets) {
      const Set set(*q, s);
      const Floats m = set.of(means + set.number), scale = set.scale(set.of(vars + set.number));
      const auto factor = [&](Size channel) { return weight ? scale * set.of(weight + channel) : scale; };
      Floats slope = {}, shift = {};
      const Size together = set.next ? 1 : set.runs;  // runs of one channel
      for (Size run = 0, channel = set.channel; run < set.runs; run += together, channel += set.next) {
        if (!dw && !db && q->constant) break;
        const auto [sum, product] = set.sums<true>(run, run + together, x, m, g);
        slope += factor(channel) * product, shift += factor(channel) * sum;
        if (dw) put(dw + channel, set.lanes, get(dw + channel, set.lanes) + product * scale);
        if (db) put(db + channel, set.lanes, get(db + channel, set.lanes) + sum);
      }
      if (!dx) continue;
      const float part_of_each = q->constant ? 0 : -1 / set.count();
      const Floats a = slope * scale * scale * part_of_each, d = shift * part_of_each;
      for (Size run = 0, channel = set.channel; run < set.runs; run++, channel += set.next)
        set.each(run, [=, b = factor(channel)](Size at, Size n) {
          put(dx + at, n, (get(x + at, n) - m) * a + (get(g + at, n) * b + d));
        });
    }
  });
}

// Softmax of rows, or its logarithm; where g is given, the gradient, and x the output.
EXPORTED void softmax(const Rows* q, const float* x, const float* g, float* to) {
  const Size C = q->C, logarithm = q->logarithm;
  share(q->rows, q->threads, [=](Size row, Size) {
    const float *xs = x + row * C, *gs = g + row * C;
    float* out = to + row * C;
    if (!g) {
      const Peak peak = exponentials(xs, logarithm ? nullptr : out, C);
      return vectors(C, [=, less = std::log(peak.sum), part = 1 / peak.sum](Size k, Size n) {
        put(out + k, n, logarithm ? get(xs + k, n) - peak.largest - less : get(out + k, n) * part);
      });
    }
    Floats sums = {};
    vectors(C, [&](Size k, Size n) { sums += logarithm ? get(gs + k, n) : get(gs + k, n) * get(xs + k, n); });
    vectors(C, [=, whole = total(sums)](Size k, Size n) {
      const Floats y = get(xs + k, n), sent = get(gs + k, n);
      put(out + k, n, logarithm ? sent - exp_(y) * whole : y * (sent - whole));
    });
  });
}

// The first row whose class does not exist, or −1. What a row loses goes to `to`, or the sum or mean over those that
// count; of log-probabilities, or of logits. Where g is given (one number, or one a row), the gradient.
EXPORTED Size loss(const Loss* q, const float* x, const int64_t* target, const float* g, float* to) {
  Size counted = 0;
  for (Size row = 0; row < q->rows; row++) {
    if (target[row] != q->ignored && (target[row] < 0 || target[row] >= q->C)) return row;
    counted += target[row] != q->ignored;
  }
  double total = 0, part = q->mean ? 1.0 / double(counted) : 1.0;
  for (Size row = 0; row < q->rows; row++) {
    const bool kept = target[row] != q->ignored, scored = kept && q->logits;
    const float* xs = x + row * q->C;
    float* out = g ? to + row * q->C : nullptr;
    const Peak peak = scored ? exponentials(xs, out, q->C) : Peak{0, 1};
    const float lost = kept && !g ? std::log(peak.sum) + peak.largest - xs[target[row]] : 0.0f;
    const float factor = kept && g ? float((q->each ? g[row] : *g) * part) : 0.0f;
    for (Size c = 0; g && c < q->C; c++) out[c] = scored ? out[c] * (factor / peak.sum) : 0.0f;
    if (kept && g) out[target[row]] -= factor;
    if (!g && q->each) to[row] = lost;
    total += lost;
  }
  if (!g && !q->each) *to = float(total * part);
  return -1;
}

// Planes padded by runs of their elements, each (to, from, count); with `back` what these send, added up.
EXPORTED void pad(const Planes* q, const int32_t* runs, float* images, float* padded, Size back) {
  share(q->planes, q->threads, [=](Size plane, Size) {
    float *pixels = images + plane * q->pixels, *to = padded + plane * q->windows;
    if (back) std::fill_n(pixels, q->pixels, 0.0f);
    for (const int32_t* run = runs; run < runs + 3 * q->taps; run += 3)
      if (back || run[2] == 1)
        for (Size k = 0; k < run[2]; k++) back ? pixels[run[1] + k] += to[run[0] + k] : to[run[0]] = pixels[run[1]];
      else
        std::copy_n(pixels + run[1], run[2], to + run[0]);
  });
}

// The largest element of every window, the first of equal ones or the last that is not a number, and its index in its
// plane. `places` has the index of each tap of all windows in turn, or, of one beside the image, that of a neighbour.
EXPORTED void max_pool(const Planes* q, const int32_t* places, const float* x, float* to, int32_t* indices) {
  const Size windows = q->windows;
  share(q->planes, q->threads, [=](Size plane, Size) {
    const float* pixels = x + plane * q->pixels;
    float* best = to + plane * windows;
    int32_t* from = indices + plane * windows;
    std::fill_n(best, windows, -INFINITY), std::copy_n(places, windows, from);
    for (Size tap = 0; tap < q->taps; tap++) {
      const int32_t* place = places + tap * windows;
#pragma omp simd
      for (Size k = 0; k < windows; k++) {
        const float value = pixels[place[k]];
        const int replaces = int(value > best[k]) | int(value != value);
        best[k] = replaces ? value : best[k], from[k] = replaces ? place[k] : from[k];
      }
    }
  });
}

// dL/dinput of a max pooling: what a window sends goes to its largest element.
EXPORTED void max_pool_grad(const Planes* q, const int32_t* indices, const float* g, float* to) {
  share(q->planes, q->threads, [=](Size plane, Size) {
    float* pixels = to + plane * q->pixels;
    std::fill_n(pixels, q->pixels, 0.0f);
    for (Size k = plane * q->windows; k < (plane + 1) * q->windows; k++) pixels[indices[k]] += g[k];
  });
}
