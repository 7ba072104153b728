// Convolution where it stands: register tiles of sums, and no windows written down. `direct.py` compiles and calls this.
//
//     sum[p][v] = Σ_t Σ_k vectors[t, k][v] · scalars[t, k][p]          one tile, P scalars × V vectors of LANES channels
//
// A tile's sums stay in registers while it runs, so that each vector loaded is multiplied P times and each scalar
// V·LANES times. The two passes differ in what they put in its place:
//
//     pass          vectors                             scalars                                     Σ over (t, k)
//     forward       weight of V·LANES output channels   inputs that P neighbours of a line read     taps and channels
//     weight_grad   dL/doutput of as many channels      inputs that P neighbouring taps read        positions
//
// The gradient with respect to the input is a forward pass over dL/doutput with the kernel turned around.
//
// Tensors are float32 with any strides. They are read channels-last, a strip of lines at a time; where they do not lie
// so, or are padded, the strip is laid out first in a buffer that the second-level cache holds. Sizes and strides count
// floats.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#else  // one thread
static int omp_get_thread_num() { return 0; }
static int omp_get_num_threads() { return 1; }
#endif

using Size = int64_t;

// As `direct.py` fills it: sizes, steps, and the strides of the input and of the weight (forward) or of dL/doutput.
struct Convolution {
  Size N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, n, c, y, x, other[4], threads;
};

namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16, REGISTERS = 32;
#elif defined(__AVX__)
constexpr int LANES = 8, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4, REGISTERS = 32;
#else
constexpr int LANES = 4, REGISTERS = 16;
#endif

typedef float Vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

constexpr int MOST = REGISTERS == 32 ? 4 : 2;    // vectors a tile
constexpr int WIDEST = 14;                       // scalars a tile: 24 take 1.6 times as long
constexpr Size STRIP = 1 << 16;                  // floats of a strip's input: 256 kB
constexpr Size NEAR = 1 << 14;                   // floats of weight that one sum runs over: 64 kB
constexpr Size LONGEST = 512;                    // products that one sum adds up: rounding grows with their number
constexpr Size WORTH_A_THREAD = 1 << 16;         // products a thread: with fewer, starting it costs more than it gives

// Scalars of a tile of V vectors: registers are left for the vectors and for a scalar.
constexpr int most_scalars(int V) { return std::min(WIDEST, (REGISTERS - 2 - V) / V); }

constexpr Size parts(Size whole, Size part) { return (whole + part - 1) / part; }

// Floats in whole lines of the cache, so that what lies behind begins with one.
constexpr Size in_lines(Size floats) { return 16 * parts(floats, 16); }

// Where a tile finds its factors: the vectors of (t, k) at `vectors + t·vector_line + k·vector_step`, the p-th scalar
// at `scalars + offsets[t] + k·scalar_step + p·beside`.
struct Sum {
  const float *vectors, *scalars;
  const Size* offsets;
  Size outer, inner, vector_line, vector_step, scalar_step, beside;
};

// Where its sums go: scalar p's to `data + p·step`, the first `channels` of its V·LANES; added to what stands there if
// `add`. With `spill` all but the last may write into their successor's place, who writes after them.
struct Place {
  float* data;
  Size step, channels;
  bool add, spill;
};

template <int V, int P>
void tile(const Sum& from, const Place& to) {
  Vector sums[P][V] = {};
  for (Size t = 0; t < from.outer; t++) {
    const float* vectors = from.vectors + t * from.vector_line;
    const float* scalars = from.scalars + from.offsets[t];
    for (Size k = 0; k < from.inner; k++, vectors += from.vector_step, scalars += from.scalar_step) {
      Vector factors[V];
      for (int v = 0; v < V; v++) factors[v] = *reinterpret_cast<const Vector*>(vectors + v * LANES);
      for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) sums[p][v] += factors[v] * scalars[p * from.beside];
    }
  }
  for (int p = 0; p < P; p++) {
    for (int v = 0; v < V; v++) {
      float* at = to.data + p * to.step + v * LANES;
      const Size left = to.channels - v * LANES, free = to.spill ? left + (P - 1 - p) * to.step : left;
      if (free < LANES) {
        for (Size lane = 0; lane < left; lane++) at[lane] = sums[p][v][lane] + (to.add ? at[lane] : 0.0f);
      } else {
        Vector& whole = *reinterpret_cast<Vector*>(at);
        whole = to.add ? whole + sums[p][v] : sums[p][v];
      }
    }
  }
}

