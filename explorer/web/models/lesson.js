/** What a teacher says above the page, and what the page shows of itself: both came with the link. */

import { h } from "../parts/dom.js";
import { PANELS } from "../lib/link.js";
import { page } from "../parts/page.js";

/** Who prepares a lesson keeps the bar, in which it is prepared; who opens its link has none. */
export function createLesson() {
  const opened = page.get("hidden");
  const [title, says] = [h("strong", {}), h("span", {})];
  const element = h("section", { class: "lesson", hidden: true }, title, " ", says);

  function tell() {
    title.textContent = page.get("title");
    says.textContent = page.get("says");
    element.hidden = !page.get("title") && !page.get("says");
    const hidden = page.get("hidden").filter((name) => !PANELS.page.includes(name) || opened.includes(name));
    const { documentElement: root } = document;
    root.classList.toggle("taught", !element.hidden);
    root.dataset.hidden = hidden.join(" ");
  }
  page.on(["title", "says", "hidden"], tell);
  tell();
  return { element };
}
