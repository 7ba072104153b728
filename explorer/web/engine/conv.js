/** Convolution on the compiled loops, and what follows it: how tensors are laid out for conv.c. */

import { pairOf } from "./step.js";
import { zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./wasm.js").Loops} Loops */
/** @typedef {{ stride: number | number[], padding: number | number[], dilation: number | number[] }} Moves */
/** How windows lie: [rows, columns] of each. @typedef {{ stride: [number, number], before: [number, number], dilation: [number, number] }} Windows */

/** Channels that conv.c computes at once. */
const TILE = 16;

/** @type {Loops | null} */
let loops = null;

/** Compute with the compiled loops from now on. @param {Loops} loaded */
export function compute(loaded) {
  loops = loaded;
}

/** @returns {Loops} */
function compiled() {
  if (!loops) throw new Error("the compiled loops are not loaded yet");
  return loops;
}

/** @param {Moves} moves @returns {Windows} */
export const windowsOf = ({ stride, padding, dilation }) => ({
  stride: pairOf(stride),
  before: pairOf(padding),
  dilation: pairOf(dilation),
});

/** Weights as conv.c reads them, made once for each tensor. @type {WeakMap<Float32Array, { forward?: Float32Array, backward?: Float32Array }>} */
const layouts = new WeakMap();

/** weight[o][c][i][j] as [o / 16][i][j][c][o % 16]. @param {Tensor} weight */
function forwardLayout({ shape: [O, C, kH, kW], data }) {
  const packed = new Float32Array(Math.ceil(O / TILE) * TILE * C * kH * kW);
  for (let o = 0, k = 0; o < O; o++)
    for (let c = 0; c < C; c++)
      for (let tap = 0; tap < kH * kW; tap++, k++)
        packed[((((o - (o % TILE)) * kH * kW) / TILE + tap) * C + c) * TILE + (o % TILE)] = data[k];
  return packed;
}

/** The same with the channels exchanged and the kernel turned round: the gradient of the input is a convolution with it. @param {Tensor} weight */
function backwardLayout({ shape: [O, C, kH, kW], data }) {
  const taps = kH * kW;
  const turned = zeros([C, O, kH, kW]);
  for (let o = 0, k = 0; o < O; o++)
    for (let c = 0; c < C; c++)
      for (let tap = 0; tap < taps; tap++, k++) turned.data[(c * O + o) * taps + taps - 1 - tap] = data[k];
  return forwardLayout(turned);
}

/** @param {Tensor} weight @param {"forward" | "backward"} way */
function layoutOf(weight, way) {
  const known = layouts.get(weight.data) ?? {};
  layouts.set(weight.data, known);
  return (known[way] ??= way === "forward" ? forwardLayout(weight) : backwardLayout(weight));
}

/**
 * One sample, channels last, with zeros around it.
 * @param {Loops} loops @param {Float32Array} sample @param {number[]} sizes C, H, W @param {[number, number]} padded rows and columns @param {[number, number]} corner where its first element lies
 * @param {[number, number]} [apart] rows and columns from one element to the next
 */
function packed({ room, pack }, sample, [C, H, W], [rows, columns], [top, left], [down, across] = [1, 1]) {
  const from = room.put(sample);
  const to = room.zeros(C * rows * columns);
  pack(from, to, C, H, W, columns, top, left, down, across);
  return to;
}

/** Rows and columns that windows reach over. @param {number[]} outputs @param {Windows} windows @param {number[]} kernel @returns {[number, number]} */
const reachOf = ([outH, outW], { stride, dilation }, [kH, kW]) => [
  (outH - 1) * stride[0] + dilation[0] * (kH - 1) + 1,
  (outW - 1) * stride[1] + dilation[1] * (kW - 1) + 1,
];

/** output[n, o, y, x] = bias[o] + Σ weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]. @param {Tensor} input @param {Tensor} weight @param {Tensor | undefined} bias @param {Moves} moves @param {number[]} shape of the output @returns {Tensor} */
export function convolved(input, weight, bias, moves, shape) {
  const { room, conv } = compiled();
  const windows = windowsOf(moves);
  const [N, C, H, W] = input.shape;
  const [, O, outH, outW] = shape;
  const [, , kH, kW] = weight.shape;
  const [top, left] = windows.before;
  const reach = reachOf([outH, outW], windows, [kH, kW]);
  /** @type {[number, number]} */
  const padded = [Math.max(reach[0], top + H), Math.max(reach[1], left + W)];
  const output = zeros(shape);
  for (let n = 0; n < N; n++) {
    room.begin();
    const x = packed(compiled(), input.data.subarray(n * C * H * W, (n + 1) * C * H * W), [C, H, W], padded, [
      top,
      left,
    ]);
    const w = room.put(layoutOf(weight, "forward"));
    const offsets = new Float32Array(Math.ceil(O / TILE) * TILE);
    if (bias) offsets.set(bias.data);
    const b = room.put(offsets);
    const y = room.zeros(O * outH * outW);
    conv(x, w, b, y, padded[1], C, O, kH, kW, ...windows.stride, ...windows.dilation, outH, outW);
    room.take(y, output.data.subarray(n * O * outH * outW, (n + 1) * O * outH * outW));
  }
  return output;
}

/** dL/d(input): the gradient, with its elements `stride` apart, convolved with the kernel turned round. @param {Tensor} grad @param {Tensor} weight @param {Moves} moves @param {number[]} shape of the input @returns {Tensor} */
export function inputGradient(grad, weight, moves, shape) {
  const { room, conv } = compiled();
  const { stride, before, dilation } = windowsOf(moves);
  const [N, C, H, W] = shape;
  const [, O, outH, outW] = grad.shape;
  const [, , kH, kW] = weight.shape;
  const [top, left] = [dilation[0] * (kH - 1) - before[0], dilation[1] * (kW - 1) - before[1]];
  if (top < 0 || left < 0) throw new Error("the padding is wider than the kernel reaches");
  /** @type {[number, number]} */
  const padded = [H + dilation[0] * (kH - 1), W + dilation[1] * (kW - 1)];
  const result = zeros(shape);
  for (let n = 0; n < N; n++) {
    room.begin();
    const arriving = grad.data.subarray(n * O * outH * outW, (n + 1) * O * outH * outW);
    const g = packed(compiled(), arriving, [O, outH, outW], padded, [top, left], stride);
    const w = room.put(layoutOf(weight, "backward"));
    const none = room.zeros(Math.ceil(C / TILE) * TILE);
    const x = room.zeros(C * H * W);
    conv(g, w, none, x, padded[1], O, C, kH, kW, 1, 1, ...dilation, H, W);
    room.take(x, result.data.subarray(n * C * H * W, (n + 1) * C * H * W));
  }
  return result;
}

/** dL/d(weight)[o, c, i, j] = Σ_{n, y, x} grad[n, o, y, x] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]. @param {Tensor} grad @param {Tensor} input @param {Moves} moves @param {number[]} shape of the weight @returns {Tensor} */
export function weightGradient(grad, input, moves, shape) {
  const { room, weight_grad: weightGrad } = compiled();
  const windows = windowsOf(moves);
  const [N, C, H, W] = input.shape;
  const [, O, outH, outW] = grad.shape;
  const [, , kH, kW] = shape;
  const [top, left] = windows.before;
  const reach = reachOf([outH, outW], windows, [kH, kW]);
  /** @type {[number, number]} */
  const padded = [Math.max(reach[0], top + H), Math.max(reach[1], left + W)];
  const result = zeros(shape);
  const one = new Float32Array(result.data.length);
  for (let n = 0; n < N; n++) {
    room.begin();
    const x = packed(compiled(), input.data.subarray(n * C * H * W, (n + 1) * C * H * W), [C, H, W], padded, [
      top,
      left,
    ]);
    const g = room.put(inTiles(grad.data.subarray(n * O * outH * outW, (n + 1) * O * outH * outW), O, outH * outW));
    const w = room.zeros(one.length);
    weightGrad(x, g, w, padded[1], C, O, kH, kW, ...windows.stride, ...windows.dilation, outH, outW);
    room.take(w, one);
    for (let k = 0; k < one.length; k++) result.data[k] += one[k];
  }
  return result;
}

/** What ReLU makes of a tensor. @param {Tensor} input @returns {Tensor} */
export function rectified({ shape, data }) {
  const { room, relu } = compiled();
  const output = zeros(shape);
  room.begin();
  const [x, y] = [room.put(data), room.zeros(data.length)];
  relu(x, y, data.length);
  room.take(y, output.data);
  return output;
}

/** The largest of each four neighbours, in planes of even sides. @param {Tensor} input @param {number[]} shape of the output @returns {Tensor} */
export function halved({ shape: [N, C, H, W], data }, shape) {
  const { room, max_pool: maxPool } = compiled();
  const output = zeros(shape);
  room.begin();
  const [x, y] = [room.put(data), room.zeros(output.data.length)];
  maxPool(x, y, N * C * H, W);
  room.take(y, output.data);
  return output;
}

/** grad[o][place] as [o / 16][place][o % 16]. @param {Float32Array} grad @param {number} O @param {number} places */
function inTiles(grad, O, places) {
  const tiles = new Float32Array(Math.ceil(O / TILE) * TILE * places);
  for (let o = 0, k = 0; o < O; o++) {
    const start = (o - (o % TILE)) * places + (o % TILE);
    for (let place = 0; place < places; place++, k++) tiles[start + place * TILE] = grad[k];
  }
  return tiles;
}
