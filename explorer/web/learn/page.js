/** The Learn page: lessons over the other pages, how far you came, and lessons of your own. Built when it is first looked at. */

import { page } from "../parts/page.js";

/** @param {HTMLElement} element */
export function mount(element) {
  const stop = page.on(["tab"], build);
  async function build() {
    if (page.get("tab") !== "learn") return;
    stop();
    const { open } = await import("./list.js");
    await open(element);
  }
  void build();
}
