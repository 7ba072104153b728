/**
 * The drawing pad: strokes by mouse, touch, pen or keyboard; eraser, undo, redo, clear, brush width, and replay of
 * stored strokes. It knows nothing of models: it reports the strokes after every change.
 */

import { h, hide, canvas, reducedMotion } from "./dom.js";
import { createHistory } from "../lib/history.js";
import { erased, partOf, rounded } from "../lib/strokes.js";
import { createMoves, MOVES } from "./pad_moves.js";
import { themeColours } from "./theme_colours.js";

/** The pen's width on the pad at brush 1, and the eraser's radius, in pad sides. */
export const PEN = 0.07;
const ERASER = 0.06;
/** One press of an arrow key moves the keyboard's pen by this much of the pad; with Shift by a quarter of it. */
const KEY_STEP = 0.04;
const REPLAY_MS = 700;

/** @typedef {import("../lib/strokes.js").Stroke} Stroke */

/**
 * @param {{ ink: Stroke[], pen: number, onchange: (at?: number) => void, onrelease: () => void }} options what is on the pad
 *   at first, the pen's width; `at`: when the hand moved, ms since the page's start; `onrelease`: the hand took the place of a picture
 */
export function createPad({ ink, pen, onchange, onrelease }) {
  const history = createHistory(ink);
  /** @type {Stroke | null} */
  let current = null;
  /** The strokes while a gesture of the eraser or a replay is under way. @type {Stroke[] | null} */
  let preview = null;
  /** @type {"draw" | "erase"} */
  let tool = "draw";
  let brush = pen;
  let replay = 0;
  /** What lies on the pad instead of ink. @type {HTMLCanvasElement | null} */
  let picture = null;
  /** Whether the ink was written for the person, who draws over it. */
  let guest = false;
  /** The keyboard's pen, shown only once an arrow key was used. @type {{ at: [number, number], down: boolean } | null} */
  let cursor = null;

  const surface = canvas(1, 1, {
    class: "pad-surface",
    tabindex: 0,
    role: "application",
    dataset: { i18nAria: "pad.label", i18nTitle: "pad.keys" },
  });
  const colours = themeColours(surface, ["color", "--cs-accent"]);
  const moves = createMoves({ draw, onchange });
  const frame = h("div", { class: "pad-field", hidden: true });
  const hint = h("p", { class: "pad-hint", dataset: { i18n: "pad.hint" } });
  const button = (/** @type {string} */ name, /** @type {string} */ icon, /** @type {() => void} */ act) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        dataset: { tool: name, i18nTitle: `pad.${name}`, i18nAria: `pad.${name}` },
        onclick: act,
      },
      h("span", { "aria-hidden": "true" }, icon),
      h("span", { class: "word", dataset: { i18n: `pad.${name}.word` } }),
    );
  const buttons = {
    draw: button("draw", "✎", () => choose("draw")),
    erase: button("erase", "⌫", () => choose("erase")),
    undo: button("undo", "↶", () => travel("undo")),
    redo: button("redo", "↷", () => travel("redo")),
    clear: button("clear", "✕", clear),
  };
  const width = h("input", {
    type: "range",
    min: 0.5,
    max: 2,
    step: 0.1,
    value: pen,
    class: "brush",
    dataset: { i18nAria: "pad.brush", i18nTitle: "pad.brush" },
    oninput: () => {
      brush = Number(width.value);
      draw();
      onchange();
    },
  });
  const element = h(
    "div",
    { class: "pad" },
    h("div", { class: "pad-frame" }, surface, frame, hint),
    h(
      "div",
      { class: "pad-tools", role: "toolbar", dataset: { i18nAria: "pad.tools" } },
      ...Object.values(buttons),
      width,
    ),
  );
  const tools = /** @type {HTMLElement} */ (element.lastElementChild);

  /** What is on the pad now, a stroke under way included. @returns {Stroke[]} */
  const shown = () => preview ?? (current ? [...history.now, current] : history.now);

  /** @param {number} [at] */
  function changed(at) {
    moves.forget();
    draw();
    onchange(at);
  }

  /** @param {"draw" | "erase"} name */
  function choose(name) {
    tool = name;
    buttons.draw.setAttribute("aria-pressed", String(tool === "draw"));
    buttons.erase.setAttribute("aria-pressed", String(tool === "erase"));
    surface.dataset.tool = tool;
  }

  /** @param {"undo" | "redo"} direction */
  function travel(direction) {
    settle();
    if (!release()) history[direction]();
    guest = false;
    changed();
  }

  function clear() {
    settle();
    release();
    guest = false;
    if (history.now.length) history.change([]);
    changed();
  }

  /** Take the picture off the pad: the ink that was under it is back. Returns whether there was one. */
  function release() {
    if (!picture) return false;
    picture = null;
    onrelease();
    return true;
  }

  /** Begin a drawing in the place of a picture, or of ink that was written for the person. */
  function takeOver() {
    if ((release() || guest) && history.now.length) history.change([]);
    guest = false;
  }

  /** End whatever is under way, keeping it. */
  function settle() {
    cancelAnimationFrame(replay);
    if (preview) history.change(preview);
    else if (current) history.change([...history.now, current]);
    preview = current = null;
    if (cursor) cursor.down = false;
  }

  function draw() {
    const side = surface.width;
    const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d"));
    const [colour, accent] = colours();
    context.clearRect(0, 0, side, side);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = PEN * brush * side;
    if (picture) {
      context.imageSmoothingEnabled = picture.width > 28;
      context.drawImage(picture, 0, 0, side, side);
    } else for (const stroke of shown()) inkStroke(context, stroke, side);
    if (cursor) {
      context.strokeStyle = accent;
      context.lineWidth = Math.max(1.5, side / 160);
      context.beginPath();
      context.arc(cursor.at[0] * side, cursor.at[1] * side, (cursor.down ? 0.02 : 0.04) * side, 0, 2 * Math.PI);
      context.stroke();
    }
    hide(hint, picture !== null || shown().length > 0);
    buttons.undo.disabled = !history.canUndo && !picture;
    buttons.redo.disabled = !history.canRedo && !picture;
    buttons.clear.disabled = shown().length === 0 && !picture;
  }

  /** @param {PointerEvent} event @param {DOMRect} box of the surface @returns {import("../lib/strokes.js").Point} */
  function place(event, box) {
    const unit = (/** @type {number} */ u) => rounded(Math.min(1, Math.max(0, u)));
    return [unit((event.clientX - box.left) / box.width), unit((event.clientY - box.top) / box.height)];
  }

  /** @type {number | null} */
  let pointer = null;
  /** @type {import("../lib/strokes.js").Point} */
  let last = [0, 0];
  /** Where the surface stood when the stroke began: asking for it makes the page lay itself out. @type {DOMRect | null} */
  let box = null;
  for (const name of ["scroll", "resize"]) addEventListener(name, () => (box = null), { capture: true, passive: true });

  surface.addEventListener("pointerdown", (event) => {
    if (pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    surface.focus({ preventScroll: true });
    settle();
    takeOver();
    cursor = null;
    pointer = event.pointerId;
    surface.setPointerCapture(pointer);
    box = surface.getBoundingClientRect();
    last = place(event, box);
    if (erasing(event)) preview = erased(history.now, last, last, ERASER);
    else current = [last];
    changed();
  });
  surface.addEventListener(MOVES, (/** @type {Event} */ told) => {
    const event = /** @type {PointerEvent} */ (told);
    if (event.pointerId !== pointer) return;
    const several = event.getCoalescedEvents?.() ?? [];
    box ??= surface.getBoundingClientRect();
    for (const move of several.length ? several : [event]) {
      const point = place(move, box);
      if (point[0] === last[0] && point[1] === last[1]) continue;
      if (preview) preview = erased(preview, last, point, ERASER);
      else current?.push(point);
      last = point;
    }
    moves.moved(event.timeStamp);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    surface.addEventListener(end, (event) => {
      if (/** @type {PointerEvent} */ (event).pointerId !== pointer) return;
      pointer = null;
      if (preview && preview.length === history.now.length && preview.every((s, k) => s === history.now[k]))
        preview = null;
      settle();
      changed();
    });
  }
  /** A pen's other end and its side button erase. @param {PointerEvent} event */
  const erasing = (event) => tool === "erase" || (event.pointerType === "pen" && (event.buttons & 32) !== 0);

  surface.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? KEY_STEP / 4 : KEY_STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") travel(event.shiftKey ? "redo" : "undo");
      else if (key === "y") travel("redo");
      else return;
    } else if (event.key in moves) {
      const [dx, dy] = moves[/** @type {keyof typeof moves} */ (event.key)];
      const from = cursor ?? { at: [0.5, 0.5], down: false };
      const at = /** @type {[number, number]} */ (
        [from.at[0] + dx, from.at[1] + dy].map((u) => rounded(Math.min(1, Math.max(0, u))))
      );
      if (from.down && tool === "erase" && preview) preview = erased(preview, from.at, at, ERASER);
      else if (from.down && current) current.push(at);
      cursor = { at, down: from.down };
      changed();
    } else if (key === " ") {
      const at = cursor?.at ?? [0.5, 0.5];
      const down = !cursor?.down;
      settle();
      takeOver();
      if (down && tool === "erase") preview = erased(history.now, at, at, ERASER);
      else if (down) current = [at];
      cursor = { at, down };
      changed();
    } else if (key === "delete" || key === "backspace") clear();
    else if (key === "e") choose("erase");
    else if (key === "d") choose("draw");
    else return;
    event.preventDefault();
  });
  surface.addEventListener("blur", () => {
    if (!cursor) return;
    settle();
    cursor = null;
    changed();
  });

  new ResizeObserver(() => {
    const side = Math.round(surface.clientWidth * devicePixelRatio);
    if (!side || side === surface.width) return;
    surface.width = surface.height = side;
    draw();
  }).observe(surface);
  choose("draw");

  return {
    element,
    /** The tools, the pen's width among them, where a page places them apart. */
    tools,
    width,
    redraw: draw,
    get strokes() {
      return shown();
    },
    get brush() {
      return brush;
    },
    /** Whether a gesture or a replay is under way. */
    get busy() {
      return current !== null || preview !== null;
    },
    /** Outline a part of the pad, or nothing. @param {{ left: number, top: number, width: number, height: number } | null} part in pad sides */
    outline(part) {
      hide(frame, !part);
      if (!part) return;
      const [left, top] = [Math.max(0, part.left), Math.max(0, part.top)];
      const [right, bottom] = [Math.min(1, part.left + part.width), Math.min(1, part.top + part.height)];
      const share = (/** @type {number} */ u) => `${100 * Math.max(0, u)}%`;
      Object.assign(frame.style, {
        left: share(left),
        top: share(top),
        width: share(right - left),
        height: share(bottom - top),
      });
    },

    clear,

    /** Lay a picture on the pad, or nothing: the ink is then seen again. @param {HTMLCanvasElement | null} found */
    lay(found) {
      if (!found && !picture) return;
      picture = found;
      draw();
    },

    /** Whether the ink was written for the person, who draws over it. */
    get guest() {
      return guest;
    },

    /** Draw stored strokes as a hand would, as one undoable change. @param {Stroke[]} strokes @param {boolean} [over] whether a person draws over it */
    play(strokes, over = false) {
      settle();
      release();
      guest = over;
      cursor = null;
      if (reducedMotion()) {
        history.change(strokes);
        changed();
        return;
      }
      const started = performance.now();
      const frame = (/** @type {number} */ now) => {
        const fraction = Math.min(1, Math.max(0, (now - started) / REPLAY_MS));
        if (fraction < 1) {
          current = null;
          preview = partOf(strokes, fraction);
          replay = requestAnimationFrame(frame);
        } else {
          preview = null;
          history.change(strokes);
        }
        changed();
      };
      replay = requestAnimationFrame(frame);
    },
  };
}

/**
 * One stroke as a smooth line through the midpoints of its points; a single point is a dot.
 * @param {CanvasRenderingContext2D} context @param {Stroke} stroke @param {number} side
 */
export function inkStroke(context, stroke, side) {
  const points = stroke.map(([x, y]) => [x * side, y * side]);
  context.beginPath();
  if (points.length === 1) {
    context.arc(points[0][0], points[0][1], context.lineWidth / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.moveTo(points[0][0], points[0][1]);
  for (let k = 1; k < points.length - 1; k++) {
    const [x, y] = points[k];
    context.quadraticCurveTo(x, y, (x + points[k + 1][0]) / 2, (y + points[k + 1][1]) / 2);
  }
  context.lineTo(points[points.length - 1][0], points[points.length - 1][1]);
  context.stroke();
}
