import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GAP,
  cellAfterKey,
  cellAt,
  filling,
  gridOf,
  lineOf,
  mapCell,
  originOf,
  outlineOf,
  paintMaps,
  rectangleOf,
  rectanglesOf,
  stripOf,
  tensorIndex,
} from "../../explorer/web/lib/layout.js";

const maps = [
  [{ rows: 28, columns: 28, count: 784 }, 1],
  [{ rows: 24, columns: 24, count: 576 }, 32],
  [{ rows: 4, columns: 4, count: 16 }, 128],
  [{ rows: 10, columns: 1, count: 10 }, 1],
  [{ rows: 12, columns: 11, count: 128 }, 1],
  [{ rows: 1, columns: 1, count: 1 }, 512],
  [{ rows: 1, columns: 40, count: 40 }, 7],
];

test("the cell found at the middle of a drawn cell is that cell", () => {
  for (const [map, channels] of maps) {
    const grid = gridOf(map, channels);
    for (const channel of [0, Math.floor(channels / 2), channels - 1]) {
      for (const k of [0, Math.floor(map.count / 2), map.count - 1]) {
        const cell = { channel, row: Math.floor(k / map.columns), column: k % map.columns };
        const { x, y } = originOf(grid, channel);
        assert.deepEqual(cellAt(grid, x + (cell.column + 0.5) * grid.zoom, y + (cell.row + 0.5) * grid.zoom), cell);
      }
    }
  }
});

test("in a line of maps of any side, the cell found anywhere in a drawn cell is that cell", () => {
  for (const [map, channels] of maps) {
    for (const side of [28, 34, 37, 48]) {
      for (const turned of [false, true]) {
        const grid = lineOf(map, Math.min(8, channels), side, turned);
        assert.equal(turned ? grid.down : grid.across, 1);
        const { x, y } = originOf(grid, grid.channels - 1);
        assert.ok(x + grid.columns * grid.zoom <= grid.width + 1 && y + grid.rows * grid.zoom <= grid.height + 1);
        for (const k of [0, Math.floor(map.count / 2), map.count - 1]) {
          const cell = { channel: grid.channels - 1, row: Math.floor(k / map.columns), column: k % map.columns };
          const drawn = rectangleOf(grid, cell);
          if (drawn.width && drawn.height)
            assert.deepEqual(cellAt(grid, drawn.x + drawn.width / 2, drawn.y + drawn.height / 2), cell);
        }
      }
    }
  }
});

test("maps that fill a frame stay inside it, in cells of whole pixels", () => {
  for (const [map, channels] of maps) {
    const grid = filling(map, channels, 620, 380);
    assert.ok(Number.isInteger(grid.zoom) && grid.across * grid.down >= channels);
    if (grid.zoom > 1) assert.ok(grid.width <= 620 && grid.height <= 380, JSON.stringify(grid));
  }
});

test("a vector fills a strip, every value at least a pixel", () => {
  for (const count of [17, 128, 512, 2048]) {
    const strip = stripOf({ rows: 1, columns: count, count }, 34, 286);
    assert.ok(strip.zoom >= 1 && strip.columns * strip.zoom <= 34, JSON.stringify(strip));
    assert.ok(strip.rows * strip.columns >= count && (strip.rows - 1) * strip.columns < count);
    assert.ok(strip.zoom === 1 || strip.rows * strip.zoom <= 286);
  }
});

test("whole rows of a vector are outlined as one", () => {
  const grid = gridOf({ rows: 8, columns: 7, count: 50 }, 1);
  const cells = [Uint8Array.from({ length: 50 }, (_, k) => Number(k >= 5))];
  const found = rectanglesOf(cells, { size: [50], block: 1 }, grid, [0]);
  const { zoom } = grid;
  assert.deepEqual(found, [
    { x: 5 * zoom, y: 0, width: 2 * zoom, height: zoom },
    { x: 0, y: zoom, width: 7 * zoom, height: 6 * zoom },
    { x: 0, y: 7 * zoom, width: zoom, height: zoom },
  ]);
});

test("maps stay inside the picture, and the picture inside the page", () => {
  for (const [map, channels] of maps) {
    const grid = gridOf(map, channels);
    assert.ok(grid.height <= 420, `${JSON.stringify(grid)}`);
    assert.ok(grid.across * grid.down >= channels);
    const { x, y } = originOf(grid, channels - 1);
    assert.ok(x + map.columns * grid.zoom <= grid.width && y + map.rows * grid.zoom <= grid.height);
  }
});

