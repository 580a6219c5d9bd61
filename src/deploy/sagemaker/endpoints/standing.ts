import type { DescribeEndpointConfigCommandOutput, DescribeEndpointCommandOutput } from "@aws-sdk/client-sagemaker";
import { awsErrorMessage, orMissing } from "../call-failed.js";
import type { AwsSession } from "../session.js";

export type StandingEndpoint = DescribeEndpointCommandOutput;

/** Whether SageMaker says that what a call makes is there. */
export const isThere = (error: unknown): boolean => /already exist/i.test(awsErrorMessage(error));

/** Whether SageMaker says that a change is under way. */
export const isInProgress = (error: unknown): boolean =>
  /in-progress|in progress|currently (being )?(creating|updating)/i.test(awsErrorMessage(error));

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

/** When what is under way began, in milliseconds since 1970; undefined where nothing is. */
export function changeBegan(seen: StandingEndpoint): number | undefined {
  if (isSettled(seen)) return undefined;
  const { PendingDeploymentSummary: pending, EndpointStatus: status, CreationTime, LastModifiedTime } = seen;
  return (pending?.StartTime ?? (status === "Creating" ? CreationTime : LastModifiedTime))?.getTime();
}

const settled: ReadonlySet<string> = new Set(["InService", "OutOfService", "Failed", "UpdateRollbackFailed"]);

/** Whether an endpoint serves nobody any more, and no update brings it back: SageMaker lets it be deleted only. */
export const isLost = ({ EndpointStatus: status }: StandingEndpoint): boolean =>
  status === "Failed" || status === "OutOfService";

/** Whether nothing is under way at an endpoint. */
export const isSettled = ({ EndpointStatus: status }: StandingEndpoint): boolean => settled.has(status ?? "");
