import { alwaysValidDifference } from "../../stats/always-valid.js";
import type { CheckedPlan, RolloutStep } from "./check-plan.js";
import { judge } from "./judge.js";
import type { Shares, VersionReadings } from "./ports.js";
import type { Finding, RolloutEnd, RolloutState } from "./state.js";
import { percent, short } from "./words.js";

/** What happened to a rollout. */
export type RolloutEvent =
  /** The shares, as they were read. */
  | { readonly kind: "found"; readonly shares: Shares }
  /** The command `set` or `mirror` was carried out, or could not be. */
  | { readonly kind: "moved" }
  | { readonly kind: "failed"; readonly reason: string; readonly sentBack: boolean }
  /** Readings since the phase began, or why there are none. */
  | {
      readonly kind: "readings";
      readonly readings: Readonly<Record<string, VersionReadings>>;
      readonly problem?: string;
    }
  | { readonly kind: "approved" | "rejected" }
  | { readonly kind: "abort"; readonly reason: string }
  /** The command `end` was carried out. */
  | { readonly kind: "finished" };

/** What a state asks for. The same state asks for the same again, so that a rollout can continue from where it was cut off. */
export type RolloutCommand =
  | { readonly kind: "set"; readonly share: number }
  | { readonly kind: "mirror" }
  | { readonly kind: "watch"; readonly ask: boolean }
  | { readonly kind: "end"; readonly winner: RolloutEnd["winner"]; readonly quarantine: boolean }
  | { readonly kind: "none" };

/** The first state: nothing has been changed yet. */
export function beginRollout(
  plan: CheckedPlan,
  versions: { readonly candidate: string; readonly stable: string; readonly reference?: VersionReadings | undefined },
  at: number,
): RolloutState {
  const { candidate, stable, reference } = versions;
  const start: RolloutState = {
    candidate,
    stable,
    phase: "baking",
    step: -1,
    share: 0,
    began: at,
    since: at,
    reason: "the rollout began",
    findings: [],
    readings: {},
    reference: reference !== undefined && reference.requests >= plan.minRequests ? reference : undefined,
  };
  return advanced(plan, start, at);
}

/** What a state asks for. */
export function commandOf({ steps }: CheckedPlan, state: RolloutState): RolloutCommand {
  switch (state.phase) {
    case "moving":
      return state.then === "baking" && steps[state.step]?.mirrored === true
        ? { kind: "mirror" }
        : { kind: "set", share: state.share };
    case "approval":
    case "stopped":
      return { kind: "watch", ask: true };
    case "baking":
      return { kind: "watch", ask: false };
    case "ending":
      return state.end === undefined
        ? { kind: "none" }
        : { kind: "end", winner: state.end.winner, quarantine: state.end.quarantine };
    case "ended":
      return { kind: "none" };
  }
}

/**
 * The next state. Nothing here reads a clock or changes anything.
 *
 * @param at milliseconds since 1970.
 */
export function nextRollout(plan: CheckedPlan, state: RolloutState, event: RolloutEvent, at: number): RolloutState {
  const { phase } = state;
  if (phase === "ended") return state;
  if (phase === "ending") {
    if (event.kind === "finished") return { ...state, phase: "ended", since: at };
    return event.kind === "found" ? ifAsExpected(state, event.shares, at) : state;
  }
  if (at - state.began >= plan.longest)
    return ended(state, at, "overdue", `the rollout was under way for longer than ${lasting(plan.longest)}`);
  switch (event.kind) {
    case "found":
      return ifAsExpected(state, event.shares, at);
    case "abort":
      return ended(state, at, "aborted", event.reason);
    case "rejected":
      return phase === "approval" || phase === "stopped"
        ? ended(state, at, "rejected", `somebody rejected ${questionOf(plan, state)}`)
        : state;
    case "approved":
      if (phase === "stopped") return moving(state, at, state.found);
      return phase === "approval" ? toStep(plan, state, at) : state;
    case "moved":
      return phase === "moving" ? { ...without(state), phase: state.then ?? "baking", since: at } : state;
    case "failed":
      if (phase !== "moving") return state;
      return event.sentBack
        ? ended(state, at, "guard", `the traffic's own alarms sent the candidate back: ${event.reason}`)
        : ended(state, at, "traffic", `the shares could not be changed: ${event.reason}`);
    case "readings":
      return phase === "moving" ? state : judged(plan, state, event, at);
    case "finished":
      return state;
  }
}

