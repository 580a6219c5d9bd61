import { quietly, unref } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import type { CaptureWriter } from "../../monitor/capture/index.js";
import type { Exposure } from "./entry.js";

/** Keeps exposures. */
export interface ExposureLog {
  /** Takes one: the option `onExposure` of {@link modelHost}. */
  readonly add: (exposure: Exposure) => void;
  /** Writes what waits, and closes the writer. */
  close(): Promise<void>;
}

/** Exposures that wait at most, while the writer does not keep up. */
const mostWaiting = 100_000;
/** Milliseconds for which the first of some waits for others. */
const delay = 200;
/** Milliseconds after which a writer that collects lines, as one to a store does, has to store them. */
const flushDelay = 300_000;

/**
 * Writes exposures a few hundred milliseconds later, many at once, so that they cost a request nothing. A writer that fails or does
 * not keep up loses exposures, never an answer.
 *
 * @param onProblem gets the writer's errors, and how many exposures were lost.
 *
 * @example
 * ```ts
 * import { captureToFile, exposureLog, modelHost, type ModelHost } from "churnkit/serving";
 *
 * const exposures = exposureLog(captureToFile("exposures.jsonl"), console.error);
 * export const start = (): ModelHost =>
 *   modelHost([{ ref: "model", variants: [{ ref: "model-2", weight: 0.1 }], by: "customerID" }], { onExposure: exposures.add });
 * await exposures.close(); // after the server has closed
 * ```
 */
export function exposureLog(
  writer: CaptureWriter<Exposure>,
  onProblem: (error: unknown) => void = () => undefined,
): ExposureLog {
  let waiting: Exposure[] = [];
  let lost = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing = Promise.resolve();
  let flushing: ReturnType<typeof setTimeout> | undefined;

  async function write(): Promise<void> {
    const some = waiting;
    waiting = [];
    if (lost > 0)
      quietly(() => onProblem(new ChurnkitError("IO_FAILED", `${lost} exposures were lost: the log did not keep up.`)));
    lost = 0;
    if (some.length === 0) return;
    try {
      await writer.write(some);
      flushing ??= setTimeout(flush, flushDelay);
      unref(flushing);
    } catch (error) {
      quietly(() => onProblem(error));
    }
  }
  const flush = (): void => {
    flushing = undefined;
    quietly(() => writer.flush(), onProblem);
  };
  // One behind the other, so that what waits meanwhile is counted.
  const writeNext = (): Promise<void> => {
    clearTimeout(timer);
    writing = writing.then(write).then(() => {
      timer = undefined;
      if (waiting.length > 0) schedule();
    });
    return writing;
  };
  const schedule = (): void => {
    timer ??= setTimeout(() => quietly(writeNext), delay);
    unref(timer);
  };
  return {
    add(exposure) {
      if (waiting.length >= mostWaiting) {
        lost++;
        return;
      }
      waiting.push(exposure);
      schedule();
    },
    async close() {
      await writeNext();
      clearTimeout(timer);
      clearTimeout(flushing);
      await writer.close();
    },
  };
}
