import type { CapacitySize, DeploymentConfig } from "@aws-sdk/client-sagemaker";
import {
  count,
  list,
  literal,
  optional,
  strictObject,
  text,
  variants,
  where,
  withDefault,
  type Decoder,
} from "../../../base/json/index.js";
import { broken, withRules, type Broken } from "../decode.js";
import { defined } from "./parts.js";

/** A part of the fleet. */
type Size = { readonly percent: number } | { readonly instances: number };

interface GuardrailsBase {
  /** Names of 1 to 10 CloudWatch alarms: if one goes off, the old fleet gets all traffic again. */
  readonly alarms?: readonly string[] | undefined;
  /** Ends the update, 600 to 28,800 s, and more than all waits together. */
  readonly maxSeconds?: number | undefined;
}

interface BlueGreen {
  /** How long each step is watched, 0 to 3600 s. */
  readonly waitSeconds: number;
  /** How long the old fleet stays after the last step, 0 to 3600 s. */
  readonly keepOldSeconds?: number | undefined;
}

/**
 * How SageMaker moves the traffic of an endpoint to a new configuration. It makes a new fleet and shifts the traffic at once, in
 * two steps (`canary`, the first at most half), or in equal steps of 10 to 50 % (`linear`); or it replaces the instances in
 * batches of 5 to 50 % (`rolling`).
 *
 * @example
 * ```ts
 * import type { Guardrails } from "churnkit/deploy/aws";
 *
 * const guardrails: Guardrails = { strategy: "canary", first: { percent: 10 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] };
 * ```
 */
export type Guardrails = GuardrailsBase &
  (
    | (BlueGreen & { readonly strategy: "all-at-once" })
    | (BlueGreen & { readonly strategy: "canary"; readonly first: Size })
    | (BlueGreen & { readonly strategy: "linear"; readonly step: Size })
    | {
        readonly strategy: "rolling";
        readonly batch: Size;
        /** Batch of the way back; by default everything at once. */
        readonly rollbackBatch?: Size | undefined;
        readonly waitSeconds: number;
      }
  );

const size =
  (least: number, most: number): Decoder<Size> =>
  (json) =>
    json.get("percent").value === undefined
      ? strictObject({ instances: count(1) })(json)
      : strictObject({ percent: count(least, most) })(json);

const base = {
  alarms: optional(
    where(
      list(text(255), 10),
      (names) => names.length > 0 && names.every((name) => name.trim() !== ""),
      "1 to 10 names of alarms",
    ),
  ),
  maxSeconds: optional(count(600, 28_800)),
  waitSeconds: count(0, 3600),
};
const blueGreen = { ...base, keepOldSeconds: withDefault(count(0, 3600), 0) };

const decoder = variants("strategy", {
  "all-at-once": strictObject({ ...blueGreen, strategy: literal("all-at-once") }),
  canary: strictObject({ ...blueGreen, strategy: literal("canary"), first: size(1, 50) }),
  linear: strictObject({ ...blueGreen, strategy: literal("linear"), step: size(10, 50) }),
  rolling: strictObject({
    ...base,
    strategy: literal("rolling"),
    batch: size(5, 50),
    rollbackBatch: optional(size(5, 100)),
  }),
});
type Decoded = ReturnType<typeof decoder>;

/** Reads guardrails, for a fleet of so many instances where that is known. */
export const guardrailsDecoder = (fleet?: number): Decoder<Decoded> =>
  withRules(
    decoder,
    (guardrails) => stepSize(guardrails, fleet),
    (guardrails) => longestWait(guardrails, fleet),
  );

/** The part that a step moves. */
const stepOf = (guardrails: Decoded): Size | undefined => {
  if (guardrails.strategy === "canary") return guardrails.first;
  if (guardrails.strategy === "linear") return guardrails.step;
  return guardrails.strategy === "rolling" ? guardrails.batch : undefined;
};

/** The smallest share of the fleet that a step may be. */
const smallest = { "all-at-once": 0, canary: 0, linear: 0.1, rolling: 0.05 } as const;

function stepSize(guardrails: Decoded, fleet: number | undefined): Broken | undefined {
  const { strategy } = guardrails;
  const step = stepOf(guardrails);
  if (step === undefined || "percent" in step || fleet === undefined) return undefined;
  const share = step.instances / fleet;
  return broken(
    share > 0.5 || share < smallest[strategy],
    { "all-at-once": "", canary: "first", linear: "step", rolling: "batch" }[strategy],
    `is ${step.instances} of ${fleet} instances; a step of the strategy ${strategy} is at most half of them, and at least ${smallest[strategy] * 100} %`,
  );
}

function longestWait(guardrails: Decoded, fleet: number | undefined): Broken | undefined {
  const { maxSeconds = 28_800, waitSeconds } = guardrails;
  const waits =
    stepsOf(guardrails, fleet) * waitSeconds + ("keepOldSeconds" in guardrails ? guardrails.keepOldSeconds : 0);
  return broken(
    waits >= maxSeconds,
    guardrails.maxSeconds === undefined ? "waitSeconds" : "maxSeconds",
    guardrails.maxSeconds === undefined
      ? `makes ${waits} s of waits in all; an update may take at most ${maxSeconds} s`
      : `must be more than all waits together, ${waits} s`,
  );
}

function stepsOf(guardrails: Decoded, fleet: number | undefined): number {
  if (guardrails.strategy === "canary") return 2;
  const step = stepOf(guardrails);
  if (step === undefined) return 1;
  if ("percent" in step) return Math.ceil(100 / step.percent);
  return fleet === undefined ? 1 : Math.ceil(fleet / step.instances);
}

const sizeOf = (part: Size): CapacitySize =>
  "percent" in part
    ? { Type: "CAPACITY_PERCENT", Value: part.percent }
    : { Type: "INSTANCE_COUNT", Value: part.instances };

/** Guardrails as SageMaker has them. */
export function deploymentConfig(guardrails: Decoded): DeploymentConfig {
  const { alarms, maxSeconds, waitSeconds } = guardrails;
  const rollback = alarms && { AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) } };
  if (guardrails.strategy === "rolling")
    return defined({
      RollingUpdatePolicy: {
        MaximumBatchSize: sizeOf(guardrails.batch),
        WaitIntervalInSeconds: waitSeconds,
        MaximumExecutionTimeoutInSeconds: maxSeconds,
        RollbackMaximumBatchSize: guardrails.rollbackBatch && sizeOf(guardrails.rollbackBatch),
      },
      ...rollback,
    });
  return defined({
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: {
        Type: ({ "all-at-once": "ALL_AT_ONCE", canary: "CANARY", linear: "LINEAR" } as const)[guardrails.strategy],
        WaitIntervalInSeconds: waitSeconds,
        CanarySize: guardrails.strategy === "canary" ? sizeOf(guardrails.first) : undefined,
        LinearStepSize: guardrails.strategy === "linear" ? sizeOf(guardrails.step) : undefined,
      },
      TerminationWaitInSeconds: guardrails.keepOldSeconds,
      MaximumExecutionTimeoutInSeconds: maxSeconds,
    },
    ...rollback,
  });
}
