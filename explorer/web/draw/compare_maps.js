/** One step of two runs: the maps of both on one scale, and their difference on its own. */

import { h } from "../parts/dom.js";
import { floatsFromBase64, fromBase64, readout, valueOf } from "../lib/codes.js";
import { t } from "../parts/i18n.js";
import { listenTo } from "../parts/network/column_events.js";
import { createPicture } from "../parts/network/picture.js";
import { plain } from "../parts/network/term.js";
import { createRamp, lookupOf } from "../parts/network/ramp.js";
import { largestOf } from "../lib/numbers.js";

/** @typedef {import("../lib/contract/draw.js").ComparedMaps} ComparedMaps */

/** @param {{ onpage: (first: number) => void }} options  `onpage` is called with the first channel of the page that is wanted */
export function createCompareMaps({ onpage }) {
  const both = createRamp();
  const apart = createRamp();
  const reading = h("output", { class: "compare-reading" });
  const range = h("span", {});
  const turn = (/** @type {number} */ by, /** @type {string} */ icon, /** @type {string} */ words) =>
    h("button", { type: "button", class: "tool small", dataset: { i18nTitle: words }, onclick: () => flip(by) }, icon);
  const pager = h(
    "div",
    { class: "pager", hidden: true },
    turn(-1, "◀", "network.previous"),
    range,
    turn(1, "▶", "network.next"),
  );
  const names = ["first", "second", "apart"].map((side) => h("h3", { class: `compare-${side}` }));
  const places = names.map((name) => h("div", { class: "compare-side" }, name));
  const legends = h(
    "div",
    { class: "compare-legends" },
    h("div", {}, h("span", { class: "note", dataset: { i18n: "compare.scale.both" } }), both.element),
    h("div", {}, h("span", { class: "note", dataset: { i18n: "compare.scale.apart" } }), apart.element),
  );
  const nothing = h("p", { class: "note", hidden: true });
  const element = h(
    "div",
    { class: "compare-maps" },
    pager,
    h("div", { class: "compare-sides" }, ...places),
    legends,
    reading,
    nothing,
  );
  /** @type {ComparedMaps | null} */
  let shown = null;
  /** @type {{ scales: Float32Array, codes: Uint8Array }[]} */
  let pages = [];
  /** @type {ReturnType<typeof createPicture>[]} */
  let pictures = [];
  let layout = "";

  /** @param {number} by */
  function flip(by) {
    if (!shown) return;
    const { channels, perPage } = shown.map;
    const last = (Math.ceil(channels / perPage) - 1) * perPage;
    onpage(Math.min(last, Math.max(0, shown.first + by * perPage)));
  }

  /** Make the three pictures anew where the maps have another layout. @param {ComparedMaps} maps @param {number} count */
  function arrange(maps, count) {
    const asked = JSON.stringify([maps.map, count]);
    if (asked === layout) return;
    layout = asked;
    pictures = places.map((place, k) => {
      const picture = createPicture({ ...maps.map, labels: [] }, count);
      picture.resize(1);
      picture.surface.setAttribute("aria-label", /** @type {string} */ (names[k].textContent));
      place.replaceChildren(names[k], picture.element);
      listenTo(picture, { onpoint: point, onopen: point });
      return picture;
    });
  }

  /** Read one cell in all three pictures. @param {import("../lib/layout.js").Cell | null} cell */
  function point(cell) {
    const inside = cell && shown && cell.channel < pages[0].scales.length ? cell : null;
    for (const picture of pictures) picture.mark(inside);
    if (!inside || !shown) {
      reading.textContent = shown ? t("compare.reading") : "";
      both.mark(null);
      apart.mark(null);
      return;
    }
    const { map, first } = shown;
    const at = inside.channel * map.count + inside.row * map.columns + inside.column;
    const read = pages.map(({ scales, codes }) => ({
      value: valueOf(codes[at], scales[inside.channel]),
      scale: scales[inside.channel],
    }));
    const [one, other, gap] = read.map(({ value, scale }) => readout(value, scale));
    const cellWords =
      map.size.length === 1
        ? t("network.position", { index: inside.row * map.columns + inside.column })
        : plain(
            t("network.cell", {
              channel: first + inside.channel,
              row: inside.row * map.block,
              column: inside.column * map.block,
            }),
          );
    reading.textContent = `${cellWords} · ${t("compare.value", { one, other, gap })}`;
    both.mark(read[0].value);
    apart.mark(read[2].value);
  }

  function redraw() {
    if (!shown) return;
    const largest = (/** @type {number[]} */ which) =>
      largestOf(
        which.flatMap((k) => Array.from(pages[k].scales)),
        0,
      );
    const ends = [largest([0, 1]), largest([0, 1]), largest([2])];
    pictures.forEach((picture, k) =>
      picture.paint(
        pages[k].codes,
        Array.from(pages[k].scales, (scale) => lookupOf(scale, ends[k])),
      ),
    );
    both.show(ends[0]);
    apart.show(ends[2]);
    const { map, first } = shown;
    pager.hidden = map.perPage >= map.channels;
    range.textContent = t("network.range", { first, last: first + pages[0].scales.length - 1, channels: map.channels });
    point(null);
  }

  return {
    element,
    redraw,

    /** @param {ComparedMaps | null} maps @param {string[]} titles of the three pictures */
    show(maps, titles) {
      titles.forEach((title, k) => {
        names[k].textContent = title;
      });
      shown = maps;
      nothing.hidden = maps !== null;
      nothing.textContent = t("compare.nothing");
      for (const part of [...places, legends, reading]) part.hidden = maps === null;
      pager.hidden = true;
      if (!maps) return;
      pages = maps.pages.map(({ scales, data }) => ({ scales: floatsFromBase64(scales), codes: fromBase64(data) }));
      arrange(maps, pages[0].scales.length);
      redraw();
    },
  };
}
