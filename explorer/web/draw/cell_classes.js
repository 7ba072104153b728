/** All classes beside an opened one: logit, probability, the label, and the gradient p − y with which backward begins. */

import { h } from "../parts/dom.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { lighting } from "./cell_numbers.js";

/** @typedef {import("../lib/contract/draw.js").Classes} Classes */

/** @param {Classes} sum @param {number} opened @param {import("./cell_numbers.js").Context} context */
export function classTable({ classes, logits, label, loss }, opened, { follow, light }) {
  const known = label !== null;
  const logit = (/** @type {number} */ value, /** @type {number} */ k) => {
    const place = { step: logits, of: "", cell: [0, k] };
    return h(
      "button",
      {
        type: "button",
        class: "number",
        title: t("cell.classes.logit.open", { name: classes[k].name }),
        onclick: () => follow(place),
        ...lighting(place, light),
      },
      short(value),
    );
  };
  const choose = h(
    "select",
    {
      class: "class-label",
      "aria-label": t("cell.classes.label"),
      title: t("cell.classes.label"),
      onchange: () => page.set({ label: choose.value === "" ? null : Number(choose.value) }),
    },
    h("option", { value: "" }, t("cell.classes.unlabelled")),
    ...classes.map(({ name }, k) => h("option", { value: k }, name)),
  );
  choose.value = known ? String(label) : "";
  const words = known
    ? h(
        "p",
        { class: "class-loss" },
        t("cell.classes.loss", {
          name: classes[label].name,
          p: short(classes[label].p),
          loss: short(/** @type {number} */ (loss), 7),
        }),
      )
    : h("p", { class: "note" }, t("cell.classes.choose"));
  return h(
    "section",
    { class: "classes" },
    h("label", { class: "class-choice" }, h("span", {}, t("cell.classes.label")), choose),
    words,
    h(
      "table",
      { class: "terms" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["class", "z", "p", ...(known ? ["y", "gradient"] : [])].map((column) =>
            h("th", { scope: "col" }, t(`cell.classes.column.${column}`)),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        ...classes.map(({ name, logit: z, p, y, gradient }, k) =>
          h(
            "tr",
            { class: k === opened ? "winner" : "" },
            h("th", { scope: "row" }, name),
            h("td", {}, logit(z, k)),
            h("td", {}, short(p)),
            ...(known ? [h("td", {}, String(y)), h("td", { class: "term-product" }, short(gradient))] : []),
          ),
        ),
      ),
    ),
  );
}
