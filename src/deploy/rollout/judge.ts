import { psi, psiNullMean } from "../../stats/distances/index.js";
import type { CheckedPlan, Guard } from "./check-plan.js";
import type { VersionReadings } from "./ports.js";
import type { Finding } from "./state.js";
import { percent, short } from "./words.js";

/** Readings of the two versions; undefined is unknown. */
export interface Judged {
  readonly candidate: VersionReadings | undefined;
  readonly stable: VersionReadings | undefined;
}

/** How the plan's guards judge; with the minimum of requests as the first of them. */
export function judge({ guards, minRequests }: CheckedPlan, readings: Judged): Finding[] {
  const { candidate } = readings;
  const requests = candidate?.requests ?? 0;
  const enough = requests >= minRequests;
  const traffic: Finding =
    candidate === undefined && minRequests > 0
      ? insufficient("requests", "no readings of the candidate")
      : enough
        ? { guard: "requests", verdict: "passed", said: `${requests} requests` }
        : insufficient("requests", `${requests} of ${minRequests} requests`);
  return [traffic, ...guards.map((guard) => judgeOne(guard, readings, minRequests))];
}

const insufficient = (guard: string, said: string): Finding => ({ guard, verdict: "insufficient", said });

function judgeOne(guard: Guard, { candidate, stable }: Judged, minRequests: number): Finding {
  const name = nameOf(guard);
  if (candidate === undefined) return insufficient(name, "no readings of the candidate");
  const enough = candidate.requests >= minRequests && candidate.requests > 0;
  const missing = `${candidate.requests} of ${Math.max(1, minRequests)} requests`;
  switch (guard.kind) {
    case "errorRate": {
      // As if all requests that are still missing succeeded: so many errors fail at once.
      const rate = candidate.errors / Math.max(candidate.requests, minRequests, 1);
      if (rate > guard.above || enough)
        return limited(
          name,
          rate > guard.above,
          `${percent(rate)} of ${candidate.requests} requests failed`,
          percent(guard.above),
        );
      return insufficient(name, missing);
    }
    case "latency":
      return enough ? judgeLatency(name, guard, candidate, stable, minRequests) : insufficient(name, missing);
    case "scoreDrift":
      return enough ? judgeDrift(name, guard.above, candidate, stable) : insufficient(name, missing);
    case "profit":
    case "metric": {
      const { labeled } = candidate;
      const value = guard.kind === "profit" ? labeled?.profit : labeled?.metrics?.[guard.metric];
      if (labeled !== undefined && labeled.count >= guard.labels && value !== undefined)
        return limited(
          name,
          value < guard.below,
          `${short(value)} of ${labeled.count} labels`,
          `at least ${short(guard.below)}`,
        );
      const said = `${labeled?.count ?? 0} of ${guard.labels} mature labels`;
      return { guard: name, verdict: guard.wait ? "insufficient" : "notJudged", said };
    }
  }
}

function judgeLatency(
  name: string,
  { statistic, above, ratioAbove }: Extract<Guard, { kind: "latency" }>,
  candidate: VersionReadings,
  stable: VersionReadings | undefined,
  minRequests: number,
): Finding {
  const own = candidate.latency?.[statistic];
  if (own === undefined) return insufficient(name, "no latency of the candidate");
  if (above !== undefined && own > above) return limited(name, true, `${short(own)} ms`, `${short(above)} ms`);
  if (ratioAbove === undefined) return limited(name, false, `${short(own)} ms`, `${short(above ?? 0)} ms`);
  const other = stable !== undefined && stable.requests >= minRequests ? stable.latency?.[statistic] : undefined;
  if (other === undefined) return insufficient(name, "no latency of the stable version to compare with");
  return limited(
    name,
    own > ratioAbove * other,
    `${short(own)} ms beside ${short(other)} ms`,
    `${short(ratioAbove)} times`,
  );
}

function judgeDrift(
  name: string,
  above: number,
  candidate: VersionReadings,
  stable: VersionReadings | undefined,
): Finding {
  if (candidate.scorePsi !== undefined)
    return limited(name, candidate.scorePsi > above, `PSI ${short(candidate.scorePsi)}`, short(above));
  const { scores } = candidate;
  const reference = stable?.scores;
  if (scores === undefined || reference === undefined) return insufficient(name, "no scores to compare");
  if (scores.length !== reference.length)
    return insufficient(name, `scores in ${scores.length} and in ${reference.length} bins cannot be compared`);
  const [n, m] = [total(reference), total(scores)];
  const few = `${m} scores beside ${n} are too few for a PSI of ${short(above)}`;
  const value = psi(reference, scores, "half");
  if (value === undefined) return insufficient(name, few);
  // Samples differ by chance. That must be small beside the limit, unless the shift is beyond both.
  const chance = psiNullMean(occupied(scores, reference), n, m);
  if (chance > above / 4 && value <= above + 4 * chance) return insufficient(name, few);
  return limited(name, value > above, `PSI ${short(value)}`, short(above));
}

const limited = (guard: string, failed: boolean, said: string, limit: string): Finding => ({
  guard,
  verdict: failed ? "failed" : "passed",
  said: `${said}, limit ${limit}`,
});

const nameOf = (guard: Guard): string =>
  guard.kind === "latency" ? `${guard.statistic} latency` : guard.kind === "metric" ? guard.metric : words[guard.kind];
const words = { errorRate: "error rate", scoreDrift: "score drift", profit: "profit" } as const;

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const occupied = (a: readonly number[], b: readonly number[]): number =>
  a.filter((count, i) => count + (b[i] ?? 0) > 0).length;
