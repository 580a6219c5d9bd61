import type { RolloutPlan } from "./plan.js";
import {
  count,
  type Decoded,
  documentError,
  JsonValue,
  list,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  variants,
  where,
  withDefault,
  flag,
  literal,
  increasing,
  numbers,
} from "../../base/json/index.js";

/** The longest time that a plan may name, in milliseconds: 90 days, in which labels mature. */
const longestTime = 90 * 24 * 3_600_000;
const hour = 3_600_000;
const time = count(0, longestTime);
const share = where(number(0, 1), (value) => value > 0, "a share above 0, up to 1");

const strategy = variants("kind", {
  canary: strictObject({
    kind: literal("canary"),
    steps: where(
      increasing(numbers(100)),
      (steps) => steps.at(-1) === 1 && steps.every((step) => step > 0),
      "shares above 0 that increase and end with 1",
    ),
    bake: time,
  }),
  linear: strictObject({
    kind: literal("linear"),
    by: where(share, (by) => by >= 0.01, "a share from 0.01 to 1"),
    bake: time,
  }),
  allAtOnce: strictObject({ kind: literal("allAtOnce"), bake: time }),
  ab: strictObject({
    kind: literal("ab"),
    share: where(share, (value) => value < 1, "a share between 0 and 1"),
    longest: time,
    better: withDefault(oneOf(["higher", "lower"]), "higher"),
    confidence: withDefault(
      where(number(0.5, 1), (value) => value < 1, "a number from 0.5 to below 1"),
      0.95,
    ),
    bake: time,
  }),
  shadow: strictObject({ kind: literal("shadow"), for: time }),
});

const label = { labels: count(1), wait: withDefault(flag, false) };

const guard = variants("kind", {
  errorRate: strictObject({ kind: literal("errorRate"), above: number(0, 1) }),
  latency: where(
    strictObject({
      kind: literal("latency"),
      statistic: oneOf(["average", "p99"]),
      above: optional(number(0)),
      ratioAbove: optional(number(0)),
    }),
    ({ above, ratioAbove }) => (above ?? ratioAbove) !== undefined,
    "a guard with `above` in milliseconds, `ratioAbove` to the stable version, or both",
  ),
  scoreDrift: strictObject({ kind: literal("scoreDrift"), above: number(0) }),
  profit: strictObject({ kind: literal("profit"), below: number(), ...label }),
  metric: strictObject({ kind: literal("metric"), metric: text(100), below: number(), ...label }),
});

const plan = strictObject({
  strategy,
  guards: withDefault(list(guard, 50), []),
  minRequests: withDefault(count(), 100),
  approval: withDefault(list(share, 100), []),
  longestStep: withDefault(time, 24 * hour),
  longest: optional(time),
});

/** One way for a rollout to go wrong, as it is checked. */
export type Guard = Decoded<typeof guard>;
/** A step of a rollout. */
export interface RolloutStep {
  /** The candidate's share. */
  readonly share: number;
  /** The candidate gets copies of the requests and answers nobody. */
  readonly mirrored: boolean;
  /** Milliseconds until its readings decide. */
  readonly bake: number;
  /** Milliseconds after which a step without sufficient readings, or an approval without an answer, ends the rollout. */
  readonly longest: number;
  /** The step ends with the verdict on outcomes, not with its bake time. */
  readonly verdict: { readonly better: "higher" | "lower"; readonly confidence: number } | undefined;
}

/** A plan that was checked, with its defaults and its steps. */
export interface CheckedPlan extends Decoded<typeof plan> {
  readonly steps: readonly RolloutStep[];
  readonly longest: number;
}

/**
 * Reads a plan, which may come from JSON.
 *
 * @throws ChurnkitError OPTION_INVALID that names the member.
 */
export function checkPlan(given: RolloutPlan): CheckedPlan {
  const root = JsonValue.of(
    given,
    "The rollout's plan",
    documentError("OPTION_INVALID", "", "See docs/rollout.md."),
    "plan",
  );
  const checked = plan(root);
  const steps = stepsOf(checked);
  const shares = steps.map((step) => step.share);
  checked.approval.forEach((before, i) => {
    if (!shares.includes(before))
      throw root
        .get("approval")
        .item(i)
        .not(`the share of a step: ${shares.join(", ")}`);
  });
  const all = steps.reduce((sum, step) => sum + step.longest, checked.approval.length * checked.longestStep);
  return { ...checked, steps, longest: checked.longest ?? all };
}

function stepsOf({ strategy, longestStep }: Decoded<typeof plan>): RolloutStep[] {
  const step = (to: number, bake: number): RolloutStep => ({
    share: to,
    mirrored: false,
    bake,
    longest: Math.max(longestStep, bake),
    verdict: undefined,
  });
  switch (strategy.kind) {
    case "canary":
      return strategy.steps.map((to) => step(to, strategy.bake));
    case "linear": {
      const last = Math.ceil(1 / strategy.by - 1e-9);
      return Array.from({ length: last }, (_, i) =>
        step(i + 1 === last ? 1 : Number(((i + 1) * strategy.by).toFixed(6)), strategy.bake),
      );
    }
    case "allAtOnce":
      return [step(1, strategy.bake)];
    case "ab": {
      const { share: to, better, confidence, longest, bake } = strategy;
      return [{ ...step(to, 0), longest, verdict: { better, confidence } }, step(1, bake)];
    }
    case "shadow":
      return [{ ...step(0, strategy.for), mirrored: true }];
  }
}
