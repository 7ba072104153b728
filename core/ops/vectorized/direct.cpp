// Convolution where it stands: register tiles of sums, and no windows written down. `direct.py` compiles and calls this.
//
//     sum[p][v] = Σ_t Σ_k vectors[t, k][v] · others[t, k][p]           one tile, P others × V vectors of LANES channels
//
// A tile's sums stay in registers while it runs, so that each vector loaded is multiplied P times and each other factor
// V·LANES times. The two passes differ in what they put in its place:
//
//     pass          vectors                             others                                      Σ over (t, k)
//     forward       weight of V·LANES output channels   inputs that P neighbours of a line read     taps and channels
//     weight_grad   dL/doutput of as many channels      inputs that P neighbouring taps read        positions
//
// The other factors are scalars; where every channel is convolved alone (depthwise) they are vectors of as many channels
// as the weight's or the gradient's. The gradient with respect to the input is a forward pass over dL/doutput with the
// kernel turned around, at stride s one for each of s·s places (`direct.py`).
//
// Tensors have any strides. They are read channels-last, a strip of lines at a time; where they do not lie so, or are
// padded, the strip is laid out first in a buffer that the second-level cache holds. Sizes and strides count elements.

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

// As `direct.py` fills it: sizes (C and O of all groups), steps, strides of the input, strides of the weight (group,
// output channel, input channel, row, column: forward) or of dL/doutput, and those of the output (forward).
struct Convolution {
  Size N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, groups, n, c, y, x, other[5], to[3], bytes, threads;
};

namespace {

#if defined(__AVX512F__)
constexpr int BYTES = 64, REGISTERS = 32;
#elif defined(__AVX__)
constexpr int BYTES = 32, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int BYTES = 16, REGISTERS = 32;
#else
constexpr int BYTES = 16, REGISTERS = 16;
#endif

template <typename T>
struct Of;
template <>
struct Of<float> {
  typedef float Vector __attribute__((vector_size(BYTES), aligned(4), may_alias));
};
template <>
struct Of<double> {
  typedef double Vector __attribute__((vector_size(BYTES), aligned(8), may_alias));
};

template <typename T>
constexpr int LANES = BYTES / sizeof(T);

constexpr int MOST = REGISTERS == 32 ? 4 : 2;    // vectors a tile
constexpr int WIDEST = 14;                       // other factors a tile: 24 take 1.6 times as long
constexpr Size STRIP = 1 << 18;                  // bytes of a strip's input
constexpr Size NEAR = 1 << 16;                   // bytes of weight that one sum runs over
constexpr Size FAR = 1 << 18;                    // bytes of weight from which several images share each read of it
constexpr Size TOGETHER = 1 << 20;               // bytes of such images and their outputs
constexpr Size LONGEST = 512;                    // products that one sum adds up: rounding grows with their number
constexpr Size WORTH_A_THREAD = 1 << 16;         // products a thread: with fewer, starting it costs more than it gives

// Other factors of a tile of V vectors: registers are left for the vectors and for another factor.
constexpr int most_others(int V) { return std::min(WIDEST, (REGISTERS - 2 - V) / V); }

constexpr Size parts(Size whole, Size part) { return (whole + part - 1) / part; }

// Elements in whole lines of the cache, so that what lies behind begins with one.
constexpr Size in_lines(Size elements) { return 16 * parts(elements, 16); }

// Where a tile finds its factors: the vectors of (t, k) at `vectors + t·vector_line + k·vector_step`, the p-th other
// factor at `others + offsets[t] + k·other_step + p·beside`.
template <typename T>
struct Sum {
  const T *vectors, *others;
  const Size* offsets;
  Size outer, inner, vector_line, vector_step, other_step, beside;
};

// Where its sums go: those of the p-th other factor to `data + p·step`, the first `channels` of V·LANES; added to what
// stands there if `add`. With `spill` all but the last may write into their successor's place, who writes after them.
template <typename T>
struct Place {
  T* data;
  Size step, channels;
  bool add, spill;
};

// The first `count` lanes of a vector written to `at`, or added there. Apart, or tiles keep their sums in memory.
template <typename T>
__attribute__((noinline)) void add_some(T* at, typename Of<T>::Vector sums, Size count, bool add) {
  for (Size lane = 0; lane < count; lane++) at[lane] = sums[lane] + (add ? at[lane] : T(0));
}

template <typename T, int V, int P, bool alone>
void tile(const Sum<T>& from, const Place<T>& to) {
  using Vector = typename Of<T>::Vector;
  constexpr int L = LANES<T>;
  Vector sums[P][V] = {};
  for (Size t = 0; t < from.outer; t++) {
    const T* vectors = from.vectors + t * from.vector_line;
    const T* others = from.others + from.offsets[t];
    for (Size k = 0; k < from.inner; k++, vectors += from.vector_step, others += from.other_step) {
      Vector factors[V];
      for (int v = 0; v < V; v++) factors[v] = *reinterpret_cast<const Vector*>(vectors + v * L);
      for (int p = 0; p < P; p++) {
        const T* other = others + p * from.beside;
        for (int v = 0; v < V; v++) {
          if constexpr (alone)
            sums[p][v] += factors[v] * *reinterpret_cast<const Vector*>(other + v * L);
          else
            sums[p][v] += factors[v] * *other;
        }
      }
    }
  }
#pragma GCC unroll 14
  for (int p = 0; p < P; p++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      T* at = to.data + p * to.step + v * L;
      const Size left = to.channels - v * L, free = to.spill ? left + (P - 1 - p) * to.step : left;
      if (free < L) {
        add_some(at, sums[p][v], left, to.add);
      } else {
        Vector& whole = *reinterpret_cast<Vector*>(at);
        whole = to.add ? whole + sums[p][v] : sums[p][v];
      }
    }
  }
}

