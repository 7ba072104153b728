/** The definition of convolution on two signals: the kernel turned round, laid under the signal, moved on place by place. */

import { h } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { convolved, productsAt } from "../lib/properties.js";
import { css, inkOn } from "../lib/colour.js";
import { factor } from "../lib/visits.js";
import { peakOf } from "../parts/swatch.js";
import { shades } from "./paint.js";
import { createPlayer } from "../parts/player.js";

/** How long a step takes at speed 1, ms, and the characters of a cell. */
const [PACE, DIGITS] = [1200, 5];

/** @param {{ onmove: (at: number) => void }} options */
export function createDefinition({ onmove }) {
  /** @type {import("../lib/properties_state.js").State | null} */
  let state = null;
  const symbols = h("p", { class: "formula-symbols" });
  const worked = h("p", { class: "formula-numbers", "aria-live": "polite" });
  const picture = h("div", { class: "sliding", role: "img" });
  const torch = h("code", { class: "torch-call" });
  const board = h("div", { class: "definition-board" }, symbols, picture, worked);
  const player = createPlayer({ pace: () => PACE, onshow: show });

  /** One row of the picture: a name, then cells at their columns. @param {string} name @param {number} row @param {{ at: number, value: number | null, mark?: string }[]} cells */
  function line(name, row, cells) {
    const shade = shades("", [
      peakOf(cells.flatMap(({ value }) => (value === null || !Number.isFinite(value) ? [] : [value]))),
    ]);
    return [
      h("span", { class: "sliding-name", style: { gridRow: row } }, name),
      ...cells.map(({ at, value, mark = "" }) => {
        const text = value === null ? "·" : Number.isFinite(value) ? fitted(value, DIGITS) : short(value);
        const rgb = value === null ? null : shade(value);
        return h(
          "span",
          {
            class: `cell ${mark}${text.length > 3 ? " long" : ""}`,
            style: {
              gridRow: row,
              gridColumn: at + 2,
              ...(rgb ? { backgroundColor: css(rgb), color: inkOn(rgb) } : {}),
            },
          },
          text,
        );
      }),
    ];
  }

  /** @param {number} n */
  function show(n) {
    if (!state) return;
    const { f, g, flip } = state;
    const around = g.columns - 1;
    const terms = productsAt(f, g, flip, 0, n);
    const result = convolved(f, g, flip);
    const taps = flip ? [...g.values].reverse() : g.values;
    const used = new Set(terms.map(({ at }) => at));
    const sign = flip ? "∗" : "⋆";
    picture.style.setProperty("--columns", String(f.columns + 2 * around));
    const zeros = (/** @type {number} */ from) =>
      Array.from({ length: around }, (_, k) => ({ at: from + k, value: 0, mark: "padding" }));
    picture.replaceChildren(
      ...line("f", 1, [
        ...zeros(0),
        ...f.values.map((value, k) => ({ at: around + k, value, mark: used.has(k) ? "in" : "" })),
        ...zeros(around + f.columns),
      ]),
      ...line(
        t(flip ? "properties.turned" : "properties.straight"),
        2,
        taps.map((value, k) => ({ at: n + k, value, mark: "tap" })),
      ),
      ...line(
        "×",
        3,
        taps.map((value, k) => ({
          at: n + k,
          value: value * (f.values[n + k - around] ?? 0),
          mark: f.values[n + k - around] === undefined ? "padding" : "",
        })),
      ),
      ...line(
        `f ${sign} g`,
        4,
        result.values.map((value, k) => ({
          at: around + k,
          value: k <= n ? value : null,
          mark: k === n ? "target" : "",
        })),
      ),
    );
    symbols.textContent = flip ? "(f ∗ g)[n] = Σ(m) f[m] · g[n − m]" : `(f ⋆ g)[n] = Σ(m) f[m] · g[m − n + ${around}]`;
    const products = terms.map(({ at, tap }) => `${factor(f.values[at])}·${factor(g.values[tap])}`).join(" + ");
    worked.textContent = `(f ${sign} g)[${n}] = ${products} = ${short(result.values[n], 7)}`;
    worked.dataset.value = String(result.values[n]);
    picture.setAttribute("aria-label", worked.textContent);
    torch.textContent = callOf(state);
    onmove(n);
  }

  /** @param {import("../lib/properties_state.js").State} state */
  const callOf = ({ g, flip }) =>
    `F.conv1d(f.view(1, 1, -1), ${flip ? "g.flip(0)" : "g"}.view(1, 1, -1), padding=${g.columns - 1})`;

  return {
    element: h("section", { class: "definition" }, player.element, board, torch),
    board,
    walk: player,
    onkey: player.onkey,
    /** @param {import("../lib/properties_state.js").State} next @param {number} [at] where the walk goes on, if elsewhere */
    show(next, at) {
      state = next;
      player.extend(next.f.columns + next.g.columns - 1, at);
    },
    /** The products of this step, one in each row. */
    table() {
      if (!state) return null;
      const { f, g, flip } = state;
      const rows = productsAt(f, g, flip, 0, player.at).map(({ at, tap, product }) => [
        at,
        tap,
        f.values[at],
        g.values[tap],
        product,
      ]);
      return [
        ["at f", "at g", "f", "g", "product"],
        ...rows,
        ["", "", "", `[${player.at}]`, convolved(f, g, flip).values[player.at]],
      ];
    },
    lines() {
      if (!state) return null;
      const stated = (/** @type {string} */ name, /** @type {number[]} */ values) =>
        `${name} = torch.tensor([${values.join(", ")}], dtype=torch.float64)`;
      return [
        "import torch",
        "import torch.nn.functional as F",
        "",
        stated("f", state.f.values),
        stated("g", state.g.values),
        "",
        `print(${callOf(state)})`,
        "",
      ].join("\n");
    },
    result() {
      if (!state) return null;
      const { columns, values } = convolved(state.f, state.g, state.flip);
      return { shape: [columns], values };
    },
  };
}
