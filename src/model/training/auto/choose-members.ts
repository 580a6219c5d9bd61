import { ChurnkitError } from "../../../base/errors.js";
import { logit } from "../../../stats/logistic.js";
import { mean, standardError } from "../../../stats/mean.js";
import type { HeldOut, LabeledMatrix } from "../../kinds/learner.js";
import { chooseWeights, rowLosses, unseenMean, type ChosenWeights, type WeightRule } from "./choose-weights.js";
import { labelsAt } from "./fit-weights.js";
import type { Trained, Tried } from "./fit-candidates.js";
import { scoringMicroseconds } from "./scoring-cost.js";

/** Result of one candidate compared with the choice, on the same held-out rows. */
export interface AutoCandidate {
  readonly learner: string;
  /** Mean log loss of the calibrated held-out probabilities, in nats. */
  readonly logLoss: number;
  /** Its difference from that of the choice. */
  readonly difference: number;
  /** Standard error of the difference, paired by row. */
  readonly standardError: number;
  /** What it takes to score a record, by a table of operations. */
  readonly microseconds: number;
}

/** Decision of `auto`, and its reason; kept in the bundle's provenance as the parameter `auto`. */
export interface AutoChoice {
  /** How the weights were chosen: all on one member, equal, or fitted. */
  readonly rule: WeightRule;
  readonly reason: string;
  readonly members: readonly {
    readonly learner: string;
    readonly weight: number;
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  /** How many candidates were tried: `presets` of a training that is to give the same model. */
  readonly presets: number;
  /** Held-out rows that all candidates were compared on. */
  readonly rows: number;
  /** Of the choice, as {@link AutoCandidate}; its weights were fitted on other rows than those judged. */
  readonly logLoss: number;
  readonly microseconds: number;
  /** In the order of their training. */
  readonly candidates: readonly AutoCandidate[];
  /** The network that replaced the choice, if one was asked for. */
  readonly distilled?: { readonly logLoss: number; readonly choiceLogLoss: number; readonly rows: number };
}

/** The chosen members, with a description. */
export interface Chosen {
  readonly members: readonly Trained[];
  readonly choice: AutoChoice;
  /** Rows that every candidate held out, and the log odds there of means whose weights were chosen without them. */
  readonly rows: Uint32Array;
  readonly logOdds: Float64Array;
}

/** Chooses members and weights by the candidates' held-out probabilities. */
export function chooseMembers(
  { trained, count }: Tried,
  { labels, rowWeights }: Pick<LabeledMatrix, "labels" | "rowWeights">,
  maxLatency: number,
  seed: number,
): Chosen {
  const rows = commonRows(
    trained.map(({ learned }) => learned.heldOut),
    labels.length,
  );
  const judged = labelsAt(labels, rowWeights, rows);
  const logOddsBy = (of: (heldOut: HeldOut) => Float64Array): Float64Array[] =>
    trained.map(({ learned: { heldOut } }) => logOddsAt(heldOut.rows, of(heldOut), rows, labels.length));
  const logOdds = logOddsBy(({ crossed, probabilities }) => crossed ?? probabilities);
  const costs = trained.map(({ learned }) => scoringMicroseconds(learned.model));
  const mostCost = Math.max(maxLatency, Math.min(...costs));
  const chosen = chooseWeights({ logOdds, ...judged, costs, mostCost }, seed);
  const taken = [...trained.keys()].filter((k) => (chosen.weights[k] as number) > 0);
  const all = Uint32Array.from(rows.keys());
  const losses = rowLosses(unseenMean(chosen, logOdds), judged, all);
  const candidates = trained.map(({ name }, k): AutoCandidate => {
    const own = rowLosses(logOdds[k] as Float64Array, judged, all);
    const gaps = own.map((loss, row) => loss - (losses[row] as number));
    return {
      learner: name,
      logLoss: mean(own),
      difference: mean(gaps),
      standardError: standardError(gaps),
      microseconds: rounded(costs[k] as number),
    };
  });
  const choice: AutoChoice = {
    rule: chosen.rule,
    reason: reasonOf(chosen, candidates, taken),
    members: taken.map((k) => {
      const { name, learner, learned } = trained[k] as Trained;
      const parameters = { learner: learner.name, ...learner.parameters, ...learned.found };
      return { learner: name, weight: chosen.weights[k] as number, parameters };
    }),
    presets: count,
    rows: rows.length,
    logLoss: mean(losses),
    microseconds: rounded(taken.reduce((sum, k) => sum + (costs[k] as number), 0)),
    candidates,
  };
  const held = unseenMean(
    chosen,
    logOddsBy(({ probabilities }) => probabilities),
  );
  return { members: taken.map((k) => trained[k] as Trained), choice, rows, logOdds: held };
}

function reasonOf(
  { rule, losses }: ChosenWeights,
  candidates: readonly AutoCandidate[],
  taken: readonly number[],
): string {
  const [first] = taken.map((k) => (candidates[k] as AutoCandidate).learner);
  if (candidates.length === 1) return `${first} is the only learner that was tried`;
  const loss = (one: WeightRule): string => losses[one].toFixed(5);
  if (Number.isNaN(losses.one))
    return `${first} has the lowest held-out log loss; there are too few rows to fit weights`;
  const others = `${loss("one")} of the best one alone and ${loss("equal")} of equal weights`;
  switch (rule) {
    case "one": {
      const mean = losses.equal < losses.fitted ? "equal" : "fitted";
      const how = losses[mean] < losses.one ? "lower by less than its standard error" : "which is not lower";
      return `${first} alone has a held-out log loss of ${loss("one")}; a mean of several has ${loss(mean)}, ${how}`;
    }
    case "equal":
      return `equal weights have the lowest held-out log loss, ${loss("equal")}, against ${loss("one")} of the best one alone and ${loss("fitted")} of fitted weights`;
    case "fitted":
      return `fitted weights have the lowest held-out log loss, ${loss("fitted")}, against ${others}`;
  }
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

/** Log odds of some of the held-out rows. */
function logOddsAt(heldOut: Uint32Array, probabilities: Float64Array, rows: Uint32Array, count: number): Float64Array {
  const byRow = new Float64Array(count);
  heldOut.forEach((row, i) => (byRow[row] = logit(probabilities[i] as number)));
  return Float64Array.from(rows, (row) => byRow[row] as number);
}

const rounded = (microseconds: number): number => Number(microseconds.toFixed(1));
