// Convolution where it stands: register tiles of sums, and no windows written down. `direct.py` calls this.
//     sum[p][v] = Σ_t Σ_k vectors[t, k][v] · others[t, k][p]           one tile, P others × V vectors of L lanes
// A tile's sums stay in registers while it runs, so that each vector loaded is multiplied P times and each other factor
// V·L times. The passes differ in what they put in its place:
//     pass          vectors                             others                                      Σ over (t, k)
//     forward       weight of V·L output channels       inputs that P neighbours of a line read     taps and channels
//     weight_grad   dL/doutput of as many channels      inputs that P neighbouring taps read        positions
//     along         V·L positions of a signal           weight of P output channels, not laid out   channels and taps
// The other factors are scalars, or, where every channel is convolved alone (depthwise), vectors of channels. Images lie
// channels-last, without gaps, and are read a strip of lines at a time; where they are padded, the strip is laid out first
// in a buffer that the second-level cache holds. Sizes and strides count elements.

#include "shared.h"

#include <array>

namespace {
typedef VECTOR(REAL) Vector;  // REAL is float or double
constexpr Size L = BYTES / sizeof(REAL);       // lanes of a vector
constexpr int MOST = REGISTERS == 32 ? 4 : 2;  // vectors a tile
constexpr int WIDEST = 14;                     // other factors a tile: 24 take 1.6 times as long
// Other factors of a tile of V vectors: registers are left for the vectors and for another factor.
constexpr int most_others(int V) { return std::min(WIDEST, (REGISTERS - 2 - V) / V); }

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
        for (int v = 0; v < V; v++)
          sums[p][v] += factors[v] * (alone ? *reinterpret_cast<const Vector*>(other + v * L) : *other - Vector{});
      }
    }
  }
#pragma GCC unroll 14
  for (int p = 0; p < P; p++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      REAL* at = to.data + p * to.step + v * L * to.apart;
      const Size left = to.channels - v * L, free = to.spill ? left + (P - 1 - p) * to.step : left;
      Vector& whole = *reinterpret_cast<Vector*>(at);
      if (free < L || to.apart > 1)
        add_some(at, sums[p][v], std::min(left, L), to.apart, to.add);
      else
        whole = to.add ? whole + sums[p][v] : sums[p][v];
    }
  }
}

using Tile = void (*)(const Sum&, const Place&);
template <int... k>
constexpr std::array<Tile, sizeof...(k)> tiles(std::integer_sequence<int, k...>) {
  constexpr int ALL = sizeof...(k) / 2;  // the second half are those where channels are convolved alone
  return {tile<k >= ALL, k % ALL / WIDEST + 1, std::min(k % WIDEST + 1, most_others(k % ALL / WIDEST + 1))>...};
}
constexpr auto TILES = tiles(std::make_integer_sequence<int, 2 * MOST * WIDEST>());

// The sums of `count` other factors by V vectors, in tiles of almost equal size.
void line(bool alone, Size V, Size count, Sum from, Place to) {
  const Size tiles = parts(count, most_others(V));
  for (Size n = 0, done = 0, others; n < tiles; n++, done += others) {
    others = count * (n + 1) / tiles - done;
    TILES[((alone ? MOST : 0) + V - 1) * WIDEST + others - 1](from, to);
    from.others += others * from.beside, to.data += others * to.step;
  }
}

// The structs that `tiling.py` fills. Laid out, a pixel has `width` elements, of which the first `C` are channels.
struct Images {
  Size C, H, W, top, left, cols, width, clipped, in_place, pixel, line;

  // Lines `first … first + count` from channel `o` on, written to `strip` unless they can be read in place.
  const REAL* lines(const REAL* data, Size image, Size first, Size count, REAL* strip, Size o = 0) const {
    const REAL* from = data + image * H * W * C + o;
    const Size above = first - top, low = clipped ? std::clamp<Size>(above, 0, H) : above;
    if (in_place) return from + (above * W - left) * C;
    const Size begin = std::clamp<Size>(left, 0, cols), end = std::clamp<Size>(W + left, begin, cols);
    const Size high = clipped ? std::clamp<Size>(above + count, low, H) : above + count, some = std::min(width, C - o);
    REAL* to = strip;
    for (Size row = low; row < high; row++, to += line) {
      const bool beside = row < 0 || row >= H;
      if (beside || some < width) std::fill_n(to, line, REAL(0));
      if (beside) continue;
      const REAL* from_pixel = from + (row * W + begin - left) * C;
      std::fill_n(to, begin * width, REAL(0)), std::fill(to + end * width, to + line, REAL(0));
      const Size together = width == C ? end - begin : 1;  // pixels without a gap
      for (Size col = begin; col < end; col += together, from_pixel += together * C)
        std::copy_n(from_pixel, together * some, to + col * width);
    }
    return strip - (low - above) * line;
  }
};

