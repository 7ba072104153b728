/**
 * The one place where a number becomes a colour. Pictures and legends call the same functions, so that a legend cannot
 * disagree with its picture.
 *
 * Scales, each over a position t:
 *   diverging   t in [-1, 1]; 0 is the background exactly (white in the light theme), blue below, orange above:
 *               the two hues stay apart for every common form of colour blindness;
 *   grey        t in [0, 1]; paper to ink;
 *   sequential  t in [0, 1]; background to accent, for probabilities;
 *   flat        any t; one colour without a hue, for a map that has one value all over.
 * Colours are interpolated in OKLab (Ottosson 2020), so that equal steps of t look like equal steps.
 */

/** @typedef {[number, number, number]} RGB  0 to 255 each */

const THEMES = {
  light: {
    zero: [255, 255, 255],
    above: [
      [247, 167, 104],
      [213, 94, 0],
      [122, 46, 0],
    ],
    below: [
      [125, 184, 226],
      [0, 114, 178],
      [0, 52, 92],
    ],
    paper: [255, 255, 255],
    ink: [17, 20, 28],
    full: [0, 114, 178],
    flat: [236, 238, 242],
    undefined: [214, 51, 132],
  },
  dark: {
    zero: [20, 23, 31],
    above: [
      [120, 62, 22],
      [232, 126, 44],
      [255, 216, 170],
    ],
    below: [
      [22, 72, 112],
      [64, 158, 224],
      [196, 230, 255],
    ],
    paper: [20, 23, 31],
    ink: [244, 246, 250],
    full: [86, 180, 233],
    flat: [33, 37, 47],
    undefined: [255, 92, 168],
  },
};

const linear = (/** @type {number} */ u) => (u <= 0.04045 ? u / 12.92 : ((u + 0.055) / 1.055) ** 2.4);
const encoded = (/** @type {number} */ u) => (u <= 0.0031308 ? 12.92 * u : 1.055 * u ** (1 / 2.4) - 0.055);

/** @param {number[]} rgb @returns {number[]} L, a, b */
function toOklab(rgb) {
  const [r, g, b] = rgb.map((u) => linear(u / 255));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {number[]} lab @returns {RGB} */
function fromOklab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return /** @type {RGB} */ (
    [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ].map((u) => Math.round(255 * encoded(Math.min(1, Math.max(0, u)))))
  );
}

/** The colour at t in [0, 1] along equally spaced stops. @param {number[][]} stops @param {number} t @returns {RGB} */
function along(stops, t) {
  const place = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(place));
  const [from, to] = [toOklab(stops[k]), toOklab(stops[k + 1])];
  return fromOklab(from.map((u, i) => u + (to[i] - u) * (place - k)));
}

/** @typedef {"diverging" | "grey" | "sequential" | "flat"} Scale */

/**
 * The colour of position t on a scale; a t that is not a number has a colour of its own.
 * @param {Scale} scale @param {number} t @param {boolean} dark @returns {RGB}
 */
export function colour(scale, t, dark) {
  const theme = dark ? THEMES.dark : THEMES.light;
  if (Number.isNaN(t)) return /** @type {RGB} */ (theme.undefined);
  if (scale === "flat") return /** @type {RGB} */ (theme.flat);
  if (scale === "grey") return along([theme.paper, theme.ink], t);
  if (scale === "sequential") return along([theme.zero, theme.full], t);
  return along([theme.zero, ...(t < 0 ? theme.below : theme.above)], Math.abs(t));
}

const LEVELS = 1023;
/** @type {Map<string, Uint32Array>} */
const tables = new Map();

/**
 * The scale as a table of LEVELS + 1 packed RGBA words (little endian, as ImageData wants them): the last entry is
 * "undefined"; the middle one of a diverging table is exactly 0.
 * @param {Scale} scale @param {boolean} dark
 */
export function colourTable(scale, dark) {
  const key = `${scale} ${dark}`;
  let table = tables.get(key);
  if (!table) {
    const low = scale === "diverging" ? -1 : 0;
    table = Uint32Array.from({ length: LEVELS + 1 }, (_, k) => {
      const [r, g, b] = colour(scale, k === LEVELS ? NaN : low + (k / (LEVELS - 1)) * (1 - low), dark);
      return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    });
    tables.set(key, table);
  }
  return table;
}

/** The index of position t in a table of `colourTable`. @param {Scale} scale @param {number} t */
export function tableIndex(scale, t) {
  if (Number.isNaN(t)) return LEVELS;
  const unit = scale === "diverging" ? (t + 1) / 2 : t;
  return Math.round(Math.min(1, Math.max(0, unit)) * (LEVELS - 1));
}

/**
 * Where a value stands on its step's scale: value / full on a diverging one, from `low` to `high` on the others.
 * @param {{ scale: Scale, low: number, high: number }} step @param {number} value @param {number} full
 */
export function positionOf(step, value, full) {
  if (step.scale !== "diverging") return (value - step.low) / (step.high - step.low);
  return full > 0 ? value / full : value * 0;
}

/** @param {number[]} rgb */
export const css = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;

/** Relative luminance at which black contrasts as much as white, 4.58 (WCAG 2): (EVEN + 0.05)² = 0.05 · 1.05. */
const EVEN = 0.179;

/** The text colour, black or white, that can be read on a colour. @param {number[]} rgb */
export function inkOn(rgb) {
  const [red, green, blue] = rgb.map((level) => linear(level / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > EVEN ? "#000000" : "#ffffff";
}

/** Turns of the hue from one class to the next, so that neighbours differ: the golden angle, degrees. */
const TURN = 137.508;

/** The colour of a class on a map of classes; the first, which often is the ground, is grey. @param {number} index @returns {number[]} red, green, blue, 0 to 255 */
export function classColour(index) {
  if (index === 0) return [128, 128, 128];
  const hue = (index * TURN) % 360;
  const [saturation, light] = [0.62, index % 2 ? 0.52 : 0.64];
  const chroma = saturation * Math.min(light, 1 - light);
  return [0, 8, 4].map((turn) => {
    const k = (turn + hue / 30) % 12;
    return Math.round(255 * (light - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}