using Tile = void (*)(const Sum&, const Place&);

template <int V, int... P>
constexpr std::array<Tile, WIDEST> tiles_of(std::integer_sequence<int, P...>) {
  return {tile<V, P + 1>...};
}

template <int V>
constexpr std::array<Tile, WIDEST> tiles_of() {
  return tiles_of<V>(std::make_integer_sequence<int, most_scalars(V)>());
}

constexpr std::array<Tile, WIDEST> TILES[] = {
    tiles_of<1>(), tiles_of<2>(), tiles_of<std::min(3, MOST)>(), tiles_of<MOST>()};

// The sums of `count` scalars by V vectors, in tiles of almost equal size.
void line(int V, Size count, Sum from, Place to) {
  const Size tiles = parts(count, most_scalars(V));
  for (Size n = 0, done = 0; n < tiles; n++) {
    const Size scalars = count * (n + 1) / tiles - done;
    TILES[V - 1][scalars - 1](from, to);
    from.scalars += scalars * from.beside;
    to.data += scalars * to.step;
    done += scalars;
  }
}

// Images with any strides, read as channels-last lines with `pH`, `pW` zeros around each, `width` floats a pixel, of
// which the first `C` are channels.
struct Images {
  const float* data;
  Size C, H, W, n, c, y, x, pH, pW, width;

  bool in_place() const { return !pH && !pW && width == C && x == C && (c == 1 || C == 1); }
  Size line() const { return in_place() ? y : (W + 2 * pW) * width; }

  // Lines `first … first + count` of the padded image, written to `strip` unless they can be read where they are.
  const float* lines(Size image, Size first, Size count, float* strip) const {
    const float* from = data + image * n;
    if (in_place()) return from + first * y;
    for (Size row = first - pH; row < first - pH + count; row++) {
      float* to = strip + (row - first + pH) * line();
      if (row < 0 || row >= H) {
        std::memset(to, 0, 4 * line());
        continue;
      }
      std::memset(to, 0, 4 * pW * width);
      lay(to + pW * width, from + row * y);
      std::memset(to + (pW + W) * width, 0, 4 * pW * width);
    }
    return strip;
  }

  void lay(float* to, const float* from) const {
    if (width == C && x == C && c == 1) {
      std::memcpy(to, from, 4 * W * C);
      return;
    }
    for (Size col = 0; col < W; col++, to += width) {
      for (Size k = 0; k < C; k++) to[k] = from[col * x + k * c];
      std::fill(to + C, to + width, 0.0f);
    }
  }
};

// The strips of output lines that a convolution is shared out by.
struct Strips {
  Size each, lines, threads;  // strips an image, lines a strip

  Strips(const Convolution& q, Size floats_a_line) {
    threads = std::clamp<Size>(q.N * q.outH * q.outW * q.O * q.C * q.kH * q.kW / WORTH_A_THREAD, 1, q.threads);
    const Size span = q.dH * (q.kH - 1) + 1, most = STRIP / floats_a_line;
    lines = most > span ? std::min(q.outH, (most - span) / q.sH + 1) : 1;
    each = parts(q.outH, lines);
    while (q.N * each % threads && each < q.outH) each++;  // or one thread would wait for another's last strip
    lines = parts(q.outH, each);
    each = parts(q.outH, lines);
  }
};

// Where the t-th of a kernel's taps reads, in lines of so many floats, from the window's first element; with `runs` the
// t-th of its lines, whose taps read neighbours.
Size reach(const Convolution& q, Size line, Size t, bool runs) {
  return runs ? t * q.dH * line : t / q.kW * q.dH * line + t % q.kW * q.dW * q.C;
}

