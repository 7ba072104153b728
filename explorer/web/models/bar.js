/** The bar above the pages: the explored model and its facts, the theme and the language. */

import { h } from "../parts/dom.js";
import { fillWords, speak, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { did } from "../parts/onscreen.js";
import { ignorePart, keepLink, page } from "../parts/page.js";
import { createPopover } from "../parts/popover.js";
import { createSign } from "../parts/classroom/sign.js";
import { percent } from "../parts/percent.js";
import { createToast } from "../parts/toast.js";
import { followLessons } from "../parts/lesson/open.js";
import { createLocal } from "./local.js";
import { createTruth } from "./truth.js";
import { createLesson } from "./lesson.js";
import { createShare } from "./share.js";
import { createSkip } from "./skip.js";

/** Between two looks at how far a download is. */
const FETCHING_MS = 700;

const LANGUAGES = { en: "English", zh: "中文" };

/** @param {string} key @param {Record<string, string>} values @param {string} [why] */
const fact = (key, values, why) => h("span", { class: "fact", ...(why ? { title: t(why) } : {}) }, t(key, values));

/** What a model's card says that it reached. @param {import("../lib/contract/models.js").Facts["figures"]} figures */
const reached = ({ mnist_accuracy: mnist, strokes_accuracy: strokes, expected_calibration_error: gap }) => [
  ...(mnist === undefined ? [] : [fact("bar.mnist", { accuracy: percent(mnist) })]),
  ...(strokes === undefined ? [] : [fact("bar.strokes", { accuracy: percent(strokes) })]),
  ...(gap === undefined ? [] : [fact("bar.calibration", { gap: percent(gap) }, "bar.calibration.why")]),
];

/** @param {HTMLElement} element @param {{ server: import("../lib/contract/models.js").Server, options: import("../lib/contract/models.js").Options }} gradio */
export async function mount(element, { server, options }) {
  await speak(page.get("language") || options.language);
  const choice = h(
    "select",
    {
      class: "model-choice",
      id: "model-choice",
      dataset: { i18nAria: "bar.model" },
      onchange: () => choose(choice.value),
    },
    ...options.models.map(({ name, title }) =>
      h("option", { value: name }, title === name ? title : `${title} (${name})`),
    ),
  );
  const facts = h("div", { class: "model-facts" });
  const truth = options.truth
    ? [createTruth(options.truth).element]
    : options.local
      ? [createLocal(options.classroom)]
      : [];
  const children = [facts, ...truth];
  const told = createPopover({ words: "bar.facts", title: "bar.facts.why", name: "model-told", children });
  told.button.addEventListener("click", () => did("figures"));
  const languages = h(
    "select",
    { class: "language", dataset: { i18nTitle: "bar.language" }, onchange: () => speak(languages.value) },
    ...Object.entries(LANGUAGES).map(([value, name]) => h("option", { value }, name)),
  );
  const theme = h(
    "button",
    { type: "button", class: "tool", dataset: { i18nTitle: "bar.theme" }, onclick: () => setDark(!page.get("dark")) },
    "◐",
  );
  const missing = h("div", { class: "problem", role: "alert", hidden: true });
  const note = createToast();
  const share = createShare({ network: options.network, say: note.say });

  const sign = options.classroom ? [createSign({ server, say: note.say })] : [];
  element.replaceChildren(
    createSkip().element,
    h(
      "header",
      { class: "model-bar" },
      h("h1", { class: "brand" }, "Conv", h("span", {}, "Scope")),
      choice,
      told.element,
      h("div", { class: "bar-end" }, ...sign, share.element, languages, theme),
    ),
    createLesson().element,
    note.element,
    missing,
  );

  const describe = newestOnly(
    (/** @type {string} */ name) => ask(server.describe, { model: name }, t("error.unreachable")),
    (answer, name) => {
      if (name !== page.get("model")) return;
      if ("fetching" in answer) {
        tellFetching(answer.fetching, name);
        return;
      }
      missing.hidden = true;
      if (!("missing" in answer)) {
        page.set({ description: answer });
        return;
      }
      tell(answer.missing, "bar.untrained", () => choose(answer.untrained));
    },
    (error, name) => {
      if (name === page.get("model")) page.set({ modelError: error.message });
    },
  );

  /** Say below the bar what keeps a model, with one way on. @param {string} words @param {string} way its words' key @param {() => void} onclick */
  function tell(words, way, onclick) {
    missing.replaceChildren(
      h("p", {}, words),
      h("button", { type: "button", class: "action", dataset: { i18n: way }, onclick }),
    );
    missing.hidden = false;
    fillWords(missing);
  }

  /** @param {{ done: number, size: number | null }} fetching bytes @param {string} name of the model */
  function tellFetching({ done, size }, name) {
    const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
    const words = size === null ? "bar.fetching.unknown" : "bar.fetching";
    tell(t(words, { name, done: mb(done), size: mb(size ?? 0) }), "bar.fetching.cancel", () => {
      void ask(server.cancel_download, { model: name }, t("error.unreachable")).then(
        () => choose(options.model),
        () => note.say("error.unreachable"),
      );
    });
    setTimeout(() => {
      if (name === page.get("model") && !page.get("description")) describe(name);
    }, FETCHING_MS);
  }

  /** @param {string} name */
  function choose(name) {
    missing.hidden = true;
    if (![...choice.options].some((option) => option.value === name)) choice.add(new Option(name, name));
    choice.value = name;
    const same = ["", name].includes(page.get("model")); // a link without a model means the first one
    page.set({
      model: name,
      description: null,
      modelError: null,
      ...(same ? {} : { cells: [], pin: null, layer: null, edits: [], fold: null }),
    });
    describe(name);
  }

  function tellFacts() {
    const description = page.get("description");
    const device = h("span", { class: "fact", dataset: { i18nTitle: "bar.device" } }, options.device.toUpperCase());
    if (!description) {
      facts.replaceChildren(device);
      return;
    }
    const { parameters, figures, trained, summary } = description;
    device.textContent = description.device.toUpperCase();
    facts.replaceChildren(
      ...(summary ? [h("span", { class: "summary" }, summary)] : []),
      fact("bar.parameters", { count: parameters.toLocaleString("en") }),
      ...reached(figures),
      ...(trained ? [] : [h("span", { class: "fact warning" }, t("bar.random"))]),
      device,
    );
  }

  /** The model to start with: the link's, if it is here. */
  function firstModel() {
    const linked = page.get("model");
    const known = options.models.some(({ name }) => name === linked.replace(/:untrained$/, ""));
    if (linked && !known) ignorePart(`model=${linked}`);
    return known ? linked : options.model;
  }

  /** @param {boolean} dark */
  function setDark(dark) {
    document.body.classList.toggle("dark", dark);
    page.set({ dark });
  }

  function tellIgnored() {
    const parts = page.get("ignored");
    if (parts.length) note.say("bar.ignored", { parts: parts.join(", ") });
  }

  function tellTabs() {
    for (const tab of /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll("#pages [role=tab][data-tab-id]")
    )) {
      tab.textContent = t(`tab.${tab.dataset.tabId}`);
    }
  }

  /** Show the page that the link names, and keep the link naming the page that is shown. */
  function followTabs() {
    const selected = () =>
      /** @type {HTMLElement | null} */ (document.querySelector("#pages [role=tab][aria-selected=true]"))?.dataset
        .tabId;
    const wanted = page.get("tab");
    const tab = /** @type {HTMLElement | null} */ (
      document.querySelector(`#pages [role=tab][data-tab-id="${wanted}"]`)
    );
    if (tab) tab.click();
    else ignorePart(`page=${wanted}`);
    const bar = /** @type {HTMLElement} */ (document.querySelector("#pages"));
    new MutationObserver(() => page.set({ tab: selected() ?? "draw" })).observe(bar, {
      attributes: true,
      attributeFilter: ["aria-selected"],
      subtree: true,
    });
    page.on(["tab"], () => {
      if (selected() !== page.get("tab"))
        /** @type {HTMLElement | null} */ (
          document.querySelector(`#pages [role=tab][data-tab-id="${page.get("tab")}"]`)
        )?.click();
    });
  }

  page.on(["description", "language"], tellFacts);
  page.on(["ignored"], tellIgnored);
  page.on(["model"], () => {
    if (page.get("model") !== choice.value) choose(page.get("model")); // another page asked for it
  });
  page.on(["language"], () => {
    languages.value = page.get("language");
    fillWords(element);
    tellTabs();
  });
  new MutationObserver(() => page.set({ dark: document.body.classList.contains("dark") })).observe(document.body, {
    attributes: true,
    attributeFilter: ["class"],
  });

  page.set({ dark: document.body.classList.contains("dark") });
  languages.value = page.get("language");
  fillWords(element);
  tellTabs();
  tellIgnored();
  followTabs();
  keepLink();
  followLessons();
  choose(firstModel());
}
