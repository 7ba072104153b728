/** A map of classes: at each place the colour of the class that wins there, and the share of the places that each class has. */

import { canvas, h, hide } from "./dom.js";
import { percent } from "./percent.js";
import { t } from "./i18n.js";
import { fromBase64 } from "../lib/codes.js";
import { classColour } from "../lib/colour.js";

/** Classes that are named. */
const MOST = 8;

/** @typedef {import("../lib/contract/network.js").ClassMap} ClassMap */

export function createClassMap() {
  const picture = canvas(1, 1, { class: "class-map", role: "img" });
  const list = h("ol", { class: "class-shares" });
  const rest = h("li", { class: "note" });
  const element = h("div", { class: "class-mapped", hidden: true }, picture, list);
  return {
    element,
    /** @param {ClassMap | undefined} map */
    show(map) {
      hide(element, map === undefined);
      if (!map) return;
      const { rows, columns, data, shares } = map;
      if (picture.width !== columns || picture.height !== rows)
        Object.assign(picture, { width: columns, height: rows });
      const image = new ImageData(columns, rows);
      fromBase64(data).forEach((index, k) => image.data.set([...classColour(index), 255], 4 * k));
      /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d")).putImageData(image, 0, 0);
      picture.setAttribute("aria-label", t("prediction.map", { list: namesOf(shares) }));
      rest.textContent = shares.length > MOST ? t("prediction.map.more", { count: shares.length - MOST }) : "";
      list.replaceChildren(
        ...shares
          .slice(0, MOST)
          .map(({ index, name, share }) =>
            h(
              "li",
              { dataset: { class: name } },
              h("i", { class: "class-patch", style: { backgroundColor: `rgb(${classColour(index).join(" ")})` } }),
              h("span", { class: "class-word", title: name }, name),
              h("span", { class: "note" }, percent(share)),
            ),
          ),
        ...(rest.textContent ? [rest] : []),
      );
    },
  };
}

/** The largest classes in words. @param {ClassMap["shares"]} shares */
export const namesOf = (shares) =>
  shares
    .slice(0, 3)
    .map(({ name, share }) => `${name} (${percent(share)})`)
    .join(", ");
