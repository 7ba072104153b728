/**
 * Where the maps of one step stand in its picture, in CSS pixels: every cell a square of `zoom` pixels, maps in columns,
 * `gap` pixels between neighbours. Where `zoom` is no whole number, a cell begins at the nearest whole pixel.
 */

import { runs } from "./field.js";

/**
 * @typedef {{ channels: number, rows: number, columns: number, count: number, across: number, down: number,
 *   zoom: number, gap: number, width: number, height: number }} Grid
 */
/** @typedef {{ channel: number, row: number, column: number }} Cell */

export const GAP = 2;
/** The tallest column of maps. */
const TALLEST = 420;
const LARGEST_ZOOM = 18;

/** The side a map is drawn at, by how many there are. @param {number} channels */
const targetSide = (channels) =>
  channels === 1 ? 140 : channels <= 10 ? 72 : channels <= 32 ? 50 : channels <= 64 ? 36 : 28;

/**
 * @param {{ rows: number, columns: number, count: number }} map rows × columns cells a map, of which `count` hold values
 * @param {number} channels maps shown
 * @returns {Grid}
 */
export function gridOf({ rows, columns, count }, channels) {
  const zoom =
    columns === 1
      ? LARGEST_ZOOM
      : Math.max(1, Math.min(LARGEST_ZOOM, Math.round(targetSide(channels) / Math.max(rows, columns))));
  const across = Math.ceil(channels / Math.max(1, Math.floor((TALLEST + GAP) / (rows * zoom + GAP))));
  const down = Math.ceil(channels / across);
  return {
    channels,
    rows,
    columns,
    count,
    across,
    down,
    zoom,
    gap: GAP,
    width: across * (columns * zoom + GAP) - GAP,
    height: down * (rows * zoom + GAP) - GAP,
  };
}

/** Where a row or column of cells begins in its map. @param {Grid} grid @param {number} k */
const edge = ({ zoom }, k) => Math.round(k * zoom);

/** The row or column of cells at a pixel of a map, the inverse of `edge`. @param {Grid} grid @param {number} pixel */
function cellOf(grid, pixel) {
  const near = Math.floor(pixel / grid.zoom);
  return edge(grid, near + 1) <= pixel ? near + 1 : edge(grid, near) > pixel ? near - 1 : near;
}

/** A map's width and height on the page. @param {Grid} grid */
const sidesOf = (grid) => [edge(grid, grid.columns), edge(grid, grid.rows)];

/**
 * Maps in a single column, each as large as fits into a square of `side`, or, turned, in a single row.
 * @param {{ rows: number, columns: number, count: number }} map @param {number} channels maps shown
 * @param {number} side px @param {boolean} turned
 * @param {number} [gap] px between maps
 * @returns {Grid}
 */
export function lineOf({ rows, columns, count }, channels, side, turned, gap = GAP) {
  const zoom = side / Math.max(rows, columns);
  const [across, down] = turned ? [channels, 1] : [1, channels];
  const grid = { channels, rows, columns, count, across, down, zoom, gap, width: 0, height: 0 };
  const [width, height] = sidesOf(grid);
  return { ...grid, width: across * (width + gap) - gap, height: down * (height + gap) - gap };
}

/**
 * Maps as large as a frame lets them be, cells of whole pixels; where even the smallest do not fit, they are wider than it.
 * @param {{ rows: number, columns: number, count: number }} map @param {number} channels maps shown
 * @param {number} width px @param {number} height px
 * @param {number} [gap] px between maps
 * @returns {Grid}
 */
export function filling({ rows, columns, count }, channels, width, height, gap = GAP) {
  const laid = (/** @type {number} */ zoom) => {
    const down = Math.min(channels, Math.max(1, Math.floor((height + gap) / (rows * zoom + gap))));
    const across = Math.ceil(channels / down);
    const size = [across * (columns * zoom + gap) - gap, down * (rows * zoom + gap) - gap];
    return { channels, rows, columns, count, across, down, zoom, gap, width: size[0], height: size[1] };
  };
  for (let zoom = LARGEST_ZOOM; zoom > 1; zoom--) {
    const grid = laid(zoom);
    if (grid.width <= width && grid.height <= height) return grid;
  }
  return laid(1);
}

/**
 * A vector's values in rows that fill a strip, every one at least a pixel.
 * @template {{ rows: number, columns: number, count: number }} M @param {M} map @param {number} width px @param {number} height px
 * @returns {M & { zoom: number }}
 */
