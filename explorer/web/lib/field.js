/**
 * Receptive fields and influence in the browser, from the geometry that `core.explain.geometry` sent once. A set of a
 * tensor's cells is a list of blocks, a block one Uint8Array per axis: the cells whose every coordinate is set. Nearly
 * all operations keep a block a block, so a hover costs the sum of the axes' lengths and not their product.
 */

import { largestOf, smallestOf } from "./numbers.js";

/** @typedef {Uint8Array[]} Block */
/**
 * How one axis of an input depends on the output's `axis`, null for none of them; `size`: of the input's axis.
 * @typedef {{ kind: "window", axis: number | null, size: number, stride: number, offset: number, taps: number, dilation: number, divide: number }
 *   | { kind: "bins", axis: number | null, size: number, bins: number }
 *   | { kind: "spread", axis: number | null, size: number, taps: number, stride: number, padding: number, dilation: number }
 *   | { kind: "lookup", axis: number | null, size: number, table: number[] }
 *   | { kind: "taps", axis: number | null, size: number, table: number[][] }} Rule
 */
/** The numbers of a tensor, in lists as deep as it has axes. @typedef {number | Numbers[]} Numbers */
/** @typedef {{ kind: "product", axes: Rule[], output_shape: number[] }} Product */
/**
 * How a step's output depends on its parent's; of a rearrangement `source` has the input cell's number, of a fold `target`
 * the output cell's, −1 for none.
 * @typedef {{ parent: number } & (Product | { kind: "reshape", input_shape: number[], output_shape: number[] }
 *   | { kind: "gather", input_shape: number[], source: Numbers[] }
 *   | { kind: "scatter", output_shape: number[], target: Numbers[] })} Relation
 */

/** @typedef {{ same: boolean, taps: number, at: Int32Array }} Table  `at`: `taps` input positions of each output position, −1 for none */

/** The input positions of output position o, padding included. @param {Rule} rule @param {number} o @returns {number[]} */
export function positions(rule, o) {
  if (rule.kind === "lookup") return [rule.table[o]];
  if (rule.kind === "taps") return rule.table[o];
  const count =
    rule.kind === "bins"
      ? Math.ceil(((o + 1) * rule.size) / rule.bins) - Math.floor((o * rule.size) / rule.bins)
      : rule.taps;
  const found = [];
  for (let tap = 0; tap < count; tap++) {
    if (rule.kind === "window")
      found.push(Math.floor(o / rule.divide) * rule.stride + rule.offset + rule.dilation * tap);
    else if (rule.kind === "bins") found.push(Math.floor((o * rule.size) / rule.bins) + tap);
    else if ((o + rule.padding - rule.dilation * tap) % rule.stride === 0)
      found.push((o + rule.padding - rule.dilation * tap) / rule.stride);
  }
  return found;
}

/** Every rule's table, made when it is first needed. @type {WeakMap<Rule, Table>} */
const tables = new WeakMap();

/** @param {Rule} rule @param {number} outputs positions on the output's axis @returns {Table} */
function tableOf(rule, outputs) {
  let table = tables.get(rule);
  if (!table) {
    const rows = Array.from({ length: outputs }, (_, o) => positions(rule, o).filter((p) => p >= 0 && p < rule.size));
    const taps = largestOf(
      rows.map((row) => row.length),
      1,
    );
    const at = new Int32Array(outputs * taps).fill(-1);
    rows.forEach((row, o) => at.set(row, o * taps));
    table = { same: outputs === rule.size && taps === 1 && at.every((p, o) => p === o), taps, at };
    tables.set(rule, table);
  }
  return table;
}

const some = (/** @type {Uint8Array} */ axis) => axis.includes(1);
const full = (/** @type {number} */ size) => new Uint8Array(size).fill(1);
const ONE = full(1);

/** @param {Product} relation @param {Block} block of output cells @returns {Block[]} the input cells they are made of */
function productBack({ axes }, block) {
  const found = axes.map((rule) => {
    const outputs = rule.axis === null ? ONE : block[rule.axis];
    const { same, taps, at } = tableOf(rule, outputs.length);
    if (same) return outputs;
    const axis = new Uint8Array(rule.size);
    for (let o = 0; o < outputs.length; o++) {
      if (outputs[o]) for (let k = o * taps; k < (o + 1) * taps; k++) if (at[k] >= 0) axis[at[k]] = 1;
    }
    return axis;
  });
  return found.every(some) ? [found] : [];
}

/** @param {Product} relation @param {Block} block of input cells @returns {Block[]} the output cells made of them */
function productForward({ axes, output_shape }, block) {
  const found = output_shape.map(full);
  for (const [k, rule] of axes.entries()) {
    const axis = rule.axis === null ? full(1) : found[rule.axis];
    const { taps, at } = tableOf(rule, axis.length);
    for (let o = 0; o < axis.length; o++) {
      if (axis[o]) axis[o] = Number(touches(at, o * taps, taps, block[k]));
    }
    if (rule.axis === null && !axis[0]) return [];
  }
  return found.every(some) ? [found] : [];
}

