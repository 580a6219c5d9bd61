import { ChurnkitError } from "../../base/errors.js";
import type { Explainer } from "../../model/explain/index.js";
import { millisecondsOf, type Moment } from "../performance/labeled/records.js";
import { AttributionSample } from "./attributions.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { batchCounter, type BatchCounter } from "./count.js";
import {
  allReports,
  earlierPrediction,
  type LabelReport,
  type SampledLabel,
  type SampledPrediction,
  type TreatmentMark,
} from "./labels.js";
import { openPeriodLimit } from "./open-periods.js";
import { BottomSample, sampleKey } from "./sample.js";
import { addSkipped, noneSkipped, type SkippedCounts, type MonitorSettings, monitorPeriods } from "./settings.js";
import { mergeTallies, type Tally } from "./tally.js";

/** A prediction that waits to be counted. */
interface Waiting {
  readonly record: unknown;
  readonly probability: number | null;
  readonly time: number;
  readonly start: number;
  readonly id: string | undefined;
  readonly treated: boolean;
  readonly control: boolean;
}

interface OpenPeriod {
  tally: Tally | undefined;
  readonly attributed: AttributionSample;
}

/** Score of a record, and its time. */
export interface PredictionMeta {
  /** Time of the prediction. */
  readonly at: Moment;
  /** Joins the later label: a text of 1 to 512 characters. */
  readonly id?: string | undefined;
  /** The model's version. */
  readonly version?: string | undefined;
  /** The customer got a retention offer. */
  readonly treated?: boolean | undefined;
  /** The customer was randomly selected to get no offer. */
  readonly control?: boolean | undefined;
}

/** The part of a monitor's state that counts. */
export interface Counts {
  /** Periods that have not been closed, by time. */
  readonly periods: readonly { readonly start: number; readonly tally: Tally }[];
  readonly predictions: readonly SampledPrediction[];
  readonly labels: readonly SampledLabel[];
  readonly skipped: SkippedCounts;
}

/** Records counted at a time. */
const batchRows = 256;

/** The growing counts of a monitor: its open periods and their samples. */
export class Counting {
  readonly #count: BatchCounter;
  readonly #settings: MonitorSettings;
  readonly #explainer: Explainer | undefined;
  readonly #keepPredictions: boolean;
  readonly #mostPeriods: number;
  readonly #periods = new Map<number, OpenPeriod>();
  readonly #predictions: BottomSample<SampledPrediction>;
  readonly #labels: BottomSample<SampledLabel>;
  #waiting: Waiting[] = [];
  #skipped: SkippedCounts = noneSkipped;

