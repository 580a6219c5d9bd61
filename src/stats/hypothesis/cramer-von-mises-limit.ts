import { exp, log, sinTurns } from "../../base/elementary.js";
import { fromLog, type Tail } from "../special.js";

/** From here on the first interval's integral is all of the tail, and its mass sits at the lower end. */
const FAR = 3;
const CHEBYSHEV_NODES = 48;

/**
 * P(W >= x) of the limit of Cramer and von Mises' statistic, by Smirnov's formula (1936): the alternating sum of
 * (2 / pi) times the integrals of exp(-x u^2 / 2) / sqrt(u |sin u|) from (2k - 1) pi to 2k pi. Nothing is subtracted from
 * 1, so that the tail is right down to 1e-300 and, as log10, beyond.
 */
export function cramerVonMisesTail(x: number): Tail {
  // Below 0.003 the complement is under 1e-9, as for scipy.
  if (!(x > 0.003)) return { p: 1, log10p: 0 };
  if (x === Infinity) return { p: 0, log10p: -Number.MAX_VALUE };
  if (x >= FAR) {
    return fromLog(log((2 / Math.PI) * farIntegral(x)) - (x * Math.PI * Math.PI) / 2);
  }
  let sum = 0;
  for (let k = 1; ; k++) {
    const start = (2 * k - 1) * Math.PI;
    const size = exp((-x * start * start) / 2);
    if (size < 1e-18) break;
    sum += (k % 2 === 1 ? 1 : -1) * integral(x, start);
  }
  const p = Math.min(1, (2 / Math.PI) * sum);
  return { p, log10p: log(p) / Math.LN10 };
}

/** Gauss and Chebyshev's rule over [start, start + pi]: it takes up the inverse square roots at both ends. */
function integral(x: number, start: number): number {
  let sum = 0;
  for (let j = 0; j < CHEBYSHEV_NODES; j++) {
    const turns = (j + 0.5) / (2 * CHEBYSHEV_NODES);
    const half = sinTurns(turns / 2);
    const share = half * half;
    const u = start + Math.PI * share;
    // The sine is the same at as far from the other end.
    const sine = sinTurns(Math.min(share, 1 - share) / 2);
    sum += (sinTurns(turns) * exp((-x * u * u) / 2)) / Math.sqrt(u * sine);
  }
  return (sum * Math.PI * Math.PI) / (2 * CHEBYSHEV_NODES);
}

/** The first interval's integral over exp(-x pi^2 / 2), with u = pi + s^2 and equal steps of s. */
function farIntegral(x: number): number {
  const steps = 64;
  // Beyond this the weight exp(-x pi s^2) is under 1e-19; s^2 stays below pi.
  const width = Math.sqrt(44 / (Math.PI * x)) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const s = i * width;
    const t = s * s;
    if (t >= Math.PI) break;
    const ratio = t === 0 ? 1 : t / sinTurns(t / (2 * Math.PI));
    const value = 2 * Math.sqrt(ratio / (Math.PI + t)) * exp(-x * t * (Math.PI + t / 2));
    sum += i === 0 ? value / 2 : value;
  }
  return sum * width;
}
