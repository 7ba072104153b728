/** The keys of a tensor on the page, whether it is built of cells or drawn: they walk, change a number or begin to type one. */

import { tidy } from "../lib/editing.js";

/** Whole numbers by default: coarser with Shift, finer with Alt. @param {{ shiftKey: boolean, altKey: boolean }} event */
export const stepOf = ({ shiftKey, altKey }) => (shiftKey ? 10 : altKey ? 0.1 : 1);

/**
 * @param {KeyboardEvent} event
 * @param {{ next: (key: string) => number | null, go: (index: number) => void, value: number, change: ((value: number) => void) | null, type: (typed?: string) => void }} cell
 * `next`: the cell that a key walks to, null for keys that do not; `change` is null where the numbers are not for editing
 */
export function keyed(event, { next, go, value, change, type }) {
  const { key } = event;
  if (event.ctrlKey || event.metaKey) return;
  const index = next(key);
  if (index !== null) go(index);
  else if (!change) return;
  else if (key === "PageUp" || key === "PageDown") change(tidy(value + stepOf(event) * (key === "PageUp" ? 1 : -1)));
  else if (key === "Delete" || key === "Backspace") change(0);
  else if (key === "Enter" || key === "F2") type();
  else if (/^[\d.,+−-]$/.test(key)) type(key);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