/** @param {Int32Array} at @param {number} start @param {number} taps @param {Uint8Array} axis */
function touches(at, start, taps, axis) {
  for (let k = start; k < start + taps; k++) if (at[k] >= 0 && axis[at[k]]) return true;
  return false;
}

/** @param {Numbers} numbers @returns {number[]} in row-major order */
const flatten = (numbers) => (typeof numbers === "number" ? [numbers] : numbers.flatMap(flatten));

const sizeOf = (/** @type {number[]} */ shape) => shape.reduce((all, size) => all * size, 1);

/** A block as one flag per cell in row-major order. @param {Block} block @returns {Uint8Array} */
function flat(block) {
  return block.reduce(
    (cells, axis) => {
      const wider = new Uint8Array(cells.length * axis.length);
      cells.forEach((on, k) => {
        if (on) wider.set(axis, k * axis.length);
      });
      return wider;
    },
    new Uint8Array([1]),
  );
}

/** Flags in row-major order as blocks: equal slices along the first axis become one. @param {Uint8Array} cells @param {number[]} shape @returns {Block[]} */
function blocksOf(cells, shape) {
  if (!some(cells)) return [];
  if (cells.every((on) => on)) return [shape.map(full)];
  if (shape.length === 1) return [[cells]];
  const slice = cells.length / shape[0];
  /** @type {Map<string, number[]>} */
  const alike = new Map();
  for (let k = 0; k < shape[0]; k++) {
    const part = cells.subarray(k * slice, (k + 1) * slice);
    if (!some(part)) continue;
    const key = part.join("");
    alike.set(key, [...(alike.get(key) ?? []), k]);
  }
  return [...alike.values()].flatMap((members) => {
    const axis = new Uint8Array(shape[0]);
    for (const k of members) axis[k] = 1;
    return blocksOf(cells.slice(members[0] * slice, (members[0] + 1) * slice), shape.slice(1)).map((rest) => [
      axis,
      ...rest,
    ]);
  });
}

/** The cells that those which are on go to. @param {Uint8Array} on @param {Numbers} places number of each one's cell @param {number[]} shape */
function put(on, places, shape) {
  const [cells, at] = [new Uint8Array(sizeOf(shape)), flatten(places)];
  on.forEach((set, k) => {
    if (set && at[k] >= 0) cells[at[k]] = 1;
  });
  return blocksOf(cells, shape);
}

/** The cells that come from one that is on. @param {Uint8Array} on @param {Numbers} places @param {number[]} shape */
const taken = (on, places, shape) =>
  blocksOf(
    Uint8Array.from(flatten(places), (k) => (k >= 0 ? on[k] : 0)),
    shape,
  );

/** @param {Numbers} numbers @returns {number[]} sizes of each axis */
const shapeOfNumbers = (numbers) =>
  typeof numbers === "number" ? [] : [numbers.length, ...(numbers.length ? shapeOfNumbers(numbers[0]) : [])];

/** @param {Relation} relation @param {Block} block @returns {Block[]} */
function back(relation, block) {
  if (relation.kind === "product") return productBack(relation, block);
  if (relation.kind === "reshape") return blocksOf(flat(block), relation.input_shape);
  if (relation.kind === "scatter") return taken(flat(block), relation.target, shapeOfNumbers(relation.target));
  return put(flat(block), relation.source, relation.input_shape);
}

/** @param {Relation} relation @param {Block} block @param {number[]} outputShape @returns {Block[]} */
function forward(relation, block, outputShape) {
  if (relation.kind === "product") return productForward(relation, block);
  const on = flat(block);
  if (relation.kind === "reshape") return blocksOf(on, relation.output_shape);
  if (relation.kind === "scatter") return put(on, relation.target, outputShape);
  return taken(on, relation.source, outputShape);
}

/** @param {Uint8Array} outer @param {Uint8Array} inner */
function covers(outer, inner) {
  if (outer !== inner) for (let i = 0; i < inner.length; i++) if (inner[i] > outer[i]) return false;
  return true;
}
const holds = (/** @type {Block} */ outer, /** @type {Block} */ inner) =>
  inner.every((axis, k) => covers(outer[k], axis));

/** @param {Map<number, Block[]>} sets @param {number} step @param {Block[]} blocks */
function add(sets, step, blocks) {
  let known = sets.get(step) ?? [];
  for (const block of blocks) {
    if (known.some((one) => holds(one, block))) continue;
    known = [...known.filter((one) => !holds(block, one)), block];
  }
  if (known.length) sets.set(step, known);
}

