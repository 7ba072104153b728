/** How large the network is drawn, so that all of it is seen at once: side and number of maps, and the space between columns. */

/** Maps of a column at most, and at least; the side of a map, px. */
const MOST = 8,
  FEWEST = 2;
const SMALLEST = 28,
  LARGEST = 48;
/** px of a column that are no maps: its name and shape, and what says how many maps are left out. */
const HEAD = 42,
  MORE = 24;
/** px between maps. */
const GAP = 2;
/** px of a row's name on a narrow page, and what follows its maps. */
export const ROW_HEAD = 74;
const ROW_MORE = 58,
  ROW_SIDE = 34;
/** A column folded to its name, where there is room and where there is little, px. */
const STUB = 24,
  NARROW_STUB = 18;

const clamped = (/** @type {number} */ low, /** @type {number} */ value, /** @type {number} */ high) =>
  Math.max(low, Math.min(high, value));

/** Of a column: its maps' side, how many, px inside and beside it, and its width as a name alone. @typedef {{ side: number, most: number, padding: number, gap: number, stub: number }} Fit */

/**
 * @param {{ count: number, width: number, height: number, named: number }} track columns on it, its size in px, without the edges; a
 *   `height` of 0: as high as it has to be; `named`: px that names of classes take
 * @returns {Fit}
 */
export function fitted({ count, width, height, named }) {
  const pitch = Math.floor((width - named) / Math.max(1, count));
  const [padding, least] = pitch < 54 ? [4, 3] : [8, 4];
  const frame = 2 * padding + 2;
  const tallest = height ? Math.floor((height - HEAD - MORE + GAP) / MOST) - GAP : LARGEST;
  const side = clamped(SMALLEST, Math.min(pitch - least - frame, tallest), LARGEST);
  const most = height ? clamped(FEWEST, Math.floor((height - HEAD - MORE) / (side + GAP)), MOST) : MOST;
  return { side, most, padding, gap: clamped(least, pitch - frame - side, 16), stub: padding < 8 ? NARROW_STUB : STUB };
}

/** The same on a narrow page, where the network runs downwards and each step is a row. @param {number} width px @returns {Fit} */
export function fittedRow(width) {
  const room = Math.floor((width - ROW_HEAD - ROW_MORE) / (ROW_SIDE + GAP));
  return { side: ROW_SIDE, most: clamped(FEWEST, room, MOST), padding: 6, gap: 4, stub: STUB };
}
