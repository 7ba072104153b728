/** A share in percent, with its ends said as such. @param {number} p */
export const percent = (p) =>
  p >= 0.9995 && p < 1 ? "> 99.9 %" : p > 0 && p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`;
