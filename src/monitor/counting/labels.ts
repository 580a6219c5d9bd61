import { joinLabels, type JoinedPrediction } from "../performance/labeled/join.js";
import type { UnjoinedLabels } from "./joins.js";
import type { Sampled } from "./sample.js";

/** Where the sampled predictions of the time looked at have gone. */
export interface OutcomeCounts {
  readonly predictions: number;
  /** Got an offer: kept out. */
  readonly treated: number;
  readonly control: number;
  /** The outcome window is still open, or labels may still be on their way. */
  readonly immature: number;
  readonly labeled: number;
  readonly positives: number;
  /** Of the labeled, those taken as negative because no label came. */
  readonly assumed: number;
  /** The window has closed without a label, or with both outcomes. */
  readonly unlabeled: number;
  /** Of the unlabeled, those with labels of both outcomes. */
  readonly conflicting: number;
}

/** When labels count, as in `joinLabels`. Milliseconds; `days` and `hours` help. */
export interface LabelRules {
  /** The outcome window: a customer who churns within this time after the prediction is a positive. */
  readonly window: number;
  /** How long after its end a label may still arrive. 0 by default. */
  readonly delay?: number | undefined;
  /** "negative": only positives are reported, so a customer without a label has stayed. "unknown" by default. */
  readonly absent?: "unknown" | "negative" | undefined;
}

/** A prediction kept for joining with its label. */
export interface SampledPrediction extends Sampled {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly probability: number;
  /** Its side in each of the bias groups: d, a or -. */
  readonly sides: string;
  readonly treated: boolean;
  readonly control: boolean;
}

/** Reported outcome of one prediction. */
export interface SampledLabel extends Sampled {
  /** Different reports, at most four. */
  readonly reports: readonly LabelReport[];
  /** Offers made under the id, at most four. */
  readonly marks?: readonly TreatmentMark[] | undefined;
}

/** Whether a customer got an offer. */
export interface TreatmentMark {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** False: drawn at random to get none. */
  readonly treated: boolean;
}

/** One report of an outcome. */
export interface LabelReport {
  /** Time of the outcome; null for the outcome of the whole window, as in Model Monitor's ground truth. */
  readonly time: number | null;
  /** When it became known; null with `time`, for the end of the window. */
  readonly recorded: number | null;
  readonly outcome: 0 | 1;
}

const mostReports = 4;

/** The earlier of two predictions under one id and in one period, with the marks of both. */
export function earlierPrediction(a: SampledPrediction, b: SampledPrediction): SampledPrediction {
  const order = a.time - b.time || a.probability - b.probability || (a.sides <= b.sides ? -1 : 1);
  return { ...(order <= 0 ? a : b), treated: a.treated || b.treated, control: a.control || b.control };
}

/** All reports under one id. */
export function allReports(a: SampledLabel, b: SampledLabel): SampledLabel {
  const different = new Map(
    [...a.reports, ...b.reports].map((report) => [
      JSON.stringify([report.recorded, report.time, report.outcome]),
      report,
    ]),
  );
  const at = (time: number | null): number => time ?? -Number.MAX_VALUE;
  const reports = [...different.values()].sort(
    (x, y) => at(x.recorded) - at(y.recorded) || at(x.time) - at(y.time) || x.outcome - y.outcome,
  );
  const marks = allMarks(a, b);
  return { ...a, reports: reports.slice(0, mostReports), ...(marks.length > 0 ? { marks } : {}) };
}

function allMarks(a: SampledLabel, b: SampledLabel): readonly TreatmentMark[] {
  const different = new Map(
    [...(a.marks ?? []), ...(b.marks ?? [])].map((mark) => [`${mark.time} ${mark.treated}`, mark]),
  );
  return [...different.values()]
    .sort((x, y) => x.time - y.time || Number(x.treated) - Number(y.treated))
    .slice(0, mostReports);
}

/** How long after a prediction its outcome is final. */
export const horizonOf = ({ window, delay = 0 }: LabelRules): number => window + delay;

/** A prediction with a final outcome. */
export interface MatureRow {
  readonly probability: number;
  readonly outcome: 0 | 1;
  readonly sides: string;
}

/** Outcomes of the predictions of a time span. */
export interface Outcomes {
  readonly counts: OutcomeCounts;
  readonly basis: "all" | "control" | null;
  readonly mature: readonly MatureRow[];
  /** Share of the closed predictions that have a label; null if none has closed. */
  readonly coverage: number | null;
  /** Labels without a prediction; null if there are none, absent if they were not requested. */
  readonly unjoined?: UnjoinedLabels | null | undefined;
}

