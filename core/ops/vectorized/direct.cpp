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

#include "shared.h"

#include <array>
#include <utility>

// As `direct.py` fills it: sizes (C and O of all groups), steps, strides of the input, strides of the weight (group,
// output channel, input channel, row, column: forward) or of dL/doutput, and those of the output (forward).
struct Convolution {
  Size N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, groups, n, c, y, x, other[5], to[3], threads;
};

namespace {

typedef VECTOR(REAL) Vector;  // REAL is float or double

constexpr Size L = BYTES / sizeof(REAL);         // lanes of a vector
constexpr int MOST = REGISTERS == 32 ? 4 : 2;    // vectors a tile
constexpr int MOST_ALONE = 2;                    // the same where channels are convolved alone
constexpr int WIDEST = 14;                       // other factors a tile: 24 take 1.6 times as long
constexpr Size STRIP = (1 << 18) / sizeof(REAL); // elements of a strip's input
constexpr Size NEAR = (1 << 16) / sizeof(REAL);  // elements of weight that one sum runs over
constexpr Size FEW = (1 << 15) / sizeof(REAL);   // the same where it is laid out block by block; an eighth of the maps
constexpr Size FAR = (1 << 18) / sizeof(REAL);   // elements of weight from which images share each read of it
constexpr Size TOGETHER = (1 << 20) / sizeof(REAL);  // elements of such images and their outputs
constexpr Size LONGEST = 512;                    // products that one sum adds up: rounding grows with their number
constexpr Size WORTH_A_THREAD = 1 << 16;         // products a thread: with fewer, starting it costs more than it gives

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

// Where its sums go: those of the p-th other factor to `data + p·step`, the first `channels` of V·L; added to what
// stands there if `add`. With `spill` all but the last may write into their successor's place, who writes after them.
struct Place {
  REAL* data;
  Size step, channels;
  bool add, spill;
};

// The first `count` lanes of a vector written to `at`, or added there. Apart, or tiles keep their sums in memory.
__attribute__((noinline)) void add_some(REAL* at, Vector sums, Size count, bool add) {
  for (Size lane = 0; lane < count; lane++) at[lane] = sums[lane] + (add ? at[lane] : REAL(0));
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
      REAL* at = to.data + p * to.step + v * L;
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

// Images with any strides, read as channels-last lines of `cols` pixels that begin `top` rows above and `left` columns
// beside the first pixel (below and right of it where negative), zeros where no image is; if `clipped`, lines beside an
// image are never read. Laid out, a pixel has `width` elements, of which the first `C` are channels.
struct Images {
  const REAL* data;
  Size C, H, W, n, c, y, x, top, left, rows, cols, width;
  bool clipped;

  bool in_place() const {
    const bool inside = clipped || (top <= 0 && rows - top <= H);
    return inside && left <= 0 && cols - left <= W && width <= C && (c == 1 || C == 1);
  }
  Size pixel() const { return in_place() ? x : width; }
  Size line() const { return in_place() ? y : cols * width; }
  Size room(Size count) const { return in_place() ? 0 : in_lines(line() * (clipped ? std::min(count, H) : count) + L); }

  // Lines `first … first + count` from channel `o` on, written to `strip` unless they are there or can be read in place.
  const REAL* lines(Size image, Size first, Size count, REAL* strip, Size o = 0, bool laid = false) const {
    const REAL* from = data + image * n + o * c;
    const Size above = first - top, low = clipped ? std::clamp<Size>(above, 0, H) : above;
    if (in_place()) return from + above * y - left * x;
    if (laid) return strip - (low - above) * line();
    const Size begin = std::clamp<Size>(left, 0, cols), end = std::clamp<Size>(W + left, begin, cols);
    const Size high = clipped ? std::clamp<Size>(above + count, low, H) : above + count;
    REAL* to = strip;
    for (Size row = low; row < high; row++, to += line()) {
      const Size some = row < 0 || row >= H ? 0 : end - begin;
      std::fill_n(to, begin * width, REAL(0));
      lay(to + begin * width, from + row * y + (begin - left) * x, some, std::min(width, C - o));
      std::fill(to + (begin + some) * width, to + line(), REAL(0));
    }
    return strip - (low - above) * line();
  }

  void lay(REAL* to, const REAL* from, Size count, Size channels) const {
    for (Size k = channels; k < width; k++)
      for (Size col = 0; col < count; col++) to[col * width + k] = REAL(0);
    if (c == 1) {
      for (Size col = 0; col < count; col++) std::memcpy(to + col * width, from + col * x, sizeof(REAL) * channels);
      return;
    }
    constexpr Size SOME = 16;  // channels, so that their lines stay in the first-level cache
    for (Size first = 0; first < channels; first += SOME)
      for (Size col = 0; col < count; col++)
        for (Size k = first; k < std::min(channels, first + SOME); k++) to[col * width + k] = from[col * x + k * c];
  }
};

// What both passes share: their channels (`alone` where every one is convolved for itself, else `groups` of them), the
// images that they read, threads, and strips of output lines.
struct Pass {
  bool alone, runs;
  Size groups, C, O, vectors;  // of one group; vectors of L output channels
  Size taps, span, V, across;  // of one kernel; vectors a tile, tiles of all vectors
  Size weights, threads, each, lines, outer;  // elements of the weight, strips an image, lines a strip
  Images images;

  Pass(const Convolution& q, const REAL* input, bool clipped) {
    alone = q.groups > 1 && q.groups == q.C && q.groups == q.O;
    groups = alone ? 1 : q.groups, C = q.C / q.groups, O = q.O / groups, vectors = parts(O, L);
    taps = q.kH * q.kW, span = q.dH * (q.kH - 1) + 1, weights = q.O * C * taps;
    threads = std::clamp<Size>(q.N * q.outH * q.outW * weights / WORTH_A_THREAD, 1, q.threads);
    images = {input, q.C, q.H, q.W, q.n, q.c, q.y, q.x, q.pH, q.pW, (q.outH - 1) * q.sH + span,
              (q.outW - 1) * q.sW + q.dW * (q.kW - 1) + 1, q.C, clipped};
  }
  void cut(const Convolution& q, Size elements_a_line) {  // into strips
    const Size most = STRIP / std::max<Size>(1, elements_a_line);
    each = parts(q.outH, most > span ? std::min(q.outH, (most - span) / q.sH + 1) : 1);
    while (q.N * each % threads && each < q.outH && weights < FAR) each++;  // or one would wait for another's last strip
    lines = parts(q.outH, each), each = parts(q.outH, lines);
  }
  // Where the t-th of a kernel's taps reads, from the window's first element; with `runs` the t-th of its lines.
  Size reach(const Convolution& q, Size t) const {
    const Size line = q.dH * images.line();
    return runs ? t * line : t / q.kW * line + t % q.kW * q.dW * images.pixel();
  }
};

// A forward pass, how it is shared out, and its room: the weight in the order in which it is read, and strips. Threads
// share out the strips, with the weight laid out at first; or, where the weight is large or strips are few, the output
// channels, and lay out blocks of the weight when they need them, over images that are laid out at first.
struct Forward : Pass {
  bool by_parts, in_order;  // in_order: the weight lies as [output channel][input channel][tap], and is laid out like that
  Size blocks, laid, strip;

  Forward(const Convolution& q, const REAL* input) : Pass(q, input, true) {
    const Size maps = q.N * (q.C * q.H * q.W + q.O * q.outH * q.outW);
    const bool heavy = !alone && (weights >= FAR || 4 * weights > maps);
    const Size limit = alone ? std::min<Size>(MOST_ALONE, O / L) : heavy ? std::min<Size>(MOST, vectors * groups / threads) : MOST;
    V = 1;
    for (Size more = 2; more <= std::min(limit, vectors); more++)
      if (cost(more, q.outW) <= cost(V, q.outW)) V = more;
    across = parts(vectors, V);
    if (alone) images.width = V * L;
    cut(q, images.cols * images.width);
    by_parts = !alone && groups * across >= threads && (heavy || q.N * each < threads);
    if (by_parts) each = 1, lines = q.outH;
    const Size most = std::min(LONGEST, (by_parts && heavy ? std::min(FEW, maps / 8) : NEAR) / (V * L));  // products of a sum
    blocks = taps * C > most ? parts(C, std::max<Size>(1, most / taps)) : 1;
    in_order = heavy && q.other[2] == taps && q.other[3] == q.kW && q.other[4] == 1;
    runs = !in_order && blocks == 1 && q.dW == 1 && images.pixel() == C && !alone;
    outer = runs ? q.kH : taps;
    laid = in_lines(by_parts ? V * L * taps * parts(C, blocks) : groups * vectors * L * taps * C);
    strip = images.room((lines - 1) * q.sH + span);
  }
  // What a line costs: products, loads of vectors, loads of other factors.
  Size cost(Size more, Size outW) const {
    return parts(vectors, more) * (more * outW + more * parts(outW, most_others(int(more))) + outW);
  }
  Size room(const Convolution& q) const { return by_parts ? threads * laid + q.N * strip : laid + threads * strip; }

  Size first_output(Size part) const {  // of its group; where channels are convolved alone, parts overlap: no rest
    const Size o = part % across * V * L;
    return alone && O >= lanes(part) ? std::min(o, O - lanes(part)) : o;
  }
  Size lanes(Size part) const { return std::min(V, vectors - part % across * V) * L; }
  Size begin(Size b) const { return C * b / blocks; }  // of a block of input channels

  // Where the weight of a part's block lies in a room of all.
  Size place(Size part, Size b) const {
    if (alone) return first_output(part);
    return ((part / across * vectors + part % across * V) * L * C + begin(b) * lanes(part)) * taps;
  }
  // The weight of block b for the outputs of a part, as [tap][channel][lane], or [channel][tap][lane].
  void lay(const Convolution& q, const REAL* weight, REAL* to, Size part, Size b) const {
    const Size count = begin(b + 1) - begin(b), o = first_output(part), beside = alone ? vectors * L : lanes(part);
    const Size step = q.other[alone ? 0 : 1];
    const bool close = step < q.other[2];  // output channels lie closer to each other than input channels
    weight += part / across * q.other[0] + o * step + begin(b) * q.other[2];
    for (Size v = 0; v < lanes(part); v += L) {
      Size done = 0;
      for (; in_order && o + v + L <= O && done + L <= count * taps; done += L) {
        Vector rows[L];
        for (Size lane = 0; lane < L; lane++) rows[lane] = *reinterpret_cast<const Vector*>(weight + (v + lane) * step + done);
        exchange<L / 2>(rows, std::make_integer_sequence<int, L>());
        for (Size k = 0; k < L; k++) *reinterpret_cast<Vector*>(to + (done + k) * beside + v) = rows[k];
      }
      constexpr Size SOME = 16;  // channels, so that what is read and what is written stay in the first-level cache
      for (Size first = done / taps; first < count; first += SOME)
        for (Size tap = 0; tap < taps; tap++) {
          const REAL* from = weight + tap / q.kW * q.other[3] + tap % q.kW * q.other[4];
          const Size some = std::min(count - first, SOME), outer = close ? some : L, inner = close ? L : some;
          for (Size m = 0; m < outer; m++)
            for (Size k = 0; k < inner; k++) {
              const Size lane = v + (close ? k : m), c = first + (close ? m : k);
              to[(in_order ? c * taps + tap : tap * count + c) * beside + lane] =
                  o + lane < O ? from[lane * step + c * q.other[2]] : REAL(0);
            }
        }
    }
  }

  // Output lines `first … end` of an image, from one block of the weight. Taps on lines beside the image are left out.
  void compute(const Convolution& q, const Size* offsets, const REAL* factors, const REAL* from, REAL* output, Size n,
               Size first, Size end, Size part, Size b) const {
    const Size g = part / across, o = first_output(part), all = groups * across;
    const Size inner = runs ? q.kW * C : begin(b + 1) - begin(b), beside = alone ? vectors * L : lanes(part);
    const Size apart = in_order ? beside : inner * beside;  // of two taps
    if (!alone) from += g * C + begin(b);
    for (Size y = first; y < end; y++, from += q.sH * images.line()) {
      const Size low = std::clamp<Size>(parts(std::max<Size>(0, q.pH - y * q.sH), q.dH), 0, q.kH);
      const Size high = std::clamp<Size>(parts(std::max<Size>(0, q.H + q.pH - y * q.sH), q.dH), low, q.kH);
      const Size t = low * outer / q.kH, count = (high - low) * outer / q.kH;
      line(alone, lanes(part) / L, q.outW,
           {factors + t * apart, from, offsets + t, count, inner, apart, in_order ? taps * beside : beside, 1, q.sW * images.pixel()},
           {output + n * q.to[0] + y * q.to[1] + g * O + o, q.to[2], std::min(O - o, lanes(part)), b > 0,
            b == 0 && all == 1 && q.to[2] == q.O});
    }
  }
};

// A weight gradient, and its room: a thread's own gradient and its strips of both factors. Threads share out the output
// channels instead of the images where the gradient is large: then they need none of their own, and images whose strips
// lie side by side share each pass over it.
struct WeightGrad : Pass {
  bool by_outputs;
  Images grads;
  Size together, run, at_once, strip, beside;

  WeightGrad(const Convolution& q, const REAL* input, const REAL* grad_output) : Pass(q, input, false) {
    V = std::min<Size>(alone ? MOST_ALONE : MOST, vectors), across = parts(vectors, V);
    const Size padded = (groups - 1) * O + vectors * L;
    if (alone) images.width = padded;
    grads = {grad_output, q.O, q.outH, q.outW, q.other[0], q.other[1], q.other[2], q.other[3], 0, 0, q.outH, q.outW,
             padded, false};
    cut(q, images.cols * images.width + q.outW * padded);
    const Size image = images.rows * images.cols * images.width + 2 * q.outH * q.outW * padded;
    together = each == 1 && weights >= FAR ? std::clamp<Size>(TOGETHER / image, 1, parts(std::max<Size>(1, q.N), threads)) : 1;
    if (grads.in_place() && q.other[0] != q.outH * q.other[2]) together = 1;  // images do not follow each other
    runs = q.dW == 1 && images.pixel() == C && !alone;
    outer = runs || alone ? q.kH : taps;
    run = alone ? q.kW : runs ? q.kW * C : C;
    at_once = std::clamp<Size>(LONGEST / q.outW, 1, lines * together);  // lines that one sum runs over
    by_outputs = threads == 1 || (weights >= FAR && groups * across >= threads);
    strip = images.room((lines - 1) * q.sH + span);
    beside = grads.in_place() ? 0 : in_lines(grads.line() * lines * together);
  }
  Size own() const { return by_outputs ? 0 : in_lines(weights); }
  Size room() const { return threads * (own() + strip * together + beside); }
};

}  // namespace

// Elements of room that `forward` and `weight_grad` write to besides their result.
EXPORTED Size forward_room(const Convolution* q) { return Forward(*q, nullptr).room(*q); }

// output[n, y, x, o] = Σ_{i,j,c} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]
EXPORTED void forward(const Convolution* convolution, const REAL* input, const REAL* weight, REAL* output, REAL* room) {
  const Convolution& q = *convolution;
  const Forward plan(q, input);
  const Size all = plan.groups * plan.across, blocks = plan.blocks;
  std::vector<Size> offsets(plan.outer);
  for (Size t = 0; t < plan.outer; t++) offsets[t] = plan.reach(q, t);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
  if (plan.by_parts) {
    REAL *own = room + omp_get_thread_num() * plan.laid, *strips = room + plan.threads * plan.laid;
    if (plan.strip) {
#pragma omp for schedule(static)
      for (Size n = 0; n < q.N; n++) plan.images.lines(n, 0, plan.images.rows, strips + n * plan.strip);
    }
#pragma omp for schedule(static)
    for (Size part = 0; part < all; part++)
      for (Size b = 0; b < blocks; b++) {
        plan.lay(q, weight, own, part, b);
        for (Size n = 0; n < q.N; n++)
          plan.compute(q, offsets.data(), own, plan.images.lines(n, 0, 0, strips + n * plan.strip, 0, true), output, n, 0, q.outH, part, b);
      }
  } else {
    REAL* strip = room + plan.laid + omp_get_thread_num() * plan.strip;
#pragma omp for schedule(static)
    for (Size part = 0; part < all * blocks; part++)
      plan.lay(q, weight, room + plan.place(part / blocks, part % blocks), part / blocks, part % blocks);
#pragma omp for schedule(static)
    for (Size task = 0; task < q.N * plan.each; task++) {
      const Size n = task / plan.each, first = task % plan.each * plan.lines, end = std::min(q.outH, first + plan.lines);
      const REAL* from = nullptr;
      for (Size part = 0; part < all; part++) {
        if (part == 0 || plan.alone)
          from = plan.images.lines(n, first * q.sH, (end - first - 1) * q.sH + plan.span, strip, plan.alone ? plan.first_output(part) : 0);
        for (Size b = 0; b < blocks; b++)
          plan.compute(q, offsets.data(), room + plan.place(part, b), from, output, n, first, end, part, b);
      }
    }
  }
}

EXPORTED Size weight_grad_room(const Convolution* q) { return WeightGrad(*q, nullptr, nullptr).room(); }

// grad[i, j, c, o] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
EXPORTED void weight_grad(const Convolution* convolution, const REAL* input, const REAL* grad_output, REAL* grad, REAL* room) {
  const Convolution& q = *convolution;
  const WeightGrad plan(q, input, grad_output);
  const Images &images = plan.images, &grads = plan.grads;
  const Size apart = plan.room() / plan.threads, all = plan.groups * plan.across;  // of two threads' rooms; tiles
  const Size next = images.in_place() ? q.n : plan.strip, tasks = parts(q.N, plan.together) * plan.each;
  std::vector<Size> offsets(plan.lines * plan.together);
  for (Size y = 0; y < Size(offsets.size()); y++)
    offsets[y] = y / plan.lines * next + y % plan.lines * q.sH * images.line();
  if (tasks == 0) std::fill_n(grad, plan.weights, REAL(0));

#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
  {
    const Size thread = omp_get_thread_num(), team = omp_get_num_threads();
    REAL *own = room + thread * apart, *strip = own + plan.own(), *beside = strip + plan.strip * plan.together;
    const Size begin = plan.by_outputs ? 0 : tasks * thread / team, end = plan.by_outputs ? tasks : tasks * (thread + 1) / team;
    const Size some = plan.by_outputs ? all * thread / team : 0, last = plan.by_outputs ? all * (thread + 1) / team : all;
    if (plan.by_outputs)
      own = grad;
    else
      std::fill_n(own, plan.weights, REAL(0));
    for (Size task = begin; task < end; task++) {
      const Size n = task / plan.each * plan.together, first = task % plan.each * plan.lines;
      const Size count = std::min(q.outH - first, plan.lines), images_now = std::min(q.N - n, plan.together);
      const REAL *lines = nullptr, *factors = nullptr;
      for (Size k = images_now; k-- > 0;) {
        lines = images.lines(n + k, first * q.sH, (count - 1) * q.sH + plan.span, strip + k * plan.strip);
        factors = grads.lines(n + k, first, count, beside + k * count * grads.line());
      }
      for (Size y = 0; y < count * images_now; y += plan.at_once) {
        const Size outer = std::min(plan.at_once, count * images_now - y);
        for (Size part = some; part < last; part++) {
          const Size g = part / plan.across, o = part % plan.across * plan.V * L, V = std::min(plan.V, plan.vectors - o / L);
          for (Size t = 0; t < plan.outer; t++) {
            const Size from = plan.alone ? t * q.dH * images.line() + o : plan.reach(q, t) + g * plan.C;
            line(plan.alone, V, plan.run,
                 {factors + y * grads.line() + g * plan.O + o, lines + from, offsets.data() + y, outer, q.outW, grads.line(),
                  grads.pixel(), q.sW * images.pixel(), plan.alone ? q.dW * images.pixel() : 1},
                 {own + t * plan.run * q.O + g * plan.O + o, q.O, std::min(plan.O - o, V * L),
                  !plan.by_outputs || task > 0 || y > 0, false});
          }
        }
      }
    }
    if (!plan.by_outputs) {
#pragma omp barrier
#pragma omp for schedule(static)
      for (Size k = 0; k < plan.weights; k++) {
        grad[k] = 0;
        for (Size other = 0; other < team; other++) grad[k] += room[other * apart + k];
      }
    }
  }
}
