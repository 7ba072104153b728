/** A step as a picture or a table, and the walk as a moving picture: frames drawn here, put together by the server. */

import { h } from "../parts/dom.js";
import { csv, npy } from "../lib/export.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { ask } from "../lib/live.js";
import { createMenu } from "../parts/menu.js";
import { fromBase64 } from "../lib/codes.js";
import { frameOf } from "./film.js";
import { pngFile, svgFile } from "../parts/snapshot.js";
import { largestOf } from "../lib/numbers.js";

/** Most frames of a moving picture, so that all of their pixels are fewer than the server takes (explorer/arithmetic/films.py). */
const MOST_FRAMES = 130;

/** The terms of a step, one in each row, and what they give. @param {import("../lib/arithmetic.js").Pass} pass @param {import("../lib/arithmetic.js").Visit} visit @returns {(string | number)[][]} */
export function stepTable(pass, visit) {
  const names = [...new Set(visit.terms.flatMap(({ vars }) => Object.keys(vars)))];
  const width = largestOf(
    visit.terms.map(({ factors }) => factors.length),
    0,
  );
  const factors = Array.from({ length: width }, (_, k) => `factor ${k + 1}`);
  const rows = visit.terms.map((term) => [
    ...names.map((name) => term.vars[name] ?? ""),
    ...factors.map((_, k) => (term.inside ? (term.factors[k] ?? "") : "")),
    term.inside ? term.product : "",
  ]);
  return [
    [...names, ...factors, "product"],
    ...rows,
    [`${pass.targets[0]}[${visit.target[1]}]`, ...Array(Math.max(0, names.length + width - 1)).fill(""), visit.value],
  ];
}

/** The moments to draw: all, or evenly chosen ones, the first and the last among them. @param {number} count @param {number} most */
export const chosen = (count, most) =>
  count <= most
    ? Array.from({ length: count }, (_, k) => k)
    : Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / (most - 1)));

/**
 * @param {{ picture: () => HTMLElement, film: import("./film.js").Scene, table: () => (string | number)[][] | null, lines: () => string | null,
 *   result: () => { shape: number[], values: ArrayLike<number> } | null, name: () => string,
 *   walk: { readonly at: number, readonly count: number, readonly pace: number, seek: (at: number) => void }, films: string[], animate: import("../lib/contract/arithmetic.js").Animate }} options
 * `picture`: what a step looks like; `film`: what of it is in a film; `table`: its terms; `lines` of PyTorch; `result`: of all steps; `walk`: with `pace` ms a moment
 */
export function createExport({ picture, film, table, lines, result, name, walk, films, animate }) {
  const note = h("p", { class: "note export-note", role: "status" });

  /** @param {string} format */
  async function record(format) {
    const moments = chosen(walk.count, MOST_FRAMES);
    const before = walk.at;
    /** @type {string[]} */
    const frames = [];
    try {
      for (const moment of moments) {
        walk.seek(moment);
        note.textContent = t("arithmetic.export.drawing", { at: frames.length + 1, count: moments.length });
        frames.push(await base64(await frameOf(film, moment / Math.max(1, walk.count - 1))));
      }
    } finally {
      walk.seek(before);
    }
    note.textContent = t("arithmetic.export.writing");
    const { type, data } = await ask(
      animate,
      { format, delay: Math.max(40, Math.min(2000, walk.pace)), frames },
      t("error.unreachable"),
    );
    save(new Blob([fromBase64(data)], { type }), `${name()}.${format}`);
    note.textContent = "";
  }

  const step = () => `${name()}-${walk.at + 1}`;
  const menu = createMenu({
    words: "arithmetic.export",
    title: "arithmetic.export.why",
    onfail: (error) => {
      note.textContent = error.message;
    },
    choices: [
      { words: "arithmetic.export.png", run: async () => save(await pngFile(picture()), `${step()}.png`) },
      { words: "arithmetic.export.svg", run: () => save(svgFile(picture()), `${step()}.svg`) },
      {
        words: "arithmetic.export.csv",
        run: () => {
          const rows = table();
          if (rows) save(csv(rows), `${step()}.csv`);
        },
      },
      {
        words: "arithmetic.export.npy",
        run: () => {
          const tensor = result();
          if (tensor) save(npy(Float64Array.from(tensor.values), tensor.shape), `${name()}.npy`);
        },
      },
      {
        words: "arithmetic.export.torch",
        run: () => {
          const text = lines();
          if (text) save(new Blob([text], { type: "text/x-python" }), `${name()}.py`);
        },
      },
      ...films.map((format) => ({ words: `arithmetic.export.${format}`, run: () => record(format) })),
    ],
  });
  return { element: h("div", { class: "export" }, menu.element, note) };
}

/** @param {Blob} blob */
const base64 = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
