import pLimit from "p-limit";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseJson } from "../../base/json/index.js";
import { appendLines } from "../append-lines.js";
import { ioFailed } from "../io-error.js";
import { closedSink, labelRecord, pointCheck, type CheckedPoint } from "./metric-points.js";
import type { MetricPoint, MetricSink } from "./metric-sink.js";
import type { MetricTable } from "./metric-table.js";

/**
 * A metric sink that appends to a file, one JSON object a line: `at` (ISO 8601), `name`, `value`, `unit`, `labels`.
 *
 * Each write is one append, so that several processes may share the file. It begins on a new line even if a killed
 * process left a partial one. `flush` waits until the disk has it. A missing folder is made.
 *
 * @throws ChurnkitError IO_FAILED from `write` with the path and what to do.
 * @example
 * ```ts
 * import { jsonLinesSink, readMetricLines } from "churnkit/io";
 *
 * const sink = jsonLinesSink("metrics.jsonl");
 * await sink.write([{ name: "data_drift_score", value: 0.07, labels: { model: "churn" }, at: new Date() }]);
 * await sink.close?.();
 * const { points } = await readMetricLines("metrics.jsonl");
 * console.assert(points.length === 1);
 * ```
 */
export function jsonLinesSink(path: string, options: { metrics?: MetricTable } = {}): MetricSink {
  const check = pointCheck(options.metrics);
  const name = `JSON lines at ${path}`;
  let unsynced = false;
  let closed = false;
  // One append after the other, because each examines the end of the file first.
  const limit = pLimit(1);
  const inTurn = (lines: string, options?: { sync: boolean }): Promise<void> =>
    limit(() => appendLines(path, lines, options)).catch((error: unknown) => {
      throw ioFailed("append to", path, error);
    });
  const flush = async (): Promise<void> => {
    await limit(() => undefined);
    if (!unsynced) return;
    await inTurn("", { sync: true });
    unsynced = false;
  };
  return {
    name,
    capabilities: { durable: true, keeps: "points" },
    async write(points) {
      if (closed) throw closedSink(name);
      const lines = check(points).map(lineOf).join("");
      if (lines === "") return;
      unsynced = true;
      await inTurn(lines);
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

function lineOf({ name, metric, value, labels, at }: CheckedPoint): string {
  return `${JSON.stringify({ at: new Date(at).toISOString(), name, value, unit: metric.unit, labels: labelRecord(labels) })}\n`;
}

/** Content of a file of metric lines. */
export interface MetricLines {
  readonly points: readonly MetricPoint[];
  /** Numbers of the lines (from 1) that are not a whole point, such as the last one after a kill. */
  readonly skipped: readonly number[];
}

/**
 * Reads the file of a {@link jsonLinesSink}. A line that is torn or has no point of the table is skipped and named.
 *
 * @throws ChurnkitError IO_FAILED if the file cannot be read.
 */
export async function readMetricLines(path: string, options: { metrics?: MetricTable } = {}): Promise<MetricLines> {
  const check = pointCheck(options.metrics);
  const points: MetricPoint[] = [];
  const skipped: number[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity })) {
      number++;
      if (line.trim() === "") continue;
      const point = pointOf(line, check);
      if (point === undefined) skipped.push(number);
      else points.push(point);
    }
  } catch (error) {
    throw ioFailed("read", path, error);
  }
  return { points, skipped };
}

function pointOf(line: string, check: (points: readonly MetricPoint[]) => CheckedPoint[]): MetricPoint | undefined {
  try {
    const found = parseJson(line) as Omit<MetricPoint, "at"> & { readonly at: string };
    const [point] = check([{ ...found, at: new Date(found.at) }]);
    return (
      point && {
        name: point.name,
        value: point.value,
        unit: point.metric.unit,
        labels: labelRecord(point.labels),
        at: new Date(point.at),
      }
    );
  } catch {
    return undefined;
  }
}