/** What somebody is asked in `approval` or `stopped`, in words. */
export const questionOf = ({ steps }: CheckedPlan, { phase, step, share, candidate, reason }: RolloutState): string =>
  phase === "stopped"
    ? `to continue at ${percent(share)}, although ${reason}`
    : `${percent(steps[step]?.share ?? share)} of the traffic for ${candidate}`;

/** The shares of a state. */
export const sharesAt = ({ stable, candidate }: RolloutState, share: number): Shares => ({
  [stable]: 1 - share,
  [candidate]: share,
});

/** Whether two shares are the same, as far as endpoints round them. */
export const sameShares = (a: Shares, b: Shares): boolean =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => Math.abs((a[key] ?? 0) - (b[key] ?? 0)) < 1e-3);

/** Whether each share is between two: so are those of a change that is under way. */
const areBetween = (shares: Shares, from: Shares, to: Shares): boolean =>
  Object.keys({ ...shares, ...from, ...to }).every((key) => {
    const [a = 0, b = 0] = [from[key], to[key]];
    const share = shares[key] ?? 0;
    return share > Math.min(a, b) - 1e-3 && share < Math.max(a, b) + 1e-3;
  });

/** Shares in words. */
export const sharesText = (shares: Shares): string =>
  Object.entries(shares)
    .filter(([, share]) => share > 0)
    .map(([version, share]) => `${version}: ${percent(share)}`)
    .join(", ");

/** Stops where somebody else changed the shares, and continues where they are back. */
function ifAsExpected(state: RolloutState, shares: Shares, at: number): RolloutState {
  const { phase, share, found, end } = state;
  const asExpected = sameShares(shares, sharesAt(state, share));
  if (phase === "stopped") {
    if (asExpected) return moving(state, at, shares);
    return sameShares(shares, found ?? {}) ? state : stopped(state, shares, at);
  }
  const onTheWay = phase === "moving" && areBetween(shares, found ?? {}, sharesAt(state, share));
  if (asExpected || onTheWay || end?.winner === "stable") return state;
  return stopped(state, shares, at);
}

function stopped(state: RolloutState, shares: Shares, at: number): RolloutState {
  const { phase, then, share } = state;
  const expected = sharesText(sharesAt(state, share));
  return {
    ...without(state),
    phase: "stopped",
    since: at,
    end: undefined,
    found: shares,
    then: phase === "approval" ? "approval" : (then ?? "baking"),
    reason: `somebody else changed the shares: they are ${sharesText(shares)}, not ${expected}`,
  };
}

const without = (state: RolloutState): RolloutState => ({ ...state, found: undefined, then: undefined });

const moving = (state: RolloutState, at: number, found: Shares | undefined): RolloutState => ({
  ...state,
  phase: "moving",
  since: at,
  found,
});

/** Begins the change to the share of the state's step. */
function toStep({ steps }: CheckedPlan, state: RolloutState, at: number): RolloutState {
  const { share = state.share, mirrored = false } = steps[state.step] ?? {};
  return {
    ...moving(state, at, sharesAt(state, state.share)),
    then: "baking",
    share,
    reason: mirrored ? "the candidate gets copies of the requests" : `the candidate gets ${percent(share)}`,
  };
}

/** The step after the state's, or the end. */
function advanced(plan: CheckedPlan, state: RolloutState, at: number): RolloutState {
  const next = plan.steps[state.step + 1];
  if (next === undefined)
    return plan.steps[state.step]?.mirrored === true
      ? ended(state, at, "shadowed", "the shadow passed all guards")
      : ended(state, at, "promoted", "the last step passed all guards");
  const following = { ...state, step: state.step + 1, since: at };
  return plan.approval.includes(next.share)
    ? { ...following, phase: "approval", reason: `waits for approval of ${percent(next.share)}` }
    : toStep(plan, following, at);
}

