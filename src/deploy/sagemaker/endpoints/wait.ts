import { quietly } from "../../../base/async/index.js";
import { patiently } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { stuck, type Asked } from "./failures.js";
import { changeBegan, describeEndpoint, isSettled, pendingConfig, type StandingEndpoint } from "./standing.js";

/** What is seen of an endpoint while it changes. */
export interface EndpointProgress {
  readonly endpoint: string;
  /** SageMaker's status, or `Deleted`. */
  readonly status: string;
  /** The configuration in service. */
  readonly config: string | undefined;
  /** The configuration to which it is on its way. */
  readonly pending: string | undefined;
  /** The variants in service and, where a new fleet is made, what it does, such as `Baking`. */
  readonly variants: readonly {
    readonly name: string;
    readonly weight: number | undefined;
    readonly instances: number | undefined;
    readonly stage: string | undefined;
  }[];
  /** Seconds since the change began, as SageMaker has it. */
  readonly seconds: number;
}

/** How long to wait, and who is told. */
export interface WaitOptions {
  /**
   * Seconds that one change may take, from its beginning in SageMaker, however many calls wait for it. Default an hour, and with
   * guardrails what they may take and half an hour.
   */
  readonly maxSeconds?: number | undefined;
  /** Is told each change that is seen. */
  readonly onProgress?: ((progress: EndpointProgress) => void) | undefined;
}

const hour = 3600;
/**
 * Waits until nothing is under way at an endpoint; undefined if it does not exist then.
 *
 * @param look called with each description, in time to ask about alarms before they are OK again.
 * @throws ChurnkitError DEPLOY_FAILED when that takes too long.
 */
export async function waitUntilSettled(
  session: AwsSession,
  what: Asked,
  { maxSeconds = hour, onProgress }: WaitOptions,
  look: (seen: StandingEndpoint) => Promise<void> | void = () => undefined,
): Promise<StandingEndpoint | undefined> {
  const { clock } = session;
  const began = clock.now();
  let last = "";
  for (;;) {
    const seen = await patiently(clock, () => describeEndpoint(session, what.endpoint));
    const seconds = Math.max(0, clock.now() - (seen === undefined ? began : (changeBegan(seen) ?? began))) / 1000;
    const state = stateOf(what.endpoint, seen);
    if (JSON.stringify(state) !== last) quietly(() => onProgress?.({ ...state, seconds }));
    last = JSON.stringify(state);
    if (seen === undefined || isSettled(seen)) return seen;
    await look(seen);
    if (!(seconds < maxSeconds)) throw stuck(what, seen, seconds);
    // Often at first, since small endpoints are quick, and then less.
    await clock.sleep(1000 * Math.min(30, Math.max(10, seconds / 20)));
  }
}

function stateOf(endpoint: string, seen: StandingEndpoint | undefined): Omit<EndpointProgress, "seconds"> {
  const pending = new Map(
    seen?.PendingDeploymentSummary?.ProductionVariants?.map(({ VariantName, VariantStatus }) => [
      VariantName,
      VariantStatus?.at(-1)?.Status,
    ]),
  );
  return {
    endpoint,
    status: seen?.EndpointStatus ?? "Deleted",
    config: seen?.EndpointConfigName,
    pending: seen && pendingConfig(seen),
    variants: (seen?.ProductionVariants ?? []).map((each) => ({
      name: each.VariantName ?? "",
      weight: each.CurrentWeight,
      instances: each.CurrentInstanceCount,
      stage: pending.get(each.VariantName) ?? each.VariantStatus?.at(-1)?.Status,
    })),
  };
}
