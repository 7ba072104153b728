/** Above the columns: the modules they belong to, which can be folded, and the edges along which numbers flow. */

import { h, svg } from "../dom.js";
import { t } from "../i18n.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("../../lib/graph.js").Edge} Edge */
/** @typedef {import("../../lib/graph.js").Group} Group */
/** A shown column's place on the track, px. @typedef {{ left: number, width: number }} Place */
/** A module's bracket over its shown columns. @typedef {{ group: Group, left: number, width: number, folded: boolean, title: string }} Band */

/** Heights in px: of a row of modules, of a lane of edges, and of the edges between neighbours. */
const BAND = 22,
  LANE = 9,
  NEAR = 8;
/** Where edges leave and enter a column, px from its sides, and the radius of their corners. */
const INSET = 14,
  RADIUS = 5,
  HEAD = 3;

/**
 * The modules to be drawn: those that no folded module around them hides.
 * @param {Group[]} groups @param {Set<string>} folded @param {Record<string, string>} modules class name of each, by its path
 * @param {(at: number) => Place} placeOf the place of the column that stands for a step @returns {Band[]}
 */
export function bandsOf(groups, folded, modules, placeOf) {
  const hides = (/** @type {Group} */ around, /** @type {Group} */ { path, first, last }) =>
    around.path !== path && folded.has(around.path) && around.first <= first && around.last >= last;
  return groups
    .filter((group) => !groups.some((around) => hides(around, group)))
    .map((group) => {
      const [from, to] = [placeOf(group.first), placeOf(group.last)];
      const own = folded.has(group.path);
      const title = [
        group.path,
        modules[group.path],
        own ? t("network.steps", { count: group.last - group.first + 1 }) : "",
      ];
      return {
        group,
        left: from.left,
        width: to.left + to.width - from.left,
        folded: own,
        title: title.filter(Boolean).join(" · "),
      };
    });
}

/** @param {Band[]} shown */
const bandsHeight = (shown) =>
  BAND *
  largestOf(
    shown.map(({ group }) => group.depth + 1),
    0,
  );
/** @param {Edge[]} edges */
const edgesHeight = (edges) =>
  NEAR +
  RADIUS +
  LANE *
    largestOf(
      edges.map(({ lane }) => lane),
      0,
    );

/**
 * @param {{ onfold: (path: string) => void, onedge: (edge: Edge | null) => void, onfollow: (edge: Edge) => void }} options
 *   `onedge` when an edge is pointed at, or none any more; `onfollow` when one was chosen
 */
export function createEdges({ onfold, onedge, onfollow }) {
  const bands = h("div", { class: "bands" });
  const picture = svg("svg", { class: "edges", tabindex: 0, role: "group" });
  /** @type {{ edge: Edge, line: Element }[]} */
  let drawn = [];
  let chosen = -1;

  /** @param {number} next place in `drawn`, −1 for none */
  function choose(next) {
    drawn[chosen]?.line.classList.remove("pointed");
    chosen = next;
    drawn[chosen]?.line.classList.add("pointed");
    onedge(drawn[chosen]?.edge ?? null);
  }

  picture.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (by && drawn.length) choose((chosen + by + drawn.length) % drawn.length);
    else if (key === "Enter" && drawn[chosen]) onfollow(drawn[chosen].edge);
    else return;
    event.preventDefault();
  });
  picture.addEventListener("focus", () => {
    if (picture.matches(":focus-visible") && drawn.length)
      choose(
        Math.max(
          0,
          drawn.findIndex(({ edge }) => edge.lane > 0),
        ),
      );
  });
  picture.addEventListener("blur", () => choose(-1));

  /** @param {Edge} edge @param {Place[]} places @param {number} height */
  function path({ from, to, lane }, places, height) {
    const near = to - from === 1;
    const start = near ? places[from].left + places[from].width - INSET : places[from].left + places[from].width / 2;
    const end = places[to].left + (near ? INSET : places[to].width / 2 - RADIUS);
    const y = height - (near ? NEAR : NEAR + lane * LANE);
    const bend = `${RADIUS} ${RADIUS} 0 0 1`;
    return (
      `M${start} ${height}V${y + RADIUS}A${bend} ${start + RADIUS} ${y}H${end - RADIUS}A${bend} ${end} ${y + RADIUS}V${height}` +
      `M${end - HEAD} ${height - HEAD - 1}L${end} ${height}L${end + HEAD} ${height - HEAD - 1}`
    );
  }

  return {
    elements: [bands, picture],

    /** What modules and edges need above the columns, px. @param {Band[]} shown @param {Edge[]} edges */
    heightOf: (shown, edges) => bandsHeight(shown) + edgesHeight(edges),

    /** @param {Band[]} shown @param {Edge[]} edges @param {Place[]} places */
    draw(shown, edges, places) {
      const last = places[places.length - 1];
      const width = last ? last.left + last.width : 0;
      Object.assign(bands.style, { width: `${width}px`, height: `${bandsHeight(shown)}px` });
      bands.replaceChildren(
        ...shown.map(({ group, left, width: across, folded, title }) =>
          h(
            "div",
            {
              class: folded ? "band folded" : "band",
              style: { left: `${left}px`, width: `${across}px`, top: `${group.depth * BAND}px` },
            },
            h(
              "button",
              {
                type: "button",
                class: "band-name",
                dataset: { module: group.path },
                "aria-expanded": String(!folded),
                title: t(folded ? "network.unfold.module" : "network.fold.module", { name: title }),
                onclick: () => onfold(group.path),
              },
              folded ? `${title} ▸` : `▾ ${title}`,
            ),
          ),
        ),
      );

      const height = edgesHeight(edges);
      for (const [name, value] of Object.entries({
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        "aria-label": t("network.edges"),
      }))
        picture.setAttribute(name, String(value));
      drawn = edges.map((edge, k) => {
        const d = path(edge, places, height);
        const line = svg("g", { class: edge.lane ? "edge skip" : "edge", "data-edge": `${edge.from}-${edge.to}` });
        line.append(svg("path", { class: "edge-line", d }), svg("path", { class: "edge-hit", d }));
        line.addEventListener("pointerenter", () => choose(k));
        line.addEventListener("pointerleave", () => choose(-1));
        line.addEventListener("click", () => onfollow(edge));
        return { edge, line };
      });
      chosen = -1;
      picture.replaceChildren(...drawn.map(({ line }) => line));
    },
  };
}
