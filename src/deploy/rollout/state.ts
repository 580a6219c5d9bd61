import {
  count,
  type Decoder,
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
} from "../../base/json/index.js";
import type { Shares, VersionReadings } from "./ports.js";

/** Why a rollout ended. */
export const rolloutEnds = [
  "promoted",
  "shadowed",
  "guard",
  "insufficient",
  "outcomes",
  "rejected",
  "aborted",
  "overdue",
  "traffic",
] as const;

/** How a guard judged. */
export interface Finding {
  readonly guard: string;
  readonly verdict: "passed" | "failed" | "insufficient" | "notJudged";
  /** The reading and its limit, or what is missing. */
  readonly said: string;
}

/** Where a rollout stands, as JSON. Times are milliseconds since 1970. */
export interface RolloutState {
  readonly candidate: string;
  readonly stable: string;
  /**
   * `approval`: waits for somebody before the step. `moving`: the share is being changed. `baking`: the step is observed.
   * `stopped`: somebody else changed the shares. `ending`: one version is given everything. `ended`: it has everything.
   */
  readonly phase: "approval" | "moving" | "baking" | "stopped" | "ending" | "ended";
  /** Place of the step in the plan. */
  readonly step: number;
  /** The candidate's share, or in `moving` the one that it gets. */
  readonly share: number;
  /** In `moving` and `stopped`: the shares as they were before, and the phase that follows. */
  readonly found?: Shares | undefined;
  readonly then?: "approval" | "baking" | undefined;
  readonly began: number;
  /** Beginning of the phase. */
  readonly since: number;
  /** The version that has, or is given, everything at the end; with the kind of reason. */
  readonly end?: RolloutEnd | undefined;
  /** What happened last, in words. */
  readonly reason: string;
  /** How the guards judged last. */
  readonly findings: readonly Finding[];
  /** The readings that they judged. */
  readonly readings: Readonly<Record<string, VersionReadings>>;
  /** The stable version's last sufficient readings, for the time when it has no traffic. */
  readonly reference?: VersionReadings | undefined;
}

/** An end of a rollout. */
export interface RolloutEnd {
  readonly winner: "candidate" | "stable";
  readonly because: (typeof rolloutEnds)[number];
  /** The candidate failed a guard and must not come on duty again. */
  readonly quarantine: boolean;
}

const readings: Decoder<VersionReadings> = object({
  requests: count(),
  errors: count(),
  latency: optional(object({ average: number(0), p99: number(0) })),
  scores: optional(list(number(0), 1000)),
  scorePsi: optional(number(0)),
  labeled: optional(
    object({
      count: count(),
      successes: optional(count()),
      profit: optional(number()),
      metrics: optional(record(number(), 100)),
    }),
  ),
});
const shares = record(number(0, 1), 100);
/** Reads what a port answers, or what was saved of it: no number is NaN, which would pass every guard. */
export const readingsByVersion: Decoder<Readonly<Record<string, VersionReadings>>> = record(readings, 100);

/** Reads a saved state. */
export const rolloutState: Decoder<RolloutState> = object({
  candidate: text(),
  stable: text(),
  phase: oneOf(["approval", "moving", "baking", "stopped", "ending", "ended"]),
  step: count(),
  share: number(0, 1),
  found: optional(shares),
  then: optional(oneOf(["approval", "baking"])),
  began: number(),
  since: number(),
  end: optional(object({ winner: oneOf(["candidate", "stable"]), because: oneOf(rolloutEnds), quarantine: flag })),
  reason: text(),
  findings: list(
    object({ guard: text(), verdict: oneOf(["passed", "failed", "insufficient", "notJudged"]), said: text() }),
    100,
  ),
  readings: readingsByVersion,
  reference: optional(readings),
});