export function stripOf(map, width, height) {
  let zoom = Math.min(LARGEST_ZOOM, width);
  while (zoom > 1 && Math.ceil(map.count / Math.floor(width / zoom)) * zoom > height) zoom--;
  const columns = Math.min(map.count, Math.floor(width / zoom));
  return { ...map, columns, rows: Math.ceil(map.count / columns), zoom };
}

/** The same maps, `times` as large. @param {Grid} grid @param {number} times @returns {Grid} */
export const enlarged = (grid, times) => ({
  ...grid,
  zoom: grid.zoom * times,
  gap: grid.gap * times,
  width: grid.width * times,
  height: grid.height * times,
});

/** Where a map begins: maps run down the first column, then down the next. @param {Grid} grid @param {number} channel */
export function originOf(grid, channel) {
  const [width, height] = sidesOf(grid);
  return { x: Math.floor(channel / grid.down) * (width + grid.gap), y: (channel % grid.down) * (height + grid.gap) };
}

/** Where a cell is drawn. @param {Grid} grid @param {Cell} cell */
export function rectangleOf(grid, { channel, row, column }) {
  const { x, y } = originOf(grid, channel);
  const [left, top] = [edge(grid, column), edge(grid, row)];
  const [width, height] = [edge(grid, column + 1) - left, edge(grid, row + 1) - top];
  return { x: x + left, y: y + top, width, height };
}

/** The picture's outline as a CSS shape: without the places after the last map, or after a vector's last value. @param {Grid} grid */
export function outlineOf(grid) {
  const { x, y } = originOf(grid, grid.channels - 1);
  const rest = grid.count % grid.columns;
  const single = grid.channels === 1;
  const corner = single
    ? { x: edge(grid, rest), y: edge(grid, grid.rows - 1) }
    : { x: x - grid.gap, y: y + edge(grid, grid.rows) };
  if (single ? rest === 0 : corner.y === grid.height) return "none";
  const places = [
    [0, 0],
    [grid.width, 0],
    [grid.width, corner.y],
    [corner.x, corner.y],
    [corner.x, grid.height],
    [0, grid.height],
  ];
  return `polygon(${places.map(([left, top]) => `${left}px ${top}px`).join(", ")})`;
}

/**
 * The cell at a point, or null between maps and past the last value.
 * @param {Grid} grid @param {number} x @param {number} y @returns {Cell | null}
 */
export function cellAt(grid, x, y) {
  const [pitchX, pitchY] = sidesOf(grid).map((side) => side + grid.gap);
  const [across, down] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
  const cell = {
    channel: across * grid.down + down,
    row: cellOf(grid, Math.floor(y - down * pitchY)),
    column: cellOf(grid, Math.floor(x - across * pitchX)),
  };
  return x >= 0 && y >= 0 && down < grid.down && holds(grid, cell) ? cell : null;
}

/** @param {Grid} grid @param {Cell} cell */
function holds(grid, { channel, row, column }) {
  return (
    channel >= 0 &&
    channel < grid.channels &&
    row >= 0 &&
    row < grid.rows &&
    column >= 0 &&
    column < grid.columns &&
    row * grid.columns + column < grid.count
  );
}

/**
 * The cell reached from `cell` by a key, or null for other keys: arrows move inside a map, Page Up and Page Down to the
 * neighbouring map, Home and End to the first and last. At an edge the cell stays.
 * @param {Grid} grid @param {Cell} cell @param {string} key @returns {Cell | null}
 */
export function cellAfterKey(grid, cell, key) {
  const change = {
    ArrowLeft: { column: cell.column - 1 },
    ArrowRight: { column: cell.column + 1 },
    ArrowUp: { row: cell.row - 1 },
    ArrowDown: { row: cell.row + 1 },
    PageUp: { channel: cell.channel - 1 },
    PageDown: { channel: cell.channel + 1 },
    Home: { channel: 0 },
    End: { channel: grid.channels - 1 },
  }[key];
  if (!change) return null;
  const moved = { ...cell, ...change };
  return holds(grid, moved) ? moved : cell;
}

/** The axes that count a tensor's maps: all but the last two, or the first of two. @param {number[]} size */
const channelAxes = (size) => size.slice(0, Math.max(1, size.length - 2));

/**
 * The tensor's index of a map's cell: the first value of it, where a cell is the mean of a block.
 * @param {{ size: number[], columns: number, block: number }} map @param {number} axes of the tensor, batch included
 * @param {Cell} cell @returns {number[]}
 */
