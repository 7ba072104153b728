/** A class's sign in the bar: who one is here, and for the teacher, who else is and where they are. */

import { ask } from "../../lib/live.js";
import { h } from "../dom.js";
import { fillWords, t, words } from "../i18n.js";
import { page } from "../page.js";
import { createPopover } from "../popover.js";
import { createDoor } from "./door.js";
import { createDesk } from "./desk.js";

/** @typedef {import("../../lib/contract/classroom.js").Told} Told */

/** Between two signs of life. The server takes a person for gone after several that did not come. */
const ATTEND_MS = 4000;

/** Under which the tab keeps which page the class was led to last, and the browser a person's name. */
const LED = "convscope.led",
  NAME = "convscope.name";

/** @param {{ server: import("../../lib/contract/classroom.js").Server, say: (key: string) => void }} options `say` a note */
export function createSign({ server, say }) {
  const door = createDoor({
    onjoin: (name) =>
      settle(
        () => asked(server.join_class, { name }),
        () => localStorage.setItem(NAME, name),
      ),
    onenter: (password) => settle(() => asked(server.enter_class, { password })),
  });
  const desk = createDesk({
    onlook: (link) => settle(() => asked(server.look_here, { link })),
    ontraining: (allowed) => settle(() => asked(server.allow_training, { allowed })),
    onfollow: travel,
  });
  const leave = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "class.leave" },
    onclick: () =>
      settle(
        () => asked(server.leave_class, {}),
        () => localStorage.removeItem(NAME),
      ),
  });
  const state = h("p", { class: "note class-state" });
  const sign = createPopover({
    words: "class.sign",
    title: "class.sign.why",
    name: "class-panel",
    children: [state, door.element, desk.element, leave],
  });
  sign.element.classList.add("class-sign");
  let told = /** @type {Told | null} */ (null);

  /** @template Q, A @param {import("../../lib/live.js").Asked<Q, A>} asking @param {NoInfer<Q>} request */
  const asked = (asking, request) => ask(asking, request, t("error.unreachable"));

  /** Do something, then show who one is now. @param {() => Promise<unknown>} act @param {() => void} [then] */
  async function settle(act, then) {
    try {
      await act();
      then?.();
      door.fail("");
    } catch (error) {
      door.fail(/** @type {Error} */ (error).message);
    }
    await attend();
  }

  /** Open a link of this page in its place: "back" returns to what was there. @param {string} link */
  function travel(link) {
    if (link && link !== location.hash) location.hash = link;
  }

  async function attend() {
    try {
      const now = await asked(server.attend_class, { link: location.hash });
      if (!told) await remember(now);
      show(now);
      follow(now);
    } catch {
      // the next sign of life is soon; what needs the server says so itself
    }
  }

  /** Come in again under the name that this browser knows. @param {Told} now */
  async function remember(now) {
    const name = localStorage.getItem(NAME);
    if (now.name || now.teacher) return;
    if (name)
      await asked(server.join_class, { name }).then(
        () => (now.name = name),
        () => {},
      );
    if (!now.name) sign.open(true);
  }

  /** @param {Told} now */
  function show(now) {
    told = now;
    const inside = Boolean(now.name) || now.teacher;
    const who = now.teacher ? t("class.teacher") : now.name || t("class.guest");
    Object.assign(sign.button.dataset, words("class.sign.who", { who, count: now.count }));
    state.textContent = t(now.training ? "class.told" : "class.told.closed");
    door.element.hidden = inside;
    leave.hidden = !inside;
    desk.show(now);
    fillWords(sign.element);
  }

  /** Go where the teacher leads those who are here, once. @param {Told} now */
  function follow({ look, teacher }) {
    const led = sessionStorage.getItem(LED);
    sessionStorage.setItem(LED, String(look.number));
    if (led === null || led === String(look.number) || teacher || !look.link) return;
    sessionStorage.setItem(`${LED}.told`, "yes");
    travel(look.link);
  }

  if (sessionStorage.getItem(`${LED}.told`)) {
    sessionStorage.removeItem(`${LED}.told`);
    say("class.led");
  }
  page.on(["language"], () => told && show(told));
  setInterval(attend, ATTEND_MS);
  void attend();
  return sign.element;
}
