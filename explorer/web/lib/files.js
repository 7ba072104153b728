/**
 * What a picture file says of itself before a browser decodes it: browsers paint the missing part of a cut file grey
 * instead of refusing it, and turn, convert and round silently.
 */

/** Words of the page and what stands in them. @typedef {{ key: string, numbers?: Record<string, string | number> }} Note */
/** @typedef {{ kind: "png" | "jpeg" | "gif" | "webp" | "bmp", complete: boolean, notes: ("turned" | "deep" | "cmyk" | "moving")[] }} Facts */

const text = (/** @type {Uint8Array} */ bytes, /** @type {number} */ at, /** @type {number} */ length) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** @param {Uint8Array} bytes @returns {Facts | null} null when it is no picture of a kind known here */
export function factsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) return null;
  if (text(bytes, 1, 3) === "PNG") return png(bytes, view);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpeg(bytes, view);
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP")
    return { kind: "webp", complete: view.getUint32(4, true) + 8 <= bytes.length, notes: [] };
  if (text(bytes, 0, 3) === "GIF")
    return { kind: "gif", complete: bytes.lastIndexOf(0x3b) >= bytes.length - 4, notes: ["moving"] };
  if (text(bytes, 0, 2) === "BM") return { kind: "bmp", complete: view.getUint32(2, true) <= bytes.length, notes: [] };
  return null;
}

/** Chunks of length, name, data, checksum; the last is IEND. @param {Uint8Array} bytes @param {DataView} view @returns {Facts} */
function png(bytes, view) {
  let [at, complete] = [8, false];
  while (at + 12 <= bytes.length) {
    complete = text(bytes, at + 4, 4) === "IEND";
    at += view.getUint32(at) + 12;
  }
  return { kind: "png", complete: complete && at <= bytes.length, notes: bytes[24] === 16 ? ["deep"] : [] };
}

/** Segments of marker, length, data; after the scan's start the end marker must come. @param {Uint8Array} bytes @param {DataView} view @returns {Facts} */
function jpeg(bytes, view) {
  /** @type {Facts} */
  const facts = { kind: "jpeg", complete: false, notes: [] };
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    if (marker === 0xe1 && text(bytes, at + 4, 4) === "Exif" && orientation(bytes, view, at + 10) > 1)
      facts.notes.push("turned");
    if (marker >= 0xc0 && marker <= 0xc2 && bytes[at + 9] === 4) facts.notes.push("cmyk");
    if (marker !== 0xda) continue;
    for (let k = bytes.length - 2; k > at && !facts.complete; k--)
      facts.complete = bytes[k] === 0xff && bytes[k + 1] === 0xd9;
    break;
  }
  return facts;
}

/** Tag 0x0112 of the first directory of a TIFF at `start`, 1 where it is missing. @param {Uint8Array} bytes @param {DataView} view @param {number} start */
function orientation(bytes, view, start) {
  if (start + 8 > bytes.length) return 1;
  const little = bytes[start] === 0x49;
  const directory = start + view.getUint32(start + 4, little);
  const entries = directory + 2 <= bytes.length ? view.getUint16(directory, little) : 0;
  for (let k = 0, at = directory + 2; k < entries && at + 12 <= bytes.length; k++, at += 12) {
    if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
  }
  return 1;
}
