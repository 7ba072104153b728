/** A tensor as planes: what has rows and columns on the screen. */

/** Without padding around. @type {import("./arithmetic.js").Ring} */
export const NO_RING = { top: 0, bottom: 0, left: 0, right: 0 };

/** A shape as planes of rows and columns. @param {number[]} shape */
export const planesOf = (shape) => ({
  planes: shape.length < 2 ? 1 : shape.slice(0, -2).reduce((all, extent) => all * extent, 1),
  rows: shape.length < 2 ? 1 : shape[shape.length - 2],
  columns: shape[shape.length - 1],
});
