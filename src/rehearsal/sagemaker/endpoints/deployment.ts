import type {
  BlueGreenUpdatePolicy,
  CapacitySize,
  DeploymentConfig,
  RollingUpdatePolicy,
} from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import { productionOf, sizeOf, type Fleet } from "./fleet.js";

/** A step of an update: the share of the traffic that the new fleet then has, and how long that is watched. */
export interface Step {
  readonly share: number;
  readonly waitSeconds: number;
  /** In words, for the variant's status. */
  readonly name: string;
  /** Whether instances must start first. */
  readonly brings: boolean;
}

/** An update, step by step. */
export interface Plan {
  readonly steps: readonly Step[];
  /** How long the old fleet stays after the last step. */
  readonly terminationSeconds: number;
  readonly maxSeconds: number;
  readonly alarms: readonly string[];
}

/** Longest update, if nothing else is said. */
const longestSeconds = 28_800;

/** What an update without guardrails does. */
const atOnce: Plan = {
  steps: [{ share: 1, waitSeconds: 0, name: "full", brings: true }],
  terminationSeconds: 0,
  maxSeconds: longestSeconds,
  alarms: [],
};

/**
 * The steps of an update.
 *
 * @throws AwsError ValidationException for what SageMaker refuses.
 */
export function planOf(config: DeploymentConfig | undefined, from: Fleet, to: Fleet): Plan {
  if (config === undefined) return atOnce;
  const { BlueGreenUpdatePolicy, RollingUpdatePolicy, AutoRollbackConfiguration } = config;
  checkFleets(from, to, RollingUpdatePolicy !== undefined);
  if (BlueGreenUpdatePolicy !== undefined && RollingUpdatePolicy !== undefined)
    throw invalid("A deployment has a BlueGreenUpdatePolicy or a RollingUpdatePolicy, not both.");
  const alarms = (AutoRollbackConfiguration?.Alarms ?? []).map(({ AlarmName = "" }) => AlarmName);
  const plan: Plan = {
    ...(RollingUpdatePolicy === undefined
      ? blueGreen(BlueGreenUpdatePolicy, sizeOf(to))
      : rolling(RollingUpdatePolicy, sizeOf(to))),
    alarms,
  };
  const waits = plan.steps.reduce((sum, { waitSeconds }) => sum + waitSeconds, 0) + plan.terminationSeconds;
  if (plan.maxSeconds < 600 || plan.maxSeconds > longestSeconds || plan.maxSeconds <= waits)
    throw invalid(
      `MaximumExecutionTimeoutInSeconds must be from 600 to ${longestSeconds} and more than all waits together, ${waits}.`,
    );
  return plan;
}

function checkFleets(from: Fleet, to: Fleet, isRolling: boolean): void {
  const names = (fleet: Fleet): string =>
    productionOf(fleet)
      .map(({ name }) => name)
      .sort()
      .join(", ");
  if ([...from.variants, ...to.variants].some(({ config }) => config.ServerlessConfig !== undefined))
    throw invalid("A DeploymentConfig is not supported for serverless endpoints.");
  if (names(from) !== names(to))
    throw invalid(
      `A DeploymentConfig needs the same variant names: there are ${names(from)}, and would be ${names(to)}.`,
    );
  if (isRolling && to.variants.length > 1) throw invalid("A rolling update is for endpoints of one variant.");
}

type Steps = Omit<Plan, "alarms">;

function blueGreen(policy: BlueGreenUpdatePolicy | undefined, instances: number): Steps {
  const routing = policy?.TrafficRoutingConfiguration;
  const { Type, WaitIntervalInSeconds: waitSeconds = 0, CanarySize, LinearStepSize } = routing ?? {};
  const step = (share: number, name: string): Step => ({ share, waitSeconds, name, brings: false });
  const rest = {
    terminationSeconds: policy?.TerminationWaitInSeconds ?? 0,
    maxSeconds: policy?.MaximumExecutionTimeoutInSeconds ?? longestSeconds,
  };
  const full = { ...step(1, "full"), brings: true };
  if (Type === "CANARY") {
    const share = shareOf(CanarySize, instances, "CanarySize", 0, 0.5);
    return { ...rest, steps: [{ ...step(share, "canary"), brings: true }, step(1, "full")] };
  }
  if (Type !== "LINEAR") return { ...rest, steps: [full] };
  const steps = equalSteps(shareOf(LinearStepSize, instances, "LinearStepSize", 0.1, 0.5));
  return {
    ...rest,
    steps: steps.map((share, i) => ({ ...step(share, share < 1 ? "linear" : "full"), brings: i === 0 })),
  };
}

function rolling(policy: RollingUpdatePolicy, instances: number): Steps {
  const { WaitIntervalInSeconds: waitSeconds = 0, MaximumExecutionTimeoutInSeconds = longestSeconds } = policy;
  const steps = equalSteps(shareOf(policy.MaximumBatchSize, instances, "MaximumBatchSize", 0.05, 0.5));
  return {
    terminationSeconds: 0,
    maxSeconds: MaximumExecutionTimeoutInSeconds,
    steps: steps.map((share) => ({ share, waitSeconds, name: share < 1 ? "batch" : "full", brings: true })),
  };
}

const equalSteps = (size: number): number[] =>
  Array.from({ length: Math.ceil(1 / size - 1e-9) }, (_, i) => Math.min((i + 1) * size, 1));

/** A size as a share of all instances. */
function shareOf(size: CapacitySize | undefined, instances: number, name: string, least: number, most: number): number {
  const { Type, Value = 0 } = size ?? {};
  const share = Value / (Type === "INSTANCE_COUNT" ? instances : 100);
  if (share > 0 && share >= least && share <= most) return share;
  throw invalid(`${name} must be from ${least * 100} to ${most * 100} percent of the instances.`);
}
