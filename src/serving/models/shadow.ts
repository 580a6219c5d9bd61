import { quietly, unref } from "../../base/async/index.js";
import type { ScoredRecord } from "../../model/scoring/index.js";
import type { ServedModel } from "./models.js";

/** How a shadow's scores compare with those that were answered, since either version last changed. */
export interface ShadowReport {
  /** Version of the shadow, and of the model that answers. */
  readonly version: string;
  readonly against: string;
  /** Records that both scored. */
  readonly records: number;
  /** Mean of the shadow's probability less the answered one; null without records. */
  readonly meanDifference: number | null;
  readonly meanAbsoluteDifference: number | null;
  /** Share of the records whose label would have been another. */
  readonly flipped: number | null;
  /** Records that the shadow refused, or failed on. */
  readonly errors: number;
  /** Records left out because too many waited. */
  readonly dropped: number;
}

/** Mirrors scored requests to another model. */
export interface Shadow {
  /** Takes in a request that was scored; the shadow scores it later. */
  offer(model: ServedModel, records: readonly unknown[], results: readonly ScoredRecord[], bytes: number): void;
  report(): ShadowReport | undefined;
}

/** Records scored at once, and milliseconds of such work before others get their turn. */
const atOnce = 32;
const turn = 1;
/** Most requests that wait, and most memory that they take, about. */
const most = { requests: 1_000, bytes: 16 * 2 ** 20 } as const;

interface Waiting {
  readonly model: ServedModel;
  readonly shadow: ServedModel;
  readonly records: readonly unknown[];
  readonly results: readonly ScoredRecord[];
  readonly size: number;
}

const none = { records: 0, sum: 0, absolute: 0, flips: 0, errors: 0, dropped: 0 };

/** @param shadow the model on trial, while there is one. */
export function shadowOf(shadow: () => ServedModel | undefined, failed: (error: unknown) => void): Shadow {
  const queue: Waiting[] = [];
  let held = 0;
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pair: { readonly version: string; readonly against: string } | undefined;
  let counts = { ...none };

  /** Counts go with a pair of versions. */
  const begin = (on: ServedModel, against: ServedModel): void => {
    if (pair?.version === on.version && pair.against === against.version) return;
    pair = { version: on.version, against: against.version };
    counts = { ...none };
  };
  const compare = (answered: ScoredRecord, mirrored: ScoredRecord | undefined): void => {
    if (answered.probability === null) return;
    if (mirrored === undefined || mirrored.probability === null) {
      counts.errors++;
      return;
    }
    const difference = mirrored.probability - answered.probability;
    counts.records++;
    counts.sum += difference;
    counts.absolute += Math.abs(difference);
    if (mirrored.label !== answered.label) counts.flips++;
  };
  const step = (): void => {
    const [waiting] = queue;
    if (waiting === undefined) return;
    const { model, shadow: on, records, results, size } = waiting;
    begin(on, model);
    const end = Math.min(at + atOnce, results.length);
    let mirrored: readonly ScoredRecord[] = [];
    quietly(() => {
      mirrored = on.scorer.scoreRecords(records.slice(at, end), { mostIssues: 0 });
    }, failed);
    for (let i = at; i < end; i++) {
      const answered = results[i];
      if (answered !== undefined) compare(answered, mirrored[i - at]);
    }
    at = end;
    if (at >= results.length) {
      queue.shift();
      held -= size;
      at = 0;
    }
  };
  const work = (): void => {
    timer = undefined;
    const until = performance.now() + turn;
    do step();
    while (queue.length > 0 && performance.now() < until);
    schedule();
  };
  const schedule = (): void => {
    if (queue.length === 0 || timer !== undefined) return;
    timer = setTimeout(work, 1);
    unref(timer);
  };
  return {
    offer(model, records, results, bytes) {
      const on = shadow();
      if (on === undefined) return;
      const size = 2 * bytes + 128 * records.length;
      if (queue.length >= most.requests || held + size > most.bytes) {
        begin(on, model);
        counts.dropped += records.length;
        return;
      }
      queue.push({ model, shadow: on, records, results, size });
      held += size;
      schedule();
    },
    report() {
      if (pair === undefined) return undefined;
      const { records, sum, absolute, flips, errors, dropped } = counts;
      const mean = (total: number): number | null => (records === 0 ? null : total / records);
      return {
        ...pair,
        records,
        meanDifference: mean(sum),
        meanAbsoluteDifference: mean(absolute),
        flipped: mean(flips),
        errors,
        dropped,
      };
    },
  };
}
