import type { PutMetricDataInput } from "@aws-sdk/client-cloudwatch";

/** What a request was like. */
export interface Measured {
  readonly endpoint: string;
  readonly variant: string;
  readonly instances: number;
  /** Of the model's answer. */
  readonly status: number;
  /** Milliseconds in the container, and around it. */
  readonly latency: number;
  readonly overhead: number;
}

/** SageMaker's metrics of one request: counts, and latencies in microseconds. */
export function metricsOf({ endpoint, variant, instances, status, latency, overhead }: Measured): PutMetricDataInput {
  const Dimensions = [
    { Name: "EndpointName", Value: endpoint },
    { Name: "VariantName", Value: variant },
  ];
  const count = (MetricName: string, Value: number) => ({ MetricName, Dimensions, Value, Unit: "None" as const });
  const time = (MetricName: string, ms: number) => ({
    MetricName,
    Dimensions,
    Value: Math.round(ms * 1000),
    Unit: "Microseconds" as const,
  });
  const isOf = (hundred: number): number => Number(Math.floor(status / 100) === hundred);
  return {
    Namespace: "AWS/SageMaker",
    MetricData: [
      count("Invocations", 1),
      count("InvocationsPerInstance", 1 / Math.max(instances, 1)),
      count("Invocation4XXErrors", isOf(4)),
      count("Invocation5XXErrors", isOf(5)),
      count("InvocationModelErrors", Number(!isOf(2))),
      time("ModelLatency", latency),
      time("OverheadLatency", overhead),
    ],
  };
}