export function tensorIndex({ size, columns, block }, axes, { channel, row, column }) {
  let inside = [row * columns + column];
  if (size.length > 1) {
    inside = size.length > 2 ? [row * block, column * block] : [column * block];
    let rest = channel;
    for (const length of channelAxes(size).reverse()) {
      inside.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
  }
  return axes > size.length ? [0, ...inside] : inside;
}

/** The map's cell of a tensor's index, the inverse of `tensorIndex`. @param {{ size: number[], columns: number, block: number }} map @param {number[]} index @returns {Cell} */
export function mapCell({ size, columns, block }, index) {
  const inside = index.slice(index.length - size.length);
  if (size.length === 1) return { channel: 0, row: Math.floor(inside[0] / columns), column: inside[0] % columns };
  const channel = channelAxes(size).reduce((number, length, axis) => number * length + inside[axis], 0);
  const row = size.length > 2 ? Math.floor(inside[size.length - 2] / block) : 0;
  return { channel, row, column: Math.floor(inside[size.length - 1] / block) };
}

/**
 * Where a block of a tensor's cells lies in its picture: a rectangle for each run of rows and of columns, in each map.
 * @param {Uint8Array[]} cells one flag for each position on each axis of a sample @param {{ size: number[], columns: number, block: number }} map
 * @param {Grid} grid @param {ArrayLike<number>} channels the channel of each map
 * @returns {{ x: number, y: number, width: number, height: number }[]}
 */
export function rectanglesOf(cells, { size, block }, grid, channels) {
  const { columns } = grid;
  const span = (/** @type {number} */ from, /** @type {number} */ to) => [
    edge(grid, from),
    edge(grid, to) - edge(grid, from),
  ];
  if (size.length === 1) {
    const parts = runs(cells[0]).flatMap(([start, length]) => byRows(start, length, columns));
    return parts.map(([row, column, length, rows]) => {
      const [[x, width], [y, height]] = [span(column, column + length), span(row, row + rows)];
      return { x, y, width, height };
    });
  }
  const pixels = (/** @type {[number, number]} */ [start, length]) =>
    span(Math.floor(start / block), Math.floor((start + length - 1) / block) + 1);
  const across = runs(cells[size.length - 1]).map(pixels);
  const down = size.length > 2 ? runs(cells[size.length - 2]).map(pixels) : [span(0, 1)];
  const found = [];
  for (let place = 0; place < channels.length; place++) {
    const index = tensorIndex({ size, columns, block }, size.length, { channel: channels[place], row: 0, column: 0 });
    if (!channelAxes(size).every((_, axis) => cells[axis][index[axis]])) continue;
    const { x, y } = originOf(grid, place);
    for (const [top, height] of down)
      for (const [left, width] of across) found.push({ x: x + left, y: y + top, width, height });
  }
  return found;
}

/** A run of a vector's values as row, column, length and number of rows of its parts; whole rows are one. @param {number} start @param {number} length @param {number} columns @returns {[number, number, number, number][]} */
function byRows(start, length, columns) {
  /** @type {[number, number, number, number][]} */
  const found = [];
  for (let at = start; at < start + length;) {
    const column = at % columns;
    const left = start + length - at;
    const rows = column === 0 ? Math.max(1, Math.floor(left / columns)) : 1;
    const across = Math.min(columns - column, left);
    found.push([Math.floor(at / columns), column, across, rows]);
    at += across * rows;
  }
  return found;
}

/**
 * Paint the first `lookups.length` maps of a picture, one line of cells of all neighbouring maps at a time.
 * @param {Uint32Array} words the picture as packed pixels @param {Grid} grid
 * @param {Uint8Array} codes the cells of all maps, one map after the other @param {Uint32Array[]} lookups the colour of each code, for each map
 */
export function paintMaps(words, grid, codes, lookups) {
  const { gap, width, rows, columns, count, across, down } = grid;
  const [mapWidth, mapHeight] = sidesOf(grid);
  const columnAt = Int32Array.from({ length: mapWidth }, (_, x) => cellOf(grid, x));
  for (let place = 0; place < down; place++) {
    for (let row = 0; row < rows; row++) {
      const [top, bottom] = [edge(grid, row), edge(grid, row + 1)];
      if (top === bottom) continue;
      const line = (place * (mapHeight + gap) + top) * width;
      const filled = edge(grid, Math.min(columns, count - row * columns));
      let end = line;
      for (let map = 0; map < across; map++) {
        const channel = map * down + place;
        if (channel >= lookups.length) break;
        const lookup = lookups[channel];
        const first = channel * count + row * columns;
        const at = line + map * (mapWidth + gap);
        for (let x = 0; x < filled; x++) words[at + x] = lookup[codes[first + columnAt[x]]];
        end = at + filled;
      }
      for (let copy = 1; copy < bottom - top; copy++) words.copyWithin(line + copy * width, line, end);
    }
  }
}
