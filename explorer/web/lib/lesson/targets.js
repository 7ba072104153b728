/** The things of the pages that a lesson's card can stand beside, each by a name and where it is found. */

import { LAWS, PASSES, RUN_SETTINGS, RUNS, SIGNALS, TABS, TENSORS } from "./known.js";

/** `find`: the CSS selector of it, from what the name takes; `folded`: of what shows it, where it is folded away. @typedef {{ takes: import("./names.js").Takes, of?: import("./known.js").Known, find: (...args: string[]) => string, folded?: string }} Target */

/** @param {string} selector @returns {Target} */
const one = (selector) => ({ takes: [0, 0], find: () => selector });
/** @param {(name: string) => string} find @param {import("./known.js").Known} [of] the names that there are @returns {Target} */
const by = (find, of) => ({ takes: [1, 1], of, find });

/** What shows the settings of Arithmetic, where there is little room. */
const SETTINGS = '.arithmetic [data-tool="settings"]';

/** @type {Record<string, Target>} */
export const TARGETS = {
  /** A page's tab. */
  tab: by((name) => `#pages [role="tab"][data-tab-id="${name}"]`, TABS),
  /** The choice of the model, in the bar. */
  model: one("#model-choice"),

  /** What the model reached, behind its button in the bar. */
  "model.figures": one(".model-bar .popover:has(> .model-told)"),

  "draw.pad": one(".draw .pad-surface"),
  "draw.examples": one(".draw .examples"),
  "draw.verdict": one(".draw .headline"),
  "draw.bars": one(".draw .bars"),
  "draw.strip": one(".draw .brief"),
  "draw.stages": one(".draw .popover:has(> .prepared)"),
  "draw.inputs": one(".draw .popover:has(> .inputs)"),
  "draw.levels": one(".draw .levels"),
  "draw.play": one(".draw .play-flow"),
  "draw.label": one(".draw .true-label"),
  "draw.learning": one(".draw .learning"),
  "draw.meant": one(".draw .popover:has(> .meant-panel)"),
  "draw.chips": one(".draw .chips"),
  "draw.reading": one(".draw .reading"),
  "draw.network": one('.draw [data-main="draw"]'),
  /** A step's column, by its number. */
  "draw.column": by((step) => `.draw [data-step="${step}"]`),
  "draw.number": one(".draw .cell-panel"),
  "draw.drawer": one(".draw .draw-foot"),
  "draw.why": one(".draw .why"),

  "arithmetic.sections": one(".arithmetic-page .sections"),
  "arithmetic.op": one('.arithmetic [data-control="op"]'),
  "arithmetic.preset": one('.arithmetic [data-control="preset"]'),
  "arithmetic.settings": { ...one(".arithmetic .controls"), folded: SETTINGS },
  /** One control: `stride.rows`, `padding.columns`, `flip` … */
  "arithmetic.control": { ...by((key) => `.arithmetic [data-control="${key}"]`), folded: SETTINGS },
  "arithmetic.passes": one(".arithmetic .passes"),
  /** One pass: `forward`, `inputGrad`, `weightGrad` … */
  "arithmetic.pass": by((name) => `.arithmetic [data-pass="${name}"]`, PASSES),
  "arithmetic.transport": one(".arithmetic .transport"),
  /** A tensor, or one of its cells: `output`, `output,0`. */
  "arithmetic.tensor": {
    takes: [1, 2],
    of: TENSORS,
    find: (name, cell) =>
      `.arithmetic .stage-flow [data-tensor="${name}"]${cell === undefined ? "" : ` [data-index="${cell}"]`}`,
  },
  "arithmetic.sum": one(".arithmetic .stage-flow > :nth-child(3)"),
  "arithmetic.badge": one(".arithmetic .badge"),
  "arithmetic.sizes": { ...one(".arithmetic .sizes"), folded: SETTINGS },
  "arithmetic.article": one(".arithmetic .article"),
  "arithmetic.code": one(".arithmetic .texts"),
  /** One property or claim, by its name: `commutes`, `separable` … */
  "properties.law": by((name) => `.properties [data-equation="${name}"]`, LAWS),
  "properties.flip": one('.properties [data-control="flip"]'),
  /** A tensor of the properties: `f`, `K` … */
  "properties.matrix": by((name) => `.properties [data-tensor="${name}"]`, SIGNALS),
  "properties.smoothing": one(".properties .smoothing"),
  "properties.shift": one('.properties [data-control="shift"]'),

  "kernels.source": one('.kernels [data-control="source"]'),
  "kernels.preset": one('.kernels [data-control="preset"]'),
  "kernels.kernel": one(".kernels .kernels-view.of-kernel"),
  "kernels.separable": one(".kernels .kernels-separable"),
  "kernels.picture": one('.kernels [data-screen="input"]'),
  "kernels.result": one('.kernels [data-screen="output"]'),
  "kernels.magnifier": one(".kernels .magnifier"),
  "lab.place": one(".kernels .lab > summary"),
  "lab.start": one('.kernels [data-tool="lab-start"]'),
  "lab.ladder": one(".kernels .lab-ladder"),

  "train.presets": one(".train .presets"),
  /** One starting point, by its name. */
  "train.preset": by((name) => `.train [data-preset="${name}"]`, RUNS),
  /** One setting of the form: `rate`, `trained`, `dropout` … */
  "train.setting": {
    ...by((name) => `.train-form .setting:has([data-control="${name}"])`, RUN_SETTINGS),
    folded: ".train-form .train-more > summary",
  },
  "train.start": one(".train .train-begin .action"),
  "train.summary": one(".train .train-summary"),
  "train.runs": one(".train .train-runs"),
  "train.curves": one(".train .train-curves"),
  /** One of the curves: `loss`, `accuracy` or `gradients`. */
  "train.chart": by((name) => `.train .chart-part:has([data-i18n="train.chart.${name}"])`),
  "train.moment": one(".train .moment"),
  "train.wrong": one(".train .judged"),
  "train.hand": one(".train .handwriting"),
  /** The button that fine-tunes on one's own drawings, and what came of it. */
  "train.teach": { ...one(".train .handwriting .hand-side > .action"), folded: ".train .handwriting > summary" },
  "train.before": { ...one(".train .before-after"), folded: ".train .handwriting > summary" },
  /** The time line's buttons, and what the network of that moment makes of the drawing. */
  "train.moments": one(".train .moment > .transport"),
  "train.seen": one(".train .moment-seen .prediction"),
};
