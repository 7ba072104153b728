/** The camera as a stream of pictures. Nothing is recorded or sent. */

import { h } from "./dom.js";
import { pictureOf } from "./upload.js";

const WIDTH = 512;
/** What the browser says when there is no camera for us, and the words for it. */
const REFUSALS = {
  NotAllowedError: "denied",
  NotFoundError: "missing",
  NotReadableError: "busy",
  SecurityError: "insecure",
};

/** @param {{ onpicture: (picture: import("../lib/pictures.js").Picture) => void, seen: () => boolean }} options `seen`: whether anybody looks */
export function createWebcam({ onpicture, seen }) {
  /** @type {MediaStream | null} */
  let stream = null;
  let frame = 0;

  function stop() {
    cancelAnimationFrame(frame);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }

  return {
    get on() {
      return stream !== null;
    },
    stop,

    /** Start the camera; returns why there is none, in words of the page, or null. @returns {Promise<import("./upload.js").Note | null>} */
    async start() {
      try {
        if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
        stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
      } catch (error) {
        const reason =
          REFUSALS[/** @type {keyof typeof REFUSALS} */ (/** @type {DOMException} */ (error).name)] ?? "failed";
        return { key: `kernels.refused.webcam.${reason}`, numbers: { message: String(error) } };
      }
      const video = h("video", { muted: true, playsinline: true });
      video.srcObject = stream;
      await video.play();
      const grab = () => {
        if (!stream) return;
        frame = requestAnimationFrame(grab);
        if (seen() && video.videoWidth)
          onpicture(pictureOf(video, WIDTH, Math.round((WIDTH * video.videoHeight) / video.videoWidth)));
      };
      grab();
      return null;
    },
  };
}
