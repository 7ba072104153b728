/** The panel that passes on what is on screen: a link, where it opens, and what a lesson shows and says. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { LINKED, PANELS, sharedLink } from "../lib/link.js";
import { page } from "../parts/page.js";
import { panelBoxes } from "../parts/panels.js";
import { createPopover } from "../parts/popover.js";

/** @typedef {import("../lib/link.js").Linked} Linked */

/** Names under which a computer reaches itself alone. */
const OWN = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @param {{ network: string | null, say: (key: string) => void }} options  `network`: the server's address for other machines, null where it listens to none */
export function createShare({ network, say }) {
  const field = h("input", {
    type: "text",
    class: "share-link",
    readonly: true,
    dataset: { i18nAria: "share.link" },
    onfocus: () => field.select(),
  });
  const where = h("p", { class: "note" });
  const texts = /** @type {const} */ (["title", "says"]).map((key) => {
    const input = h("input", { type: "text", maxlength: 300, oninput: () => page.set({ [key]: input.value }) });
    input.value = page.get(key);
    return h("label", { class: "share-text" }, h("span", { dataset: { i18n: `share.${key}` } }), input);
  });
  const groups = Object.keys(PANELS).map((of) =>
    h("div", { class: "share-panels", dataset: { of }, role: "group" }, ...panelBoxes(of)),
  );
  const panel = createPopover({
    words: "bar.share",
    title: "bar.link",
    name: "share",
    children: [
      h(
        "div",
        { class: "share-row" },
        field,
        h("button", { type: "button", class: "action", dataset: { i18n: "share.copy" }, onclick: copy }),
      ),
      where,
      h(
        "details",
        { class: "share-lesson" },
        h("summary", { dataset: { i18n: "share.lesson" } }),
        ...texts,
        h("p", { class: "note", dataset: { i18n: "share.shown" } }),
        ...groups,
      ),
    ],
  });

  /** The link of what the page in front shows, at the address where others find it. */
  function link() {
    const here = new URL(location.href);
    if (network && OWN.test(here.hostname)) here.hostname = network.includes(":") ? `[${network}]` : network;
    const state = /** @type {Linked} */ (Object.fromEntries(LINKED.map((key) => [key, page.get(key)])));
    here.hash = sharedLink(state);
    return here.href;
  }

  function tell() {
    field.value = link();
    const alone = OWN.test(location.hostname) && !network;
    where.textContent = t(alone ? "share.here" : "share.network", { host: new URL(field.value).host });
    for (const group of groups) group.hidden = !["page", page.get("tab")].includes(group.dataset.of);
  }

  /** Copy the link; where the browser lets no page write to the clipboard, as a person's own Ctrl+C would. */
  async function copy() {
    tell();
    try {
      await navigator.clipboard.writeText(field.value);
      say("bar.copied");
    } catch {
      field.focus();
      field.select();
      say(document.execCommand("copy") ? "bar.copied" : "bar.copy.by.hand");
    }
  }

  page.on([...LINKED], () => {
    if (panel.button.getAttribute("aria-expanded") === "true") tell();
  });
  page.on(["language"], tell);
  panel.button.addEventListener("click", tell);
  fillWords(panel.element);
  tell();
  return { element: panel.element };
}
