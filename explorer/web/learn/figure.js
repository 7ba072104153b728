/** The matrices of a walk as a drawing for paper: what is read, and what comes of it, left empty for the pencil or filled. */

import { short } from "../lib/numbers.js";
import { planesOf } from "../lib/planes.js";
import { svg } from "../parts/dom.js";

/** @typedef {import("../lib/lesson/world.js").Walk} Walk */

/** Side of a cell, between matrices, of the title above one; user units. */
const [CELL, GAP, TITLE] = [34, 26, 22];
/** What is larger is not drawn: it would not fit a sheet. */
const MOST = 8;

/** @param {{ shape: number[], values: ArrayLike<number> }} tensor @param {string} title @param {number} left @param {boolean} empty @returns {{ parts: SVGElement[], width: number, height: number } | null} */
function grid({ shape, values }, title, left, empty) {
  const { planes, rows, columns } = planesOf(shape);
  if (planes !== 1 || rows > MOST || columns > MOST) return null;
  const parts = [svg("text", { x: left, y: 14, "font-size": 14 }, title)];
  for (let k = 0; k < rows * columns; k++) {
    const [x, y] = [left + (k % columns) * CELL, TITLE + Math.floor(k / columns) * CELL];
    parts.push(svg("rect", { x, y, width: CELL, height: CELL, fill: "none", stroke: "currentColor" }));
    if (!empty)
      parts.push(
        svg(
          "text",
          { x: x + CELL / 2, y: y + CELL / 2 + 5, "text-anchor": "middle", "font-size": 12 },
          short(values[k], 3),
        ),
      );
  }
  return { parts, width: columns * CELL, height: TITLE + rows * CELL };
}

/** @param {Walk} walk @param {boolean} answers whether the results stand in it @returns {SVGElement | null} null where there is nothing that fits */
export function figureOf({ pass, tensors, given }, answers) {
  if (!pass) return null;
  const names = [
    ...pass.reads.filter((name) => name in given.tensors),
    ...pass.targets.filter((name) => name in tensors),
  ];
  /** @type {Record<string, string>} */
  const letters = {
    input: "X",
    weight: "K",
    bias: "b",
    gradOutput: "dL/dY",
    output: "Y",
    gradInput: "dL/dX",
    gradWeight: "dL/dK",
    gradBias: "dL/db",
  };
  const parts = [];
  let [left, height] = [0, 0];
  for (const name of names) {
    const drawn = grid(tensors[name], letters[name] ?? name, left, !answers && pass.targets.includes(name));
    if (!drawn) return null;
    parts.push(...drawn.parts);
    left += Math.max(drawn.width, 60) + GAP;
    height = Math.max(height, drawn.height);
  }
  const label = names.map((name) => letters[name] ?? name).join(", ");
  return svg(
    "svg",
    {
      viewBox: `-1 0 ${left} ${height + 2}`,
      width: left,
      height: height + 2,
      role: "img",
      "aria-label": label,
      fill: "currentColor",
    },
    ...parts,
  );
}
