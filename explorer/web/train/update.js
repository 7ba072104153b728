/** What one optimiser step does to a parameter: before, gradient, change and after, as pictures and by number. */

import { createPicture } from "../parts/network/picture.js";
import { createRamp, lookupOf } from "../parts/network/ramp.js";
import { floatsFromBase64, fromBase64 } from "../lib/codes.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { largestOf, short } from "../lib/numbers.js";
import { formulaOf } from "../lib/slow_motion.js";

const PARTS = /** @type {const} */ (["before", "gradient", "change", "after"]);
/** The optimiser's memory of a weight, as the formula calls it. @type {Record<string, string>} */
const LETTERS = { momentum_buffer: "b", exp_avg: "m", exp_avg_sq: "v" };
/** A kernel's cell is drawn at least this large, px, and a picture at most this wide. */
const CELL = 6,
  WIDEST = 220;

/** @param {{ onpage: (first: number) => void }} options  called with the first map of the page that is wanted */
export function createUpdate({ onpage }) {
  const title = h("h4", {});
  const formula = h("p", { class: "slow-formula" });
  const range = h("span", {});
  const turn = (/** @type {number} */ by, /** @type {string} */ icon, /** @type {string} */ words) =>
    h("button", { type: "button", class: "tool small", dataset: { i18nTitle: words }, onclick: () => flip(by) }, icon);
  const pager = h("div", { class: "pager" }, turn(-1, "◀", "network.previous"), range, turn(1, "▶", "network.next"));
  const pictures = h("div", { class: "slow-weights" });
  const table = h("table", { class: "slow-table" });
  const check = h("p", { class: "note" });
  const element = h(
    "section",
    { class: "slow-update" },
    title,
    formula,
    pager,
    pictures,
    h("div", { class: "slow-scroll" }, table),
    check,
  );
  /** @type {import("../lib/contract/train.js").SlowUpdate | null} */
  let told = null;

  /** @param {number} by */
  function flip(by) {
    if (!told) return;
    const { channels, perPage } = told.map;
    const last = (Math.ceil(channels / perPage) - 1) * perPage;
    onpage(Math.min(last, Math.max(0, told.first + by * perPage)));
  }

  /** @param {import("../lib/contract/train.js").SlowUpdate} told @param {(typeof PARTS)[number]} part */
  function drawn({ map, pages }, part) {
    const [scales, codes] = [floatsFromBase64(pages[part].scales), fromBase64(pages[part].data)];
    const largest = largestOf(scales, 0);
    const picture = createPicture(map, scales.length);
    picture.resize(Math.max(1, Math.min(CELL / picture.grid.zoom, WIDEST / picture.width)));
    picture.paint(
      codes,
      Array.from(scales, (scale) => lookupOf(scale, largest)),
    );
    const words = t(`slow.${part}`);
    picture.surface.setAttribute("aria-label", words);
    const ramp = createRamp();
    ramp.show(largest);
    return h("figure", { class: "slow-weight" }, h("figcaption", {}, words), picture.element, ramp.element);
  }

  /** @param {import("../lib/contract/train.js").SlowRow[]} rows */
  function list(rows) {
    const memory = Object.keys(rows[0]?.memory ?? {});
    const heads = [
      t("slow.weight"),
      t("slow.before"),
      t("slow.gradient"),
      ...memory.flatMap((key) => [`${LETTERS[key]} ${t("slow.then")}`, `${LETTERS[key]} ${t("slow.now")}`]),
      t("slow.change"),
      t("slow.after"),
    ];
    const cells = (/** @type {import("../lib/contract/train.js").SlowRow} */ row) => [
      row.before,
      row.gradient,
      ...memory.flatMap((key) => row.memory[key]),
      row.change,
      row.after,
    ];
    table.replaceChildren(
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
      h(
        "tbody",
        {},
        ...rows.map((row) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, `[${row.index.join(", ")}]`),
            ...cells(row).map((value) => h("td", {}, short(value, 6))),
          ),
        ),
      ),
    );
  }

  return {
    element,
    /** @param {import("../lib/contract/train.js").SlowUpdate} update @param {import("../lib/slow_motion.js").Rule} rule */
    show(update, rule) {
      told = update;
      title.textContent = t("slow.update", { name: update.name });
      formula.replaceChildren(
        ...formulaOf(rule, short(update.rate, 4), (value) => short(value, 4)).map((line) => h("code", {}, line)),
      );
      const { map, first } = update;
      pager.hidden = map.perPage >= map.channels;
      range.textContent = t("network.range", {
        first,
        last: Math.min(map.channels, first + map.perPage) - 1,
        channels: map.channels,
      });
      pictures.replaceChildren(...PARTS.map((part) => drawn(update, part)));
      list(update.rows);
      check.textContent = t("slow.check", { apart: short(update.apart, 2), largest: short(update.largest, 3) });
    },
  };
}
