import { ChurnkitError } from "../../base/errors.js";
import { contractHash } from "../../data/contract/index.js";
import { classCodes, labels, recordOf, type Table } from "../../data/table/index.js";
import type { Artifact } from "../../model/artifact.js";
import type { ScoredRecord, Scorer } from "../../model/scoring/index.js";
import {
  type BootstrapOptions,
  classEvaluation,
  type ClassEvaluation,
  evaluateScores,
  summarize,
  type MetricSummary,
} from "../../model/evaluate/index.js";
import { evaluateGate, type Gate, type GateVerdict, type JudgedRows, type JudgedScores, type Rival } from "./gate.js";
import type { MeasureName } from "./measures.js";
import { segmentOf } from "./segments.js";
import { soundVerdict, type Allowances } from "./soundness.js";
import { trainingFactsOf } from "../../model/training/index.js";

/** Options for measuring the time of one score. */
export interface LatencyOptions {
  /** Records that are timed one by one, 1 to 100,000; default 200. A tenth as many are scored first, to warm up. */
  readonly records?: number | undefined;
  /** Milliseconds from any origin; default `performance.now`. */
  readonly clock?: (() => number) | undefined;
}

/** The model to judge, the rows and the gates. */
export interface JudgeOptions {
  readonly candidate: Scorer;
  /** The model in service; undefined if there is none yet. */
  readonly champion?: Scorer | undefined;
  readonly baseline?: Scorer | undefined;
  /** Labeled rows that no model was trained on, ideally read with the candidate's contract. */
  readonly rows: Table;
  readonly gates: readonly Gate[];
  /** Each row's level by the segment's name, in addition to or instead of columns of the table. */
  readonly segments?: ReadonlyMap<string, readonly (string | null)[]> | undefined;
  /** The size of the candidate's bundle: the sum of its manifest's files. */
  readonly bundleBytes?: number | undefined;
  readonly bootstrap?: BootstrapOptions | undefined;
  readonly latency?: LatencyOptions | undefined;
  /**
   * The candidate's artifact, to check whether judging it on these rows is sound. The verdict `sound` then comes
   * last.
   */
  readonly artifact?: Pick<Artifact, "extras"> | undefined;
  /** Waived demands of soundness, with reasons. */
  readonly allow?: Allowances | undefined;
}

/** Result of a judgment; plain JSON. */
export interface Judgment {
  /** Whether every gate passed. */
  readonly passed: boolean;
  /** One for each gate, in order; then `sound`, if requested. */
  readonly verdicts: readonly GateVerdict[];
  /** The candidate's metrics on these rows, with intervals. */
  readonly metrics: MetricSummary;
  /** Values measured because a gate asks for them. */
  readonly measures: Partial<Readonly<Record<MeasureName, number>>>;
}

/**
 * Scores the same labeled rows with all models and evaluates gates on them. A model with another contract gets the
 * rows as records; rows that a rival refuses are left out of the comparison with it. Latency is the median of scoring
 * single records, and is measured only if a gate asks for it, so that everything else has the same bits every time. Rows may
 * lack a class: a metric that needs it has no value, and passes no gate.
 *
 * @throws ChurnkitError TARGET_INVALID when the rows have no target, CONTRACT_MISMATCH when the candidate refuses
 * some of them or predicts another class, OPTION_INVALID for an invalid gate, segment or option.
 *
 * @example
 * ```ts
 * import { gates, judgeOnRows } from "churnkit/registry";
 * import type { Table } from "churnkit/data";
 * import type { Scorer } from "churnkit/score";
 *
 * export const judged = (candidate: Scorer, champion: Scorer, rows: Table) =>
 *   judgeOnRows({ candidate, champion, rows, gates: [gates.aws, gates.champion] }).passed;
 * ```
 */
export function judgeOnRows(options: JudgeOptions): Judgment {
  const { candidate, rows, gates, bootstrap } = options;
  const requirements = gates.flatMap((gate) => gate.requirements);
  const truth = labels(rows, { everyClass: false });
  const scores = candidateScores(candidate, rows);
  const { threshold } = scores;
  const { costs } = candidate.decision;
  const classes = classesOf(candidate, rows);
  const evaluation = {
    ...evaluateScores(truth, scores.probabilities, { threshold, costs, ...(bootstrap && { bootstrap }) }),
    ...(classes && { classes }),
  };

  const named = requirements.flatMap((one) =>
    "perSegment" in one && one.perSegment !== undefined ? [one.perSegment] : [],
  );
  const segments = new Map(options.segments);
  for (const name of named) if (!segments.has(name)) segments.set(name, segmentOf(rows, name));

  const champion = options.champion && scoresOf(options.champion, rows);
  const baseline = options.baseline && scoresOf(options.baseline, rows);
  const unable: Partial<Record<Rival, string>> = {
    ...(typeof champion === "string" ? { champion } : {}),
    ...(typeof baseline === "string" ? { baseline } : {}),
  };
  const comparison: JudgedRows = {
    labels: truth,
    candidate: scores,
    champion: typeof champion === "string" ? undefined : champion,
    baseline: typeof baseline === "string" ? undefined : baseline,
    costs,
    unable,
    segments,
    bootstrap,
  };

  const asked = new Set(requirements.flatMap((one) => ("measure" in one ? [one.measure] : [])));
  const measures: Partial<Record<MeasureName, number>> = {
    ...(asked.has("latencyMs") ? { latencyMs: medianLatency(candidate, rows, options.latency) } : {}),
    ...(asked.has("bundleBytes") && options.bundleBytes !== undefined ? { bundleBytes: options.bundleBytes } : {}),
  };
  const soundness =
    options.artifact &&
    soundVerdict(trainingFactsOf(options.artifact), { contract: candidate.contract, rows, allow: options.allow });
  const judged = gates.map((gate) =>
    evaluateGate(gate, { metrics: evaluation.values, classes, comparison, measures, soundness }),
  );
  const verdicts = soundness === undefined ? judged : [...judged, soundness];
  return { passed: verdicts.every(({ passed }) => passed), verdicts, metrics: summarize(evaluation), measures };
}

