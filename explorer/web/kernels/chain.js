/**
 * A chain of kernels over one field: each gets what the one before hands on. What has not changed is not computed again,
 * and the kernels behind the one in view may be left for later.
 */

import { sumOf } from "../lib/kernels.js";
import { paintable } from "../lib/ahead.js";
import { divisorOf, extentOf, handOn } from "../lib/shading.js";
import { createEngine } from "./engine.js";

/** @typedef {import("./engine.js").Field} Field */
/**
 * What became of one kernel: `laid` and `sums` when it was applied; `refusal` when no window fits; neither for one that
 * is off, or that stands behind a refusal (`blocked`). `ahead` stands for the sums while they lack one weight's change.
 * `out` is what it hands on; null when there is nothing or it is not computed yet.
 * @typedef {{
 *   input: Field, laid: import("./engine.js").Layout | null, refusal: import("../lib/conv.js").Refusal | null, blocked: boolean,
 *   divisor: number, bias: number, sums: Float64Array[] | null, ahead: import("./engine.js").Ahead | null, work: import("./engine.js").Work | null, out: Field | null,
 * }} Link
 */
/** What is made of the kernel in view: where its windows lie, its sums unless one weight's change can wait, its sums. @typedef {"laid" | "ahead" | "summed"} Depth */

/** A kernel of which nothing is known yet. @param {Field} input @param {number} divisor @param {number} bias @returns {Link} */
const unknown = (input, divisor, bias) => ({
  input,
  laid: null,
  refusal: null,
  blocked: false,
  divisor,
  bias,
  sums: null,
  ahead: null,
  work: null,
  out: null,
});

/** What is known of one place in the chain from one run to the next. */
function createPlace() {
  const engine = createEngine();
  /** @type {Field} */
  let out = { width: 0, height: 0, planes: [], version: 0 };
  let [made, ms] = ["", 0];

  return {
    /** How long its last computation took, ms. */
    get ms() {
      return ms;
    },

    /** @param {Field} input @param {import("../lib/kernels_state.js").Stage} stage @returns {Link} */
    lay(input, stage) {
      const link = unknown(input, divisorOf(stage.normalise, sumOf(stage.kernel)), stage.bias);
      if (!stage.on) return { ...link, out: input };
      const answer = engine.lay(input, stage);
      return "reason" in answer ? { ...link, refusal: answer } : { ...link, laid: answer };
    },

    /** What the sums lack for what `lay` has just made, where that can be painted with them. @param {Link} link @returns {Link | null} */
    ahead(link) {
      const found = link.laid && engine.ahead(link.laid);
      if (!found || !link.laid || !paintable(link.laid.kernel.values, found.peak, link.divisor, link.bias)) return null;
      return { ...link, ahead: found, work: found.work };
    },

    /** The sums of what `lay` has just made, and with `further` what they hand on. @param {Link} link @param {import("../lib/kernels_state.js").Stage} stage @param {boolean} further @returns {Link} */
    sum(link, stage, further) {
      if (!link.laid) return link;
      const { sums, work, geometry } = engine.sum(link.laid);
      if (work.path !== "kept") [ms, made] = [work.ms, ""];
      if (!further) return { ...link, sums, work };
      const wanted = `${link.divisor} ${link.bias} ${stage.pass}`;
      const [width, height] = [geometry.columns.output, geometry.rows.output];
      if (wanted !== made || sums.length !== out.planes.length || sums[0].length !== out.planes[0].length) {
        if (sums.length !== out.planes.length || sums[0].length !== out.planes[0].length)
          out = { ...out, planes: sums.map((plane) => new Float64Array(plane.length)) };
        handOn(out.planes, sums, link.divisor, link.bias, stage.pass);
        out = { ...out, width, height, version: out.version + 1 };
        made = wanted;
      }
      out = { ...out, width, height };
      return { ...link, sums, work, out };
    },
  };
}

export function createChain() {
  /** @type {ReturnType<typeof createPlace>[]} */
  const places = [];

  return {
    /**
     * The links up to the kernel `at` for certain, that one as far as `depth`, and as many behind it as are expected to be
     * done by `deadline`.
     * @param {Field} source @param {import("../lib/kernels_state.js").Stage[]} stages @param {number} at @param {Depth} depth @param {number} deadline by performance.now()
     * @returns {(Link | null)[]} null for links that are left for later
     */
    run(source, stages, at, depth, deadline) {
      while (places.length < stages.length) places.push(createPlace());
      /** @type {(Link | null)[]} */
      const links = [];
      let [input, blocked] = [/** @type {Field | null} */ (source), false];
      for (const [k, stage] of stages.entries()) {
        if (!input && !blocked) {
          links.push(null);
          continue;
        }
        if (!input) {
          links.push({ ...unknown(source, 1, 0), blocked: true });
          continue;
        }
        if (k > at && performance.now() + places[k].ms > deadline) {
          links.push(null);
          input = null;
          continue;
        }
        const laid = places[k].lay(input, stage);
        const last = k === stages.length - 1;
        const awaited = !last && performance.now() + places[k].ms + places[k + 1].ms <= deadline;
        const waiting =
          k !== at || depth === "summed" ? null : depth === "laid" ? laid : awaited ? null : places[k].ahead(laid);
        const link = waiting ?? places[k].sum(laid, stage, !last);
        links.push(link);
        blocked = link.refusal !== null;
        input = link.out;
      }
      return links;
    },
  };
}

/** The lowest and highest value of a link, and how many leave the screen's range. @param {Link} link */
export const extentOfLink = ({ sums, divisor, bias }) => extentOf(/** @type {Float64Array[]} */ (sums), divisor, bias);
