/** The settings of the speed lab: the usual ones, what of them travels in the link, and what a person typed. */

/** @typedef {import("../lib/contract/kernels.js").Sweep} Settings */
/** @typedef {import("../lib/contract/kernels.js").Way} Way */

/** The numbers of the form; `threads` may be left open. */
export const NUMBERS = /** @type {const} */ (["images", "channels", "outputs", "kernel", "threads"]);

/** @param {Way[]} ways @returns {Settings} */
export function usual(ways) {
  const on = ways.filter(({ missing, on: wanted }) => wanted && missing === null).map(({ name }) => name);
  return { sizes: [8, 16, 32, 64, 128], images: 1, channels: 8, outputs: 16, kernel: 3, threads: null, ways: on };
}

/** Whole numbers above 0 in a text, apart by commas or spaces; null where something else stands there. @param {string} text */
export function sizesIn(text) {
  const parts = text.split(/[\s,;，、]+/).filter(Boolean);
  return parts.length && parts.every((part) => /^[1-9]\d{0,5}$/.test(part)) ? parts.map(Number) : null;
}

const same = (/** @type {unknown} */ a, /** @type {unknown} */ b) => JSON.stringify(a) === JSON.stringify(b);

/** The settings that differ from the usual ones. @param {Settings} settings @param {Settings} from @returns {Partial<Settings>} */
export const differing = (settings, from) =>
  Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => !same(value, from[/** @type {keyof Settings} */ (name)])),
  );

/** The usual settings with a link's; throws what cannot be read. @param {any} told @param {Way[]} ways @returns {Settings} */
export function settingsFrom(told, ways) {
  const settings = usual(ways);
  for (const [name, value] of Object.entries(told)) {
    const whole = Number.isInteger(value) && value > 0;
    const fits =
      {
        sizes: () => Array.isArray(value) && same(sizesIn(value.join()), value),
        ways: () => Array.isArray(value) && value.every((way) => ways.some((known) => known.name === way)),
        threads: () => whole || value === null,
      }[name] ?? (() => whole && name in settings);
    if (!fits()) throw new Error(`${name}: ${JSON.stringify(value)}`);
    Object.assign(settings, { [name]: value });
  }
  const there = new Set(ways.filter(({ missing }) => missing === null).map(({ name }) => name));
  return { ...settings, ways: settings.ways.filter((name) => there.has(name)) };
}
