import pLimit from "p-limit";
import { ChurnkitError } from "../../base/errors.js";
import { checkKey, type ObjectStore, typedStore } from "../../io/store/index.js";
import type { CapturedPrediction } from "./capture.js";

/** Writes captured predictions, or other lines with a time. */
export interface CaptureWriter<Line extends CapturedLine = CapturedPrediction> {
  /** Adds predictions; the next rotation, or `flush`, stores them. */
  write(predictions: readonly Line[]): Promise<void>;
  /** Resolves when everything written has reached its destination. */
  flush(): Promise<void>;
  /** Flushes; a later write is refused. */
  close(): Promise<void>;
}

/** What is written as a line. */
export interface CapturedLine {
  /** ISO 8601. */
  readonly at: string;
}

/** Size and names of a store's objects. */
export interface CaptureStoreOptions {
  /** The folder, such as `captured/churn`. */
  readonly prefix: string;
  /** A unique name of this writer among those with the same prefix: letters, digits and `._-`. */
  readonly writer: string;
  /** An object is written when it has this many bytes (default 4 MiB), ... */
  readonly bytes?: number | undefined;
  /** ... or when its first prediction is this many seconds older than the newest (default 300). */
  readonly seconds?: number | undefined;
  /**
   * Limit on the bytes held while the store is down (default 64 MiB): beyond it new predictions are dropped, and
   * `write` reports that.
   */
  readonly held?: number | undefined;
}

/** Lines of an hour that wait. */
interface Held {
  readonly lines: string[];
  readonly size: number;
  /** Time of the first prediction. */
  readonly first: number;
  /** Size and time (of the predictions) when the store last refused; before that zero, and the first time. */
  readonly tried: { readonly size: number; readonly at: number };
}

/**
 * Formats one prediction as a line. A number without a JSON form becomes text, because null would be another record.
 */
export const captureLine = <Line extends CapturedLine = CapturedPrediction>(prediction: Line): string =>
  `${JSON.stringify(prediction, (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value))}\n`;

/**
 * Writes predictions in our own form to an object store, by the hour of the prediction, with the file layout of
 * SageMaker's data capture: `<prefix>/2026/02/01/13/<time>-<writer>-<n>.jsonl`. An object is written once and never
 * changed.
 *
 * @throws ChurnkitError OPTION_INVALID for a prefix or writer that a key cannot have. `write` and `flush` throw
 * STORE_FAILED; undelivered predictions are kept, as far as `held` allows, and written with the next.
 *
 * @example
 * ```ts
 * import { captureToStore } from "churnkit/monitor";
 * import { memoryStore } from "churnkit/io";
 *
 * const store = memoryStore();
 * const writer = captureToStore(store, { prefix: "captured/churn", writer: "web-1" });
 * await writer.write([{ id: "a", at: "2026-02-01T13:05:00.000Z", record: { age: 30 }, probability: 0.4, label: "No", version: "1" }]);
 * await writer.close();
 * console.assert((await store.list("captured/churn/2026/02/01/13/")).length === 1);
 * ```
 */
export function captureToStore<Line extends CapturedLine = CapturedPrediction>(
  given: ObjectStore,
  { prefix, writer, bytes = 4 * 2 ** 20, seconds = 300, held: mostHeld = 64 * 2 ** 20 }: CaptureStoreOptions,
): CaptureWriter<Line> {
  checkKey(`${prefix}/${writer}`);
  if (!(bytes > 0) || !(seconds > 0) || !(mostHeld > 0))
    throw new ChurnkitError("OPTION_INVALID", "bytes, seconds and held of a capture writer must be above 0.");
  const store = typedStore(given);
  const hours = new Map<string, Held>();
  const encoder = new TextEncoder();
  let written = 0;
  let newest = -Infinity;
  let closed = false;

  const put = async (hour: string): Promise<void> => {
    const held = hours.get(hour);
    if (held === undefined) return;
    const key = `${prefix}/${hour}/${new Date(held.first).toISOString().slice(11, 23).replace(/[:.]/g, "-")}-${writer}-${++written}.jsonl`;
    hours.delete(hour);
    try {
      await store.put(key, encoder.encode(held.lines.join("")));
    } catch (error) {
      const since = hours.get(hour);
      const again =
        since === undefined ? held : { ...held, lines: [...held.lines, ...since.lines], size: held.size + since.size };
      // Do not try again at once: each attempt sends everything held.
      hours.set(hour, { ...again, tried: { size: again.size, at: newest } });
      throw error;
    }
  };
  // One after the other, so that a failed write is restored before the next begins.
  const inTurn = pLimit(1);
  const flush = (): Promise<void> =>
    inTurn(async () => {
      for (const hour of [...hours.keys()].sort()) await put(hour);
    });
  return {
    write(predictions) {
      if (closed)
        return Promise.reject(
          new ChurnkitError("STORE_FAILED", `The capture writer ${writer} was closed. Make a new one.`),
        );
      return inTurn(async () => {
        let size = [...hours.values()].reduce((sum, each) => sum + each.size, 0);
        let dropped = 0;
        for (const prediction of predictions) {
          const time = Date.parse(prediction.at);
          if (Number.isNaN(time)) continue;
          newest = Math.max(newest, time);
          const hour = new Date(time).toISOString().slice(0, 13).replace(/[-T]/g, "/");
          const line = captureLine(prediction);
          if (size + line.length > mostHeld) {
            dropped++;
            continue;
          }
          size += line.length;
          const held = hours.get(hour) ?? { lines: [], size: 0, first: time, tried: { size: 0, at: time } };
          held.lines.push(line);
          hours.set(hour, { ...held, size: held.size + line.length });
        }
        for (const [hour, { size: all, tried }] of [...hours])
          if (all - tried.size >= bytes || newest - tried.at >= 1000 * seconds) await put(hour);
        if (dropped > 0)
          throw new ChurnkitError(
            "STORE_FAILED",
            `The capture writer ${writer} dropped ${dropped} predictions: it holds ${size} bytes that ${store.name} has not taken yet.`,
          );
      });
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}