struct Convolution {
  Size N, all, outH, outW, kH, kW, sH, sW, dH, dW;  // all: output channels of all groups
  Size of[5], to[4];  // strides: weight (group, output, input, row, column), output (image, row, column, channel)
  Size alone, groups, C, O, vectors, taps, span, V, across;  // of one group; vectors a tile, parts a group
  Size threads, each, lines, together;  // strips an image, and their output lines; images whose strips are read together
  Size split;                           // tasks a strip, each of some parts
  Size adds, runs, outer, blocks, run, at_once;  // adds: to what is there; runs: a sum runs over a kernel's line
  Size laid, strip, own, beside;        // elements of room
  Images images, grads;
  Size reach[];  // of taps or lines of taps, from a window's first element on; then of the lines of several images

  // What a thread computes at a time: output lines `begin … end` of an image, for the parts `part … last`.
  struct Task { Size image, begin, end, part, last; };
  Size tasks() const { return parts(N, together) * each * split; }
  Task task(Size number) const {
    const Size strip = number / split, begin = strip % each * lines, k = number % split, all = groups * across;
    return {strip / each * together, begin, std::min(outH, begin + lines), all * k / split, all * (k + 1) / split};
  }

  // Output channels of a part; where channels are convolved alone the last ones overlap, so that there is no rest.
  Size lanes(Size part) const { return std::min(V, vectors - part % across * V) * L; }
  Size first(Size part) const {
    const Size o = part % across * V * L;
    return alone ? std::min(o, std::max<Size>(0, O - lanes(part))) : o;
  }
  REAL* place(REAL* room, Size part) const { return room + part * V * L * taps * C; }

  // The weight of a part, as [tap][channel][lane].
  void lay(const REAL* weight, REAL* to, Size part) const {
    constexpr Size SOME = 8;  // channels, so that what is read and what is written stay in the first-level cache
    const Size o = first(part), step = of[alone ? 0 : 1];
    weight += part / across * of[0] + o * step;
    for (Size some = 0; some < C; some += SOME)
      for (Size tap = 0; tap < taps; tap++)
        for (Size c = some; c < std::min(C, some + SOME); c++) {
          const REAL* from = weight + c * of[2] + tap / kW * of[3] + tap % kW * of[4];
          REAL* lane = to + (tap * C + c) * lanes(part);
          for (Size k = 0; k < std::min(lanes(part), O - o); k++) lane[k] = from[k * step];
          for (Size k = O - o; k < lanes(part); k++) lane[k] = REAL(0);
        }
  }

  // The output lines of a task for a part. Taps on lines beside the image are left out.
  void compute(const REAL* factors, const REAL* from, REAL* output, const Task& task, Size part) const {
    const Size wide = lanes(part), count = std::min(O - first(part), wide), apart = taps / outer * C * wide;
    const bool spill = groups * across == 1 && to[2] == O;
    for (Size y = task.begin; y < task.end; y++, from += sH * images.line, output += to[1]) {
      const Size low = std::clamp<Size>(parts(std::max<Size>(0, images.top - y * sH), dH), 0, kH);
      const Size high = std::clamp<Size>(parts(std::max<Size>(0, images.H + images.top - y * sH), dH), low, kH);
      const Size t = low * outer / kH, lines = (high - low) * outer / kH;
      for (Size b = 0; b < blocks; b++) {
        const Size c = C * b / blocks, inner = runs ? kW * C : C * (b + 1) / blocks - c;
        const bool add = b > 0 || adds;
        line(alone, wide / L, outW,
             {factors + t * apart + c * wide, from + c, reach + t, lines, inner, apart, wide, 1, sW * images.pixel},
             {output, to[2], count, to[3], add, !add && spill});
      }
    }
  }
};
}  // namespace

EXPORTED Size lanes() { return L; }
EXPORTED Size others(Size V) { return V > MOST ? 0 : most_others(int(V)); }

// Contiguous images `(N, C, P)` written channels-last.
EXPORTED void lay_last(Size N, Size C, Size P, Size threads, const REAL* images, REAL* to) {
  constexpr Size SOME = 16;  // pixels, so that what is read and what is written stay in the first-level cache
  share(N * parts(P, SOME), threads, [=](Size task, Size) {
    const Size n = task / parts(P, SOME), first = task % parts(P, SOME) * SOME, count = std::min(SOME, P - first);
    const REAL* from = images + n * C * P + first;
    REAL* pixels = to + (n * P + first) * C;
    if (C < SOME)
      for (Size c = 0; c < C; c++)
        for (Size p = 0; p < count; p++) pixels[p * C + c] = from[c * P + p];
    else
      for (Size p = 0; p < count; p++)
        for (Size c = 0; c < C; c++) pixels[p * C + c] = from[c * P + p];
  });
}

