/** A walk as a film: its frames are many, and go to the server beside what pages ask otherwise. */

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
