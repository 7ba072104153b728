/** Everything that a person can choose about the operator and its result, as one plain object that is never changed in place. */

import { PRESETS, resized } from "../lib/kernels.js";

/** @typedef {import("../lib/conv.js").Kernel} Kernel */
/**
 * @typedef {{
 *   channels: "rgb" | "grey",
 *   preset: string | null, shape: import("../lib/kernels.js").Shape, kernel: Kernel,
 *   stride: [number, number], dilation: [number, number], padding: "same" | "valid" | [number, number], mode: import("../lib/conv.js").PaddingMode,
 *   flip: boolean, normalise: boolean, bias: number, show: import("../lib/shading.js").Show,
 * }} State
 * `preset` is null once a cell was edited.
 */

const SHAPE = { sigma: 1, wavelength: 5, angle: 45 };

/** @type {State} */
export const INITIAL = {
  channels: "rgb",
  preset: "emboss", shape: SHAPE, kernel: PRESETS.emboss.make(3, 3, SHAPE),
  stride: [1, 1], dilation: [1, 1], padding: "same", mode: "replicate",
  flip: false, ...PRESETS.emboss.result,
};

/**
 * A preset at the present size, or larger where it needs that, with its way of showing the result.
 * @param {State} state @param {string} name @returns {State}
 */
export function withPreset(state, name) {
  const { least, usual = least, make, result } = PRESETS[name];
  const [rows, columns] = [Math.max(state.kernel.rows, usual[0]), Math.max(state.kernel.columns, usual[1])];
  const shape = { ...state.shape, ...PRESETS[name].shape };
  return { ...state, ...result, preset: name, shape, kernel: make(rows, columns, shape) };
}

/** @param {State} state @param {Partial<import("../lib/kernels.js").Shape>} change @returns {State} */
export function withShape(state, change) {
  const shape = { ...state.shape, ...change };
  if (!state.preset) return { ...state, shape };
  return { ...state, shape, kernel: PRESETS[state.preset].make(state.kernel.rows, state.kernel.columns, shape) };
}

/** The line of PyTorch that computes the same sums on planes of shape (C, 1, H, W). @param {State} state */
export function torchLine({ stride, dilation, padding, mode, flip, kernel }) {
  const pair = (/** @type {[number, number]} */ [rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);
  const weight = flip ? "w.flip(2, 3)" : "w";
  const steps = [...(stride.some((u) => u !== 1) ? [`stride=${pair(stride)}`] : []), ...(dilation.some((u) => u !== 1) ? [`dilation=${pair(dilation)}`] : [])];
  const amounts = padding === "same" ? [kernel.rows, kernel.columns].map((taps, axis) => {
    const total = dilation[axis] * (taps - 1);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }) : padding === "valid" ? [[0, 0], [0, 0]] : padding.map((u) => [u, u]);
  if (amounts.flat().every((u) => u === 0)) return `F.conv2d(${["x", weight, ...steps].join(", ")})`;
  const even = amounts.every(([before, after]) => before === after);
  if (mode === "zeros" && even) return `F.conv2d(${["x", weight, `padding=${pair([amounts[0][0], amounts[1][0]])}`, ...steps].join(", ")})`;
  const around = [...amounts[1], ...amounts[0]].join(", ");
  const how = mode === "zeros" ? "" : `, mode="${mode}"`;
  return `F.conv2d(${[`F.pad(x, (${around})${how})`, weight, ...steps].join(", ")})`;
}

/**
 * The kernel with other rows and columns: a preset is made anew where it can be, an edited kernel is cut or gets zeros.
 * @param {State} state @param {number} rows @param {number} columns @returns {State}
 */
export function withSize(state, rows, columns) {
  const preset = state.preset ? PRESETS[state.preset] : null;
  if (preset && rows >= preset.least[0] && columns >= preset.least[1]) return { ...state, kernel: preset.make(rows, columns, state.shape) };
  return { ...state, preset: null, kernel: resized(state.kernel, rows, columns) };
}
