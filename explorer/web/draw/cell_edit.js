/** What can be changed from an opened number: a whole channel through the parameters that make it, or one weight. */

import { h } from "../parts/dom.js";
import { numberOf } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/contract/draw.js").Edit} Edit */

/** @param {Edit} edit */
const make = (edit) => page.set({ edits: [...page.get("edits"), edit] });

/** Scale a whole channel. @param {{ parameters: string[], channel: number }} channel */
export function channelTools(channel) {
  const scale = (/** @type {string} */ words, /** @type {number} */ factor) =>
    h(
      "button",
      { type: "button", class: "tool", onclick: () => make({ kind: "scale", ...channel, factor }) },
      t(words),
    );
  return h(
    "p",
    { class: "channel-tools" },
    t("cell.channel", { channel: channel.channel }),
    scale("cell.silence", 0),
    scale("cell.boost", 2),
    scale("cell.restore", 1),
  );
}

/** What somebody types outlives an answer that draws the form anew. @param {HTMLElement} lead that holds the form @returns {() => void} to be called when it is drawn */
export function keepTyped(lead) {
  const typed = () => /** @type {HTMLInputElement | null} */ (lead.querySelector(".element input"));
  const before = typed();
  const focused = before === document.activeElement;
  return () => {
    const after = typed();
    if (!before || !after || before.dataset.element !== after.dataset.element) return;
    if (before.value !== before.dataset.value) after.value = before.value;
    if (focused) after.focus({ preventScroll: true });
  };
}

/** The value of one weight or bias, to be changed. @param {import("../lib/contract/draw.js").Element} shown @param {number[]} index in the parameter */
export function elementEditor({ parameter, element }, index) {
  const [name, shown] = [`${parameter} [${index.join(", ")}]`, String(numberOf(element))];
  const input = h("input", {
    type: "number",
    step: "any",
    value: shown,
    dataset: { element: name, value: shown },
    "aria-label": parameter,
  });
  const set = () => {
    const value = Number(input.value);
    input.setCustomValidity(input.value !== "" && Number.isFinite(value) ? "" : t("cell.number"));
    if (input.reportValidity() && value !== element) make({ kind: "set", parameter, index, value });
  };
  return h(
    "form",
    {
      class: "element",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        set();
      },
    },
    h("label", {}, `${name} = `, input),
    h("button", { type: "submit", class: "tool" }, t("cell.set")),
  );
}
