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

/**
 * Of a column: its maps' side, how many, the width that it keeps for them however low the track is, px inside and beside it, and its
 * width as a name alone. @typedef {{ side: number, most: number, room: number, padding: number, gap: number, stub: number }} Fit
 */

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
  const room = clamped(SMALLEST, pitch - least - frame, LARGEST);
  const side = clamped(SMALLEST, tallest, room);
  const most = height ? clamped(FEWEST, Math.floor((height - HEAD - MORE) / (side + GAP)), MOST) : MOST;
  return {
    side,
    most,
    room,
    padding,
    gap: clamped(least, pitch - frame - room, 16),
    stub: padding < 8 ? NARROW_STUB : STUB,
  };
}

/** The same on a narrow page, where the network runs downwards and each step is a row. @param {number} width px @returns {Fit} */
export function fittedRow(width) {
  const room = Math.floor((width - ROW_HEAD - ROW_MORE) / (ROW_SIDE + GAP));
  return { side: ROW_SIDE, most: clamped(FEWEST, room, MOST), room: ROW_SIDE, padding: 6, gap: 4, stub: STUB };
}

/** A column's share of the track: with its first maps, with all of them, or as its name alone. @typedef {"brief" | "whole" | "stub"} Look */

/**
 * How each column stands where one of them may show all of its maps: its neighbours keep a few, the others their names.
 * @param {boolean[]} folded columns that somebody folded @param {number} grown place of the column that shows all, −1 for none @returns {Look[]}
 */
export const looksOf = (folded, grown) =>
  folded.map((stub, place) =>
    stub ? "stub" : place === grown ? "whole" : grown < 0 || Math.abs(place - grown) <= 1 ? "brief" : "stub",
  );

/**
 * The channels that are to be shown first: those that are shown now keep their places, but that what has to be seen and is not
 * takes the place of the last one that has not.
 * @param {number[]} shown @param {number[]} needed the most important first @param {number} room for how many @returns {number[]}
 */
export function kept(shown, needed, room) {
  const found = shown.slice(0, room);
  const wanted = needed.slice(0, room);
  for (const channel of wanted.filter((each) => !found.includes(each))) {
    const given = found.length < room ? found.length : found.findLastIndex((each) => !wanted.includes(each));
    found[given] = channel;
  }
  return found;
}

/** px beside the maps of a column that shows all of them: for what is told of the step, and the least for the maps; px of a column's border. */
export const TOLD = 236,
  BORDER = 2;
const LEAST = 220;
/** Maps of a column beside one that shows all. */
const BESIDE = 2;

/**
 * How a column stands: `side` of a map, px; `most`: maps of a brief column; `width`, `height`: room for the maps of a whole one; `turned`: a row instead.
 * @typedef {{ look: Look, side: number, most: number, width: number, height: number, turned: boolean, zoom: number }} Stand
 */

/**
 * How each column of a track stands, and how large they are drawn.
 * @param {{ folded: boolean[], grown: number, named: number, width: number, height: number, turned: boolean, zoom: number }} track
 *   `folded`, `grown` as of `looksOf`; the rest as of `fitted`; `turned`: it runs downwards
 * @returns {{ fit: Fit, stands: Stand[] }}
 */
export function standsOf({ folded, grown, named, width, height, turned, zoom }) {
  const looks = looksOf(folded, grown);
  const fit = turned ? fittedRow(width) : fitted({ count: folded.length, width, height, named });
  const frame = 2 * fit.padding + BORDER;
  const widths = { stub: fit.stub, brief: fit.room + frame, whole: 0 };
  const others = looks.reduce((sum, look) => sum + fit.gap + widths[look], 0);
  const room = turned ? width - frame : Math.max(TOLD + LEAST, width - others - frame) - TOLD;
  const most = grown < 0 ? fit.most : Math.min(BESIDE, fit.most);
  const shared = { side: fit.side, most, width: room, height: height && height - frame, turned, zoom };
  return { fit, stands: looks.map((look) => ({ look, ...shared })) };
}
