/** A picture on the page whose pixels can be pointed at with mouse, finger or keys, with a mark around one place. */

import { reached } from "../lib/conv.js";
import { h, canvas } from "../parts/dom.js";

/** A mark on few pixels is drawn around them, at least this large, in CSS pixels. */
const LEAST = 11;

/** Pictures up to this many pixels along are shown pixel by pixel. */
const COARSE = 128;

/** What lies over elements that no window reaches. */
const VEIL = "rgb(128 128 128 / 0.75)";

/** @typedef {{ row: number, column: number, rows: number, columns: number }} Box */
/** @typedef {ReturnType<typeof createScreen>} Screen */

/**
 * @param {{ name: string, onpoint: (row: number, column: number) => void, onkey: (event: KeyboardEvent) => void, onpin: () => void }} options
 * `name` is the picture's label in the words; `onpin` is called for a click
 */
export function createScreen({ name, onpoint, onkey, onpin }) {
  const surface = canvas(1, 1, {
    class: "screen-surface",
    tabindex: 0,
    role: "img",
    "aria-describedby": "kernels-keys",
    dataset: { i18nAria: `kernels.${name}.label` },
  });
  const mark = h("div", { class: "screen-mark", hidden: true });
  const veil = h("div", { class: "screen-veil", hidden: true });
  const element = h("div", { class: "screen", dataset: { screen: name } }, surface, veil, mark);
  let veiled = "";
  /** @type {Box | null} */
  let marked = null;
  /** The picture's width on the page, in CSS pixels: asked for in a frame it would lay the page out at once. */
  let across = 0;

  /** @param {PointerEvent} event */
  function point(event) {
    const box = surface.getBoundingClientRect();
    const place = (/** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ count) =>
      Math.min(count - 1, Math.max(0, Math.floor((offset / length) * count)));
    onpoint(
      place(event.clientY - box.top, box.height, surface.height),
      place(event.clientX - box.left, box.width, surface.width),
    );
  }
  surface.addEventListener("pointermove", point);
  surface.addEventListener("click", (event) => {
    onpin();
    point(/** @type {PointerEvent} */ (event));
  });
  surface.addEventListener("keydown", onkey);

  function place() {
    mark.hidden = !marked || !across;
    if (!marked || !across) return;
    const scale = across / surface.width;
    const along = (/** @type {number} */ first, /** @type {number} */ count) => {
      const length = Math.max(LEAST, count * scale);
      return [(first + count / 2) * scale - length / 2, length];
    };
    const [[left, width], [top, height]] = [along(marked.column, marked.columns), along(marked.row, marked.rows)];
    Object.assign(mark.style, {
      transform: `translate(${left}px, ${top}px)`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }
  new ResizeObserver(([{ contentRect }]) => {
    across = contentRect.width;
    place();
  }).observe(surface);

  return {
    element,
    surface,
    /** Show what another screen shows. @param {{ surface: HTMLCanvasElement }} other */
    copy(other) {
      this.show(other.surface);
    },
    /** @param {ImageData | HTMLCanvasElement} image */
    show(image) {
      if (surface.width !== image.width || surface.height !== image.height) {
        [surface.width, surface.height] = [image.width, image.height];
        element.style.setProperty("--shape", String(image.width / image.height));
        element.classList.toggle("coarse", Math.max(image.width, image.height) <= COARSE);
      }
      const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d"));
      if (image instanceof ImageData) context.putImageData(image, 0, 0);
      else context.drawImage(image, 0, 0);
    },
    /** Grey out what no window reaches; nothing without windows. @param {import("../lib/conv.js").Geometry | null} geometry */
    veil(geometry) {
      const key = JSON.stringify(geometry);
      if (key === veiled) return;
      veiled = key;
      veil.hidden = true;
      if (!geometry) return;
      const [rows, columns] = [reached(geometry.rows), reached(geometry.columns)];
      veil.hidden = !rows.includes(0) && !columns.includes(0);
      if (veil.hidden) return;
      const cover = canvas(columns.length, rows.length);
      const context = /** @type {CanvasRenderingContext2D} */ (cover.getContext("2d"));
      context.fillStyle = VEIL;
      rows.forEach((seen, y) => seen || context.fillRect(0, y, columns.length, 1));
      columns.forEach((seen, x) => {
        if (!seen) rows.forEach((line, y) => line && context.fillRect(x, y, 1, 1));
      });
      veil.style.backgroundImage = `url(${cover.toDataURL()})`;
    },
    /** @param {Box | null} box @param {boolean} pinned */
    mark(box, pinned) {
      marked = box;
      mark.classList.toggle("pinned", pinned);
      place();
    },
  };
}
