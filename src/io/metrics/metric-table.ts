/** Units of metrics, and CloudWatch's names for them. */
export const metricUnits = {
  ratio: "None",
  count: "Count",
  seconds: "Seconds",
  bytes: "Bytes",
} as const;

/** A name of {@link metricUnits}: `ratio` is a plain number without a unit. */
export type MetricUnit = keyof typeof metricUnits;

/**
 * Meaning of a point's value:
 * - `counter`: how much was added since the last point, at least 0; totals are sums.
 * - `gauge`: the state at that time; a later one replaces it.
 * - `histogram`: one observation out of many.
 */
export type MetricType = "counter" | "gauge" | "histogram";

/** Definition of a metric for every driver of MetricSink. */
export interface MetricDefinition {
  readonly type: MetricType;
  readonly unit: MetricUnit;
  /** One sentence for people. */
  readonly help: string;
  /** Its name in CloudWatch. */
  readonly cloudwatch: string;
  /** Its name in Prometheus. */
  readonly prometheus: string;
  /** Labels that each of its points must carry; others may come with them. */
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets in Prometheus, increasing. */
  readonly buckets?: readonly number[];
}

/** Metrics by the name that points use. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** The metrics of churnkit: the only place that declares their names, in either spelling. */
export const metricTable = {
  model_accuracy: {
    type: "gauge",
    unit: "ratio",
    help: "Share of correct predictions among those with mature labels, in [0, 1].",
    cloudwatch: "ModelAccuracy",
    prometheus: "model_accuracy",
  },
  estimated_model_accuracy: {
    type: "gauge",
    unit: "ratio",
    help: "Accuracy estimated without labels from the confidence of the predictions, in [0, 1].",
    cloudwatch: "EstimatedModelAccuracy",
    prometheus: "estimated_model_accuracy",
  },
  data_drift_score: {
    type: "gauge",
    unit: "ratio",
    help: "Largest population stability index over the features, against the baseline.",
    cloudwatch: "DataDriftScore",
    prometheus: "data_drift_score",
  },
  feature_drift_score: {
    type: "gauge",
    unit: "ratio",
    help: "Population stability index of one feature, against the baseline.",
    cloudwatch: "FeatureDriftScore",
    prometheus: "feature_drift_score",
    labels: ["feature"],
  },
  prediction_drift_score: {
    type: "gauge",
    unit: "ratio",
    help: "Population stability index of the predicted probabilities, against the baseline.",
    cloudwatch: "PredictionDriftScore",
    prometheus: "prediction_drift_score",
  },
  data_quality_score: {
    type: "gauge",
    unit: "ratio",
    help: "Quality of the data against the contract, in [0, 1].",
    cloudwatch: "DataQualityScore",
    prometheus: "data_quality_score",
  },
  ingested_objects_total: {
    type: "counter",
    unit: "count",
    help: "Objects that were ingested, or quarantined as a whole, by outcome.",
    cloudwatch: "IngestedObjects",
    prometheus: "ingested_objects_total",
    labels: ["outcome"],
  },
  ingested_rows_total: {
    type: "counter",
    unit: "count",
    help: "Rows of ingested objects: accepted, or quarantined, by outcome.",
    cloudwatch: "IngestedRows",
    prometheus: "ingested_rows_total",
    labels: ["outcome"],
  },
  pipeline_runs_total: {
    type: "counter",
    unit: "count",
    help: "Runs of the pipeline.",
    cloudwatch: "PipelineRuns",
    prometheus: "pipeline_runs_total",
  },
  pipeline_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Duration of a pipeline run.",
    cloudwatch: "PipelineDuration",
    prometheus: "pipeline_duration_seconds",
    buckets: [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 21_600, 86_400],
  },
  retraining_decisions_total: {
    type: "counter",
    unit: "count",
    help: "Decisions of the retraining policy, by action.",
    cloudwatch: "RetrainingDecisions",
    prometheus: "retraining_decisions_total",
    labels: ["action"],
  },
  monitored_requests_total: {
    type: "counter",
    unit: "count",
    help: "Requests that the monitor in the server sampled, dropped or could not read, and predictions that were not captured.",
    cloudwatch: "MonitoredRequests",
    prometheus: "monitored_requests_total",
    labels: ["outcome"],
  },
  monitor_heartbeat_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Time of the monitor's last heartbeat, in seconds since 1970.",
    cloudwatch: "MonitorHeartbeat",
    prometheus: "monitor_heartbeat_timestamp_seconds",
  },
} as const satisfies MetricTable;

/** A metric that {@link metricTable} declares. */
export type MonitorMetric = keyof typeof metricTable;
