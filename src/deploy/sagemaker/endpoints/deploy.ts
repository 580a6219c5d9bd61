import { endpointRequest } from "../../aws/requests/endpoint.js";
import { orMissing } from "../call-failed.js";
import { onceVisible } from "../patiently.js";
import type { AwsSession } from "../session.js";
import { arrive, lateFailure } from "./arrive.js";
import { changeOver, type ChangeOptions, waitOf } from "./change-over.js";
import { type Asked, busy, endedBadly } from "./failures.js";
import { takeUnseen } from "./history.js";
import { restoringScaling } from "./parked-scaling.js";
import { type EndpointDeployment, plan, type Planned } from "./planned.js";
import { deleteEndpoint } from "./remove.js";
import { ensureScaling } from "./scaled-variants.js";
import { describeConfig, describeEndpoint, isLost, isSettled, isThere, pendingConfig } from "./standing.js";
import { waitUntilSettled } from "./wait.js";

/** Options of {@link deployEndpoint}. */
export interface DeployOptions extends ChangeOptions {
  /** Deletes an endpoint that is `Failed` or `OutOfService`, which serves nobody and cannot be updated, and makes it anew. */
  readonly replaceFailed?: boolean | undefined;
  /** The configuration is only tried: a rollback never returns to it. */
  readonly trial?: boolean | undefined;
  /** What is in service is given up: a rollback never returns to it. */
  readonly giveUp?: boolean | undefined;
}

/** What became of an endpoint. */
export interface EndpointOutcome {
  readonly outcome: "created" | "updated" | "unchanged";
  readonly endpoint: string;
  /** The configuration in service. */
  readonly config: string;
  /** Versions in service, by variant; a shadow's last. */
  readonly versions: readonly string[];
  /** The configuration that was in service when the call began. */
  readonly former: string | undefined;
}

/**
 * Makes an endpoint what a deployment says: makes its models and its configuration, creates or updates the endpoint, and waits
 * until it serves them. Call it again with the same deployment, also after a kill: it goes on where it was, and changes nothing
 * once all is there. No configuration is ever edited or replaced, and the former one stays for {@link rollBackEndpoint}.
 *
 * @throws ChurnkitError DEPLOY_FAILED when the endpoint does not serve it in the end: the update was rolled back, failed, takes too
 * long, or somebody else is changing the endpoint; `where.value` says which. OPTION_INVALID, AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, deployEndpoint } from "churnkit/deploy/sagemaker";
 *
 * const release = (session: AwsSession) =>
 *   deployEndpoint(
 *     session,
 *     {
 *       models: { v12: { data: "s3://churn-data/models/v12/model.tar.gz" } },
 *       config: { kind: "real-time", variants: [{ model: "v12", instanceType: "ml.m5.large", instances: 4 }] },
 *     },
 *     {
 *       guardrails: { strategy: "canary", first: { percent: 25 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] },
 *       onProgress: ({ status, seconds }) => console.log(seconds, status),
 *     },
 *   );
 * console.assert(typeof release === "function");
 * ```
 */
export async function deployEndpoint(
  session: AwsSession,
  deployment: EndpointDeployment,
  options: DeployOptions = {},
): Promise<EndpointOutcome> {
  const planned = plan(session.target, deployment);
  const { endpoint, versions } = planned;
  const config = planned.config.EndpointConfigName;
  const asked: Asked = { endpoint, config, versions };
  const { outcome, former } = await restoringScaling(session, endpoint, () =>
    move(session, asked, planned, deployment, options),
  );
  const scaled = await ensureScaling(session, planned, deployment);
  return { outcome: outcome === "unchanged" && scaled ? "updated" : outcome, endpoint, config, versions, former };
}

async function move(
  session: AwsSession,
  asked: Asked,
  planned: Planned,
  deployment: EndpointDeployment,
  options: DeployOptions,
): Promise<Pick<EndpointOutcome, "outcome" | "former">> {
  const { endpoint, config } = asked;
  const { name } = deployment;
  let seen = await describeEndpoint(session, endpoint);
  if (seen !== undefined && !isSettled(seen)) {
    const pending = pendingConfig(seen);
    if (pending === config) {
      const outcome = seen.EndpointStatus === "Creating" ? "created" : "updated";
      await arrive(session, asked, waitOf(options), options.guardrails?.alarms);
      return { outcome, former: outcome === "created" ? undefined : seen.EndpointConfigName };
    }
    if (pending !== undefined) throw busy(asked, seen, pending);
    // SageMaker's own maintenance, a change of weights, a deletion.
    seen = await waitUntilSettled(session, asked, options);
  }
  const former = seen?.EndpointConfigName;
  if (seen !== undefined && isLost(seen)) {
    if (options.replaceFailed !== true) throw endedBadly(asked, seen, []);
    await deleteEndpoint(session, asked, options);
    seen = undefined;
  }
  if (seen === undefined) {
    await make(session, planned);
    await create(session, name, planned);
    await arrive(session, asked, options);
    return { outcome: "created", former };
  }
  if (seen.EndpointConfigName === config && seen.EndpointStatus === "InService")
    return { outcome: "unchanged", former };
  const unseen = await takeUnseen(session, endpoint, config);
  if (unseen !== undefined) throw await lateFailure(session, asked, seen, unseen);
  const remember = options.trial === true ? "trial" : options.giveUp === true ? undefined : "former";
  const change = { name, seen, to: planned.config, make: () => make(session, planned), remember } as const;
  await changeOver(session, asked, change, options);
  return { outcome: "updated", former };
}

/** Makes models and configuration, as far as they do not exist. Their names are their content, so there is nothing to compare. */
async function make(session: AwsSession, { models, config }: Planned): Promise<void> {
  for (const model of models) {
    const { ModelName } = model;
    if ((await orMissing(session.call("sagemaker", "DescribeModel", { ModelName }))) !== undefined) continue;
    await orThere(session.call("sagemaker", "CreateModel", model));
  }
  if ((await describeConfig(session, config.EndpointConfigName)) !== undefined) return;
  await orThere(onceVisible(session, () => session.call("sagemaker", "CreateEndpointConfig", config)));
}

const create = (session: AwsSession, name: string | undefined, { described }: Planned): Promise<void> =>
  orThere(
    onceVisible(session, () =>
      session.call("sagemaker", "CreateEndpoint", endpointRequest(session.target, { name, config: described.name })),
    ),
  );

/** Waits for a call that makes something; somebody who was faster made the same. */
async function orThere(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isThere(error)) throw error;
  }
}
