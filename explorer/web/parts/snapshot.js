/**
 * A part of the page as a picture file. What is on screen is written down as SVG: boxes, lines of text, canvases and drawings,
 * each where the browser laid it out. The PNG is that SVG, drawn.
 */

/** How many pixels of the file a pixel of the page becomes. */
const SCALE = 2;
const DRAWN = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font",
  "text-anchor",
  "dominant-baseline",
  "display",
  "visibility",
];

/** @param {string} text */
export const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
/** @param {string} colour */
const clear = (colour) => colour === "transparent" || /, 0\)$|\/ 0\)$/.test(colour);
/** @param {number} length in pixels */
const px = (length) => String(Math.round(length * 100) / 100);

/** @param {Element} element @returns {string} the SVG of what the element shows */
export function svgOf(element) {
  const frame = element.getBoundingClientRect();
  const page = getComputedStyle(document.body).backgroundColor;
  const parts = write(element, frame);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(frame.width)}" height="${px(frame.height)}" viewBox="0 0 ${px(frame.width)} ${px(frame.height)}">` +
    `<rect width="100%" height="100%" fill="${escape(clear(page) ? "#ffffff" : page)}"/>${parts.join("")}</svg>`
  );
}

/** @param {Element} element */
export const svgFile = (element) => new Blob([svgOf(element)], { type: "image/svg+xml" });

/** @param {Element} element @param {number} [scale] pixels of the file for one of the page @returns {Promise<Blob>} */
export async function pngFile(element, scale = SCALE) {
  const { width, height } = element.getBoundingClientRect();
  return pngOf(svgOf(element), Math.ceil(width * scale), Math.ceil(height * scale));
}

/** A drawing as a picture of so many pixels. @param {string} svg @param {number} width @param {number} height @returns {Promise<Blob>} */
export async function pngOf(svg, width, height) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(
    picture,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for this browser"))),
      "image/png",
    ),
  );
}

/** @param {Element} element @param {DOMRect} frame @returns {string[]} */
function write(element, frame) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return [];
  const box = element.getBoundingClientRect();
  const place = { x: box.x - frame.x, y: box.y - frame.y, width: box.width, height: box.height };
  if (element instanceof SVGSVGElement) return [drawing(element, place)];
  const parts = [...boxOf(style, place), ...ringsOf(style, place)];
  if (element instanceof HTMLCanvasElement && element.width && element.height) {
    parts.push(
      `<image x="${px(place.x)}" y="${px(place.y)}" width="${px(place.width)}" height="${px(place.height)}" preserveAspectRatio="none" image-rendering="${style.imageRendering}" href="${element.toDataURL()}"/>`,
    );
  }
  if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) {
    const text =
      element instanceof HTMLSelectElement
        ? element.selectedOptions[0]?.text
        : ["checkbox", "radio", "range"].includes(element.type)
          ? ""
          : element.value;
    if (text)
      parts.push(
        textAt(text, place.x + parseFloat(style.paddingLeft) + 1, place.y + place.height / 2, style, "central"),
      );
    return parts;
  }
  if (element instanceof MathMLElement) parts.push(...strokesOf(element, frame, style));
  const inner = [];
  for (const node of element.childNodes) {
    if (node instanceof Element) {
      if (!(element instanceof HTMLDetailsElement) || element.open || node.tagName === "SUMMARY")
        inner.push(...write(node, frame));
    } else if (node instanceof Text) {
      inner.push(...(element instanceof MathMLElement ? sign(node, element, frame, style) : lines(node, frame, style)));
    }
  }
  return [...parts, ...(style.overflow === "visible" ? inner : clipped(inner, place))];
}

/** What a box with a limited view shows of its contents; nothing when it is only there to be read aloud. @param {string[]} parts @param {{ x: number, y: number, width: number, height: number }} place */
function clipped(parts, { x, y, width, height }) {
  if (!parts.length || width <= 1 || height <= 1) return [];
  return [
    `<svg x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" viewBox="${[x, y, width, height].map(px).join(" ")}">`,
    ...parts,
    "</svg>",
  ];
}

/** The background and borders of a box. @param {CSSStyleDeclaration} style @param {{ x: number, y: number, width: number, height: number }} place */
function boxOf(style, { x, y, width, height }) {
  const sides = /** @type {const} */ (["Top", "Right", "Bottom", "Left"]);
  const widths = sides.map((side) =>
    style[`border${side}Style`] === "none" ? 0 : parseFloat(style[`border${side}Width`]),
  );
  const parts = [];
  const even = widths.every((w) => w === widths[0]);
  const [line, colour] = [even ? widths[0] : 0, style.borderTopColor];
  if (width && height && (!clear(style.backgroundColor) || line)) {
    parts.push(
      `<rect x="${px(x + line / 2)}" y="${px(y + line / 2)}" width="${px(Math.max(0, width - line))}" height="${px(Math.max(0, height - line))}" rx="${px(Math.min(parseFloat(style.borderTopLeftRadius) || 0, height / 2))}"` +
        ` fill="${clear(style.backgroundColor) ? "none" : escape(style.backgroundColor)}"${line ? ` stroke="${escape(colour)}" stroke-width="${px(line)}"` : ""}/>`,
    );
  }
  if (!even) {
    const corners = [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ];
    sides.forEach((side, k) => {
      if (!widths[k]) return;
      const [from, to] = [corners[k], corners[(k + 1) % 4]];
      parts.push(
        `<path d="M${px(from[0])} ${px(from[1])}L${px(to[0])} ${px(to[1])}" stroke="${escape(style[`border${side}Color`])}" stroke-width="${px(widths[k])}"/>`,
      );
    });
  }
  return parts;
}