/**
 * What one cell is made of and what it influences: the cells of every other step, and of the input (-1), as blocks.
 * @param {Record<string, Relation>[]} geometry relations by argument, for each step
 * @param {(step: number) => number[]} shapeOf
 * @param {number} step @param {number[]} cell index in the step's output
 * @returns {{ sources: Map<number, Block[]>, influence: Map<number, Block[]> }}
 */
export function fieldsOf(geometry, shapeOf, step, cell) {
  const start = shapeOf(step).map((size, axis) =>
    Uint8Array.from({ length: size }, (_, k) => Number(k === cell[axis])),
  );
  const sources = new Map([[step, [start]]]);
  for (let later = step; later >= 0; later--) {
    for (const block of sources.get(later) ?? []) {
      for (const relation of Object.values(geometry[later])) add(sources, relation.parent, back(relation, block));
    }
  }
  const influence = new Map([[step, [start]]]);
  for (let later = step + 1; later < geometry.length; later++) {
    for (const relation of Object.values(geometry[later])) {
      for (const block of influence.get(relation.parent) ?? [])
        add(influence, later, forward(relation, block, shapeOf(later)));
    }
  }
  sources.delete(step);
  influence.delete(step);
  return { sources, influence };
}

/** The runs of set positions: [start, length] each. @param {Uint8Array} axis @returns {[number, number][]} */
export function runs(axis) {
  /** @type {[number, number][]} */
  const found = [];
  axis.forEach((on, k) => {
    if (!on) return;
    const last = found[found.length - 1];
    if (last && last[0] + last[1] === k) last[1] += 1;
    else found.push([k, 1]);
  });
  return found;
}

/** @typedef {{ left: number, top: number, width: number, height: number }} Rectangle */

/**
 * The part of a picture that input cells were made from: its box, over what moved its pixels (`warp`); null where the
 * model's own preprocess chose it.
 * @param {Block[]} blocks of the input, rows and columns last @param {{ box: number[] | null, fits: number[], warp?: number[][] | null }} stages
 * @returns {Rectangle | null} in shares of the picture
 */
export function cutRectangle(blocks, { box, fits: [height, width], warp }) {
  if (!box) return null;
  const [left, top, right, bottom] = boundsOf(blocks, [height, width], warp).map(
    (u, k) => u / (k % 2 ? height : width),
  );
  const [across, down] = [box[2] - box[0], box[3] - box[1]];
  return {
    left: box[0] + left * across,
    top: box[1] + top * down,
    width: (right - left) * across,
    height: (bottom - top) * down,
  };
}

/**
 * Where input cells lie in the picture before its perturbation: [left, top, right, bottom], pixels.
 * @param {Block[]} blocks @param {number[]} size of the picture, [height, width] @param {number[][] | null} [warp]
 */
function boundsOf(blocks, size, warp) {
  const extent = (/** @type {number} */ fromEnd) => {
    const axes = blocks.map((block) => block[block.length - fromEnd]);
    const pixel = size[2 - fromEnd] / axes[0].length;
    return [
      smallestOf(axes.map((axis) => axis.indexOf(1))) * pixel,
      (largestOf(axes.map((axis) => axis.lastIndexOf(1))) + 1) * pixel,
    ];
  };
  const [rows, columns] = [extent(2), extent(1)];
  const still = [
    [1, 0, 0],
    [0, 1, 0],
  ];
  const corners = columns.flatMap((x) => rows.map((y) => (warp ?? still).map(([a, b, c]) => a * x + b * y + c)));
  return [smallestOf, largestOf].flatMap((end) => [0, 1].map((axis) => end(corners.map((corner) => corner[axis]))));
}

/**
 * The part of the pad that input cells were made from, or null for an empty pad: preprocessing backwards, from the
 * input's pixels over what moved them (`warp`), the centred picture and the 20×20 box to the ink.
 * @param {Block[]} blocks of the input, rows and columns last
 * @param {{ empty: boolean, centred: boolean, box: number[] | null, scale: number, shift: number[], scaled: { side: number }, picture: { side: number }, warp?: number[][] | null }} stages
 * @returns {Rectangle | null} in pad sides
 */
export function padRectangle(blocks, { empty, centred, box, scale, shift, scaled, picture, warp }) {
  if (empty || !box) return null;
  const [left, top, right, bottom] = boundsOf(blocks, [picture.side, picture.side], warp);
  if (!centred)
    return {
      left: left / picture.side,
      top: top / picture.side,
      width: (right - left) / picture.side,
      height: (bottom - top) / picture.side,
    };
  const margin = (picture.side - scaled.side) / 2;
  const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const onPad = (/** @type {number} */ pixel, /** @type {number} */ axis) =>
    (pixel - margin - shift[axis] - scaled.side / 2) / scale + middle[axis];
  return { left: onPad(left, 0), top: onPad(top, 1), width: (right - left) / scale, height: (bottom - top) / scale };
}
