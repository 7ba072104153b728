/** Typing a number into a cell: Enter keeps it, Escape gives it up, what is no number is said at the cell. */

import { h } from "../parts/dom.js";
import { parsed } from "../lib/editing.js";
import { t } from "../parts/i18n.js";

/** Width of the message, in pixels. */
const MESSAGE = 210;

/**
 * @param {HTMLElement} cell is filled by the input until it closes
 * @param {{ frame: HTMLElement, message: HTMLElement, text: string, fresh: boolean, refuse?: (value: number) => string | null, onclose: (value: number | null, back: boolean) => void }} options
 * `frame`: what the message is placed in; `fresh`: the text is the old value, to be replaced by what is typed; `refuse`: why a
 * number cannot stand here; `onclose` gets
 * null where the old value stays, and whether the focus goes back to the cell
 */
export function typeInto(cell, { frame, message, text, fresh, refuse = () => null, onclose }) {
  const input = h("input", {
    class: "tap-input",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": cell.getAttribute("aria-label"),
  });
  input.value = text;
  cell.replaceChildren(input);
  input.focus({ preventScroll: true });
  if (fresh) input.select();
  let open = true;

  /** What is wrong with a typed number, or null. @param {number | null} value */
  const problem = (value) => (value === null ? t("arithmetic.notnumber", { text: input.value }) : refuse(value));

  /** @param {boolean} keep @param {boolean} [back] to the cell */
  function close(keep, back = true) {
    if (!open) return true;
    const value = parsed(input.value);
    const wrong = problem(value);
    if (keep && wrong !== null) {
      message.textContent = wrong;
      message.hidden = false;
      const [around, at] = [frame.getBoundingClientRect(), cell.getBoundingClientRect()];
      Object.assign(message.style, {
        left: `${Math.max(0, Math.min(at.left - around.left, around.width - MESSAGE))}px`,
        top: `${at.bottom - around.top + 4}px`,
      });
      input.setAttribute("aria-invalid", "true");
      return false;
    }
    open = false;
    message.hidden = true;
    input.remove();
    onclose(keep ? value : null, back);
    return true;
  }

  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation();
    if (event.key === "Enter") close(true);
    else if (event.key === "Escape") close(false);
    else if (event.key === "Tab" && !close(true, false)) event.preventDefault();
  });
  input.addEventListener("blur", () => close(problem(parsed(input.value)) === null, false));
  for (const kind of ["pointerdown", "dblclick"])
    input.addEventListener(kind, (/** @type {Event} */ event) => event.stopPropagation());
}
