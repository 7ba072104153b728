/** Tables of numbers as people copy them: from a spreadsheet, a CSV file, a text, a matrix in Python. */

import { parsed } from "./editing.js";

/** Why a text is no table of numbers: a key of the page's words and its values. @typedef {{ reason: "empty" | "hole" | "number" | "ragged", values: Record<string, string | number> }} Problem */

/** The longest piece of a wrong cell that is worth repeating. */
const QUOTED = 20;

/**
 * Rows of numbers: cells apart by tabs, semicolons, or commas and spaces; brackets of a nested list count as ends of rows.
 * With tabs or semicolons a comma is a decimal comma.
 * @param {string} text @returns {{ rows: number[][], problem: null } | { rows: null, problem: Problem }}
 */
export function tableOf(text) {
  const plain = text.replace(/\]\s*,?\s*\[/g, "\n").replace(/[[\]]/g, "");
  const lines = plain.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const separator = plain.includes("\t") ? /\t/ : plain.includes(";") ? /;/ : /\s*,\s*|\s+/;
  const refuse = (/** @type {Problem["reason"]} */ reason, /** @type {Problem["values"]} */ values) => ({
    rows: null,
    problem: { reason, values },
  });
  if (!lines.length) return refuse("empty", {});
  /** @type {number[][]} */
  const rows = [];
  for (const [row, line] of lines.entries()) {
    const cells = (separator.source === "\\t" ? line : line.trim()).split(separator);
    const values = [];
    for (const [column, cell] of cells.entries()) {
      if (cell.trim() === "") return refuse("hole", { row: row + 1, column: column + 1 });
      const value = parsed(cell);
      if (value === null)
        return refuse("number", { row: row + 1, column: column + 1, text: cell.trim().slice(0, QUOTED) });
      values.push(value);
    }
    rows.push(values);
    if (values.length !== rows[0].length)
      return refuse("ragged", { row: row + 1, count: values.length, first: rows[0].length });
  }
  return { rows, problem: null };
}

/** A plane as a table that a spreadsheet reads. @param {ArrayLike<number>} values @param {number} columns */
export const tableText = (values, columns) =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from(values)
      .slice(row * columns, (row + 1) * columns)
      .join("\t"),
  ).join("\n");