/** The lines of a formula that are no signs: of a fraction and over a root. @param {MathMLElement} element @param {DOMRect} frame @param {CSSStyleDeclaration} style @returns {string[]} */
function strokesOf(element, frame, style) {
  const box = element.getBoundingClientRect();
  const stroke = (/** @type {number[][]} */ ...points) =>
    `<path d="M${points.map(([x, y]) => `${px(x - frame.x)} ${px(y - frame.y)}`).join("L")}" fill="none" stroke="${escape(style.color)}"/>`;
  const first = element.firstElementChild?.getBoundingClientRect();
  if (!first) return [];
  if (element.tagName === "mfrac") {
    const below = /** @type {Element} */ (element.lastElementChild).getBoundingClientRect();
    const y = (first.bottom + below.top) / 2;
    return [stroke([box.left, y], [box.right, y])];
  }
  if (element.tagName !== "msqrt") return [];
  const [foot, top] = [first.left - (first.left - box.left) / 2, box.top + 1];
  return [stroke([box.left, first.top + first.height * 0.6], [foot, box.bottom], [first.left, top], [box.right, top])];
}

/** A sign of a formula as tall as the browser has made it. @param {Text} node @param {MathMLElement} element @param {DOMRect} frame @param {CSSStyleDeclaration} style @returns {string[]} */
function sign(node, element, frame, style) {
  const box = element.getBoundingClientRect();
  if (!box.width || /^[\u2061\u2062\s]*$/.test(node.data)) return [];
  const size = parseFloat(style.fontSize);
  const range = document.createRange();
  range.selectNodeContents(node);
  const tall = element.tagName === "mo" && box.height > size * 1.3;
  const { top, bottom } = tall ? box : range.getBoundingClientRect();
  const slanted = element.tagName === "mi" && node.data.length === 1 && !element.hasAttribute("mathvariant");
  const looks = `fill="${escape(style.color)}" font-family="${escape(style.fontFamily)}" font-size="${px(size)}"${slanted ? ' font-style="italic"' : ""}`;
  const place = `translate(${px((box.left + box.right) / 2 - frame.x)} ${px((top + bottom) / 2 - frame.y)}) scale(1 ${px(tall ? box.height / size : 1)})`;
  return [
    `<text transform="${place}" ${looks} text-anchor="middle" dominant-baseline="central">${escape(node.data)}</text>`,
  ];
}

/** The rings inside a box that mark it: inset shadows without blur, the first on top. @param {CSSStyleDeclaration} style @param {{ x: number, y: number, width: number, height: number }} place */
function ringsOf(style, { x, y, width, height }) {
  const found = [...style.boxShadow.matchAll(/(rgba?\([^)]*\)) 0px 0px 0px ([\d.]+)px inset/g)];
  return found.reverse().map(([, colour, size]) => {
    const line = Number(size);
    return `<rect x="${px(x + line / 2)}" y="${px(y + line / 2)}" width="${px(Math.max(0, width - line))}" height="${px(Math.max(0, height - line))}" rx="${px(Math.max(0, (parseFloat(style.borderTopLeftRadius) || 0) - line / 2))}" fill="none" stroke="${escape(colour)}" stroke-width="${px(line)}"/>`;
  });
}

/** A text node, line by line as the browser broke it. @param {Text} node @param {DOMRect} frame @param {CSSStyleDeclaration} style */
function lines(node, frame, style) {
  if (!node.data.trim()) return [];
  const range = document.createRange();
  /** @type {{ text: string, x: number, bottom: number, top: number }[]} */
  const found = [];
  for (let k = 0; k < node.data.length; k++) {
    range.setStart(node, k);
    range.setEnd(node, k + 1);
    const [box] = range.getClientRects();
    if (!box || !box.width) continue;
    const last = found.at(-1);
    if (last && Math.abs(last.top - box.top) < 1) last.text += node.data[k];
    else found.push({ text: node.data[k], x: box.x - frame.x, top: box.top, bottom: box.bottom });
  }
  return found.map(({ text, x, top, bottom }) => textAt(text, x, (top + bottom) / 2 - frame.y, style, "central"));
}

/** @param {string} text @param {number} x @param {number} y @param {CSSStyleDeclaration} style @param {string} baseline */
function textAt(text, x, y, style, baseline) {
  return `<text x="${px(x)}" y="${px(y)}" fill="${escape(style.color)}" font-family="${escape(style.fontFamily)}" font-size="${style.fontSize}" font-weight="${style.fontWeight}" font-style="${style.fontStyle}" dominant-baseline="${baseline}" xml:space="preserve">${escape(text)}</text>`;
}

/** A drawing of the page, its looks written into it. @param {SVGSVGElement} svg @param {{ x: number, y: number, width: number, height: number }} place */
function drawing(svg, { x, y, width, height }) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const [shown, copied] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  shown.forEach((from, k) => {
    const looks = getComputedStyle(from);
    copied[k].setAttribute("style", DRAWN.map((name) => `${name}:${looks.getPropertyValue(name)}`).join(";"));
  });
  for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, px(value));
  return new XMLSerializer().serializeToString(copy);
}
