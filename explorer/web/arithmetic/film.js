/**
 * A walk as a film: frames of the shape of a screen, a title above, the parts of the scene as large as there is room for, the time
 * below. They are many, and go to the server beside what pages ask otherwise.
 */

import { escape, pngOf, svgOf } from "../parts/snapshot.js";

/** What a film shows: its title, and the parts of the page that move, from top to bottom. @typedef {{ title: () => string, parts: () => HTMLElement[] }} Scene */

/** Of a frame, px: its sides, what is left free around, the title's letters and the line that tells the time. */
export const FILM = { width: 1280, height: 720, margin: 40, letters: 30, time: 6 };
/** Between parts, px; a part is drawn so many times as large as on the page at most. */
const [GAP, LARGEST] = [28, 2];

/** How wide what a part shows is, and how high it is, px. @param {HTMLElement} part */
function sizeOf(part) {
  const range = document.createRange();
  range.selectNodeContents(part);
  return { width: Math.max(1, range.getBoundingClientRect().width), height: part.getBoundingClientRect().height };
}

/** @param {Scene} scene @param {number} time from 0 at the first moment to 1 at the last */
export function frameOf({ title, parts }, time) {
  const { width, height, margin, letters } = FILM;
  const shown = parts().map((part) => ({ svg: svgOf(part), ...sizeOf(part) }));
  const top = margin + letters * 1.5;
  const room = { width: width - 2 * margin, height: height - top - margin - GAP * (shown.length - 1) };
  const wide = shown.map((part) => ({ ...part, scale: Math.min(LARGEST, room.width / part.width) }));
  const fits = Math.min(1, room.height / wide.reduce((sum, part) => sum + part.height * part.scale, 0));
  const used = wide.reduce((sum, part) => sum + part.height * part.scale * fits, 0);
  let y = top + (room.height - used) / 2;
  const placed = wide.map((part) => {
    const scale = part.scale * fits;
    const place = `translate(${(width - part.width * scale) / 2} ${y}) scale(${scale})`;
    y += part.height * scale + GAP;
    return `<g transform="${place}">${part.svg}</g>`;
  });
  const style = getComputedStyle(document.body);
  const [ground, ink, accent] = [style.backgroundColor, style.color, style.getPropertyValue("--cs-accent").trim()].map(
    escape,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${ground}"/>` +
    `<text x="${margin}" y="${margin + letters * 0.75}" fill="${ink}" font-family="${escape(style.fontFamily)}" font-size="${letters}" font-weight="650">${escape(title())}</text>` +
    `${placed.join("")}<rect y="${height - FILM.time}" width="${width * time}" height="${FILM.time}" fill="${accent}"/></svg>`;
  return pngOf(svg, width, height);
}

/** @typedef {{ format: string, delay: number, frames: string[] }} Film `delay`: ms for each frame; `frames`: PNG files in base64 */

/**
 * The film as a file, or why there is none.
 * @param {Film} film @returns {Promise<{ type: string, data: string } | { error: string }>} `data` in base64
 */
export async function animate({ format, delay, frames }) {
  const root = /** @type {Window & { gradio_config?: { root: string } }} */ (window).gradio_config?.root ?? "";
  const asked = new URLSearchParams({ format, delay: String(delay) });
  const response = await fetch(`${root}/films?${asked}`, { method: "POST", body: frames.join("\n") });
  return response.ok ? response.json() : { error: await response.text() };
}
