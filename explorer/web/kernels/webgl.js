/**
 * The same convolution on the graphics card, in float32 and for display only: numbers that are read out, and the picture
 * at rest, are computed in float64 by lib/conv.js.
 */

import { LARGEST } from "../lib/kernels.js";
import { smallestOf } from "../lib/numbers.js";

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

/** What holds the weights of the largest kernel, four in one. */
const VECTORS = Math.ceil(LARGEST ** 2 / 4);

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D picture;  // with its padding
uniform vec4 weights[${VECTORS}];  // row by row
uniform ivec2 taps, stride, dilation;  // columns, rows
uniform int height, absolute;
uniform float scale, offset;
out vec4 colour;
void main() {
  ivec2 first = ivec2(int(gl_FragCoord.x), height - 1 - int(gl_FragCoord.y)) * stride;
  vec3 sum = vec3(0.0);
  for (int i = 0, k = 0; i < taps.y; i++) {
    for (int j = 0; j < taps.x; j++, k++) {
      sum += weights[k >> 2][k & 3] * texelFetch(picture, first + ivec2(j, i) * dilation, 0).rgb;
    }
  }
  vec3 value = sum * scale + offset;
  colour = vec4(clamp(absolute == 1 ? abs(value) : value, 0.0, 255.0) / 255.0, 1.0);
}`;

/** @typedef {NonNullable<ReturnType<typeof createPainter>>} Painter */

/**
 * A painter on WebGL2, or null where the browser has none.
 * @param {() => void} [changed] told when the card is lost, and when it is there again
 */
export function createPainter(changed = () => {}) {
  const surface = document.createElement("canvas");
  const found = surface.getContext("webgl2", {
    alpha: false,
    antialias: false,
    depth: false,
    preserveDrawingBuffer: true,
  });
  const prepared = found && prepare(found);
  if (!found || !prepared) return null;
  const gl = found;
  let at = prepared;
  const weights = new Float32Array(4 * VECTORS);
  const pixel = new Uint8Array(4);
  /** Pixels a side that pictures and results may have. */
  const most = smallestOf([
    gl.getParameter(gl.MAX_TEXTURE_SIZE),
    gl.getParameter(gl.MAX_RENDERBUFFER_SIZE),
    ...gl.getParameter(gl.MAX_VIEWPORT_DIMS),
  ]);
  /** The planes on the card, and what 1 stands for there. */
  let [loaded, unit] = [/** @type {Float64Array[] | null} */ (null), 1];
  let broken = false;
  surface.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // or it never returns
    changed();
  });
  surface.addEventListener("webglcontextrestored", () => {
    const again = prepare(gl);
    [loaded, broken] = [null, !again];
    if (again) at = again;
    changed();
  });

  return {
    surface,
    most,
    get lost() {
      return broken || gl.isContextLost();
    },

    /** Whether the card takes a picture, with its padding, and its result. @param {import("../lib/conv.js").Geometry} geometry */
    fits({ rows, columns }) {
      return Math.max(rows.padded, columns.padded, rows.output, columns.output) <= most;
    },

    /** Wait until what was painted is there: reading a pixel does. */
    finish() {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    },

    /**
     * Paint value = sums / divisor + bias, cut to 0–255, or its absolute value.
     * @param {Float64Array[]} planes padded, one or three @param {import("../lib/conv.js").Kernel} kernel @param {import("../lib/conv.js").Geometry} geometry
     * @param {number} divisor @param {number} bias @param {boolean} absolute
     */
    paint(planes, kernel, { rows, columns }, divisor, bias, absolute) {
      if (surface.width !== columns.output || surface.height !== rows.output)
        [surface.width, surface.height] = [columns.output, rows.output];
      gl.viewport(0, 0, columns.output, rows.output);
      if (planes !== loaded) {
        const whole = planes.every(areBytes);
        const [format, kind] = whole ? [gl.RGBA8, gl.UNSIGNED_BYTE] : [gl.RGBA32F, gl.FLOAT];
        const room = 4 * planes[0].length;
        const texels = interleaved(planes, whole ? new Uint8Array(room) : new Float32Array(room));
        gl.texImage2D(gl.TEXTURE_2D, 0, format, columns.padded, rows.padded, 0, gl.RGBA, kind, texels);
        [loaded, unit] = [planes, whole ? 255 : 1];
      }
      weights.set(kernel.values);
      gl.uniform4fv(at.weights, weights);
      gl.uniform2i(at.taps, kernel.columns, kernel.rows);
      gl.uniform2i(at.stride, columns.stride, rows.stride);
      gl.uniform2i(at.dilation, columns.dilation, rows.dilation);
      gl.uniform1i(at.height, rows.output);
      gl.uniform1i(at.absolute, Number(absolute));
      gl.uniform1f(at.scale, unit / divisor);
      gl.uniform1f(at.offset, bias);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
  };
}

/** The program with its texture, in use; returns where its settings are, or null. @param {WebGL2RenderingContext} gl */
function prepare(gl) {
  const program = linked(gl);
  if (!program) return null;
  gl.useProgram(program);
  bindTexture(gl);
  const place = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
  return {
    weights: place("weights"),
    taps: place("taps"),
    stride: place("stride"),
    dilation: place("dilation"),
    height: place("height"),
    absolute: place("absolute"),
    scale: place("scale"),
    offset: place("offset"),
  };
}

/** @param {WebGL2RenderingContext} gl */
function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

/** The texture that the program reads, texel by texel. @param {WebGL2RenderingContext} gl */
function bindTexture(gl) {
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ]) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
}

/** Whether all values can be held as bytes: a quarter of the room, and of what the card reads at each tap. @param {Float64Array} plane */
const areBytes = (plane) => plane.every((value) => value === (value & 255));

/** RGBA of one plane (grey) or three. @template {Uint8Array | Float32Array} Texels @param {Float64Array[]} planes @param {Texels} texels to be filled, 4 for each element @returns {Texels} */
function interleaved(planes, texels) {
  const [red, green, blue] = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  for (let k = 0, at = 0; k < red.length; k++, at += 4) {
    texels[at] = red[k];
    texels[at + 1] = green[k];
    texels[at + 2] = blue[k];
  }
  return texels;
}
