/** Where numbers are computed by the browser: how far they are from PyTorch's, on drawings that Python ran. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { short } from "../lib/numbers.js";

/** @typedef {import("../lib/contract/models.js").Truth} Truth */

/** @param {(model: string) => Promise<Truth>} compare */
export function createTruth(compare) {
  /** @type {Truth | null} */
  let found = null;
  const button = h("button", { type: "button", class: "action", dataset: { i18n: "truth.ask" }, onclick: ask });
  const words = h("p", { class: "note truth", role: "status" });
  const element = h(
    "div",
    { class: "model-facts" },
    h("p", { class: "note", dataset: { i18n: "truth.here" } }),
    button,
    words,
  );

  async function ask() {
    button.disabled = true;
    words.textContent = t("truth.busy");
    try {
      const model = page.get("model");
      const told = await compare(model);
      if (model === page.get("model")) found = told;
      tell();
    } catch (error) {
      words.textContent = /** @type {Error} */ (error).message;
    }
    button.disabled = false;
  }

  function tell() {
    words.textContent = found
      ? t("truth.told", {
          drawings: found.drawings,
          numbers: found.numbers.toLocaleString("en"),
          apart: short(found.apart, 2),
          torch: found.torch.split("+")[0],
        })
      : "";
  }

  page.on(["model"], () => {
    found = null;
    tell();
  });
  page.on(["language"], () => {
    fillWords(element);
    tell();
  });
  return { element };
}
