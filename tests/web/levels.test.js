import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, fittedRow, ROW_HEAD } from "../../explorer/web/lib/levels.js";

/** px of a column: its maps, its padding and its border. */
const box = ({ room, padding }) => room + 2 * padding + 2;

test("23 columns of 8 maps fit the pages of a laptop, at 34 px or more", () => {
  for (const [width, height] of [
    [1326, 420],
    [1400, 550],
  ]) {
    const fit = fitted({ count: 23, width, height, named: 52 });
    assert.ok(fit.side >= 33 && fit.most === 8, JSON.stringify(fit));
    assert.ok(23 * (box(fit) + fit.gap) + 52 <= width + fit.gap, JSON.stringify(fit));
  }
});

test("a small page has maps of 28 px, a projector's of 48", () => {
  assert.equal(fitted({ count: 23, width: 984, height: 420, named: 52 }).side, 28);
  assert.equal(fitted({ count: 23, width: 1880, height: 700, named: 52 }).side, 48);
});

test("a low track shows fewer maps, never more than fit, and at least two", () => {
  for (let height = 40; height < 500; height += 7) {
    const { side, most } = fitted({ count: 23, width: 1326, height, named: 0 });
    assert.ok(most >= 2 && most <= 8);
    if (most > 2) assert.ok(most * (side + 2) <= height, `${height}: ${most} maps of ${side}`);
  }
});

test("a column keeps its width however low the track is", () => {
  const widths = [500, 300, 180, 90].map((height) => box(fitted({ count: 23, width: 1400, height, named: 52 })));
  assert.deepEqual(new Set(widths).size, 1);
});

test("on a narrow page a row of maps stays inside it", () => {
  for (const width of [344, 374, 800]) {
    const { side, most } = fittedRow(width);
    assert.ok(ROW_HEAD + most * (side + 2) <= width, `${width}: ${most}`);
  }
});
