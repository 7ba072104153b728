/** A chain of kernels as PyTorch: one line for each kernel, or a program that runs and gives the tensor. */

import { divisorOf } from "./shading.js";
import { sumOf } from "./kernels.js";

/** @typedef {import("./kernels.js").Stage} Stage */

/** @param {[number, number]} two */
const pair = ([rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);

/**
 * The line that computes the sums of a kernel on planes of shape (C, 1, H, W).
 * @param {Stage} stage @param {string} [weight] its name in the program
 */
export function torchLine({ stride, dilation, padding, mode, flip, kernel }, weight = "w") {
  const applied = flip ? `${weight}.flip(2, 3)` : weight;
  const steps = [
    ...(stride.some((u) => u !== 1) ? [`stride=${pair(stride)}`] : []),
    ...(dilation.some((u) => u !== 1) ? [`dilation=${pair(dilation)}`] : []),
  ];
  const amounts =
    padding === "same"
      ? [kernel.rows, kernel.columns].map((taps, axis) => {
          const total = dilation[axis] * (taps - 1);
          return [Math.floor(total / 2), total - Math.floor(total / 2)];
        })
      : padding === "valid"
        ? [
            [0, 0],
            [0, 0],
          ]
        : padding.map((u) => [u, u]);
  if (amounts.flat().every((u) => u === 0)) return `F.conv2d(${["x", applied, ...steps].join(", ")})`;
  const even = amounts.every(([before, after]) => before === after);
  if (mode === "zeros" && even)
    return `F.conv2d(${["x", applied, `padding=${pair([amounts[0][0], amounts[1][0]])}`, ...steps].join(", ")})`;
  const around = [...amounts[1], ...amounts[0]].join(", ");
  const how = mode === "zeros" ? "" : `, mode="${mode}"`;
  return `F.conv2d(${[`F.pad(x, (${around})${how})`, applied, ...steps].join(", ")})`;
}

/** @param {import("./conv.js").Kernel} kernel */
function literal({ rows, columns, values }) {
  const lines = Array.from(
    { length: rows },
    (_, i) => `    [${values.slice(i * columns, (i + 1) * columns).join(", ")}],`,
  );
  return `torch.tensor([\n${lines.join("\n")}\n], dtype=torch.float64)[None, None]`;
}

/** What a kernel hands on to the next, as a line of PyTorch, or none for its values as they are. */
const PASSES = { values: [], absolute: ["x = x.abs()"], clamp: ["x = x.clamp(0, 255)"] };

/** How the picture is read. @type {Record<"rgb" | "grey" | "map", string[]>} */
const READING = {
  rgb: [
    'picture = Image.open("picture.png").convert("RGB")',
    "x = torch.tensor(np.asarray(picture), dtype=torch.float64).permute(2, 0, 1)[:, None]  # (3, 1, H, W)",
  ],
  grey: [
    'picture = Image.open("picture.png").convert("RGB").convert("L")',
    "x = torch.tensor(np.asarray(picture), dtype=torch.float64)[None, None]  # (1, 1, H, W)",
  ],
  map: ['x = torch.from_numpy(np.load("map.npy"))[None, None]  # (1, 1, H, W)'],
};

/**
 * A program of Python that reads the picture as this page saves it, and leaves the values of the last kernel in `x`.
 * @param {{ channels: "rgb" | "grey", stages: Stage[] }} state @param {boolean} map the picture is a feature map
 */
export function torchProgram({ channels, stages }, map) {
  const applied = stages.filter(({ on }) => on);
  const lines = applied.flatMap((stage, k) => {
    const divisor = divisorOf(stage.normalise, sumOf(stage.kernel));
    const name = applied.length > 1 ? `w${k + 1}` : "w";
    return [
      "",
      `${name} = ${literal(stage.kernel)}`,
      `x = ${torchLine(stage, name)}${divisor === 1 ? "" : ` / ${divisor}`}${stage.bias === 0 ? "" : stage.bias < 0 ? ` - ${-stage.bias}` : ` + ${stage.bias}`}`,
      ...(k < applied.length - 1 ? PASSES[stage.pass] : []),
    ];
  });
  const imports = [
    "import numpy as np",
    "import torch",
    "import torch.nn.functional as F",
    ...(map ? [] : ["from PIL import Image"]),
  ];
  return `${[...imports, "", ...READING[map ? "map" : channels], ...lines].join("\n")}\n`;
}