template <typename T>
using Tile = void (*)(const Sum<T>&, const Place<T>&);

template <typename T, int V, bool alone, int... P>
constexpr std::array<Tile<T>, WIDEST> tiles_of(std::integer_sequence<int, P...>) {
  return {tile<T, V, P + 1, alone>...};
}

template <typename T, int V, bool alone>
constexpr std::array<Tile<T>, WIDEST> tiles_of() {
  return tiles_of<T, V, alone>(std::make_integer_sequence<int, most_others(V)>());
}

constexpr int MOST_ALONE = 2;  // vectors a tile where channels are convolved alone

template <typename T>
constexpr std::array<Tile<T>, WIDEST> TILES[2][4] = {
    {tiles_of<T, 1, false>(), tiles_of<T, 2, false>(), tiles_of<T, std::min(3, MOST), false>(), tiles_of<T, MOST, false>()},
    {tiles_of<T, 1, true>(), tiles_of<T, MOST_ALONE, true>(), {}, {}}};

// The sums of `count` other factors by V vectors, in tiles of almost equal size.
template <typename T>
void line(bool alone, Size V, Size count, Sum<T> from, Place<T> to) {
  const Size tiles = parts(count, most_others(V));
  for (Size n = 0, done = 0; n < tiles; n++) {
    const Size others = count * (n + 1) / tiles - done;
    TILES<T>[alone][V - 1][others - 1](from, to);
    from.others += others * from.beside;
    to.data += others * to.step;
    done += others;
  }
}

// Images with any strides, read as channels-last lines of `cols` pixels that begin `top` rows above and `left` columns
// beside the first pixel (below and right of it where negative), zeros where no image is. Laid out, a pixel has `width`
// elements, of which the first `C` are channels.
template <typename T>
struct Images {
  const T* data;
  Size C, H, W, n, c, y, x, top, left, rows, cols, width;

  bool in_place() const {
    return top <= 0 && left <= 0 && rows - top <= H && cols - left <= W && width == C && (c == 1 || C == 1);
  }
  Size pixel() const { return in_place() ? x : width; }
  Size line() const { return in_place() ? y : cols * width; }

  // Lines `first … first + count`, written to `strip` unless they can be read where they are.
  const T* lines(Size image, Size first, Size count, T* strip) const {
    const T* from = data + image * n;
    if (in_place()) return from + (first - top) * y - left * x;
    const Size begin = std::clamp<Size>(left, 0, cols), end = std::clamp<Size>(W + left, begin, cols);
    for (Size row = first - top; row < first - top + count; row++, strip += line()) {
      if (row < 0 || row >= H) {
        std::memset(strip, 0, sizeof(T) * line());
        continue;
      }
      std::memset(strip, 0, sizeof(T) * begin * width);
      lay(strip + begin * width, from + row * y + (begin - left) * x, end - begin);
      std::memset(strip + end * width, 0, sizeof(T) * (cols - end) * width);
    }
    return strip - count * line();
  }

