import { quantileOfSorted } from "../../stats/ranks/index.js";
import type { VersionReadings } from "../rollout/ports.js";

/** One answered request. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly milliseconds: number;
  readonly failed: boolean;
  readonly scores: readonly number[];
}

/** The requests of a version. */
export interface Measured {
  add(sample: Sample): void;
  read(since: number, until: number): VersionReadings;
}

const most = 100_000;
const bins = 10;

/** Keeps the last requests of a version, 100,000 at least. */
export function measured(): Measured {
  let samples: Sample[] = [];
  return {
    add(sample) {
      samples.push(sample);
      if (samples.length > 2 * most) samples = samples.slice(-most);
    },
    read(since, until) {
      const seen = samples.filter(({ at }) => at >= since && at <= until);
      const times = Float64Array.from(seen, ({ milliseconds }) => milliseconds).sort();
      const scores = new Array<number>(bins).fill(0);
      for (const score of seen.flatMap((sample) => sample.scores)) {
        const bin = Math.min(bins - 1, Math.floor(score * bins));
        scores[bin] = (scores[bin] ?? 0) + 1;
      }
      return {
        requests: seen.length,
        errors: seen.filter(({ failed }) => failed).length,
        ...(seen.length === 0
          ? {}
          : {
              latency: {
                average: times.reduce((sum, time) => sum + time, 0) / seen.length,
                p99: quantileOfSorted(times, 0.99),
              },
            }),
        scores,
      };
    },
  };
}