/** Time span of the predictions: the first millisecond and the one after the last. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** A control group with fewer rows is not judged separately. */
const leastControl = 100;

const none: OutcomeCounts = {
  predictions: 0,
  treated: 0,
  control: 0,
  immature: 0,
  labeled: 0,
  positives: 0,
  assumed: 0,
  unlabeled: 0,
  conflicting: 0,
};

/** Outcomes without any label rules. */
export const noOutcomes: Outcomes = { counts: none, basis: null, mature: [], coverage: null };

/** Joins the sampled predictions of a time span with the labels known at `now`. */
export function outcomesAt(
  predictions: readonly SampledPrediction[],
  labels: readonly SampledLabel[],
  rules: LabelRules,
  { from, to, now }: TimeSpan & { readonly now: number },
): Outcomes {
  const some = oncePerWindow(predictions, rules.window).filter(({ time }) => time >= from && time < to);
  const reported = new Map(labels.map(({ id, reports }) => [id, reports]));
  const marked = new Map(labels.map(({ id, marks = [] }) => [id, marks]));
  // An offer changes the outcome of every prediction whose window it falls into, or in which it still has an effect.
  const isMarked = ({ id, time }: SampledPrediction, treated: boolean): boolean =>
    marked.get(id)?.some((mark) => mark.treated === treated && Math.abs(mark.time - time) <= rules.window) === true;
  const { rows } = joinLabels(
    some.map((prediction, i) => ({
      id: String(i),
      time: prediction.time,
      probability: prediction.probability,
      treated: prediction.treated || isMarked(prediction, true),
      control: prediction.control || isMarked(prediction, false),
      ...(prediction.sides === "" ? {} : { segment: prediction.sides }),
    })),
    some.flatMap(({ id, time }, i) =>
      (reported.get(id) ?? []).map((report) => ({ id: String(i), ...timedReport(report, time, rules.window) })),
    ),
    { ...rules, now },
  );
  const judged = rows.filter(({ role, closed }) => role !== "treated" && closed);
  const control = judged.filter((row) => row.role === "control" && row.outcome !== null);
  const basis = control.length >= leastControl ? "control" : "all";
  const chosen = basis === "control" ? judged.filter(({ role }) => role === "control") : judged;
  const labeled = chosen.filter((row) => row.outcome !== null);
  return {
    counts: countOutcomes(rows),
    basis: labeled.length === 0 ? null : basis,
    mature: labeled.map(({ probability, outcome, segment }) => ({
      probability,
      outcome: outcome ?? 0,
      sides: segment ?? "",
    })),
    coverage: chosen.length === 0 ? null : labeled.length / chosen.length,
  };
}

/**
 * The first prediction of each id in each stretch of a window's length: a customer who is scored every day has about
 * one outcome per window, not thirty. The id decides where the stretches begin, so that they are spread over time.
 */
function oncePerWindow(predictions: readonly SampledPrediction[], window: number): readonly SampledPrediction[] {
  const stretch = ({ id, key, time }: SampledPrediction): string =>
    `${id} ${Math.floor((time + (key % window)) / window)}`;
  const first = new Map<string, SampledPrediction>();
  for (const prediction of predictions) {
    const before = first.get(stretch(prediction));
    if (before === undefined || prediction.time < before.time) first.set(stretch(prediction), prediction);
  }
  return [...first.values()];
}

/** The outcome of a whole window counts as at its beginning, and is known at its end. */
function timedReport({ time, recorded, outcome }: LabelReport, made: number, window: number) {
  const end = made + window;
  return { time: time ?? (outcome === 1 ? made : end), recorded: recorded ?? end, outcome };
}

function countOutcomes(rows: readonly JoinedPrediction[]): OutcomeCounts {
  const count = (test: (row: JoinedPrediction) => boolean): number =>
    rows.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0);
  const open = rows.filter(({ role }) => role !== "treated");
  const known = open.filter(({ closed, outcome }) => closed && outcome !== null);
  return {
    predictions: rows.length,
    treated: rows.length - open.length,
    control: count(({ role }) => role === "control"),
    immature: open.filter(({ closed }) => !closed).length,
    labeled: known.length,
    positives: known.filter(({ outcome }) => outcome === 1).length,
    assumed: known.filter(({ assumed }) => assumed).length,
    unlabeled: open.filter(({ closed, outcome }) => closed && outcome === null).length,
    conflicting: open.filter((row) => row.closed && row.conflicting).length,
  };
}
