import type { CreateEndpointConfigCommandInput } from "@aws-sdk/client-sagemaker";
import { type EndpointUpdate, updateEndpoint } from "../../aws/requests/endpoint.js";
import { onceVisible } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { arrive } from "./arrive.js";
import type { Asked } from "./failures.js";
import { leaving, readHistory, writeHistory } from "./history.js";
import { park } from "./parked-scaling.js";
import { deregister, scaledVariants } from "./scaled-variants.js";
import { describeConfig, describeEndpoint, isInProgress, pendingConfig, type StandingEndpoint } from "./standing.js";
import type { WaitOptions } from "./wait.js";

/** Options of an update. */
export interface ChangeOptions extends WaitOptions, Pick<EndpointUpdate, "guardrails" | "keep"> {}

type Variants = Pick<CreateEndpointConfigCommandInput, "EndpointConfigName" | "ProductionVariants">;

/** How long an update may take, if nobody says: what its guardrails may take, and half an hour. */
export const waitOf = ({ guardrails, maxSeconds, onProgress }: ChangeOptions): WaitOptions => ({
  onProgress,
  maxSeconds: maxSeconds ?? (guardrails && (guardrails.maxSeconds ?? longestUpdate) + 1800),
});
/** Seconds that SageMaker gives any update. */
export const longestUpdate = 28_800;

interface Change {
  /** The endpoint's name after the target's. */
  readonly name: string | undefined;
  readonly seen: StandingEndpoint;
  readonly to: Variants;
  /** Makes what the update needs, once it is known that it keeps the rules. */
  readonly make?: () => Promise<void>;
  /** That the former configuration is where a rollback leads; with `trial`, that this one never is. Default: the history stays. */
  readonly remember?: "former" | "trial" | undefined;
}

/** Moves an endpoint to another configuration and waits until it is there. Scaling that had to go is parked: see `restoringScaling`. */
export async function changeOver(
  session: AwsSession,
  asked: Asked,
  { name, seen, to, make, remember }: Change,
  options: ChangeOptions,
): Promise<StandingEndpoint> {
  const { endpoint } = asked;
  const { guardrails, keep } = options;
  const from = await standingConfig(session, seen, asked.config);
  const scaled = await scaledVariants(session, endpoint);
  // SageMaker refuses to take away an autoscaled variant, or its kind of instances.
  const off = scaled.filter(({ variant }) => {
    const after = variantIn(to, variant);
    return after === undefined || after.InstanceType !== variantIn(from, variant)?.InstanceType;
  });
  const autoscaled = scaled.filter((each) => !off.includes(each)).map(({ variant }) => variant);
  const request = updateEndpoint(session.target, { name, from, to, guardrails, keep, autoscaled });

  await make?.();
  const before = await readHistory(session, endpoint);
  const after =
    remember === undefined || seen.EndpointConfigName === undefined
      ? { ...before, unseen: undefined }
      : leaving(before, seen.EndpointConfigName, asked.config, remember === "trial");
  await writeHistory(session, endpoint, before, after);
  await park(session, endpoint, off);
  for (const each of off) await deregister(session, each);
  await begin(session, asked, () => session.call("sagemaker", "UpdateEndpoint", request));
  return arrive(session, asked, waitOf(options), guardrails?.alarms);
}

/** Sends an update, unless it turns out to be under way: an answer that was lost is asked for again. */
async function begin(session: AwsSession, { endpoint, config }: Asked, send: () => Promise<unknown>): Promise<void> {
  try {
    await onceVisible(session, send);
  } catch (error) {
    const now = isInProgress(error) ? await describeEndpoint(session, endpoint) : undefined;
    if (now === undefined || pendingConfig(now) !== config) throw error;
  }
}

/** The configuration in service, as far as it is known: somebody may have deleted it. */
async function standingConfig(session: AwsSession, seen: StandingEndpoint, wanted: string): Promise<Variants> {
  const { EndpointConfigName = "", ProductionVariants = [] } = seen;
  const standing = await describeConfig(session, EndpointConfigName);
  return {
    // An update that neither arrived nor was taken back may name the wanted one already.
    EndpointConfigName: EndpointConfigName === wanted ? undefined : EndpointConfigName,
    ProductionVariants: standing?.ProductionVariants ?? ProductionVariants.map(({ VariantName }) => ({ VariantName })),
  };
}

const variantIn = ({ ProductionVariants = [] }: Variants, name: string) =>
  ProductionVariants.find(({ VariantName }) => VariantName === name);
