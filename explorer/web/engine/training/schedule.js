/** Learning rate and momentum of every step, as functions of the step alone: the twin of `core/training/schedule.py`. */

/** @typedef {"constant" | "one_cycle" | "cosine" | "steps"} Schedule */

/** Share of a one-cycle run in which the rate rises. */
const RISE = 0.25;
/** A one-cycle run starts at 1/25 of its rate and ends at 1/250,000. Source: torch.optim.lr_scheduler.OneCycleLR. */
const [START, END] = [25, 1e4];
/** Of a one-cycle run where the rate is least, and where it is greatest. */
const MOMENTUM = [0.95, 0.85];

/** @param {number} start @param {number} end @param {number} part */
const cosine = (start, end, part) => end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1);

/** @param {number} step @param {number} steps @param {number} first @param {number} middle @param {number} last */
function oneCycle(step, steps, first, middle, last) {
  const peak = RISE * (steps + 1) - 1;
  if (step <= peak) return cosine(first, middle, peak ? step / peak : 1);
  return cosine(middle, last, (step - peak) / (steps - peak));
}

/** @type {Record<Schedule, (step: number, steps: number) => number>} */
export const SCHEDULES = {
  constant: () => 1,
  one_cycle: (step, steps) => oneCycle(step, steps, 1 / START, 1, 1 / START / END),
  cosine: (step, steps) => cosine(1, 0, step / steps),
  steps: (step, steps) => (2 * step < steps ? 1 : 4 * step < 3 * steps ? 0.1 : 0.01),
};

/** The momentum (Adam: β₁) of a step, or null where a schedule leaves it alone. @param {Schedule} schedule @param {number} step from 0 @param {number} steps */
export const momentumOf = (schedule, step, steps) =>
  schedule === "one_cycle" ? oneCycle(step, steps, MOMENTUM[0], MOMENTUM[1], MOMENTUM[0]) : null;
