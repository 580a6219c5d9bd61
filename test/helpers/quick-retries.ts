import type { S3ClientConfig } from "@aws-sdk/client-s3";

type RetryStrategyV2 = Extract<NonNullable<S3ClientConfig["retryStrategy"]>, { acquireInitialRetryToken: unknown }>;

/** The SDK's rules of what is retried, without its long pauses. */
export const quickRetries = (attempts: number): RetryStrategyV2 => {
  const token = (count: number): ReturnType<RetryStrategyV2["acquireInitialRetryToken"]> =>
    Promise.resolve({ getRetryCount: () => count, getRetryDelay: () => 5, getRetryCost: () => undefined });
  return {
    acquireInitialRetryToken: () => token(0),
    refreshRetryTokenForRetry: (last, { errorType }) =>
      last.getRetryCount() + 1 < attempts && ["THROTTLING", "TRANSIENT"].includes(errorType)
        ? token(last.getRetryCount() + 1)
        : Promise.reject(new Error("given up")),
    recordSuccess: () => undefined,
  };
};
