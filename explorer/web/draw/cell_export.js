/** What a person can take along of an opened cell: its sum, its map, the kernel, a picture; lines that compute it. */

import { floatsFromBase64 } from "../lib/codes.js";
import { colourTable, tableIndex } from "../lib/colour.js";
import { canvas } from "../parts/dom.js";
import { csv, npy } from "../lib/export.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { createMenu } from "../parts/menu.js";
import { pngFile, svgFile } from "../parts/snapshot.js";
import { page } from "../parts/page.js";
import { latex, plainText, termRows } from "./cell_texts.js";
import { largestOf } from "../lib/numbers.js";

/** A cell of a saved map is drawn this many pixels wide. */
const ZOOM = 12;

/** @typedef {import("../lib/link.js").Place} Place */
/** @typedef {{ shape: number[], values: Float32Array }} Tensor */

/**
 * @param {{ request: import("../lib/contract/draw.js").Request, title: (place: Place) => string, source: (factor: import("../lib/contract/draw.js").Factor) => string, body: HTMLElement,
 *   onsay: (words: string) => void }} options  `request` asks a function of the server about what is on the pad
 */
export function createCellExport({ request, title, source, body, onsay }) {
  const place = () => /** @type {Place} */ (page.get("cells").at(-1));
  const file = () =>
    title(place())
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-|-$/g, "");

  /** Every number of a tensor. @param {number} step @param {string} of @returns {Promise<Tensor>} */
  async function tensor(step, of) {
    const { shape, data } = await request("exact", { step, of, cell: [] });
    return { shape, values: floatsFromBase64(data) };
  }
  const ofPlace = () =>
    place().of === "class" ? Promise.reject(new Error(t("cell.save.class"))) : tensor(place().step, place().of);

  /** The sum with all its terms, however many. @returns {Promise<import("../lib/contract/draw.js").Summed>} */
  async function whole() {
    const sum = await request("explain", { ...place(), every: true });
    if (!sum.addends) throw new Error(sum.unexplained);
    return sum;
  }

  /** The parameter that the opened sum multiplies with. @returns {Promise<[string, Tensor]>} */
  async function kernel() {
    const { step, of } = place();
    if (of && of !== "output" && of !== "class") return [of, await tensor(step, of)];
    const factor = (await whole()).addends.flatMap((addends) => addends.factors).find(({ learned }) => learned);
    if (!factor?.parameter) throw new Error(t("cell.save.unlearned"));
    return [factor.parameter, await tensor(factor.step, factor.argument)];
  }

  /** Where anything that was copied is told, and what could not be. @param {() => Promise<string>} text */
  async function copy(text) {
    onsay("");
    const words = await text();
    await navigator.clipboard.writeText(words).catch(() => {
      throw new Error(t("cell.copy.refused"));
    });
    onsay(t("cell.copied"));
  }

  const onfail = (/** @type {Error} */ error) => onsay(error.message);
  const saved = createMenu({
    words: "cell.save",
    title: "cell.save.why",
    onfail,
    choices: [
      { words: "cell.save.sum", run: async () => save(csv(termRows(await whole(), source)), `${file()}-sum.csv`) },
      {
        words: "cell.save.map.csv",
        run: async () => save(csv(mapRows(await ofPlace(), place().cell)), `${file()}-map.csv`),
      },
      {
        words: "cell.save.map.png",
        run: async () => save(await mapPicture(await ofPlace(), place().cell), `${file()}-map.png`),
      },
      {
        words: "cell.save.npy",
        run: async () => {
          const { shape, values } = await ofPlace();
          save(npy(values, shape), `${file()}.npy`);
        },
      },
      {
        words: "cell.save.kernel.npy",
        run: async () => {
          const [name, { shape, values }] = await kernel();
          save(npy(values, shape), `${name}.npy`);
        },
      },
      {
        words: "cell.save.kernel.csv",
        run: async () => {
          const [name, kept] = await kernel();
          save(csv(longRows(kept)), `${name}.csv`);
        },
      },
      { words: "cell.save.svg", run: () => save(svgFile(body), `${file()}.svg`) },
      { words: "cell.save.png", run: async () => save(await pngFile(body), `${file()}.png`) },
    ],
  });
  const copied = createMenu({
    words: "cell.copy",
    title: "cell.copy.why",
    onfail,
    choices: [
      { words: "cell.copy.pytorch", run: () => copy(async () => (await request("pytorch_lines", place())).lines) },
      {
        words: "cell.copy.text",
        run: () =>
          copy(async () => plainText(title(place()), await request("explain", { ...place(), every: true }), source)),
      },
      {
        words: "cell.copy.latex",
        run: () => copy(async () => latex(title(place()), await request("explain", place()))),
      },
    ],
  });
  return { elements: [copied.element, saved.element], tensor };
}

/** The map that a cell lies in, as rows of numbers. @param {Tensor} tensor @param {number[]} cell @returns {number[][]} */
export function mapRows({ shape, values }, cell) {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.length > 2 ? shape[shape.length - 2] : 1;
  const before = cell.slice(0, shape.length > 2 ? -2 : -1);
  const start = before.reduce((place, index, axis) => place * shape[axis] + index, 0) * rows * columns;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(start + row * columns, start + (row + 1) * columns)),
  );
}

/** A tensor as a table: one row for each element, its index first. @param {Tensor} tensor @returns {(string | number)[][]} */
export function longRows({ shape, values }) {
  const rows = Array.from(values, (value, k) => {
    /** @type {number[]} */
    const index = [];
    for (let axis = shape.length - 1, left = k; axis >= 0; axis--) {
      index.unshift(left % shape[axis]);
      left = Math.floor(left / shape[axis]);
    }
    return [...index, value];
  });
  return [[...shape.map((_, axis) => `axis ${axis}`), "value"], ...rows];
}

/** A map in the page's colours, full at its largest |value|. @param {Tensor} tensor @param {number[]} cell @returns {Promise<Blob>} */
function mapPicture(tensor, cell) {
  const rows = mapRows(tensor, cell);
  const picture = canvas(rows[0].length * ZOOM, rows.length * ZOOM);
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  const table = colourTable("diverging", page.get("dark"));
  const full = largestOf(rows.flat().map(Math.abs).filter(Number.isFinite), 0);
  rows.forEach((row, y) =>
    row.forEach((value, x) => {
      const word = table[tableIndex("diverging", full > 0 ? value / full : value * 0)];
      context.fillStyle = `rgb(${word & 255}, ${(word >> 8) & 255}, ${(word >> 16) & 255})`;
      context.fillRect(x * ZOOM, y * ZOOM, ZOOM, ZOOM);
    }),
  );
  return new Promise((resolve, reject) =>
    picture.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(t("cell.save.large")))), "image/png"),
  );
}
