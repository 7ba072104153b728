/**
 * The same convolution on the graphics card, in float32 and for display only: numbers that are read out, and the picture
 * at rest, are computed in float64 by lib/conv.js.
 */

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D picture;  // with its padding
uniform sampler2D weights;
uniform ivec2 taps, stride, dilation;  // columns, rows
uniform int height, absolute;
uniform float scale, offset;
out vec4 colour;
void main() {
  ivec2 first = ivec2(int(gl_FragCoord.x), height - 1 - int(gl_FragCoord.y)) * stride;
  vec3 sum = vec3(0.0);
  for (int i = 0; i < taps.y; i++) {
    for (int j = 0; j < taps.x; j++) {
      sum += texelFetch(weights, ivec2(j, i), 0).r * texelFetch(picture, first + ivec2(j, i) * dilation, 0).rgb;
    }
  }
  vec3 value = sum * scale + offset;
  colour = vec4(clamp(absolute == 1 ? abs(value) : value, 0.0, 255.0) / 255.0, 1.0);
}`;

/** Names of drivers that compute on the processor: slower than typed arrays there. */
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

/** @typedef {NonNullable<ReturnType<typeof createPainter>>} Painter */

/** A painter on WebGL2, or null where the browser has none. */
export function createPainter() {
  const surface = document.createElement("canvas");
  const found = surface.getContext("webgl2", { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true });
  const program = found && linked(found);
  if (!found || !program) return null;
  const gl = found;
  gl.useProgram(program);
  const place = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
  const at = { taps: place("taps"), stride: place("stride"), dilation: place("dilation"), height: place("height"), absolute: place("absolute"), scale: place("scale"), offset: place("offset") };
  texture(gl, 0);
  texture(gl, 1);
  gl.uniform1i(place("picture"), 0);
  gl.uniform1i(place("weights"), 1);
  const unmasked = gl.getExtension("WEBGL_debug_renderer_info");
  const driver = String(gl.getParameter(unmasked ? unmasked.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  /** @type {Float64Array[] | null} */
  let loaded = null;

  return {
    surface,
    hardware: !SOFTWARE.test(driver),
    get lost() {
      return gl.isContextLost();
    },

    /**
     * Paint value = sums / divisor + bias, cut to 0–255, or its absolute value.
     * @param {Float64Array[]} planes padded, one or three @param {import("../lib/conv.js").Kernel} kernel @param {import("../lib/conv.js").Geometry} geometry
     * @param {number} divisor @param {number} bias @param {boolean} absolute
     */
    paint(planes, kernel, { rows, columns }, divisor, bias, absolute) {
      if (surface.width !== columns.output || surface.height !== rows.output) [surface.width, surface.height] = [columns.output, rows.output];
      gl.viewport(0, 0, columns.output, rows.output);
      if (planes !== loaded) {
        gl.activeTexture(gl.TEXTURE0);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, columns.padded, rows.padded, 0, gl.RGBA, gl.FLOAT, interleaved(planes));
        loaded = planes;
      }
      gl.activeTexture(gl.TEXTURE1);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, kernel.columns, kernel.rows, 0, gl.RED, gl.FLOAT, Float32Array.from(kernel.values));
      gl.uniform2i(at.taps, kernel.columns, kernel.rows);
      gl.uniform2i(at.stride, columns.stride, rows.stride);
      gl.uniform2i(at.dilation, columns.dilation, rows.dilation);
      gl.uniform1i(at.height, rows.output);
      gl.uniform1i(at.absolute, Number(absolute));
      gl.uniform1f(at.scale, 1 / divisor);
      gl.uniform1f(at.offset, bias);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
  };
}

/** @param {WebGL2RenderingContext} gl */
function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

/** A texture on a unit, read texel by texel. @param {WebGL2RenderingContext} gl @param {number} unit */
function texture(gl, unit) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.NEAREST], [gl.TEXTURE_MAG_FILTER, gl.NEAREST], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
}

/** RGBA of one plane (grey) or three. @param {Float64Array[]} planes */
function interleaved(planes) {
  const [red, green, blue] = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  const texels = new Float32Array(4 * red.length);
  for (let k = 0, at = 0; k < red.length; k++, at += 4) {
    texels[at] = red[k];
    texels[at + 1] = green[k];
    texels[at + 2] = blue[k];
  }
  return texels;
}
