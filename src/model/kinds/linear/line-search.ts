import { along, type Line } from "./objective.js";
import type { LogisticProblem } from "./problem.js";

const mostTrials = 40;
/** The slope must shrink to this share of its start. */
const flatEnough = 0.5;

/**
 * Finds a step along a direction in which the convex objective falls: the root of the slope is enclosed and
 * approached until the slope is at most half of its start and the objective is not higher. The slope decides, because
 * it stays exact where rounding hides differences of the objective. 0 if no step makes progress.
 */
export function lineSearch(problem: LogisticProblem, line: Line): number {
  const start = along(problem, line, 0);
  if (!(start.slope < 0)) return 0;
  // The rounding error of a sum of this size.
  const highest = start.value + 1e-13 * Math.abs(start.value);
  let low = 0;
  let lowSlope = start.slope;
  let high = Infinity;
  let step = 1;
  for (let trial = 0; trial < mostTrials; trial++) {
    const { value, slope } = along(problem, line, step);
    const falls = value <= highest;
    if (falls && Math.abs(slope) <= flatEnough * -start.slope) return step;
    if (falls && slope < 0) {
      low = step;
      lowSlope = slope;
      step = high === Infinity ? step * 4 : (low + high) / 2;
      continue;
    }
    high = step;
    // Linear interpolation of the slope, kept off the ends so that the bracket shrinks.
    const share = slope > 0 && Number.isFinite(slope) ? lowSlope / (lowSlope - slope) : 0.5;
    step = low + (high - low) * Math.min(Math.max(share, 0.1), 0.9);
  }
  return low;
}
