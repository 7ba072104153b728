/** The numbers of formulas, and pieces of calls of PyTorch. */

/** What stands for the settings of windows in a formula: s_H, p_W … @param {Record<"rows" | "columns", { stride: number, before: number, dilation: number, taps: number }>} axes */
export const windowLetters = (axes) =>
  Object.fromEntries(
    Object.values({ H: axes.rows, W: axes.columns }).flatMap(({ stride, before, dilation, taps }, at) =>
      Object.entries({ s: stride, p: before, d: dilation, k: taps }).map(([letter, value]) => [
        `${letter}_${"HW"[at]}`,
        value,
      ]),
    ),
  );

/** One number for equal rows and columns, else both, as Python writes them. @param {number[]} pair */
export const pair = ([rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);

/** A call with the arguments that are said. @param {string} name @param {(string | false)[]} parts */
export const call = (name, parts) => `${name}(${parts.filter(Boolean).join(", ")})`;

/** `stride=2`, or nothing where both are the default. @param {string} key @param {number[]} value @param {number} [usual] */
export const argument = (key, value, usual = 0) => value.some((one) => one !== usual) && `${key}=${pair(value)}`;

/** The gradient with respect to one tensor. @param {string} letter @param {string} [output] @param {string} [upstream] dL/doutput */
export const gradientCall = (letter, output = "Y", upstream = "dY") =>
  `d${letter}, = torch.autograd.grad(${output}, ${letter}, ${upstream})`;
