import { exp } from "../../../base/elementary.js";

/** Continued fraction depth that is enough for the tail from 2.5 standard deviations on. */
const depth = 60;

/** 1 - Phi(x) for x >= 0: Phi's power series near the middle, the tail's continued fraction beyond. */
function upperTail(x: number): number {
  const density = exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 2.5) {
    let term = x;
    let total = x;
    for (let k = 1; Math.abs(term) > 1e-17 * total; k++) {
      term *= (x * x) / (2 * k + 1);
      total += term;
    }
    return 0.5 - density * total;
  }
  let fraction = x;
  for (let k = depth; k > 0; k--) fraction = x + k / fraction;
  return density / fraction;
}

/**
 * The normal score of a share: the x with Phi(x) = share, for a share in (0, 1), by bisection of the upper tail
 * (Abramowitz and Stegun 26.2.10 and 26.2.14). Slow, and only used to fit knots.
 */
export function normalScore(share: number): number {
  const tail = Math.min(share, 1 - share);
  let low = 0;
  let high = 9;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (upperTail(middle) > tail) low = middle;
    else high = middle;
  }
  return share < 0.5 ? -low : low;
}
