import { prometheusText, prometheusType, type PrometheusMetric, type PrometheusState } from "../io/metrics/index.js";
import { commonHeaders, type TextResponse } from "./http.js";

/** Counters of a server. */
export interface ServingMetrics {
  /** One request: its route (never the raw path, which callers choose), status and time in seconds. */
  request(route: string, status: number, seconds: number): void;
  /** One scored record: its probability and label. */
  scored(probability: number, label: string): void;
  /** Counts records that broke the contract. */
  rejected(count: number): void;
  /** All counts in Prometheus' text format. */
  render(): Promise<TextResponse>;
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

const table = {
  requests: { type: "counter", prometheus: "churnkit_requests_total", help: "Requests by route and status." },
  latency: {
    type: "histogram",
    prometheus: "churnkit_request_duration_seconds",
    help: "Time to answer a request.",
    buckets: seconds,
  },
  predictions: {
    type: "counter",
    prometheus: "churnkit_predictions_total",
    help: "Scored records by predicted label.",
  },
  rejections: {
    type: "counter",
    prometheus: "churnkit_rejected_records_total",
    help: "Records that broke the contract.",
  },
  probabilities: {
    type: "histogram",
    prometheus: "churnkit_prediction_probability",
    help: "Distribution of the predicted probability.",
    buckets: tenths,
  },
  model: { type: "gauge", prometheus: "churnkit_model_info", help: "The served model." },
} as const satisfies Record<string, PrometheusMetric>;

/**
 * Metrics in Prometheus' text format, for one server: two in a process do not collide.
 *
 * @param modelVersion version of the served model, or a function that gives the one on duty where it changes.
 */
export const prometheusMetrics = (modelVersion: string | (() => string | undefined)): ServingMetrics =>
  countedMetrics(modelVersion);

/** Metrics that another process can add to its own. */
export interface CountedMetrics extends ServingMetrics {
  /** All counts so far. */
  readonly state: () => PrometheusState;
}

/** As {@link prometheusMetrics}. */
export function countedMetrics(modelVersion: string | (() => string | undefined)): CountedMetrics {
  const text = prometheusText();
  const rejections = text.series(table.rejections, []);
  const probabilities = text.series(table.probabilities, []);
  const latencies = lasting((route: string) => text.series(table.latency, [["route", route]]));
  const requests = lasting((route: string) =>
    lasting((status: number) =>
      text.series(table.requests, [
        ["route", route],
        ["status", String(status)],
      ]),
    ),
  );
  const predictions = lasting((label: string) => text.series(table.predictions, [["label", label]]));
  let served: string | undefined;
  /** Marks the version on duty by 1, and those before it by 0. */
  const mark = (): void => {
    const version = typeof modelVersion === "string" ? modelVersion : modelVersion();
    const set = (of: string, value: number): void =>
      text.add({ metric: table.model, labels: [["version", of]], value, at: 0 });
    if (served !== undefined && served !== version) set(served, 0);
    if (version !== undefined && served !== version) set(version, 1);
    served = version;
  };
  mark();
  return {
    request(route, status, duration) {
      requests(route)(status)(1);
      latencies(route)(duration);
    },
    scored(probability, label) {
      predictions(label)(1);
      probabilities(probability);
    },
    rejected: rejections,
    render() {
      mark();
      return Promise.resolve(metricsPage(text.render()));
    },
    state() {
      mark();
      return text.state();
    },
  };
}

/** An answer in Prometheus' text format. */
export const metricsPage = (body: string): TextResponse => ({
  status: 200,
  headers: { "content-type": prometheusType, ...commonHeaders },
  body,
});

/** Makes each value once. Keys are few: routes, statuses, labels. */
function lasting<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) made.set(key, (value = make(key)));
    return value;
  };
}
