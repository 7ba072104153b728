/** Where on a map most of it lies: its nine regions, in words that people use. */

const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "centre", "right"];

/** @typedef {{ name: string, sum: number }} Region  `name`: "top.left" … "bottom.right" */

/**
 * The regions with the largest and with the lowest sum.
 * @param {ArrayLike<number>} values row by row @param {number} rows @param {number} columns @returns {{ most: Region, least: Region }}
 */
export function strongestRegions(values, rows, columns) {
  const regions = ROWS.flatMap((row) => COLUMNS.map((column) => ({ name: `${row}.${column}`, sum: 0 })));
  for (let k = 0; k < rows * columns; k++) {
    const [y, x] = [Math.floor(k / columns), k % columns];
    regions[3 * Math.floor((3 * y) / rows) + Math.floor((3 * x) / columns)].sum += values[k];
  }
  regions.sort((a, b) => b.sum - a.sum);
  return { most: regions[0], least: regions[regions.length - 1] };
}
