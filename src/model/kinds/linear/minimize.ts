import { lineSearch } from "./line-search.js";
import { gradient, margins, type Line } from "./objective.js";
import { curvatureAt, preconditioner, usesHessian, type Curvature, type Preconditioner } from "./preconditioner.js";
import type { LogisticProblem } from "./problem.js";

/** When to stop. */
export interface StoppingRule {
  readonly maxIterations: number;
  /** Largest component of the gradient, divided by the sum of row weights. */
  readonly tolerance: number;
  /** When its time is spent, the search ends early, but after a few steps, so that there is an answer. */
  readonly budget?: { readonly spent: boolean } | undefined;
}

/** Steps that the search remembers, and steps after which the Hessian is recomputed. */
const memory = 20;
const refreshAfter = 25;
/** Steps that a search takes without time left; with a Hessian they come close enough. */
const leastSteps = 10;

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

/**
 * Minimizes the objective by L-BFGS (Nocedal and Wright, Numerical Optimization, 7.2) that starts each direction from
 * a Cholesky-factored Hessian instead of the identity: near Newton's step count for two passes over the matrix per
 * step. `parameters` is the start and becomes the answer.
 *
 * @param curvature of a similar problem, if available.
 */
export function minimize(
  problem: LogisticProblem,
  parameters: Float64Array,
  rule: StoppingRule,
  curvature?: Curvature,
): void {
  const { rows, width, totalWeight } = problem;
  const at = new Float64Array(rows);
  const marginChange = new Float64Array(rows);
  let slopes = new Float64Array(width + 1);
  let nextSlopes = new Float64Array(width + 1);
  const direction = new Float64Array(width + 1);
  let corrections: Correction[] = [];
  margins(problem, parameters, at);
  gradient(problem, parameters, at, slopes);
  let condition = preconditioner(curvature ?? curvatureAt(problem, at), problem.penalties);
  for (let iteration = 1; iteration <= rule.maxIterations; iteration++) {
    if (largest(slopes) <= rule.tolerance * totalWeight || (iteration > leastSteps && rule.budget?.spent)) return;
    searchDirection(slopes, corrections, condition, direction);
    margins(problem, direction, marginChange);
    const line: Line = { margins: at, marginChange, squares: squaresOf(problem, parameters, direction) };
    const step = lineSearch(problem, line);
    if (step === 0) return;
    for (let j = 0; j <= width; j++) parameters[j] = (parameters[j] as number) + step * (direction[j] as number);
    for (let row = 0; row < rows; row++) at[row] = (at[row] as number) + step * (marginChange[row] as number);
    gradient(problem, parameters, at, nextSlopes);
    if (iteration % refreshAfter === 0 && usesHessian(width)) {
      condition = preconditioner(curvatureAt(problem, at), problem.penalties);
      corrections = [];
    } else {
      remember(corrections, direction, step, slopes, nextSlopes);
    }
    [slopes, nextSlopes] = [nextSlopes, slopes];
  }
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[j] as number);
  return sum;
}

function squaresOf({ penalties }: LogisticProblem, weights: Float64Array, direction: Float64Array): Line["squares"] {
  let [before, mixed, after] = [0, 0, 0];
  penalties.forEach((penalty, j) => {
    const weight = weights[j] as number;
    const change = direction[j] as number;
    before += penalty * weight * weight;
    mixed += penalty * weight * change;
    after += penalty * change * change;
  });
  return [before, mixed, after];
}

function remember(
  corrections: Correction[],
  direction: Float64Array,
  step: number,
  before: Float64Array,
  after: Float64Array,
): void {
  const moved = direction.map((value) => step * value);
  const change = after.map((value, j) => value - (before[j] as number));
  const curvature = dot(moved, change);
  if (!(curvature > 0)) return;
  corrections.push({ step: moved, change, curvature });
  if (corrections.length > memory) corrections.shift();
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient, into `out`. */
function searchDirection(
  slopes: Float64Array,
  corrections: readonly Correction[],
  condition: Preconditioner,
  out: Float64Array,
): void {
  for (let j = 0; j < out.length; j++) out[j] = -(slopes[j] as number);
  const shares = new Float64Array(corrections.length);
  for (let k = corrections.length - 1; k >= 0; k--) {
    const { step, change, curvature } = corrections[k] as Correction;
    const share = dot(step, out) / curvature;
    shares[k] = share;
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) - share * (change[j] as number);
  }
  condition(out);
  for (const [k, { step, change, curvature }] of corrections.entries()) {
    const share = (shares[k] as number) - dot(change, out) / curvature;
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) + share * (step[j] as number);
  }
}
