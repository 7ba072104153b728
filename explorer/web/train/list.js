/** The list of runs: what each is doing, which one is watched, which curves are compared; rename, delete. */

import { percent } from "../parts/percent.js";
import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";

/** @typedef {import("../lib/contract/train.js").Run} Run */

/** @param {{ onchoose: (name: string) => void, oncompare: (names: string[]) => void, onrename: (name: string, to: string) => void, ondelete: (name: string) => void, corner: HTMLElement }} options `corner` stands beside the heading */
export function createList({ onchoose, oncompare, onrename, ondelete, corner }) {
  const empty = h("p", { class: "note", dataset: { i18n: "train.runs.none" } });
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "runs" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...["compare", "name", "state", "progress", "accuracy", "tools"].map((key) =>
          h("th", { scope: "col", dataset: { i18n: `train.runs.${key}` } }),
        ),
      ),
    ),
    body,
  );
  const element = h(
    "section",
    { class: "train-runs card", dataset: { i18nAria: "train.runs" } },
    h("div", { class: "runs-head" }, h("h2", { dataset: { i18n: "train.runs" } }), corner),
    empty,
    h("div", { class: "runs-scroll" }, table),
  );
  /** @type {Set<string>} */
  const compared = new Set();
  /** @type {Map<string, { row: HTMLElement, update: (run: Run, chosen: boolean) => void }>} */
  const lines = new Map();

  /** @param {string} name */
  function line(name) {
    const tick = h("input", {
      type: "checkbox",
      "aria-label": name,
      onchange: () => {
        if (tick.checked) compared.add(name);
        else compared.delete(name);
        oncompare([...compared]);
      },
    });
    const open = h("button", { type: "button", class: "run-name", onclick: () => onchoose(name) }, name);
    const owner = h("span", { class: "note run-owner" });
    const edit = h("input", { type: "text", class: "run-rename", maxlength: 60, hidden: true, "aria-label": name });
    const state = h("span", { class: "run-state" });
    const bar = h("progress", { max: 1 });
    const accuracy = h("td", { class: "run-accuracy" });
    const tool = (/** @type {string} */ key, /** @type {string} */ icon, /** @type {() => void} */ run) =>
      h(
        "button",
        { type: "button", class: "tool small", dataset: { tool: key, i18nTitle: `train.runs.${key}` }, onclick: run },
        icon,
      );
    const rename = tool("rename", "✎", () => {
      [open.hidden, edit.hidden, edit.value] = [true, false, name];
      edit.focus();
      edit.select();
    });
    let sure = -Infinity;
    const remove = tool("delete", "✕", () => {
      if (performance.now() - sure < 4000) {
        ondelete(name);
        return;
      }
      sure = performance.now();
      remove.textContent = t("train.runs.sure");
      setTimeout(() => (remove.textContent = "✕"), 4000);
    });
    const done = (/** @type {boolean} */ keep) => {
      if (edit.hidden) return;
      [open.hidden, edit.hidden] = [false, true];
      if (keep && edit.value.trim() && edit.value.trim() !== name) onrename(name, edit.value.trim());
    };
    edit.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" || event.key === "Escape") done(event.key === "Enter");
    });
    edit.addEventListener("blur", () => done(true));
    const row = h(
      "tr",
      { dataset: { run: name } },
      h("td", {}, tick),
      h("th", { scope: "row" }, open, edit, owner),
      h("td", {}, state),
      h("td", {}, bar),
      accuracy,
      h("td", { class: "run-tools" }, rename, remove),
    );
    return {
      row,
      /** @param {Run} run @param {boolean} chosen */
      update(run, chosen) {
        const { status } = run;
        row.classList.toggle("chosen", chosen);
        open.setAttribute("aria-pressed", String(chosen));
        tick.checked = compared.has(name);
        tick.title = t("train.runs.compare.why");
        state.textContent =
          run.waiting > 0 ? t("train.state.waiting", { place: run.waiting }) : t(`train.state.${status.state}`);
        state.dataset.state = status.state;
        state.title = status.message;
        bar.value = status.steps ? status.step / status.steps : 0;
        bar.title = t("train.runs.steps", { step: status.step, steps: status.steps });
        accuracy.textContent = status.accuracy === null ? "–" : percent(status.accuracy);
        const alive = ["queued", "running", "paused"].includes(status.state);
        rename.disabled = remove.disabled = alive || !run.yours;
        owner.textContent = run.owner && t("train.runs.owner", { owner: run.owner });
      },
    };
  }

  return {
    element,
    /** @param {Run[]} runs @param {string} chosen */
    show(runs, chosen) {
      empty.hidden = runs.length > 0;
      table.hidden = runs.length === 0;
      const names = new Set(runs.map(({ name }) => name));
      for (const [name, { row }] of lines) {
        if (names.has(name)) continue;
        row.remove();
        lines.delete(name);
        if (compared.delete(name)) oncompare([...compared]);
      }
      runs.forEach((run, place) => {
        if (!lines.has(run.name)) {
          const made = line(run.name);
          fillWords(made.row);
          lines.set(run.name, made);
        }
        const { row, update } = /** @type {ReturnType<typeof line>} */ (lines.get(run.name));
        update(run, run.name === chosen);
        if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
      });
    },
  };
}
