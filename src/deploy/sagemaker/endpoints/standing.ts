import type { DescribeEndpointConfigCommandOutput, DescribeEndpointCommandOutput } from "@aws-sdk/client-sagemaker";
import { awsErrorMessage, awsErrorName } from "../call-failed.js";
import type { AwsSession } from "../session.js";

export type StandingEndpoint = DescribeEndpointCommandOutput;

/** Whether SageMaker says that what a call names does not exist; it has no error of its own for that. */
export const isMissing = (error: unknown): boolean =>
  awsErrorName(error) === "ResourceNotFound" ||
  (awsErrorName(error) === "ValidationException" && /could not find|does not exist/i.test(awsErrorMessage(error)));

/** Whether SageMaker says that what a call makes is there. */
export const isThere = (error: unknown): boolean => /already exist/i.test(awsErrorMessage(error));

/** Whether SageMaker says that a change is under way. */
export const isInProgress = (error: unknown): boolean =>
  /in-progress|in progress|currently (being )?(creating|updating)/i.test(awsErrorMessage(error));

/** What a call answers, or undefined if what it names does not exist. */
export async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export const describeEndpoint = (session: AwsSession, endpoint: string): Promise<StandingEndpoint | undefined> =>
  orMissing(session.call("sagemaker", "DescribeEndpoint", { EndpointName: endpoint }));

export const describeConfig = (
  session: AwsSession,
  config: string,
): Promise<DescribeEndpointConfigCommandOutput | undefined> =>
  orMissing(session.call("sagemaker", "DescribeEndpointConfig", { EndpointConfigName: config }));

/** The configuration to which an endpoint is on its way; a change of weights has none. */
export const pendingConfig = (seen: StandingEndpoint): string | undefined =>
  seen.PendingDeploymentSummary?.EndpointConfigName ??
  (seen.EndpointStatus === "Creating" ? seen.EndpointConfigName : undefined);

const settled: ReadonlySet<string> = new Set(["InService", "OutOfService", "Failed", "UpdateRollbackFailed"]);

/** Whether nothing is under way at an endpoint. */
export const isSettled = ({ EndpointStatus: status }: StandingEndpoint): boolean => settled.has(status ?? "");

const visibleAfter = [2, 4, 8, 16, 30];

/**
 * Sends a call again while it does not find what was made a moment before: SageMaker's parts learn of each other with a delay.
 */
export async function onceVisible<T>({ clock }: AwsSession, call: () => Promise<T>): Promise<T> {
  for (const seconds of visibleAfter) {
    try {
      return await call();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await clock.sleep(seconds * 1000);
    }
  }
  return call();
}