  void lay(T* to, const T* from, Size count) const {
    if (width == C && x == C && c == 1) {
      std::memcpy(to, from, sizeof(T) * count * C);
      return;
    }
    for (Size k = C; k < width; k++)
      for (Size col = 0; col < count; col++) to[col * width + k] = T(0);
    if (c == 1) {
      for (Size col = 0; col < count; col++) std::memcpy(to + col * width, from + col * x, sizeof(T) * C);
      return;
    }
    constexpr Size SOME = 16;  // channels, so that their lines stay in the first-level cache
    for (Size first = 0; first < C; first += SOME)
      for (Size col = 0; col < count; col++)
        for (Size k = first; k < std::min(C, first + SOME); k++) to[col * width + k] = from[col * x + k * c];
  }
};

// How a convolution is shared out: threads, strips of output lines, images whose strips lie side by side.
struct Strips {
  Size each, lines, threads, together;  // strips an image, lines a strip, images at once

  Strips(const Convolution& q, Size elements_a_line, Size weights) {
    const Size products = q.N * q.outH * q.outW * q.O * (q.C / q.groups) * q.kH * q.kW;
    threads = std::clamp<Size>(products / WORTH_A_THREAD, 1, q.threads);
    const Size span = q.dH * (q.kH - 1) + 1, most = STRIP / q.bytes / std::max<Size>(1, elements_a_line);
    lines = most > span ? std::min(q.outH, (most - span) / q.sH + 1) : 1;
    each = parts(q.outH, lines);
    while (q.N * each % threads && each < q.outH && weights < FAR) each++;  // or one would wait for another's last strip
    lines = parts(q.outH, each);
    each = parts(q.outH, lines);
    const Size image = q.bytes * (elements_a_line * (q.outH - 1 + span) + q.outH * q.outW * q.O);
    together = each == 1 && weights >= FAR ? std::clamp<Size>(TOGETHER / image, 1, parts(std::max<Size>(1, q.N), threads)) : 1;
  }
  Size tasks(Size N) const { return parts(N, together) * each; }
};

// What both passes know of their channels: `alone` where every one is convolved for itself, else `groups` of them.
struct Channels {
  bool alone;
  Size groups, C, O, vectors;  // of one group

  Channels(const Convolution& q, Size lanes) {
    alone = q.groups > 1 && q.groups == q.C && q.groups == q.O;
    groups = alone ? 1 : q.groups, C = q.C / q.groups, O = q.O / groups, vectors = parts(O, lanes);
  }
};

// Where the t-th of a kernel's taps reads, from the window's first element; with `runs` the t-th of its lines.
Size reach(const Convolution& q, Size line, Size pixel, Size t, bool runs) {
  return runs ? t * q.dH * line : t / q.kW * q.dH * line + t % q.kW * q.dW * pixel;
}

// How a forward pass is shared out, and its room: the weight in the order in which it is read, and strips a thread.
template <typename T>
struct Forward {
  Channels channels;
  Images<T> images;
  Strips strips;
  Size taps, V, across, blocks, splits, outer, span, laid, image, strip;
  bool runs;

