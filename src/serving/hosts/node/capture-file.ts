import pLimit from "p-limit";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ChurnkitError } from "../../../base/errors.js";
import { makeFolder } from "../../../io/atomic.js";
import { ioFailed, systemCode } from "../../../io/io-error.js";
import {
  captureLine,
  type CapturedLine,
  type CapturedPrediction,
  type CaptureWriter,
} from "../../../monitor/capture/index.js";

/** Size and number of captured files. */
export interface CaptureFileOptions {
  /** Size at which the file is moved aside, in bytes. Default 64 MiB. */
  readonly bytes?: number | undefined;
  /** Former files to keep, as `<path>.1` (the newest) and on. Default 10. */
  readonly keep?: number | undefined;
}

const newline = 10;

/**
 * Appends predictions in our own form to a file of JSON lines, which is moved aside when it is full. Each write is
 * one append and begins on a new line, even if a killed process left a partial one.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range; IO_FAILED from `write` with the path.
 *
 * @example
 * ```ts
 * import { captureToFile } from "churnkit/serving";
 *
 * const writer = captureToFile("captured.jsonl", { bytes: 10_000_000, keep: 5 });
 * await writer.write([{ id: "a", at: "2026-02-01T13:05:00.000Z", record: { age: 30 }, probability: 0.4, label: "No", version: "1" }]);
 * await writer.close();
 * ```
 */
export function captureToFile<Line extends CapturedLine = CapturedPrediction>(
  path: string,
  { bytes = 64 * 2 ** 20, keep = 10 }: CaptureFileOptions = {},
): CaptureWriter<Line> {
  if (!(bytes > 0) || !(Number.isInteger(keep) && keep >= 0 && keep <= 10_000)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A capture file needs bytes above 0 and keeps 0 to 10000 older files, not ${bytes} and ${keep}.`,
    );
  }
  let closed = false;
  const limit = pLimit(1);
  const inTurn = (work: () => Promise<void>): Promise<void> =>
    limit(work).catch((error: unknown) => {
      throw ioFailed("append to", path, error);
    });
  return {
    write(predictions) {
      if (closed)
        return Promise.reject(
          new ChurnkitError("IO_FAILED", `The capture file ${path} was closed. Open it again.`, {
            where: { file: path },
          }),
        );
      const lines = predictions.map(captureLine).join("");
      if (lines === "") return limit(() => undefined);
      return inTurn(async () => {
        await makeFolder(dirname(path));
        if ((await sizeOf(path)) >= bytes) await moveAside(path, keep);
        await append(path, lines);
      });
    },
    flush: () =>
      inTurn(async () => {
        const file = await open(path, "a").catch((error: unknown) => {
          if (systemCode(error) === "ENOENT") return undefined;
          throw error;
        });
        await file?.datasync();
        await file?.close();
      }),
    async close() {
      closed = true;
      await this.flush();
    },
  };
}

async function append(path: string, lines: string): Promise<void> {
  // Records are about customers: other users of the machine need not read them.
  const file = await open(path, "a+", 0o600);
  try {
    const { size } = await file.stat();
    const last = size === 0 ? newline : (await file.read(new Uint8Array(1), 0, 1, size - 1)).buffer[0];
    await file.appendFile(last === newline ? lines : `\n${lines}`);
  } finally {
    await file.close();
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function moveAside(path: string, keep: number): Promise<void> {
  if (keep === 0) return rm(path, { force: true });
  await rm(`${path}.${keep}`, { force: true });
  for (let i = keep - 1; i >= 0; i--) {
    await rename(i === 0 ? path : `${path}.${i}`, `${path}.${i + 1}`).catch((error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
  }
}
