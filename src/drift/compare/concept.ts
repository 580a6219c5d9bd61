import { ChurnkitError } from "../../base/errors.js";
import { defaultDriftPolicy, type DriftPolicy } from "../policy.js";
import type { ConceptDrift } from "../report.js";
import { stratifiedRates, type Stratum } from "../../stats/hypothesis/index.js";
import { detectableRate } from "./detectable.js";
import { severityBySize } from "./verdict.js";
import { percent, pText } from "./words.js";

/** Labels (1 positive, 0 negative, anything else unknown) and the probabilities of the same rows. */
export interface ScoredRows {
  readonly labels: ArrayLike<number>;
  readonly probabilities: Float64Array;
}

/** Probabilities are stratified to a hundredth; strata of few rows are pooled with their neighbors. */
const STRATA = 100;

/**
 * Compares how often rows of about the same predicted probability are positive. Only labeled rows count. The caller
 * must leave out rows whose label may still change (a churn window that hasn't closed); rows without a probability
 * from 0 to 1 are left out here. The verdict is "insufficient" if a change of `coarsestShift` could well go unseen.
 *
 * @returns null if a sample has no labeled rows, or all are of one class.
 * @throws ChurnkitError OPTION_INVALID if a sample's labels and probabilities differ in number.
 *
 * @example
 * ```ts
 * import { conceptDrift } from "churnkit/drift";
 *
 * const rows = 4000;
 * const probabilities = Float64Array.from({ length: rows }, (_, i) => (i % 100) / 100);
 * const reference = { probabilities, labels: Array.from(probabilities, (p, i) => (i * 0.618) % 1 < p ? 1 : 0) };
 * const current = { probabilities, labels: Array.from(probabilities, (p, i) => (i * 0.618) % 1 < p / 2 ? 1 : 0) };
 * console.assert(conceptDrift(reference, current)?.verdict === "drift");
 * ```
 */
export function conceptDrift(
  reference: ScoredRows,
  current: ScoredRows,
  policy: DriftPolicy = defaultDriftPolicy,
): ConceptDrift | null {
  for (const [name, { labels, probabilities }] of Object.entries({ reference, current })) {
    if (labels.length === probabilities.length) continue;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The ${name} has ${labels.length} labels and ${probabilities.length} probabilities. Give one of each for each row.`,
      { where: { path: name } },
    );
  }
  if (policy.concept === false) return null;
  const strata = pooled(strataOf(reference), strataOf(current), policy.minimumExpected);
  const test = stratifiedRates(strata);
  if (test === undefined) return null;
  const { statistic, degreesOfFreedom, p, log10p, log10pBound, effect, change } = test;
  const detectableChange = detectableRate(test.information, degreesOfFreedom, policy.alpha);
  const labeled = (side: keyof Stratum): number => strata.reduce((sum, stratum) => sum + stratum[side].rows, 0);
  const enough = Math.min(labeled("reference"), labeled("current")) >= policy.leastRows;
  const severity = enough && p <= policy.alpha ? severityBySize(effect, policy.concept) : "none";
  const direction = change > 0 ? "more" : "less";
  const blind = severity === "none" && (!enough || detectableChange > policy.coarsestShift);
  const message = !enough
    ? `Too few labeled rows: ${labeled("reference")} in the reference, ${labeled("current")} now; ${policy.leastRows} are needed on each side.`
    : blind
      ? `Too few labeled rows: only a change of the positive rate by ${percent(detectableChange)} or more would be found.`
      : severity === "none"
        ? "Rows of equal predicted probability are positive as often as before."
        : `Rows of equal predicted probability are positive ${direction} often than before: the rate changed by ${percent(effect)} on average (p ${pText(log10p)}). Retrain on recent rows.`;
  const verdict = severity !== "none" ? "drift" : blind ? "insufficient" : "stable";
  return {
    verdict,
    severity,
    statistic,
    degreesOfFreedom,
    pValue: p,
    log10p,
    log10pBound,
    effect,
    change,
    detectableChange,
    message,
  };
}

interface Counts {
  readonly rows: Float64Array;
  readonly positives: Float64Array;
}

function strataOf({ labels, probabilities }: ScoredRows): Counts {
  const rows = new Float64Array(STRATA);
  const positives = new Float64Array(STRATA);
  for (let i = 0; i < probabilities.length; i++) {
    const label = labels[i];
    const probability = probabilities[i] as number;
    if ((label !== 0 && label !== 1) || !(probability >= 0 && probability <= 1)) continue;
    const at = Math.min(STRATA - 1, Math.floor(probability * STRATA));
    rows[at] = (rows[at] as number) + 1;
    positives[at] = (positives[at] as number) + label;
  }
  return { rows, positives };
}

/** Joins neighbors until both classes are expected often enough in both samples, judged by both samples together. */
function pooled(reference: Counts, current: Counts, minimum: number): Stratum[] {
  const strata: Stratum[] = [];
  let open = empty();
  for (let at = 0; at < STRATA; at++) {
    open = add(open, {
      reference: { rows: reference.rows[at] as number, positives: reference.positives[at] as number },
      current: { rows: current.rows[at] as number, positives: current.positives[at] as number },
    });
    if (leastExpected(open) < minimum) continue;
    strata.push(open);
    open = empty();
  }
  const last = strata.pop();
  return [...strata, last === undefined ? open : add(last, open)];
}

const empty = (): Stratum => ({ reference: { rows: 0, positives: 0 }, current: { rows: 0, positives: 0 } });

function add(a: Stratum, b: Stratum): Stratum {
  const sum = (x: Stratum["current"], y: Stratum["current"]): Stratum["current"] => ({
    rows: x.rows + y.rows,
    positives: x.positives + y.positives,
  });
  return { reference: sum(a.reference, b.reference), current: sum(a.current, b.current) };
}

function leastExpected({ reference, current }: Stratum): number {
  const rows = reference.rows + current.rows;
  const positives = reference.positives + current.positives;
  return rows === 0 ? 0 : (Math.min(reference.rows, current.rows) * Math.min(positives, rows - positives)) / rows;
}
