/**
 * Feature maps as they cross the wire: one byte per value and one scale per map, the twin of `explorer/wire/trace.py`.
 *
 *   value = (code - 128) / 127 * scale      code 1 to 255; code 0 marks a value that is not finite
 *
 * so a value read from a code is exact to half a code step, scale / 254.
 */

export const ZERO = 128;
export const STEPS = 127;

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
export function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let k = 0; k < binary.length; k++) bytes[k] = binary.charCodeAt(k);
  return bytes;
}

/** @param {string} text base64 of little-endian float32 @returns {Float32Array<ArrayBuffer>} */
export const floatsFromBase64 = (text) => new Float32Array(fromBase64(text).buffer);

/** @param {number} code @param {number} scale */
export const valueOf = (code, scale) => (code === 0 ? NaN : ((code - ZERO) / STEPS) * scale);

/**
 * A value as text with no more digits than its code can tell: the last digit shown is at or above the error of half a
 * code step.
 * @param {number} value @param {number} scale
 */
export function readout(value, scale) {
  if (Number.isNaN(value)) return "not finite";
  if (scale === 0 || value === 0) return "0";
  const digits = Math.max(0, Math.min(12, Math.floor(-Math.log10(scale / 254))));
  const text = scale >= 1e6 || scale < 1e-5 ? value.toExponential(2) : value.toFixed(digits);
  return text.replace(/^-/, "−");
}