function candidateScores(candidate: Scorer, rows: Table): JudgedScores {
  const scores = scoresOf(candidate, rows);
  const refused = typeof scores === "string" ? -1 : scores.probabilities.findIndex(Number.isNaN);
  if (typeof scores !== "string" && refused < 0) return scores;
  const why = typeof scores === "string" ? scores : candidate.scoreRecord(recordOf(rows, refused)).issues[0]?.message;
  throw new ChurnkitError(
    "CONTRACT_MISMATCH",
    `${rows.source}: the candidate cannot be judged on these rows: ${why ?? "it refuses some of them"}`,
    {
      where: { file: rows.source, row: rows.rowNumbers[refused] },
    },
  );
}

/** Evaluates all classes of a candidate with more than two that takes every row; undefined if its classes are not the rows'. */
function classesOf(candidate: Scorer, rows: Table): ClassEvaluation | undefined {
  const [wanted = [], classes = []] = [rows.contract.target?.classes, candidate.contract.target?.classes];
  if (classes.length <= 2 || wanted.length !== classes.length) return undefined;
  const places = wanted.map((label) => classes.indexOf(label));
  if (places.includes(-1)) return undefined;
  const codes = classCodes(rows, { everyClass: false }).map((code) => places[code] ?? 0);
  if (contractHash(candidate.contract) === contractHash(rows.contract))
    return classEvaluation(classes, codes, candidate.scoreClasses(rows));
  const probabilities = new Float64Array(rows.rows * classes.length);
  scoreAsRecords(candidate, rows, ({ probabilities: own }, row) =>
    classes.forEach((label, k) => (probabilities[row * classes.length + k] = own?.[label] ?? NaN)),
  );
  return classEvaluation(classes, codes, probabilities);
}

/** Records made at a time for a model with another contract. */
const recordsAtOnce = 1000;

/** A model's scores, NaN if it refuses a row; or the reason why they cannot be compared with the rows' labels. */
function scoresOf(scorer: Scorer, rows: Table): JudgedScores | string {
  const [wanted, given] = [rows.contract.target?.positive, scorer.contract.target?.positive];
  if (wanted !== given)
    return `it returns the probability of ${JSON.stringify(given)}, but the rows' positive class is ${JSON.stringify(wanted)}`;
  const { threshold } = scorer.decision;
  if (contractHash(scorer.contract) === contractHash(rows.contract))
    return { probabilities: scorer.score(rows), threshold };
  const probabilities = new Float64Array(rows.rows);
  scoreAsRecords(scorer, rows, ({ probability }, row) => (probabilities[row] = probability ?? NaN));
  return { probabilities, threshold };
}

function scoreAsRecords(scorer: Scorer, rows: Table, use: (scored: ScoredRecord, row: number) => void): void {
  for (let first = 0; first < rows.rows; first += recordsAtOnce) {
    const length = Math.min(recordsAtOnce, rows.rows - first);
    const records = Array.from({ length }, (_, i) => recordOf(rows, first + i));
    scorer.scoreRecords(records).forEach((scored, i) => use(scored, first + i));
  }
}

/** Median time to score one record alone, in milliseconds. */
function medianLatency(
  scorer: Scorer,
  rows: Table,
  { records = 200, clock = () => performance.now() }: LatencyOptions = {},
): number {
  if (!Number.isInteger(records) || records < 1 || records > 100_000) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The latency of ${records} records cannot be measured. Give a whole number from 1 to 100,000.`,
    );
  }
  const sample = Array.from({ length: Math.min(records, rows.rows) }, (_, row) => recordOf(rows, row));
  const recordAt = (i: number): unknown => sample[i % sample.length];
  for (let i = 0; i < records / 10; i++) scorer.scoreRecord(recordAt(i));
  const times = Float64Array.from({ length: records }, (_, i) => {
    const record = recordAt(i);
    const start = clock();
    scorer.scoreRecord(record);
    return clock() - start;
  }).sort();
  const middle = Math.floor(records / 2);
  const [below, above] = [times[records % 2 === 0 ? middle - 1 : middle] ?? 0, times[middle] ?? 0];
  return (below + above) / 2;
}
