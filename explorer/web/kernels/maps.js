/** Which feature map of the explored model is the picture: its step and its channel. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";

/** @typedef {{ step: number, channel: number }} MapPlace  `step` −1 is the network's input */

/** @param {{ onchoose: (place: MapPlace) => void }} options */
export function createMapChoice({ onchoose }) {
  /** @type {MapPlace} */
  let place = { step: -1, channel: 0 };
  const step = h("select", {
    dataset: { control: "map.step", i18nAria: "kernels.map.step" },
    onchange: () => choose({ step: Number(step.value), channel: 0 }),
  });
  const channel = h("input", {
    type: "number",
    class: "number-field",
    min: 0,
    step: 1,
    dataset: { control: "map.channel", i18nAria: "kernels.map.channel", i18nTitle: "kernels.map.channel" },
    oninput: () => {
      const value = Number(channel.value);
      const good = channel.value !== "" && Number.isInteger(value) && value >= 0 && value <= Number(channel.max);
      channel.setAttribute("aria-invalid", String(!good));
      if (good) choose({ ...place, channel: value });
    },
    onblur: () => show(),
  });
  const count = h("span", { class: "note" });

  /** The steps whose output is made of maps, with how many, how high and how wide. */
  const steps = () =>
    (page.get("description")?.steps ?? []).flatMap((one) => {
      const size = one.map?.size ?? [];
      return size.length === 3 && one.shape.length > 3 && size[1] * size[2] > 1 ? [{ ...one, size }] : [];
    });

  /** @param {MapPlace} next */
  function choose(next) {
    place = next;
    show();
    onchoose(place);
  }

  function show() {
    const known = steps();
    step.replaceChildren(
      ...known.map(({ index, op, path, size }) =>
        h(
          "option",
          { value: index },
          `${index < 0 ? t("kernels.map.input") : `${index + 1} ${path || op}`} · ${size.join("×")}`,
        ),
      ),
    );
    const at = known.find(({ index }) => index === place.step) ?? known[0];
    if (at) place = { step: at.index, channel: Math.min(place.channel, at.size[0] - 1) };
    step.value = String(place.step);
    channel.max = String(at ? at.size[0] - 1 : 0);
    if (document.activeElement !== channel || Number(channel.value) !== place.channel)
      channel.value = String(place.channel);
    channel.setAttribute("aria-invalid", "false");
    count.textContent = at ? t("kernels.map.of", { count: at.size[0] }) : "";
  }

  return {
    element: h(
      "span",
      { class: "setting-parts source-map", hidden: true },
      step,
      h(
        "label",
        { class: "setting-parts" },
        h("span", { class: "note", dataset: { i18n: "kernels.map.channel" } }),
        channel,
        count,
      ),
    ),
    show,
    get place() {
      return place;
    },
    /** The map to begin with: `given`, or the first of the first step that learned something. @param {MapPlace | null} given */
    begin(given) {
      const first = steps().find(({ learned, index }) => index >= 0 && learned.length);
      place = given ?? { step: first?.index ?? -1, channel: 0 };
      show();
    },
  };
}
