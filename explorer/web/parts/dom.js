/** Small building blocks for the views' DOM. */

/**
 * An element with properties, attributes and children: `h("button", { class: "tool", onclick: undo }, "Undo")`.
 * Keys that start with "on" become listeners, `dataset` and `style` are merged, the rest are attributes.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "dataset" || key === "style") Object.assign(element[key], value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** An element of a vector drawing. @param {string} tag @param {Record<string, string | number>} [attributes] @param {...(Node | string)} children */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A canvas whose bitmap is `width` × `height`. @param {number} width @param {number} height @param {Record<string, any>} [attributes] */
export function canvas(width, height, attributes = {}) {
  return /** @type {HTMLCanvasElement} */ (h("canvas", { width, height, ...attributes }));
}

/** Put words into an element: nothing is laid out anew where they are the same, and no node is made where words were before. @param {Element} element @param {string} words */
export function say(element, words) {
  const { firstChild } = element;
  if (firstChild instanceof Text && firstChild === element.lastChild) {
    if (firstChild.data !== words) firstChild.data = words;
  } else if (element.textContent !== words) element.textContent = words;
}

/** Hide an element or show it; where it is so already, nothing is styled anew. @param {HTMLElement} element @param {boolean} hidden */
export function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Do something once what is there now is painted. @param {() => void} act */
export const afterPaint = (act) => requestAnimationFrame(() => setTimeout(act));

/** Windows so narrow, for letters as large as the person wants them, have one column: what `@media` says in the style sheets. */
export const NARROW = "(max-width: 53.75rem)";

/** True while the person asked the system for less motion. */
export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
