/** What stands for the letters in the formulas of a convolution, and its lines of PyTorch, with the settings filled in. */

import { argument, call, gradientCall, windowLetters } from "./formulas.js";
import { windowsOf } from "../conv.js";

/** @typedef {import("../arithmetic.js").Case} Case */

/** @param {Case} given @param {boolean} padded the padding holds numbers: it is laid around X before the loops run */
export function wordsOf(
  { settings: { stride, dilation, padding, mode, groups, flip }, tensors: { input, weight } },
  padded,
) {
  const [C, H, W] = input.shape;
  const [O, , kH, kW] = weight.shape;
  const { geometry } = windowsOf(H, W, { rows: kH, columns: kW, values: [] }, { stride, dilation, padding, mode });
  const { rows, columns } = /** @type {import("../conv.js").Geometry} */ (geometry);
  /** @type {import("../formula/fill.js").Values} */
  const shifted = padded ? { p_H: 0, p_W: 0, X: "\\tilde X" } : {};
  /** @type {import("../formula/fill.js").Values} */
  const letters = {
    n: null,
    ...(C > 1 ? {} : { c: null }),
    ...(O > 1 ? {} : { o: null }),
    ...(groups > 1 ? {} : { c_0: 0 }),
    ...windowLetters({ rows, columns }),
    ...shifted,
  };
  const around = [columns.before, columns.after, rows.before, rows.after];
  const settings = [
    argument("stride", stride, 1),
    padding === "same" && !padded
      ? 'padding="same"'
      : Array.isArray(padding) && !padded && argument("padding", padding),
    argument("dilation", dilation, 1),
    groups > 1 && `groups=${groups}`,
  ];
  const image = padded ? call("F.pad", ["X", `(${around.join(", ")})`, `mode="${mode}"`]) : "X";
  const convolved = (/** @type {string} */ read) =>
    call("F.conv2d", [read, flip ? "K.flip(2, 3)" : "K", "b", ...settings]);
  return {
    forward: { letters, torch: `Y = ${convolved(image)}` },
    inputGrad: {
      letters,
      ...(padded
        ? { before: [`padded = ${image}`], torch: `dpadded, = torch.autograd.grad(${convolved("padded")}, padded, dY)` }
        : { torch: gradientCall("X") }),
    },
    weightGrad: { letters, torch: gradientCall("K") },
    biasGrad: { letters, torch: gradientCall("b") },
  };
}