test("there is no cell between maps, outside the picture, or past the last value", () => {
  const grid = gridOf({ rows: 24, columns: 24, count: 576 }, 32);
  assert.equal(cellAt(grid, 24 * grid.zoom + GAP / 2, 5), null);
  assert.equal(cellAt(grid, -1, 5), null);
  assert.equal(cellAt(grid, 5, grid.height + 9), null);
  const vector = gridOf({ rows: 12, columns: 11, count: 128 }, 1);
  assert.equal(cellAt(vector, 10.5 * vector.zoom, 11.5 * vector.zoom), null);
});

test("arrows move inside a map, Page Down to the next map, and edges hold", () => {
  const grid = gridOf({ rows: 3, columns: 3, count: 9 }, 4);
  const cell = { channel: 1, row: 0, column: 2 };
  assert.deepEqual(cellAfterKey(grid, cell, "ArrowDown"), { channel: 1, row: 1, column: 2 });
  assert.deepEqual(cellAfterKey(grid, cell, "ArrowRight"), cell);
  assert.deepEqual(cellAfterKey(grid, cell, "PageDown"), { channel: 2, row: 0, column: 2 });
  assert.deepEqual(cellAfterKey(grid, cell, "End"), { channel: 3, row: 0, column: 2 });
  assert.equal(cellAfterKey(grid, cell, "x"), null);
});

test("every cell of every map is painted in the colour of its code, and nothing else is", () => {
  for (const [rows, columns, count, channels] of [
    [3, 4, 11, 1],
    [3, 4, 12, 5],
    [24, 24, 576, 32],
    [4, 4, 16, 20],
  ])
    for (const grid of [
      gridOf({ rows, columns, count }, channels),
      lineOf({ rows, columns, count }, channels, 34, false),
      lineOf({ rows, columns, count }, channels, 37, true),
      lineOf({ rows, columns, count }, channels, 17, false),
    ]) {
      const words = new Uint32Array(grid.width * grid.height);
      const lookups = Array.from({ length: channels }, (_, map) =>
        Uint32Array.from({ length: 256 }, (_, code) => 1000 * (map + 1) + code),
      );
      const codes = Uint8Array.from({ length: channels * count }, (_, k) => k % 251);
      paintMaps(words, grid, codes, lookups);
      for (let y = 0; y < grid.height; y++) {
        for (let x = 0; x < grid.width; x++) {
          const cell = cellAt(grid, x, y);
          const expected = cell
            ? lookups[cell.channel][codes[cell.channel * count + cell.row * columns + cell.column]]
            : 0;
          if (words[y * grid.width + x] !== expected)
            assert.fail(`${x}, ${y}: ${words[y * grid.width + x]} instead of ${expected}`);
        }
      }
    }
});

test("the outline leaves out the places without a map, and those after a vector's last value", () => {
  const vector = gridOf({ rows: 8, columns: 7, count: 50 }, 1);
  assert.ok(outlineOf(vector).includes(`${vector.zoom}px ${7 * vector.zoom}px`), outlineOf(vector));
  assert.equal(outlineOf(gridOf({ rows: 8, columns: 7, count: 56 }, 1)), "none");
  assert.equal(outlineOf(gridOf({ rows: 24, columns: 24, count: 576 }, 32)), "none");
  const grid = gridOf({ rows: 4, columns: 4, count: 16 }, 20);
  const { x, y } = originOf(grid, 19);
  assert.ok(outlineOf(grid).includes(`${x - GAP}px ${y + 4 * grid.zoom}px`), outlineOf(grid));
});

test("a map's cell and the tensor's index are each other's inverse", () => {
  for (const [map, axes, cell, index] of [
    [{ size: [32, 24, 24], columns: 24, block: 1 }, 4, { channel: 5, row: 7, column: 9 }, [0, 5, 7, 9]],
    [{ size: [64, 112, 112], columns: 56, block: 2 }, 4, { channel: 5, row: 7, column: 9 }, [0, 5, 14, 18]],
    [{ size: [50], columns: 8, block: 1 }, 2, { channel: 0, row: 3, column: 2 }, [0, 26]],
    [{ size: [16, 40], columns: 40, block: 1 }, 3, { channel: 3, row: 0, column: 11 }, [0, 3, 11]],
    [{ size: [7], columns: 1, block: 1 }, 1, { channel: 0, row: 6, column: 0 }, [6]],
  ]) {
    assert.deepEqual(tensorIndex(map, axes, cell), index);
    assert.deepEqual(mapCell(map, index), cell);
  }
});
