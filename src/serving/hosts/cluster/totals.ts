import { sumOfStates, type PrometheusState } from "../../../io/metrics/index.js";
import type { Workers } from "./primary.js";

/** The metrics of all workers, with those of workers that have ended: a total never falls. */
export interface Totals {
  readonly collect: () => Promise<PrometheusState>;
  /** Keeps what was last known of a worker that has ended. */
  ended(worker: number): void;
}

/** How often workers are asked, in milliseconds: a worker that is killed takes what it has counted since with it. */
export const collectEvery = 1000;

export function totalsOf(askAll: Workers["askAll"]): Totals {
  const known = new Map<number, PrometheusState>();
  let former: PrometheusState = [];
  return {
    async collect() {
      for (const { worker, answer } of await askAll("metrics")) known.set(worker, answer as PrometheusState);
      return sumOfStates([former, ...known.values()]);
    },
    ended(worker) {
      const last = known.get(worker);
      if (last === undefined) return;
      known.delete(worker);
      former = sumOfStates([former, last]);
    },
  };
}
