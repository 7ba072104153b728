/** What a column says of its step in words: shape, place, parameters, receptive field, and what became of the picture. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { termButton, termed } from "./term.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {import("../../lib/contract/network.js").Fed} Fed */

/** Side of the picture that is made of a drawing. */
const SIDE = 28;

/** @param {Step} step */
export function factLines(step) {
  const fact = (/** @type {string} */ text, /** @type {string} */ why) =>
    h("span", { class: "fact", title: why && t(why) }, ...termed(text, step));
  const shape = termButton(step.shape.join(" × "), { name: "term.shape", step });
  const lines = [h("span", { class: "fact shape", title: t("network.shape.why") }, shape)];
  if (step.path) lines.push(h("span", { class: "fact path" }, step.path));
  if (step.from.length)
    lines.push(
      fact(
        t("network.from", {
          list: step.from.map((name) => (name === "input" ? t("network.input") : name)).join(" + "),
        }),
        "network.from.why",
      ),
    );
  if (step.parameters) lines.push(fact(t("network.parameters", { count: step.parameters }), "network.parameters.why"));
  if (step.field) lines.push(fact(t("network.field", { field: step.field }), "network.field.why"));
  if (step.map && step.map.block > 1) lines.push(fact(t("network.thumbnail", { block: step.map.block }), ""));
  if (!step.explained)
    lines.push(h("span", { class: "fact warning", title: t("network.unknown.why") }, t("network.unknown")));
  return lines;
}

/** @param {Fed} fed */
export function fedWords({ example, own, takes, shape }) {
  if (example) return t(`network.fed.example.${takes}`);
  if (takes === "pictures") return t(own ? "network.fed.own.picture" : "network.fed.cut", { size: shape.join("×") });
  if (own) return t("network.fed.own");
  const [channels, height, width] = shape;
  return [
    height === SIDE && width === SIDE ? "" : t("network.fed.resized", { height, width }),
    channels === 1 ? "" : t("network.fed.repeated", { channels }),
  ]
    .filter(Boolean)
    .join(" · ");
}