  static Size padded(const Convolution& q) {  // elements of a pixel in a strip
    return q.groups > 1 && Channels(q, LANES<T>).alone ? std::max<Size>(q.C, LANES<T>) : q.C;
  }
  Forward(const Convolution& q, const T* input)
      : channels(q, LANES<T>),
        images{input, q.C, q.H, q.W, q.n, q.c, q.y, q.x, q.pH, q.pW,
               (q.outH - 1) * q.sH + q.dH * (q.kH - 1) + 1, (q.outW - 1) * q.sW + q.dW * (q.kW - 1) + 1, padded(q)},
        strips(q, images.cols * images.width, q.bytes * q.O * (q.C / q.groups) * q.kH * q.kW) {
    taps = q.kH * q.kW, span = q.dH * (q.kH - 1) + 1;
    V = 1;
    const Size limit = channels.alone ? std::min<Size>(MOST_ALONE, channels.O / LANES<T>) : MOST;
    for (Size more = 2; more <= std::min(limit, channels.vectors); more++)
      if (cost(more, q.outW) <= cost(V, q.outW)) V = more;
    across = parts(channels.vectors, V);
    const Size most = std::min(LONGEST, NEAR / q.bytes / (V * LANES<T>));  // products of one sum
    blocks = taps * channels.C > most ? parts(channels.C, std::max<Size>(1, most / taps)) : 1;
    runs = blocks == 1 && q.dW == 1 && images.pixel() == channels.C && !channels.alone;
    outer = runs ? q.kH : taps;
    laid = in_lines(channels.groups * channels.vectors * LANES<T> * taps * channels.C);
    image = images.in_place() ? 0 : in_lines(images.line() * ((strips.lines - 1) * q.sH + span) + LANES<T>);
    strip = image * strips.together;
    splits = strips.tasks(q.N) < strips.threads ? std::min(strips.threads, across * channels.groups) : 1;
  }
  // What a line costs: products, loads of vectors, loads of other factors.
  Size cost(Size more, Size outW) const {
    return parts(channels.vectors, more) * (more * outW + more * parts(outW, most_others(more)) + outW);
  }
  Size room() const { return laid + strips.threads * strip; }

  // The weight of block b of the input channels, for outputs o … o + lanes of group g, as [tap][channel][lane].
  void lay(const Convolution& q, const T* weight, T* room, Size g, Size o, Size lanes, Size b) const {
    const Size begin = channels.C * b / blocks, count = channels.C * (b + 1) / blocks - begin;
    const Size across = channels.alone ? channels.vectors * LANES<T> : lanes;
    T* to = room + place(g, o, lanes, b);
    const Size step = channels.alone ? q.other[0] : q.other[1];
    constexpr Size SOME = 16;  // channels, so that what is read and what is written stay in the first-level cache
    for (Size v = 0; v < lanes; v += LANES<T>)
      for (Size first = 0; first < count; first += SOME)
        for (Size tap = 0; tap < taps; tap++)
          for (Size lane = v; lane < v + LANES<T>; lane++) {
            const T* from = weight + g * q.other[0] + (o + lane) * step + begin * q.other[2] + tap / q.kW * q.other[3] +
                            tap % q.kW * q.other[4];
            const bool none = o + lane >= channels.O;
            for (Size c = first; c < std::min(count, first + SOME); c++)
              to[(tap * count + c) * across + lane] = none ? T(0) : from[c * q.other[2]];
          }
  }
  Size place(Size g, Size o, Size lanes, Size b) const {
    if (channels.alone) return o;
    return (g * channels.vectors * LANES<T> + o) * taps * channels.C + channels.C * b / blocks * taps * lanes;
  }
};

