import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { commonHeaders, type ServeResponse } from "./http.js";

/** What a server counts about itself. */
export interface ServingMetrics {
  /** One request: its route (never the raw path, which callers choose), status and time in seconds. */
  request(route: string, status: number, seconds: number): void;
  /** One scored record: its probability and label. */
  scored(probability: number, label: string): void;
  /** So many records that broke the contract. */
  rejected(count: number): void;
  /** All counts in Prometheus' text format. */
  render(): Promise<ServeResponse>;
}

/** Metrics in Prometheus' text format, in a registry of their own so that two servers in a process do not collide. */
export function prometheusMetrics(modelVersion: string): ServingMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "churnkit_requests_total",
    help: "Requests by route and status.",
    labelNames: ["route", "status"],
    registers,
  });
  const latency = new Histogram({
    name: "churnkit_request_duration_seconds",
    help: "Time to answer a request.",
    labelNames: ["route"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const predictions = new Counter({
    name: "churnkit_predictions_total",
    help: "Scored records by predicted label.",
    labelNames: ["label"],
    registers,
  });
  const rejections = new Counter({
    name: "churnkit_rejected_records_total",
    help: "Records that broke the contract.",
    registers,
  });
  const probabilities = new Histogram({
    name: "churnkit_prediction_probability",
    help: "Distribution of the predicted probability.",
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    registers,
  });
  new Gauge({ name: "churnkit_model_info", help: "The model that is served.", labelNames: ["version"], registers }).set(
    { version: modelVersion },
    1,
  );
  return {
    request(route, status, seconds) {
      requests.inc({ route, status: String(status) });
      latency.observe({ route }, seconds);
    },
    scored(probability, label) {
      predictions.inc({ label });
      probabilities.observe(probability);
    },
    rejected: (count) => rejections.inc(count),
    render: async () => ({ status: 200, headers: { "content-type": registry.contentType, ...commonHeaders }, body: await registry.metrics() }),
  };
}