// output[n, y, x, o] = Σ_{i,j,c} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]
EXPORTED void forward(const Convolution* convolution, const REAL* input, const REAL* weight, REAL* output, REAL* room) {
  const Convolution& q = *convolution;
  share(q.groups * q.across, q.threads, [&](Size part, Size) { q.lay(weight, q.place(room, part), part); });
  share(q.tasks(), q.threads, [&](Size number, Size thread) {
    const Convolution::Task task = q.task(number);
    const Size lines = (task.end - task.begin - 1) * q.sH + q.span;
    const REAL* from = nullptr;
    for (Size part = task.part; part < task.last; part++) {
      const Size g = part / q.across, o = q.first(part);
      if (part == task.part || q.alone)
        from = q.images.lines(input, task.image, task.begin * q.sH, lines, room + q.laid + thread * q.strip,
                              q.alone ? o : 0);
      q.compute(q.place(room, part), from + (q.alone ? 0 : g * q.C),
                output + task.image * q.to[0] + task.begin * q.to[1] + (g * q.O + o) * q.to[3], task, part);
    }
  });
}

// output[n, o, x] = Σ_{c,j} weight[o, c, j] · input[n, c, x + j·dW] of contiguous signals; some: channels that a sum has
struct Signals { Size N, C, line, O, outW, kW, dW, V, some, threads, step, tap, reach[]; };  // steps of the weight
EXPORTED void along(const Signals* signals, const REAL* input, const REAL* weight, REAL* output) {
  const Signals& q = *signals;
  share(q.N * q.threads, q.threads, [&](Size task, Size) {
    const Size n = task / q.threads, k = task % q.threads, o = q.O * k / q.threads, O = q.O * (k + 1) / q.threads - o;
    for (Size x = 0, count; x < q.outW; x += count) {
      count = std::min(q.outW - x, q.V * L);
      for (Size c = 0; c < q.C; c += q.some)
        line(false, parts(count, L), O,
             {input + (n * q.C + c) * q.line + x, weight + o * q.step, q.reach + c, std::min(q.some, q.C - c), q.kW, q.line,
              q.dW, q.tap, q.step},
             {output + (n * q.O + o) * q.outW + x, q.outW, count, 1, c > 0, c == 0 && count == q.outW});
    }
  });
}

// grad[o, c, i, j] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], contiguous
EXPORTED void weight_grad(const Convolution* convolution, const REAL* input, const REAL* grad_output, REAL* grad,
                          REAL* room) {
  const Convolution& q = *convolution;
  const Images &images = q.images, &grads = q.grads;
  const Size tasks = q.tasks(), apart = q.own + q.strip + q.beside;                     // of two threads' rooms
  const Size *offsets = q.reach + q.outer, next = offsets[q.lines * q.together];  // from an image to the next
  share(q.threads, q.threads, [&](Size thread, Size) {
    REAL *own = room + thread * apart, *strip = own + q.own, *beside = strip + q.strip;
    std::fill_n(own, q.all * q.C * q.taps, REAL(0));
    for (Size number = tasks * thread / q.threads; number < tasks * (thread + 1) / q.threads; number++) {
      const Convolution::Task task = q.task(number);
      const Size lines = task.end - task.begin, now = std::min(q.together, q.N - task.image), count = lines * now;
      const REAL *from = nullptr, *factors = nullptr;
      for (Size k = now; k-- > 0;) {
        from = images.lines(input, task.image + k, task.begin * q.sH, (lines - 1) * q.sH + q.span, strip + k * next);
        factors = grads.lines(grad_output, task.image + k, task.begin, lines, beside + k * lines * grads.line);
      }
      for (Size y = 0; y < count; y += q.at_once)
        for (Size part = task.part; part < task.last; part++) {
          const Size g = part / q.across, o = part % q.across * q.V * L, channels = g * q.O + o;
          for (Size t = 0; t < q.outer; t++)
            line(q.alone, q.lanes(part) / L, q.run,
                 {factors + y * grads.line + channels,
                  from + q.reach[t] + (q.alone ? o : g * q.C), offsets + y,
                  std::min(q.at_once, count - y), q.outW, grads.line, grads.pixel, q.sW * images.pixel,
                  q.alone ? q.dW * images.pixel : 1},
                 {own + t * q.run * q.all + channels, q.all, std::min(q.O - o, q.lanes(part)), 1, true, false});
        }
    }
  });
  share(parts(q.all, L), q.threads, [&](Size some, Size) {  // as many channels as a line of the cache has
    for (Size at = 0; at < q.taps * q.C; at++)
      for (Size k = some * L; k < std::min(q.all, (some + 1) * L); k++) {
        REAL sum = 0;
        for (Size other = 0; other < q.threads; other++) sum += room[other * apart + at * q.all + k];
        grad[(k * q.C + at % q.C) * q.taps + at / q.C] = sum;
      }
  });
}
