import type { RolloutPlan } from "../../rollout/plan.js";
import type { Release } from "./release.js";

/** What a release will do, in words, one a step. */
export function stepsOf({ rollout, guardrails }: Release, stable: number | undefined): string[] {
  if (stable === undefined) return ["Create the endpoint."];
  const { strategy, guards = [], approval = [] } = rollout;
  return [
    guardrails === undefined
      ? strategyText(strategy)
      : `SageMaker's guardrails move the traffic (${guardrails.strategy}).`,
    `Guards: ${guards.map(({ kind }) => kind).join(", ") || "none"}.`,
    ...(approval.length > 0 ? [`Wait for an approval before ${approval.map(percent).join(", ")}.`] : []),
  ];
}

function strategyText(strategy: RolloutPlan["strategy"]): string {
  switch (strategy.kind) {
    case "canary":
      return `Deploy both versions side by side, and give the candidate ${strategy.steps.map(percent).join(", ")} of the traffic.`;
    case "linear":
      return `Deploy both versions side by side, and give the candidate ${percent(strategy.by)} more at each step.`;
    case "allAtOnce":
      return "Deploy both versions side by side, and give the candidate all traffic.";
    case "ab":
      return `Deploy both versions side by side, and give the candidate ${percent(strategy.share)} of the traffic until one wins.`;
    case "shadow":
      return "Send the candidate copies of the requests.";
  }
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
