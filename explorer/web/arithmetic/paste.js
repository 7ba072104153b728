/** Copying a matrix to a spreadsheet and pasting a table into one: Ctrl+C and Ctrl+V at one of its cells. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { fitting, operatorOf } from "../lib/arithmetic.js";
import { tableOf, tableText } from "../lib/table.js";
import { planesOf } from "../lib/planes.js";
import { OWN, withChoice } from "../lib/case.js";
import { letterOf } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Tensor} Tensor */

/**
 * @param {HTMLElement} root
 * @param {{ tensorOf: (name: string) => { shape: number[], values: ArrayLike<number> } | undefined, onplane: (name: string, plane: number, rows: number[][]) => string | null }} options
 * `onplane` puts rows into a plane of a tensor and returns null, or says why it cannot be
 */
export function listenToTables(root, { tensorOf, onplane }) {
  const message = h("p", { class: "tap-message table-message", role: "alert" });

  /** The matrix and the plane that the focus is in. @param {Event} event */
  function placeOf(event) {
    const cell = /** @type {HTMLElement | null} */ (
      /** @type {HTMLElement} */ (event.target).closest?.("[data-index]")
    );
    const figure = /** @type {HTMLElement | null} */ (cell?.closest("[data-tensor]"));
    const name = figure?.dataset.tensor ?? "";
    const tensor = figure && tensorOf(name);
    if (!cell || !figure || !tensor) return null;
    const { rows, columns } = planesOf(tensor.shape);
    return { figure, name, tensor, rows, columns, plane: Math.floor(Number(cell.dataset.index) / (rows * columns)) };
  }

  root.addEventListener("paste", (/** @type {ClipboardEvent} */ event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const place = placeOf(event);
    const typing = /** @type {HTMLElement} */ (event.target).matches("input");
    if (!place || (typing && !/[\t\n]/.test(text.trim()))) return;
    event.preventDefault();
    const { rows, problem } = tableOf(text);
    const words = problem
      ? t(`arithmetic.table.${problem.reason}`, problem.values)
      : onplane(place.name, place.plane, rows);
    message.remove();
    if (words === null) return;
    message.textContent = words;
    place.figure.append(message);
  });
  root.addEventListener("copy", (/** @type {ClipboardEvent} */ event) => {
    const place = placeOf(event);
    if (!place || /** @type {HTMLElement} */ (event.target).matches("input") || !getSelection()?.isCollapsed) return;
    const {
      tensor: { values },
      rows,
      columns,
      plane,
    } = place;
    event.clipboardData?.setData(
      "text/plain",
      tableText(Array.from(values).slice(plane * rows * columns, (plane + 1) * rows * columns), columns),
    );
    event.preventDefault();
  });
  root.addEventListener("focusout", () => message.remove());
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) message.remove();
  });
}

/** That a table is not of the size that stands there. @param {number[][]} table @param {string} letter of the matrix @param {(number | string)[]} wanted rows and columns */
export const sizeRefused = (table, letter, wanted) =>
  t("arithmetic.table.size", { rows: table.length, columns: table[0].length, letter, wanted: wanted.join(" × ") });

/**
 * A case with a table in a plane of one of its tensors, which takes the table's size where its operator lets it; or why not.
 * @param {import("../lib/case.js").Case} given @param {string} name @param {number} plane @param {number[][]} table
 * @returns {{ given: import("../lib/case.js").Case, refused: null } | { given: null, refused: string }}
 */
export function withTable(given, name, plane, table) {
  const operator = operatorOf(given);
  const wanted = [table.length, table[0].length];
  const refuse = (/** @type {(number | string)[]} */ sizes) => ({
    given: null,
    refused: sizeRefused(table, letterOf(given, name), sizes),
  });
  let next = given;
  const sizing = operator.settings.find(({ key }) => key === { input: "size", weight: "kernel" }[name]);
  const sizeOf = (/** @type {import("../lib/case.js").Case} */ one) => {
    const { rows, columns } = planesOf(one.tensors[name].shape);
    return [rows, columns];
  };
  if (String(sizeOf(given)) !== String(wanted)) {
    if (sizing?.parts.length !== 2) return refuse(sizeOf(given));
    for (const [axis, part] of sizing.parts.entries()) {
      const options = part.options?.(next) ?? [];
      if (!options.includes(wanted[axis]))
        return refuse([options, options].map((all) => `${all[0]}–${all[all.length - 1]}`));
      next = withChoice(next, part, wanted[axis]);
    }
  }
  if (String(sizeOf(next)) !== String(wanted)) return refuse(sizeOf(next));
  const { shape, values } = next.tensors[name];
  const flat = table.flat();
  const filled = [...values];
  filled.splice(plane * flat.length, flat.length, ...flat);
  return {
    given: fitting({ ...next, ...OWN, tensors: { ...next.tensors, [name]: { shape, values: filled } } }),
    refused: null,
  };
}
