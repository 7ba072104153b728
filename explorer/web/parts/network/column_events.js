/** How a cell of a picture is pointed at and chosen: by mouse, by touch, and by the keys of lib/layout.js. */

import { cellAfterKey } from "../../lib/layout.js";

/** @typedef {import("../../lib/layout.js").Cell} Cell */

/**
 * @param {ReturnType<typeof import("./picture.js").createPicture>} picture
 * @param {{ onpoint: (cell: Cell | null) => void, onopen: (cell: Cell, byTouch: boolean) => void, marked?: () => Cell | null }} options
 *   `onpoint` with the cell that is pointed at, or none any more; `onopen` with the one that was chosen; `marked`: the one that the
 *   keyboard begins at, if there is one
 */
export function listenTo(picture, { onpoint, onopen, marked = () => null }) {
  const { surface } = picture;
  const FIRST = { channel: 0, row: 0, column: 0 };
  /** The keyboard's cell. @type {Cell | null} */
  let at = null;
  let focused = false;
  /** Where the pointer is, to parts of a pixel: a click tells whole ones, which may lie in the cell beside the one that is read. */
  let exact = { offsetX: NaN, offsetY: NaN };
  surface.addEventListener("pointermove", (event) => {
    exact = { offsetX: event.offsetX, offsetY: event.offsetY };
    if (event.pointerType !== "touch") onpoint(picture.cellAt(event.offsetX, event.offsetY));
  });
  surface.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") onpoint(focused ? at : null);
  });
  surface.addEventListener("click", (event) => {
    const away = Math.hypot(event.offsetX - exact.offsetX, event.offsetY - exact.offsetY);
    const { offsetX, offsetY } = away < Math.SQRT2 ? exact : event;
    const cell = picture.cellAt(offsetX, offsetY);
    if (cell) onopen(cell, /** @type {PointerEvent} */ (event).pointerType === "touch");
  });
  surface.addEventListener("focus", () => {
    if (!surface.matches(":focus-visible")) return;
    focused = true;
    at = marked() ?? at ?? FIRST;
    onpoint(at);
  });
  surface.addEventListener("blur", () => {
    focused = false;
    onpoint(null);
  });
  surface.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && at) onopen(at, false);
    const next = cellAfterKey(picture.grid, at ?? FIRST, event.key);
    if (!next) return;
    [at, focused] = [next, true];
    onpoint(at);
    event.preventDefault();
  });
}
