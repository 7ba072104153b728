// The inner loops of convolution with SIMD: 16 channels side by side, in four registers of four numbers; and of what follows it.
//
// Built by `make wasm` into conv.wasm; conv.js lays the tensors out and calls these. All numbers are float32.
#include <wasm_simd128.h>

#define TILE 16

typedef struct {
  v128_t q[4];
} Tile;

static inline Tile read(const float *p) {
  return (Tile){{wasm_v128_load(p), wasm_v128_load(p + 4), wasm_v128_load(p + 8), wasm_v128_load(p + 12)}};
}

static inline void add(Tile *sum, float x, const Tile *w) {
  const v128_t a = wasm_f32x4_splat(x);
  for (int k = 0; k < 4; k++) sum->q[k] = wasm_f32x4_add(sum->q[k], wasm_f32x4_mul(a, w->q[k]));
}

// Write the first `count` numbers of a tile, `step` apart.
static inline void scatter(float *to, const Tile *tile, int count, int step) {
  float numbers[TILE];
  for (int k = 0; k < 4; k++) wasm_v128_store(numbers + 4 * k, tile->q[k]);
  for (int k = 0; k < count; k++) to[k * step] = numbers[k];
}

// padded[(y·down + top) · columns + x·across + left][c] = input[c][y][x], channels last; the rest of `padded` stays 0.
void pack(const float *input, float *padded, int C, int H, int W, int columns, int top, int left, int down, int across) {
  for (int c = 0; c < C; c++)
    for (int y = 0; y < H; y++)
      for (int x = 0; x < W; x++)
        padded[((y * down + top) * columns + x * across + left) * C + c] = input[(c * H + y) * W + x];
}

// output[o][y][x] = bias[o] + Σ_{i,j,c} weight[o / 16][i][j][c][o % 16] · padded[y·sH + i·dH][x·sW + j·dW][c]
void conv(const float *padded, const float *weight, const float *bias, float *output, int columns, int C, int O, int kH,
          int kW, int sH, int sW, int dH, int dW, int outH, int outW) {
  for (int o = 0; o < O; o += TILE) {
    const float *kernel = weight + o * kH * kW * C;
    const int count = O - o < TILE ? O - o : TILE;
    const Tile first = read(bias + o);
    for (int y = 0; y < outH; y++)
      for (int x = 0; x < outW; x += 2) {
        const int both = x + 1 < outW;
        Tile one = first, two = first;
        for (int i = 0; i < kH; i++)
          for (int j = 0; j < kW; j++) {
            const float *a = padded + ((y * sH + i * dH) * columns + x * sW + j * dW) * C;
            const float *b = both ? a + sW * C : a;
            const float *w = kernel + (i * kW + j) * C * TILE;
            for (int c = 0; c < C; c++, w += TILE) {
              const Tile taps = read(w);
              add(&one, a[c], &taps);
              add(&two, b[c], &taps);
            }
          }
        float *to = output + (o * outH + y) * outW + x;
        scatter(to, &one, count, outH * outW);
        if (both) scatter(to + 1, &two, count, outH * outW);
      }
  }
}

// gradient[o][c][i][j] = Σ_{y,x} grad[o / 16][y][x][o % 16] · padded[y·sH + i·dH][x·sW + j·dW][c]
void weight_grad(const float *padded, const float *grad, float *gradient, int columns, int C, int O, int kH, int kW,
                 int sH, int sW, int dH, int dW, int outH, int outW) {
  for (int o = 0; o < O; o += TILE) {
    const float *arriving = grad + o * outH * outW;
    const int count = O - o < TILE ? O - o : TILE;
    for (int i = 0; i < kH; i++)
      for (int j = 0; j < kW; j++)
        for (int c = 0; c < C; c += 2) {
          const int both = c + 1 < C;
          Tile one = {{{0}}}, two = {{{0}}};
          const float *g = arriving;
          for (int y = 0; y < outH; y++) {
            const float *a = padded + ((y * sH + i * dH) * columns + j * dW) * C + c;
            for (int x = 0; x < outW; x++, g += TILE, a += sW * C) {
              const Tile gradients = read(g);
              add(&one, a[0], &gradients);
              add(&two, a[both], &gradients);
            }
          }
          float *to = gradient + ((o * C + c) * kH + i) * kW + j;
          scatter(to, &one, count, C * kH * kW);
          if (both) scatter(to + kH * kW, &two, count, C * kH * kW);
        }
  }
}

// output[k] = max(0, input[k]), NaN where the input is; the room of both ends with a whole register.
void relu(const float *input, float *output, int count) {
  for (int k = 0; k < count; k += 4)
    wasm_v128_store(output + k, wasm_f32x4_max(wasm_v128_load(input + k), wasm_f32x4_const_splat(0)));
}

// output[y][x] = the largest of the four input[2y + i][2x + j], NaN where one is; `rows` of all planes, of W numbers each.
void max_pool(const float *input, float *output, int rows, int W) {
  for (int row = 0; row < rows; row += 2, input += 2 * W, output += W / 2) {
    int x = 0;
    for (; x + 8 <= W; x += 8) {
      const v128_t left = wasm_f32x4_max(wasm_v128_load(input + x), wasm_v128_load(input + W + x));
      const v128_t right = wasm_f32x4_max(wasm_v128_load(input + x + 4), wasm_v128_load(input + W + x + 4));
      wasm_v128_store(output + x / 2, wasm_f32x4_max(wasm_i32x4_shuffle(left, right, 0, 2, 4, 6),
                                                     wasm_i32x4_shuffle(left, right, 1, 3, 5, 7)));
    }
    for (; x < W; x += 2) {
      const float above = __builtin_wasm_max_f32(input[x], input[x + 1]);
      const float below = __builtin_wasm_max_f32(input[W + x], input[W + x + 1]);
      output[x / 2] = __builtin_wasm_max_f32(above, below);
    }
  }
}
