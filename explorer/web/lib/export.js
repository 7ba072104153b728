/** What a person can take along: tables as CSV, tensors as NPY. Pictures: see parts/snapshot.js. */

/** A table as comma-separated values (RFC 4180); numbers are written so that they read back exactly. @param {(string | number)[][]} rows */
export function csv(rows) {
  const field = (/** @type {string | number} */ value) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return new Blob([rows.map((row) => row.map(field).join(",")).join("\r\n"), "\r\n"], { type: "text/csv" });
}

/**
 * A tensor as a NumPy file, format 1.0 (numpy.lib.format): magic, header padded to 64 bytes, little-endian values.
 * @param {Float32Array | Float64Array | Uint8Array} values in C order @param {number[]} shape
 */
export function npy(values, shape) {
  const count = shape.reduce((a, b) => a * b, 1);
  if (count !== values.length) throw new Error(`${values.length} values do not fill the shape ${shape.join("×")}`);
  const type = values instanceof Float32Array ? "<f4" : values instanceof Float64Array ? "<f8" : "|u1";
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const words = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + words.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10);
  header.set([0x93, ...[..."NUMPY"].map((letter) => letter.charCodeAt(0)), 1, 0]);
  new DataView(header.buffer).setUint16(8, length, true);
  return new Blob([header, `${words.padEnd(length - 1)}\n`, /** @type {any} */ (values)], {
    type: "application/octet-stream",
  });
}
