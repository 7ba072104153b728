/** The switch between drawings that the server computes and those that this browser does. */

import { h } from "../parts/dom.js";
import { page } from "../parts/page.js";

/** Names under which a computer reaches itself alone. */
const OWN = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @param {boolean} classroom in a class, and where the server is another machine, it is on to begin with */
export function createLocal(classroom) {
  const box = h("input", { type: "checkbox", onchange: () => page.set({ local: box.checked }) });
  box.checked = classroom || !OWN.test(location.hostname);
  page.set({ local: box.checked });
  return h(
    "label",
    { class: "switch", dataset: { i18nTitle: "bar.local.why" } },
    box,
    h("span", { dataset: { i18n: "bar.local" } }),
  );
}
