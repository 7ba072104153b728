/** Formulas, sizes and PyTorch calls of a pass, with the settings filled in. */

/** @typedef {import("../lib/arithmetic.js").Case} Case */
/** @typedef {import("../lib/arithmetic.js").Name} Name */
/** @typedef {import("../lib/arithmetic.js").PassName} PassName */

/** How the page writes each tensor. @type {Record<Name, string>} */
export const LETTERS = {
  input: "X", weight: "K", bias: "b", gradOutput: "dL/dY", output: "Y", gradInput: "dL/dX", gradWeight: "dL/dK", gradBias: "dL/db", newWeight: "K′", newBias: "b′",
};

/** "2·y − 1 + i", parts of 0 and factors of 1 left out. @param {[number, string][]} parts */
function sum(parts) {
  const shown = parts.filter(([factor]) => factor !== 0);
  if (!shown.length) return "0";
  return shown.map(([factor, letter], k) => {
    const size = Math.abs(factor);
    const text = letter ? (size === 1 ? letter : `${size}·${letter}`) : String(size);
    return k ? ` ${factor < 0 ? "−" : "+"} ${text}` : (factor < 0 ? `−${text}` : text);
  }).join("");
}

/** Where tap i of window y lies, on one axis. @param {Case} given @param {0 | 1} axis */
function place({ op, flip, stride, padding, dilation, weight }, axis) {
  const [window, tap] = [["y", "i"], ["x", "j"]][axis];
  const gap = op === "avg" ? 1 : dilation[axis];
  const last = flip && op === "conv" ? (weight.shape[2 + axis] - 1) * gap : 0;
  return sum([[stride[axis], window], [last - padding[axis], ""], [flip && op === "conv" ? -gap : gap, tap]]);
}

/** The output index whose tap i falls on a row, on one axis. @param {Case} given @param {0 | 1} axis */
function origin({ flip, stride, padding, dilation, weight }, axis) {
  const [at, tap] = [["row", "i"], ["col", "j"]][axis];
  const last = flip ? (weight.shape[2 + axis] - 1) * dilation[axis] : 0;
  const over = sum([[1, at], [padding[axis] - last, ""], [flip ? dilation[axis] : -dilation[axis], tap]]);
  return stride[axis] === 1 ? over : `(${over}) / ${stride[axis]}`;
}

/** @param {Case} given @param {PassName} pass */
export function formula(given, pass) {
  const [C, O] = [given.input.shape[0], given.weight.shape[0]];
  const [kH, kW] = given.weight.shape.slice(2);
  const [at, from] = [`${place(given, 0)}, ${place(given, 1)}`, `${origin(given, 0)}, ${origin(given, 1)}`];
  const [c, o] = [C > 1 ? "c, " : "", O > 1 ? "o, " : ""];
  if (given.op !== "conv") {
    const share = `1/${kH * kW}`;
    if (pass === "forward") return given.op === "max" ? `Y[${c}y, x] = max(i, j) X[${c}${at}]` : `Y[${c}y, x] = ${share} · Σ(i, j) X[${c}${at}]`;
    return given.op === "max" ? `dL/dX[${c}arg max of window y, x] += dL/dY[${c}y, x]` : `dL/dX[${c}${at}] += ${share} · dL/dY[${c}y, x]`;
  }
  switch (pass) {
    case "forward": return `Y[${o}y, x] = b${O > 1 ? "[o]" : ""} + Σ(${c}i, j) K[${o}${c}i, j] · X[${c}${at}]`;
    case "inputGrad": return `dL/dX[${c}row, col] = Σ(${o}i, j) K[${o}${c}i, j] · dL/dY[${o}${from}]`;
    case "weightGrad": return `dL/dK[${o}${c}i, j] = Σ(y, x) dL/dY[${o}y, x] · X[${c}${at}]`;
    case "biasGrad": return `dL/db${O > 1 ? "[o]" : ""} = Σ(y, x) dL/dY[${o}y, x]`;
    default: return "w ← w − lr · dL/dw";
  }
}

/** One number for equal rows and columns, else both. @param {number[]} pair */
const pair = ([rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);

/** The one call of PyTorch. @param {Case} given @param {PassName} pass */
export function torchCall(given, pass) {
  const { op, flip, stride, padding, dilation, weight, lr } = given;
  const kernel = weight.shape.slice(2);
  const wrt = { inputGrad: ["dX", "X"], weightGrad: ["dK", "K"], biasGrad: ["db", "b"] }[/** @type {string} */ (pass)];
  if (wrt) return `${wrt[0]}, = torch.autograd.grad(Y, ${wrt[1]}, dY)`;
  if (pass === "update") return `torch.optim.SGD([K, b], lr=${lr}).step()`;
  const settings = [
    ...(op === "conv" ? stride.some((u) => u !== 1) : String(stride) !== String(kernel)) ? [`stride=${pair(stride)}`] : [],
    ...padding.some((u) => u !== 0) ? [`padding=${pair(padding)}`] : [],
    ...op !== "avg" && dilation.some((u) => u !== 1) ? [`dilation=${pair(dilation)}`] : [],
  ];
  const first = op === "conv" ? ["X", flip ? "K.flip(2, 3)" : "K", "b"] : ["X", pair(kernel)];
  return `Y = F.${op === "conv" ? "conv2d" : `${op}_pool2d`}(${[...first, ...settings].join(", ")})`;
}

/** "⌊(5 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3" of one axis. @param {import("../lib/conv.js").Axis} axis */
export const sizeWorked = ({ size, before, taps, dilation, stride, output }) => `⌊(${size} + 2·${before} − ${dilation}·(${taps} − 1) − 1) / ${stride}⌋ + 1 = ${output}`;

/** "[0, 1]", channels left out where there is one. @param {number[]} index @param {number[]} shape */
export function indexName(index, shape) {
  const shown = index.filter((_, axis) => axis >= shape.length - 2 && shape.length > 1 || shape[axis] > 1);
  return shown.length ? `[${shown.join(", ")}]` : "";
}

/** "dL/dY[0, 1]" @param {Name} name @param {number[]} index @param {number[]} shape */
export const cellName = (name, index, shape) => LETTERS[name] + indexName(index, shape);
