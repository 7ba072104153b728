/** Formulas and lines of PyTorch of a convolution, with the settings filled in. */

import { argument, call, gradientCall, linear } from "./formulas.js";
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
  const before = padded ? [0, 0] : [rows.before, columns.before];
  const last = [kH, kW].map((taps, axis) => (flip ? (taps - 1) * dilation[axis] : 0));
  const gaps = dilation.map((/** @type {number} */ gap) => (flip ? -gap : gap));
  const place = ["y", "x"]
    .map((letter, axis) =>
      linear([
        [stride[axis], letter],
        [last[axis] - before[axis], ""],
        [gaps[axis], ["i", "j"][axis]],
      ]),
    )
    .join(", ");
  const origin = ["row", "col"]
    .map((letter, axis) => {
      const over = linear([
        [1, letter],
        [before[axis] - last[axis], ""],
        [-gaps[axis], ["i", "j"][axis]],
      ]);
      return stride[axis] === 1 ? over : `(${over}) / ${stride[axis]}`;
    })
    .join(", ");
  const own = weight.shape[1];
  const [tap, o] = [own > 1 ? "c, " : "", O > 1 ? "o, " : ""];
  const read = groups > 1 ? (own > 1 ? "first + c, " : "first, ") : tap;
  const [weighted, X] = [groups > 1 && own === 1 ? "0, " : tap, padded ? "X̃" : "X"];
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
    forward: {
      formula: `Y[${o}y, x] = b${O > 1 ? "[o]" : ""} + Σ(${tap}i, j) K[${o}${weighted}i, j] · ${X}[${read}${place}]`,
      torch: `Y = ${convolved(image)}`,
    },
    inputGrad: {
      formula: `dL/d${X}[${C > 1 ? "c, " : ""}row, col] = Σ(${o}i, j) K[${o}${groups > 1 ? "c − first, " : C > 1 ? "c, " : ""}i, j] · dL/dY[${o}${origin}]`,
      ...(padded
        ? { before: [`padded = ${image}`], torch: `dpadded, = torch.autograd.grad(${convolved("padded")}, padded, dY)` }
        : { torch: gradientCall("X") }),
    },
    weightGrad: {
      formula: `dL/dK[${o}${tap}i, j] = Σ(y, x) dL/dY[${o}y, x] · ${X}[${read}${place}]`,
      torch: gradientCall("K"),
    },
    biasGrad: { formula: `dL/db${O > 1 ? "[o]" : ""} = Σ(y, x) dL/dY[${o}y, x]`, torch: gradientCall("b") },
  };
}