// How a forward pass is shared out, and its room: the weight in the order in which it is read, and a strip a thread.
struct Forward {
  Images images;
  Strips strips;
  Size vectors, taps, blocks, outer, span, laid, strip;
  bool runs;

  Forward(const Convolution& q, const float* input)
      : images{input, q.C, q.H, q.W, q.n, q.c, q.y, q.x, q.pH, q.pW, q.C}, strips(q, (q.W + 2 * q.pW) * q.C) {
    vectors = parts(q.O, LANES), taps = q.kH * q.kW, span = q.dH * (q.kH - 1) + 1;
    const Size most = std::min(LONGEST, NEAR / (std::min<Size>(vectors, MOST) * LANES));  // products of one sum
    blocks = taps * q.C > most ? parts(q.C, std::max<Size>(1, most / taps)) : 1;
    runs = blocks == 1 && q.dW == 1;
    outer = runs ? q.kH : taps;
    laid = in_lines(vectors * LANES * taps * q.C);
    strip = images.in_place() ? 0 : in_lines(images.line() * ((strips.lines - 1) * q.sH + span));
  }
  Size room() const { return laid + strips.threads * strip; }
};

// How a weight gradient is shared out, and its room: a thread's own gradient and its strips of both factors.
struct WeightGrad {
  Size vectors, width;
  Images images, grads;
  Strips strips;
  Size outer, run, span, size, at_once, strip, beside;
  bool runs;

  WeightGrad(const Convolution& q, const float* input, const float* grad_output)
      : vectors(parts(q.O, LANES)),
        width(vectors * LANES),
        images{input, q.C, q.H, q.W, q.n, q.c, q.y, q.x, q.pH, q.pW, q.C},
        grads{grad_output, q.O, q.outH, q.outW, q.other[0], q.other[1], q.other[2], q.other[3], 0, 0, width},
        strips(q, (q.W + 2 * q.pW) * q.C + q.outW * width) {
    runs = q.dW == 1, span = q.dH * (q.kH - 1) + 1;
    outer = runs ? q.kH : q.kH * q.kW, run = runs ? q.kW * q.C : q.C, size = outer * run * q.O;
    at_once = std::clamp<Size>(LONGEST / q.outW, 1, strips.lines);  // lines that one sum runs over
    strip = images.in_place() ? 0 : in_lines(images.line() * ((strips.lines - 1) * q.sH + span));
    beside = grads.in_place() ? 0 : in_lines(grads.line() * strips.lines);
  }
  Size room() const { return strips.threads * (in_lines(size) + strip + beside); }
};

}  // namespace

