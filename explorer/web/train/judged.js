/** How the network does at a moment: confusion matrix, wrong answers as pictures, activations with their dead units. */

import { percent } from "../parts/percent.js";
import { colour, css, inkOn } from "../lib/colour.js";
import { fromBase64 } from "../lib/codes.js";
import { canvas, h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { largestOf, short } from "../lib/numbers.js";
import { page } from "../parts/page.js";

const MOST = 24;

/** @typedef {import("../lib/telling.js").Kept} Kept */

/** @param {{ onask: (indices: number[]) => Promise<import("../lib/contract/train.js").Picture[]>, onopen: (picture: import("../lib/contract/train.js").Picture) => void }} options */
export function createJudged({ onask, onopen }) {
  const matrix = h("table", { class: "confusion" });
  const wrong = h("div", { class: "wrong-pictures" });
  const about = h("p", { class: "note", role: "status" });
  const units = h("tbody", {});
  const part = (/** @type {string} */ key, /** @type {HTMLElement[]} */ ...children) =>
    h("section", { class: "judged-part" }, h("h3", { dataset: { i18n: key, i18nTitle: `${key}.why` } }), ...children);
  const activations = h(
    "table",
    { class: "activations" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...["layer", "mean", "std", "dead"].map((key) =>
          h("th", { scope: "col", dataset: { i18n: `train.activations.${key}` } }),
        ),
      ),
    ),
    units,
  );
  const element = h(
    "div",
    { class: "judged" },
    part("train.confusion", matrix),
    part("train.wrong", about, wrong),
    part("train.activations", activations),
  );
  /** The pair of classes looked at. @type {[number, number] | null} */
  let pair = null;
  /** @type {Kept | null} */
  let kept = null;
  /** @type {string[]} */
  let classes = [];
  let shown = "";

  function drawMatrix() {
    const score = kept?.validation;
    matrix.hidden = !score;
    if (!score) return;
    const most = largestOf(
      score.confusion.flatMap((row, label) => row.filter((_, answer) => answer !== label)),
      1,
    );
    const cell = (/** @type {number} */ count, /** @type {number} */ label, /** @type {number} */ answer) => {
      const right = label === answer;
      const shade = colour("sequential", right ? 0 : count / most, page.get("dark"));
      const words = t(right ? "train.confusion.right" : "train.confusion.cell", {
        count,
        label: classes[label],
        answer: classes[answer],
      });
      const button = h(
        "button",
        {
          type: "button",
          class: "confusion-cell",
          disabled: right || !count,
          title: words,
          "aria-label": words,
          "aria-pressed": String(pair?.[0] === label && pair?.[1] === answer),
          dataset: { label, answer, count },
          style: right || !count ? {} : { backgroundColor: css(shade), color: inkOn(shade) },
          onclick: () => {
            pair = pair?.[0] === label && pair?.[1] === answer ? null : [label, answer];
            drawMatrix();
            void drawWrong();
          },
        },
        count ? String(count) : "",
      );
      return h("td", { class: right ? "right" : "" }, button);
    };
    matrix.replaceChildren(
      h(
        "caption",
        { class: "note" },
        t("train.confusion.axes", { share: percent(score.accuracy), pictures: score.pictures.toLocaleString("en") }),
      ),
      h("thead", {}, h("tr", {}, h("td", {}), ...classes.map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        ...score.confusion.map((row, label) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, classes[label]),
            ...row.map((count, answer) => cell(count, label, answer)),
          ),
        ),
      ),
    );
  }

  async function drawWrong() {
    const all = (kept?.validation?.wrong ?? []).filter(
      ([, label, answer]) => !pair || (label === pair[0] && answer === pair[1]),
    );
    const first = all.slice(0, MOST);
    const key = JSON.stringify([kept?.step, first]);
    if (key === shown) return;
    shown = key;
    about.textContent = kept?.validation
      ? all.length
        ? t("train.wrong.count", { count: all.length, shown: first.length })
        : t("train.wrong.none")
      : t("train.wrong.unjudged");
    const pictures = first.length ? await onask(first.map(([index]) => index)) : [];
    if (key !== shown) return;
    wrong.replaceChildren(
      ...pictures.map((picture, k) => {
        const [, label, answer, probability] = first[k];
        const words = t("train.wrong.picture", {
          label: classes[label],
          answer: classes[answer],
          share: percent(probability),
        });
        return h(
          "button",
          { type: "button", class: "wrong-picture", title: words, onclick: () => onopen(picture) },
          thumbnail(picture),
          h("span", {}, `${classes[label]} → ${classes[answer]}`),
        );
      }),
    );
  }

  function drawUnits() {
    units.replaceChildren(
      ...(kept?.activations ?? []).map(({ name, units: count, dead, mean, std }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", {}, short(mean, 3)),
          h("td", {}, short(std, 3)),
          h(
            "td",
            { class: dead.length ? "dead" : "", title: dead.join(", ") },
            t("train.activations.of", { dead: dead.length, units: count }),
          ),
        ),
      ),
    );
    activations.hidden = !kept?.activations.length;
  }

  function redraw() {
    drawMatrix();
    void drawWrong();
    drawUnits();
  }

  return {
    element,
    redraw,
    /** @param {Kept | null} moment @param {string[]} names of the classes */
    show(moment, names) {
      if (moment === kept) return;
      [kept, classes] = [moment, names];
      redraw();
    },
  };
}

/** A grey picture as it came: 0 black. @param {{ width: number, height: number, data: string }} picture */
export function thumbnail({ width, height, data }) {
  const codes = fromBase64(data);
  const surface = canvas(width, height, { class: "thumbnail" });
  const image = new ImageData(width, height);
  codes.forEach((code, k) => image.data.set([255 - code, 255 - code, 255 - code, 255], 4 * k));
  /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(image, 0, 0);
  return surface;
}
