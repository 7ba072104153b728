/** Kernels that the explored model learned: which weight, which output and input channel. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { LARGEST } from "../lib/kernels.js";
import { ask, newestOnly } from "../lib/live.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/contract/kernels.js").Weight} Weight */

/** @param {{ server: import("../lib/contract/kernels.js").Server, onkernel: (kernel: import("../lib/conv.js").Kernel, learned: string) => void }} options */
export function createLearned({ server, onkernel }) {
  /** @type {Weight[]} */
  let weights = [];
  let place = { name: "", output: 0, input: 0 };
  /** The model that the list is of. */
  let listed = "";
  /** The kernel in view that the fields were set to. @type {unknown} */
  let seen = null;
  const weight = h("select", {
    dataset: { control: "learned.weight", i18nAria: "kernels.learned.weight" },
    onchange: () => choose({ name: weight.value, output: 0, input: 0 }),
  });
  const channels = /** @type {const} */ (["output", "input"]).map((key) => {
    const input = h("input", {
      type: "number",
      class: "number-field",
      min: 0,
      step: 1,
      dataset: { control: `learned.${key}`, i18nAria: `kernels.learned.${key}` },
      oninput: () => {
        const value = Number(input.value);
        const good = input.value !== "" && Number.isInteger(value) && value >= 0 && value <= Number(input.max);
        input.setAttribute("aria-invalid", String(!good));
        if (good) choose({ ...place, [key]: value });
      },
      onblur: () => show(),
    });
    const count = h("span", { class: "note" });
    return {
      key,
      input,
      count,
      element: h(
        "label",
        { class: "setting-parts" },
        h("span", { class: "note", dataset: { i18n: `kernels.learned.${key}` } }),
        input,
        count,
      ),
    };
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const element = h(
    "div",
    { class: "learned", hidden: true },
    weight,
    ...channels.map(({ element: each }) => each),
    problem,
  );
  const request = () => ({ model: page.get("model"), edits: page.get("edits") });

  const fetchKernel = newestOnly(
    (/** @type {import("../lib/contract/kernels.js").KernelRequest} */ asked) =>
      ask(server.learned_kernel, asked, t("error.unreachable")),
    ({ rows, columns, values }, { name, output, input }) => {
      complain("");
      const kernel = { rows, columns, values };
      seen = kernel; // the fields may be further already
      onkernel(kernel, `${name}[${output}, ${input}]`);
    },
    (error) => complain(error.message),
  );

  /** @param {string} words */
  function complain(words) {
    problem.textContent = words;
    problem.hidden = !words;
    if (words) element.hidden = false;
  }

  /** @param {typeof place} next */
  function choose(next) {
    place = next;
    show();
    fetchKernel({ ...request(), ...place });
  }

  function show() {
    const at = weights.find(({ name }) => name === place.name);
    weight.value = place.name;
    channels.forEach(({ key, input, count }, axis) => {
      input.max = String(at ? at.shape[axis] - 1 : 0);
      if (document.activeElement !== input || Number(input.value) !== place[key]) input.value = String(place[key]);
      input.setAttribute("aria-invalid", "false");
      count.textContent = at ? t("kernels.map.of", { count: at.shape[axis] }) : "";
    });
  }

  /** Ask once for each model which kernels it has. */
  async function list() {
    if (listed === page.get("model")) return true;
    try {
      const answer = await ask(server.learned_kernels, { model: page.get("model") }, t("error.unreachable"));
      weights = answer.weights.filter(({ shape }) => Math.max(shape[2], shape[3]) <= LARGEST);
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
      return false;
    }
    listed = page.get("model");
    weight.replaceChildren(
      ...weights.map(({ name, shape }) => h("option", { value: name }, `${name} · ${shape.join("×")}`)),
    );
    if (!weights.length) complain(t("kernels.learned.none"));
    return weights.length > 0;
  }

  page.on(["model"], async () => {
    if (!element.hidden && (await list())) show();
  });

  return {
    element,
    /** Take the model's first kernel. */
    async begin() {
      if (await list()) choose({ name: weights[0].name, output: 0, input: 0 });
    },
    /** @param {import("../lib/kernels_state.js").Stage} stage the kernel in view */
    async show({ learned, kernel }) {
      const found = learned === null ? null : /^(.+)\[(\d+), (\d+)\]$/.exec(learned);
      const changed = kernel !== seen;
      seen = kernel;
      if (changed) complain("");
      element.hidden = !found && problem.hidden;
      if (!changed || !found) return;
      place = { name: found[1], output: Number(found[2]), input: Number(found[3]) };
      if (await list()) show();
    },
  };
}