extern "C" {

// Floats of room that `forward` and `weight_grad` write to besides their result.
Size forward_room(const Convolution* q) { return Forward(*q, nullptr).room(); }
Size weight_grad_room(const Convolution* q) { return WeightGrad(*q, nullptr, nullptr).room(); }

// output[n, y, x, o] = Σ_{i,j,c} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
void forward(const Convolution* convolution, const float* input, const float* weight, float* output, float* room) {
  const Convolution& q = *convolution;
  const Forward plan(q, input);
  const Images& images = plan.images;
  const Strips& strips = plan.strips;
  const Size taps = plan.taps, blocks = plan.blocks, wO = q.other[0], wC = q.other[1], wI = q.other[2], wJ = q.other[3];
  std::vector<Size> offsets(plan.outer);
  for (Size t = 0; t < plan.outer; t++) offsets[t] = reach(q, images.line(), t, plan.runs);

#pragma omp parallel num_threads(strips.threads) if (strips.threads > 1)
  {
#pragma omp for schedule(static)
    for (Size c = 0; c < q.C; c++) {
      const Size b = ((c + 1) * blocks - 1) / q.C, begin = q.C * b / blocks, channels = q.C * (b + 1) / blocks - begin;
      for (Size o = 0; o < q.O; o += MOST * LANES) {
        const Size lanes = std::min<Size>(MOST, plan.vectors - o / LANES) * LANES;
        float* to = room + taps * (o * q.C + begin * lanes) + (c - begin) * lanes;
        for (Size tap = 0; tap < taps; tap++, to += channels * lanes) {
          const float* from = weight + o * wO + c * wC + tap / q.kW * wI + tap % q.kW * wJ;
          for (Size lane = 0; lane < lanes; lane++) to[lane] = o + lane < q.O ? from[lane * wO] : 0.0f;
        }
      }
    }
    float* strip = room + plan.laid + omp_get_thread_num() * plan.strip;
#pragma omp for schedule(static)
    for (Size task = 0; task < q.N * strips.each; task++) {
      const Size n = task / strips.each, first = task % strips.each * strips.lines;
      const Size end = std::min(q.outH, first + strips.lines);
      const float* lines = images.lines(n, first * q.sH, (end - first - 1) * q.sH + plan.span, strip);
      const float* factors = room;
      for (Size o = 0; o < q.O; o += MOST * LANES) {
        const Size V = std::min<Size>(MOST, plan.vectors - o / LANES), lanes = V * LANES;
        for (Size b = 0; b < blocks; b++) {
          const Size c = q.C * b / blocks, channels = q.C * (b + 1) / blocks - c;
          const Size inner = plan.runs ? q.kW * q.C : channels;
          for (Size y = first; y < end; y++) {
            const float* scalars = lines + (y - first) * q.sH * images.line() + c;
            float* at = output + (n * q.outH + y) * q.outW * q.O + o;
            line(V, q.outW,
                 {factors, scalars, offsets.data(), plan.outer, inner, inner * lanes, lanes, 1, q.sW * q.C},
                 {at, q.O, std::min(q.O - o, lanes), b > 0, b == 0 && plan.vectors <= MOST});
          }
          factors += taps * channels * lanes;
        }
      }
    }
  }
}

// grad[i, j, c, o] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
void weight_grad(const Convolution* convolution, const float* input, const float* grad_output, float* grad, float* room) {
  const Convolution& q = *convolution;
  const WeightGrad plan(q, input, grad_output);
  const Images &images = plan.images, &grads = plan.grads;
  const Strips& strips = plan.strips;
  const Size apart = plan.room() / strips.threads, size = plan.size;  // between the rooms of two threads
  std::vector<Size> offsets(plan.at_once);
  for (Size y = 0; y < plan.at_once; y++) offsets[y] = y * q.sH * images.line();

#pragma omp parallel num_threads(strips.threads) if (strips.threads > 1)
  {
    float* own = room + omp_get_thread_num() * apart;
    float *strip = own + in_lines(size), *beside = strip + plan.strip;
    std::memset(own, 0, 4 * size);
#pragma omp for schedule(static)
    for (Size task = 0; task < q.N * strips.each; task++) {
      const Size n = task / strips.each, first = task % strips.each * strips.lines;
      const Size count = std::min(q.outH - first, strips.lines);
      const float* lines = images.lines(n, first * q.sH, (count - 1) * q.sH + plan.span, strip);
      const float* factors = grads.lines(n, first, count, beside);
      for (Size y = 0; y < count; y += plan.at_once) {
        const Size outer = std::min(plan.at_once, count - y);
        for (Size o = 0; o < q.O; o += MOST * LANES) {
          const Size V = std::min<Size>(MOST, plan.vectors - o / LANES);
          for (Size t = 0; t < plan.outer; t++) {
            const float* vectors = factors + y * grads.line() + o;
            const float* scalars = lines + y * q.sH * images.line() + reach(q, images.line(), t, plan.runs);
            line(V, plan.run,
                 {vectors, scalars, offsets.data(), outer, q.outW, grads.line(), plan.width, q.sW * q.C, 1},
                 {own + t * plan.run * q.O + o, q.O, std::min(q.O - o, V * LANES), true, false});
          }
        }
      }
    }
    const Size threads = omp_get_num_threads();
#pragma omp for schedule(static)
    for (Size k = 0; k < size; k++) {
      float sum = 0.0f;
      for (Size thread = 0; thread < threads; thread++) sum += room[thread * apart + k];
      grad[k] = sum;
    }
  }
}

}
