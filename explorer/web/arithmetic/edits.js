/** Edits of a part of the page, with undo and redo by buttons and, where nothing is typed, by Ctrl+Z and Ctrl+Y. */

import { h } from "../parts/dom.js";
import { createHistory } from "../lib/history.js";

/** @template T @param {T} initial @param {() => void} onchange is called after every change */
export function createEdits(initial, onchange) {
  const history = createHistory(initial);
  const [undo, redo] = /** @type {const} */ ([
    ["undo", "↶"],
    ["redo", "↷"],
  ]).map(([name, icon]) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        disabled: true,
        dataset: { tool: name, i18nTitle: `arithmetic.${name}` },
        onclick: () => travel(name),
      },
      icon,
    ),
  );

  function changed() {
    [undo.disabled, redo.disabled] = [!history.canUndo, !history.canRedo];
    onchange();
  }

  /** @param {"undo" | "redo"} direction */
  function travel(direction) {
    history[direction]();
    changed();
  }

  return {
    tools: [undo, redo],
    get now() {
      return history.now;
    },
    /** @param {T} next @param {unknown} [gesture] changes of one gesture are one step */
    edit(next, gesture = null) {
      history.change(next, gesture);
      changed();
    },
    /** Whether a key was one of undo and redo. @param {KeyboardEvent} event */
    onkey(event) {
      const key = event.key.toLowerCase();
      const typing = /** @type {HTMLElement} */ (event.target).closest("input:not(.scrub, [type=checkbox])");
      if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y") || typing) return false;
      event.preventDefault();
      travel(key === "y" || event.shiftKey ? "redo" : "undo");
      return true;
    },
  };
}