// output[n, y, x, o] = Σ_{i,j,c} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]
template <typename T>
void forward_of(const Convolution& q, const T* input, const T* weight, T* output, T* room) {
  constexpr Size L = LANES<T>;
  const Forward<T> plan(q, input);
  const Channels& channels = plan.channels;
  const Images<T>& images = plan.images;
  const Strips& strips = plan.strips;
  const Size blocks = plan.blocks, V = plan.V, across = plan.across, pixel = images.pixel();
  std::vector<Size> offsets(plan.outer);
  for (Size t = 0; t < plan.outer; t++) offsets[t] = reach(q, images.line(), pixel, t, plan.runs);

#pragma omp parallel num_threads(strips.threads) if (strips.threads > 1)
  {
#pragma omp for schedule(static)
    for (Size part = 0; part < channels.groups * across * blocks; part++) {
      const Size b = part % blocks, g = part / blocks / across, o = part / blocks % across * V * L;
      plan.lay(q, weight, room, g, o, std::min(V, channels.vectors - o / L) * L, b);
    }
    T* strip = room + plan.laid + omp_get_thread_num() * plan.strip;
#pragma omp for schedule(static)
    for (Size task = 0; task < strips.tasks(q.N) * plan.splits; task++) {
      const Size whole = task / plan.splits, split = task % plan.splits;
      const Size n = whole / strips.each * strips.together, first = whole % strips.each * strips.lines;
      const Size count = std::min(q.N - n, strips.together), end = std::min(q.outH, first + strips.lines);
      const T* lines = nullptr;
      for (Size k = 0; k < count; k++) {
        const T* at = images.lines(n + k, first * q.sH, (end - first - 1) * q.sH + plan.span, strip + k * plan.image);
        if (k == 0) lines = at;
      }
      const Size apart = images.in_place() ? q.n : plan.image;
      const Size all = channels.groups * across, last = all * (split + 1) / plan.splits;
      for (Size part = all * split / plan.splits; part < last; part++) {
        const Size g = part / across;
        Size o = part % across * V * L, vectors = std::min(V, channels.vectors - o / L);
        if (channels.alone && channels.O >= vectors * L) o = std::min(o, channels.O - vectors * L);  // no rest
        const Size lanes = vectors * L, beside = channels.alone ? channels.vectors * L : lanes;
        for (Size b = 0; b < blocks; b++) {
          const Size c = channels.C * b / blocks, some = channels.C * (b + 1) / blocks - c;
          const Size inner = plan.runs ? q.kW * channels.C : some;
          const T* factors = room + plan.place(g, o, lanes, b);
          for (Size k = 0; k < count; k++) {
            const T* from = lines + k * apart + (channels.alone ? o : g * channels.C + c);
            T* to = output + (n + k) * q.to[0] + first * q.to[1] + g * channels.O + o;
            for (Size y = first; y < end; y++, from += q.sH * images.line(), to += q.to[1])
              line<T>(channels.alone, vectors, q.outW,
                      {factors, from, offsets.data(), plan.outer, inner, inner * beside, beside, 1, q.sW * pixel},
                      {to, q.to[2], std::min(channels.O - o, lanes), b > 0,
                       b == 0 && all == 1 && q.to[2] == q.O});
          }
        }
      }
    }
  }
}

// How a weight gradient is shared out, and its room: a thread's own gradient and its strips of both factors. Threads
// share out the output channels instead of the images where the gradient is large: then they need none of their own.
template <typename T>
struct WeightGrad {
  Channels channels;
  Images<T> images, grads;
  Strips strips;
  Size V, across, outer, run, span, size, at_once, image, strip, beside;
  bool runs, by_outputs;

  static Size padded(const Convolution& q) {
    const Channels of(q, LANES<T>);
    return (of.groups - 1) * of.O + of.vectors * LANES<T>;
  }
  WeightGrad(const Convolution& q, const T* input, const T* grad_output)
      : channels(q, LANES<T>),
        images{input, q.C, q.H, q.W, q.n, q.c, q.y, q.x, q.pH, q.pW,
               (q.outH - 1) * q.sH + q.dH * (q.kH - 1) + 1, (q.outW - 1) * q.sW + q.dW * (q.kW - 1) + 1,
               channels.alone ? padded(q) : q.C},
        grads{grad_output, q.O, q.outH, q.outW, q.other[0], q.other[1], q.other[2], q.other[3], 0, 0, q.outH, q.outW,
              padded(q)},
        strips(q, images.cols * images.width + q.outW * grads.width, q.bytes * q.O * (q.C / q.groups) * q.kH * q.kW) {
    runs = q.dW == 1 && images.pixel() == channels.C && !channels.alone;
    span = q.dH * (q.kH - 1) + 1;
    outer = runs || channels.alone ? q.kH : q.kH * q.kW;
    run = channels.alone ? q.kW : runs ? q.kW * channels.C : channels.C;
    size = q.kH * q.kW * channels.C * q.O;
    V = std::min<Size>(channels.alone ? MOST_ALONE : MOST, channels.vectors), across = parts(channels.vectors, V);
    if (grads.in_place() && q.other[0] != q.outH * q.other[2]) strips.together = 1;  // images do not follow each other
    at_once = std::clamp<Size>(LONGEST / q.outW, 1, strips.lines * strips.together);  // lines that one sum runs over
    by_outputs = strips.threads == 1 || (q.bytes * size >= FAR && channels.groups * across >= strips.threads);
    image = images.in_place() ? 0 : in_lines(images.line() * ((strips.lines - 1) * q.sH + span));
    strip = image * strips.together;
    beside = grads.in_place() ? 0 : in_lines(grads.line() * strips.lines * strips.together);
  }
  Size own() const { return by_outputs ? 0 : in_lines(size); }
  Size room() const { return strips.threads * (own() + strip + beside); }
};

