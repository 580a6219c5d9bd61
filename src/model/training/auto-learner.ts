import { ChurnkitError } from "../../base/errors.js";
import { rowLogLoss } from "../../stats/logistic.js";
import { boosting } from "../kinds/trees/boosting-learner.js";
import { fitCalibration } from "./calibration/fit-calibration.js";
import { calibrate } from "../scoring/calibrate.js";
import { forest } from "../kinds/trees/forest-learner.js";
import type { HeldOut, LabeledMatrix, Learned, Learner, LearnerContext, TrainingProgress } from "../kinds/learner.js";
import { logistic } from "../kinds/linear/learner.js";
import { churnNetwork } from "../kinds/network/learner.js";

/** Parameters of {@link auto}. */
export interface AutoOptions {
  /** Candidate learners, the simplest first. Default: logistic, boosting, forest, network, with their defaults. */
  readonly learners?: readonly Learner[];
}

/** Result of one learner compared with the best, on the same held-out rows. */
export interface AutoCandidate {
  readonly learner: string;
  /** Mean log loss of the calibrated held-out probabilities, in nats. */
  readonly logLoss: number;
  /** Its difference from the best learner's. */
  readonly difference: number;
  /** Standard error of the difference, paired by row. */
  readonly standardError: number;
}

/** Decision of {@link auto}, and its reason; kept in the bundle's provenance as the parameter `auto`. */
export interface AutoChoice {
  readonly chosen: string;
  /** The learner with the smallest log loss. */
  readonly best: string;
  readonly reason: string;
  /** Held-out rows that all learners were compared on. */
  readonly rows: number;
  /** The simplest first. */
  readonly candidates: readonly AutoCandidate[];
}

/**
 * Trains several learners on the same rows and keeps one: the simplest whose held-out log loss, after calibration, is
 * within one standard error of the best one's (the paired form of Breiman's rule). The model, its held-out
 * probabilities and the learner's name in the provenance are the chosen one's. They are trained in the order given,
 * the cheap ones first: if a budget is used up, it chooses from those already trained, and says so in `caps`.
 *
 * @throws ChurnkitError OPTION_INVALID without learners or for two with one name; the learners' errors.
 * @example
 * ```ts
 * import { auto, boosting, logistic } from "churnkit/model";
 *
 * console.log(auto({ learners: [logistic(), boosting()] }).parameters);
 * ```
 */
export function auto({ learners = [logistic(), boosting(), forest(), churnNetwork()] }: AutoOptions = {}): Learner {
  const names = learners.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The learners to choose from are ${names.join(", ") || "none"}. Give at least one, each with a different name.`,
    );
  }
  return {
    name: "auto",
    parameters: { learners: names },
    folds: Math.max(...learners.map(({ folds = 0 }) => folds)),
    fit: (training, validation, context) => fit(learners, training, validation, context),
  };
}

async function fit(
  learners: readonly Learner[],
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext,
): Promise<Learned> {
  const { signal, budget, onProgress } = context;
  const learned: Learned[] = [];
  for (const learner of learners) {
    signal?.throwIfAborted();
    if (learned.length > 0 && budget?.spent) break;
    const report = onProgress && ((progress: TrainingProgress) => onProgress({ ...progress, learner: learner.name }));
    learned.push(await learner.fit(training, validation, { ...context, onProgress: report }));
  }
  const { labels } = validation ?? training;
  const names = learners.map(({ name }) => name);
  const [tried, left] = [names.slice(0, learned.length), names.slice(learned.length)];
  const choice = choose(
    tried,
    learned.map(({ heldOut }) => heldOut),
    labels,
  );
  const at = names.indexOf(choice.chosen);
  const made = learned[at] as Learned;
  const caps = [...(made.caps ?? [])];
  if (budget && left.length > 0)
    caps.push({
      cap: "budget",
      message: `${budget.name} was used up before ${left.join(", ")}: auto chose from ${tried.join(", ")}`,
    });
  return { ...made, learner: choice.chosen, found: { ...learners[at]?.parameters, ...made.found, auto: choice }, caps };
}

/** Compares held-out probabilities of the same rows; the simplest learner comes first. */
function choose(names: readonly string[], heldOuts: readonly HeldOut[], labels: Uint8Array): AutoChoice {
  const rows = commonRows(heldOuts, labels.length);
  const losses = heldOuts.map((heldOut) => rowLosses(heldOut, rows, labels));
  const means = losses.map(mean);
  const best = means.indexOf(Math.min(...means));
  const candidates = losses.map((loss, i) => {
    const gaps = loss.map((one, row) => one - (losses[best]?.[row] as number));
    return {
      learner: names[i] as string,
      logLoss: means[i] as number,
      difference: mean(gaps),
      standardError: standardError(gaps),
    };
  });
  const chosen = candidates.find(({ difference, standardError: error }) => difference <= error) as AutoCandidate;
  const winner = names[best] as string;
  return { chosen: chosen.learner, best: winner, reason: reasonOf(chosen, winner), rows: rows.length, candidates };
}

function reasonOf({ learner, difference, standardError: error }: AutoCandidate, best: string): string {
  if (learner === best)
    return `${best} has the lowest held-out log loss, and no simpler learner is within one standard error of it`;
  return `${learner} is the simplest within one standard error of ${best}: its held-out log loss is ${difference.toFixed(5)} higher, with a standard error of ${error.toFixed(5)}`;
}

/** Rows that every learner held out, ascending. */
function commonRows(heldOuts: readonly HeldOut[], rows: number): Uint32Array {
  const counts = new Uint32Array(rows);
  for (const heldOut of heldOuts) for (const row of heldOut.rows) counts[row] = (counts[row] as number) + 1;
  const common = Uint32Array.from(counts.keys()).filter((row) => counts[row] === heldOuts.length);
  if (common.length > 0) return common;
  throw new ChurnkitError(
    "TOO_FEW_ROWS",
    "No row was held out by every learner, so they can't be compared. Give more rows, or validation rows.",
  );
}

/** Each row's log loss, with the model's calibration: a forest's raw probabilities are too cautious to compare. */
function rowLosses({ rows: heldOut, probabilities }: HeldOut, rows: Uint32Array, labels: Uint8Array): Float64Array {
  const calibration = fitCalibration(
    Uint8Array.from(heldOut, (row) => labels[row] as number),
    probabilities,
  );
  const byRow = new Float64Array(labels.length);
  heldOut.forEach((row, i) => (byRow[row] = calibrate(calibration, probabilities[i] as number)));
  return Float64Array.from(rows, (row) => rowLogLoss(labels[row] as number, byRow[row] as number));
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of the mean; 0 for a single value. */
function standardError(values: Float64Array): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) * (value - center), 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
}
