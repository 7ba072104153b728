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
// Images lie channels-last, without gaps, and are read a strip of lines at a time; where they are padded, the strip is
// laid out first in a buffer that the second-level cache holds. Sizes and strides count elements.

#include "shared.h"

#include <array>
#include <utility>
#include <vector>

// As `direct.py` fills it: sizes (C and O of all groups), steps, strides of the weight (group, output channel, input
// channel, row, column), and those of the output (image, row, column, channel).
struct Convolution {
  Size N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, groups, of[5], to[4], threads;
};

namespace {

typedef VECTOR(REAL) Vector;  // REAL is float or double

constexpr Size L = BYTES / sizeof(REAL);          // lanes of a vector
constexpr int MOST = REGISTERS == 32 ? 4 : 2;     // vectors a tile
constexpr int MOST_ALONE = 2;                     // the same where channels are convolved alone
constexpr int WIDEST = 14;                        // other factors a tile: 24 take 1.6 times as long
constexpr Size STRIP = (1 << 18) / sizeof(REAL);  // elements of a strip's input
constexpr Size NEAR = (1 << 16) / sizeof(REAL);   // elements of weight that one sum runs over
constexpr Size LONGEST = 512;                     // products that one sum adds up: rounding grows with their number
constexpr Size WORTH_A_THREAD = 1 << 16;          // products a thread: with fewer, starting it costs more than it gives

// Other factors of a tile of V vectors: registers are left for the vectors and for another factor.
constexpr int most_others(int V) { return std::min(WIDEST, (REGISTERS - 2 - V) / V); }

// Elements in whole lines of the cache, so that what lies behind begins with one.
constexpr Size in_lines(Size elements) { return 16 * parts(elements, 16); }

// Where a tile finds its factors: the vectors of (t, k) at `vectors + t·vector_line + k·vector_step`, the p-th other
// factor at `others + offsets[t] + k·other_step + p·beside`.
struct Sum {
  const REAL *vectors, *others;
  const Size* offsets;
  Size outer, inner, vector_line, vector_step, other_step, beside;
};

// Where its sums go: those of the p-th other factor to `data + p·step`, the first `channels` of V·L, `apart` from each
// other; added to what stands there if `add`. With `spill` all but the last may write into their successor's place, who
// writes after them.
struct Place {
  REAL* data;
  Size step, channels, apart;
  bool add, spill;
};

// The first `count` lanes of a vector written to `at`, or added there. Apart, or tiles keep their sums in memory.
__attribute__((noinline)) void add_some(REAL* at, Vector sums, Size count, Size apart, bool add) {
  for (Size lane = 0; lane < count; lane++, at += apart) *at = sums[lane] + (add ? *at : REAL(0));
}

template <bool alone, int V, int P>
void tile(const Sum& from, const Place& to) {
  Vector sums[P][V] = {};
  for (Size t = 0; t < from.outer; t++) {
    const REAL *vectors = from.vectors + t * from.vector_line, *others = from.others + from.offsets[t];
    for (Size k = 0; k < from.inner; k++, vectors += from.vector_step, others += from.other_step) {
      Vector factors[V];
      for (int v = 0; v < V; v++) factors[v] = *reinterpret_cast<const Vector*>(vectors + v * L);
      for (int p = 0; p < P; p++) {
        const REAL* other = others + p * from.beside;
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
      REAL* at = to.data + p * to.step + v * L * to.apart;
      const Size left = to.channels - v * L, free = to.spill ? left + (P - 1 - p) * to.step : left;
      if (free < L || to.apart > 1) {
        add_some(at, sums[p][v], std::min(left, L), to.apart, to.add);
      } else {
        Vector& whole = *reinterpret_cast<Vector*>(at);
        whole = to.add ? whole + sums[p][v] : sums[p][v];
      }
    }
  }
}

using Tile = void (*)(const Sum&, const Place&);

template <bool alone, int... k>
constexpr std::array<Tile, sizeof...(k)> tiles(std::integer_sequence<int, k...>) {
  return {tile<alone, k / WIDEST + 1, std::min(k % WIDEST + 1, most_others(k / WIDEST + 1))>...};
}
constexpr auto TILES = tiles<false>(std::make_integer_sequence<int, MOST * WIDEST>());
constexpr auto ALONE = tiles<true>(std::make_integer_sequence<int, MOST_ALONE * WIDEST>());

// The sums of `count` other factors by V vectors, in tiles of almost equal size.
void line(bool alone, Size V, Size count, Sum from, Place to) {
  const Size tiles = parts(count, most_others(V));
  for (Size n = 0, done = 0, others; n < tiles; n++, done += others) {
    others = count * (n + 1) / tiles - done;
    (alone ? ALONE.data() : TILES.data())[(V - 1) * WIDEST + others - 1](from, to);
    from.others += others * from.beside, to.data += others * to.step;
  }
}

// L vectors, each of which gets one element of all.
template <int half, int... i>
void exchange(Vector* rows, std::integer_sequence<int, i...> lanes) {
  for (int r = 0; r < L; r++) {
    if (r & half) continue;
    const Vector a = rows[r], b = rows[r + half];
    rows[r] = __builtin_shufflevector(a, b, (i & half ? L + i - half : i)...);
    rows[r + half] = __builtin_shufflevector(a, b, (i & half ? L + i : i + half)...);
  }
  if constexpr (half > 1) exchange<half / 2>(rows, lanes);
}

// Images read as lines of `cols` pixels that begin `top` rows above and `left` columns beside the first pixel (below and
// right of it where negative), zeros where no image is; if `clipped`, lines beside an image are never read. Laid out, a
// pixel has `width` elements, of which the first `C` are channels.
struct Images {
  const REAL* data;
  Size C, H, W, top, left, rows, cols, width;
  bool clipped;

  bool in_place() const {
    return (clipped || (top <= 0 && rows - top <= H)) && left <= 0 && cols - left <= W && width <= C;
  }
  Size pixel() const { return in_place() ? C : width; }
  Size line() const { return in_place() ? W * C : cols * width; }
  Size room(Size count) const { return in_place() ? 0 : in_lines(line() * (clipped ? std::min(count, H) : count) + L); }

  // Lines `first … first + count` from channel `o` on, written to `strip` unless they can be read in place.
  const REAL* lines(Size image, Size first, Size count, REAL* strip, Size o = 0) const {
    const REAL* from = data + image * H * W * C + o;
    const Size above = first - top, low = clipped ? std::clamp<Size>(above, 0, H) : above;
    if (in_place()) return from + (above * W - left) * C;
    const Size begin = std::clamp<Size>(left, 0, cols), end = std::clamp<Size>(W + left, begin, cols);
    const Size high = clipped ? std::clamp<Size>(above + count, low, H) : above + count, some = std::min(width, C - o);
    REAL* to = strip;
    for (Size row = low; row < high; row++, to += line()) {
      const bool beside = row < 0 || row >= H;
      if (beside || some < width) std::fill_n(to, line(), REAL(0));
      if (beside) continue;
      const REAL* pixel = from + (row * W + begin - left) * C;
      std::fill_n(to, begin * width, REAL(0)), std::fill(to + end * width, to + line(), REAL(0));
      if (width == C)
        std::copy_n(pixel, (end - begin) * C, to + begin * C);
      else
        for (Size col = begin; col < end; col++, pixel += C) std::memcpy(to + col * width, pixel, some * sizeof(REAL));
    }
    return strip - (low - above) * line();
  }
};

// What both passes share: their channels (`alone` where every one is convolved for itself, else `groups` of them), the
// images that they read, threads, and strips of output lines.
struct Pass {
  bool alone, runs;            // runs: a line of the kernel is one run of inputs
  Size groups, C, O, vectors;  // of one group; vectors of L output channels
  Size taps, span, V, across;  // of one kernel; vectors a tile, tiles of all vectors of a group
  Size weights, threads, each, lines, outer;  // elements of the weight, strips an image, lines a strip
  Images images;

  Pass(const Convolution& q, const REAL* input, bool clipped) {
    alone = q.groups > 1 && q.groups == q.C && q.groups == q.O;
    groups = alone ? 1 : q.groups, C = q.C / q.groups, O = q.O / groups, vectors = parts(O, L);
    taps = q.kH * q.kW, span = q.dH * (q.kH - 1) + 1, weights = q.O * C * taps;
    threads = std::clamp<Size>(q.N * q.outH * q.outW * weights / WORTH_A_THREAD, 1, q.threads);
    images = {input, q.C, q.H, q.W, q.pH, q.pW, (q.outH - 1) * q.sH + span, (q.outW - 1) * q.sW + q.dW * (q.kW - 1) + 1,
              q.C, clipped};
  }
  void cut(const Convolution& q, Size elements_a_line) {  // into strips
    const Size most = STRIP / std::max<Size>(1, elements_a_line);
    each = parts(q.outH, most > span ? std::min(q.outH, (most - span) / q.sH + 1) : 1);
    while (q.N * each % threads && each < q.outH) each++;  // or one would wait for another's last strip
    lines = parts(q.outH, each), each = parts(q.outH, lines);
    runs = q.dW == 1 && images.pixel() == C && !alone;
  }
  Size last(Size strip, const Convolution& q) const { return std::min(q.outH, (strip % each + 1) * lines); }

  // Output channels of a part: V vectors of a group; where channels are convolved alone the last overlap, without a rest.
  Size lanes(Size part) const { return std::min(V, vectors - part % across * V) * L; }
  Size first(Size part) const {
    const Size o = part % across * V * L;
    return alone && O >= lanes(part) ? std::min(o, O - lanes(part)) : o;
  }
  // Where the t-th of a kernel's taps reads, from the window's first element; with `runs` the t-th of its lines.
  Size reach(const Convolution& q, Size t) const {
    const Size line = q.dH * images.line();
    return runs ? t * line : t / q.kW * line + t % q.kW * q.dW * images.pixel();
  }
};

// A forward pass, whose threads share out the strips. Its room: the weight as [part][tap][channel][lane], and a strip each;
// of some input channels at a time, in rounds, where it would exceed the input and half of the output.
struct Forward : Pass {
  Size rounds, blocks, laid, strip;  // blocks of input channels, so that the cache holds the weight that one sum runs over

  Forward(const Convolution& q, const REAL* input) : Pass(q, input, true) {
    V = 1;
    for (Size more = 2; more <= std::min(alone ? std::min<Size>(MOST_ALONE, O / L) : MOST, vectors); more++)
      if (cost(more, q.outW) <= cost(V, q.outW)) V = more;
    across = parts(vectors, V);
    if (alone) images.width = V * L;
    cut(q, images.cols * images.width);
    const Size rows = (lines - 1) * q.sH + span, kernels = groups * across * V * L * taps;
    const Size allowed = q.N * (q.C * q.H * q.W + q.O * q.outH * q.outW / 2) - 3 * threads * L;
    const Size a_channel = kernels + threads * parts(images.room(rows), C);
    rounds = groups > 1 || alone ? 1 : parts(C, std::clamp<Size>(allowed / a_channel, 1, C));
    if (rounds > 1) images.width = parts(C, rounds);
    const Size most = std::min(LONGEST, NEAR / (V * L)), some = parts(C, rounds);  // products of a sum, channels of a round
    blocks = taps * some > most ? parts(some, std::max<Size>(1, most / taps)) : 1;
    runs = runs && blocks == 1 && rounds == 1, outer = runs ? q.kH : taps;
    laid = in_lines(kernels * some), strip = images.room(rows);
  }
  // What a line costs: products, loads of vectors, loads of other factors.
  Size cost(Size more, Size outW) const {
    return parts(vectors, more) * (more * outW + more * parts(outW, most_others(int(more))) + outW);
  }
  Size room() const { return laid + threads * strip; }
  Size place(Size part) const { return part * V * L * taps * parts(C, rounds); }

  // The weight of a part and a round.
  void lay(const Convolution& q, const REAL* weight, REAL* to, Size part, Size round) const {
    constexpr Size SOME = 8;  // channels, so that what is read and what is written stay in the first-level cache
    const Size o = first(part), step = q.of[alone ? 0 : 1], start = C * round / rounds, all = C * (round + 1) / rounds - start;
    weight += part / across * q.of[0] + o * step + start * q.of[2];
    for (Size begin = 0; begin < all; begin += SOME)
      for (Size tap = 0; tap < taps; tap++)
        for (Size c = begin; c < std::min(all, begin + SOME); c++) {
          const REAL* from = weight + c * q.of[2] + tap / q.kW * q.of[3] + tap % q.kW * q.of[4];
          REAL* lane = to + (tap * all + c) * lanes(part);
          for (Size k = 0; k < lanes(part); k++) lane[k] = o + k < O ? from[k * step] : REAL(0);
        }
  }

  // Output lines `y … end` of an image for a part and a round. Taps on lines beside the image are left out.
  void compute(const Convolution& q, const Size* offsets, const REAL* factors, const REAL* from, REAL* to, Size y, Size end,
               Size part, Size round) const {
    const Size wide = lanes(part), count = std::min(O - first(part), wide), all = C * (round + 1) / rounds - C * round / rounds;
    const Size apart = taps / outer * all * wide;  // of two taps
    const bool spill = groups * across == 1 && q.to[2] == q.O;
    for (; y < end; y++, from += q.sH * images.line(), to += q.to[1]) {
      const Size low = std::clamp<Size>(parts(std::max<Size>(0, q.pH - y * q.sH), q.dH), 0, q.kH);
      const Size high = std::clamp<Size>(parts(std::max<Size>(0, q.H + q.pH - y * q.sH), q.dH), low, q.kH);
      const Size t = low * outer / q.kH, lines = (high - low) * outer / q.kH;
      for (Size b = 0; b < blocks; b++) {
        const Size begin = all * b / blocks, inner = runs ? q.kW * C : all * (b + 1) / blocks - begin;
        const bool add = b > 0 || round > 0;
        line(alone, wide / L, q.outW,
             {factors + t * apart + begin * wide, from + begin, offsets + t, lines, inner, apart, wide, 1,
              q.sW * images.pixel()},
             {to, q.to[2], count, q.to[3], add, !add && spill});
      }
    }
  }
};

// A weight gradient, and its room: a thread's own gradient as [tap][channel][output], and its strips of both factors.
struct WeightGrad : Pass {
  Images grads;
  Size run, at_once, own, strip, beside;

  WeightGrad(const Convolution& q, const REAL* input, const REAL* grad_output) : Pass(q, input, false) {
    V = std::min<Size>(alone ? MOST_ALONE : MOST, vectors), across = parts(vectors, V);
    const Size padded = (groups - 1) * O + vectors * L;
    if (alone) images.width = padded;
    grads = {grad_output, q.O, q.outH, q.outW, 0, 0, q.outH, q.outW, padded, false};
    cut(q, images.cols * images.width + q.outW * padded);
    outer = runs || alone ? q.kH : taps, run = alone ? q.kW : runs ? q.kW * C : C;
    at_once = std::clamp<Size>(LONGEST / q.outW, 1, lines);  // lines that one sum runs over
    own = in_lines(weights), strip = images.room((lines - 1) * q.sH + span), beside = grads.room(lines);
  }
  Size apart() const { return own + strip + beside; }  // of two threads' rooms
};

}  // namespace

// Contiguous images `(N, C, P)` written channels-last.
EXPORTED void lay_last(Size N, Size C, Size P, Size threads, const REAL* images, REAL* to) {
  threads = std::clamp<Size>(N * C * P / WORTH_A_THREAD, 1, threads);
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (Size task = 0; task < N * parts(P, L); task++) {
    const Size n = task / parts(P, L), first = task % parts(P, L) * L, count = std::min(L, P - first);
    const REAL* from = images + n * C * P + first;
    REAL* pixel = to + (n * P + first) * C;
    Size c = 0;
    for (; count == L && c + L <= C; c += L) {
      Vector rows[L];
      for (Size r = 0; r < L; r++) rows[r] = *reinterpret_cast<const Vector*>(from + (c + r) * P);
      exchange<L / 2>(rows, std::make_integer_sequence<int, L>());
      for (Size r = 0; r < L; r++) *reinterpret_cast<Vector*>(pixel + r * C + c) = rows[r];
    }
    for (; c < C; c++)
      for (Size p = 0; p < count; p++) pixel[p * C + c] = from[c * P + p];
  }
}

// Elements of room that `forward` and `weight_grad` write to besides their result.
EXPORTED Size forward_room(const Convolution* q) { return Forward(*q, nullptr).room(); }
EXPORTED Size weight_grad_room(const Convolution* q) {
  const WeightGrad plan(*q, nullptr, nullptr);
  return plan.threads * plan.apart();
}

// output[n, y, x, o] = Σ_{i,j,c} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]
EXPORTED void forward(const Convolution* convolution, const REAL* input, const REAL* weight, REAL* output, REAL* room) {
  const Convolution& q = *convolution;
  const Forward plan(q, input);
  const Size all = plan.groups * plan.across;
  std::vector<Size> offsets(plan.outer);
  for (Size t = 0; t < plan.outer; t++) offsets[t] = plan.reach(q, t);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
  {
    REAL* strip = room + plan.laid + omp_get_thread_num() * plan.strip;
    for (Size round = 0; round < plan.rounds; round++) {
      const Size begin = plan.C * round / plan.rounds;
#pragma omp for schedule(static)
      for (Size part = 0; part < all; part++) plan.lay(q, weight, room + plan.place(part), part, round);
#pragma omp for schedule(static)
      for (Size task = 0; task < q.N * plan.each; task++) {
        const Size n = task / plan.each, y = task % plan.each * plan.lines, end = plan.last(task, q);
        const REAL* from = nullptr;
        for (Size part = 0; part < all; part++) {
          const Size g = part / plan.across, o = plan.first(part);
          if (part == 0 || plan.alone)
            from = plan.images.lines(n, y * q.sH, (end - y - 1) * q.sH + plan.span, strip, plan.alone ? o : begin);
          plan.compute(q, offsets.data(), room + plan.place(part), from + g * plan.C * !plan.alone,
                       output + n * q.to[0] + y * q.to[1] + (g * plan.O + o) * q.to[3], y, end, part, round);
        }
      }
    }
  }
}

// grad[o, c, i, j] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
EXPORTED void weight_grad(const Convolution* convolution, const REAL* input, const REAL* grad_output, REAL* grad, REAL* room) {
  const Convolution& q = *convolution;
  const WeightGrad plan(q, input, grad_output);
  const Images &images = plan.images, &grads = plan.grads;
  std::vector<Size> offsets(plan.lines);
  for (Size y = 0; y < plan.lines; y++) offsets[y] = y * q.sH * images.line();
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
  {
    const Size thread = omp_get_thread_num(), team = omp_get_num_threads(), tasks = q.N * plan.each;
    REAL *own = room + thread * plan.apart(), *strip = own + plan.own, *beside = strip + plan.strip;
    std::fill_n(own, plan.weights, REAL(0));
    for (Size task = tasks * thread / team; task < tasks * (thread + 1) / team; task++) {
      const Size n = task / plan.each, first = task % plan.each * plan.lines, count = plan.last(task, q) - first;
      const REAL* from = images.lines(n, first * q.sH, (count - 1) * q.sH + plan.span, strip);
      const REAL* factors = grads.lines(n, first, count, beside);
      for (Size y = 0; y < count; y += plan.at_once)
        for (Size part = 0; part < plan.groups * plan.across; part++) {
          const Size g = part / plan.across, o = part % plan.across * plan.V * L, channels = g * plan.O + o;
          for (Size t = 0; t < plan.outer; t++)
            line(plan.alone, plan.lanes(part) / L, plan.run,
                 {factors + y * grads.line() + channels,
                  from + (plan.alone ? t * q.dH * images.line() + o : plan.reach(q, t) + g * plan.C), offsets.data() + y,
                  std::min(plan.at_once, count - y), q.outW, grads.line(), grads.pixel(), q.sW * images.pixel(),
                  plan.alone ? q.dW * images.pixel() : 1},
                 {own + t * plan.run * q.O + channels, q.O, std::min(plan.O - o, plan.lanes(part)), 1, true, false});
        }
    }
#pragma omp barrier
#pragma omp for schedule(static)
    for (Size o = 0; o < q.O; o += L)  // as many as a line of the cache has
      for (Size c = 0; c < plan.C; c++)
        for (Size tap = 0; tap < plan.taps; tap++)
          for (Size k = o; k < std::min(q.O, o + L); k++) {
            REAL sum = 0;
            for (Size other = 0; other < team; other++) sum += room[other * plan.apart() + (tap * plan.C + c) * q.O + k];
            grad[(k * plan.C + c) * plan.taps + tap] = sum;
          }
  }
}