// grad[i, j, c, o] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
template <typename T>
void weight_grad_of(const Convolution& q, const T* input, const T* grad_output, T* grad, T* room) {
  constexpr Size L = LANES<T>;
  const WeightGrad<T> plan(q, input, grad_output);
  const Channels& channels = plan.channels;
  const Images<T>&images = plan.images, &grads = plan.grads;
  const Strips& strips = plan.strips;
  const Size apart = plan.room() / strips.threads, size = plan.size, pixel = images.pixel();  // of two threads' rooms
  const Size next = images.in_place() ? q.n : plan.image, tasks = strips.tasks(q.N);
  std::vector<Size> offsets(strips.lines * strips.together);
  for (Size y = 0; y < Size(offsets.size()); y++)
    offsets[y] = y / strips.lines * next + y % strips.lines * q.sH * images.line();
  if (tasks == 0) std::memset(grad, 0, sizeof(T) * size);

#pragma omp parallel num_threads(strips.threads) if (strips.threads > 1)
  {
    const Size thread = omp_get_thread_num(), team = omp_get_num_threads(), all = channels.groups * plan.across;
    T *own = room + thread * apart, *strip = own + plan.own(), *beside = strip + plan.strip;
    const Size begin = plan.by_outputs ? 0 : tasks * thread / team, end = plan.by_outputs ? tasks : tasks * (thread + 1) / team;
    const Size some = plan.by_outputs ? all * thread / team : 0, last = plan.by_outputs ? all * (thread + 1) / team : all;
    if (plan.by_outputs)
      own = grad;
    else
      std::memset(own, 0, sizeof(T) * size);
    for (Size task = begin; task < end; task++) {
      const Size n = task / strips.each * strips.together, first = task % strips.each * strips.lines;
      const Size count = std::min(q.outH - first, strips.lines), images_now = std::min(q.N - n, strips.together);
      const T *lines = nullptr, *factors = nullptr;
      for (Size k = 0; k < images_now; k++) {
        const T* at = images.lines(n + k, first * q.sH, (count - 1) * q.sH + plan.span, strip + k * plan.image);
        const T* beside_it = grads.lines(n + k, first, count, beside + k * count * grads.line());
        if (k == 0) lines = at, factors = beside_it;
      }
      for (Size y = 0; y < count * images_now; y += plan.at_once) {
        const Size outer = std::min(plan.at_once, count * images_now - y);
        for (Size part = some; part < last; part++) {
          const Size g = part / plan.across, o = part % plan.across * plan.V * L;
          const Size V = std::min(plan.V, channels.vectors - o / L);
          for (Size t = 0; t < plan.outer; t++) {
            const Size from = channels.alone ? t * q.dH * images.line() + o
                                             : reach(q, images.line(), pixel, t, plan.runs) + g * channels.C;
            line<T>(channels.alone, V, plan.run,
                    {factors + y * grads.line() + g * channels.O + o, lines + from, offsets.data() + y, outer, q.outW,
                     grads.line(), grads.pixel(), q.sW * pixel, channels.alone ? q.dW * pixel : 1},
                    {own + t * plan.run * q.O + g * channels.O + o, q.O, std::min(channels.O - o, V * L),
                     !plan.by_outputs || task > 0 || y > 0, false});
          }
        }
      }
    }
#pragma omp barrier
    if (!plan.by_outputs) {
#pragma omp for schedule(static)
      for (Size k = 0; k < size; k++) {
        T sum = 0;
        for (Size other = 0; other < team; other++) sum += room[other * apart + k];
        grad[k] = sum;
      }
    }
  }
}

}  // namespace

extern "C" {

// Elements of room that `forward` and `weight_grad` write to besides their result. REAL is float or double.
Size forward_room(const Convolution* q) { return Forward<REAL>(*q, nullptr).room(); }
Size weight_grad_room(const Convolution* q) { return WeightGrad<REAL>(*q, nullptr, nullptr).room(); }

void forward(const Convolution* q, const REAL* input, const REAL* weight, REAL* output, REAL* room) {
  forward_of(*q, input, weight, output, room);
}

void weight_grad(const Convolution* q, const REAL* input, const REAL* grad_output, REAL* grad, REAL* room) {
  weight_grad_of(*q, input, grad_output, grad, room);
}

}
