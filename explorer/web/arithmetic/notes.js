/** What the page says about a case: the output's size, whether autograd agrees, what a tutorial printed and where it errs. */

import { operatorOf } from "../lib/arithmetic.js";
import { h } from "../parts/dom.js";
import { windowsOf } from "../lib/conv.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { unravel } from "../lib/visits.js";
import { CHAINS, PREDICTED, PRESETS, TRUE_CLASS, crossEntropy, isRight, written } from "../lib/presets.js";
import { cellName } from "./words.js";

/** Side of MNIST's pictures. */
const SIDE = 28;

/** @param {{ onstep: (visit: number) => void }} options */
export function createNotes({ onstep }) {
  const badge = h("p", { class: "badge", role: "status" });
  const sizes = h("p", { class: "sizes" });
  const [origin, article] = [h("p", { class: "note origin" }), h("div", { class: "article", hidden: true })];
  const chains = h("details", { class: "chains" });
  /** @type {[string, Record<string, string | number>]} */
  let checked = ["asked", {}];

  /** "28 → conv 3 → 26 → pool 2 → 13" @param {["conv" | "pool", number, number][]} chain */
  function chainLine(chain) {
    let side = SIDE;
    const steps = chain.map(([kind, taps, stride]) => {
      const { geometry } = windowsOf(
        side,
        side,
        { rows: taps, columns: taps, values: [] },
        { stride: [stride, stride], dilation: [1, 1], padding: "valid", mode: "zeros" },
      );
      side = /** @type {import("../lib/conv.js").Geometry} */ (geometry).rows.output;
      return ` → ${t(`arithmetic.chain.${kind}`, { taps })} → ${side}`;
    });
    const flat = chain.length > 2 ? t("arithmetic.chain.flat", { side, all: 20 * side * side }) : "";
    return h("p", { class: "chain-line" }, `${SIDE}${steps.join("")}${flat ? `  ${flat}` : ""}`);
  }

  /** −ln p of the true class, as a tutorial works it. */
  const lossLine = () =>
    h(
      "p",
      { class: "chain-line", dataset: { loss: crossEntropy(PREDICTED, TRUE_CLASS) } },
      t("arithmetic.loss", {
        predicted: `[${PREDICTED.join(", ")}]`,
        target: TRUE_CLASS,
        p: PREDICTED[TRUE_CLASS],
        loss: short(crossEntropy(PREDICTED, TRUE_CLASS), 4),
      }),
    );

  function tellCheck() {
    const [kind, values] = checked;
    badge.className = `badge ${kind}`;
    badge.textContent = t(`arithmetic.check.${kind}`, values);
  }

  return {
    badge,
    sizes,
    origin,
    article,
    chains,

    /** @param {import("../lib/case.js").Case} given @param {import("../lib/arithmetic.js").Pass} pass @param {import("./stage.js").Tensors} tensors */
    show(given, pass, tensors) {
      const worked = operatorOf(given).sizes?.(given);
      sizes.hidden = !worked;
      if (worked) {
        sizes.replaceChildren(
          h("span", { class: "setting-name" }, t("arithmetic.outsize")),
          ` ${worked.symbols} `,
          ...worked.axes.map(({ axis, output, text }) =>
            h("span", { class: "size-axis", dataset: { size: output } }, `${t(`arithmetic.axis.${axis}`)} ${text}`),
          ),
        );
      }
      chains.replaceChildren(
        h("summary", { title: t("arithmetic.chains.why") }, t("arithmetic.chains")),
        ...CHAINS.map(chainLine),
        lossLine(),
      );
      origin.hidden = !given.origin;
      if (given.origin) {
        const { name, left } = given.origin;
        origin.textContent = left
          ? t("arithmetic.origin.left", { name, count: left.count, sum: short(left.sum, 7) })
          : t("arithmetic.origin", { name });
      }
      const preset = given.preset ? PRESETS[given.preset] : null;
      article.hidden = !preset?.right || preset.pass !== pass.name;
      if (article.hidden || !preset?.right) return;
      const { shape, values } = tensors[pass.targets[0]];
      const width = /** @type {number} */ (shape.at(-1));
      const right = isRight(values, preset.right);
      const first = preset.printed?.findIndex((value, k) => value !== values[k]) ?? -1;
      article.className = `article ${first < 0 ? "good" : "errs"}`;
      article.replaceChildren(
        h(
          "p",
          { class: "article-right" },
          `${right ? "✓" : "✗"} ${t("arithmetic.article.right", { values: written(values, width, preset.digits) })}`,
        ),
        ...(first < 0 || !preset.printed
          ? []
          : [
              h(
                "p",
                {},
                `✗ ${t("arithmetic.article.printed", { values: written(preset.printed, width) })} `,
                t("arithmetic.article.errs", {
                  step: first + 1,
                  cell: cellName(given, pass.targets[0], unravel(first, shape), shape),
                  wrong: short(preset.printed[first]),
                  right: short(values[first]),
                }),
                " ",
                t(`arithmetic.article.${given.preset}`),
                " ",
                h(
                  "button",
                  { type: "button", class: "link", onclick: () => onstep(first) },
                  t("arithmetic.article.go"),
                ),
              ),
            ]),
      );
    },

    /** @param {string} kind @param {Record<string, string | number>} values */
    check(kind, values) {
      checked = [kind, values];
      tellCheck();
    },
    recheck: tellCheck,
  };
}