/** Gives one version everything. */
const ended = (state: RolloutState, at: number, because: RolloutEnd["because"], reason: string): RolloutState => ({
  ...without(state),
  phase: "ending",
  since: at,
  end: { winner: because === "promoted" ? "candidate" : "stable", because, quarantine: because === "guard" },
  reason,
});

type ReadingsEvent = Extract<RolloutEvent, { kind: "readings" }>;

/** Judges readings. Only the phase `baking` can pass; all can fail. */
function judged(
  plan: CheckedPlan,
  before: RolloutState,
  { readings, problem }: ReadingsEvent,
  at: number,
): RolloutState {
  const step = plan.steps[before.step];
  const own = readings[before.stable];
  const isReference = own !== undefined && own.requests > 0 && own.requests >= plan.minRequests;
  const reference = isReference ? own : before.reference;
  const findings = judge(plan, { candidate: readings[before.candidate], stable: reference });
  const state: RolloutState = { ...before, findings, readings, reference };
  const failed = findings.filter(({ verdict }) => verdict === "failed");
  if (failed.length > 0) return ended(state, at, "guard", `the candidate failed: ${spoken(failed)}`);
  const spent = at - state.since;
  if (state.phase === "approval" && spent >= plan.longestStep)
    return ended(
      state,
      at,
      "overdue",
      `nobody approved ${questionOf(plan, state)} within ${lasting(plan.longestStep)}`,
    );
  if (state.phase !== "baking" || step === undefined) return state;
  const missing = findings.filter(({ verdict }) => verdict === "insufficient");
  const lacking = `insufficient: ${spoken(missing)}${problem === undefined ? "" : ` (${problem})`}`;
  if (missing.length === 0 && step.verdict !== undefined) return compared(plan, state, step, at);
  if (missing.length === 0)
    return spent >= step.bake ? advanced(plan, state, at) : { ...state, reason: "all guards pass" };
  return spent >= step.longest ? ended(state, at, "insufficient", lacking) : { ...state, reason: lacking };
}

/** Ends a step by its verdict on outcomes, or waits for one. */
function compared(plan: CheckedPlan, state: RolloutState, step: RolloutStep, at: number): RolloutState {
  const { better, confidence } = step.verdict ?? { better: "higher", confidence: 0.95 };
  const [candidate, stable] = [state.candidate, state.stable].map((version) => {
    const { count = 0, successes } = state.readings[version]?.labeled ?? {};
    return successes === undefined ? undefined : { trials: count, successes: Math.min(successes, count) };
  });
  const overdue = at - state.since >= step.longest;
  if (candidate === undefined || stable === undefined)
    return overdue
      ? ended(state, at, "insufficient", "insufficient: no outcomes to compare")
      : { ...state, reason: "insufficient: no outcomes to compare" };
  const { value, low, high } = alwaysValidDifference(candidate, stable, 1 - confidence);
  const said = `the difference of outcomes is ${short(value)} (${short(low)} to ${short(high)})`;
  const [wins, loses] = better === "higher" ? [low > 0, high < 0] : [high < 0, low > 0];
  if (wins) return { ...advanced(plan, state, at), reason: `the candidate wins: ${said}` };
  if (loses) return ended(state, at, "outcomes", `the stable version wins: ${said}`);
  return overdue
    ? ended(state, at, "outcomes", `no winner within ${lasting(step.longest)}: ${said}`)
    : { ...state, reason: `no winner yet: ${said}` };
}

const spoken = (findings: readonly Finding[]): string =>
  findings.map(({ guard, said }) => `${guard} (${said})`).join("; ");

/** A time in words, by its largest unit. */
function lasting(ms: number): string {
  const [unit, size] = units.find(([, least]) => ms >= least) ?? ["ms", 1];
  return `${short(ms / size)} ${unit}`;
}
const units: readonly (readonly [string, number])[] = [
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];
