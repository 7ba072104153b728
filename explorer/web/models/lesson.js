/** What a teacher says above the page, and what the page shows of itself: both came with the link. */

import { h } from "../parts/dom.js";
import { page } from "../parts/page.js";

export function createLesson() {
  const [title, says] = [h("strong", {}), h("span", {})];
  const element = h("section", { class: "lesson", hidden: true }, title, " ", says);

  function tell() {
    title.textContent = page.get("title");
    says.textContent = page.get("says");
    element.hidden = !page.get("title") && !page.get("says");
    document.body.dataset.hidden = page.get("hidden").join(" ");
  }
  page.on(["title", "says", "hidden"], tell);
  tell();
  return { element };
}