  constructor(
    baseline: MonitorBaseline,
    settings: MonitorSettings,
    options: { explainer: Explainer | undefined; keepPredictions: boolean },
  ) {
    this.#count = batchCounter(baseline, batchRows);
    this.#settings = settings;
    this.#explainer = options.explainer;
    this.#keepPredictions = options.keepPredictions;
    this.#mostPeriods = openPeriodLimit(baseline, settings);
    this.#predictions = new BottomSample(
      settings.samples.predictions,
      earlierPrediction,
      ({ id, time }) => `${id} ${this.#periodOf(time)}`,
    );
    this.#labels = new BottomSample(settings.samples.predictions, allReports);
  }

  /** Adds a record, unless its time is before `closedUntil`. */
  add(
    record: unknown,
    probability: number | null,
    { at, id, treated = false, control = false }: PredictionMeta,
    closedUntil: number,
  ): void {
    const time = millisecondsOf(at);
    if (time === undefined) return this.skip("badTime");
    const start = this.#periodOf(time);
    if (start < closedUntil) return this.skip("late");
    if (!this.#periods.has(start)) {
      if (this.#periods.size >= this.#mostPeriods) return this.skip("tooManyPeriods");
      this.#openPeriod(start);
    }
    const usable = typeof id === "string" && id !== "" && id.length <= 512 ? id : undefined;
    this.#waiting.push({ record, probability, time, start, id: usable, treated, control });
    if (this.#waiting.length >= batchRows) this.flush();
  }

  #periodOf(time: number): number {
    const length = monitorPeriods[this.#settings.period];
    return Math.floor(time / length) * length;
  }

  get skipped(): SkippedCounts {
    return this.#skipped;
  }

  /** The earliest open period. */
  firstPeriod(): number | undefined {
    return this.#periods.size === 0 ? undefined : Math.min(...this.#periods.keys());
  }

  skip(why: keyof SkippedCounts): void {
    this.#skipped = { ...this.#skipped, [why]: this.#skipped[why] + 1 };
  }

  addLabel(id: string, report: LabelReport): void {
    const key = sampleKey(id, this.#settings.seed);
    if (this.#labels.wants(key)) this.#labels.add({ key, id, reports: [report] });
  }

  addMark(id: string, mark: TreatmentMark): void {
    const key = sampleKey(id, this.#settings.seed);
    if (this.#labels.wants(key)) this.#labels.add({ key, id, reports: [], marks: [mark] });
  }

  /** Counts what waits. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const start of new Set(waiting.map((each) => each.start)))
      this.#countSome(
        start,
        waiting.filter((each) => each.start === start),
      );
  }

  #countSome(start: number, some: readonly Waiting[]): void {
    const period = this.#openPeriod(start);
    const { tally, scored } = this.#count(some);
    period.tally = period.tally === undefined ? tally : this.#merged(period.tally, tally);
    for (const row of scored) {
      const one = some[row.at];
      if (one?.probability === null || one === undefined) continue;
      const { id, time, probability, treated, control } = one;
      if (this.#explainer !== undefined && this.#settings.samples.attribution > 0)
        period.attributed.offer(() => row.record(), time, id ?? "");
      if (id === undefined || !this.#keepPredictions) continue;
      const key = sampleKey(id, this.#settings.seed);
      if (this.#predictions.wants(key))
        this.#predictions.add({ key, id, time, probability, sides: row.sides, treated, control });
    }
  }

  #openPeriod(start: number): OpenPeriod {
    const { seed, samples } = this.#settings;
    const period = this.#periods.get(start) ?? {
      tally: undefined,
      attributed: new AttributionSample(samples.attribution, seed),
    };
    this.#periods.set(start, period);
    return period;
  }

  #merged(a: Tally, b: Tally): Tally {
    return mergeTallies(a, b, this.#settings.samples.attribution);
  }

  /** Explains at most this many sampled rows; returns how many still wait. */
  explain(most: number): number {
    if (this.#explainer === undefined) return 0;
    let left = most;
    let waiting = 0;
    for (const { attributed } of this.#periods.values()) {
      if (left > 0) left -= attributed.explain(this.#explainer, left);
      waiting += attributed.waiting;
    }
    return waiting;
  }

  /**
   * Adds the counts of another monitor with equal settings; those of periods before `closedUntil` come too late.
   *
   * @throws ChurnkitError INPUT_TOO_LARGE for more open periods than a monitor can hold.
   */
  merge({ periods, predictions, labels, skipped }: Counts, closedUntil: number): void {
    this.flush();
    const all = new Set([...this.#periods.keys(), ...periods.map(({ start }) => start)]);
    if (all.size > this.#mostPeriods) {
      throw new ChurnkitError(
        "INPUT_TOO_LARGE",
        `Together the monitors hold ${all.size} open periods, more than the ${this.#mostPeriods} that fit into 128 MiB. Report more often, or count by day.`,
      );
    }
    for (const { start, tally } of periods) {
      if (start < closedUntil) {
        this.#skipped = { ...this.#skipped, late: this.#skipped.late + tally.rows + tally.rejected };
        continue;
      }
      const { attributed, ...counts } = tally;
      const period = this.#openPeriod(start);
      const plain = { ...counts, attributed: [] };
      period.tally = period.tally === undefined ? plain : this.#merged(period.tally, plain);
      period.attributed.addExplained(attributed);
    }
    for (const prediction of predictions) this.#predictions.add(prediction);
    for (const label of labels) this.#labels.add(label);
    this.#skipped = addSkipped(this.#skipped, skipped);
  }

  /** Everything counted so far, with every sampled row explained. */
  state(): Counts {
    this.flush();
    this.explain(Infinity);
    const periods = [...this.#periods]
      .sort(([a], [b]) => a - b)
      .flatMap(([start, { tally, attributed }]) =>
        tally === undefined ? [] : [{ start, tally: { ...tally, attributed: attributed.rows() } }],
      );
    return {
      periods,
      predictions: this.#predictions.entries(),
      labels: this.#labels.entries(),
      skipped: this.#skipped,
    };
  }

  /** Drops periods that another process has closed, and counts their rows as late. */
  closeBefore(closedUntil: number): void {
    this.flush();
    for (const [start, { tally }] of [...this.#periods]) {
      if (start >= closedUntil) continue;
      this.#skipped = { ...this.#skipped, late: this.#skipped.late + (tally?.rows ?? 0) + (tally?.rejected ?? 0) };
      this.#periods.delete(start);
    }
  }

  /** Drops periods that were closed, and predictions and labels from before a time. */
  forget(closedUntil: number, before: number): void {
    for (const start of [...this.#periods.keys()]) if (start < closedUntil) this.#periods.delete(start);
    this.#predictions.keepOnly(({ time }) => time >= before);
    this.#labels.keepOnly(
      ({ reports, marks = [] }) =>
        reports.some(({ recorded, time }) => recorded === null || Math.max(recorded, time ?? recorded) >= before) ||
        marks.some(({ time }) => time >= before),
    );
  }
}
