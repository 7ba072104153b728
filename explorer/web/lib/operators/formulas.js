/** Pieces of formulas and of calls of PyTorch. */

/** "2·y − 1 + i", parts of 0 and factors of 1 left out. @param {[number, string][]} parts */
export function linear(parts) {
  const shown = parts.filter(([factor]) => factor !== 0);
  if (!shown.length) return "0";
  return shown
    .map(([factor, letter], k) => {
      const size = Math.abs(factor);
      const text = letter ? (size === 1 ? letter : `${size}·${letter}`) : String(size);
      return k ? ` ${factor < 0 ? "−" : "+"} ${text}` : factor < 0 ? `−${text}` : text;
    })
    .join("");
}

/** One number for equal rows and columns, else both, as Python writes them. @param {number[]} pair */
export const pair = ([rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);

/** A call with the arguments that are said. @param {string} name @param {(string | false)[]} parts */
export const call = (name, parts) => `${name}(${parts.filter(Boolean).join(", ")})`;

/** `stride=2`, or nothing where both are the default. @param {string} key @param {number[]} value @param {number} [usual] */
export const argument = (key, value, usual = 0) => value.some((one) => one !== usual) && `${key}=${pair(value)}`;

/** The gradient with respect to one tensor. @param {string} letter @param {string} [output] @param {string} [upstream] dL/doutput */
export const gradientCall = (letter, output = "Y", upstream = "dY") =>
  `d${letter}, = torch.autograd.grad(${output}, ${letter}, ${upstream})`;
