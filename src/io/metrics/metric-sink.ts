import type { MetricUnit } from "./metric-table.js";

/** One measurement. */
export interface MetricPoint {
  /**
   * A name of the sink's table of metrics, by default `metricTable`; its CloudWatch or Prometheus spelling works too.
   */
  readonly name: string;
  /** Finite. Its meaning follows from the metric's type; a counter's is at least 0. */
  readonly value: number;
  /** If given, it must be the metric's own: nothing is converted. */
  readonly unit?: MetricUnit | undefined;
  /**
   * At most 30. Names begin with a letter, consist of letters, digits and `_` (up to 100), and are not the name of a
   * metric, `le` or `quantile`. Values are well-formed texts of 1 to 250 UTF-16 units, not blank.
   */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Time of the measurement: 1970 to 9999. */
  readonly at: Date;
}

/** How a sink keeps points; the conformance suite tests the declared form. */
export interface SinkCapabilities {
  /** Whether the points survive the process. */
  readonly durable: boolean;
  /** `points`: every point is kept with its time; `aggregates`: sums, latest values or statistics of a period. */
  readonly keeps: "points" | "aggregates";
}

/**
 * The port for measurements: memory, a file, Prometheus, CloudWatch.
 *
 * A write is checked completely before any of it is written: an invalid point throws ChurnkitError, VALUE_INVALID for
 * its value or time, OPTION_INVALID for its name, unit or labels, naming the metric. A sink that cannot deliver
 * throws SINK_FAILED or IO_FAILED; {@link undeliveredPoints} returns the points to write again.
 */
export interface MetricSink {
  /** Name of the sink in messages: "memory", "CloudWatch namespace Churn". */
  readonly name: string;
  readonly capabilities: SinkCapabilities;
  /** At most 100,000 points at once. */
  write(points: readonly MetricPoint[]): Promise<void>;
  /** Resolves when everything written so far has reached its destination. */
  flush?(): Promise<void>;
  /** Flushes and releases files and connections; a later write is refused. Closing again does nothing. */
  close?(): Promise<void>;
}
