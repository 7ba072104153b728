/** How moves of the hand are told: the first at once, what follows before the next frame with that frame, in which the pad is drawn. */

/** Moves as the hand makes them, where a browser tells them before the next frame. */
export const MOVES = "onpointerrawupdate" in globalThis ? "pointerrawupdate" : "pointermove";

/** @param {{ draw: () => void, onchange: (at: number) => void }} options */
export function createMoves({ draw, onchange }) {
  /** The frame in which the pad is drawn anew; 0: none. */
  let drawing = 0;
  /** When the hand moved last, if that is not told yet. @type {number | null} */
  let untold = null;

  return {
    /** @param {number} at when the hand moved, ms since the page's start */
    moved(at) {
      if (drawing) {
        untold = at;
        return;
      }
      drawing = requestAnimationFrame(() => {
        drawing = 0;
        draw();
        if (untold !== null) onchange(untold);
        untold = null;
      });
      onchange(at);
    },

    /** All of it is drawn and told now. */
    forget() {
      cancelAnimationFrame(drawing);
      drawing = 0;
      untold = null;
    },
  };
}
