/** A theme's colours, asked of the page once: asking makes it work out all its styles. */

import { page } from "./page.js";

/**
 * @param {Element} element that has them @param {string[]} names of properties, such as "color" or "--cs-mark"
 * @returns {() => string[]} gives those of the theme that is on
 */
export function themeColours(element, names) {
  /** @type {Map<boolean, string[]>} */
  const known = new Map();
  return () => {
    const dark = page.get("dark");
    const found = known.get(dark);
    if (found) return found;
    const style = getComputedStyle(element);
    const colours = names.map((name) => style.getPropertyValue(name));
    if (element.isConnected) known.set(dark, colours);
    return colours;
  };
}
