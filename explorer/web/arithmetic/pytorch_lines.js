/** The lines of PyTorch that compute what a pass writes, from the numbers on the page on: they run as they stand. */

import { operatorOf } from "../lib/arithmetic.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */

/** What the lines call each tensor, unless the operator says otherwise. @type {Record<string, string>} */
const VARIABLES = { input: "X", weight: "K", bias: "b", gradOutput: "dY" };
/** Gradients are asked for of these. */
const LEAVES = ["input", "weight", "bias"];
/** Whole numbers that index. */
const INDICES = ["target"];

/** "X = torch.tensor([1, 2], dtype=torch.float64).reshape(1, 1, 2)" @param {string} name @param {string} variable @param {import("../lib/arithmetic.js").Tensor} tensor */
function stated(name, variable, { shape, values }) {
  const list = `torch.tensor([${values.join(", ")}]${INDICES.includes(name) ? "" : ", dtype=torch.float64"})`;
  return `${variable} = ${list}${shape.length > 1 ? `.reshape(${shape.join(", ")})` : ""}${LEAVES.includes(name) ? ".requires_grad_()" : ""}`;
}

/** @param {import("../lib/arithmetic.js").Case} given @param {Record<string, Pass>} passes @param {Pass} pass of them */
export function pytorchLines(given, { forward }, pass) {
  const { inputs, variables } = operatorOf(given);
  return [
    "import torch",
    "import torch.nn.functional as F",
    "",
    ...inputs.map((name) => stated(name, variables?.[name] ?? VARIABLES[name], given.tensors[name])),
    "",
    ...(pass.direction === "forward" || pass === forward ? [] : [forward.torch]),
    ...(pass.before ?? []),
    pass.torch,
    `print(${pass.gives ?? pass.torch.split(/,? = /)[0]})`,
    "",
  ].join("\n");
}
